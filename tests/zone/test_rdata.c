/* test_rdata.c -- RDATA of every type from text to wire, with ldns as a second opinion */
#include "tests/zone/text_records.h"
#include "zone/rdata.h"
#include "zone/rrtype.h"

#include <ldns/ldns.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A type, its RDATA as text, and as wire; `ldns` where ldns 1.8.3 reads the text, and rightly. */
struct good {
    const char *type, *text, *wire;
    bool ldns;
};

#define NAME_A "0161076578616d706c6500"
#define NAME_B "0162076578616d706c6500"
#define SHA1   "0123456789abcdef0123456789abcdef01234567"
#define SHA256 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct good goods[] = {
    {"A", "192.0.2.255", "c00002ff", true},
    {"A", "(0.0.0.0)", "00000000", false},
    {"AAAA", "2001:db8::1", "20010db8000000000000000000000001", true},
    {"AAAA", "::", "00000000000000000000000000000000", true},
    {"AAAA", "1:2:3:4:5:6:7::", "00010002000300040005000600070000", true},
    {"AAAA", "::FFFF:192.0.2.1", "00000000000000000000ffffc0000201", true},
    {"AAAA", "1:2:3:4:5:6:7:8", "00010002000300040005000600070008", true},
    {"NS", "a", NAME_A, true},
    {"NS", ".", "00", true},
    {"CNAME", "a.example.", NAME_A, true},
    {"DNAME", "a", NAME_A, true},
    {"PTR", "A", "0141076578616d706c6500", true},
    {"MD", "a", NAME_A, true},
    {"MB", "a", NAME_A, true},
    {"SOA", "a b 4294967295 1h 2 3 4", NAME_A NAME_B "ffffffff00000e10000000020000000300000004",
     true},
    {"MINFO", "a b", NAME_A NAME_B, true},
    {"RP", "a b", NAME_A NAME_B, true},
    {"MX", "10 a", "000a" NAME_A, true},
    {"AFSDB", "1 a", "0001" NAME_A, true},
    {"RT", "1 a", "0001" NAME_A, true},
    {"KX", "1 a", "0001" NAME_A, true},
    {"LP", "1 a", "0001" NAME_A, true},
    {"PX", "1 a b", "0001" NAME_A NAME_B, true},
    {"TALINK", "a b", NAME_A NAME_B, true},
    {"NSAP-PTR", "a", NAME_A, false},
    {"TXT", "\"a b\" c", "036120620163", true},
    {"TXT", "\"\"", "00", true},
    {"TXT", "\"a\"\"b\"", "01610162", false},
    {"SPF", "\"v=spf1 -all\"", "0b763d73706631202d616c6c", true},
    {"HINFO", "PC \"Linux 6\"", "025043074c696e75782036", true},
    {"X25", "311061700956", "0c333131303631373030393536", true},
    {"ISDN", "150862028003217 004", "0f31353038363230323830303332313703303034", true},
    {"ISDN", "150862028003217", "0f313530383632303238303033323137", true},
    {"GPOS", "-32.6882 116.8652 10.0", "082d33322e36383832083131362e383635320431302e30", true},
    {"WKS", "192.0.2.1 TCP smtp", "c00002010600000040", true},
    {"NSAP", "0x47.0005", "470005", false},
    {"LOC", "42 21 54 N 71 06 18 W -24m 30m",
     "0033161389"
     "17"
     "2dd070be15f0009"
     "8"
     "8d20",
     false},
    {"SRV", "0 5 5060 a", "0000000513c4" NAME_A, true},
    {"NAPTR", "100 10 \"u\" \"E2U+sip\" \"!^.*$!sip:i@x!\" .",
     "0064000a0175074532552b7369700e215e2e2a24217369703a6940782100", true},
    {"CERT", "PKIX 1 RSASHA256 AQID", "0001000108010203", true},
    {"APL", "1:192.0.2.0/24 !2:2001:db8::/32",
     "00011803c00002000220"
     "8420010db8",
     true},
    {"DS", "12345 8 1 " SHA1, "30390801" SHA1, true},
    {"DS", "12345 ECDSAP256SHA256 2 ( " SHA1 "\n 0123456789abcdef01234567 )",
     "30390d02" SHA1 "0123456789abcdef01234567", false},
    {"DS", "1 8 99 ab", "00010863ab", true},
    {"CDS", "0 0 0 00", "0000000000", true},
    {"DLV", "12345 8 1 " SHA1, "30390801" SHA1, true},
    {"SSHFP", "4 2 " SHA256, "0402" SHA256, true},
    {"IPSECKEY", "10 1 2 192.0.2.1 AQID", "0a0102c0000201010203", true},
    {"IPSECKEY", "10 0 2 . AQID", "0a0002010203", true},
    {"IPSECKEY", "10 3 2 a AQID", "0a0302" NAME_A "010203", false},
    {"IPSECKEY", "10 2 0 2001:db8::1", "0a020020010db8000000000000000000000001", false},
    {"RRSIG", "A 8 2 3600 20300102030405 20250102030405 12345 example. AQID",
     "0001080200000e1070dd5525677602253039076578616d706c6500010203", true},
    {"RRSIG", "TYPE65280 ED25519 2 1h 4294967295 0 1 . AQ==",
     "ff000f0200000e10ffffffff0000000000010001", false},
    {"NSEC", "a A NS SOA RRSIG NSEC DNSKEY CAA TYPE65280",
     NAME_A "0007620000000003800101"
            "40"
            "ff0180",
     true},
    {"DNSKEY", "257 3 13 AQID BAUG", "0101030d010203040506", true},
    {"CDNSKEY", "0 3 0 AA==", "0000030000", true},
    {"KEY", "256 3 8 AQID", "01000308010203", true},
    {"KEY", "49152 3 8", "c0000308", false},
    {"DHCID", "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
     "000201636fc0b8271c82825bb1ac5c41cf5351aa69b4febd94e8f17cdb95000da48c40", true},
    {"NSEC3", "1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr MX RRSIG",
     "0101000c04aabbccdd14174eb2409fe28bcb4887a1836f957f0a8425e27b000600010000000"
     "2",
     true},
    {"NSEC3", "1 0 0 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr",
     "010000000014174eb2409fe28bcb4887a1836f957f0a8425e27b", true},
    {"NSEC3PARAM", "1 0 0 -", "0100000000", true},
    {"NSEC3PARAM", "1 0 10 AB", "0100000a01ab", true},
    {"TLSA", "3 1 1 " SHA256, "030101" SHA256, true},
    {"TLSA", "DANE-EE SPKI SHA2-256 " SHA256, "030101" SHA256, true},
    {"SMIMEA", "3 0 0 ab", "030000ab", true},
    {"HIP", "2 200100107B1A74DF365639CC39F1D578 AwEAAbdxyhNuSutc a.example. b",
     "10020"
     "00c200100107b1a74df365639cc39f1d57803010001b771ca136e4aeb5c" NAME_A NAME_B,
     true},
    {"OPENPGPKEY", "AQID", "010203", true},
    {"CSYNC", "66 3 A NS AAAA", "000000420003000460000008", true},
    {"ZONEMD", "2018031900 1 1 " SHA1 SHA1 "0123456789abcdef",
     "7848b91c0101" SHA1 SHA1 "0123456789abcdef", true},
    {"SVCB", "0 a", "0000" NAME_A, true},
    {"HTTPS", "1 .", "000100", true},
    {"HTTPS", "1 . alpn=h2,h3 port=8443",
     "00010000010006026832026833"
     "0003000220fb",
     true},
    {"HTTPS", "1 . port=8443 alpn=\"h2,h3\"",
     "00010000010006026832026833"
     "0003000220fb",
     false},
    {"SVCB", "16 a mandatory=ipv4hint,alpn alpn=h2 ipv4hint=192.0.2.1,192.0.2.2",
     "0010" NAME_A "0000000400010004"
     "0001000302683200040008c0000201c0000202",
     false},
    {"SVCB", "1 a alpn=h2 no-default-alpn", "0001" NAME_A "0001000302683200020000", true},
    {"SVCB", "1 a ech=AQID ipv6hint=2001:db8::1",
     "0001" NAME_A "00050003010203"
     "0006001020010db8000000000000000000000001",
     true},
    {"SVCB", "1 a key667=hello", "0001" NAME_A "029b000568656c6c6f", true},
    {"SVCB", "1 a key667=\"hello\\210qoo\"", "0001" NAME_A "029b000968656c6c6fd2716f6f", true},
    {"SVCB", "1 a dohpath=/q{?dns} ohttp", "0001" NAME_A "000700082f717b3f646e737d00080000",
     false},
    {"SVCB", "16 a alpn=\"f\\\\\\\\oo\\\\,bar,h2\"",
     "0010" NAME_A "0001000c08665c6f6f2c626172026832", false},
    {"SVCB", "1 a key3=\"\\020\\251\"", "0001" NAME_A "0003000214fb", false},
    {"NID", "10 0014:4fff:ff20:ee64", "000a00144fffff20ee64", true},
    {"L32", "10 192.0.2.1", "000ac0000201", true},
    {"L64", "10 2001:db8:1140:1000", "000a20010db811401000", true},
    {"EUI48", "00-00-5e-00-53-2a", "00005e00532a", true},
    {"EUI64", "00-00-5e-ef-10-00-00-2a", "00005eef1000002a", true},
    {"URI", "10 1 \"ftp://a/\"", "000a00016674703a2f2f612f", true},
    {"CAA", "0 issue \"ca.example.net; x=y\"",
     "0005697373756563612e6578616d706c652e6e65743b20783d79", true},
    {"CAA", "128 iodef mailto:a@b.c", "8005696f6465666d61696c746f3a6140622e63", false},
    {"CAA", "0 issue \"\"", "00056973737565", false},
    {"AMTRELAY", "10 0 1 192.0.2.1", "0a01c0000201", false},
    {"AMTRELAY", "10 1 3 a", "0a83" NAME_A, false},
    {"DSYNC", "CDS 1 5359 a", "003b0114ef" NAME_A, false},
    {"RESINFO", "qnamemin", "08716e616d656d696e", false},
    {"WALLET", "BTC x", "034254430178", false},
    /* RFC 3597 section 5 */
    {"TYPE65280", "\\# 3 01 0203", "010203", true},
    {"TYPE65280", "\\# 0", "", false},
    {"A", "\\# 4 c0000201", "c0000201", false},
    {"TYPE1", "192.0.2.1", "c0000201", false},
    {"NS", "\\# 3 016100", "016100", false},
    {"NULL", "\\# 2 abcd", "abcd", false},
};

