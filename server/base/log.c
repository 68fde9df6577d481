/* log.c -- the process's log */
#include "server/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    MESSAGE_MAX = 4096,      /* octets of a message before escapes; the rest is cut */
    LINE_MAX_OCTETS = 16384, /* of a line; escapes seldom make a message longer */
    NOTE_MAX = 8192,
};

/* The log of the process. Threads read it while the main loop changes it: each field is whole
 * by itself, and `fd` keeps its number when the file behind it is replaced (dup3 swaps it in
 * one step), so that no line goes astray and no lock is held in a write(). */
static struct {
    _Atomic int fd;
    _Atomic int level;
    _Atomic int format;
    _Atomic bool journal;
    char program[32]; /* set before there are threads */
    char *path;       /* the main loop's; NULL: standard error */
} the_log = {.fd = STDERR_FILENO, .level = LOG_LEVEL_INFO};

static const char *const level_names[] = {"debug", "info", "notice", "warning", "error"};

bool log_level_from_text(const char *text, enum log_level *level)
{
    for (unsigned i = 0; i < sizeof level_names / sizeof level_names[0]; i++) {
        if (strcasecmp(text, level_names[i]) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

/* True where standard error is the journal: JOURNAL_STREAM alone isn't enough, since a child of
 * a service may have its standard error elsewhere (systemd.exec(5)). */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat status;
    char expected[64];
    if (stream == NULL || fstat(STDERR_FILENO, &status) != 0)
        return false;
    snprintf(expected, sizeof expected, "%llu:%llu", (unsigned long long)status.st_dev,
             (unsigned long long)status.st_ino);
    return strcmp(stream, expected) == 0;
}

/* A descriptor for `path`, or another one of standard error. */
static int open_target(const char *path)
{
    const int fd = path == NULL
                       ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
                       : open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
    return fd < 0 ? -errno : fd;
}

/* Puts `fresh` behind the number the threads write to. */
static int swap_target(int fresh)
{
    const int fd = atomic_load(&the_log.fd);
    if (fd == STDERR_FILENO) {
        atomic_store(&the_log.fd, fresh);
        return 0;
    }
    const int err = dup3(fresh, fd, O_CLOEXEC) < 0 ? -errno : 0;
    close(fresh);
    return err;
}

int log_open(const char *program, enum log_level level, enum log_format format,
             const char *path)
{
    char *copy = path == NULL ? NULL : strdup(path);
    if (path != NULL && copy == NULL)
        return -ENOMEM;
    const int fresh = open_target(path);
    const int err = fresh < 0 ? fresh : swap_target(fresh);
    if (err != 0) {
        free(copy);
        return err;
    }
    free(the_log.path);
    the_log.path = copy;
    if (strcmp(the_log.program, program) != 0) /* not at a reload: there are threads then */
        snprintf(the_log.program, sizeof the_log.program, "%s", program);
    atomic_store(&the_log.level, (int)level);
    atomic_store(&the_log.format, (int)format);
    atomic_store(&the_log.journal, path == NULL && stderr_is_journal());
    return 0;
}

int log_reopen(void)
{
    if (the_log.path == NULL)
        return 0;
    const int fresh = open_target(the_log.path);
    return fresh < 0 ? fresh : swap_target(fresh);
}

/* A line as it grows; what doesn't fit is left out. */
struct line {
    size_t len;
    char octets[LINE_MAX_OCTETS];
};

static void put(struct line *line, const char *octets, size_t len)
{
    /* Room is kept for what ends a line of either form. */
    if (len > sizeof line->octets - 16 - line->len)
        return;
    memcpy(line->octets + line->len, octets, len);
    line->len += len;
}

static void put_text(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

/* The octets of the UTF-8 character at `at` that may stand in a log as it is; 0 for control
 * characters (C0, DEL, C1) and for what isn't UTF-8 (RFC 3629 section 4). */
static size_t printable(const uint8_t *at, size_t left)
{
    const uint8_t first = at[0];
    if (first < 0x80)
        return first >= 0x20 && first != 0x7f;
    const size_t len = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || left < len)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    const bool control = first == 0xc2 && at[1] < 0xa0;
    const bool overlong = (first == 0xe0 && at[1] < 0xa0) || (first == 0xf0 && at[1] < 0x90);
    const bool beyond = (first == 0xed && at[1] >= 0xa0) || (first == 0xf4 && at[1] >= 0x90);
    return control || overlong || beyond ? 0 : len;
}

/* Text: \n, \t and \xHH for what isn't printable. JSON: its escapes; an octet that is no UTF-8
 * becomes the code point of its value, so that nothing is lost. */
static void put_escaped(struct line *line, const char *message, size_t len, bool json)
{
    const uint8_t *at = (const uint8_t *)message;
    char escape[8];
    for (size_t i = 0; i < len;) {
        const size_t whole = printable(at + i, len - i);
        if (whole > 0 && !(json && (at[i] == '"' || at[i] == '\\'))) {
            put(line, message + i, whole);
            i += whole;
            continue;
        }
        if (at[i] == '\n')
            snprintf(escape, sizeof escape, "\\n");
        else if (at[i] == '\t')
            snprintf(escape, sizeof escape, "\\t");
        else if (whole > 0)
            snprintf(escape, sizeof escape, "\\%c", message[i]);
        else
            snprintf(escape, sizeof escape, json ? "\\u%04x" : "\\x%02x", at[i]);
        put_text(line, escape);
        i++;
    }
}

static void put_time(struct line *line)
{
    struct timespec now;
    struct tm utc;
    char day[32], text[48];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text, sizeof text, "%s.%03dZ", day, (int)(now.tv_nsec / 1000000));
    put_text(line, text);
}

static void put_json(struct line *line, enum log_level level, const char *message, size_t len)
{
    put_text(line, "{\"time\":\"");
    put_time(line);
    put_text(line, "\",\"level\":\"");
    put_text(line, level_names[level]);
    put_text(line, "\",\"program\":\"");
    put_escaped(line, the_log.program, strlen(the_log.program), true);
    put_text(line, "\",\"message\":\"");
    put_escaped(line, message, len, true);
    memcpy(line->octets + line->len, "\"}", 2);
    line->len += 2;
}

/* The journal stamps lines itself, and reads their priority (sd-daemon(3)) from "<N>". */
static void put_level(struct line *line, enum log_level level, bool journal)
{
    static const char *const priority[] = {"<7>", "<6>", "<5>", "<4>", "<3>"};
    if (journal) {
        put_text(line, priority[level]);
        return;
    }
    put_time(line);
    put_text(line, " ");
    put_text(line, level_names[level]);
    put_text(line, " ");
}

static bool write_whole(int fd, const struct line *line)
{
    ssize_t written;
    do
        written = write(fd, line->octets, line->len);
    while (written < 0 && errno == EINTR);
    return written == (ssize_t)line->len;
}

static void write_line(enum log_level level, const char *message, size_t len)
{
    struct line line;
    line.len = 0;
    const bool journal = atomic_load(&the_log.journal);
    if (atomic_load(&the_log.format) == LOG_FORMAT_JSON) {
        if (journal)
            put_level(&line, level, true);
        put_json(&line, level, message, len);
    } else {
        put_level(&line, level, journal);
        put_escaped(&line, message, len, false);
    }
    line.octets[line.len++] = '\n';

    /* A file that can't be written (a full disk) is no reason to stop answering, nor to keep
     * silent. */
    if (!write_whole(atomic_load(&the_log.fd), &line) && !journal)
        write_whole(STDERR_FILENO, &line);
}

void log_line(enum log_level level, const char *format, ...)
{
    if ((int)level < atomic_load(&the_log.level))
        return;
    const int saved_errno = errno;
    char message[MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (len >= 0)
        write_line(level, message,
                   (size_t)len < sizeof message ? (size_t)len : sizeof message - 1);
    errno = saved_errno;
}

static void log_note(const struct note *note)
{
    const enum log_level level =
        note->severity == SEVERITY_ERROR ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING;
    char rendered[NOTE_MAX];
    note_render(note, rendered, sizeof rendered);
    /* Without a place it begins with its severity, which the line begins with already. */
    const char *at = note->file == NULL ? strchr(rendered, ' ') + 1 : rendered;
    while (*at != '\0') {
        const size_t len = strcspn(at, "\n");
        log_line(level, "%.*s", (int)len, at);
        at += len + (at[len] == '\n');
    }
}

void log_notes(const struct notes *notes)
{
    size_t errors = 0, warnings = 0;
    for (size_t i = 0; i < notes->count; i++) {
        const bool error = notes->note[i].severity == SEVERITY_ERROR;
        errors += error;
        warnings += !error;
        log_note(&notes->note[i]);
    }
    if (notes->errors > errors)
        log_error("and %zu errors more", notes->errors - errors);
    if (notes->warnings > warnings)
        log_warning("and %zu warnings more", notes->warnings - warnings);
}
