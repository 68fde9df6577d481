/* test_image_file.c -- a file is whole or isn't there: after a crash at any instant, and damaged anywhere
 * The file is written through a recorder. A crash is replayed: all that was synced is there, and of what
 * wasn't, any pages are. */
#include "zone/image_file.h"

#include "zone/checksum.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    FIRST = 150 * 1000,
    SECOND = 40 * 1000,
    BODY = FIRST + SECOND,
    OPS_MAX = 64,
    VERSIONS = 4
};

enum kind { RESERVE, WRITE, SYNC };

struct op {
    enum kind kind;
    uint64_t at; /* or the octets reserved */
    size_t count;
    uint8_t *octets;
};

struct recorder {
    struct op op[OPS_MAX];
    size_t ops;
    size_t fail_at; /* this op fails with -EIO */
};

static int record(struct recorder *recorder, struct op op)
{
    assert_true(recorder->ops < OPS_MAX);
    if (recorder->ops == recorder->fail_at)
        return -EIO;
    recorder->op[recorder->ops++] = op;
    return 0;
}

static int record_reserve(void *context, uint64_t octets)
{
    return record(context, (struct op){.kind = RESERVE, .at = octets});
}

static int record_write(void *context, const void *octets, size_t count, uint64_t at)
{
    struct recorder *recorder = context;
    struct op op = {.kind = WRITE, .at = at, .count = count};
    if (recorder->ops != recorder->fail_at) {
        op.octets = malloc(count);
        assert_non_null(op.octets);
        memcpy(op.octets, octets, count);
    }
    return record(recorder, op);
}

static int record_sync(void *context)
{
    return record(context, (struct op){.kind = SYNC});
}

static void recorder_init(struct recorder *recorder)
{
    *recorder = (struct recorder){.fail_at = SIZE_MAX};
}

static void recorder_fini(struct recorder *recorder)
{
    for (size_t i = 0; i < recorder->ops; i++)
        free(recorder->op[i].octets);
}

static struct image_ops ops_of(struct recorder *recorder)
{
    return (struct image_ops){.reserve = record_reserve,
                              .write = record_write,
                              .sync = record_sync,
                              .context = recorder};
}

static uint8_t body[BODY];

static void fill_body(void)
{
    for (size_t i = 0; i < BODY; i++)
        body[i] = (uint8_t)(i * 131 + i / 251);
}

/* The first `count` ops; of writes that no sync follows only the pages that `seed` picks (0: all). */
static int replay(const struct recorder *recorder, size_t count, unsigned seed)
{
    const int fd = memfd_create("image", MFD_CLOEXEC);
    assert_true(fd >= 0);
    size_t synced = 0;
    for (size_t i = 0; i < count; i++)
        synced = recorder->op[i].kind == SYNC ? i : synced;
    for (size_t i = 0; i < count; i++) {
        const struct op *op = &recorder->op[i];
        if (op->kind == RESERVE)
            assert_int_equal(ftruncate(fd, (off_t)op->at), 0);
        for (size_t done = 0; op->kind == WRITE && done < op->count;) {
            const size_t to_page_end = IMAGE_PAGE - (op->at + done) % IMAGE_PAGE;
            const size_t some = op->count - done < to_page_end ? op->count - done : to_page_end;
            if (i < synced || seed == 0 || rand_r(&seed) % 2 == 0)
                assert_int_equal(pwrite(fd, op->octets + done, some, (off_t)(op->at + done)),
                                 some);
            done += some;
        }
    }
    return fd;
}

/* What a file holds: the version that its `about` tells, 0 where it isn't used. Fails the test where any
 * octet of what is used isn't as it was written. */
static int version_in(int fd)
{
    struct image_file file;
    const int err = image_file_open(&file, fd);
    if (err != 0) {
        assert_true(err == -ENODATA || err == -EBADMSG || err == -ENOEXEC);
        return 0;
    }
    static uint8_t chunk[IMAGE_CHUNK_MIN];
    bool whole = true;
    for (size_t i = 0; i < image_chunks(file.body_octets, file.chunk_octets); i++) {
        if (image_chunk_read(&file, i, chunk) != 0)
            whole = false;
        else
            assert_memory_equal(chunk, body + i * file.chunk_octets,
                                image_chunk_octets(&file, i));
    }
    char about[32] = "";
    assert_true(file.about_octets < sizeof about);
    memcpy(about, file.about, file.about_octets);
    int version = 0;
    assert_int_equal(sscanf(about, "version %d", &version), 1);
    assert_int_equal(file.body_octets, version < 3 ? FIRST : BODY);
    image_file_fini(&file);
    return whole ? version : 0;
}

static void commit(struct image_writer *writer, int version)
{
    char about[32];
    snprintf(about, sizeof about, "version %d", version);
    image_commit(writer, about, strlen(about));
}

