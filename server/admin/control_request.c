/* control_request.c -- what a client asks the control socket */
#include "server/admin/control_request.h"

#include <string.h>

struct word {
    const char *at;
    size_t len;
};

enum { WORDS_MAX = 3 };

static const struct {
    const char *text;
    enum control_command command;
} commands[] = {
    {"status", CONTROL_STATUS},       {"zones", CONTROL_ZONES},
    {"stats", CONTROL_STATS},         {"stop", CONTROL_STOP},
    {"reload", CONTROL_RELOAD},       {"upgrade", CONTROL_UPGRADE},
    {"inventory", CONTROL_INVENTORY}, {"inventory-zones", CONTROL_INVENTORY_ZONES},
};

static bool is(struct word word, const char *text)
{
    return word.len == strlen(text) && memcmp(word.at, text, word.len) == 0;
}

/* Splits at single spaces; -1 where a word is empty, isn't printable ASCII, or there are too
 * many. */
static int split(struct word words[WORDS_MAX], const char *line, size_t len)
{
    int count = 0;
    size_t begin = 0;
    for (size_t i = 0; i <= len; i++) {
        if (i < len && line[i] > ' ' && line[i] < 0x7f)
            continue;
        if ((i < len && line[i] != ' ') || i == begin || count == WORDS_MAX)
            return -1;
        words[count++] = (struct word){line + begin, i - begin};
        begin = i + 1;
    }
    return count;
}

static bool find(struct word word, enum control_command *command)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (is(word, commands[i].text)) {
            *command = commands[i].command;
            return true;
        }
    }
    return false;
}

static const char *read_name(struct control_request *request, struct word word)
{
    char text[NAME_TEXT_MAX];
    if (word.len >= sizeof text)
        return "the zone's name is too long";
    memcpy(text, word.at, word.len);
    text[word.len] = '\0';
    const enum name_error error = name_from_string(&request->name, text);
    if (error != NAME_OK)
        return name_strerror(error);
    name_lower(request->name.wire, request->name.octets);
    request->named = true;
    return NULL;
}

static const char *read_seconds(struct control_request *request, struct word word)
{
    unsigned seconds = 0;
    for (size_t i = 0; i < word.len && seconds <= CONTROL_SECONDS_MAX; i++) {
        if (word.at[i] < '0' || word.at[i] > '9')
            return "the time to wait isn't a number of seconds";
        seconds = seconds * 10 + (unsigned)(word.at[i] - '0');
    }
    request->seconds = seconds;
    return seconds == 0 || seconds > CONTROL_SECONDS_MAX
               ? "the time to wait is none of 1 to 86400 seconds"
               : NULL;
}

const char *control_request_parse(struct control_request *request, const char *line, size_t len)
{
    *request = (struct control_request){.seconds = CONTROL_SECONDS};
    struct word words[WORDS_MAX];
    int count = split(words, line, len);
    if (count < 1)
        return "the request isn't a line of words";
    if (!find(words[0], &request->command))
        return "there's no such command";
    if (count > 1 && is(words[count - 1], "json")) {
        request->json = true;
        count--;
    }
    if (count == 1)
        return NULL;
    if (count == 2 && request->command == CONTROL_RELOAD)
        return read_name(request, words[1]);
    if (count == 2 && request->command == CONTROL_UPGRADE)
        return read_seconds(request, words[1]);
    return "the command has too many words";
}
