/* log.h -- the process's log
 * Lines on standard error, or a file that SIGUSR1 reopens: "2026-01-02T03:04:05.678Z level message"
 * or one JSON object a line. Under systemd (JOURNAL_STREAM is set) the time is left out and the
 * level is a "<N>" prefix. Control octets are escaped, so no input can forge a line. Thread-safe:
 * one write() a line. What a file can't take (a full disk) goes to standard error. Nothing is logged
 * per packet. */
#ifndef PHAROS_SERVER_BASE_LOG_H
#define PHAROS_SERVER_BASE_LOG_H

#include "zone/notes.h"

#include <stdbool.h>

enum log_level {
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_NOTICE,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_ERROR
};
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/* Reads a level's name. */
bool log_level_from_text(const char *text, enum log_level *level);

/* Sets up; `path` NULL means standard error. May be called again at a reload. Returns 0 or a
 * negative errno, with the log as it was. */
int log_open(const char *program, enum log_level level, enum log_format format,
             const char *path);

/* Opens the file of log_open() again (after rotation). */
int log_reopen(void);

/* One line; a newline inside becomes its escape. */
void log_line(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* All notes, a line each line of them, at the level of their severity. */
void log_notes(const struct notes *notes);

#define log_debug(...)   log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...)    log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_notice(...)  log_line(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_error(...)   log_line(LOG_LEVEL_ERROR, __VA_ARGS__)

#endif
