/* bird_reply.c -- see bird_reply.h */
#include "server/sidecar/bird_reply.h"

#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct bird_line read_line(struct bird_reader *reader)
{
    const char *line = reader->line;
    if (line[0] == '+')
        return (struct bird_line){.kind = BIRD_NOTICE, .text = line + 1};
    if (line[0] == ' ')
        return (struct bird_line){.kind = BIRD_MORE, .code = reader->code, .text = line + 1};
    unsigned code = 0;
    for (size_t i = 0; i < 4; i++) {
        if (!is_digit(line[i]))
            return (struct bird_line){.kind = BIRD_NONSENSE, .text = line};
        code = code * 10 + (unsigned)(line[i] - '0');
    }
    if (line[4] != ' ' && line[4] != '-')
        return (struct bird_line){.kind = BIRD_NONSENSE, .text = line};
    reader->code = code;
    return (struct bird_line){
        .kind = line[4] == ' ' ? BIRD_LAST : BIRD_MORE, .code = code, .text = line + 5};
}

bool bird_reader_take(struct bird_reader *reader, char octet, struct bird_line *line)
{
    if (octet != '\n') {
        if (reader->filled < BIRD_LINE_MAX - 1)
            reader->line[reader->filled++] = octet;
        return false;
    }
    reader->line[reader->filled] = '\0';
    reader->filled = 0;
    *line = read_line(reader);
    return true;
}

/* Columns: name, protocol, table, state, since, information. */
bool bird_protocol_is_up(const struct bird_line *line)
{
    char state[8];
    return line->kind == BIRD_MORE && line->code == BIRD_PROTOCOL
           && sscanf(line->text, "%*s %*s %*s %7s", state) == 1
           && (strcmp(state, "up") == 0 || strcmp(state, "start") == 0);
}

bool bird_notice_matters(const struct bird_line *line)
{
    static const char *const beginnings[] = {"Reconfigured", "Enabling protocol",
                                             "Disabling protocol", "Restarting protocol"};
    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
        if (strncmp(line->text, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    }
    return false;
}
