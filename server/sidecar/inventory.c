/* inventory.c -- see inventory.h */
#include "server/sidecar/inventory.h"

#include <string.h>

enum { WORDS_MAX = 8, WORD_NUMBER_MAX = 19 };

struct word {
    const char *at;
    size_t octets;
};

/* A line's words; 0 where they're more or something else than printable ASCII is in them. */
static size_t split(struct word words[WORDS_MAX], const char *line, size_t octets)
{
    size_t count = 0, begin = 0;
    for (size_t i = 0; i <= octets; i++) {
        if (i < octets && line[i] > ' ' && line[i] <= '~')
            continue;
        if ((i < octets && line[i] != ' ') || i == begin || count == WORDS_MAX)
            return 0;
        words[count++] = (struct word){line + begin, i - begin};
        begin = i + 1;
    }
    return count;
}

static bool is(struct word word, const char *text)
{
    return word.octets == strlen(text) && memcmp(word.at, text, word.octets) == 0;
}

/* Nineteen digits fit into 63 bits but for the last few; those are refused. */
static bool read_number(struct word word, int64_t *number)
{
    uint64_t value = 0;
    if (word.octets > WORD_NUMBER_MAX)
        return false;
    for (size_t i = 0; i < word.octets; i++) {
        if (word.at[i] < '0' || word.at[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(word.at[i] - '0');
    }
    *number = (int64_t)value;
    return value <= INT64_MAX;
}

/* All words from `first` on, which must be `wanted`. */
static bool read_numbers(const struct word *words, size_t count, size_t first, size_t wanted,
                         int64_t *number)
{
    bool well = count == first + wanted;
    for (size_t i = 0; well && i < wanted; i++)
        well = read_number(words[first + i], &number[i]);
    return well;
}

static void read_line(struct inventory *inventory, const char *line, size_t octets)
{
    struct word words[WORDS_MAX];
    int64_t n[7];
    const size_t count = split(words, line, octets);
    if (count == 0)
        return;
    if (is(words[0], "started") && read_numbers(words, count, 1, 1, n)) {
        inventory->started = n[0];
    } else if (is(words[0], "reload") && read_numbers(words, count, 1, 3, n)) {
        inventory->reload = n[0];
        inventory->reload_well = n[1] != 0;
        inventory->reload_us = (uint64_t)n[2];
    } else if (is(words[0], "zones") && read_numbers(words, count, 1, 7, n)) {
        inventory->zones = true;
        inventory->served = (uint64_t)n[0];
        inventory->stale = (uint64_t)n[1];
        inventory->failed = (uint64_t)n[2];
        inventory->rrs = (uint64_t)n[3];
        inventory->octets = (uint64_t)n[4];
        inventory->oldest = n[5];
        inventory->newest = n[6];
    }
}

/* The line at `*at`, without its newline; moves on behind it. */
static struct word next_line(const char *text, size_t octets, size_t *at)
{
    const char *begin = text + *at;
    const char *end = memchr(begin, '\n', octets - *at);
    const size_t len = end != NULL ? (size_t)(end - begin) : octets - *at;
    *at += len + (end != NULL ? 1 : 0);
    return (struct word){begin, len};
}

void inventory_read(struct inventory *inventory, const char *text, size_t octets)
{
    *inventory = (struct inventory){0};
    for (size_t at = 0; at < octets;) {
        const struct word line = next_line(text, octets, &at);
        read_line(inventory, line.at, line.octets);
    }
}

static bool read_zone(struct inventory_zone *zone, const char *line, size_t octets)
{
    struct word words[WORDS_MAX];
    int64_t n[5];
    const size_t count = split(words, line, octets);
    if (count != WORDS_MAX || !is(words[0], "zone") || words[1].octets > INVENTORY_NAME_MAX
        || !read_numbers(words, count, 3, 5, n))
        return false;
    *zone = (struct inventory_zone){.served = !is(words[2], "failed"),
                                    .stale = is(words[2], "stale"),
                                    .serial = (uint32_t)n[0],
                                    .rrs = (uint64_t)n[1],
                                    .octets = (uint64_t)n[2],
                                    .loaded = n[3],
                                    .signatures_expire = n[4]};
    memcpy(zone->name, words[1].at, words[1].octets);
    return true;
}

bool inventory_next(struct inventory_zone *zone, const char *text, size_t octets, size_t *at)
{
    while (*at < octets) {
        const struct word line = next_line(text, octets, at);
        if (read_zone(zone, line.at, line.octets))
            return true;
    }
    return false;
}
