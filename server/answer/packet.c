/* packet.c -- names in a response that we wrote ourselves
 * All pointers here are our own and aim backwards at names, so walks end; they are bounded by
 * the length of a name all the same. */
#include "server/answer/packet.h"

#include <assert.h>

/* The offset of the label that the octets at `at` stand for. */
static size_t follow(const struct packet *p, size_t at)
{
    while (p->octets[at] >= 0xc0)
        at = wire_get16(p->octets + at) & POINTER_MAX;
    assert(at < p->len);
    return at;
}

size_t packet_skip_name(const struct packet *p, size_t at)
{
    for (;;) {
        const uint8_t len = p->octets[at];
        if (len >= 0xc0)
            return at + 2;
        at += 1u + len;
        if (len == 0)
            return at;
    }
}

void packet_read_name(const struct packet *p, size_t at, struct name *name)
{
    size_t octets = 0;
    for (;;) {
        at = follow(p, at);
        const size_t label = 1u + p->octets[at];
        assert(octets + label <= NAME_OCTETS_MAX);
        memcpy(name->wire + octets, p->octets + at, label);
        octets += label;
        at += label;
        if (label == 1)
            break;
    }
    name->octets = (uint8_t)octets;
    name_lower(name->wire, octets);
}

size_t packet_suffix(const struct packet *p, size_t at, size_t skip)
{
    at = follow(p, at);
    while (skip > 0) {
        const size_t label = 1u + p->octets[at];
        assert(label > 1 && label <= skip);
        skip -= label;
        at = follow(p, at + label);
    }
    return at;
}

bool packet_name_is(const struct packet *p, size_t at, const struct name *name)
{
    struct name other;
    packet_read_name(p, at, &other);
    return other.octets == name->octets && memcmp(other.wire, name->wire, name->octets) == 0;
}
