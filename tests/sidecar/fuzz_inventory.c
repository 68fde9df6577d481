/* fuzz_inventory.c -- whatever pharosd's control socket says, the page stays a page
 * Each line is a comment of the four kinds or a sample: a name, labels, one space, a number. */
#include "server/sidecar/inventory.h"
#include "server/sidecar/metrics.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t octets);

/* The end of the quoted value that begins at `at`; NULL where it has none on this line. */
static const char *skip_value(const char *at)
{
    for (at++; *at != '"'; at++) {
        if (*at == '\\')
            at++;
        if (*at == '\0' || *at == '\n')
            return NULL;
    }
    return at + 1;
}

static const char *skip_labels(const char *at)
{
    if (*at != '{')
        return at;
    do {
        at = strchr(at, '"');
        at = at == NULL ? NULL : skip_value(at);
    } while (at != NULL && *at == ',');
    return at == NULL || *at != '}' ? NULL : at + 1;
}

/* The line after this one. */
static const char *check_line(const char *line)
{
    const char *end = strchr(line, '\n');
    if (end == NULL)
        abort();
    if (*line == '#')
        return end + 1;
    const char *at = skip_labels(line + strcspn(line, "{ \n"));
    if (at == NULL || *at != ' ')
        abort();
    char *after;
    strtod(at + 1, &after);
    if (after == at + 1 || after != end)
        abort();
    return end + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t octets)
{
    static struct metrics metrics = {.inventory_at = 1};
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    if (to == NULL)
        return 0;
    struct exposition e = {.to = to};
    metrics_write(&e, &metrics, (const char *)data, octets);
    if (fclose(to) != 0)
        return 0;
    for (const char *at = text; *at != '\0';)
        at = check_line(at);
    if (strlen(text) != len || strcmp(text + len - 6, "# EOF\n") != 0)
        abort();
    free(text);
    return 0;
}