/* Version 1 is new; 2 says something else about it; 3 and 4, by another run, have a longer body. `done[v]`
 * is how many ops it took until v was committed. */
static int write_versions(struct recorder *recorder, size_t done[VERSIONS + 1])
{
    const struct image_ops ops = ops_of(recorder);
    struct image_writer writer;
    image_create(&writer, &ops, BODY, 100);
    image_append(&writer, body, 1000);
    image_append(&writer, body + 1000, FIRST - 1000);
    commit(&writer, 1);
    done[1] = recorder->ops;
    commit(&writer, 2);
    done[2] = recorder->ops;
    int err = writer.err;
    image_writer_fini(&writer);
    if (err != 0)
        return err;

    const int fd = replay(recorder, recorder->ops, 0);
    struct image_file file;
    assert_int_equal(image_file_open(&file, fd), 0);
    image_continue(&writer, &ops, &file);
    image_append(&writer, body + FIRST, SECOND);
    commit(&writer, 3);
    done[3] = recorder->ops;
    commit(&writer, 4);
    done[4] = recorder->ops;
    err = writer.err;
    image_writer_fini(&writer);
    image_file_fini(&file);
    close(fd);
    return err;
}

static void after_a_crash_at_any_instant_the_last_commit_is_whole(void **state)
{
    (void)state;
    struct recorder recorder;
    size_t done[VERSIONS + 1] = {0};
    recorder_init(&recorder);
    assert_int_equal(write_versions(&recorder, done), 0);
    assert_int_equal(done[4], recorder.ops);
    bool found[VERSIONS + 1] = {false};
    for (size_t count = 0; count <= recorder.ops; count++) {
        int least = 0, most = 0;
        for (int version = 1; version <= VERSIONS; version++) {
            if (done[version] <= count)
                least = version;
            if (done[version - 1] < count)
                most = version;
        }
        for (unsigned seed = 0; seed < 40; seed++) {
            const int fd = replay(&recorder, count, seed);
            const int version = version_in(fd);
            close(fd);
            assert_true(version >= least && version <= most);
            found[version] = true;
        }
    }
    for (int version = 0; version <= VERSIONS; version++)
        assert_true(found[version]);
    recorder_fini(&recorder);
}

static void an_image_that_a_failed_write_left_is_the_one_before(void **state)
{
    (void)state;
    struct recorder whole;
    size_t done[VERSIONS + 1] = {0};
    recorder_init(&whole);
    assert_int_equal(write_versions(&whole, done), 0);
    for (size_t fail = 0; fail < whole.ops; fail++) {
        struct recorder recorder;
        recorder_init(&recorder);
        recorder.fail_at = fail;
        size_t ignored[VERSIONS + 1];
        assert_int_equal(write_versions(&recorder, ignored), -EIO);
        int least = 0;
        for (int version = 1; version <= VERSIONS; version++)
            least = done[version] <= fail ? version : least;
        const int fd = replay(&recorder, recorder.ops, 0);
        assert_true(version_in(fd) >= least);
        close(fd);
        recorder_fini(&recorder);
    }
    recorder_fini(&whole);
}

static int written(size_t versions)
{
    struct recorder recorder;
    size_t done[VERSIONS + 1] = {0};
    recorder_init(&recorder);
    assert_int_equal(write_versions(&recorder, done), 0);
    const int fd = replay(&recorder, done[versions], 0);
    recorder_fini(&recorder);
    return fd;
}

/* version_in() compares all octets that are used. */
static void no_changed_octet_is_ever_used(void **state)
{
    (void)state;
    const int fd = written(2);
    const off_t size = lseek(fd, 0, SEEK_END);
    unsigned refused = 0;
    for (off_t at = 0; at < size; at += at < 5 * IMAGE_PAGE ? 1 : 977) {
        uint8_t octet;
        assert_int_equal(pread(fd, &octet, 1, at), 1);
        const uint8_t changed = (uint8_t)(octet ^ 1u << at % 8);
        assert_int_equal(pwrite(fd, &changed, 1, at), 1);
        refused += version_in(fd) != 2;
        assert_int_equal(pwrite(fd, &octet, 1, at), 1);
    }
    assert_true(refused > 200);
    assert_int_equal(version_in(fd), 2);
    close(fd);
}

static void a_truncated_file_is_told_from_a_whole_one(void **state)
{
    (void)state;
    const int fd = written(4);
    const off_t size = lseek(fd, 0, SEEK_END);
    assert_int_equal(version_in(fd), 4);
    for (off_t left = size - 1; left > 0; left -= left > 4097 ? 4096 : 1) {
        assert_int_equal(ftruncate(fd, left), 0);
        assert_int_equal(version_in(fd), 0);
    }
    close(fd);
}

