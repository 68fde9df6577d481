/* signed_text.h -- zones signed by other programs, whole or spoilt in one place
 * In signed/: nsec.zone and nsec3.zone by ldns-signzone, optout.zone and algorithms.zone by
 * dnssec-signzone. Their signatures are good from 2026 to 2036. */
#ifndef PHAROS_TESTS_ZONE_SIGNED_TEXT_H
#define PHAROS_TESTS_ZONE_SIGNED_TEXT_H

#include "zone/zone.h"

enum { SIGNED_TEXT_MAX = 32768 };

struct signed_text {
    char text[SIGNED_TEXT_MAX];
};

/* Reads signed/NAME.zone. */
void signed_read(struct signed_text *zone, const char *name);

/* Takes out the one line that begins with `line`; fails the test where it isn't one. */
void signed_without(struct signed_text *zone, const char *line);

/* Puts `to` in the place of the one `from`; fails the test where it isn't one. */
void signed_replace(struct signed_text *zone, const char *from, const char *to);

/* Adds records. */
void signed_add(struct signed_text *zone, const char *lines);

#endif