static void every_type_is_read_from_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof goods / sizeof *goods; i++) {
        const struct good *good = &goods[i];
        char text[1024], expected[1024], type_text[RRTYPE_TEXT_MAX];
        uint16_t type;
        assert_true(rrtype_from_text(good->type, strlen(good->type), &type));
        rrtype_to_text(type, type_text);
        snprintf(text, sizeof text, "o 60 %s %s\n", good->type, good->text);
        snprintf(expected, sizeof expected, "o.example. 60 %s %s\n", type_text, good->wire);
        assert_records(text, expected);
    }
}

static void ldns_reads_the_same_from_the_text(void **state)
{
    (void)state;
    ldns_rdf *origin = ldns_dname_new_frm_str("example.");
    for (size_t i = 0; i < sizeof goods / sizeof *goods; i++) {
        const struct good *good = &goods[i];
        if (!good->ldns)
            continue;
        char text[1024], wire[1024] = "";
        ldns_rr *rr = NULL;
        snprintf(text, sizeof text, "o 60 IN %s %s", good->type, good->text);
        if (ldns_rr_new_frm_str(&rr, text, 0, origin, NULL) != LDNS_STATUS_OK)
            fail_msg("ldns doesn't read %s", text);
        for (size_t f = 0, at = 0; f < ldns_rr_rd_count(rr); f++) {
            const ldns_rdf *field = ldns_rr_rdf(rr, f);
            for (size_t o = 0; o < ldns_rdf_size(field); o++)
                at += (size_t)sprintf(wire + at, "%02x", ldns_rdf_data(field)[o]);
        }
        ldns_rr_free(rr);
        if (strcmp(wire, good->wire) != 0)
            fail_msg("ldns reads %s as %s", text, wire);
    }
    ldns_rdf_deep_free(origin);
}

