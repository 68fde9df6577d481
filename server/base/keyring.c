/* keyring.c -- the TSIG keys that a configuration names */
#include "server/base/keyring.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct keyring {
    atomic_uint holders;
    size_t count;
    struct tsig_key key[]; /* in the order of compare() */
};

static int compare_names(const struct name *a, const struct name *b)
{
    if (a->octets != b->octets)
        return a->octets < b->octets ? -1 : 1;
    return memcmp(a->wire, b->wire, a->octets);
}

static int compare(const void *a, const void *b)
{
    const struct tsig_key *x = a, *y = b;
    return compare_names(&x->name, &y->name);
}

static int compare_with_name(const void *name, const void *key)
{
    const struct tsig_key *k = key;
    return compare_names(name, &k->name);
}

struct keyring *keyring_new(const struct tsig_key *keys, size_t count)
{
    struct keyring *keyring = malloc(sizeof *keyring + count * sizeof *keys);
    if (keyring == NULL)
        return NULL;
    atomic_init(&keyring->holders, 1);
    keyring->count = count;
    if (count != 0) {
        memcpy(keyring->key, keys, count * sizeof *keys);
        qsort(keyring->key, count, sizeof *keys, compare);
    }
    return keyring;
}

struct keyring *keyring_hold(struct keyring *keyring)
{
    if (keyring != NULL)
        atomic_fetch_add_explicit(&keyring->holders, 1, memory_order_relaxed);
    return keyring;
}

void keyring_drop(struct keyring *keyring)
{
    if (keyring == NULL
        || atomic_fetch_sub_explicit(&keyring->holders, 1, memory_order_acq_rel) != 1)
        return;
    explicit_bzero(keyring->key, keyring->count * sizeof keyring->key[0]);
    free(keyring);
}

const struct tsig_key *keyring_find(const struct keyring *keyring, const struct name *name)
{
    if (keyring == NULL)
        return NULL;
    return bsearch(name, keyring->key, keyring->count, sizeof keyring->key[0],
                   compare_with_name);
}
