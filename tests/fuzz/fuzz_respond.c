/* fuzz_respond.c -- any octets in, sound answers out
 * The input is a batch: an octet of options, then packets, each after its 16-bit length (the
 * last one may be cut). Every answer must pass check_message(), stay within its limit, and be
 * the same octets whether its query comes alone or in the batch. */
#include "server/answer/request.h"
#include "server/answer/respond.h"
#include "server/base/keyring.h"
#include "tests/answer/check_message.h"
#include "zone/zonefile.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

enum {
    BATCH = 8,
    OPTION_TCP = 1,
    OPTION_ANY_FULL = 2,
    OPTION_SMALL = 4,
    OPTION_NAMELESS = 8,
    OPTION_COOKIES = 16
};
enum { NOW = 1559731985 };

#define SIGNATURE " 8 2 60 20300101000000 20200101000000 1 example. c2lnbmF0dXJl\n"

static const char zone_text[] =
    "@ 60 SOA ns hostmaster 1 2 3 4 5\n"
    "@ 60 RRSIG SOA" SIGNATURE "@ 60 NS ns\n@ 60 NS ns.sub\n"
    "ns 60 A 192.0.2.1\nns 60 AAAA 2001:db8::1\n"
    "www 60 A 192.0.2.2\nwww 60 RRSIG A" SIGNATURE "www 60 TXT \"text\"\nwww 60 MX 1 www\n"
    "alias 60 CNAME www\nalias 60 RRSIG CNAME" SIGNATURE "into 60 CNAME a.b.other.\n"
    "loop 60 CNAME loop2\nloop2 60 CNAME loop\nlost 60 CNAME nothing\n"
    "a.deep.name.with.many.labels 60 PTR labels\n"
    "*.wild 60 MX 1 *.wild\n*.wild 60 CAA 0 issue \"ca\"\n*.walias 60 CNAME x.y.walias\n"
    "old 60 DNAME new\nhost.new 60 A 192.0.2.3\nspin 60 DNAME x.spin\n"
    "sub 60 NS ns.sub\nsub 60 NS ns.sib\nsub 60 NS ns\nsub 60 NS out.elsewhere.\n"
    "sub 60 DS 1 8 2 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
    "sub 60 RRSIG DS" SIGNATURE "ns.sub 60 A 192.0.2.4\n"
    "sib 60 NS ns.sub\nns.sib 60 A 192.0.2.5\nns.sib 60 AAAA 2001:db8::5\n"
    "self 60 NS self\nself 60 A 192.0.2.6\n"
    "tosub 60 CNAME x.sub\n"
    "$GENERATE 1-60 many 60 A 10.0.0.$\n"
    "$GENERATE 1-40 big 60 TXT "
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa$\n";

static const char other_text[] = "@ 60 SOA ns.example. h.example. 1 2 3 4 5\n"
                                 "@ 60 NS ns.example.\n"
                                 "b 60 DNAME old.example.\n"
                                 "back 60 CNAME host.old.example.\n";

/* The same names proved by NSEC and, with opt-out, by NSEC3 ("un" has none). */
#define PROVED                                                                                 \
    "@ 60 SOA ns.example. h.example. 1 2 3 4 5\n@ 60 RRSIG SOA" SIGNATURE                      \
    "@ 60 NS ns.example.\n@ 60 RRSIG NS" SIGNATURE                                             \
    "www 60 A 192.0.2.2\nwww 60 RRSIG A" SIGNATURE                                             \
    "*.w 60 TXT \"wild\"\n*.w 60 RRSIG TXT" SIGNATURE                                          \
    "$GENERATE 1-300 *.w 60 CAA 0 issue aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa$\n"       \
    "*.w 60 RRSIG CAA" SIGNATURE "sec 60 NS ns.sec\nns.sec 60 A 192.0.2.3\n"                   \
    "sec 60 DS 1 8 2 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"       \
    "sec 60 RRSIG DS" SIGNATURE                                                                \
    "a.b 60 HTTPS 1 . alpn=h2\na.b 60 HTTPS 2 www\na.b 60 HTTPS 3 www\n"                       \
    "a.b 60 RRSIG HTTPS" SIGNATURE "un 60 NS ns.example.\n"

