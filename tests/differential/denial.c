/* denial.c -- what NSEC and NSEC3 records prove about a zone */
#include "tests/differential/denial.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum {
    TYPE_NS = 2,
    TYPE_CNAME = 5,
    TYPE_SOA = 6,
    TYPE_DNAME = 39,
    TYPE_DS = 43,
    TYPE_ANY = 255
};

/* --- reading --- */

/* The 32 characters of RFC 4648 section 7 that an NSEC3's first label has. */
static bool read_base32hex(uint8_t hash[HASH_OCTETS], const uint8_t *label)
{
    if (label[0] != 32)
        return false;
    uint64_t bits = 0;
    for (size_t i = 0, out = 0; i < 32; i++) {
        const uint8_t c = label[1 + i];
        const bool digit = c >= '0' && c <= '9', letter = c >= 'a' && c <= 'v';
        if (!digit && !letter)
            return false;
        bits = bits << 5 | (uint64_t)(digit ? c - '0' : c - 'a' + 10);
        if (i % 8 == 7)
            for (int shift = 32; shift >= 0; shift -= 8)
                hash[out++] = (uint8_t)(bits >> shift);
    }
    return true;
}

static bool read_bitmap(struct denial *d, const uint8_t *bitmap, size_t octets)
{
    if (octets > sizeof d->bitmap)
        return false;
    memcpy(d->bitmap, bitmap, octets);
    d->bitmap_octets = (uint16_t)octets;
    return true;
}

static bool read_nsec(struct denial *d, const uint8_t *rdata, size_t octets)
{
    const size_t next = labels_read(&d->next, rdata, octets);
    return next != 0 && read_bitmap(d, rdata + next, octets - next);
}

/* RFC 5155 section 3.2 */
static bool read_nsec3(struct denial *d, const uint8_t *rdata, size_t octets)
{
    if (octets < 5 || rdata[0] != 1 || octets < 6u + rdata[4] + HASH_OCTETS)
        return false;
    d->opt_out = (rdata[1] & 1) != 0;
    d->iterations = (uint16_t)(rdata[2] << 8 | rdata[3]);
    d->salt_octets = rdata[4];
    memcpy(d->salt, rdata + 5, d->salt_octets);
    const uint8_t *hash = rdata + 5 + d->salt_octets;
    if (hash[0] != HASH_OCTETS)
        return false;
    memcpy(d->to, hash + 1, HASH_OCTETS);
    hash += 1 + HASH_OCTETS;
    return read_base32hex(d->at, d->owner.wire)
           && read_bitmap(d, hash, (size_t)(rdata + octets - hash));
}

bool denials_add(struct denials *denials, bool hashed, const struct labels *owner,
                 const uint8_t *rdata, size_t octets)
{
    if (denials->count == DENIALS_MAX)
        return false;
    struct denial *d = &denials->each[denials->count];
    *d = (struct denial){.hashed = hashed, .owner = *owner};
    if (!(hashed ? read_nsec3 : read_nsec)(d, rdata, octets))
        return false;
    denials->count++;
    return true;
}

static bool has_type(const struct denial *d, uint16_t type)
{
    for (size_t at = 0; at + 2 < d->bitmap_octets; at += 2u + d->bitmap[at + 1]) {
        const size_t octet = (type & 0xFFu) / 8;
        if (d->bitmap[at] == type >> 8)
            return octet < d->bitmap[at + 1] && at + 2 + octet < d->bitmap_octets
                   && (d->bitmap[at + 2 + octet] & 0x80 >> type % 8) != 0;
    }
    return false;
}

/* A zone cut seen from above: it says nothing of its name but that there is no DS (RFC 6840
 * section 4.1). */
static bool is_cut(const struct denial *d)
{
    return has_type(d, TYPE_NS) && !has_type(d, TYPE_SOA);
}

/* What stands below such a name isn't this zone's to deny. */
static bool hides_below(const struct denial *d)
{
    return is_cut(d) || has_type(d, TYPE_DNAME);
}

