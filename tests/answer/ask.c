#include "tests/answer/ask.h"

#include "tests/answer/check_message.h"
#include "tests/zone/zone_text.h"
#include "zone/rrtype.h"
#include "zone/wire.h"
#include "zone/zonefile.h"

#include <arpa/inet.h>
#include <ldns/ldns.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ZONES_MAX = 16, LINES_MAX = 4096 };

struct server {
    struct answer_config config;
    struct directory *directory;
    struct zone *zone[ZONES_MAX];
    size_t zones;
    struct respond_scratch *scratch;
    uint64_t now;
    uint8_t client[16];
    uint8_t client_octets;
    struct reply reply;
};

/* --- the server --- */

struct server *server_new(void)
{
    struct server *server = calloc(1, sizeof *server);
    assert_non_null(server);
    server->config = (struct answer_config){
        .udp_payload_max = UDP_PAYLOAD_DEFAULT,
        .identity_octets = 4,
        .identity = "fra1",
        .version_octets = 6,
        .version = "pharos",
        .instance = "0123456789abcdef",
    };
    server->now = 1559731985;
    server_client(server, "198.51.100.100");
    server->directory = directory_new();
    server->scratch = respond_scratch_new();
    assert_non_null(server->directory);
    assert_non_null(server->scratch);
    return server;
}

void server_free(struct server *server)
{
    directory_free(server->directory);
    for (size_t i = 0; i < server->zones; i++)
        zone_free(server->zone[i]);
    respond_scratch_free(server->scratch);
    free(server);
}

static void put_zone(struct server *server, struct zone *zone)
{
    const struct zone *old = NULL;
    assert_true(server->zones < ZONES_MAX);
    server->zone[server->zones++] = zone;
    assert_int_equal(directory_put(server->directory, zone, &old), 0);
    assert_null(old);
}

void server_add(struct server *server, const char *apex, const char *text)
{
    put_zone(server, zone_of_text(apex, text));
}

const char *zone_notes(const char *apex, const char *text)
{
    return notes_of_text(apex, text, NULL);
}

void server_add_empty(struct server *server, const char *apex)
{
    const struct name name = name_of(apex);
    struct zone *zone = zone_new_empty(&name);
    assert_non_null(zone);
    put_zone(server, zone);
}

struct answer_config *server_config(struct server *server)
{
    return &server->config;
}

void server_time(struct server *server, uint64_t now)
{
    server->now = now;
}

void server_client(struct server *server, const char *address)
{
    const bool ip6 = strchr(address, ':') != NULL;
    assert_int_equal(inet_pton(ip6 ? AF_INET6 : AF_INET, address, server->client), 1);
    server->client_octets = ip6 ? 16 : 4;
}

struct view server_view(struct server *server)
{
    struct arena *retired = NULL;
    const struct view view = directory_view(server->directory, &retired);
    assert_null(retired);
    return view;
}

/* --- the question --- */

struct wanted {
    bool tcp, edns, dnssec_ok, nsid, instance;
    uint8_t options[600]; /* as they were asked for, in their order */
    size_t options_octets;
    unsigned payload, version, qclass;
    unsigned bits;
};

/* "+opt=CODE:HEX", the hex may be missing. */
static void add_option(struct wanted *w, const char *value)
{
    char *end = NULL;
    const unsigned code = (unsigned)strtoul(value, &end, 10);
    uint8_t *at = w->options + w->options_octets;
    size_t octets = 0;
    for (const char *hex = *end == ':' ? end + 1 : end; *hex != '\0'; hex += 2) {
        unsigned octet = 0;
        assert_int_equal(sscanf(hex, "%2x", &octet), 1);
        at[4 + octets++] = (uint8_t)octet;
    }
    wire_put16(at, (uint16_t)code);
    wire_put16(at + 2, (uint16_t)octets);
    w->options_octets += 4 + octets;
    assert_true(w->options_octets <= sizeof w->options);
}

