/* image_file.h -- a body of octets in a file that is whole or isn't there, whenever the power goes
 *
 *     page 0      struct image_header: what the file is, and how large its parts are
 *     page 1, 2   two commit slots: struct image_commit
 *     side 0, 1   for each slot a checksum of every chunk of the body, then the `about` octets
 *     body        appended to, never changed before its committed end
 *
 * A commit writes body and side, syncs, writes the slot that isn't the newest, and syncs: whatever a
 * crash leaves undone, the other slot and all that it speaks of stay as they were. The newest slot
 * whose own checksum is right counts. It bears the chained checksum of its side, and that the
 * checksums of all chunks, so every octet is vouched for and chunks can be verified one by one, in
 * any order.
 *
 * All integers are in host byte order; a file from a machine of the other order, of another format, or
 * of a build that lays zones out differently isn't used. Nothing read from a file is trusted. */
#ifndef PHAROS_ZONE_IMAGE_FILE_H
#define PHAROS_ZONE_IMAGE_FILE_H

#include <stddef.h>
#include <stdint.h>

enum {
    IMAGE_PAGE = 4096,
    IMAGE_BUILD_OCTETS = 32, /* what tells builds apart */
    IMAGE_CHUNK_MIN = 64 * 1024,
    IMAGE_CHUNKS_MAX = 8192, /* of a body as large as it may become: then they're larger */
    IMAGE_ABOUT_MAX = 1024 * 1024, /* octets */
};

#define IMAGE_BODY_MAX ((uint64_t)1 << 36)

/* Where octets go. Each returns 0 or a negative errno; -ENOSPC from `reserve` means that nothing is
 * written at all. The seam at which tests record what is written, and in which order. */
struct image_ops {
    int (*reserve)(void *context, uint64_t octets); /* of the file, from its start */
    int (*write)(void *context, const void *octets, size_t count, uint64_t at);
    int (*sync)(void *context);
    void *context;
};

/* Those of a file: fallocate, pwrite, fdatasync. `fd` is borrowed and must stay where it is. */
struct image_ops image_ops_file(const int *fd);

/* The newest commit of a file. */
struct image_file {
    int fd; /* borrowed, read with pread() alone */
    uint64_t body_at;
    uint64_t body_max;    /* octets that the body may grow to */
    uint64_t body_octets; /* committed */
    uint64_t sequence;    /* of the commit, from 1 */
    uint32_t chunk_octets;
    uint32_t about_max;
    uint32_t about_octets;
    uint64_t *sum;  /* owned; one a chunk; the last chunk's covers what there is of it */
    uint8_t *about; /* owned; verified */
};

/* Reads and verifies all but the body. Returns 0; -ENOMEM; what pread() gave; -ENOEXEC for a file of
 * another format, byte order or build; -ENODATA where nothing was ever committed; -EBADMSG for one that
 * is damaged. On success image_file_fini() is due. */
int image_file_open(struct image_file *file, int fd);
void image_file_fini(struct image_file *file);

static inline size_t image_chunks(uint64_t body_octets, uint32_t chunk_octets)
{
    return (size_t)((body_octets + chunk_octets - 1) / chunk_octets);
}

/* Octets of chunk `i`. */
size_t image_chunk_octets(const struct image_file *file, size_t i);

/* Reads chunk `i` to `to`, which has room for it, and verifies it. Returns 0, -EBADMSG where the octets
 * aren't those that were committed or some are missing, or what pread() gave. Any thread, also in
 * signal handlers. */
int image_chunk_read(const struct image_file *file, size_t i, void *to);

/* One that is being written. Calls after a failed one fail the same way. */
struct image_writer {
    struct image_ops ops;
    uint64_t body_at, body_max, body_octets;
    uint64_t sequence; /* of the last commit; 0: none */
    uint32_t chunk_octets, about_max;
    uint64_t *sum;
    uint8_t *chunk; /* what is known of the chunk that isn't full */
    uint64_t side_octets;
    int err;
};

/* Begins an empty file for a body of up to `body_max` octets and `about_max` octets about it. Returns 0,
 * -ENOMEM, -EFBIG, or what `ops` gave. image_writer_fini() is due in any case. */
int image_create(struct image_writer *writer, const struct image_ops *ops, uint64_t body_max,
                 uint32_t about_max);

/* Goes on where a file ends; it must be the last one opened of what `ops` writes to. Returns 0, -ENOMEM,
 * -EBADMSG or what pread() gave. */
int image_continue(struct image_writer *writer, const struct image_ops *ops,
                   const struct image_file *file);
void image_writer_fini(struct image_writer *writer);

/* Appends to the body. Returns 0, -EFBIG beyond `body_max`, or what `ops` gave. */
int image_append(struct image_writer *writer, const void *octets, size_t count);

/* Makes all that was appended, and `about`, what the file says. Returns 0 when it's on the disk, -EFBIG
 * where `about` is too long, or what `ops` gave. */
int image_commit(struct image_writer *writer, const void *about, size_t about_octets);

#endif
