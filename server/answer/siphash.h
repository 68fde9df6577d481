/* siphash.h -- SipHash-2-4, a keyed hash for short inputs
 * As J.-P. Aumasson and D. J. Bernstein describe it; DNS cookies use it (RFC 9018 section 4.4). */
#ifndef PHAROS_SERVER_ANSWER_SIPHASH_H
#define PHAROS_SERVER_ANSWER_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

enum { SIPHASH_KEY_OCTETS = 16, SIPHASH_OCTETS = 8 };

/* Writes the hash as octets, the least significant first. */
void siphash(uint8_t hash[SIPHASH_OCTETS], const uint8_t key[SIPHASH_KEY_OCTETS],
             const uint8_t *octets, size_t len);

#endif
