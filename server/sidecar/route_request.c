/* route_request.c -- see route_request.h */
#include "server/sidecar/route_request.h"

#include <string.h>

static const struct {
    const char *text;
    enum route_command command;
} commands[] = {
    {"route", ROUTE_COMMAND_SHOW},
    {"drain", ROUTE_COMMAND_DRAIN},
    {"undrain", ROUTE_COMMAND_UNDRAIN},
    {"hold", ROUTE_COMMAND_HOLD},
    {"release", ROUTE_COMMAND_RELEASE},
    {"force-up", ROUTE_COMMAND_FORCE_UP},
    {"force-down", ROUTE_COMMAND_FORCE_DOWN},
};

static bool find(const char *word, size_t len, enum route_command *command)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strlen(commands[i].text) == len && memcmp(commands[i].text, word, len) == 0) {
            *command = commands[i].command;
            return true;
        }
    }
    return false;
}

bool route_request_is(const char *line)
{
    enum route_command command;
    return find(line, strcspn(line, " \n"), &command);
}

static const char *take_word(struct route_request *request, const char *word, size_t len)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    if (request->json
        || (request->group[0] != '\0' && (len != 4 || memcmp(word, "json", 4) != 0)))
        return "the command has too many words";
    if (len == 4 && memcmp(word, "json", 4) == 0) {
        request->json = true;
        return NULL;
    }
    if (len == 0 || len > GROUP_NAME_MAX || strspn(word, allowed) < len)
        return "that is no name of a group";
    memcpy(request->group, word, len);
    return NULL;
}

const char *route_request_parse(struct route_request *request, const char *line)
{
    *request = (struct route_request){0};
    size_t len = strcspn(line, " ");
    if (!find(line, len, &request->command))
        return "there's no such command";
    for (const char *at = line + len; *at != '\0'; at += len) {
        at++;
        len = strcspn(at, " ");
        const char *wrong = take_word(request, at, len);
        if (wrong != NULL)
            return wrong;
    }
    return NULL;
}
