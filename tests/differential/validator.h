/* validator.h -- what a validator with the zones' keys makes of an answer
 * It follows the answer from the question to its end, through aliases and zones, and holds each
 * step against RFC 4035 section 5, RFC 5155 section 8, RFC 6672 section 5.3 and RFC 6840: every
 * RRset that is owed a signature has a good one, every wildcard, denial and unsigned delegation
 * its proof. Each zone's DNSKEYs are trust anchors; those without keys are unsigned. The times of
 * signatures aren't looked at.
 *
 * Threads: one validator is for one thread. Out of memory ends the program. */
#ifndef PHAROS_TESTS_DIFFERENTIAL_VALIDATOR_H
#define PHAROS_TESTS_DIFFERENTIAL_VALIDATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct validator;

struct validator *validator_new(void);
void validator_free(struct validator *v);

/* Forgets all zones. */
void validator_clear(struct validator *v);

/* The zones that are served, names in wire form. Each returns false for octets that are no name,
 * no DNSKEY's RDATA or of no known zone. `cut` is a name of the zone that has NS and isn't its apex:
 * what is there and below isn't the zone's to sign. */
bool validator_zone(struct validator *v, const uint8_t *apex, size_t octets);
bool validator_key(struct validator *v, const uint8_t *apex, size_t apex_octets,
                   const uint8_t *rdata, size_t rdata_octets);
bool validator_cut(struct validator *v, const uint8_t *apex, size_t apex_octets,
                   const uint8_t *name, size_t name_octets);

struct opinion {
    bool good;
    char kind
        [64]; /* of a good answer: how it goes on and ends, such as "alias wildcard answer" */
    char why[400]; /* of a bad one */
};

/* Judges an answer to a query of class IN with DO. `question` is the question section that was
 * sent; `limit` is the greatest size that the answer may have, in octets. */
void validator_judge(struct validator *v, const uint8_t *question, size_t question_octets,
                     const uint8_t *message, size_t message_octets, size_t limit,
                     struct opinion *opinion);

#endif
