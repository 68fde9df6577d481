/* test_upsert.c -- a version made by difference answers as a zone built of the whole text
 * Random zones under random edits, chains of many versions, seeded: unsigned, with NSEC, with NSEC3, with opt-out.
 * Signatures are made up: the server doesn't look at them. */
#include "server/answer/respond.h"
#include "zone/nsec3.h"
#include "zone/reading.h"
#include "zone/rrtype.h"
#include "zone/wire.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum signing { UNSIGNED, NSEC, NSEC3, OPT_OUT };

/* --- the model: which types which names have --- */

enum kind { A, AAAA, TXT, MX, NS, DS, CNAME, DNAME, KINDS };

static const char *const kind_text[KINDS] = {"A",  "AAAA", "TXT",   "MX",
                                             "NS", "DS",   "CNAME", "DNAME"};

enum { OWNERS = 46, TEXT_MAX = 256 * 1024 };

/* Relative; the apex first. Some are empty non-terminals as long as they have no RRs. */
static const char *const owners[OWNERS] = {
    "",         "a",         "b",       "c",       "d",         "e",     "*",
    "ns",       "ns1",       "ns.a",    "ns.b",    "ns1.b",     "x.a",   "*.a",
    "y.x.a",    "*.x.a",     "z.y.x.a", "*.b",     "a.*.b",     "c.c",   "c.c.c",
    "c.c.c.c",  "*.c.c.c",   "ns.c.c",  "d.d",     "ns.d.d",    "e.d.d", "f.e.d.d",
    "ns.e.d.d", "*.e",       "a.*.e",   "b.a.*.e", "a.*",       "aa",    "ab",
    "a-b",      "a_b",       "\\000",   "\\000.a", "k.l.m.n.o", "m.n.o", "p.m.n.o",
    "ns.m.n.o", "*.l.m.n.o", "o",       "ns.o",
};

struct model {
    enum signing signing;
    unsigned random;
    unsigned serial;
    unsigned salt;                 /* of NSEC3: changes with it */
    unsigned value[OWNERS][KINDS]; /* 0: no such RRset; else what it says */
    char text[TEXT_MAX];
    size_t len;
};

static unsigned draw(struct model *model, unsigned below)
{
    model->random = model->random * 1664525u + 1013904223u;
    return (model->random >> 8) % below;
}

static bool is_wildcard(const char *owner)
{
    return owner[0] == '*';
}

/* What can't stand together. */
static void settle_owner(struct model *model, unsigned owner)
{
    unsigned *value = model->value[owner];
    if (owner == 0)
        value[NS] = value[NS] == 0 ? 1 : value[NS];
    if (owner == 0 || value[NS] == 0)
        value[DS] = 0;
    if (owner == 0)
        value[CNAME] = 0;
    if (value[DNAME] != 0 && (value[NS] != 0 || is_wildcard(owners[owner])))
        value[DNAME] = 0;
    if (value[CNAME] != 0)
        for (unsigned kind = 0; kind < KINDS; kind++)
            if (kind != CNAME)
                value[kind] = 0;
}

static void edit(struct model *model, unsigned edits)
{
    for (; edits > 0; edits--) {
        const unsigned owner = draw(model, OWNERS);
        unsigned kind = draw(model, KINDS + 4);
        if (kind >= KINDS)
            kind = kind % 2 == 0 ? A : NS;
        if ((kind == DNAME || kind == CNAME) && draw(model, 3) != 0)
            continue;
        if (kind == DNAME && owner == 0 && draw(model, 4) != 0)
            continue;
        if (draw(model, 12) == 0)
            memset(model->value[owner], 0, sizeof model->value[owner]);
        else
            model->value[owner][kind] = draw(model, 2) == 0 ? 0 : 1 + draw(model, 1000);
        settle_owner(model, owner);
    }
    settle_owner(model, 0);
    model->serial += draw(model, 4) != 0;
    if (draw(model, 25) == 0)
        model->salt++;
}

/* --- its text --- */