/* What a record at the name itself, or at the wildcard for it, says of a type. */
static const char *lacks_type(const struct denial *d, uint16_t qtype)
{
    if (qtype == TYPE_ANY)
        return d->bitmap_octets == 0 ? NULL : "a record shows that the name has types";
    if (has_type(d, qtype))
        return "a record shows that the name has the type";
    if (has_type(d, TYPE_CNAME))
        return "a record shows that the name has a CNAME";
    if (qtype != TYPE_DS && is_cut(d))
        return "a record of the parent denies what is the child's";
    return NULL;
}

/* --- NSEC --- */

static const struct denial *nsec_at(const struct denials *denials, const struct labels *name)
{
    for (size_t i = 0; i < denials->count; i++)
        if (!denials->each[i].hashed && labels_equal(&denials->each[i].owner, name))
            return &denials->each[i];
    return NULL;
}

static bool nsec_covers(const struct denials *denials, const struct denial *d,
                        const struct labels *name)
{
    if (labels_compare(&d->owner, name) >= 0)
        return false;
    if (labels_below(name, &d->owner) && hides_below(d))
        return false;
    return labels_equal(&d->next, &denials->apex) || labels_compare(name, &d->next) < 0;
}

static const struct denial *nsec_over(const struct denials *denials, const struct labels *name)
{
    for (size_t i = 0; i < denials->count; i++)
        if (!denials->each[i].hashed && nsec_covers(denials, &denials->each[i], name))
            return &denials->each[i];
    return NULL;
}

/* An NSEC that spans a name which has names below it shows an empty non-terminal. */
static bool shows_empty(const struct denial *over, const struct labels *name)
{
    return labels_below(&over->next, name);
}

/* The closest encloser that an NSEC over a name shows. */
static size_t encloser_of(const struct denial *over, const struct labels *name)
{
    const size_t before = labels_common(name, &over->owner);
    const size_t after = labels_common(name, &over->next);
    return before > after ? before : after;
}

static const char *nsec_wildcard(const struct denials *denials, const struct labels *qname,
                                 const struct denial *over, struct labels *wildcard)
{
    struct labels encloser;
    labels_ancestor(&encloser, qname, encloser_of(over, qname));
    return labels_wildcard(wildcard, &encloser) && labels_below(wildcard, &denials->apex)
               ? NULL
               : "the wildcard's name is none";
}

static const char *nsec_name_error(const struct denials *denials, const struct labels *qname,
                                   enum shown *how)
{
    *how = SHOWN_ABSENT;
    const struct denial *over = nsec_over(denials, qname);
    if (over == NULL)
        return "no NSEC covers the name";
    if (shows_empty(over, qname))
        return "an NSEC shows an empty non-terminal";
    struct labels wildcard;
    if (nsec_wildcard(denials, qname, over, &wildcard) != NULL)
        return NULL; /* a name too long for one */
    const struct denial *denies = nsec_over(denials, &wildcard);
    if (denies == NULL)
        return "no NSEC covers the wildcard";
    return shows_empty(denies, &wildcard) ? "an NSEC shows that the wildcard is there" : NULL;
}

static const char *nsec_no_data(const struct denials *denials, const struct labels *qname,
                                uint16_t qtype, enum shown *how)
{
    *how = SHOWN_AT_NAME;
    const struct denial *at = nsec_at(denials, qname);
    if (at != NULL)
        return lacks_type(at, qtype);
    const struct denial *over = nsec_over(denials, qname);
    if (over == NULL)
        return "no NSEC is at the name or covers it";
    *how = SHOWN_EMPTY;
    if (shows_empty(over, qname))
        return NULL;
    *how = SHOWN_WILDCARD;
    struct labels wildcard;
    const char *why = nsec_wildcard(denials, qname, over, &wildcard);
    if (why != NULL)
        return why;
    at = nsec_at(denials, &wildcard);
    if (at != NULL)
        return lacks_type(at, qtype);
    over = nsec_over(denials, &wildcard);
    return over != NULL && shows_empty(over, &wildcard) ? NULL
                                                        : "no NSEC is at the wildcard's name";
}

