#include "zone/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

static struct name name_of(const char *text)
{
    struct name name;
    assert_int_equal(name_from_string(&name, text), NAME_OK);
    return name;
}

static void assert_text(const char *text, const char *expected)
{
    const struct name name = name_of(text);
    char out[NAME_TEXT_MAX];
    assert_int_equal(name_to_text(name.wire, out), strlen(expected));
    assert_string_equal(out, expected);
}

/* RFC 1035 section 5.1 */
static void text_is_read_and_written_with_escapes(void **state)
{
    (void)state;
    assert_text("www.Example.com", "www.Example.com.");
    assert_text(".", ".");
    assert_text("a\\.b.c", "a\\.b.c.");
    assert_text("a\\000b", "a\\000b.");
    assert_text("\\065", "A.");
    assert_text("a\\\\.b", "a\\\\.b.");
    assert_text("\\\"x", "\\\"x.");
    assert_text("sp\\032ace", "sp\\032ace.");
    assert_text("*.a", "*.a.");
}

static void assert_bad(const char *text, enum name_error expected)
{
    struct name name;
    assert_int_equal(name_from_string(&name, text), expected);
}

static void text_that_is_no_name_is_refused(void **state)
{
    (void)state;
    assert_bad("", NAME_EMPTY);
    assert_bad("a..b", NAME_EMPTY_LABEL);
    assert_bad(".a", NAME_EMPTY_LABEL);
    assert_bad("a\\", NAME_BAD_ESCAPE);
    assert_bad("a\\25", NAME_BAD_ESCAPE);
    assert_bad("a\\256", NAME_BAD_ESCAPE);
    assert_bad("a\\2x6", NAME_BAD_ESCAPE);
}

/* RFC 1035 section 2.3.4 */
static void labels_have_63_octets_and_names_255(void **state)
{
    (void)state;
    char label[65];
    memset(label, 'a', 64);
    label[63] = '\0';
    assert_int_equal(name_of(label).octets, 65);
    label[63] = 'a';
    label[64] = '\0';
    assert_bad(label, NAME_LABEL_TOO_LONG);

    char text[300];
    label[63] = '\0';
    snprintf(text, sizeof text, "%s.%s.%s.%.61s", label, label, label, label);
    assert_int_equal(name_of(text).octets, 255);
    snprintf(text, sizeof text, "%s.%s.%s.%.62s", label, label, label, label);
    assert_bad(text, NAME_TOO_LONG);
    snprintf(text, sizeof text, "%s.%s.%s.%.61s.", label, label, label, label);
    assert_int_equal(name_of(text).octets, 255);
    snprintf(text, sizeof text, "%s.%s.%s.%.60s.b", label, label, label, label);
    assert_bad(text, NAME_TOO_LONG);
}

static void a_relative_name_is_completed_with_the_origin(void **state)
{
    (void)state;
    const struct name origin = name_of("example.com");
    struct name name;
    assert_int_equal(name_from_text(&name, "www", 3, &origin, NULL), NAME_OK);
    assert_true(name_equal(name.wire, name_of("www.example.com").wire));
    assert_int_equal(name_from_text(&name, "www.", 4, &origin, NULL), NAME_OK);
    assert_true(name_equal(name.wire, name_of("www").wire));
    assert_int_equal(name_from_text(&name, "www", 3, NULL, NULL), NAME_NO_ORIGIN);
}

static void wire_is_checked_before_it_is_believed(void **state)
{
    (void)state;
    assert_int_equal(name_check((const uint8_t *)"\1a\0", 3), 3);
    assert_int_equal(name_check((const uint8_t *)"\1a", 2), 0);
    assert_int_equal(name_check((const uint8_t *)"\2a\0", 3), 0);
    assert_int_equal(name_check((const uint8_t *)"\300\14", 2), 0);
    assert_int_equal(name_check((const uint8_t *)"", 0), 0);
    uint8_t endless[300];
    for (unsigned i = 0; i < sizeof endless; i += 2) {
        endless[i] = 1;
        endless[i + 1] = 'a';
    }
    assert_int_equal(name_check(endless, sizeof endless), 0);
}