static const char nsec_text[] =
    PROVED "@ 60 NSEC a.b SOA NS RRSIG NSEC\n@ 60 RRSIG NSEC" SIGNATURE
           "a.b 60 NSEC sec HTTPS RRSIG NSEC\na.b 60 RRSIG NSEC" SIGNATURE
           "sec 60 NSEC un NS DS RRSIG NSEC\nsec 60 RRSIG NSEC" SIGNATURE
           "un 60 NSEC *.w NS RRSIG NSEC\nun 60 RRSIG NSEC" SIGNATURE
           "*.w 60 NSEC www TXT RRSIG NSEC\n*.w 60 RRSIG NSEC" SIGNATURE
           "www 60 NSEC @ A RRSIG NSEC\nwww 60 RRSIG NSEC" SIGNATURE;

static const char nsec3_text[] = PROVED
    "@ 60 NSEC3PARAM 1 0 0 -\n@ 60 RRSIG NSEC3PARAM" SIGNATURE
    "6dc030afcqkqb66rd34mvi7e2vifhdmt 60 NSEC3 1 1 0 - c8ar60phsapo17sqqd9n4p0orokraac4 SOA NS "
    "RRSIG NSEC3PARAM\n"
    "6dc030afcqkqb66rd34mvi7e2vifhdmt 60 RRSIG NSEC3" SIGNATURE
    "c8ar60phsapo17sqqd9n4p0orokraac4 60 NSEC3 1 1 0 - hkn2o0j0mvg89n0q1dcj2cpqlp3k5aft TXT "
    "RRSIG\n"
    "c8ar60phsapo17sqqd9n4p0orokraac4 60 RRSIG NSEC3" SIGNATURE
    "hkn2o0j0mvg89n0q1dcj2cpqlp3k5aft 60 NSEC3 1 1 0 - pbodpvchfgqodg5v7qjlo9k3uo8s10i5 A "
    "RRSIG\n"
    "hkn2o0j0mvg89n0q1dcj2cpqlp3k5aft 60 RRSIG NSEC3" SIGNATURE
    "pbodpvchfgqodg5v7qjlo9k3uo8s10i5 60 NSEC3 1 1 0 - r0ip55bapr342cokrmg5ut20c6tl75l9\n"
    "pbodpvchfgqodg5v7qjlo9k3uo8s10i5 60 RRSIG NSEC3" SIGNATURE
    "r0ip55bapr342cokrmg5ut20c6tl75l9 60 NSEC3 1 1 0 - rq8sb401bg0g9i7qcimioivofq4dhd93 NS DS "
    "RRSIG\n"
    "r0ip55bapr342cokrmg5ut20c6tl75l9 60 RRSIG NSEC3" SIGNATURE
    "rq8sb401bg0g9i7qcimioivofq4dhd93 60 NSEC3 1 1 0 - u125srmu8cht7puqgln0cvk5q60o087g HTTPS "
    "RRSIG\n"
    "rq8sb401bg0g9i7qcimioivofq4dhd93 60 RRSIG NSEC3" SIGNATURE
    "u125srmu8cht7puqgln0cvk5q60o087g 60 NSEC3 1 1 0 - 6dc030afcqkqb66rd34mvi7e2vifhdmt\n"
    "u125srmu8cht7puqgln0cvk5q60o087g 60 RRSIG NSEC3" SIGNATURE;

static struct answer_config config = {
    .identity_octets = 4,
    .identity = "fra1",
    .version_octets = 6,
    .version = "pharos",
    .tcp_idle_ds = 100,
    .cookie_secrets = 1,
    .cookie_secret = {"0123456789abcdef"},
    .report_channel = {7, "\5agent"},
};
static struct view view;
static struct zone *zones[5]; /* owned for the life of the process */
static struct respond_scratch *scratch;
static uint8_t together[BATCH][MESSAGE_MAX], alone[MESSAGE_MAX];

