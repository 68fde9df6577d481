#include "tests/answer/check_message.h"

#include "zone/name.h"
#include "zone/rrtype.h"
#include "zone/wire.h"

#include <stdlib.h>

enum { MESSAGE = 65536, RRS_MAX = 65536 / 11 };

/* Types with names that nothing but their RDATA's form is known of. */
enum {
    TYPE_RP = 17,
    TYPE_AFSDB = 18,
    TYPE_RT = 21,
    TYPE_PX = 26,
    TYPE_NAPTR = 35,
    TYPE_KX = 36,
    TYPE_LP = 107,
};

/* What has been read: which octets start a label, so that pointers can be held to them. */
struct reading {
    const uint8_t *octets;
    size_t len;
    size_t at;
    const char *error;
    bool opt, tsig; /* there was one */
    uint8_t label[MESSAGE]; /* 1: a label or a pointer starts here */
};

static void fail(struct reading *r, const char *error)
{
    if (r->error == NULL)
        r->error = error;
}

static size_t take(struct reading *r, size_t count)
{
    const size_t at = r->at;
    if (r->error != NULL || count > r->len - r->at) {
        fail(r, "an item runs past the end");
        return 0;
    }
    r->at += count;
    return at;
}

static unsigned take16(struct reading *r)
{
    const size_t at = take(r, 2);
    return r->error != NULL ? 0 : wire_get16(r->octets + at);
}

/* Reads a name and marks its labels; `name` gets it in lower case. */
static void take_name(struct reading *r, struct name *name)
{
    size_t octets = 0, at = r->at;
    bool jumped = false;
    name->octets = 1;
    name->wire[0] = 0;
    for (;;) {
        if (r->error != NULL)
            return;
        if (at >= r->len)
            return fail(r, "a name runs past the end");
        const uint8_t len = r->octets[at];
        if (jumped && r->label[at] == 0)
            return fail(r, "a pointer aims at no label");
        r->label[at] = 1;
        if (len >= 0xc0) {
            if (at + 2 > r->len)
                return fail(r, "a pointer runs past the end");
            const size_t target = wire_get16(r->octets + at) & 0x3fffu;
            if (target >= at)
                return fail(r, "a pointer aims forwards");
            if (!jumped)
                r->at = at + 2;
            jumped = true;
            at = target;
            continue;
        }
        if (len > LABEL_OCTETS_MAX)
            return fail(r, "a label of an unknown kind");
        if (octets + 1 + len > NAME_OCTETS_MAX)
            return fail(r, "a name above 255 octets");
        if (at + 1 + len > r->len)
            return fail(r, "a label runs past the end");
        memcpy(name->wire + octets, r->octets + at, 1u + len);
        octets += 1u + len;
        at += 1u + len;
        if (len == 0)
            break;
    }
    if (!jumped)
        r->at = at;
    name->octets = (uint8_t)octets;
    name_lower(name->wire, octets);
}

/* An RR in a form in which equals are equal octets. */
struct flat {
    size_t octets;
    uint8_t data[600];
};

static void flat_add(struct flat *f, const uint8_t *octets, size_t count)
{
    if (f->octets + count > sizeof f->data) {
        f->octets = sizeof f->data + 1; /* too long to compare */
        return;
    }
    if (f->octets <= sizeof f->data) {
        memcpy(f->data + f->octets, octets, count);
        f->octets += count;
    }
}

static void take_octets(struct reading *r, size_t count, struct flat *f)
{
    const size_t at = take(r, count);
    if (r->error == NULL)
        flat_add(f, r->octets + at, count);
}

static void take_flat_name(struct reading *r, struct flat *f)
{
    struct name name;
    take_name(r, &name);
    flat_add(f, name.wire, name.octets);
}

/* Reads RDATA with `names` plain names after `before` octets, and then whatever is left. Such names aren't
 * compressed (RFC 3597 section 4), but may be pointed to. */
static void take_plain(struct reading *r, size_t octets, size_t before, unsigned names,
                       struct flat *f)
{
    const size_t end = r->at + octets;
    take_octets(r, before, f);
    for (; names > 0 && r->error == NULL; names--) {
        if (r->at >= end || name_check(r->octets + r->at, end - r->at) == 0)
            return fail(r, "a name in RDATA of a newer type is no plain name");
        take_flat_name(r, f);
    }
    if (r->error == NULL && r->at <= end)
        take_octets(r, end - r->at, f);
}

