/* checkzone.c -- pharos-checkzone: checks a zone as pharosd would load it, for people and for CI */
#include "zone/name.h"
#include "zone/node.h"
#include "zone/rrtype.h"
#include "zone/trie.h"
#include "zone/verify.h"
#include "zone/zonefile.h"
#include "zone/zonemd.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_GOOD = 0, EXIT_WARNED = 1, EXIT_REFUSED = 2 };

static const char usage[] =
    "usage: pharos-checkzone [-W] [-q] [--json] [--dnssec] [--time TIME] NAME FILE\n"
    "\n"
    "Checks the zone NAME in the master file FILE as pharosd would load it, and its ZONEMD "
    "where it\n"
    "has one. Mistakes go to standard error, a summary to standard output.\n"
    "\n"
    "  -W, --warnings   exit with status 1 where there are warnings alone\n"
    "  -q, --quiet      no summary and no progress\n"
    "      --json       one JSON object on standard output, mistakes included\n"
    "      --dnssec     verify all signatures, and the chain of NSEC or NSEC3\n"
    "      --time TIME  check signatures as at TIME, not now: YYYYMMDDHHmmSS, or seconds since "
    "1970\n"
    "  -h, --help       this text\n"
    "  -V, --version    the version\n"
    "\n"
    "Exit status: 0 the zone is good, 1 it has warnings (with -W), 2 it has errors.\n";

struct arguments {
    bool warnings, quiet, json, dnssec;
    int64_t now; /* seconds since 1970 */
    const char *name, *file;
};

/* RRsets of each type. */
struct counts {
    const struct zone *zone;
    uint64_t rrsets[UINT16_MAX + 1];
};

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ------------------------------------------------------------------------------------ progress */

struct progress {
    const char *name;
    double start, last;
    bool terminal;
    bool shown;
    bool quiet;
};

enum { PROGRESS_AFTER_S = 2, PROGRESS_LINE_EVERY_S = 5 };

/* A line that's written over on a terminal, and a line every few seconds elsewhere. */
static bool show_progress(void *context, const struct zonefile_progress *now)
{
    struct progress *progress = context;
    const double at = seconds_now();
    const double every = progress->terminal ? 0.2 : PROGRESS_LINE_EVERY_S;
    if (progress->quiet || at - progress->start < PROGRESS_AFTER_S
        || at - progress->last < every)
        return false;
    progress->last = at;
    progress->shown = true;
    fprintf(stderr, "%s%s: ", progress->terminal ? "\r" : "", progress->name);
    if (now->octets <= now->octets_total) /* a pipe's size isn't known */
        fprintf(stderr, "%.0f %%, ", 100 * (double)now->octets / (double)now->octets_total);
    fprintf(stderr, "%" PRIu64 " RRs, %.0f RRs/s%s%s", now->rrs,
            (double)now->rrs / (at - progress->start), now->all ? "; building" : "",
            progress->terminal ? "\033[K" : "\n");
    return false;
}

static void end_progress(const struct progress *progress)
{
    if (progress->shown && progress->terminal)
        fputs("\r\033[K", stderr);
}

/* ------------------------------------------------------------------------------------- summary */

static int count_node(void *context, uint32_t value)
{
    struct counts *counts = context;
    const struct node *node = zone_node(counts->zone, value);
    const struct block *block = node_first(node);
    for (unsigned i = 0; i < node->blocks; i++, block = block_next(block)) {
        if (block->type != BLOCK_GLUE && block->count > 0)
            counts->rrsets[block->type]++;
        if (block->sig_count > 0)
            counts->rrsets[RRTYPE_RRSIG]++;
    }
    return 0;
}

/* A trie that is only walked needs no keys. */
static size_t no_key(const void *context, uint32_t value, uint8_t key[NAME_KEY_MAX])
{
    (void)context;
    (void)value;
    (void)key;
    return 0;
}

static void count_rrsets(struct counts *counts, struct zone *zone)
{
    counts->zone = zone;
    const uint32_t roots[] = {zone->version.root, zone->version.nsec3_root};
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        const struct trie trie = {.arena = &zone->arena, .key_of = no_key, .root = roots[i]};
        if (roots[i] != 0)
            trie_walk(&trie, count_node, counts);
    }
}