/* RFC 4343 */
static void case_does_not_count(void **state)
{
    (void)state;
    assert_true(name_equal(name_of("WWW.example").wire, name_of("www.EXAMPLE").wire));
    assert_false(name_equal(name_of("www.example").wire, name_of("www.examplf").wire));
    const struct name apex = name_of("Example.com"), below = name_of("a.eXample.com");
    assert_true(name_at_or_below(&below, &apex));
    assert_true(name_at_or_below(&apex, &apex));
    assert_false(name_at_or_below(&apex, &below));
}

static void letters_are_folded_wherever_they_stand(void **state)
{
    (void)state;
    for (size_t len = 1; len < 40; len++)
        for (size_t at = 0; at < len; at++)
            for (unsigned octet = 0; octet < 256; octet++) {
                uint8_t wire[41];
                memset(wire, 'Q', sizeof wire);
                wire[at] = (uint8_t)octet;
                name_lower(wire, len);
                assert_int_equal(wire[at], octet >= 'A' && octet <= 'Z' ? octet + 32 : octet);
                assert_int_equal(wire[len], 'Q');
            }
}

/* The octets match, but not where labels begin. */
static void a_suffix_of_octets_is_no_suffix_of_labels(void **state)
{
    (void)state;
    const struct name apex = name_of("example.com");
    struct name name = name_of("notexample.com");
    assert_false(name_at_or_below(&name, &apex));
    name = name_of("a\\007example.com");
    assert_false(name_at_or_below(&name, &apex));
}

/* RFC 4034 section 6.1, its own example, and octets around those that have one symbol only. */
static const char *const ascending[] = {
    "example",         "a.example",       "yljkjljk.a.example", "Z.a.example",
    "zABC.a.EXAMPLE",  "z.example",       "\\001.z.example",    "\\001\\001.z.example",
    "\\044.z.example", "*.z.example",     "-.z.example",        "\\046.z.example",
    "\\047.z.example", "0.z.example",     "9.z.example",        "\\064.z.example",
    "[.z.example",     "^.z.example",     "_.z.example",        "`.z.example",
    "aa.z.example",    "zz.z.example",    "{.z.example",        "\\127.z.example",
    "\\168.z.example", "\\169.z.example", "\\200.z.example",    "\\214.z.example",
    "\\215.z.example", "\\255.z.example", "zz.example",
};

