/* json.h -- strings for machines (RFC 8259)
 * Thread-safe as far as `to` is. */
#ifndef PHAROS_SERVER_ADMIN_JSON_H
#define PHAROS_SERVER_ADMIN_JSON_H

#include <stdio.h>

/* Writes `text` with its quotes. Octets that aren't UTF-8, as a path may have them, become
 * U+FFFD. */
void json_string(FILE *to, const char *text);

#endif