static void print_summary(const struct arguments *arguments, const struct zone *zone,
                          const struct counts *counts, const struct notes *notes,
                          double seconds)
{
    if (zone == NULL || notes->errors > 0) {
        printf("%s: refused: %zu errors, %zu warnings, %.2f s\n", arguments->name,
               notes->errors, notes->warnings, seconds);
        return;
    }
    printf("%s: good: serial %" PRIu32 ", %zu warnings, %.2f s\n", arguments->name,
           zone->version.serial, notes->warnings, seconds);
    if (zone->signatures.count > 0) {
        char expiry[TIME_TEXT_MAX];
        printf("signed%s: the first signatures expire at %s\n",
               arguments->dnssec ? " and verified" : "",
               signatures_time_text(signatures_time(zone->signatures.expiry, arguments->now),
                                    expiry));
    }
    printf("%" PRIu64 " RRs, %" PRIu64 " names, %" PRIu64 " RRsets:", zone->rrs, zone->names,
           zone->rrsets);
    const char *separator = " ";
    for (unsigned type = 0; type <= UINT16_MAX; type++) {
        if (counts->rrsets[type] == 0)
            continue;
        char text[RRTYPE_TEXT_MAX];
        rrtype_to_text((uint16_t)type, text);
        printf("%s%s %" PRIu64, separator, text, counts->rrsets[type]);
        separator = ", ";
    }
    printf("\n");
}

/* Notes and type names are ASCII already, but a command line needn't be UTF-8: what isn't ASCII is
 * written as the character of the octet's number. */
static void print_json_string(const char *text)
{
    if (text == NULL) {
        fputs("null", stdout);
        return;
    }
    putchar('"');
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < ' ' || c > '~')
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

static void print_json_note(const struct note *note)
{
    printf("{\"severity\":\"%s\",\"file\":",
           note->severity == SEVERITY_ERROR ? "error" : "warning");
    print_json_string(note->file);
    printf(",\"line\":%" PRIu32 ",\"column\":%" PRIu32 ",\"width\":%" PRIu32 ",\"message\":",
           note->line, note->column, note->width);
    print_json_string(note->message);
    printf(",\"text\":");
    print_json_string(note->text);
    printf(",\"hint\":");
    print_json_string(note->hint);
    putchar('}');
}

static void print_json(const struct arguments *arguments, const struct zone *zone,
                       const struct counts *counts, const struct notes *notes, double seconds)
{
    printf("{\"zone\":");
    print_json_string(arguments->name);
    printf(",\"file\":");
    print_json_string(arguments->file);
    printf(",\"good\":%s,\"errors\":%zu,\"warnings\":%zu,\"seconds\":%.3f",
           zone == NULL || notes->errors > 0 ? "false" : "true", notes->errors, notes->warnings,
           seconds);
    if (zone != NULL && zone->signatures.count > 0) {
        char expiry[TIME_TEXT_MAX];
        printf(",\"signatures_expire\":\"%s\"",
               signatures_time_text(signatures_time(zone->signatures.expiry, arguments->now),
                                    expiry));
    }
    if (zone != NULL) {
        printf(",\"serial\":%" PRIu32 ",\"rrs\":%" PRIu64 ",\"names\":%" PRIu64
               ",\"rrsets\":%" PRIu64 ",\"types\":{",
               zone->version.serial, zone->rrs, zone->names, zone->rrsets);
        const char *separator = "";
        for (unsigned type = 0; type <= UINT16_MAX; type++) {
            if (counts->rrsets[type] == 0)
                continue;
            char text[RRTYPE_TEXT_MAX];
            rrtype_to_text((uint16_t)type, text);
            printf("%s\"%s\":%" PRIu64, separator, text, counts->rrsets[type]);
            separator = ",";
        }
        putchar('}');
    }
    printf(",\"notes\":[");
    for (size_t i = 0; i < notes->count; i++) {
        if (i > 0)
            putchar(',');
        print_json_note(&notes->note[i]);
    }
    printf("]}\n");
}

static void print_left_out(const struct notes *notes)
{
    size_t kept[2] = {0};
    for (size_t i = 0; i < notes->count; i++)
        kept[notes->note[i].severity]++;
    if (notes->warnings > kept[SEVERITY_WARNING])
        fprintf(stderr, "and %zu more warnings\n", notes->warnings - kept[SEVERITY_WARNING]);
    if (notes_full(notes))
        fprintf(stderr, "too many errors: the rest wasn't looked at\n");
}

