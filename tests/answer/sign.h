/* sign.h -- TSIGs for tests, written apart from the server's and with another HMAC */
#ifndef PHAROS_TESTS_ANSWER_SIGN_H
#define PHAROS_TESTS_ANSWER_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a message is signed. */
struct signing {
    const char *key;       /* its name */
    const char *algorithm; /* "hmac-sha256" */
    const char *secret;
    uint64_t time;
    uint16_t fudge;
    uint16_t error;
    size_t mac_octets;  /* where the MAC is cut off; 0: nowhere */
    uint16_t id_before; /* the original ID where a forwarder changed it; 0: the message's */
};

/* The last TSIG that was written or read. */
struct signature {
    uint8_t mac[64];
    size_t mac_octets;
    uint64_t time;
    uint16_t error;
    uint8_t other[6];
    size_t other_octets;
};

/* Appends a TSIG to a message of `len` octets; returns its new length. */
size_t sign_request(uint8_t *message, size_t len, const struct signing *how,
                    struct signature *made);

/* Takes the answer's TSIG off, into `found`. Returns NULL where it's there, names the key and
 * its algorithm and the MAC is right for the request's (or where there's none: `unsigned_`), or
 * what is wrong. */
const char *check_signed(const uint8_t *message, size_t octets, const struct signing *how,
                         const struct signature *request, bool unsigned_,
                         struct signature *found);

#endif
