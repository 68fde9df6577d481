/* image_file.c -- a body of octets in a file that is whole or isn't there */
#include "zone/image_file.h"

#include "zone/checksum.h"
#include "zone_build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FORMAT = 3,
    SLOTS = 2,
    SIDES_AT = (1 + SLOTS) * IMAGE_PAGE,
};

static const char magic[8] = "PharosIm";
#define BYTE_ORDER_MARK UINT32_C(0x01020304)

struct image_header {
    char magic[8];
    uint32_t byte_order; /* BYTE_ORDER_MARK */
    uint32_t format;
    uint8_t build[IMAGE_BUILD_OCTETS];
    uint64_t body_max;
    uint32_t chunk_octets;
    uint32_t about_max;
    uint64_t own; /* checksum of all before */
};

struct image_commit {
    uint64_t sequence; /* from 1; odd ones are in slot 1; 0: none */
    uint64_t body_octets;
    uint64_t about_octets;
    uint64_t chained; /* checksum of the side, seeded with the sequence */
    uint64_t own;     /* checksum of all before, seeded with the header's */
};

_Static_assert(sizeof(struct image_header) == 72, "no padding, whose octets are nothing");
_Static_assert(sizeof(struct image_commit) == 40, "no padding, whose octets are nothing");

static uint64_t round_up(uint64_t octets, uint64_t to)
{
    return (octets + to - 1) / to * to;
}

/* --- files --- */

static int reserve_file(void *context, uint64_t octets)
{
    const int fd = *(const int *)context;
    if (fallocate(fd, 0, 0, (off_t)octets) == 0)
        return 0;
    /* A file system that can't reserve may run out of space in the middle: no commit comes of that. */
    if (errno == EOPNOTSUPP && ftruncate(fd, (off_t)octets) == 0)
        return 0;
    return -errno;
}

