/* image.c -- zones as they lie in image files */
#include "zone/image.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* What comes before the zone; sources follow it. */
struct about {
    uint32_t zone_octets;
    uint32_t sources;
    uint8_t verify, must;
    uint8_t unused[6];
};

/* A source, but for its path, which follows without a NUL. */
struct source_record {
    int64_t mtime_s, ctime_s;
    int64_t mtime_ns, ctime_ns;
    uint64_t size, inode, device;
    uint64_t path_octets;
};

_Static_assert(sizeof(struct about) == 16, "no padding, whose octets are nothing");
_Static_assert(sizeof(struct source_record) == 64, "no padding, whose octets are nothing");

enum { SOURCES_MAX = 100000, PIECE_ALIGN = 8 };

/* --- about --- */

size_t image_about_octets(const struct sources *sources)
{
    size_t octets = sizeof(struct about) + sizeof(struct zone);
    for (size_t i = 0; i < sources->count; i++)
        octets += sizeof(struct source_record) + strlen(sources->source[i].path);
    return octets;
}

static uint8_t *put(uint8_t *to, const void *octets, size_t count)
{
    memcpy(to, octets, count);
    return to + count;
}

void image_about(uint8_t *to, const struct zone *zone, const struct sources *sources,
                 struct image_demands demands)
{
    const struct about about = {
        .zone_octets = sizeof *zone,
        .sources = (uint32_t)sources->count,
        .verify = demands.verify,
        .must = demands.must,
    };
    /* Octet by octet: the struct is this build's own, which the image's header tells. */
    struct zone plain = *zone;
    plain.arena = (struct arena){0};
    plain.holds = 0;
    to = put(to, &about, sizeof about);
    to = put(to, &plain, sizeof plain);
    for (size_t i = 0; i < sources->count; i++) {
        const struct source *source = &sources->source[i];
        const struct source_record record = {
            .mtime_s = source->mtime.tv_sec,
            .ctime_s = source->ctime.tv_sec,
            .mtime_ns = source->mtime.tv_nsec,
            .ctime_ns = source->ctime.tv_nsec,
            .size = (uint64_t)source->size,
            .inode = source->inode,
            .device = source->device,
            .path_octets = strlen(source->path),
        };
        to = put(to, &record, sizeof record);
        to = put(to, source->path, record.path_octets);
    }
}

/* Octets that are left to be read. */
struct rest {
    const uint8_t *at;
    size_t octets;
};

static const uint8_t *take(struct rest *rest, size_t count)
{
    if (count > rest->octets)
        return NULL;
    const uint8_t *at = rest->at;
    rest->at += count;
    rest->octets -= count;
    return at;
}

static int read_source(struct rest *rest, struct source *source)
{
    struct source_record record;
    const uint8_t *octets = take(rest, sizeof record);
    if (octets == NULL)
        return -EBADMSG;
    memcpy(&record, octets, sizeof record);
    const uint8_t *path =
        record.path_octets <= PATH_MAX ? take(rest, (size_t)record.path_octets) : NULL;
    if (path == NULL)
        return -EBADMSG;
    source->path = strndup((const char *)path, (size_t)record.path_octets);
    source->mtime = (struct timespec){.tv_sec = record.mtime_s, .tv_nsec = record.mtime_ns};
    source->ctime = (struct timespec){.tv_sec = record.ctime_s, .tv_nsec = record.ctime_ns};
    source->size = (off_t)record.size;
    source->inode = record.inode;
    source->device = record.device;
    return source->path == NULL ? -ENOMEM : 0;
}

static int read_sources(struct rest *rest, size_t count, struct sources *sources)
{
    *sources = (struct sources){0};
    if (count == 0 || count > SOURCES_MAX
        || count > rest->octets / sizeof(struct source_record))
        return -EBADMSG;
    sources->source = calloc(count, sizeof *sources->source);
    if (sources->source == NULL)
        return -ENOMEM;
    sources->capacity = count;
    int err = 0;
    while (err == 0 && sources->count < count) {
        err = read_source(rest, &sources->source[sources->count]);
        sources->count += err == 0;
    }
    if (err == 0 && rest->octets != 0)
        err = -EBADMSG;
    if (err != 0)
        sources_fini(sources);
    return err;
}

static bool is_bool(const uint8_t *zone, size_t at)
{
    return zone[at] <= 1;
}

static bool is_in(uint32_t reference, uint64_t body_octets, bool required)
{
    return reference == 0 ? !required : (uint64_t)reference * ARENA_UNIT < body_octets;
}

static bool is_name(const struct name *name)
{
    return name->octets > 0 && name_check(name->wire, name->octets) == name->octets;
}

static bool is_sound(const struct zone *zone, uint64_t body_octets)
{
    const struct version *version = &zone->version;
    return is_name(&zone->apex) && zone->apex_symbols < NAME_KEY_MAX
           && body_octets >= ARENA_UNIT && body_octets <= ARENA_OCTETS_MAX
           && body_octets % ARENA_UNIT == 0 && is_in(version->root, body_octets, true)
           && is_in(version->nsec3_root, body_octets, false)
           && is_in(zone->apex_node, body_octets, true) && is_in(zone->soa, body_octets, true)
           && is_in(zone->ready, body_octets, true)
           && is_in(zone->apex_wildcard_block, body_octets, false)
           && is_in(zone->nsec3_params, body_octets, false)
           && is_in(zone->nsec3_apex, body_octets, false)
           && is_in(zone->apex_wildcard, body_octets, false);
}

