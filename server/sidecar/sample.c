/* sample.c -- see sample.h */
#include "server/sidecar/sample.h"

const char *route_to_text(enum route route)
{
    static const char *const text[] = {"unknown", "up", "drain", "fresh", "down", "withdrawn"};
    return text[route];
}

const char *wish_to_text(enum wish wish)
{
    static const char *const text[] = {"nothing", "up", "drain", "down"};
    return text[wish];
}

const char *health_to_text(enum health health)
{
    static const char *const text[] = {"unknown", "gone", "hung", "not serving", "serving"};
    return text[health];
}

const char *operator_word_to_text(enum operator_word word)
{
    static const char *const text[] = {"none", "hold", "drain", "force-up", "force-down"};
    return text[word];
}