static void read_word(struct wanted *w, const char *word)
{
    const char *value = strchr(word, '=');
    value = value != NULL ? value + 1 : "0";
    if (strcmp(word, "+tcp") == 0) {
        w->tcp = true;
        return;
    }
    if (strcmp(word, "+cd") == 0)
        w->bits |= 0x10;
    else if (strcmp(word, "+ad") == 0)
        w->bits |= 0x20;
    else if (strcmp(word, "+rd") == 0)
        w->bits |= 0x100;
    else if (strcmp(word, "+ch") == 0)
        w->qclass = 3;
    else if (strncmp(word, "+class=", 7) == 0)
        w->qclass = (unsigned)atoi(value);
    else {
        w->edns = true;
        if (strcmp(word, "+do") == 0)
            w->dnssec_ok = true;
        else if (strcmp(word, "+nsid") == 0)
            w->nsid = true;
        else if (strcmp(word, "+instance") == 0)
            w->instance = true;
        else if (strncmp(word, "+opt=", 5) == 0)
            add_option(w, value);
        else if (strncmp(word, "+bufsize=", 9) == 0)
            w->payload = (unsigned)atoi(value);
        else if (strncmp(word, "+version=", 9) == 0)
            w->version = (unsigned)atoi(value);
        else
            assert_string_equal(word, "+edns");
    }
}

static size_t put_opt(uint8_t *at, const struct wanted *w)
{
    size_t octets = 11;
    at[0] = 0;
    wire_put16(at + 1, RRTYPE_OPT);
    wire_put16(at + 3, (uint16_t)w->payload);
    wire_put32(at + 5, w->version << 16 | (w->dnssec_ok ? 0x8000u : 0));
    if (w->nsid) {
        wire_put32(at + octets, 3u << 16);
        octets += 4;
    }
    if (w->instance) {
        wire_put32(at + octets, (uint32_t)EDNS_OPTION_INSTANCE << 16);
        octets += 4;
    }
    memcpy(at + octets, w->options, w->options_octets);
    octets += w->options_octets;
    wire_put16(at + 9, (uint16_t)(octets - 11));
    return octets;
}

size_t ask_query(const char *question, uint8_t query[MESSAGE_MAX], bool *tcp)
{
    char copy[2048];
    assert_true(strlen(question) < sizeof copy);
    strcpy(copy, question);
    char *rest = NULL;
    const char *qname = strtok_r(copy, " ", &rest);
    const char *qtype = strtok_r(NULL, " ", &rest);
    assert_non_null(qtype);
    struct wanted w = {.payload = 4096, .qclass = 1};
    for (const char *word; (word = strtok_r(NULL, " ", &rest)) != NULL;)
        read_word(&w, word);

    struct name name;
    assert_int_equal(name_from_string(&name, qname), NAME_OK);
    uint16_t type = 0;
    assert_true(rrtype_from_text(qtype, strlen(qtype), &type));

    memset(query, 0, 12);
    wire_put16(query, 0x1234);
    wire_put16(query + 2, (uint16_t)w.bits);
    wire_put16(query + 4, 1);
    memcpy(query + 12, name.wire, name.octets);
    size_t len = 12u + name.octets;
    wire_put16(query + len, type);
    wire_put16(query + len + 2, (uint16_t)w.qclass);
    len += 4;
    if (w.edns) {
        wire_put16(query + 10, 1);
        len += put_opt(query + len, &w);
    }
    *tcp = w.tcp;
    return len;
}

/* --- the reply --- */

