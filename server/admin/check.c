/* check.c -- pharosd --check-config */
#include "server/admin/check.h"

#include "server/base/store.h"
#include "server/maintain/maintain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check {
    struct maintain *maintain;
    int status;
};

static void print_refused(const struct job *job)
{
    char name[NAME_TEXT_MAX];
    if (job->entry->failure != NULL)
        fprintf(stderr, "zone %s: can't be loaded\n", roster_name_text(job->entry->wire, name));
}

static void checked(void *context, const struct maintain_outcome *outcome)
{
    struct check *check = context;
    if (outcome->err != 0) {
        fprintf(stderr, "pharosd: can't load zones: %s\n", strerror(-outcome->err));
        return;
    }
    notes_print(outcome->notes, stderr);
    for (size_t i = 0; i < outcome->jobs; i++) {
        notes_print(&outcome->job[i].notes, stderr);
        print_refused(&outcome->job[i]);
    }
    if (maintain_well(outcome)) {
        printf("configuration and %zu zone%s are well\n", outcome->loaded,
               outcome->loaded == 1 ? "" : "s");
        check->status = EXIT_SUCCESS;
    } else {
        printf("%zu of %zu zones can't be loaded\n", outcome->refused, outcome->jobs);
    }
}

static void run(uv_loop_t *loop, const struct config *config, struct check *check)
{
    if (maintain_all(check->maintain, config, checked, check) == 0)
        uv_run(loop, UV_RUN_DEFAULT);
    maintain_close(check->maintain);
    uv_run(loop, UV_RUN_DEFAULT);
}

int check_zones(const struct config *config, unsigned threads)
{
    struct check check = {.status = EXIT_FAILURE};
    uv_loop_t loop;
    struct store *store = store_new(0);
    if (store == NULL || uv_loop_init(&loop) != 0) {
        store_free(store);
        fputs("pharosd: out of memory\n", stderr);
        return EXIT_FAILURE;
    }
    check.maintain = maintain_new(&loop, store, threads);
    if (check.maintain != NULL)
        run(&loop, config, &check);
    maintain_free(check.maintain);
    store_free(store);
    uv_loop_close(&loop);
    return check.status;
}
