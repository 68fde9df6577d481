/* fuzz_tsig.c -- signed requests, changed
 * Input: an octet of options; changes, each of a 16-bit offset and an octet to xor there, until
 * an offset is 0; the query. The query is signed, then changed. Whatever comes of it ends well;
 * what wasn't changed is let through; what was, unless in octets that no MAC covers, isn't. */
#include "server/answer/request.h"
#include "server/answer/tsig.h"
#include "tests/answer/sign.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

enum { NOW = 1559731985, QUERY_MAX = 1024 };

static const char *const algorithms[] = {"hmac-sha1", "hmac-sha224", "hmac-sha256",
                                         "hmac-sha384", "hmac-sha512"};
static struct keyring *keyring; /* for the life of the process */

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void set_up(void)
{
    struct tsig_key keys[TSIG_ALGORITHMS] = {{.secret_octets = 6}};
    if (keyring != NULL)
        return;
    for (unsigned i = 0; i < TSIG_ALGORITHMS; i++) {
        keys[i] = (struct tsig_key){
            .algorithm = (enum tsig_algorithm)i, .secret_octets = 6, .secret = "secret"};
        must(name_from_string(&keys[i].name, algorithms[i]) == NAME_OK);
    }
    keyring = keyring_new(keys, TSIG_ALGORITHMS);
    must(keyring != NULL);
}

/* Changes the message; returns whether it's another one by its content. */
static bool change(struct reader *r, uint8_t *message, size_t octets)
{
    static uint8_t before[QUERY_MAX + 600];
    memcpy(before, message, octets);
    for (size_t at; (at = reader_16(r)) != 0;)
        message[at % octets] ^= reader_8(r);
    return memcmp(before, message, octets) != 0;
}

static void answer(const struct tsig *tsig, const uint8_t *message, const struct signing *how,
                   const struct signature *made)
{
    static uint8_t octets[2048];
    struct packet p = {.octets = octets, .len = 12};
    struct signature found;
    memcpy(octets, message, 12);
    wire_put16(octets + 10, 0);
    const size_t room = tsig_room(tsig);
    must(room != 0);
    tsig_write(&p, tsig, NOW);
    must(p.len == 12 + room && wire_get16(octets + 10) == 1);
    if (tsig->error == 0)
        must(check_signed(octets, p.len, how, made, false, &found) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    uint8_t key[NAME_KEY_MAX];
    static uint8_t message[QUERY_MAX + 600];
    set_up();
    struct reader r = reader_of(octets, len);
    const uint8_t options = reader_8(&r);
    const struct signing how = {.key = algorithms[options % TSIG_ALGORITHMS],
                                .algorithm = algorithms[options % TSIG_ALGORITHMS],
                                .secret = "secret",
                                .time = NOW,
                                .fudge = 300};
    struct reader changes = r;
    while (reader_16(&r) != 0)
        reader_8(&r);
    size_t query_octets = reader_left(&r);
    query_octets = query_octets < QUERY_MAX ? query_octets : QUERY_MAX;
    struct request request;
    if (r.failed || query_octets < 12)
        return 0;
    memcpy(message, reader_take(&r, query_octets), query_octets);
    if (request_read(&request, key, message, query_octets) != REQUEST_ASKED
        || request.rcode != RCODE_NOERROR || request.tsig_at != 0)
        return 0;

    struct signature made;
    const size_t whole = sign_request(message, query_octets, &how, &made);
    const bool changed = change(&changes, message, whole);
    if (request_read(&request, key, message, whole) != REQUEST_ASKED
        || request.rcode == RCODE_FORMERR || request.tsig_at == 0) {
        must(changed || request.tsig_at == 0);
        return 0;
    }
    struct tsig tsig;
    const uint16_t rcode = tsig_check(&tsig, keyring, message, request.tsig_at, whole, NOW);
    must(rcode == RCODE_NOERROR || rcode == RCODE_FORMERR || rcode == RCODE_NOTAUTH);
    must((rcode == RCODE_FORMERR) == !tsig.present);
    must(changed || rcode == RCODE_NOERROR || request.tsig_at < query_octets);
    if (rcode == RCODE_NOERROR)
        must(tsig_signed(&tsig) && tsig.mac_octets >= 10);
    if (tsig.present)
        answer(&tsig, message, &how, &made);
    return 0;
}