/* The octets before NAPTR's REPLACEMENT: two numbers and three strings (RFC 3403 section 4.1). */
static size_t naptr_fixed(const uint8_t *rdata, size_t octets)
{
    size_t at = 4;
    for (unsigned strings = 0; strings < 3 && at < octets; strings++)
        at += 1u + rdata[at];
    return at < octets ? at : octets;
}

/* Reads RDATA whose names may be compressed (RFC 1035's types), or may not be (the others). */
static void take_rdata(struct reading *r, unsigned type, size_t octets, struct flat *f)
{
    if (octets > r->len - r->at)
        return fail(r, "RDATA runs past the end");
    const size_t end = r->at + octets;
    switch (type) {
    case RRTYPE_NS:
    case RRTYPE_CNAME:
    case RRTYPE_PTR:
        take_flat_name(r, f);
        break;
    case RRTYPE_SOA:
        take_flat_name(r, f);
        take_flat_name(r, f);
        take_octets(r, 20, f);
        break;
    case RRTYPE_MX:
        take_octets(r, 2, f);
        take_flat_name(r, f);
        break;
    case RRTYPE_DNAME:
        if (name_check(r->octets + r->at, octets) != octets)
            fail(r, "a DNAME's RDATA is no plain name");
        take_flat_name(r, f);
        break;
    case RRTYPE_SRV:
        if (octets < 7 || name_check(r->octets + r->at + 6, octets - 6) != octets - 6)
            fail(r, "an SRV's target is no plain name");
        take_octets(r, octets, f);
        break;
    case RRTYPE_SVCB:
    case RRTYPE_HTTPS: {
        const size_t target = octets < 3 ? 0 : name_check(r->octets + r->at + 2, octets - 2);
        if (target == 0)
            return fail(r, "a service's target is no plain name");
        take_octets(r, 2, f);
        take_flat_name(r, f); /* so that its labels may be pointed to */
        take_octets(r, octets - 2 - target, f);
        break;
    }
    case TYPE_RP:
        take_plain(r, octets, 0, 2, f);
        break;
    case TYPE_PX:
        take_plain(r, octets, 2, 2, f);
        break;
    case TYPE_AFSDB:
    case TYPE_RT:
    case TYPE_KX:
    case TYPE_LP:
        take_plain(r, octets, 2, 1, f);
        break;
    case TYPE_NAPTR:
        take_plain(r, octets, naptr_fixed(r->octets + r->at, octets), 1, f);
        break;
    case RRTYPE_RRSIG:
        take_plain(r, octets, 18, 1, f);
        break;
    case RRTYPE_NSEC:
        take_plain(r, octets, 0, 1, f);
        break;
    case RRTYPE_A:
        if (octets != 4)
            fail(r, "an A without 4 octets");
        take_octets(r, octets, f);
        break;
    case RRTYPE_AAAA:
        if (octets != 16)
            fail(r, "an AAAA without 16 octets");
        take_octets(r, octets, f);
        break;
    default:
        take_octets(r, octets, f);
        break;
    }
    if (r->error == NULL && r->at != end)
        fail(r, "RDATA isn't full, or overfull");
}

static int flat_compare(const void *a, const void *b)
{
    const struct flat *x = a, *y = b;
    if (x->octets != y->octets)
        return x->octets < y->octets ? -1 : 1;
    return x->octets > sizeof x->data ? 0 : memcmp(x->data, y->data, x->octets);
}

static void no_twice(struct reading *r, struct flat *flats, size_t count)
{
    qsort(flats, count, sizeof *flats, flat_compare);
    for (size_t i = 1; i < count; i++)
        if (flats[i].octets <= sizeof flats[i].data
            && flat_compare(&flats[i - 1], &flats[i]) == 0)
            fail(r, "an RR comes twice");
}

static void check_opt(struct reading *r, const struct flat *owner, bool good, bool asked)
{
    if (!good)
        fail(r, "OPT is in another section, or comes twice");
    r->opt = true;
    if (owner->octets != 1 + 2)
        fail(r, "OPT isn't at the root");
    if (!asked)
        fail(r, "OPT to a query without one");
}

