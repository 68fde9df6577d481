/* audit.c -- see audit.h */
#include "server/sidecar/audit.h"

#include "server/base/log.h"
#include "server/sidecar/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What can't be read, as a pipe, has no line of before. */
static bool ends_within_a_line(const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    const off_t octets = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    char last = '\n';
    const bool torn = octets > 0 && pread(fd, &last, 1, octets - 1) == 1 && last != '\n';
    if (fd >= 0)
        close(fd);
    return torn;
}

int audit_open(struct audit *audit, const char *path)
{
    if (path == NULL) {
        audit_close(audit);
        return 0;
    }
    char *copy = strdup(path);
    FILE *file = copy == NULL ? NULL : fopen(path, "ae");
    if (file == NULL) {
        const int err = copy == NULL ? -ENOMEM : -errno;
        free(copy);
        return err;
    }
    setvbuf(file, NULL, _IOFBF, RECORD_LINE_MAX);
    audit_close(audit);
    *audit = (struct audit){.path = copy, .file = file, .torn = ends_within_a_line(path)};
    return 0;
}

void audit_reopen(struct audit *audit)
{
    if (audit->path == NULL)
        return;
    char *path = strdup(audit->path);
    const int err = path == NULL ? -ENOMEM : audit_open(audit, path);
    if (err != 0)
        log_error("can't open %s again: %s", audit->path, strerror(-err));
    free(path);
}

void audit_close(struct audit *audit)
{
    if (audit->file != NULL)
        fclose(audit->file);
    free(audit->path);
    *audit = (struct audit){.path = NULL};
}

static void begin_line(struct audit *audit)
{
    if (audit->torn)
        fputc('\n', audit->file);
}

/* A full disk is told once; the route matters more than its history. */
static void end_line(struct audit *audit)
{
    const bool failed = fflush(audit->file) != 0 || ferror(audit->file);
    if (failed && !audit->told)
        log_error("can't write to %s: %s", audit->path, strerror(errno));
    audit->told = audit->torn = failed;
    clearerr(audit->file);
}

void audit_decision(struct audit *audit, const struct group *group, const struct decision *d)
{
    if (audit->file == NULL)
        return;
    begin_line(audit);
    fprintf(audit->file, "{\"group\":\"%s\",", group->name);
    report_decision(audit->file, d);
    fputs(",\"signals\":", audit->file);
    report_signals(audit->file, group);
    fputs(",\"thresholds\":", audit->file);
    report_thresholds(audit->file, group);
    fputs(",\"guard\":", audit->file);
    report_guard(audit->file, group);
    fprintf(audit->file, ",\"route\":\"%s\",\"progress\":\"%s\",\"operator\":\"%s\"",
            route_to_text(group->route.route), progress_to_text(group->route.progress),
            operator_word_to_text(group->verdict.word));
    fputs("}\n", audit->file);
    end_line(audit);
}

void audit_record(struct audit *audit, const struct group *group)
{
    if (audit->file == NULL)
        return;
    begin_line(audit);
    record_write(audit->file, &group->record);
    end_line(audit);
}
