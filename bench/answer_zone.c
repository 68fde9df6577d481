/* answer_zone.c -- the zone that bench_respond asks */
#include "bench/answer_zone.h"

#include "zone/nsec3.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS = 1000, OWNERS = 2 * PAIRS + 2, OWNER_MAX = 48, TEXT_MAX = 4 << 20 };

/* A name that has a record in the chain: its label, and where that record stands. */
struct owner {
    char label[OWNER_MAX]; /* "" at the apex */
    char at[OWNER_MAX];    /* the label, or the hash's digits */
    const char *types;
};

struct text {
    char *octets;
    size_t len;
    enum chain chain;
};

static void put_signature(struct text *t, const char *owner, const char *type)
{
    if (t->chain == CHAIN_NONE)
        return;
    static const char signature[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                                    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";
    t->len += (size_t)sprintf(t->octets + t->len,
                              "%s 300 RRSIG %s 13 %d 300 20990101000000 20250101000000 1 "
                              "example. %s\n",
                              owner, type, strcmp(owner, "@") == 0 ? 1 : 2, signature);
}

static void put_apex(struct text *t)
{
    t->len += (size_t)sprintf(t->octets + t->len,
                              "@ 3600 SOA ns h 1 7200 900 1209600 300\n@ 3600 NS ns\n"
                              "ns 3600 A 192.0.2.1\n");
    put_signature(t, "@", "SOA");
    put_signature(t, "@", "NS");
    put_signature(t, "ns", "A");
    if (t->chain != CHAIN_NONE) {
        t->len += (size_t)sprintf(t->octets + t->len, "@ 3600 DNSKEY 257 3 13 AAAA\n");
        put_signature(t, "@", "DNSKEY");
    }
    if (t->chain == CHAIN_NSEC3) {
        t->len += (size_t)sprintf(t->octets + t->len, "@ 3600 NSEC3PARAM 1 0 0 -\n");
        put_signature(t, "@", "NSEC3PARAM");
    }
}

static void put_pair(struct text *t, unsigned i)
{
    char host[OWNER_MAX];
    snprintf(host, sizeof host, "host%u", i);
    t->len += (size_t)sprintf(t->octets + t->len,
                              "host%u 300 A 192.0.2.1\nhost%u 300 A 192.0.2.2\n"
                              "child%u 300 NS ns1.child%u\nchild%u 300 NS ns2.child%u\n"
                              "ns1.child%u 300 A 192.0.2.3\nns2.child%u 300 A 192.0.2.4\n"
                              "ns1.child%u 300 AAAA 2001:db8::1\n"
                              "ns2.child%u 300 AAAA 2001:db8::2\n",
                              i, i, i, i, i, i, i, i, i, i);
    put_signature(t, host, "A");
}

/* The hash of LABEL.example as the digits that stand in an owner. */
static void hash_digits(const char *label, char digits[OWNER_MAX])
{
    static const char alphabet[] = "0123456789abcdefghijklmnopqrstuv";
    const struct nsec3_params params = {0};
    char full[2 * OWNER_MAX];
    snprintf(full, sizeof full, "%s%sexample", label, label[0] != 0 ? "." : "");
    struct name name;
    uint8_t hash[NSEC3_HASH_OCTETS];
    if (name_from_string(&name, full) != NAME_OK)
        abort();
    nsec3_hash(&params, name.wire, name.octets, hash);
    for (unsigned digit = 0; digit < NSEC3_LABEL; digit++) {
        unsigned value = 0;
        for (unsigned bit = 5 * digit; bit < 5 * digit + 5; bit++)
            value = value << 1 | ((unsigned)hash[bit / 8] >> (7 - bit % 8) & 1);
        digits[digit] = alphabet[value];
    }
    digits[NSEC3_LABEL] = '\0';
}

static int compare(const void *a, const void *b)
{
    const struct owner *left = a, *right = b;
    return strcmp(left->at, right->at);
}

static void fill_owners(struct owner *owners, bool hashed)
{
    owners[0].types = hashed ? "NS SOA RRSIG DNSKEY NSEC3PARAM" : "NS SOA RRSIG NSEC DNSKEY";
    snprintf(owners[1].label, OWNER_MAX, "ns");
    owners[1].types = hashed ? "A RRSIG" : "A RRSIG NSEC";
    for (unsigned i = 0; i < PAIRS; i++) {
        struct owner *host = &owners[2 + 2 * i], *child = &owners[3 + 2 * i];
        snprintf(host->label, OWNER_MAX, "host%u", i);
        host->types = owners[1].types;
        snprintf(child->label, OWNER_MAX, "child%u", i);
        child->types = hashed ? "NS" : "NS RRSIG NSEC";
    }
    for (unsigned i = 0; i < OWNERS; i++) {
        if (hashed)
            hash_digits(owners[i].label, owners[i].at);
        else
            memcpy(owners[i].at, owners[i].label, OWNER_MAX);
    }
    qsort(owners, OWNERS, sizeof *owners, compare);
}

static bool put_chain(struct text *t)
{
    const bool hashed = t->chain == CHAIN_NSEC3;
    struct owner *owners = calloc(OWNERS, sizeof *owners);
    if (owners == NULL)
        return false;
    fill_owners(owners, hashed);
    for (unsigned i = 0; i < OWNERS; i++) {
        const char *at = owners[i].at[0] != 0 ? owners[i].at : "@";
        const char *next = owners[(i + 1) % OWNERS].at;
        if (hashed)
            t->len += (size_t)sprintf(t->octets + t->len, "%s 300 NSEC3 1 0 0 - %s %s\n", at,
                                      next, owners[i].types);
        else
            t->len += (size_t)sprintf(t->octets + t->len, "%s 300 NSEC %s %s\n", at,
                                      next[0] != 0 ? next : "@", owners[i].types);
        put_signature(t, at, hashed ? "NSEC3" : "NSEC");
    }
    free(owners);
    return true;
}

char *answer_zone_text(enum chain chain, size_t *len)
{
    struct text t = {.octets = malloc(TEXT_MAX), .chain = chain};
    if (t.octets == NULL)
        return NULL;
    put_apex(&t);
    for (unsigned i = 0; i < PAIRS; i++)
        put_pair(&t, i);
    if (chain != CHAIN_NONE && !put_chain(&t)) {
        free(t.octets);
        return NULL;
    }
    *len = t.len;
    return t.octets;
}
