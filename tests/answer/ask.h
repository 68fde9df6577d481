/* ask.h -- questions and answers as text, for tests
 * A server is a set of zones and a configuration; a question is what one would type after dig.
 * The reply is checked by check_message() and decoded by ldns, so the wire code gets a second
 * opinion. */
#ifndef PHAROS_TESTS_ANSWER_ASK_H
#define PHAROS_TESTS_ANSWER_ASK_H

#include "server/answer/respond.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct server;

/* A server of no zones, with udp_payload_max 1232, identity "fra1" and version "pharos". */
struct server *server_new(void);
void server_free(struct server *server);

/* Adds a zone from its text; owners are relative to the apex. Fails the test if it is none. */
void server_add(struct server *server, const char *apex, const char *text);

/* What is said of a zone's text, a line each: "error: ..." or "warning: ..."; errors refuse it. Until the next
 * call. */
const char *zone_notes(const char *apex, const char *text);

/* Adds a zone that is served but not loaded. */
void server_add_empty(struct server *server, const char *apex);

/* To be changed between questions. */
struct answer_config *server_config(struct server *server);
struct view server_view(struct server *server);

/* The time of the questions to come, in seconds since 1970, and where they come from: at first
 * 2019-06-05 10:53:05 and 198.51.100.100. */
void server_time(struct server *server, uint64_t now);
void server_client(struct server *server, const char *address);

/* What came back. Sections have one line an RR, "owner TTL type RDATA" (the class is left out),
 * in the order of the message; the OPT isn't among them. */
struct reply {
    size_t octets; /* 0: silence */
    uint8_t wire[MESSAGE_MAX];
    char rcode[16];
    char flags[48]; /* "qr aa tc rd ra ad cd" as far as set */
    char question[1100];
    char section[3][200000];
    bool opt;
    bool dnssec_ok;
    unsigned opt_version;
    unsigned payload;
    char options[1024]; /* "CODE:hex" separated by blanks */
};

/* Asks: "NAME TYPE" and then any of
 *     +tcp  +do  +edns  +bufsize=N  +version=N  +nsid  +instance  +opt=CODE:HEX  +cd  +rd  +ad  +ch
 *     +class=N
 * Options from +do to +opt imply +edns. The reply is the server's, until the next
 * question. */
const struct reply *ask(struct server *server, const char *question);

/* The same for octets as they are; over UDP unless `tcp`. */
const struct reply *ask_octets(struct server *server, const uint8_t *octets, size_t len,
                               bool tcp);

/* Writes the query that ask() would send; returns its octets. */
size_t ask_query(const char *question, uint8_t query[MESSAGE_MAX], bool *tcp);

void assert_silence(const struct reply *r);
void assert_rcode(const struct reply *r, const char *rcode);
void assert_flags(const struct reply *r, const char *flags);

/* `section` is "answer", "authority" or "additional". Lines are compared as sets, since the
 * order in an RRset is free; runs of blanks count as one, and a final newline is optional. */
void assert_section(const struct reply *r, const char *section, const char *text);

/* True where the section has the line. */
bool has_line(const struct reply *r, const char *section, const char *line);

/* A cmocka group whose state is a new server. */
int setup_server(void **state);
int teardown_server(void **state);

#endif