static size_t octets_of(const char *hex, uint8_t *out)
{
    size_t count = 0;
    for (; *hex != '\0'; hex += 2)
        sscanf(hex, "%2hhx", &out[count++]);
    return count;
}

/* The wire of every record that text gives passes, and no part of it does unless RDATA of its type
 * may end there; nor does it with an octet more, unless the type ends in octets of any number. */
static void wire_is_checked_by_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof goods / sizeof *goods; i++) {
        uint8_t wire[512];
        uint16_t type;
        const size_t octets = octets_of(goods[i].wire, wire);
        rrtype_from_text(goods[i].type, strlen(goods[i].type), &type);
        if (!rdata_check(type, wire, octets))
            fail_msg("%s %s is refused", goods[i].type, goods[i].text);
    }
    static const struct {
        const char *type, *wire;
    } bads[] = {
        {"A", "c00002"},
        {"A", "c000020101"},
        {"AAAA", "00"},
        {"NS", ""},
        {"NS", "0161"},
        {"NS", "c00c"},
        {"NS", "01610000"},
        {"NS", "4061"},
        {"MX", "0001"},
        {"MX", "000100ff"},
        {"SOA", "0000000000010000000200000003000000"},
        {"TXT", ""},
        {"TXT", "0261"},
        {"SRV", "000000000000"},
        {"CAA", "0000"},
        {"CAA", "00012d"},
        {"DS", "00010801ab"},
        {"DS", "00010801"},
        {"NSEC", "00"},
        {"NSEC", "000001"
                 "00"},
        {"NSEC", "0000024000"},
        {"NSEC", "000001400001"
                 "40"},
        {"NSEC3PARAM", "01000000"},
        {"NSEC3", "010000000000"},
        {"RRSIG", "0001080200000e1000000000000000000001"},
        {"TLSA", "030101"},
        {"HTTPS", "0001"},
        {"HTTPS", "00010000030001"
                  "20"},
        {"HTTPS", "000100000300020001"
                  "000300020001"},
        {"HTTPS", "0001000001000102"},
        {"HTTPS", "00010000000002"
                  "0003"},
        {"HTTPS", "000100ffff0000"},
        {"APL", "00012103c00002"},
        {"LOC", "01000000000000000000000000000000"},
        {"HIP", "00000000"},
        {"IPSECKEY", "0a0402"},
        {"SSHFP", "0401ab"},
        {"EUI48", "0000000000"},
        {"URI", "00000000"},
    };
    for (size_t i = 0; i < sizeof bads / sizeof *bads; i++) {
        uint8_t wire[512];
        uint16_t type;
        const size_t octets = octets_of(bads[i].wire, wire);
        assert_true(rrtype_from_text(bads[i].type, strlen(bads[i].type), &type));
        if (rdata_check(type, wire, octets))
            fail_msg("%s %s passes", bads[i].type, bads[i].wire);
    }
}

