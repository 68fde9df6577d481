/* fuzz_image.c -- image files from nowhere: refused or read, never a crash
 * The first octet's low bit says whether header, slots and sides get the checksums, the build and the sizes
 * that let them through, so that what lies behind is reached. The rest is the file. */
#include "zone/checksum.h"
#include "zone/image.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

enum {
    HEADER_LIKE =
        48, /* magic, byte order, format and build: the same in all files of this build */
    HEADER_OWN = 64,
    HEADER = 72,
    COMMIT_CHAINED = 24,
    COMMIT_OWN = 32,
    COMMIT = 40,
    BODY_READ_MAX = 16 * 1024 * 1024,
};

static int keep_header(void *context, const void *octets, size_t count, uint64_t at)
{
    if (at == 0 && count == HEADER)
        memcpy(context, octets, count);
    return 0;
}

static int nothing_reserved(void *context, uint64_t octets)
{
    (void)context;
    (void)octets;
    return 0;
}

static int nothing_synced(void *context)
{
    (void)context;
    return 0;
}

/* Has the file begin as one that this build wrote. */
static void mend_header(uint8_t *file)
{
    uint8_t ours[HEADER];
    const struct image_ops ops = {.reserve = nothing_reserved,
                                  .write = keep_header,
                                  .sync = nothing_synced,
                                  .context = ours};
    struct image_writer writer;
    image_create(&writer, &ops, 1, 1);
    image_writer_fini(&writer);
    memcpy(file, ours, HEADER_LIKE);
    uint32_t chunk = IMAGE_CHUNK_MIN; /* right for bodies up to half a gigabyte */
    memcpy(file + 56, &chunk, sizeof chunk);
    const uint64_t own = checksum(0, file, HEADER_OWN);
    memcpy(file + HEADER_OWN, &own, sizeof own);
}

/* A slot whose side lies in the file gets its checksums. */
static void mend_commit(uint8_t *file, size_t len, unsigned slot)
{
    uint8_t *commit = file + (1 + slot) * (size_t)IMAGE_PAGE;
    uint64_t sequence, body_max, body, about, header;
    uint32_t about_max;
    memcpy(&body_max, file + 48, 8);
    memcpy(&about_max, file + 60, 4);
    memcpy(&header, file + HEADER_OWN, 8);
    memcpy(&sequence, commit, 8);
    memcpy(&body, commit + 8, 8);
    memcpy(&about, commit + 16, 8);
    if (body <= body_max && body_max <= len && about <= about_max && about_max <= len) {
        const size_t side =
            (8 * image_chunks(body_max, IMAGE_CHUNK_MIN) + about_max + IMAGE_PAGE - 1)
            / IMAGE_PAGE * IMAGE_PAGE;
        const size_t at = 3 * (size_t)IMAGE_PAGE + sequence % 2 * side;
        const size_t octets = 8 * image_chunks(body, IMAGE_CHUNK_MIN) + (size_t)about;
        if (at + octets <= len) {
            const uint64_t chained = checksum(sequence, file + at, octets);
            memcpy(commit + COMMIT_CHAINED, &chained, 8);
        }
    }
    const uint64_t own = checksum(header, commit, COMMIT_OWN);
    memcpy(commit + COMMIT_OWN, &own, 8);
}

static void read_about(const uint8_t *about, size_t octets, uint64_t body)
{
    struct zone *zone;
    struct sources sources;
    struct image_demands demands;
    struct name apex;
    image_about_apex(about, octets, &apex);
    if (image_about_read(about, octets, body, &zone, &sources, &demands) != 0)
        return;
    sources_fini(&sources);
    zone_free(zone);
}

static void read_pack(const uint8_t *body, size_t octets)
{
    struct image_piece piece;
    const uint8_t *about, *arena;
    for (size_t at = 0; image_next_piece(body, octets, &at, &piece, &about, &arena);) {
        struct zone *zone;
        struct sources sources;
        struct image_demands demands;
        read_about(about, piece.about_octets, piece.arena_octets);
        if (image_read_piece(&piece, about, arena, &zone, &sources, &demands) == 0) {
            sources_fini(&sources);
            zone_free(zone);
        }
    }
}

static void read_image(int fd)
{
    struct image_file file;
    if (image_file_open(&file, fd) != 0)
        return;
    read_about(file.about, file.about_octets, file.body_octets);
    struct zone *zone = calloc(1, sizeof *zone);
    if (zone != NULL && file.body_octets <= BODY_READ_MAX)
        image_read_arena(&file, zone);
    zone_free(zone);
    image_file_fini(&file);
}

/* What is said about a zone begins with the size of its struct, which no fuzzer should have to find. */
static void mend_about(uint8_t *about, size_t octets)
{
    const uint32_t zone_octets = sizeof(struct zone);
    if (octets >= sizeof zone_octets)
        memcpy(about, &zone_octets, sizeof zone_octets);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    if (len < 2)
        return 0;
    const bool mended = (octets[0] & 1) != 0;
    octets++;
    len--;
    uint8_t *file = malloc(len);
    if (file == NULL)
        return 0;
    memcpy(file, octets, len);
    if (mended && len >= 4 * (size_t)IMAGE_PAGE) {
        mend_header(file);
        mend_commit(file, len, 0);
        mend_commit(file, len, 1);
    }
    const int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd >= 0 && write(fd, file, len) == (ssize_t)len)
        read_image(fd);
    if (fd >= 0)
        close(fd);
    memcpy(file, octets, len);
    if (mended)
        mend_about(file, len);
    read_about(file, len, (uint64_t)1 << 20);
    if (mended && len > sizeof(struct image_piece))
        mend_about(file + sizeof(struct image_piece), len - sizeof(struct image_piece));
    read_pack(file, len);
    free(file);
    return 0;
}
