/* moving.h -- TCP connections on their way from one process to another
 * What an upgrade hands over of a connection is its descriptor (the octets that the kernel has
 * received or must still send go with it), the beginning of a message that isn't whole yet, and
 * the answers that the peer didn't take. Nothing else is known of it that couldn't be seen anew. */
#ifndef PHAROS_SERVER_IO_MOVING_H
#define PHAROS_SERVER_IO_MOVING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MOVED_HELD_MAX = 2 * 64 * 1024, /* octets of input: a message and what was read with it */
    MOVED_PENDING_MAX = 128 * 1024, /* octets of output */
};

struct streams;

struct moved {
    struct moved *next;
    int fd;        /* owned */
    unsigned path; /* of the pulse, see pulse.h; UINT_MAX: not known */
    bool ended;    /* nothing more is read from it */
    uint32_t held_octets;
    uint32_t pending_octets;
    uint8_t octet[]; /* the input, then the output */
};

/* With room for that much, `fd` -1. NULL: out of memory, or more than the maxima. */
struct moved *moved_new(size_t held_octets, size_t pending_octets);

/* Closes the descriptors and frees the list. */
void moved_free(struct moved *list);

/* Takes all connections out of `streams`, those that are idle the longest first, and puts them
 * into `*list`. One that can't be taken, out of memory or descriptors, is closed. The worker's
 * thread. */
void streams_give(struct streams *streams, struct moved **list);

/* Goes on with connections where they were left; they count against the limits, but none is
 * refused for them. The list is used up. The worker's thread. */
void streams_adopt(struct streams *streams, struct moved *list);

#endif