/* What's wrong, in which columns, and the hint. */
struct bad {
    const char *line;
    unsigned column, width;
    const char *message, *hint;
};

static const struct bad bads[] = {
    {"o 60 A 192.0.2.256", 8, 11, "the address is no IPv4 address", NULL},
    {"o 60 A 192.0.2", 8, 7, "the address is no IPv4 address", NULL},
    {"o 60 A 192.0.2.01", 8, 10, "the address is no IPv4 address", NULL},
    {"o 60 A 2001:db8::1", 8, 11, "the address is no IPv4 address", "did you mean AAAA?"},
    {"o 60 AAAA 192.0.2.1", 11, 9, "the address is no IPv6 address", "did you mean A?"},
    {"o 60 AAAA 1::2::3", 11, 7, "the address is no IPv6 address", NULL},
    {"o 60 AAAA 1:2:3:4:5:6:7:8:9", 11, 17, "the address is no IPv6 address", NULL},
    {"o 60 AAAA 1:2:3:4:5:6:7::8:9", 11, 18, "the address is no IPv6 address", NULL},
    {"o 60 AAAA 1:", 11, 2, "the address is no IPv6 address", NULL},
    {"o 60 A", 7, 1, "the address of this A is missing", NULL},
    {"o 60 A 192.0.2.1 x", 18, 1, "this is left over after the RDATA of A", NULL},
    {"o 60 NS \"\"", 10, 1, "the target: empty name", NULL},
    {"o 60 NS \"a..b\"", 12, 2, "the target: empty label in a name", NULL},
    {"o 60 MX a", 9, 1, "the preference is a number from 0 to 65535", NULL},
    {"o 60 MX 10", 11, 1, "the exchange of this MX is missing", NULL},
    {"o 60 MX 65536 a", 9, 5, "the preference is a number from 0 to 65535", NULL},
    {"o 60 SOA a b 1 2 3 4", 21, 1, "the minimum of this SOA is missing", NULL},
    {"o 60 SOA a b 1 2x 3 4 5", 16, 2, "the refresh is a time: seconds, or units such as 1h30m",
     NULL},
    {"o 60 SOA a b 4294967296 2 3 4 5", 14, 10, "the serial is a number from 0 to 4294967295",
     NULL},
    {"o 60 CAA 0 is-sue x", 12, 6, "the tag holds letters and digits alone", NULL},
    {"o 60 CAA 0 issue a b", 20, 1, "this is left over after the RDATA of CAA",
     "a value with blanks is written in quotes"},
    {"o 60 DS 1 8 2 abc", 17, 1, "the digest wants an even number of hexadecimal digits", NULL},
    {"o 60 DS 1 8 2 abcd", 18, 1, "the digest has 2 octets, but 32 belong to its type", NULL},
    {"o 60 DS 1 8 2 xy", 15, 1, "the digest is written in hexadecimal digits", NULL},
    {"o 60 DS 1 RSASHA257 2 ab", 11, 9, "the algorithm is a mnemonic or a number up to 255",
     NULL},
    {"o 60 DNSKEY 256 3 8 A$==", 21, 4, "the public key is no base64", NULL},
    {"o 60 DNSKEY 256 3 8 AAA", 23, 1,
     "the public key is cut off: base64 comes in groups of four", NULL},
    {"o 60 NSEC a AAA", 13, 3, "no such type", "did you mean AAAA?"},
    {"o 60 NSEC a", 12, 1, "the types of this NSEC is missing", NULL},
    {"o 60 RRSIG A 8 1 60 20251301000000 0 1 . AQ==", 21, 14,
     "the expiration is no date and time", NULL},
    {"o 60 NSEC3 1 0 0 abc 0p9mhaveqvm6t7vbl5lop2u3t2rp3tom A", 18, 3,
     "the salt is \"-\" or pairs of hexadecimal digits", NULL},
    {"o 60 NSEC3 1 0 0 - 0p9mhavw A", 27, 1,
     "the next hashed owner is written in base32: 0 to 9 and A to V", NULL},
    {"o 60 HTTPS 1 . alpn=h2 alpn=h3", 24, 7, "this parameter is there twice", NULL},
    {"o 60 HTTPS 1 . prot=1", 16, 4, "no such parameter", "did you mean port?"},
    {"o 60 HTTPS 1 . port=65536", 16, 10, "the port is a number from 0 to 65535", NULL},
    {"o 60 HTTPS 1 . mandatory=alpn", 16, 14, "mandatory lists alpn, which isn't there", NULL},
    {"o 60 HTTPS 1 . no-default-alpn", 16, 15, "no-default-alpn makes sense beside alpn alone",
     NULL},
    {"o 60 HTTPS 1 . alpn", 16, 4, "alpn wants a value", NULL},
    {"o 60 HTTPS 1 . ohttp=1", 16, 7, "ohttp takes no value", NULL},
    {"o 60 HTTPS 1 . ipv4hint=\"192.0.2.1,x\"", 16, 22, "this lists no IPv4 addresses", NULL},
    {"o 60 LOC nonsense", 10, 8, "this is no RDATA of LOC", NULL},
    {"o 60 LOC", 9, 1, "the RDATA of this LOC is missing", NULL},
    {"o 60 TYPE65280 abc", 16, 3, "RDATA of TYPE65280 is written in the generic form",
     "\\# LENGTH HEXADECIMAL (RFC 3597)"},
    {"o 60 A \\# 3 c00002", 8, 2, "these octets don't have the form of A RDATA", NULL},
    {"o 60 A \\# 5 c0000201", 11, 1, "5 octets are announced, but 4 follow", NULL},
    {"o 60 NS \\# 2 c00c", 9, 2, "these octets don't have the form of NS RDATA", NULL},
    {"o 60 IPSECKEY 1 4 2 . AQID", 21, 1, "gateway types go from 0 to 3, this record has 4",
     NULL},
    {"o 60 URI 1 1 \"\"", 15, 1, "the target is empty", NULL},
};

