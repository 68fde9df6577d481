/* operator.c -- see operator.h */
#include "server/sidecar/operator.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_word(const char *text, enum operator_word *word)
{
    for (enum operator_word w = OPERATOR_HOLD; w <= OPERATOR_DOWN; w++) {
        if (strcmp(operator_word_to_text(w), text) == 0) {
            *word = w;
            return true;
        }
    }
    return false;
}

static bool read_wish(const char *text, enum wish *wish)
{
    for (enum wish w = WISH_NOTHING; w <= WISH_DOWN; w++) {
        if (strcmp(wish_to_text(w), text) == 0) {
            *wish = w;
            return true;
        }
    }
    return false;
}

static bool read_line(struct operator_words *words, const char *line)
{
    struct operator_entry entry = {0};
    char word[16], held[16], more;
    _Static_assert(GROUP_NAME_MAX == 32, "in the format below");
    const int got = sscanf(line, "%32s %15s %15s %c", entry.group, word, held, &more);
    if ((got != 2 && got != 3) || words->count == GROUPS_MAX || !read_word(word, &entry.word)
        || (got == 3 && !read_wish(held, &entry.held)))
        return false;
    words->entry[words->count++] = entry;
    return true;
}

int operator_load(struct operator_words *words, const char *folder)
{
    words->count = 0;
    int err = keep_path(words->path, folder, "route.words");
    if (err != 0)
        return err;
    FILE *file = fopen(words->path, "re");
    if (file == NULL)
        return errno == ENOENT ? 0 : -errno;
    char line[128];
    while (err == 0 && fgets(line, sizeof(line), file) != NULL)
        err = read_line(words, line) ? 0 : -EBADMSG;
    if (err == 0 && ferror(file))
        err = -errno;
    fclose(file);
    if (err != 0)
        words->count = 0;
    return err;
}

struct operator_entry operator_find(const struct operator_words *words, const char *group)
{
    for (size_t i = 0; i < words->count; i++) {
        if (strcmp(words->entry[i].group, group) == 0)
            return words->entry[i];
    }
    return (struct operator_entry){.word = OPERATOR_NONE};
}

static int save(const struct operator_words *words)
{
    char *text = NULL;
    size_t octets = 0;
    FILE *to = open_memstream(&text, &octets);
    if (to == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < words->count; i++) {
        const struct operator_entry *e = &words->entry[i];
        fprintf(to, "%s %s %s\n", e->group, operator_word_to_text(e->word),
                wish_to_text(e->held));
    }
    const int err =
        fclose(to) != 0 ? -ENOMEM : keep_write(words->path, text, octets, KEEP_SYNCED);
    free(text);
    return err;
}

static void forget(struct operator_words *words, const char *group)
{
    for (size_t i = 0; i < words->count; i++) {
        if (strcmp(words->entry[i].group, group) == 0)
            words->entry[i--] = words->entry[--words->count];
    }
}

static bool add(struct operator_words *words, const char *group, enum operator_word word,
                enum wish held)
{
    if (words->count == GROUPS_MAX)
        return false;
    struct operator_entry *entry = &words->entry[words->count++];
    *entry = (struct operator_entry){.word = word, .held = held};
    snprintf(entry->group, sizeof(entry->group), "%s", group);
    return true;
}

void operator_hold(struct operator_words *words, const char *group)
{
    forget(words, group);
    add(words, group, OPERATOR_HOLD, WISH_NOTHING);
}

int operator_say(struct operator_words *words, const char *group, enum operator_word word,
                 enum wish held)
{
    struct operator_words next = *words;
    forget(&next, group);
    if (word != OPERATOR_NONE && !add(&next, group, word, held))
        return -ENOSPC;
    const int err = save(&next);
    if (err == 0)
        *words = next;
    return err;
}
