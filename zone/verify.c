/* verify.c -- whether a signed zone is signed well
 * RRset by RRset, and then the chains. */
#include "zone/verify.h"

#include "zone/canonical.h"
#include "zone/rrtype.h"
#include "zone/verify_chain.h"
#include "zone/verify_rrsig.h"
#include "zone/wire.h"

#include <ldns/ldns.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RR_FIXED = 12, /* in a block: owner pointer, type, class, TTL, RDLENGTH */
    DNSKEY_FIXED = 4,
    DNSKEY_ZONE = 0x100,
    DNSKEY_REVOKED = 0x80,
    DNSKEY_PROTOCOL = 3,
    SAME_TAG_MAX =
        4, /* keys of one tag that are tried: collisions cost, and chance makes few */
    MESSAGE_MAX = 2 * NAME_TEXT_MAX + 256,
};

struct verifier {
    const struct zone *zone;
    const struct verify_options *options;
    const char *file;
    struct notes *notes;
    struct rrsig_keys keys;
    bool wanted[UINT8_MAX + 1]; /* algorithms of the keys */
    struct canonical list;
    size_t errors_before;
};

/* An RRset and its owner, as messages name it. */
struct subject {
    const struct name *owner;
    const struct block *block;
};

static void say(struct verifier *v, enum severity severity, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(struct verifier *v, enum severity severity, const char *format, ...)
{
    char message[MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    notes_add(v->notes, severity, v->file, 0, 0, 1, NULL, 0, "%s", message);
}

/* "the A RRset of www.example." */
static const char *subject_text(const struct subject *subject, char text[MESSAGE_MAX])
{
    char name[NAME_TEXT_MAX], type[RRTYPE_TEXT_MAX];
    name_to_text(subject->owner->wire, name);
    rrtype_to_text(subject->block->type, type);
    snprintf(text, MESSAGE_MAX, "the %s RRset of %s", type, name);
    return text;
}

/* ---------------------------------------------------------------------------------------- keys */

static bool algorithm_known(uint8_t algorithm)
{
    switch (algorithm) {
    case LDNS_RSASHA1:
    case LDNS_RSASHA1_NSEC3:
    case LDNS_RSASHA256:
    case LDNS_RSASHA512:
    case LDNS_ECDSAP256SHA256:
    case LDNS_ECDSAP384SHA384:
    case LDNS_ED25519:
    case LDNS_ED448:
        return true;
    default:
        return false;
    }
}

static void add_key(struct verifier *v, const uint8_t *rdata, uint16_t octets)
{
    const uint16_t flags = wire_get16(rdata), tag = ldns_calc_keytag_raw(rdata, octets);
    if ((flags & DNSKEY_ZONE) == 0 || rdata[2] != DNSKEY_PROTOCOL)
        return;
    struct zone_key *key = &v->keys.key[v->keys.count++];
    *key = (struct zone_key){.key = rdata + DNSKEY_FIXED,
                             .octets = (uint16_t)(octets - DNSKEY_FIXED),
                             .tag = tag,
                             .algorithm = rdata[3],
                             .revoked = (flags & DNSKEY_REVOKED) != 0,
                             .known = algorithm_known(rdata[3])};
    if (!key->revoked)
        v->wanted[key->algorithm] = true;
    if (!key->known)
        say(v, SEVERITY_WARNING,
            "DNSKEY %u has algorithm %u, whose signatures can't be verified here", tag,
            key->algorithm);
}

static int read_keys(struct verifier *v)
{
    const struct node *apex = zone_node(v->zone, v->zone->apex_node);
    const struct block *block = node_block(apex, RRTYPE_DNSKEY);
    const unsigned count = block == NULL ? 0 : block->count;
    v->keys.key = calloc(count + 1u, sizeof *v->keys.key);
    if (v->keys.key == NULL)
        return -ENOMEM;
    const uint8_t *at = count == 0 ? NULL : block_wire(block);
    for (unsigned i = 0; i < count; i++) {
        const uint16_t octets = wire_get16(at + RR_FIXED - 2);
        at += RR_FIXED;
        if (octets > DNSKEY_FIXED)
            add_key(v, at, octets);
        at += octets;
    }
    if (v->keys.count == 0)
        say(v, SEVERITY_ERROR, "the apex has no DNSKEY that signs zones");
    return 0;
}

/* ---------------------------------------------------------------------------------- signatures */

static void complain(struct verifier *v, enum severity severity, const struct subject *subject,
                     const struct rrsig *rrsig, enum verdict verdict)
{
    char what[MESSAGE_MAX], why[NAME_TEXT_MAX + 64], detail[NAME_TEXT_MAX];
    subject_text(subject, what);
    switch (verdict) {
    case VERDICT_SIGNER:
        name_to_text(rrsig->rdata + RRSIG_FIXED, detail);
        snprintf(why, sizeof why, "is by %s, not by the zone", detail);
        break;
    case VERDICT_LABELS:
        snprintf(why, sizeof why, "is for %u labels, not %u", rrsig->labels,
                 rrsig_labels(subject->owner));
        break;
    case VERDICT_NO_KEY:
        snprintf(why, sizeof why, "is by a key that isn't at the apex");
        break;
    case VERDICT_EXPIRED:
        signatures_time_text(signatures_time(rrsig->expiry, v->options->now), detail);
        snprintf(why, sizeof why, "expired at %s", detail);
        break;
    case VERDICT_EARLY:
        signatures_time_text(signatures_time(rrsig->inception, v->options->now), detail);
        snprintf(why, sizeof why, "isn't valid before %s", detail);
        break;
    default:
        snprintf(why, sizeof why, "doesn't verify");
    }
    say(v, severity, "%s: the signature by key %u, algorithm %u, %s", what, rrsig->tag,
        rrsig->algorithm, why);
}

/* ---------------------------------------------------------------------------------------- RRsets */

/* What an RRset's signatures come to. */
struct tally {
    unsigned good, unknown;
    bool by[UINT8_MAX + 1]; /* algorithms that have a good one, or one that can't be verified */
    enum verdict verdict[UINT8_MAX]; /* of each */
};

/* The RRSIG at `*at`, which moves on to the next. */
static struct rrsig next_rrsig(const uint8_t **at)
{
    const uint8_t *rdata = *at + RR_FIXED;
    const size_t octets = wire_get16(rdata - 2);
    *at = rdata + octets;
    return rrsig_read(rdata, octets);
}

static const uint8_t *first_rrsig(const struct block *block)
{
    return block_wire(block) + block->wire_octets;
}

static void judge_all(struct verifier *v, const struct subject *subject, struct tally *tally)
{
    const uint8_t *at = first_rrsig(subject->block);
    for (unsigned i = 0; i < subject->block->sig_count; i++) {
        const struct rrsig rrsig = next_rrsig(&at);
        const enum verdict verdict =
            rrsig_judge(&v->keys, subject->owner, &v->list, &rrsig, v->options->now);
        tally->verdict[i] = verdict;
        tally->good += verdict == VERDICT_GOOD;
        tally->unknown += verdict == VERDICT_UNKNOWN;
        if (verdict == VERDICT_GOOD || verdict == VERDICT_UNKNOWN)
            tally->by[rrsig.algorithm] = true;
    }
}

/* Tells those that are no good. One good signature is enough for validators. */
static void complain_all(struct verifier *v, const struct subject *subject,
                         const struct tally *tally)
{
    const enum severity severity =
        tally->good + tally->unknown > 0 ? SEVERITY_WARNING : SEVERITY_ERROR;
    const uint8_t *at = first_rrsig(subject->block);
    for (unsigned i = 0; i < subject->block->sig_count; i++) {
        const struct rrsig rrsig = next_rrsig(&at);
        if (tally->verdict[i] != VERDICT_GOOD && tally->verdict[i] != VERDICT_UNKNOWN)
            complain(v, severity, subject, &rrsig, tally->verdict[i]);
    }
}

/* RFC 4035 section 2.2: each algorithm of the DNSKEY RRset signs everything. */
static void check_algorithms(struct verifier *v, const struct subject *subject,
                             const struct tally *tally)
{
    char what[MESSAGE_MAX];
    for (unsigned algorithm = 0; algorithm <= UINT8_MAX; algorithm++)
        if (v->wanted[algorithm] && !tally->by[algorithm])
            say(v, SEVERITY_WARNING,
                "%s has no good signature of algorithm %u, though there is a DNSKEY of it (RFC "
                "4035 "
                "section 2.2)",
                subject_text(subject, what), algorithm);
}

/* Section 3.1.4: validators cap TTLs at the one that was signed. */
static void check_ttl(struct verifier *v, const struct subject *subject)
{
    const uint8_t *rrset = block_wire(subject->block);
    const uint8_t *rrsig = rrset + subject->block->wire_octets + RR_FIXED;
    const uint32_t ttl = wire_get32(rrset + 6), original = wire_get32(rrsig + 4);
    char what[MESSAGE_MAX];
    if (ttl != original)
        say(v, SEVERITY_WARNING, "%s has TTL %u, but was signed with %u",
            subject_text(subject, what), (unsigned)ttl, (unsigned)original);
}

static int check_rrset(struct verifier *v, const struct subject *subject)
{
    char what[MESSAGE_MAX];
    if (subject->block->sig_count == 0) {
        say(v, SEVERITY_ERROR, "%s has no signature", subject_text(subject, what));
        return 0;
    }
    canonical_clear(&v->list);
    const int err = canonical_add(&v->list, subject->block, subject->owner, CANONICAL_RRS);
    if (err != 0)
        return err;
    canonical_sort(&v->list);
    struct tally tally = {0};
    judge_all(v, subject, &tally);
    complain_all(v, subject, &tally);
    if (tally.good + tally.unknown > 0) {
        check_algorithms(v, subject, &tally);
        check_ttl(v, subject);
    }
    return 0;
}

/* RFC 4035 section 2.2: NS and glue at a delegation are the child's. */
static bool is_authoritative(const struct node *node, uint16_t type)
{
    return (node->flags & NODE_CUT) == 0 || type == RRTYPE_DS || type == RRTYPE_NSEC;
}

static int check_block(struct verifier *v, const struct name *owner, const struct node *node,
                       const struct block *block)
{
    const struct subject subject = {.owner = owner, .block = block};
    char what[MESSAGE_MAX];
    if (block->type == BLOCK_GLUE)
        return 0;
    if (block->count == 0)
        say(v, SEVERITY_WARNING, "%s isn't there, but has a signature",
            subject_text(&subject, what));
    else if (is_authoritative(node, block->type))
        return check_rrset(v, &subject);
    else if (block->sig_count > 0)
        say(v, SEVERITY_WARNING, "%s is signed, but it's the child zone's",
            subject_text(&subject, what));
    return 0;
}

static int check_node(struct verifier *v, const struct name *owner, const struct node *node)
{
    if (node == NULL || (node->flags & (NODE_BELOW_CUT | NODE_BELOW_DNAME)) != 0)
        return 0;
    int err = 0;
    const struct block *block = node_first(node);
    for (unsigned i = 0; err == 0 && i < node->blocks && !notes_full(v->notes);
         i++, block = block_next(block))
        err = check_block(v, owner, node, block);
    return err;
}

enum { STOP = 1 };

static int check_owner_of(void *context, const struct name *owner, const struct node *node,
                          const struct node *nsec3)
{
    struct verifier *v = context;
    const struct verify_options *options = v->options;
    if (options->cancelled != NULL && options->cancelled(options->context))
        return -ECANCELED;
    if (notes_full(v->notes))
        return STOP;
    const int err = check_node(v, owner, node);
    return err != 0 ? err : check_node(v, owner, nsec3);
}

/* ------------------------------------------------------------------------------------------ all */

bool zone_is_signed(const struct zone *zone)
{
    const struct node *apex = zone_node(zone, zone->apex_node);
    const struct block *keys = node_block(apex, RRTYPE_DNSKEY);
    return (keys != NULL && keys->count > 0) || node_block(apex, RRTYPE_SOA)->sig_count > 0;
}

static int check_chains(struct verifier *v)
{
    if (!v->zone->nsec && v->zone->nsec3_params == 0)
        say(v, SEVERITY_ERROR, "the zone has neither an NSEC nor an NSEC3 chain");
    if (v->zone->nsec)
        verify_nsec(v->zone, v->file, v->notes);
    return v->zone->nsec3_params == 0 ? 0 : verify_nsec3(v->zone, v->file, v->notes);
}

static int verify(struct verifier *v)
{
    if (!zone_is_signed(v->zone)) {
        say(v, SEVERITY_ERROR, "the zone isn't signed");
        return 0;
    }
    int err = read_keys(v);
    if (err != 0 || v->keys.count == 0)
        return err;
    err = canonical_walk(v->zone, check_owner_of, v);
    if (err < 0)
        return err;
    return notes_full(v->notes) ? 0 : check_chains(v);
}

int zone_verify(const struct zone *zone, const struct verify_options *options, const char *file,
                struct notes *notes)
{
    struct verifier v = {.zone = zone,
                         .options = options,
                         .file = file,
                         .notes = notes,
                         .keys = {.zone = zone,
                                  .covered = ldns_buffer_new(LDNS_MIN_BUFLEN),
                                  .signature = ldns_buffer_new(LDNS_MIN_BUFLEN)},
                         .errors_before = notes->errors};
    int err = -ENOMEM;
    if (v.keys.covered != NULL && v.keys.signature != NULL)
        err = verify(&v);
    if (err == 0 && notes->errors > v.errors_before)
        err = -EBADMSG;
    ldns_buffer_free(v.keys.covered);
    ldns_buffer_free(v.keys.signature);
    canonical_fini(&v.list);
    free(v.keys.key);
    return err;
}
