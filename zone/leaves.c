/* leaves.c -- which nodes a trie is to be built over */
#include "zone/leaves.h"

#include <assert.h>
#include <errno.h>

int leaves_add(struct leaves *leaves, uint32_t node, bool mark)
{
    assert(node > leaves->last);
    struct varint_list *list = &leaves->list;
    if (varint_list_room(list, VARINT_MAX) != 0)
        return -ENOMEM;
    const uint64_t distance = node - leaves->last;
    list->octets =
        (size_t)(varint_put(list->octet + list->octets, distance << 1 | mark) - list->octet);
    leaves->last = node;
    return 0;
}

void leaves_fini(struct leaves *leaves)
{
    varint_list_fini(&leaves->list);
    leaves->last = 0;
}

struct leaf leaves_next(const struct leaves *leaves, const struct leaf *leaf)
{
    if (leaf->after == leaves->list.octet + leaves->list.octets)
        return (struct leaf){0};
    uint64_t value;
    const uint8_t *after = varint_get(leaf->after, &value);
    return (struct leaf){
        .after = after,
        .node = leaf->node + (uint32_t)(value >> 1),
        .mark = (value & 1) != 0,
    };
}

struct leaf leaves_first(const struct leaves *leaves)
{
    if (leaves->list.octets == 0)
        return (struct leaf){0};
    const struct leaf before = {.after = leaves->list.octet};
    return leaves_next(leaves, &before);
}
