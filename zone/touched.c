/* touched.c -- the names whose nodes a new version has made anew */
#include "zone/touched.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t key_of(const void *context, uint32_t value, uint8_t key[NAME_KEY_MAX])
{
    const struct touched *touched = context;
    const struct touched_name *name = arena_at(&touched->arena, value);
    return name_key(key, touched_owner(name), name->octets);
}

int touched_init(struct touched *touched)
{
    *touched = (struct touched){0};
    touched->trie =
        (struct trie){.arena = &touched->arena, .key_of = key_of, .context = touched};
    return arena_init_small(&touched->arena);
}

void touched_fini(struct touched *touched)
{
    arena_fini(&touched->arena);
    free(touched->name);
    *touched = (struct touched){0};
}

struct touched_name *touched_at(const struct touched *touched, size_t index)
{
    return (struct touched_name *)(uintptr_t)arena_at(&touched->arena, touched->name[index]);
}

struct touched_name *touched_find(const struct touched *touched, const uint8_t *owner,
                                  uint8_t octets)
{
    uint8_t key[NAME_KEY_MAX];
    const uint32_t at = trie_get(&touched->trie, key, name_key(key, owner, octets));
    return at == 0 ? NULL : (struct touched_name *)(uintptr_t)arena_at(&touched->arena, at);
}

int touched_add(struct touched *touched, const uint8_t *owner, uint8_t octets, uint32_t node,
                uint32_t hashed)
{
    if (touched->count == touched->capacity) {
        const size_t capacity = touched->capacity == 0 ? 64 : touched->capacity * 2;
        uint32_t *grown = realloc(touched->name, capacity * sizeof *grown);
        if (grown == NULL)
            return -ENOMEM;
        touched->name = grown;
        touched->capacity = capacity;
    }
    const uint32_t at = arena_append(&touched->arena, sizeof(struct touched_name) + octets);
    if (at == 0)
        return -ENOMEM;
    struct touched_name *name = arena_edit(&touched->arena, at);
    *name = (struct touched_name){.node = node, .hashed = hashed, .octets = octets};
    memcpy(name + 1, owner, octets);
    uint8_t key[NAME_KEY_MAX];
    const size_t len = name_key(key, owner, octets);
    const int err = trie_put(&touched->trie, key, len, at, false);
    if (err == 0)
        touched->name[touched->count++] = at;
    return err;
}
