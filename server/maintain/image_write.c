/* image_write.c -- writes images into their folder */
#include "server/maintain/image_write.h"

#include "server/maintain/image_folder.h"
#include "zone/checksum.h"

#include <errno.h>
#include <unistd.h>

enum {
    ABOUT_ROOM = 4096, /* for what is said about a zone to become longer */
    PAGE_ROOM = 8,     /* an image has room for an eighth more */
};

/* Whether the body that is in a file begins the arena. */
static bool begins(const struct image_file *file, const struct arena *arena)
{
    if (file->body_octets > arena->used || arena->used > file->body_max)
        return false;
    const size_t chunks = image_chunks(file->body_octets, file->chunk_octets);
    for (size_t i = 0; i < chunks; i++) {
        const size_t at = i * file->chunk_octets;
        if (checksum(i, arena->base + at, image_chunk_octets(file, i)) != file->sum[i])
            return false;
    }
    return true;
}

static int append_rest(int fd, const struct image_file *file, const struct image_wanted *wanted)
{
    const struct arena *arena = &wanted->zone->arena;
    const struct image_ops ops = image_ops_file(&fd);
    struct image_writer writer;
    const size_t from = (size_t)file->body_octets;
    image_continue(&writer, &ops, file);
    image_append(&writer, arena->base + from, arena->used - from);
    const int err = image_commit(&writer, wanted->about, wanted->about_octets);
    image_writer_fini(&writer);
    return err;
}

/* Returns false where the file must be written anew. */
static bool go_on(int folder, const char *name, const struct image_wanted *wanted)
{
    const int fd = image_folder_file(folder, name, true);
    if (fd < 0)
        return false;
    struct image_file file;
    bool done = false;
    if (image_file_open(&file, fd) == 0) {
        done = wanted->about_octets <= file.about_max && begins(&file, &wanted->zone->arena)
               && append_rest(fd, &file, wanted) == 0;
        image_file_fini(&file);
    }
    close(fd);
    return done;
}

/* Ends a file that was written as NAME.new, well or not. */
static int adopt(int folder, const char *name, int fd, int err)
{
    close(fd);
    if (err == 0)
        err = image_folder_adopt(folder, name);
    if (err != 0)
        image_folder_drop(folder, name);
    return err;
}

static int write_body(int fd, const struct image_wanted *wanted, const struct image_stop *stop)
{
    const struct arena *arena = &wanted->zone->arena;
    const struct image_ops ops = image_ops_file(&fd);
    struct image_writer writer;
    int err = image_create(&writer, &ops, arena->used + arena->used / PAGE_ROOM,
                           (uint32_t)(wanted->about_octets + ABOUT_ROOM));
    if (err == 0)
        err = image_append_arena(&writer, arena, stop->stop, stop->context);
    if (err == 0)
        err = image_commit(&writer, wanted->about, wanted->about_octets);
    image_writer_fini(&writer);
    return err;
}

int image_write(int folder, const char *name, const struct image_wanted *wanted,
                const struct image_stop *stop)
{
    if (wanted->about_octets + ABOUT_ROOM > IMAGE_ABOUT_MAX)
        return -EFBIG;
    if (go_on(folder, name, wanted))
        return 0;
    const int fd = image_folder_new(folder, name);
    return fd < 0 ? fd : adopt(folder, name, fd, write_body(fd, wanted, stop));
}

static uint64_t pack_octets(const struct image_wanted *wanted, size_t count)
{
    uint64_t octets = 0;
    for (size_t i = 0; i < count; i++) {
        const struct image_piece piece = {
            .about_octets = (uint32_t)wanted[i].about_octets,
            .arena_octets = (uint32_t)wanted[i].zone->arena.used,
        };
        octets += image_piece_octets(&piece);
    }
    return octets;
}

static int write_pieces(int fd, const struct image_wanted *wanted, size_t count,
                        const struct image_stop *stop)
{
    enum { ASK_EVERY = 1024 };
    const struct image_ops ops = image_ops_file(&fd);
    struct image_writer writer;
    int err = image_create(&writer, &ops, pack_octets(wanted, count), 0);
    for (size_t i = 0; err == 0 && i < count; i++) {
        err = image_append_piece(&writer, wanted[i].about, wanted[i].about_octets,
                                 &wanted[i].zone->arena);
        if (i % ASK_EVERY == 0 && stop->stop(stop->context))
            err = -ECANCELED;
    }
    if (err == 0)
        err = image_commit(&writer, NULL, 0);
    image_writer_fini(&writer);
    return err;
}

int image_write_pack(int folder, const char *name, const struct image_wanted *wanted,
                     size_t count, const struct image_stop *stop)
{
    const int fd = image_folder_new(folder, name);
    return fd < 0 ? fd : adopt(folder, name, fd, write_pieces(fd, wanted, count, stop));
}