/* "owner TTL CLASS TYPE RDATA" without the class, tabs as blanks. */
static void add_rr(char *out, size_t size, const ldns_rr *rr)
{
    char *text = ldns_rr2str(rr);
    assert_non_null(text);
    size_t at = strlen(out), field = 0;
    for (const char *c = text; *c != '\0' && *c != '\n'; c++) {
        const bool blank = *c == '\t' || *c == ' ';
        if (blank)
            field++;
        if (field == 2 && ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN)
            continue;
        assert_true(at + 2 < size);
        if (blank && (at == 0 || out[at - 1] == ' '))
            continue;
        out[at++] = blank ? ' ' : *c;
    }
    while (at > 0 && out[at - 1] == ' ')
        at--;
    out[at++] = '\n';
    out[at] = '\0';
    free(text);
}

static void add_section(char *out, size_t size, const ldns_rr_list *rrs)
{
    out[0] = '\0';
    for (size_t i = 0; i < ldns_rr_list_rr_count(rrs); i++)
        add_rr(out, size, ldns_rr_list_rr(rrs, i));
}

static void add_flags(struct reply *r, unsigned bits)
{
    static const struct {
        unsigned bit;
        const char *word;
    } flags[] = {{0x8000, "qr"}, {0x400, "aa"}, {0x200, "tc"}, {0x100, "rd"},
                 {0x80, "ra"},   {0x20, "ad"},  {0x10, "cd"}};
    r->flags[0] = '\0';
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if ((bits & flags[i].bit) == 0)
            continue;
        if (r->flags[0] != '\0')
            strcat(r->flags, " ");
        strcat(r->flags, flags[i].word);
    }
}

static void add_rcode(struct reply *r, unsigned rcode)
{
    ldns_lookup_table *known = ldns_lookup_by_id(ldns_rcodes, (int)rcode);
    if (known != NULL)
        snprintf(r->rcode, sizeof r->rcode, "%s", known->name);
    else
        snprintf(r->rcode, sizeof r->rcode,
                 rcode == 16   ? "BADVERS"
                 : rcode == 23 ? "BADCOOKIE"
                               : "RCODE%u",
                 rcode);
}

static void add_options(struct reply *r, const ldns_rdf *options)
{
    r->options[0] = '\0';
    if (options == NULL)
        return;
    struct reader in = reader_of(ldns_rdf_data(options), ldns_rdf_size(options));
    size_t at = 0;
    while (reader_left(&in) > 0) {
        const unsigned code = reader_16(&in);
        const unsigned octets = reader_16(&in);
        const uint8_t *data = reader_take(&in, octets);
        assert_non_null(data);
        at += (size_t)sprintf(r->options + at, at == 0 ? "%u:" : " %u:", code);
        for (unsigned i = 0; i < octets; i++)
            at += (size_t)sprintf(r->options + at, "%02x", data[i]);
    }
}

static void decode(struct reply *r)
{
    ldns_pkt *pkt = NULL;
    assert_int_equal(ldns_wire2pkt(&pkt, r->wire, r->octets), LDNS_STATUS_OK);
    r->opt = ldns_pkt_edns(pkt);
    r->dnssec_ok = r->opt && ldns_pkt_edns_do(pkt);
    r->opt_version = ldns_pkt_edns_version(pkt);
    r->payload = ldns_pkt_edns_udp_size(pkt);
    add_flags(r, wire_get16(r->wire + 2));
    add_rcode(r, ldns_pkt_get_rcode(pkt)
                     | (r->opt ? (unsigned)ldns_pkt_edns_extended_rcode(pkt) << 4 : 0u));
    add_options(r, r->opt ? ldns_pkt_edns_data(pkt) : NULL);
    r->question[0] = '\0';
    if (ldns_rr_list_rr_count(ldns_pkt_question(pkt)) == 1) {
        char name[NAME_TEXT_MAX], type[RRTYPE_TEXT_MAX];
        name_to_text(r->wire + 12, name);
        rrtype_to_text(wire_get16(r->wire + 12 + name_check(r->wire + 12, 255)), type);
        snprintf(r->question, sizeof r->question, "%s %s", name, type);
    }
    add_section(r->section[0], sizeof r->section[0], ldns_pkt_answer(pkt));
    add_section(r->section[1], sizeof r->section[1], ldns_pkt_authority(pkt));
    add_section(r->section[2], sizeof r->section[2], ldns_pkt_additional(pkt));
    ldns_pkt_free(pkt);
}