static void mistakes_are_told_where_they_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bads / sizeof *bads; i++) {
        const struct bad *bad = &bads[i];
        struct text_records records = text_records_parse(bad->line);
        if (records.notes.count != 1 || records.count != 0)
            fail_msg("%zu notes, %zu records: %s", records.notes.count, records.count,
                     bad->line);
        const struct note *note = &records.notes.note[0];
        if (strcmp(note->message, bad->message) != 0)
            fail_msg("%s: %s", bad->line, note->message);
        if (note->column != bad->column || note->width != bad->width)
            fail_msg("%s: column %u, width %u", bad->line, note->column, note->width);
        if ((note->hint == NULL) != (bad->hint == NULL)
            || (bad->hint != NULL && strcmp(note->hint, bad->hint) != 0))
            fail_msg("%s: hint %s", bad->line, note->hint);
        text_records_fini(&records);
    }
}

static void a_string_has_at_most_255_octets(void **state)
{
    (void)state;
    char text[600];
    sprintf(text, "o 60 TXT %0255d", 0);
    struct text_records records = text_records_parse(text);
    assert_int_equal(records.count, 1);
    text_records_fini(&records);
    sprintf(text, "o 60 TXT %0256d", 0);
    records = text_records_parse(text);
    assert_int_equal(records.count, 0);
    assert_string_equal(records.notes.note[0].message, "the text is longer than 255 octets");
    assert_string_equal(records.notes.note[0].hint,
                        "write it as several quoted strings, side by side");
    text_records_fini(&records);
}