static int compare_keys(const struct name *a, const struct name *b)
{
    uint8_t key_a[NAME_KEY_MAX], key_b[NAME_KEY_MAX];
    const size_t len_a = name_key(key_a, a->wire, a->octets);
    const size_t len_b = name_key(key_b, b->wire, b->octets);
    const int order = memcmp(key_a, key_b, len_a < len_b ? len_a : len_b);
    return order != 0 ? order : (len_a > len_b) - (len_a < len_b);
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void names_and_their_keys_have_canonical_order(void **state)
{
    (void)state;
    const int count = sizeof ascending / sizeof *ascending;
    for (int i = 0; i < count; i++)
        for (int j = 0; j < count; j++) {
            const struct name a = name_of(ascending[i]), b = name_of(ascending[j]);
            const int expected = name_compare(a.wire, b.wire);
            assert_int_equal(sign(compare_keys(&a, &b)), sign(expected));
        }
    for (int i = 0; i < 6; i++)
        assert_true(name_compare(name_of(ascending[i]).wire, name_of(ascending[i + 1]).wire)
                    < 0);
}

/* Every pair of octets: the order of keys is the order of octets, upper case folded. */
static void every_octet_keeps_its_place_in_keys(void **state)
{
    (void)state;
    for (unsigned x = 0; x < 256; x++)
        for (unsigned y = 0; y < 256; y++) {
            const struct name a = {.octets = 3, .wire = {1, (uint8_t)x, 0}};
            const struct name b = {.octets = 3, .wire = {1, (uint8_t)y, 0}};
            const unsigned fx = x >= 'A' && x <= 'Z' ? x + 32 : x;
            const unsigned fy = y >= 'A' && y <= 'Z' ? y + 32 : y;
            assert_int_equal(sign(compare_keys(&a, &b)), (fx > fy) - (fx < fy));
        }
}

static void symbols_are_few_and_zero_ends_labels_only(void **state)
{
    (void)state;
    uint8_t key[NAME_KEY_MAX];
    for (unsigned x = 0; x < 256; x++) {
        const uint8_t wire[] = {1, (uint8_t)x, 0};
        const size_t len = name_key(key, wire, sizeof wire);
        assert_in_range(len, 2, 3);
        for (size_t i = 0; i + 1 < len; i++)
            assert_in_range(key[i], 1, 46);
        assert_int_equal(key[len - 1], 0);
    }
}

static void the_longest_key_fits(void **state)
{
    (void)state;
    struct name name = {.octets = 255};
    for (unsigned at = 0; at < 254;) {
        const unsigned label = 254 - at > 64 ? 63 : 254 - at - 1;
        name.wire[at] = (uint8_t)label;
        memset(name.wire + at + 1, 0xff, label);
        at += label + 1;
    }
    assert_int_equal(name_check(name.wire, 255), 255);
    uint8_t key[NAME_KEY_MAX];
    assert_in_range(name_key(key, name.wire, name.octets), 500, NAME_KEY_MAX - 1);
}

static void the_key_of_an_apex_and_a_relative_owner_join(void **state)
{
    (void)state;
    const struct name whole = name_of("a.b.example.com"), apex = name_of("example.com");
    uint8_t joined[NAME_KEY_MAX], direct[NAME_KEY_MAX];
    size_t len = name_key(joined, apex.wire, apex.octets);
    len += name_key(joined + len, whole.wire, 4);
    assert_int_equal(name_key(direct, whole.wire, whole.octets), len);
    assert_memory_equal(joined, direct, len);
}

static uint64_t random_state = 7;

static uint64_t random_next(void)
{
    uint64_t x = random_state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    return x ^ x >> 31;
}

/* A name of the octets that hosts have, or now and then of any. */
static struct name random_name(void)
{
    static const char usual[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    const bool odd = random_next() % 4 == 0;
    const unsigned longest = random_next() % 4 == 0 ? 63 : 20;
    const unsigned octets = (unsigned)(random_next() % 255);
    struct name name = {.octets = 1};
    unsigned at = 0;
    for (;;) {
        const unsigned label = 1 + (unsigned)(random_next() % longest);
        if (at + 1 + label > octets)
            break;
        name.wire[at++] = (uint8_t)label;
        for (unsigned i = 0; i < label; i++)
            name.wire[at++] = odd && random_next() % 8 == 0
                                  ? (uint8_t)random_next()
                                  : (uint8_t)usual[random_next() % (sizeof usual - 1)];
    }
    name.wire[at] = 0;
    name.octets = (uint8_t)(at + 1);
    return name;
}

/* Symbols label by label and octet by octet, each octet's as the key of a name of it alone. */
static size_t plain_key(uint8_t *key, const uint8_t *wire)
{
    if (wire[0] == 0)
        return 0;
    size_t len = plain_key(key, wire + 1 + wire[0]);
    for (unsigned i = 1; i <= wire[0]; i++) {
        uint8_t one[NAME_KEY_MAX];
        const uint8_t alone[] = {1, wire[i], 0};
        const size_t symbols = name_key(one, alone, sizeof alone) - 1;
        memcpy(key + len, one, symbols);
        len += symbols;
    }
    key[len++] = 0;
    return len;
}

static void a_key_is_that_of_its_octets_wherever_they_stand(void **state)
{
    (void)state;
    for (unsigned turn = 0; turn < 20000; turn++) {
        const struct name name = random_name();
        uint8_t key[NAME_KEY_MAX], plain[NAME_KEY_MAX];
        const size_t len = plain_key(plain, name.wire);
        assert_int_equal(name_key(key, name.wire, name.octets), len);
        assert_memory_equal(key, plain, len);
        if (name.octets > 1) { /* as a relative owner, which has no root label */
            assert_int_equal(name_key(key, name.wire, name.octets - 1u), len);
            assert_memory_equal(key, plain, len);
        }
    }
}

/* One symbol or two: next to an octet that has two, every octet has the symbols that it has among
 * others that have one. */
static void an_octet_has_the_same_symbols_beside_any_other(void **state)
{
    (void)state;
    for (unsigned x = 0; x < 256; x++) {
        uint8_t alone[NAME_KEY_MAX], beside[NAME_KEY_MAX];
        const uint8_t one[] = {1, (uint8_t)x, 0}, two[] = {2, (uint8_t)x, '*', 0};
        const size_t len = name_key(alone, one, sizeof one) - 1;
        assert_int_equal(name_key(beside, two, sizeof two), len + 3);
        assert_memory_equal(alone, beside, len);
    }
}

static void the_key_of_the_asterisk_label_is_at_hand(void **state)
{
    (void)state;
    uint8_t key[NAME_KEY_MAX];
    assert_int_equal(name_key(key, (const uint8_t *)"\1*", 2), NAME_ASTERISK_SYMBOLS);
    assert_memory_equal(key, name_asterisk, NAME_ASTERISK_SYMBOLS);
}

/* The octets lie at the end of what may be read, so that the sanitizer sees a step beyond. */
static void a_name_is_read_in_one_pass_as_it_is_step_by_step(void **state)
{
    (void)state;
    for (unsigned turn = 0; turn < 20000; turn++) {
        const struct name name = random_name();
        const size_t behind = random_next() % 20, count = name.octets + behind;
        uint8_t *octets = malloc(count);
        assert_non_null(octets);
        memset(octets, 'A', count);
        memcpy(octets, name.wire, name.octets);

        struct name lower = name, read;
        uint8_t key[NAME_KEY_MAX], expected[NAME_KEY_MAX];
        uint16_t symbols = 0;
        name_lower(lower.wire, lower.octets);
        const size_t len = name_key(expected, lower.wire, lower.octets);
        assert_int_equal(name_read(&read, key, &symbols, octets, count), name.octets);
        assert_int_equal(read.octets, name.octets);
        assert_memory_equal(read.wire, lower.wire, name.octets);
        assert_int_equal(symbols, len);
        assert_memory_equal(name_read_key(key, len), expected, len);
        free(octets);
    }
}

static size_t read_of(const uint8_t *octets, size_t count)
{
    uint8_t *copy = malloc(count != 0 ? count : 1), key[NAME_KEY_MAX];
    assert_non_null(copy);
    memcpy(copy, octets, count);
    struct name name;
    uint16_t symbols;
    const size_t read = name_read(&name, key, &symbols, copy, count);
    free(copy);
    return read;
}

static void what_is_no_name_is_not_read(void **state)
{
    (void)state;
    assert_int_equal(read_of((const uint8_t *)"", 0), 0);
    assert_int_equal(read_of((const uint8_t *)"", 1), 1);
    assert_int_equal(read_of((const uint8_t *)"\3www\300\14", 6), 0); /* a pointer */
    assert_int_equal(read_of((const uint8_t *)"\100x", 3), 0);
    for (unsigned turn = 0; turn < 2000; turn++) { /* cut off anywhere */
        const struct name name = random_name();
        assert_int_equal(read_of(name.wire, random_next() % name.octets), 0);
    }
    uint8_t octets[300];
    memset(octets, 1, sizeof octets); /* labels of one octet, for ever */
    assert_int_equal(read_of(octets, sizeof octets), 0);
    octets[254] = 0;
    assert_int_equal(read_of(octets, sizeof octets), 255);
    octets[254] = 1;
    octets[256] = 0;
    assert_int_equal(read_of(octets, sizeof octets), 0); /* 257 octets */
}

/* Where a page ends that nothing may be read behind. */
static uint8_t *make_edge(void)
{
    enum { PAGE = 4096 };
    uint8_t *pages =
        mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(pages != MAP_FAILED);
    assert_int_equal(mprotect(pages + PAGE, PAGE, PROT_NONE), 0);
    return pages + PAGE;
}

/* Writes a name with two labels, or as many as it takes, so long that it has `octets`, at `to`. */
static void write_name(uint8_t *to, size_t octets, uint8_t label_max)
{
    size_t at = 0;
    while (octets - at > 1) {
        size_t label = octets - at - 2;
        label = label > label_max ? label_max : label;
        label -= octets - at - 2 - label == 1; /* one octet more is no label */
        to[at++] = (uint8_t)label;
        for (size_t i = 0; i < label; i++, at++)
            to[at] = (uint8_t)"Az09-_"[at % 6];
    }
    to[at] = 0;
}

static void nothing_is_read_behind_a_name(void **state)
{
    (void)state;
    static const uint8_t label_max[] = {3, 20, 44, 63};
    uint8_t *edge = make_edge();
    for (size_t octets = 3; octets <= NAME_OCTETS_MAX; octets++) {
        for (size_t i = 0; i < sizeof label_max; i++) {
            struct name whole, cut;
            uint8_t key[NAME_KEY_MAX], other[NAME_KEY_MAX];
            uint16_t symbols = 0, other_symbols = 0;
            uint8_t *at = edge - octets;
            write_name(at, octets, label_max[i]);
            uint8_t copy[NAME_OCTETS_MAX + 64] = {0};
            memcpy(copy, at, octets);
            assert_int_equal(name_read(&whole, key, &symbols, at, octets), octets);
            assert_int_equal(name_read(&cut, other, &other_symbols, copy, sizeof copy), octets);
            assert_int_equal(symbols, other_symbols);
            assert_memory_equal(name_read_key(key, symbols), name_read_key(other, symbols),
                                symbols);
            assert_memory_equal(whole.wire, cut.wire, octets);
            assert_int_equal(name_key(other, at, octets), symbols);
            assert_memory_equal(name_read_key(key, symbols), other, symbols);
            /* All beginnings of it at the same place: none is a name. */
            for (size_t less = 1; less < octets; less++) {
                memmove(edge - less, copy, less);
                assert_int_equal(name_read(&cut, other, &other_symbols, edge - less, less), 0);
            }
        }
    }
    munmap(edge - 4096, 8192);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_read_and_written_with_escapes),
        cmocka_unit_test(text_that_is_no_name_is_refused),
        cmocka_unit_test(labels_have_63_octets_and_names_255),
        cmocka_unit_test(a_relative_name_is_completed_with_the_origin),
        cmocka_unit_test(wire_is_checked_before_it_is_believed),
        cmocka_unit_test(case_does_not_count),
        cmocka_unit_test(letters_are_folded_wherever_they_stand),
        cmocka_unit_test(a_suffix_of_octets_is_no_suffix_of_labels),
        cmocka_unit_test(names_and_their_keys_have_canonical_order),
        cmocka_unit_test(every_octet_keeps_its_place_in_keys),
        cmocka_unit_test(symbols_are_few_and_zero_ends_labels_only),
        cmocka_unit_test(the_longest_key_fits),
        cmocka_unit_test(the_key_of_an_apex_and_a_relative_owner_join),
        cmocka_unit_test(a_key_is_that_of_its_octets_wherever_they_stand),
        cmocka_unit_test(an_octet_has_the_same_symbols_beside_any_other),
        cmocka_unit_test(the_key_of_the_asterisk_label_is_at_hand),
        cmocka_unit_test(a_name_is_read_in_one_pass_as_it_is_step_by_step),
        cmocka_unit_test(what_is_no_name_is_not_read),
        cmocka_unit_test(nothing_is_read_behind_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