const struct reply *ask_octets(struct server *server, const uint8_t *octets, size_t len,
                               bool tcp)
{
    struct reply *r = &server->reply;
    struct exchange e = {.query = octets,
                         .query_octets = len,
                         .transport = tcp ? TRANSPORT_TCP : TRANSPORT_UDP,
                         .client = server->client,
                         .client_octets = server->client_octets,
                         .answer = r->wire,
                         .answer_max = sizeof r->wire};
    const struct view view = server_view(server);
    respond(&server->config, &view, server->now, &e, 1, server->scratch);
    r->octets = e.answer_octets;
    if (r->octets == 0)
        return r;
    const size_t most = server->config.udp_payload_max;
    const size_t limit = tcp ? MESSAGE_MAX : most < UDP_PLAIN_MAX ? UDP_PLAIN_MAX : most;
    const char *wrong = check_message(r->wire, r->octets, octets, len, limit);
    if (wrong != NULL)
        fail_msg("the answer isn't well formed: %s", wrong);
    decode(r);
    return r;
}

const struct reply *ask(struct server *server, const char *question)
{
    static uint8_t query[MESSAGE_MAX];
    bool tcp = false;
    const size_t len = ask_query(question, query, &tcp);
    const struct reply *r = ask_octets(server, query, len, tcp);
    assert_true(r->octets != 0);
    return r;
}

/* --- assertions --- */

void assert_silence(const struct reply *r)
{
    assert_int_equal(r->octets, 0);
}

void assert_rcode(const struct reply *r, const char *rcode)
{
    assert_true(r->octets != 0);
    assert_string_equal(r->rcode, rcode);
}

void assert_flags(const struct reply *r, const char *flags)
{
    assert_string_equal(r->flags, flags);
}

static const char *section_of(const struct reply *r, const char *section)
{
    if (strcmp(section, "answer") == 0)
        return r->section[0];
    if (strcmp(section, "authority") == 0)
        return r->section[1];
    assert_string_equal(section, "additional");
    return r->section[2];
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines of `text` in order, with single blanks; to be freed. */
static char *sorted(const char *text)
{
    char *copy = malloc(strlen(text) + 2);
    char *out = malloc(strlen(text) + 2);
    static char *lines[LINES_MAX];
    size_t count = 0, at = 0;
    assert_non_null(copy);
    assert_non_null(out);
    for (const char *c = text; *c != '\0'; c++)
        if (*c != ' ' || (at > 0 && copy[at - 1] != ' ' && copy[at - 1] != '\n'))
            copy[at++] = *c;
    copy[at] = '\0';
    char *rest = NULL;
    for (char *line = strtok_r(copy, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        assert_true(count < LINES_MAX);
        lines[count++] = line;
    }
    qsort(lines, count, sizeof lines[0], compare_lines);
    out[0] = '\0';
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += (size_t)sprintf(out + len, "%s\n", lines[i]);
    free(copy);
    return out;
}

void assert_section(const struct reply *r, const char *section, const char *text)
{
    char *is = sorted(section_of(r, section));
    char *shall = sorted(text);
    assert_string_equal(is, shall);
    free(is);
    free(shall);
}

bool has_line(const struct reply *r, const char *section, const char *line)
{
    const size_t len = strlen(line);
    for (const char *at = section_of(r, section); (at = strstr(at, line)) != NULL; at++)
        if ((at == section_of(r, section) || at[-1] == '\n') && at[len] == '\n')
            return true;
    return false;
}

int setup_server(void **state)
{
    *state = server_new();
    return 0;
}

int teardown_server(void **state)
{
    server_free(*state);
    return 0;
}
