/* audit.c -- see audit.h */
#include "server/sidecar/audit.h"

#include "server/base/log.h"
#include "server/sidecar/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
    *audit = (struct audit){.path = copy, .file = file};
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

/* A full disk is told once; the route matters more than its history. */
static void end_line(struct audit *audit)
{
    const bool failed = fflush(audit->file) != 0 || ferror(audit->file);
    if (failed && !audit->told)
        log_error("can't write to %s: %s", audit->path, strerror(errno));
    audit->told = failed;
    clearerr(audit->file);
}

void audit_decision(struct audit *audit, const struct group *group, const struct decision *d)
{
    if (audit->file == NULL)
        return;
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
    record_write(audit->file, &group->record);
    end_line(audit);
}