static const char *nsec_no_closer(const struct denials *denials,
                                  const struct labels *next_closer)
{
    const struct denial *over = nsec_over(denials, next_closer);
    if (over == NULL)
        return "no NSEC covers the next closer name";
    return shows_empty(over, next_closer) ? "an NSEC shows that the next closer name is there"
                                          : NULL;
}

/* --- NSEC3 --- */

/* RFC 5155 section 5 */
static void hash_name(uint8_t hash[HASH_OCTETS], const struct labels *name,
                      const struct denial *how)
{
    uint8_t input[LABELS_OCTETS_MAX + sizeof how->salt];
    size_t octets = name->octets;
    memcpy(input, name->wire, octets);
    for (unsigned round = 0; round <= how->iterations; round++) {
        memcpy(input + octets, how->salt, how->salt_octets);
        if (EVP_Digest(input, octets + how->salt_octets, hash, NULL, EVP_sha1(), NULL) != 1)
            abort();
        memcpy(input, hash, HASH_OCTETS);
        octets = HASH_OCTETS;
    }
}

static const struct denial *nsec3_at(const struct denials *denials, const struct labels *name)
{
    uint8_t hash[HASH_OCTETS];
    for (size_t i = 0; i < denials->count; i++) {
        const struct denial *d = &denials->each[i];
        if (!d->hashed)
            continue;
        hash_name(hash, name, d);
        if (memcmp(hash, d->at, HASH_OCTETS) == 0)
            return d;
    }
    return NULL;
}

static const struct denial *nsec3_over(const struct denials *denials, const struct labels *name)
{
    uint8_t hash[HASH_OCTETS];
    for (size_t i = 0; i < denials->count; i++) {
        const struct denial *d = &denials->each[i];
        if (!d->hashed)
            continue;
        hash_name(hash, name, d);
        const bool after = memcmp(d->at, hash, HASH_OCTETS) < 0;
        const bool before = memcmp(hash, d->to, HASH_OCTETS) < 0;
        const bool last = memcmp(d->at, d->to, HASH_OCTETS) >= 0;
        if (last ? after || before : after && before)
            return d;
    }
    return NULL;
}

/* RFC 5155 section 8.3: the closest encloser is the longest ancestor that a record stands at; the
 * name one label longer must be covered. Returns what's missing; else `*over` covers that. */
static const char *closest_encloser(const struct denials *denials, const struct labels *qname,
                                    struct labels *encloser, const struct denial **over)
{
    for (size_t count = qname->count; count-- > denials->apex.count;) {
        labels_ancestor(encloser, qname, count);
        const struct denial *at = nsec3_at(denials, encloser);
        if (at == NULL)
            continue;
        if (hides_below(at))
            return "the closest encloser is a zone cut or has a DNAME";
        struct labels next_closer;
        labels_ancestor(&next_closer, qname, count + 1);
        *over = nsec3_over(denials, &next_closer);
        return *over != NULL ? NULL : "no NSEC3 covers the next closer name";
    }
    return "no NSEC3 stands at a closest encloser";
}

/* Whether an opt-out record covers a name that is a delegation or above one: then it is there
 * without a record to show it. */
static bool left_open(const struct denials *denials, const struct labels *name)
{
    const struct denial *over = nsec3_over(denials, name);
    for (size_t i = 0; over != NULL && over->opt_out && i < denials->cut_count; i++)
        if (labels_below(&denials->cuts[i], name))
            return true;
    return false;
}

static bool next_closer_left_open(const struct denials *denials, const struct labels *qname,
                                  const struct labels *encloser)
{
    struct labels next_closer;
    labels_ancestor(&next_closer, qname, encloser->count + 1u);
    return left_open(denials, &next_closer);
}