static void must(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

static void add(struct directory *directory, struct zone **zone, const char *apex,
                const char *text, size_t len)
{
    struct name name;
    const struct zone *old;
    struct notes notes;
    notes_init(&notes);
    must(name_from_string(&name, apex) == NAME_OK, "apex");
    const int err = text != NULL ? zonefile_parse(zone, apex, text, len, &name, &notes) : 0;
    if (err != 0)
        notes_print(&notes, stderr);
    if (text == NULL)
        *zone = zone_new_empty(&name);
    must(*zone != NULL && directory_put(directory, *zone, &old) == 0, "zone");
    notes_fini(&notes);
}

static void set_up(void)
{
    static struct directory *directory;
    if (directory != NULL)
        return;
    struct arena *retired;
    directory = directory_new();
    scratch = respond_scratch_new();
    struct tsig_key key = {
        .algorithm = TSIG_HMAC_SHA256, .secret_octets = 6, .secret = "secret"};
    must(name_from_string(&key.name, "key") == NAME_OK, "key");
    config.keys = keyring_new(&key, 1);
    must(directory != NULL && scratch != NULL && config.keys != NULL, "memory");
    add(directory, &zones[0], "example", zone_text, sizeof zone_text - 1);
    add(directory, &zones[1], "other", other_text, sizeof other_text - 1);
    add(directory, &zones[2], "broken", NULL, 0);
    add(directory, &zones[3], "n", nsec_text, sizeof nsec_text - 1);
    add(directory, &zones[4], "h", nsec3_text, sizeof nsec3_text - 1);
    view = directory_view(directory, &retired);
}

/* What the answer may have at most, by the request alone. */
static size_t limit_of(const struct exchange *e)
{
    uint8_t key[NAME_KEY_MAX];
    if (e->transport == TRANSPORT_TCP)
        return MESSAGE_MAX;
    struct request request;
    const enum request_fate fate = request_read(&request, key, e->query, e->query_octets);
    if (fate < REQUEST_BARE || !request.edns.present)
        return UDP_PLAIN_MAX;
    const size_t ours = config.udp_payload_max < 512 ? 512 : config.udp_payload_max;
    return request.edns.payload < ours ? request.edns.payload : ours;
}

static void check(struct exchange *e)
{
    const size_t octets = e->answer_octets;
    if (octets != 0) {
        const char *wrong =
            check_message(e->answer, octets, e->query, e->query_octets, limit_of(e));
        must(wrong == NULL, wrong);
    }
    const uint8_t *answer = e->answer;
    e->answer = alone;
    respond(&config, &view, NOW, e, 1, scratch);
    must(e->answer_octets == octets && memcmp(answer, alone, octets) == 0,
         "alone it's answered otherwise");
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    set_up();
    struct reader r = reader_of(octets, len);
    const uint8_t options = reader_8(&r);
    config.any_full = (options & OPTION_ANY_FULL) != 0;
    config.udp_payload_max = (options & OPTION_SMALL) != 0 ? 0 : 1232;
    config.cookies = (options & OPTION_COOKIES) != 0 ? COOKIE_POLICY_REQUIRE : COOKIE_POLICY_ON;
    config.identity_octets = (options & OPTION_NAMELESS) != 0 ? 0 : 4;

    struct exchange exchanges[BATCH];
    size_t count = 0;
    while (count < BATCH && reader_left(&r) > 2) {
        size_t query_octets = reader_16(&r);
        if (query_octets > reader_left(&r))
            query_octets = reader_left(&r);
        exchanges[count] = (struct exchange){
            .query = reader_take(&r, query_octets),
            .query_octets = query_octets,
            .transport = (options & OPTION_TCP) != 0 ? TRANSPORT_TCP : TRANSPORT_UDP,
            .answer = together[count],
            .answer_max = MESSAGE_MAX,
            .client = (const uint8_t *)"\xc6\x33\x64\x64",
            .client_octets = 4,
        };
        count++;
    }
    respond(&config, &view, NOW, exchanges, count, scratch);
    for (size_t i = 0; i < count; i++)
        check(&exchanges[i]);
    return 0;
}
