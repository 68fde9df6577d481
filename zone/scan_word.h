/* scan_word.h -- where words and blanks end, sixteen octets at a time
 * Both may look at SCANNER_PAD octets from where they are. */
#ifndef PHAROS_ZONE_SCAN_WORD_H
#define PHAROS_ZONE_SCAN_WORD_H

#include <stddef.h>
#include <stdint.h>

#if defined(__SSE2__)

#include <emmintrin.h>

/* The first octet from `at` on that may end a word or wants a closer look: space and all that's below it,
 * quotes, parentheses, semicolons, backslashes. There must be one before what may be read ends. */
static inline const uint8_t *scan_word_end(const uint8_t *at)
{
    for (;; at += 16) {
        const __m128i octets = _mm_loadu_si128((const void *)at);
        const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(octets, _mm_set1_epi8(0x20)), octets);
        const __m128i parenthesis =
            _mm_cmpeq_epi8(_mm_or_si128(octets, _mm_set1_epi8(1)), _mm_set1_epi8(')'));
        const __m128i quote = _mm_cmpeq_epi8(octets, _mm_set1_epi8('"'));
        const __m128i semicolon = _mm_cmpeq_epi8(octets, _mm_set1_epi8(';'));
        const __m128i backslash = _mm_cmpeq_epi8(octets, _mm_set1_epi8('\\'));
        const int found =
            _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(_mm_or_si128(low, parenthesis), quote),
                                           _mm_or_si128(semicolon, backslash)));
        if (found != 0)
            return at + __builtin_ctz((unsigned)found);
    }
}

/* The first octet from `at` on that's neither space nor tab. */
static inline const uint8_t *scan_blanks_end(const uint8_t *at)
{
    for (;; at += 16) {
        const __m128i octets = _mm_loadu_si128((const void *)at);
        const __m128i blank = _mm_or_si128(_mm_cmpeq_epi8(octets, _mm_set1_epi8(' ')),
                                           _mm_cmpeq_epi8(octets, _mm_set1_epi8('\t')));
        const unsigned found = (unsigned)_mm_movemask_epi8(blank) ^ 0xffff;
        if (found != 0)
            return at + __builtin_ctz(found);
    }
}

#else

static inline const uint8_t *scan_word_end(const uint8_t *at)
{
    while (*at > ' ' && *at != '"' && (*at | 1) != ')' && *at != ';' && *at != '\\')
        at++;
    return at;
}

static inline const uint8_t *scan_blanks_end(const uint8_t *at)
{
    while (*at == ' ' || *at == '\t')
        at++;
    return at;
}

#endif

#endif
