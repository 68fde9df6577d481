/* directory.c -- from apexes to zones */
#include "zone/directory.h"

#include <errno.h>
#include <stdlib.h>

enum {
    CELLS_OCTETS_MAX = 1 << 30, /* address space: room for some ten million zones */
    GARBAGE_MIN = 1 << 20,      /* octets below which a denser copy isn't worth it */
};

struct directory {
    struct trie trie; /* its arena is owned */
    size_t count;
};

static size_t apex_key(const void *context, uint32_t value, uint8_t key[NAME_KEY_MAX])
{
    const struct directory *directory = context;
    struct entry entry;
    memcpy(&entry, arena_at(directory->trie.arena, value), sizeof entry);
    return name_key(key, entry.zone->apex.wire, entry.zone->apex.octets);
}

static struct arena *arena_new(void)
{
    struct arena *arena = malloc(sizeof *arena);
    if (arena != NULL && arena_init(arena, CELLS_OCTETS_MAX) != 0) {
        free(arena);
        return NULL;
    }
    return arena;
}

void directory_arena_free(struct arena *arena)
{
    if (arena != NULL)
        arena_fini(arena);
    free(arena);
}

struct directory *directory_new(void)
{
    struct directory *directory = calloc(1, sizeof *directory);
    if (directory == NULL)
        return NULL;
    directory->trie =
        (struct trie){.arena = arena_new(), .key_of = apex_key, .context = directory};
    if (directory->trie.arena == NULL) {
        free(directory);
        return NULL;
    }
    return directory;
}

void directory_free(struct directory *directory)
{
    if (directory != NULL)
        directory_arena_free(directory->trie.arena);
    free(directory);
}

static const struct zone *zone_of(const struct directory *directory, uint32_t value)
{
    struct entry entry;
    memcpy(&entry, arena_at(directory->trie.arena, value), sizeof entry);
    return entry.zone;
}

static uint32_t append_entry(struct arena *arena, const struct zone *zone)
{
    const struct entry entry = {.zone = zone};
    const uint32_t at = arena_append(arena, sizeof entry);
    if (at != 0)
        memcpy(arena_edit(arena, at), &entry, sizeof entry);
    return at;
}

int directory_put(struct directory *directory, const struct zone *zone, const struct zone **old)
{
    uint8_t key[NAME_KEY_MAX];
    const size_t len = name_key(key, zone->apex.wire, zone->apex.octets);
    const uint32_t before = trie_get(&directory->trie, key, len);
    const struct zone *replaced = before == 0 ? NULL : zone_of(directory, before);
    const uint32_t at = append_entry(directory->trie.arena, zone);
    if (at == 0 || trie_put(&directory->trie, key, len, at, true) != 0)
        return -ENOMEM;
    if (before == 0)
        directory->count++;
    else
        directory->trie.garbage += sizeof(struct entry);
    if (old != NULL)
        *old = replaced;
    return 0;
}

int directory_remove(struct directory *directory, const struct name *apex,
                     const struct zone **old)
{
    uint8_t key[NAME_KEY_MAX];
    const size_t len = name_key(key, apex->wire, apex->octets);
    const uint32_t before = trie_get(&directory->trie, key, len);
    const struct zone *removed = before == 0 ? NULL : zone_of(directory, before);
    const int err = trie_remove(&directory->trie, key, len);
    if (err != 0)
        return err;
    directory->count--;
    directory->trie.garbage += sizeof(struct entry);
    if (old != NULL)
        *old = removed;
    return 0;
}

const struct zone *directory_get(const struct directory *directory, const struct name *apex)
{
    uint8_t key[NAME_KEY_MAX];
    const size_t len = name_key(key, apex->wire, apex->octets);
    const uint32_t value = trie_get(&directory->trie, key, len);
    return value == 0 ? NULL : zone_of(directory, value);
}

/* A copy of the trie without garbage, in an arena of its own, with its twigs side by side. */
struct copy {
    const struct directory *directory;
    struct arena *arena;
    struct trie_builder *builder;
    uint32_t root;
};

static int copy_entry(void *context, uint32_t value)
{
    struct copy *copy = context;
    const struct zone *zone = zone_of(copy->directory, value);
    uint8_t key[NAME_KEY_MAX];
    const size_t len = name_key(key, zone->apex.wire, zone->apex.octets);
    const uint32_t at = append_entry(copy->arena, zone);
    return at == 0 ? -ENOMEM : trie_builder_add(copy->builder, key, len, at, true);
}

static int make_copy(struct copy *copy)
{
    copy->arena = arena_new();
    if (copy->arena == NULL)
        return -ENOMEM;
    copy->builder = trie_builder_new(copy->arena);
    int err =
        copy->builder == NULL ? -ENOMEM : trie_walk(&copy->directory->trie, copy_entry, copy);
    if (err == 0)
        err = trie_builder_finish(copy->builder, &copy->root);
    trie_builder_free(copy->builder);
    if (err != 0)
        directory_arena_free(copy->arena);
    return err;
}

struct view directory_view(struct directory *directory, struct arena **retired)
{
    struct trie *trie = &directory->trie;
    *retired = NULL;
    struct copy copy = {.directory = directory};
    /* Without memory for a copy the garbage stays a while. */
    if (trie->garbage > GARBAGE_MIN && trie->garbage > trie->arena->used / 2
        && make_copy(&copy) == 0) {
        *retired = trie->arena;
        trie->arena = copy.arena;
        trie->root = copy.root;
        trie->garbage = 0;
    }
    trie->shared = (uint32_t)(trie->arena->used / ARENA_UNIT);
    return (struct view){.arena = trie->arena, .root = trie->root};
}

size_t directory_count(const struct directory *directory)
{
    return directory->count;
}

struct visitor {
    const struct directory *directory;
    int (*visit)(void *context, const struct zone *zone);
    void *context;
};

static int visit_value(void *context, uint32_t value)
{
    const struct visitor *visitor = context;
    return visitor->visit(visitor->context, zone_of(visitor->directory, value));
}

int directory_walk(const struct directory *directory,
                   int (*visit)(void *context, const struct zone *zone), void *context)
{
    struct visitor visitor = {.directory = directory, .visit = visit, .context = context};
    return trie_walk(&directory->trie, visit_value, &visitor);
}