/* RFC 1035 section 3.2.1: RDLENGTH has 16 bits. */
static void rdata_has_at_most_65535_octets(void **state)
{
    (void)state;
    const size_t size = 70000;
    char *text = malloc(2 * size + 64);
    assert_non_null(text);
    for (size_t octets = 65535; octets <= 65536; octets++) {
        const int head = sprintf(text, "o 60 OPENPGPKEY ");
        memset(text + head, 'A', octets / 3 * 4);
        sprintf(text + head + octets / 3 * 4, "%s", octets % 3 == 0 ? "" : "AA==");
        struct text_records records = text_records_parse(text);
        assert_int_equal(records.count, octets == 65535);
        assert_int_equal(records.notes.errors, octets != 65535);
        text_records_fini(&records);
    }
    free(text);
}

static void embedded_names_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *type, *wire;
        size_t at[3];
        size_t count;
    } cases[] = {
        {"NS", NAME_A, {0}, 1},
        {"MX", "000a" NAME_A, {2}, 1},
        {"SOA", NAME_A NAME_B "0000000000000000000000000000000000000000", {0, 11}, 2},
        {"SRV", "000000000000" NAME_A, {6}, 1},
        {"NAPTR", "00000000000000" NAME_A, {7}, 1},
        {"A", "c0000201", {0}, 0},
        {"IPSECKEY", "0a0302" NAME_A "010203", {3}, 1},
        {"HIP", "01020001aabb" NAME_A NAME_B, {6, 17}, 2},
        {"TYPE65280", NAME_A, {0}, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t wire[256];
        uint16_t type;
        size_t found = 0;
        const size_t octets = octets_of(cases[i].wire, wire);
        rrtype_from_text(cases[i].type, strlen(cases[i].type), &type);
        assert_true(rdata_check(type, wire, octets));
        for (size_t at = 0, n; rdata_next_name(type, wire, octets, &at, &n); at += n) {
            assert_true(found < cases[i].count);
            assert_int_equal(at, cases[i].at[found]);
            assert_int_equal(n, 11);
            found++;
        }
        assert_int_equal(found, cases[i].count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read_from_text),
        cmocka_unit_test(ldns_reads_the_same_from_the_text),
        cmocka_unit_test(wire_is_checked_by_type),
        cmocka_unit_test(mistakes_are_told_where_they_are),
        cmocka_unit_test(a_string_has_at_most_255_octets),
        cmocka_unit_test(rdata_has_at_most_65535_octets),
        cmocka_unit_test(embedded_names_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