static void say(struct model *model, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void say(struct model *model, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int len =
        vsnprintf(model->text + model->len, TEXT_MAX - model->len, format, arguments);
    va_end(arguments);
    model->len += (size_t)len;
    assert_true(model->len < TEXT_MAX);
}

/* How owners stand in the text. */
static const char *label_of(const char *owner)
{
    return owner[0] == '\0' ? "@" : owner;
}

static void say_rdata(struct model *model, const char *owner, enum kind kind, unsigned value,
                      unsigned index)
{
    const unsigned v = value + index * 7;
    switch (kind) {
    case A:
        say(model, "192.0.%u.%u", v / 250, v % 250);
        break;
    case AAAA:
        say(model, "2001:db8::%x", v);
        break;
    case TXT:
        say(model, "\"text %u\"", v);
        break;
    case MX:
        say(model, "%u %s", v, v % 3 == 0 ? "mail.other." : v % 3 == 1 ? "a" : "NS.b");
        break;
    case NS:
        if ((v & 3) == 0)
            say(model, "ns%u.other.", v % 5);
        else if ((v & 3) == 1)
            say(model, "ns");
        else if ((v & 3) == 2 && owner[0] != '\0')
            say(model, "ns.%s", owner);
        else
            say(model, "%s", owners[v % OWNERS][0] == '\0' ? "ns1" : owners[v % OWNERS]);
        break;
    case DS:
        say(model, "%u 8 2 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
            v);
        break;
    default:
        say(model, "%s", v % 2 == 0 ? "target.other." : "a");
        break;
    }
}

static void say_rrsig(struct model *model, const char *owner, const char *type, unsigned ttl,
                      unsigned value)
{
    if (model->signing != UNSIGNED)
        say(model,
            "%s %u RRSIG %s 8 2 %u 20300101%02u%02u00 20260101%02u0000 1 example. AAAA\n",
            label_of(owner), ttl, type, ttl, value % 24, value % 60, value % 23);
}

static unsigned ttl_of(unsigned value)
{
    return value % 5 == 0 ? 600 : 3600;
}

static void say_rrset(struct model *model, const char *owner, enum kind kind, unsigned value,
                      bool signed_)
{
    const bool single = kind == CNAME || kind == DNAME;
    const unsigned count = single ? 1 : 1 + value % 3;
    for (unsigned i = 0; i < count; i++) {
        say(model, "%s %u %s ", label_of(owner), ttl_of(value), kind_text[kind]);
        say_rdata(model, owner, kind, value, i);
        say(model, "\n");
    }
    if (signed_)
        say_rrsig(model, owner, kind_text[kind], ttl_of(value), value);
}

/* Whether `below` is a proper descendant of `owner`. */
static bool is_below(const char *below, const char *owner)
{
    const size_t a = strlen(below), b = strlen(owner);
    return b == 0 ? a > 0
                  : a > b + 1 && strcmp(below + a - b, owner) == 0 && below[a - b - 1] == '.';
}

static bool is_occluded(const struct model *model, unsigned owner)
{
    for (unsigned i = 0; i < OWNERS; i++)
        if (is_below(owners[owner], owners[i]) && !is_wildcard(owners[i])
            && (model->value[i][DNAME] != 0 || (i > 0 && model->value[i][NS] != 0)))
            return true;
    return false;
}

static bool owns(const struct model *model, unsigned owner)
{
    bool any = owner == 0;
    for (unsigned kind = 0; kind < KINDS; kind++)
        any = any || model->value[owner][kind] != 0;
    return any;
}

static bool is_cut(const struct model *model, unsigned owner)
{
    return owner > 0 && model->value[owner][NS] != 0 && !is_wildcard(owners[owner]);
}

static void absolute(struct name *name, const char *owner)
{
    char text[NAME_TEXT_MAX];
    snprintf(text, sizeof text, "%s%sexample.", owner, owner[0] == '\0' ? "" : ".");
    assert_int_equal(name_from_string(name, text), NAME_OK);
}

static void say_types(struct model *model, unsigned owner)
{
    for (unsigned kind = 0; kind < KINDS; kind++)
        if (model->value[owner][kind] != 0)
            say(model, " %s", kind_text[kind]);
    say(model, "%s RRSIG", owner == 0 ? " SOA" : "");
}

/* A name in a chain: in its order, by `key`. */
struct link {
    uint8_t key[NSEC3_HASH_OCTETS];
    unsigned owner;
};

static int by_name(const void *a, const void *b)
{
    struct name x, y;
    absolute(&x, owners[((const struct link *)a)->owner]);
    absolute(&y, owners[((const struct link *)b)->owner]);
    return name_compare(x.wire, y.wire);
}

static int by_key(const void *a, const void *b)
{
    return memcmp(((const struct link *)a)->key, ((const struct link *)b)->key,
                  NSEC3_HASH_OCTETS);
}

static void hash_text(const uint8_t hash[NSEC3_HASH_OCTETS], char text[NSEC3_LABEL + 1])
{
    for (unsigned i = 0; i < NSEC3_LABEL; i++) {
        const unsigned bit = i * 5;
        const unsigned pair = (unsigned)hash[bit / 8] << 8
                              | (bit / 8 + 1 < NSEC3_HASH_OCTETS ? hash[bit / 8 + 1] : 0);
        text[i] = "0123456789abcdefghijklmnopqrstuv"[pair >> (11 - bit % 8) & 31];
    }
    text[NSEC3_LABEL] = '\0';
}

static size_t find_links(struct model *model, struct link link[OWNERS])
{
    const uint8_t salt[] = {(uint8_t)model->salt};
    const struct nsec3_params params = {.iterations = 1, .salt_octets = 1, .salt = salt};
    size_t links = 0;
    for (unsigned i = 0; i < OWNERS; i++) {
        const bool insecure = is_cut(model, i) && model->value[i][DS] == 0;
        if (!owns(model, i) || is_occluded(model, i) || (model->signing == OPT_OUT && insecure))
            continue;
        struct name name;
        absolute(&name, owners[i]);
        link[links].owner = i;
        nsec3_hash(&params, name.wire, name.octets, link[links++].key);
    }
    qsort(link, links, sizeof *link, model->signing == NSEC ? by_name : by_key);
    return links;
}

static void say_chain(struct model *model)
{
    struct link link[OWNERS];
    const size_t links = find_links(model, link);
    for (size_t i = 0; i < links; i++) {
        const struct link *next = &link[(i + 1) % links];
        const char *owner = owners[link[i].owner];
        if (model->signing == NSEC) {
            say(model, "%s 300 NSEC %s", label_of(owner), label_of(owners[next->owner]));
            say_types(model, link[i].owner);
            say(model, " NSEC\n");
            say_rrsig(model, owner, "NSEC", 300, link[i].owner);
            continue;
        }
        char own[NSEC3_LABEL + 1], after[NSEC3_LABEL + 1];
        hash_text(link[i].key, own);
        hash_text(next->key, after);
        say(model, "%s 300 NSEC3 1 %d 1 %02x %s", own, model->signing == OPT_OUT,
            model->salt & 0xff, after);
        say_types(model, link[i].owner);
        say(model, "\n");
        say_rrsig(model, own, "NSEC3", 300, link[i].owner);
    }
}

static void write_text(struct model *model)
{
    model->len = 0;
    say(model, "$ORIGIN example.\n@ 3600 SOA ns hostmaster %u 7200 900 1209600 300\n",
        model->serial);
    say_rrsig(model, "", "SOA", 3600, model->serial);
    if (model->signing != UNSIGNED)
        say(model, "@ 3600 DNSKEY 256 3 8 AwEAAQ==\n");
    if (model->signing >= NSEC3)
        say(model, "@ 0 NSEC3PARAM 1 0 1 %02x\n", model->salt & 0xff);
    for (unsigned i = 0; i < OWNERS; i++) {
        const bool occluded = is_occluded(model, i);
        for (unsigned kind = 0; kind < KINDS; kind++)
            if (model->value[i][kind] != 0)
                say_rrset(model, owners[i], kind, model->value[i][kind],
                          !occluded && (!is_cut(model, i) || kind == DS));
    }
    if (model->signing != UNSIGNED)
        say_chain(model);
}

/* --- zones of it --- */

static int add_file(void *context, const char *path)
{
    return builder_file(context, path);
}

static int add_record(void *context, const struct name *owner, uint16_t type, uint32_t ttl,
                      const uint8_t *rdata, uint16_t rdata_octets, struct place place)
{
    return builder_add(context, owner, type, ttl, rdata, rdata_octets, place);
}

static int make(struct zone **out, const struct zone *before, const struct model *model)
{
    struct name apex;
    absolute(&apex, "");
    struct builder *builder = builder_new(&apex);
    assert_non_null(builder);
    builder_keep_open(builder);
    if (before != NULL && builder_update(builder, before) != 0) {
        builder_free(builder);
        return -E2BIG;
    }
    const struct reading_sink sink = {
        .file = add_file, .record = add_record, .context = builder};
    struct notes notes;
    notes_init(&notes);
    int err = reading_parse("test", model->text, model->len, &apex, &sink, &notes);
    if (err == 0)
        err = builder_finish(builder, out, &notes);
    if (err == -EBADMSG || notes.errors > 0)
        notes_print(&notes, stderr);
    assert_true(notes.errors == 0 || err == -E2BIG);
    notes_fini(&notes);
    builder_free(builder);
    return err;
}

/* --- and their answers --- */

struct asker {
    struct answer_config config;
    struct respond_scratch *scratch;
    uint8_t *answers;
};

enum { ANSWER_MAX = 16384 };

static size_t put_query(uint8_t *query, const struct name *name, uint16_t type, bool dnssec_ok)
{
    static const uint8_t opt[] = {0, 0, 41, 16, 0, 0, 0, 0x80, 0, 0, 0};
    memset(query, 0, 12);
    query[5] = 1;
    query[11] = dnssec_ok ? 1 : 0;
    memcpy(query + 12, name->wire, name->octets);
    wire_put16(query + 12 + name->octets, type);
    wire_put16(query + 14 + name->octets, 1);
    memcpy(query + 16 + name->octets, opt, sizeof opt);
    return 16u + name->octets + (dnssec_ok ? sizeof opt : 0);
}

/* One name and type, with DO and without, of both zones at once: the answers must be the same. Returns a digest
 * of them. */
static uint64_t ask(struct asker *asker, const struct view view[2], const struct name *name,
                    uint16_t type)
{
    uint64_t digest = type;
    for (unsigned dnssec_ok = 0; dnssec_ok < 2; dnssec_ok++) {
        uint8_t query[300];
        const size_t len = put_query(query, name, type, dnssec_ok != 0);
        struct exchange exchange[2];
        for (unsigned i = 0; i < 2; i++) {
            exchange[i] = (struct exchange){
                .query = query,
                .query_octets = len,
                .transport = TRANSPORT_TCP,
                .answer = asker->answers + i * ANSWER_MAX,
                .answer_max = ANSWER_MAX,
            };
            respond(&asker->config, &view[i], 1800000000, &exchange[i], 1, asker->scratch);
        }
        assert_true(exchange[0].answer_octets > 0);
        if (exchange[0].answer_octets != exchange[1].answer_octets
            || memcmp(exchange[0].answer, exchange[1].answer, exchange[0].answer_octets) != 0) {
            char text[NAME_TEXT_MAX];
            name_to_text(name->wire, text);
            fail_msg("%s, type %u, DO %u: the answers differ", text, type, dnssec_ok);
        }
        for (size_t i = 0; i < exchange[0].answer_octets; i++)
            digest = (digest ^ exchange[0].answer[i]) * UINT64_C(0x100000001b3);
    }
    return digest;
}

/* All names, what is just beside them and what is below, for all types. */
static uint64_t compare_answers(struct asker *asker, const struct zone *a, const struct zone *b)
{
    static const uint16_t types[] = {RRTYPE_A,     RRTYPE_AAAA,  RRTYPE_NS,    RRTYPE_MX,
                                     RRTYPE_TXT,   RRTYPE_DS,    RRTYPE_SOA,   RRTYPE_ANY,
                                     RRTYPE_CNAME, RRTYPE_DNAME, RRTYPE_RRSIG, RRTYPE_NSEC};
    static const char *const beside[] = {"%s", "0.%s", "zz.y.%s", "*.%s", "%s0", "a%s"};
    const struct zone *zone[2] = {a, b}, *old = NULL;
    struct directory *directory[2];
    struct view view[2];
    uint64_t digest = 0;
    for (unsigned i = 0; i < 2; i++) {
        struct arena *retired = NULL;
        directory[i] = directory_new();
        assert_non_null(directory[i]);
        assert_int_equal(directory_put(directory[i], zone[i], &old), 0);
        view[i] = directory_view(directory[i], &retired);
    }
    for (unsigned i = 0; i < OWNERS; i++)
        for (unsigned j = 0; j < sizeof beside / sizeof beside[0]; j++) {
            char owner[128];
            const bool apex = owners[i][0] == '\0';
            if (apex && j >= 4)
                continue;
            snprintf(owner, sizeof owner, beside[j], owners[i]);
            if (apex && owner[0] != '\0')
                owner[strlen(owner) - 1] = '\0'; /* the dot before the apex */
            struct name name;
            absolute(&name, owner);
            for (unsigned k = 0; k < sizeof types / sizeof types[0]; k++)
                digest = digest * 31 + ask(asker, view, &name, types[k]);
        }
    for (unsigned i = 0; i < 2; i++)
        directory_free(directory[i]);
    return digest;
}

static void assert_same(const struct zone *made, const struct zone *fresh)
{
    assert_true(zone_same(made, fresh));
    assert_int_equal(made->version.serial, fresh->version.serial);
    assert_int_equal(made->negative_ttl, fresh->negative_ttl);
    assert_int_equal(made->rrs, fresh->rrs);
    assert_int_equal(made->rrsets, fresh->rrsets);
    assert_int_equal(made->names, fresh->names);
    assert_int_equal(made->signed_, fresh->signed_);
    assert_int_equal(made->nsec, fresh->nsec);
    assert_int_equal(made->nsec3_apex != 0, fresh->nsec3_apex != 0);
    assert_int_equal(made->apex_wildcard != 0, fresh->apex_wildcard != 0);
    assert_int_equal(made->signatures.count, fresh->signatures.count);
    if (made->signatures.count == 0)
        return;
    assert_int_equal(made->signatures.expiry, fresh->signatures.expiry);
    assert_int_equal(made->signatures.inception, fresh->signatures.inception);
}

/* A chain of versions. Returns how many were made by difference. */
static unsigned run(struct asker *asker, struct model *model, unsigned versions)
{
    struct zone *served = NULL;
    edit(model, 80);
    write_text(model);
    assert_int_equal(make(&served, NULL, model), 0);
    uint64_t said = compare_answers(asker, served, served);
    unsigned updates = 0;
    for (unsigned i = 0; i < versions; i++) {
        edit(model, 1 + draw(model, draw(model, 6) == 0 ? 30 : 5));
        write_text(model);
        struct zone *fresh = NULL, *next = NULL;
        assert_int_equal(make(&fresh, NULL, model), 0);
        const int err = make(&next, served, model);
        /* Whatever came of it, readers of the version before see what they saw. */
        assert_int_equal(compare_answers(asker, served, served), said);
        if (err == -EALREADY) {
            assert_same(served, fresh);
            zone_free(fresh);
            continue;
        }
        if (err == 0) {
            updates++;
            assert_true(next->changed > 0);
            assert_false(zone_same(served, fresh));
            assert_same(next, fresh);
            said = compare_answers(asker, next, fresh);
            zone_free(served);
            assert_int_equal(compare_answers(asker, next, next), said);
            zone_free(fresh);
            served = next;
            continue;
        }
        assert_int_equal(err, -E2BIG);
        zone_free(served);
        served = fresh;
        said = compare_answers(asker, served, served);
    }
    zone_free(served);
    return updates;
}

static void check(enum signing signing)
{
    enum { CHAINS = 3, VERSIONS = 14 };
    struct asker asker = {
        .config = {.udp_payload_max = UDP_PAYLOAD_DEFAULT},
        .scratch = respond_scratch_new(),
        .answers = malloc(2 * (size_t)ANSWER_MAX),
    };
    struct model *model = malloc(sizeof *model);
    assert_non_null(asker.scratch);
    assert_non_null(asker.answers);
    assert_non_null(model);
    const char *more = getenv("PHAROS_TEST_SEED"); /* for a longer search by hand */
    const unsigned seed = more == NULL ? 1 : (unsigned)atoi(more);
    unsigned updates = 0;
    for (unsigned i = 0; i < CHAINS; i++) {
        *model = (struct model){
            .signing = signing, .random = seed * 7919 + i * 104729 + signing, .serial = 1};
        updates += run(&asker, model, VERSIONS);
    }
    assert_in_range(updates, CHAINS * VERSIONS / 2, CHAINS * VERSIONS);
    free(model);
    free(asker.answers);
    respond_scratch_free(asker.scratch);
}

static void versions_of_an_unsigned_zone_answer_as_built_whole(void **state)
{
    (void)state;
    check(UNSIGNED);
}

static void versions_of_a_zone_with_nsec_answer_as_built_whole(void **state)
{
    (void)state;
    check(NSEC);
}

static void versions_of_a_zone_with_nsec3_answer_as_built_whole(void **state)
{
    (void)state;
    check(NSEC3);
}

static void versions_of_a_zone_with_opt_out_answer_as_built_whole(void **state)
{
    (void)state;
    check(OPT_OUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_of_an_unsigned_zone_answer_as_built_whole),
        cmocka_unit_test(versions_of_a_zone_with_nsec_answer_as_built_whole),
        cmocka_unit_test(versions_of_a_zone_with_nsec3_answer_as_built_whole),
        cmocka_unit_test(versions_of_a_zone_with_opt_out_answer_as_built_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