/* ---------------------------------------------------------------------------------------- main */

/* What goes beyond loading: digest and signatures. */
static int verify(const struct arguments *arguments, const struct zone *zone,
                  struct notes *notes)
{
    const struct verify_options options = {.now = arguments->now};
    const int digest = zonemd_verify(zone, false, arguments->file, notes);
    if (digest != 0 && digest != -EBADMSG)
        return digest;
    const int err = arguments->dnssec ? zone_verify(zone, &options, arguments->file, notes) : 0;
    if (err == 0)
        signatures_warn(zone, arguments->now, SIGNATURES_WARN_S, arguments->file, notes);
    return err != 0 ? err : digest;
}

static int check(const struct arguments *arguments, const struct name *apex)
{
    struct progress progress = {.name = arguments->name,
                                .start = seconds_now(),
                                .terminal = isatty(STDERR_FILENO) == 1,
                                .quiet = arguments->quiet};
    const struct zonefile_options options = {.progress = show_progress, .context = &progress};
    struct sources sources = {0};
    struct notes notes;
    notes_init(&notes);
    struct zone *zone = NULL;
    int err = zonefile_load(&zone, arguments->file, apex, &options, &sources, &notes);
    if (err == 0)
        err = verify(arguments, zone, &notes);
    const double seconds = seconds_now() - progress.start;
    end_progress(&progress);
    if (err != 0 && notes.errors == 0)
        notes_add(&notes, SEVERITY_ERROR, arguments->file, 0, 0, 0, NULL, 0, "%s",
                  strerror(-err));

    struct counts *counts = calloc(1, sizeof *counts);
    if (counts == NULL) {
        fprintf(stderr, "out of memory\n");
        return EXIT_REFUSED;
    }
    if (zone != NULL)
        count_rrsets(counts, zone);
    if (arguments->json) {
        print_json(arguments, zone, counts, &notes, seconds);
    } else {
        notes_print(&notes, stderr);
        print_left_out(&notes);
        if (!arguments->quiet)
            print_summary(arguments, zone, counts, &notes, seconds);
    }

    int status = err != 0 ? EXIT_REFUSED : EXIT_GOOD;
    if (status == EXIT_GOOD && arguments->warnings && notes.warnings > 0)
        status = EXIT_WARNED;
    if (fflush(stdout) != 0) {
        perror("standard output");
        status = EXIT_REFUSED;
    }
    free(counts);
    if (zone != NULL)
        zone_free(zone);
    sources_fini(&sources);
    notes_fini(&notes);
    return status;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"warnings", no_argument, NULL, 'W'},   {"quiet", no_argument, NULL, 'q'},
        {"json", no_argument, NULL, 'j'},       {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},    {"dnssec", no_argument, NULL, 'd'},
        {"time", required_argument, NULL, 't'}, {NULL, 0, NULL, 0},
    };
    struct arguments arguments = {.now = time(NULL)};
    for (int option; (option = getopt_long(argc, argv, "WqhV", options, NULL)) != -1;) {
        switch (option) {
        case 'W':
            arguments.warnings = true;
            break;
        case 'q':
            arguments.quiet = true;
            break;
        case 'j':
            arguments.json = true;
            break;
        case 'd':
            arguments.dnssec = true;
            break;
        case 't':
            if (!signatures_time_from_text(optarg, &arguments.now)) {
                fprintf(stderr, "pharos-checkzone: no time: \"%s\"\n", optarg);
                fputs(usage, stderr);
                return EXIT_REFUSED;
            }
            break;
        case 'h':
            fputs(usage, stdout);
            return EXIT_GOOD;
        case 'V':
            puts("pharos-checkzone " PHAROS_VERSION);
            return EXIT_GOOD;
        default:
            fputs(usage, stderr);
            return EXIT_REFUSED;
        }
    }
    if (argc - optind != 2) {
        fputs(usage, stderr);
        return EXIT_REFUSED;
    }
    arguments.name = argv[optind];
    arguments.file = argv[optind + 1];

    struct name apex;
    const enum name_error error = name_from_string(&apex, arguments.name);
    if (error != NAME_OK) {
        fprintf(stderr, "pharos-checkzone: the zone's name: %s\n", name_strerror(error));
        fputs(usage, stderr);
        return EXIT_REFUSED;
    }
    return check(&arguments, &apex);
}