/* An octet of the header, with the header's own checksum right again. */
static int open_with(off_t at, uint8_t octet)
{
    enum { OWN_AT = 64 };
    const int fd = written(1);
    uint8_t header[OWN_AT];
    assert_int_equal(pwrite(fd, &octet, 1, at), 1);
    assert_int_equal(pread(fd, header, sizeof header, 0), sizeof header);
    const uint64_t own = checksum(0, header, sizeof header);
    assert_int_equal(pwrite(fd, &own, sizeof own, OWN_AT), sizeof own);
    struct image_file file;
    const int err = image_file_open(&file, fd);
    close(fd);
    return err;
}

static void a_file_of_another_byte_order_format_or_build_is_not_used(void **state)
{
    (void)state;
    assert_int_equal(open_with(8, 1), -ENOEXEC);   /* 01020304 the other way round begins so */
    assert_int_equal(open_with(12, 99), -ENOEXEC); /* a format to come */
    /* One of the two isn't this build's. */
    assert_true(open_with(16, 0x55) == -ENOEXEC || open_with(16, 0x56) == -ENOEXEC);
    assert_int_equal(open_with(0, 'X'), -EBADMSG);
}

static void a_file_that_was_never_committed_says_so(void **state)
{
    (void)state;
    struct recorder recorder;
    recorder_init(&recorder);
    const struct image_ops ops = ops_of(&recorder);
    struct image_writer writer;
    assert_int_equal(image_create(&writer, &ops, BODY, 100), 0);
    assert_int_equal(image_append(&writer, body, BODY), 0);
    image_writer_fini(&writer);
    const int fd = replay(&recorder, recorder.ops, 0);
    struct image_file file;
    assert_int_equal(image_file_open(&file, fd), -ENODATA);
    close(fd);
    recorder_fini(&recorder);
}

static void a_body_or_an_about_that_is_too_long_is_refused(void **state)
{
    (void)state;
    struct recorder recorder;
    recorder_init(&recorder);
    const struct image_ops ops = ops_of(&recorder);
    struct image_writer writer;
    assert_int_equal(image_create(&writer, &ops, 1000, 10), 0);
    assert_int_equal(image_append(&writer, body, 1001), -EFBIG);
    image_writer_fini(&writer);
    assert_int_equal(image_create(&writer, &ops, 1000, 10), 0);
    assert_int_equal(image_append(&writer, body, 1000), 0);
    assert_int_equal(image_commit(&writer, body, 11), -EFBIG);
    image_writer_fini(&writer);
    assert_int_equal(image_create(&writer, &ops, IMAGE_BODY_MAX + 1, 10), -EFBIG);
    image_writer_fini(&writer);
    recorder_fini(&recorder);
}

/* As on a full disk: the space is asked for before anything is written. */
static void without_the_space_nothing_is_written(void **state)
{
    (void)state;
    char path[] = "/tmp/pharos-image-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    struct rlimit was, limit;
    getrlimit(RLIMIT_FSIZE, &was);
    limit = was;
    limit.rlim_cur = 100 * 1000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    const struct image_ops ops = image_ops_file(&fd);
    struct image_writer writer;
    const int err = image_create(&writer, &ops, BODY, 100);
    image_append(&writer, body, BODY);
    commit(&writer, 1);
    setrlimit(RLIMIT_FSIZE, &was);
    assert_true(err == -EFBIG || err == -ENOSPC);
    assert_int_equal(writer.err, err);
    assert_int_equal(lseek(fd, 0, SEEK_END), 0);
    image_writer_fini(&writer);
    close(fd);
}

static void a_real_file_keeps_what_was_committed(void **state)
{
    (void)state;
    char path[] = "/tmp/pharos-image-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    const struct image_ops ops = image_ops_file(&fd);
    struct image_writer writer;
    assert_int_equal(image_create(&writer, &ops, BODY, 100), 0);
    assert_int_equal(image_append(&writer, body, FIRST), 0);
    commit(&writer, 1);
    assert_int_equal(writer.err, 0);
    image_writer_fini(&writer);
    assert_int_equal(version_in(fd), 1);
    close(fd);
}

int main(void)
{
    fill_body();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_a_crash_at_any_instant_the_last_commit_is_whole),
        cmocka_unit_test(an_image_that_a_failed_write_left_is_the_one_before),
        cmocka_unit_test(no_changed_octet_is_ever_used),
        cmocka_unit_test(a_truncated_file_is_told_from_a_whole_one),
        cmocka_unit_test(a_file_of_another_byte_order_format_or_build_is_not_used),
        cmocka_unit_test(a_file_that_was_never_committed_says_so),
        cmocka_unit_test(a_body_or_an_about_that_is_too_long_is_refused),
        cmocka_unit_test(without_the_space_nothing_is_written),
        cmocka_unit_test(a_real_file_keeps_what_was_committed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
