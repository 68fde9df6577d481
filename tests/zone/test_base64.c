#include "zone/base64.h"
#include "zone/scan_word.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* RFC 4648 section 4, the other way round. */
static size_t encode(const uint8_t *octets, size_t count, uint8_t *text)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i += 3) {
        uint32_t bits = (uint32_t)octets[i] << 16;
        bits |= i + 1 < count ? (uint32_t)octets[i + 1] << 8 : 0;
        bits |= i + 2 < count ? octets[i + 2] : 0;
        for (size_t j = 0; j < 4; j++)
            text[len++] = i + j > count ? '=' : (uint8_t)alphabet[bits >> (18 - 6 * j) & 63];
    }
    return len;
}

static ptrdiff_t decode(const uint8_t *text, size_t len, size_t split, uint8_t *out)
{
    struct base64 state = {0};
    size_t octets = base64_feed(&state, text, split, out);
    if (!state.failed)
        octets += base64_feed(&state, text + split, len - split, out + octets);
    const ptrdiff_t more = base64_finish(&state, out + octets);
    return more < 0 ? -1 : (ptrdiff_t)octets + more;
}

static void what_was_encoded_is_decoded_wherever_it_is_split(void **unused)
{
    (void)unused;
    for (size_t count = 0; count <= 66; count++) {
        uint8_t octets[66], text[96], out[96];
        for (size_t i = 0; i < count; i++)
            octets[i] = (uint8_t)(i * 151 + count * 7);
        const size_t len = encode(octets, count, text);
        for (size_t split = 0; split <= len; split++) {
            assert_int_equal(decode(text, len, split, out), count);
            assert_memory_equal(out, octets, count);
        }
    }
}

/* At every place of a block of sixteen, in the groups of four behind it, and behind those. */
static void any_other_character_is_refused_wherever_it_stands(void **unused)
{
    (void)unused;
    for (size_t at = 0; at < 39; at++)
        for (unsigned c = 0; c < 256; c++) {
            uint8_t text[40], out[40];
            memset(text, 'A', sizeof text);
            text[at] = (uint8_t)c;
            const bool good = c != 0 && strchr(alphabet, (int)c) != NULL;
            assert_int_equal(decode(text, sizeof text, 0, out) == 30, good);
        }
}

/* Words end where RFC 1035 section 5.1 has them end, or where the scanner must look closer. */
static void words_and_blanks_end_at_the_first_octet_that_may_end_them(void **unused)
{
    (void)unused;
    for (size_t at = 0; at < 40; at++)
        for (unsigned c = 0; c < 256; c++) {
            uint8_t text[40 + 16 + 16] = {0};
            memset(text, 'x', 40);
            text[at] = (uint8_t)c;
            const bool ends = c <= ' ' || strchr("\"();\\", (int)c) != NULL;
            assert_ptr_equal(scan_word_end(text), text + (ends ? at : 40));
            memset(text, at % 2 == 0 ? ' ' : '\t', 40);
            text[at] = (uint8_t)c;
            assert_ptr_equal(scan_blanks_end(text), text + (c == ' ' || c == '\t' ? 40 : at));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_encoded_is_decoded_wherever_it_is_split),
        cmocka_unit_test(any_other_character_is_refused_wherever_it_stands),
        cmocka_unit_test(words_and_blanks_end_at_the_first_octet_that_may_end_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