/* Reads `count` RRs of one section, noting them in `flats`. */
static size_t take_rrs(struct reading *r, size_t count, bool additional, bool asked,
                       struct flat *flats, size_t known)
{
    for (size_t i = 0; i < count && r->error == NULL; i++) {
        struct flat *f = &flats[known++];
        f->octets = 0;
        take_flat_name(r, f);
        const size_t type_at = r->at;
        const unsigned type = take16(r);
        flat_add(f, r->octets + type_at, 2);
        take16(r);
        take(r, 4);
        const unsigned rdata_octets = take16(r);
        if (r->error != NULL)
            break;
        if (type == 0)
            fail(r, "an RR of type 0");
        if (type == RRTYPE_OPT)
            check_opt(r, f, additional && !r->opt, asked);
        else if (type == RRTYPE_TSIG)
            r->tsig = additional && i + 1 == count;
        else if (r->opt)
            fail(r, "after OPT there's more than a TSIG");
        if (type == RRTYPE_TSIG && !r->tsig)
            fail(r, "TSIG isn't last");
        take_rdata(r, type, rdata_octets, f);
        if (known == RRS_MAX)
            fail(r, "more RRs than can be");
    }
    return known;
}

/* Types that make no question: the query is well formed all the same, and its options are
 * answered. */
static bool asks_no_question(const uint8_t *query, size_t query_octets)
{
    const size_t name = query_octets < 17 || wire_get16(query + 4) != 1
                            ? 0
                            : name_check(query + 12, query_octets - 12);
    if (name == 0 || 12 + name + 4 > query_octets)
        return false;
    const unsigned type = wire_get16(query + 12 + name);
    return type == 0 || type == RRTYPE_OPT || type == RRTYPE_TSIG || type == 128;
}

static void check_header(struct reading *r, const uint8_t *query, size_t query_octets,
                         size_t limit)
{
    const uint8_t *m = r->octets;
    const unsigned bits = wire_get16(m + 2), asked = wire_get16(query + 2);
    if (r->len > limit)
        fail(r, "above the limit");
    if ((bits & 0x0200) != 0 && limit == MESSAGE - 1)
        fail(r, "TC where there's all the room that a message can have");
    if (m[0] != query[0] || m[1] != query[1])
        fail(r, "another ID");
    if ((bits & 0x8000) == 0 || (asked & 0x8000) != 0)
        fail(r, "QR is wrong");
    if ((bits & 0x7910) != (asked & 0x7910))
        fail(r, "opcode, RD or CD isn't as asked");
    if ((bits & 0x00e0) != 0)
        fail(r, "RA, Z or AD is set");
    if ((bits & 15) == 1 && r->len > query_octets && !asks_no_question(query, query_octets))
        fail(r, "FORMERR is longer than the query");
}

static void check_question(struct reading *r, const uint8_t *query, size_t query_octets)
{
    const unsigned questions = wire_get16(r->octets + 4);
    if (questions > 1 || (questions == 1 && wire_get16(query + 4) != 1))
        return fail(r, "another number of questions");
    if (questions == 0) {
        if ((wire_get16(r->octets + 6) | wire_get16(r->octets + 8)) != 0)
            fail(r, "no question, but an answer");
        return;
    }
    struct name qname;
    take_name(r, &qname);
    take(r, 4);
    if (r->error == NULL
        && (r->at > query_octets || memcmp(r->octets + 12, query + 12, r->at - 12)))
        fail(r, "the question isn't as asked, octet for octet");
}

const char *check_message(const uint8_t *message, size_t octets, const uint8_t *query,
                          size_t query_octets, size_t limit)
{
    if (octets < 12 || octets >= MESSAGE || query_octets < 12)
        return "no room for a header";
    static struct reading reading;
    static struct flat flats[RRS_MAX];
    struct reading *r = &reading;
    r->octets = message;
    r->len = octets;
    r->at = 12;
    r->error = NULL;
    r->opt = r->tsig = false;
    memset(r->label, 0, octets);
    check_header(r, query, query_octets, limit);
    check_question(r, query, query_octets);

    const bool asked = wire_get16(query + 10) != 0;
    size_t known = 0;
    for (size_t s = 0; s < 3; s++)
        known = take_rrs(r, wire_get16(message + 6 + 2 * s), s == 2, asked, flats, known);
    if (r->error == NULL && r->at != octets)
        fail(r, "octets after the last RR");
    if (r->error == NULL)
        no_twice(r, flats, known);

    return r->error;
}