static const char *nsec3_name_error(const struct denials *denials, const struct labels *qname,
                                    enum shown *how)
{
    *how = SHOWN_ABSENT;
    struct labels encloser, wildcard;
    const struct denial *over;
    if (nsec3_at(denials, qname) != NULL)
        return "an NSEC3 stands at the name";
    const char *why = closest_encloser(denials, qname, &encloser, &over);
    if (why != NULL)
        return why;
    if (!labels_wildcard(&wildcard, &encloser) || nsec3_over(denials, &wildcard) != NULL)
        return NULL;
    *how = SHOWN_OPT_OUT;
    return next_closer_left_open(denials, qname, &encloser) ? NULL
                                                            : "no NSEC3 covers the wildcard";
}

static const char *nsec3_no_data(const struct denials *denials, const struct labels *qname,
                                 uint16_t qtype, enum shown *how)
{
    *how = SHOWN_AT_NAME;
    const struct denial *at = nsec3_at(denials, qname);
    if (at != NULL)
        return lacks_type(at, qtype);
    struct labels encloser, wildcard;
    const struct denial *over;
    const char *why = closest_encloser(denials, qname, &encloser, &over);
    if (why != NULL)
        return why;
    *how = SHOWN_WILDCARD;
    const bool may_be_wildcard = labels_wildcard(&wildcard, &encloser);
    at = may_be_wildcard ? nsec3_at(denials, &wildcard) : NULL;
    why = at == NULL ? NULL : lacks_type(at, qtype);
    if (at != NULL && (why == NULL || !next_closer_left_open(denials, qname, &encloser)))
        return why;
    *how = SHOWN_OPT_OUT;
    return next_closer_left_open(denials, qname, &encloser)
                   || (may_be_wildcard && left_open(denials, &wildcard))
               ? NULL
               : "no NSEC3 is at the name or at its wildcard";
}

static const char *nsec3_no_closer(const struct denials *denials,
                                   const struct labels *next_closer)
{
    return nsec3_over(denials, next_closer) != NULL ? NULL
                                                    : "no NSEC3 covers the next closer name";
}

/* --- either --- */

static bool hashed(const struct denials *denials)
{
    return denials->count > 0 && denials->each[0].hashed;
}

const char *denials_name_error(const struct denials *denials, const struct labels *qname,
                               enum shown *how)
{
    return (hashed(denials) ? nsec3_name_error : nsec_name_error)(denials, qname, how);
}

const char *denials_no_data(const struct denials *denials, const struct labels *qname,
                            uint16_t qtype, enum shown *how)
{
    return (hashed(denials) ? nsec3_no_data : nsec_no_data)(denials, qname, qtype, how);
}

const char *denials_no_ds(const struct denials *denials, const struct labels *cut)
{
    const struct denial *at = (hashed(denials) ? nsec3_at : nsec_at)(denials, cut);
    if (at == NULL) {
        struct labels encloser;
        const struct denial *over;
        if (!hashed(denials))
            return "no NSEC is at the zone cut";
        const char *why = closest_encloser(denials, cut, &encloser, &over);
        if (why != NULL)
            return why;
        return over->opt_out ? NULL : "the NSEC3 over the zone cut isn't opt-out";
    }
    if (!has_type(at, TYPE_NS) || has_type(at, TYPE_SOA))
        return "the record at the zone cut is no zone cut's";
    return has_type(at, TYPE_DS) ? "the record at the zone cut shows a DS" : NULL;
}

const char *denials_no_closer(const struct denials *denials, const struct labels *qname,
                              size_t encloser)
{
    assert(encloser < qname->count);
    struct labels next_closer;
    labels_ancestor(&next_closer, qname, encloser + 1);
    return (hashed(denials) ? nsec3_no_closer : nsec_no_closer)(denials, &next_closer);
}
