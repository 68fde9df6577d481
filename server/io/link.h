/* link.h -- a doubly linked list whose links lie in its members
 * A list is a link of its own that isn't part of a member; an empty one, and a link in no list,
 * points to itself. One thread at a time. */
#ifndef PHAROS_SERVER_IO_LINK_H
#define PHAROS_SERVER_IO_LINK_H

#include <stdbool.h>
#include <stddef.h>

struct link {
    struct link *next, *previous;
};

/* The member whose field `field` is at `at`. */
#define link_member(at, type, field) ((type *)(void *)((char *)(at)-offsetof(type, field)))

static inline void link_init(struct link *link)
{
    link->next = link->previous = link;
}

static inline bool link_alone(const struct link *link)
{
    return link->next == link;
}

static inline void link_remove(struct link *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
    link_init(link);
}

/* Puts a link that is in no list at the end of `list`. */
static inline void link_append(struct link *list, struct link *link)
{
    link->previous = list->previous;
    link->next = list;
    list->previous->next = link;
    list->previous = link;
}

#endif
