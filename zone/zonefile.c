/* zonefile.c -- zones from master files */
#include "zone/zonefile.h"

#include "zone/reading.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ATTEMPTS = 3 }; /* at a file that changes while it's read */

static int add_file(void *context, const char *path)
{
    return builder_file(context, path);
}

static int add_record(void *context, const struct name *owner, uint16_t type, uint32_t ttl,
                      const uint8_t *rdata, uint16_t rdata_octets, struct place place)
{
    return builder_add(context, owner, type, ttl, rdata, rdata_octets, place);
}

/* Sets the line of those notes that concern line `number` of `file`. */
static void set_line(struct notes *notes, size_t from, const char *file, uint32_t number,
                     const char *line, size_t len)
{
    for (size_t i = from; i < notes->count; i++) {
        struct note *note = &notes->note[i];
        if (note->text == NULL && note->line == number && note->file != NULL
            && strcmp(note->file, file) == 0)
            notes_set_text(note, line, len);
    }
}

/* The next line of `file` after `after` that a note wants, 0 for none. */
static uint32_t next_wanted(const struct notes *notes, size_t from, const char *file,
                            uint32_t after)
{
    uint32_t next = 0;
    for (size_t i = from; i < notes->count; i++) {
        const struct note *note = &notes->note[i];
        if (note->text == NULL && note->line > after && (next == 0 || note->line < next)
            && note->file != NULL && strcmp(note->file, file) == 0)
            next = note->line;
    }
    return next;
}

/* The builder knows the places of records, not their lines; those are read again, from `stream`. */
static void set_lines(struct notes *notes, size_t from, const char *file, FILE *stream)
{
    uint32_t wanted = next_wanted(notes, from, file, 0);
    char *line = NULL;
    size_t size = 0;
    for (uint32_t number = 1; wanted != 0; number++) {
        ssize_t len = getline(&line, &size, stream);
        if (len < 0)
            break;
        if (number != wanted)
            continue;
        while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
            len--;
        set_line(notes, from, file, number, line, (size_t)len);
        wanted = next_wanted(notes, from, file, number);
    }
    free(line);
}

static void set_lines_from_files(struct notes *notes, size_t from,
                                 const struct sources *sources)
{
    for (size_t i = 0; i < sources->count; i++) {
        const char *path = sources->source[i].path;
        if (next_wanted(notes, from, path, 0) == 0)
            continue;
        FILE *stream = fopen(path, "re");
        if (stream == NULL)
            continue;
        set_lines(notes, from, path, stream);
        fclose(stream);
    }
}

/* Passes progress on, and goes on telling it while the zone is built of what was read. */
struct watch {
    const struct zonefile_options *options; /* the caller's; NULL: none */
    struct zonefile_progress last;
};

static bool tell(void *context)
{
    struct watch *watch = context;
    return watch->options->progress(watch->options->context, &watch->last);
}

static bool note_progress(void *context, const struct zonefile_progress *progress)
{
    struct watch *watch = context;
    watch->last = *progress;
    return tell(watch);
}

/* A builder for the whole zone or, where there's a version to go on from, for what changed. */
static struct builder *make_builder(const struct name *apex, const struct zone *before)
{
    struct builder *builder = builder_new(apex);
    if (builder == NULL || before == NULL || builder_update(builder, before) == 0)
        return builder;
    builder_free(builder);
    return builder_new(apex);
}

static int load_once(struct zone **out, const char *path, const struct name *apex,
                     const struct zonefile_options *options, const struct zone *before,
                     struct sources *sources, struct notes *notes, bool *changed)
{
    *changed = false;
    struct builder *builder = make_builder(apex, before);
    if (builder == NULL)
        return -ENOMEM;
    const struct reading_sink sink = {
        .file = add_file, .record = add_record, .context = builder};
    const size_t errors = notes->errors, count = notes->count;
    struct watch watch = {.options = options};
    struct zonefile_options watched = {0};
    if (options != NULL)
        watched = *options;
    if (watched.progress != NULL) {
        watched.progress = note_progress;
        watched.context = &watch;
        builder_watch(builder, tell, &watch);
    }
    int err = reading_load(path, apex, &watched, &sink, sources, notes, changed);
    if (err == 0 && notes->errors != errors)
        err = -EBADMSG;
    if (err == 0 && !*changed)
        err = builder_finish(builder, out, notes);
    builder_free(builder);
    set_lines_from_files(notes, count, sources);
    return err;
}

int zonefile_load(struct zone **out, const char *path, const struct name *apex,
                  const struct zonefile_options *options, struct sources *sources,
                  struct notes *notes)
{
    const struct notes known = *notes;
    const struct zone *before = options == NULL ? NULL : options->before;
    for (unsigned attempt = 0; attempt < ATTEMPTS;) {
        bool changed;
        sources_fini(sources);
        const int err = load_once(out, path, apex, options, before, sources, notes, &changed);
        if (err == -E2BIG && before != NULL)
            before = NULL; /* too much changed: all of it is read once more, to be built */
        else if (!changed || err == -ECANCELED || err == -ENOMEM)
            return err;
        else
            attempt++;
        notes_rewind(notes, &known);
    }
    notes_add(notes, SEVERITY_ERROR, path, 0, 0, 0, NULL, 0,
              "it changed while it was read, %d times in a row", ATTEMPTS);
    return -EAGAIN;
}

int zonefile_parse(struct zone **out, const char *name, const char *text, size_t len,
                   const struct name *apex, struct notes *notes)
{
    struct builder *builder = builder_new(apex);
    if (builder == NULL)
        return -ENOMEM;
    const struct reading_sink sink = {
        .file = add_file, .record = add_record, .context = builder};
    const size_t errors = notes->errors, count = notes->count;
    int err = reading_parse(name, text, len, apex, &sink, notes);
    if (err == 0 && notes->errors != errors)
        err = -EBADMSG;
    if (err == 0)
        err = builder_finish(builder, out, notes);
    builder_free(builder);
    if (next_wanted(notes, count, name, 0) != 0) {
        FILE *stream = fmemopen((void *)(uintptr_t)text, len, "r");
        if (stream != NULL) {
            set_lines(notes, count, name, stream);
            fclose(stream);
        }
    }
    return err;
}