/* The octets of the zone in `about`, NULL where there are none; the header is read to `*header`. */
static const uint8_t *open_about(struct rest *rest, struct about *header)
{
    const uint8_t *octets = take(rest, sizeof *header);
    if (octets == NULL)
        return NULL;
    memcpy(header, octets, sizeof *header);
    if (header->zone_octets != sizeof(struct zone))
        return NULL;
    const uint8_t *zone = take(rest, sizeof(struct zone));
    return zone != NULL && is_bool(zone, offsetof(struct zone, signed_))
                   && is_bool(zone, offsetof(struct zone, nsec))
                   && is_bool(zone, offsetof(struct zone, arena.grows))
                   && is_bool(zone, offsetof(struct zone, arena.sealed))
               ? zone
               : NULL;
}

int image_about_read(const uint8_t *about, size_t octets, uint64_t body_octets,
                     struct zone **zone, struct sources *sources, struct image_demands *demands)
{
    struct rest rest = {.at = about, .octets = octets};
    struct about header;
    const uint8_t *found = open_about(&rest, &header);
    if (found == NULL)
        return -EBADMSG;
    struct zone *read = malloc(sizeof *read);
    if (read == NULL)
        return -ENOMEM;
    memcpy(read, found, sizeof *read);
    read->arena = (struct arena){0};
    read->holds = 0;
    const int err =
        is_sound(read, body_octets) ? read_sources(&rest, header.sources, sources) : -EBADMSG;
    if (err != 0) {
        free(read);
        return err;
    }
    *demands = (struct image_demands){.verify = header.verify, .must = header.must};
    *zone = read;
    return 0;
}

const struct name *image_about_apex(const uint8_t *about, size_t octets, struct name *apex)
{
    struct rest rest = {.at = about, .octets = octets};
    struct about header;
    const uint8_t *zone = open_about(&rest, &header);
    if (zone == NULL)
        return NULL;
    memcpy(apex, zone + offsetof(struct zone, apex), sizeof *apex);
    return is_name(apex) ? apex : NULL;
}

/* --- an arena by itself --- */

int image_append_arena(struct image_writer *writer, const struct arena *arena,
                       bool (*stop)(void *context), void *context)
{
    int err = 0;
    for (size_t at = 0; err == 0 && at < arena->used; at += writer->chunk_octets) {
        const size_t left = arena->used - at;
        if (stop != NULL && stop(context))
            return -ECANCELED;
        err = image_append(writer, arena->base + at,
                           left < writer->chunk_octets ? left : writer->chunk_octets);
    }
    return err;
}

/* Room for an arena of so many octets, to be written from its start. */
static int make_arena(struct arena *arena, uint64_t octets)
{
    if (octets < ARENA_UNIT || octets % ARENA_UNIT != 0)
        return -EBADMSG;
    const int err = arena_init(arena, (size_t)octets);
    if (err != 0 || octets == ARENA_UNIT)
        return err;
    if (arena_append(arena, (size_t)octets - ARENA_UNIT) != 0)
        return 0;
    arena_fini(arena);
    return -ENOMEM;
}

int image_read_arena(const struct image_file *file, struct zone *zone)
{
    struct arena arena;
    int err = make_arena(&arena, file->body_octets);
    if (err != 0)
        return err;
    const size_t chunks = image_chunks(file->body_octets, file->chunk_octets);
    for (size_t i = 0; err == 0 && i < chunks; i++)
        err = image_chunk_read(file, i, arena.base + i * file->chunk_octets);
    if (err == 0)
        err = arena_seal(&arena);
    if (err == 0)
        zone->arena = arena;
    else
        arena_fini(&arena);
    return err;
}

/* --- packs --- */

static size_t aligned(size_t octets)
{
    return (octets + PIECE_ALIGN - 1) / PIECE_ALIGN * PIECE_ALIGN;
}

size_t image_piece_octets(const struct image_piece *piece)
{
    return sizeof *piece + aligned(piece->about_octets) + aligned(piece->arena_octets);
}

int image_append_piece(struct image_writer *writer, const uint8_t *about, size_t about_octets,
                       const struct arena *arena)
{
    const struct image_piece piece = {
        .about_octets = (uint32_t)about_octets,
        .arena_octets = (uint32_t)arena->used,
    };
    static const uint8_t zeros[PIECE_ALIGN];
    image_append(writer, &piece, sizeof piece);
    image_append(writer, about, about_octets);
    image_append(writer, zeros, aligned(about_octets) - about_octets);
    image_append(writer, arena->base, arena->used);
    return image_append(writer, zeros, aligned(arena->used) - arena->used);
}

bool image_next_piece(const uint8_t *body, size_t body_octets, size_t *at,
                      struct image_piece *piece, const uint8_t **about, const uint8_t **arena)
{
    if (body_octets - *at < sizeof *piece)
        return false;
    memcpy(piece, body + *at, sizeof *piece);
    if (image_piece_octets(piece) > body_octets - *at)
        return false;
    *about = body + *at + sizeof *piece;
    *arena = *about + aligned(piece->about_octets);
    *at += image_piece_octets(piece);
    return true;
}

int image_read_piece(const struct image_piece *piece, const uint8_t *about,
                     const uint8_t *arena, struct zone **zone, struct sources *sources,
                     struct image_demands *demands)
{
    struct zone *read;
    int err = image_about_read(about, piece->about_octets, piece->arena_octets, &read, sources,
                               demands);
    if (err != 0)
        return err;
    err = make_arena(&read->arena, piece->arena_octets);
    if (err != 0) {
        sources_fini(sources);
        free(read);
        return err;
    }
    memcpy(read->arena.base, arena, piece->arena_octets);
    err = arena_seal(&read->arena);
    if (err != 0) {
        sources_fini(sources);
        zone_free(read);
        return err;
    }
    *zone = read;
    return 0;
}
