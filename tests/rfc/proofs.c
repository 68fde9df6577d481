/* proofs.c -- what the NSEC and NSEC3 records of a reply prove, read by ldns */
#include "tests/rfc/proofs.h"

#include <ldns/ldns.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RECORDS_MAX = 16 };

/* The records of the authority section that deny something. */
struct records {
    const ldns_rr *rr[RECORDS_MAX];
    bool needed[RECORDS_MAX];
    size_t count;
};

void proofs_add_zone_with(struct server *server, const char *file, const char *more)
{
    static char text[1 << 16];
    char path[256];
    snprintf(path, sizeof path, "zones/%s", file);
    FILE *from = fopen(path, "r");
    assert_non_null(from);
    const size_t octets = fread(text, 1, sizeof text - 1, from);
    fclose(from);
    assert_true(octets + strlen(more) < sizeof text);
    strcpy(text + octets, more);
    server_add(server, "s.test", text);
}

void proofs_add_zone(struct server *server, const char *file)
{
    proofs_add_zone_with(server, file, "");
}

/* The owner that a record of the kind of `rr` would have if it stood at a name. The caller frees it. */
static ldns_rdf *owner_for(const ldns_rr *rr, const ldns_rdf *name)
{
    if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_NSEC)
        return ldns_rdf_clone(name);
    ldns_rdf *owner = ldns_nsec3_hash_name_frm_nsec3(rr, name);
    ldns_rdf *zone = ldns_dname_left_chop(ldns_rr_owner(rr));
    assert_int_equal(ldns_dname_cat(owner, zone), LDNS_STATUS_OK);
    ldns_rdf_deep_free(zone);
    return owner;
}

static void prove(struct records *records, const char *verb, const char *name_text,
                  const char *question)
{
    ldns_rdf *name = ldns_dname_new_frm_str(name_text);
    assert_non_null(name);
    bool proved = false;
    for (size_t i = 0; i < records->count; i++) {
        ldns_rdf *owner = owner_for(records->rr[i], name);
        const bool match = ldns_dname_compare(owner, ldns_rr_owner(records->rr[i])) == 0;
        const bool claim = strcmp(verb, "match") == 0
                             ? match
                             : !match && ldns_nsec_covers_name(records->rr[i], owner);
        ldns_rdf_deep_free(owner);
        records->needed[i] |= claim;
        proved |= claim;
    }
    ldns_rdf_deep_free(name);
    if (!proved)
        fail_msg("%s: nothing proves \"%s %s\"", question, verb, name_text);
}

static void gather(struct records *records, const ldns_rr_list *section, const char *question)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(section, i);
        const ldns_rr_type type = ldns_rr_get_type(rr);
        if (type != LDNS_RR_TYPE_NSEC && type != LDNS_RR_TYPE_NSEC3)
            continue;
        for (size_t j = 0; j < records->count; j++)
            if (ldns_rr_compare(rr, records->rr[j]) == 0)
                fail_msg("%s: a record twice", question);
        bool is_signed = false;
        for (size_t j = 0; j < ldns_rr_list_rr_count(section); j++) {
            const ldns_rr *other = ldns_rr_list_rr(section, j);
            is_signed |= ldns_rr_get_type(other) == LDNS_RR_TYPE_RRSIG
                      && ldns_dname_compare(ldns_rr_owner(other), ldns_rr_owner(rr)) == 0
                      && ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(other)) == type;
        }
        if (!is_signed)
            fail_msg("%s: a proof without its signature", question);
        assert_true(records->count < RECORDS_MAX);
        records->rr[records->count++] = rr;
    }
}

void assert_proves(struct server *server, const struct proof_case *expected)
{
    char question[256];
    snprintf(question, sizeof question, "%s +do +tcp", expected->question);
    const struct reply *reply = ask(server, question);
    if (strcmp(reply->rcode, expected->rcode) != 0)
        fail_msg("%s: %s, not %s", expected->question, reply->rcode, expected->rcode);
    ldns_pkt *packet = NULL;
    assert_int_equal(ldns_wire2pkt(&packet, reply->wire, reply->octets), LDNS_STATUS_OK);

    struct records records = {.count = 0};
    gather(&records, ldns_pkt_authority(packet), expected->question);
    char claims[512];
    snprintf(claims, sizeof claims, "%s", expected->claims);
    char *rest = NULL;
    for (char *verb = strtok_r(claims, " ", &rest); verb != NULL; verb = strtok_r(NULL, " ", &rest))
        prove(&records, verb, strtok_r(NULL, " ", &rest), expected->question);
    for (size_t i = 0; i < records.count; i++)
        if (!records.needed[i])
            fail_msg("%s: record %zu proves nothing that's needed", expected->question, i);
    ldns_pkt_free(packet);
}