static int write_file(void *context, const void *octets, size_t count, uint64_t at)
{
    const int fd = *(const int *)context;
    const uint8_t *from = octets;
    while (count > 0) {
        const ssize_t written = pwrite(fd, from, count, (off_t)at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written < 0 ? -errno : -ENOSPC;
        from += written;
        at += (uint64_t)written;
        count -= (size_t)written;
    }
    return 0;
}

static int sync_file(void *context)
{
    return fdatasync(*(const int *)context) == 0 ? 0 : -errno;
}

struct image_ops image_ops_file(const int *fd)
{
    return (struct image_ops){.reserve = reserve_file,
                              .write = write_file,
                              .sync = sync_file,
                              .context = (void *)(uintptr_t)fd};
}

/* Returns 0, -EBADMSG at the file's end, or what pread() gave. */
static int read_at(int fd, void *to, size_t count, uint64_t at)
{
    uint8_t *octets = to;
    while (count > 0) {
        const ssize_t got = pread(fd, octets, count, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : -EBADMSG;
        octets += got;
        at += (uint64_t)got;
        count -= (size_t)got;
    }
    return 0;
}

/* --- what header and commits say --- */

static uint64_t side_octets(uint64_t body_max, uint32_t chunk_octets, uint32_t about_max)
{
    return round_up(8 * image_chunks(body_max, chunk_octets) + about_max, IMAGE_PAGE);
}

static uint64_t side_at(uint64_t sequence, uint64_t octets)
{
    return SIDES_AT + sequence % SLOTS * octets;
}

static uint64_t slot_at(uint64_t sequence)
{
    return (1 + sequence % SLOTS) * IMAGE_PAGE;
}

static uint64_t header_sum(const struct image_header *header)
{
    return checksum(0, header, offsetof(struct image_header, own));
}

static uint64_t commit_sum(const struct image_commit *commit, uint64_t header)
{
    return checksum(header, commit, offsetof(struct image_commit, own));
}

static struct image_header header_of(const struct image_writer *writer)
{
    struct image_header header = {
        .byte_order = BYTE_ORDER_MARK,
        .format = FORMAT,
        .body_max = writer->body_max,
        .chunk_octets = writer->chunk_octets,
        .about_max = writer->about_max,
    };
    memcpy(header.magic, magic, sizeof magic);
    memcpy(header.build, ZONE_BUILD, sizeof header.build);
    header.own = header_sum(&header);
    return header;
}

/* A power of two, so large that there aren't too many. */
static uint32_t chunk_octets_of(uint64_t body_max)
{
    uint32_t octets = IMAGE_CHUNK_MIN;
    while (image_chunks(body_max, octets) > IMAGE_CHUNKS_MAX)
        octets *= 2;
    return octets;
}

static int check_header(const struct image_header *header)
{
    if (memcmp(header->magic, magic, sizeof magic) != 0)
        return -EBADMSG;
    if (header->byte_order != BYTE_ORDER_MARK || header->format != FORMAT)
        return -ENOEXEC;
    if (header->own != header_sum(header))
        return -EBADMSG;
    if (memcmp(header->build, ZONE_BUILD, sizeof header->build) != 0)
        return -ENOEXEC;
    const bool sound = header->body_max <= IMAGE_BODY_MAX
                       && header->about_max <= IMAGE_ABOUT_MAX
                       && header->chunk_octets == chunk_octets_of(header->body_max);
    return sound ? 0 : -EBADMSG;
}

static bool check_commit(const struct image_commit *commit, const struct image_header *header,
                         unsigned slot)
{
    return commit->sequence != 0 && commit->sequence % SLOTS == slot
           && commit->own == commit_sum(commit, header->own)
           && commit->body_octets <= header->body_max
           && commit->about_octets <= header->about_max;
}

/* --- reading --- */

static int read_header(int fd, struct image_header *header)
{
    const int err = read_at(fd, header, sizeof *header, 0);
    return err == 0 ? check_header(header) : err;
}

/* Allocates and reads the side that a commit speaks of. */
static int read_side(struct image_file *file, uint64_t chained)
{
    const uint64_t at = side_at(
        file->sequence, side_octets(file->body_max, file->chunk_octets, file->about_max));
    const size_t sums = 8 * image_chunks(file->body_octets, file->chunk_octets);
    file->sum = malloc(sums + file->about_octets + 1);
    if (file->sum == NULL)
        return -ENOMEM;
    file->about = (uint8_t *)file->sum + sums;
    int err = read_at(file->fd, file->sum, sums + file->about_octets, at);
    if (err == 0 && checksum(file->sequence, file->sum, sums + file->about_octets) != chained)
        err = -EBADMSG;
    if (err != 0)
        image_file_fini(file);
    return err;
}

static int open_commit(struct image_file *file, const struct image_commit *commit)
{
    file->sequence = commit->sequence;
    file->body_octets = commit->body_octets;
    file->about_octets = (uint32_t)commit->about_octets;
    return read_side(file, commit->chained);
}

/* Reads the slots. Returns how many are good, the newest first, or what pread() gave. */
static int read_commits(int fd, const struct image_header *header,
                        struct image_commit good[SLOTS], bool *blank)
{
    int count = 0;
    *blank = true;
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        struct image_commit commit;
        const int err = read_at(fd, &commit, sizeof commit, slot_at(slot));
        if (err != 0)
            return err;
        static const struct image_commit none;
        *blank = *blank && memcmp(&commit, &none, sizeof none) == 0;
        if (!check_commit(&commit, header, slot))
            continue;
        if (count == 1 && commit.sequence > good[0].sequence) {
            good[1] = good[0];
            good[0] = commit;
        } else {
            good[count] = commit;
        }
        count++;
    }
    return count;
}

int image_file_open(struct image_file *file, int fd)
{
    struct image_header header;
    struct image_commit good[SLOTS];
    bool blank;
    int err = read_header(fd, &header);
    if (err != 0)
        return err;
    *file = (struct image_file){
        .fd = fd,
        .body_max = header.body_max,
        .chunk_octets = header.chunk_octets,
        .about_max = header.about_max,
        .body_at =
            SIDES_AT
            + SLOTS * side_octets(header.body_max, header.chunk_octets, header.about_max),
    };
    const int count = read_commits(fd, &header, good, &blank);
    if (count < 0)
        return count;
    if (count == 0)
        return blank ? -ENODATA : -EBADMSG;
    /* A slot is written after what it speaks of is on the disk: a side that doesn't fit is damage. Only
     * then the older commit is looked at, which may be whole. */
    err = open_commit(file, &good[0]);
    if (err == -EBADMSG && count > 1)
        err = open_commit(file, &good[1]);
    return err;
}

void image_file_fini(struct image_file *file)
{
    free(file->sum);
    file->sum = NULL;
    file->about = NULL;
}

size_t image_chunk_octets(const struct image_file *file, size_t i)
{
    const uint64_t begin = (uint64_t)i * file->chunk_octets;
    const uint64_t left = file->body_octets - begin;
    return left < file->chunk_octets ? (size_t)left : file->chunk_octets;
}

int image_chunk_read(const struct image_file *file, size_t i, void *to)
{
    const size_t octets = image_chunk_octets(file, i);
    const int err =
        read_at(file->fd, to, octets, file->body_at + (uint64_t)i * file->chunk_octets);
    if (err != 0)
        return err;
    return checksum(i, to, octets) == file->sum[i] ? 0 : -EBADMSG;
}

/* --- writing --- */

static int put(struct image_writer *writer, const void *octets, size_t count, uint64_t at)
{
    if (writer->err == 0 && count > 0)
        writer->err = writer->ops.write(writer->ops.context, octets, count, at);
    return writer->err;
}

static int sync_all(struct image_writer *writer)
{
    if (writer->err == 0)
        writer->err = writer->ops.sync(writer->ops.context);
    return writer->err;
}

/* Once body_max, about_max and chunk_octets are set. */
static int begin(struct image_writer *writer)
{
    writer->side_octets =
        side_octets(writer->body_max, writer->chunk_octets, writer->about_max);
    writer->body_at = SIDES_AT + SLOTS * writer->side_octets;
    writer->sum = calloc(image_chunks(writer->body_max, writer->chunk_octets) + 1, 8);
    writer->chunk = malloc(writer->chunk_octets);
    if (writer->sum == NULL || writer->chunk == NULL)
        writer->err = -ENOMEM;
    return writer->err;
}

int image_create(struct image_writer *writer, const struct image_ops *ops, uint64_t body_max,
                 uint32_t about_max)
{
    *writer = (struct image_writer){.ops = *ops, .body_max = body_max, .about_max = about_max};
    if (body_max > IMAGE_BODY_MAX || about_max > IMAGE_ABOUT_MAX)
        return writer->err = -EFBIG;
    writer->chunk_octets = chunk_octets_of(body_max);
    if (begin(writer) != 0)
        return writer->err;
    writer->err = ops->reserve(ops->context, writer->body_at + body_max);
    const struct image_header header = header_of(writer);
    return put(writer, &header, sizeof header, 0);
}

int image_continue(struct image_writer *writer, const struct image_ops *ops,
                   const struct image_file *file)
{
    *writer = (struct image_writer){
        .ops = *ops,
        .body_max = file->body_max,
        .about_max = file->about_max,
        .chunk_octets = file->chunk_octets,
        .sequence = file->sequence,
        .body_octets = file->body_octets,
    };
    if (begin(writer) != 0)
        return writer->err;
    const size_t chunks = image_chunks(file->body_octets, file->chunk_octets);
    if (chunks > 0)
        memcpy(writer->sum, file->sum, 8 * chunks);
    if (file->body_octets % file->chunk_octets != 0)
        writer->err = image_chunk_read(file, chunks - 1, writer->chunk);
    return writer->err;
}

void image_writer_fini(struct image_writer *writer)
{
    free(writer->sum);
    free(writer->chunk);
    writer->sum = NULL;
    writer->chunk = NULL;
}

int image_append(struct image_writer *writer, const void *octets, size_t count)
{
    if (writer->err != 0)
        return writer->err;
    if (count > writer->body_max - writer->body_octets)
        return writer->err = -EFBIG;
    const uint8_t *from = octets;
    while (count > 0 && writer->err == 0) {
        const size_t filled = (size_t)(writer->body_octets % writer->chunk_octets);
        const size_t room = writer->chunk_octets - filled;
        const size_t some = count < room ? count : room;
        const size_t i = (size_t)(writer->body_octets / writer->chunk_octets);
        memcpy(writer->chunk + filled, from, some);
        writer->body_octets += some;
        from += some;
        count -= some;
        if (some == room) {
            writer->sum[i] = checksum(i, writer->chunk, writer->chunk_octets);
            put(writer, writer->chunk, writer->chunk_octets,
                writer->body_at + (uint64_t)i * writer->chunk_octets);
        }
    }
    return writer->err;
}

/* Writes what the last chunk has so far. Its octets that are committed already are written as they are. */
static int put_rest(struct image_writer *writer)
{
    const size_t filled = (size_t)(writer->body_octets % writer->chunk_octets);
    if (filled == 0)
        return writer->err;
    const size_t i = (size_t)(writer->body_octets / writer->chunk_octets);
    writer->sum[i] = checksum(i, writer->chunk, filled);
    return put(writer, writer->chunk, filled,
               writer->body_at + (uint64_t)i * writer->chunk_octets);
}

/* Writes the side of the next commit. Returns its chained checksum. */
static uint64_t put_side(struct image_writer *writer, const void *about, size_t about_octets)
{
    const size_t sums = 8 * image_chunks(writer->body_octets, writer->chunk_octets);
    uint8_t *side = malloc(sums + about_octets + 1);
    if (side == NULL) {
        writer->err = -ENOMEM;
        return 0;
    }
    memcpy(side, writer->sum, sums);
    if (about_octets > 0)
        memcpy(side + sums, about, about_octets);
    const uint64_t next = writer->sequence + 1;
    put(writer, side, sums + about_octets, side_at(next, writer->side_octets));
    const uint64_t sum = checksum(next, side, sums + about_octets);
    free(side);
    return sum;
}

int image_commit(struct image_writer *writer, const void *about, size_t about_octets)
{
    if (writer->err != 0)
        return writer->err;
    if (about_octets > writer->about_max)
        return writer->err = -EFBIG;
    put_rest(writer);
    struct image_commit commit = {
        .sequence = writer->sequence + 1,
        .body_octets = writer->body_octets,
        .about_octets = about_octets,
        .chained = put_side(writer, about, about_octets),
    };
    commit.own = commit_sum(&commit, header_of(writer).own);
    if (sync_all(writer) != 0)
        return writer->err;
    put(writer, &commit, sizeof commit, slot_at(commit.sequence));
    if (sync_all(writer) == 0)
        writer->sequence = commit.sequence;
    return writer->err;
}
