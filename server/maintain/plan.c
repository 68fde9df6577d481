/* plan.c -- what a round has to do */
#include "server/maintain/plan.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum {
    BATCH = 32, /* files of a folder that are looked at together */
    PATH_OCTETS = 4096,
};

/* Where the planner's wishes meet what there is. */
struct planner {
    struct plan *plan;
    const struct roster *roster;
    const struct config *config;
    const atomic_bool *cancel;
    size_t met; /* entries of the roster that are still wanted */
};

/* How a zone is configured. Its file's path is `path`, or `folder`, a slash and `path`: written out only for
 * those that are to be loaded. */
struct wish {
    const struct name *name;
    const char *folder; /* NULL: none; then the zone was found in it */
    int folder_fd;      /* AT_FDCWD: none */
    const char *path;
    uint8_t verify;
    uint8_t verify_must;
};

static bool grow(void **array, size_t *capacity, size_t count, size_t octets)
{
    if (count < *capacity)
        return true;
    const size_t wanted = *capacity == 0 ? 16 : *capacity * 2;
    void *grown = realloc(*array, wanted * octets);
    if (grown == NULL)
        return false;
    *array = grown;
    *capacity = wanted;
    return true;
}

static struct job *add_job(struct plan *plan, struct roster_zone *entry)
{
    void *array = plan->job;
    if (!grow(&array, &plan->jobs_capacity, plan->jobs, sizeof *plan->job))
        return NULL;
    plan->job = array;
    struct job *job = &plan->job[plan->jobs++];
    *job = (struct job){.entry = entry,
                        .from_dir = entry->from_dir,
                        .verify = entry->verify,
                        .verify_must = entry->verify_must};
    notes_init(&job->notes);
    return job;
}

/* A failed load is tried again each time: what was missing, such as an included file that
 * couldn't be opened, may have come without any file known so far having changed. */
static bool needs_load(const struct roster_zone *entry, int folder, const char *file)
{
    return entry->failure != NULL || entry->zone == NULL || !zone_loaded(entry->zone)
           || sources_changed_at(&entry->sources, folder, file);
}

static bool from_dir(const struct wish *wish)
{
    return wish->folder != NULL;
}

static bool same_path(const char *path, const struct wish *wish)
{
    if (wish->folder == NULL)
        return strcmp(path, wish->path) == 0;
    const size_t octets = strlen(wish->folder);
    return strncmp(path, wish->folder, octets) == 0 && path[octets] == '/'
           && strcmp(path + octets + 1, wish->path) == 0;
}

/* The caller's to free; or NULL. */
static char *path_of(const struct wish *wish)
{
    char *path = NULL;
    if (wish->folder == NULL)
        return strdup(wish->path);
    return asprintf(&path, "%s/%s", wish->folder, wish->path) < 0 ? NULL : path;
}

/* What is served may not have been verified as it should be now. */
static bool same_wish(const struct roster_zone *entry, const struct wish *wish)
{
    return from_dir(wish) == (entry->from_dir != 0) && wish->verify == entry->verify
           && wish->verify_must == entry->verify_must;
}

static int want_known(struct planner *planner, struct roster_zone *entry,
                      const struct wish *wish)
{
    struct plan *plan = planner->plan;
    const bool moved = !same_path(entry->path, wish);
    entry->round = plan->round;
    planner->met++;
    if (!moved && same_wish(entry, wish) && !needs_load(entry, wish->folder_fd, wish->path)) {
        plan->unchanged++;
        return 0;
    }
    struct job *job = add_job(plan, entry);
    if (job == NULL)
        return -ENOMEM;
    job->from_dir = from_dir(wish);
    job->verify = wish->verify;
    job->verify_must = wish->verify_must;
    if (moved) {
        job->path = path_of(wish);
        if (job->path == NULL)
            return -ENOMEM;
    }
    return 0;
}

static int want_fresh(struct plan *plan, const struct wish *wish)
{
    char *path = path_of(wish);
    if (path == NULL)
        return -ENOMEM;
    struct roster_zone *entry = roster_zone_new(wish->name, path, from_dir(wish));
    free(path);
    if (entry == NULL)
        return -ENOMEM;
    entry->verify = wish->verify;
    entry->verify_must = wish->verify_must;
    entry->round = plan->round;
    if (roster_insert(plan->fresh, entry) != 0) {
        roster_zone_free(entry);
        return -ENOMEM;
    }
    struct job *job = add_job(plan, entry);
    if (job == NULL)
        return -ENOMEM;
    job->fresh = true;
    return 0;
}

/* The first wish for a name counts: what is configured by name comes before what zone-dirs
 * hold. */
static int want(struct planner *planner, const struct wish *wish)
{
    struct plan *plan = planner->plan;
    struct roster_zone *entry = roster_find(planner->roster, wish->name);
    if (entry == NULL) {
        if (roster_find(plan->fresh, wish->name) != NULL)
            return 0;
        return want_fresh(plan, wish);
    }
    if (entry->round == plan->round)
        return 0;
    return want_known(planner, entry, wish);
}

static int want_configured(struct planner *planner, const struct config_zone *zone)
{
    const struct wish wish = {
        .name = &zone->name,
        .folder_fd = AT_FDCWD,
        .path = zone->file,
        .verify = (uint8_t)(zone->verify_own ? zone->verify : planner->config->verify),
        .verify_must = zone->verify_own,
    };
    return want(planner, &wish);
}

static const char suffix[] = ".zone";

/* The zone's name in NAME.zone; its length, or 0 for any other file. */
static size_t stem(const struct dirent *file)
{
    const size_t len = strlen(file->d_name);
    if (file->d_name[0] == '.' || file->d_type == DT_DIR || len < sizeof suffix)
        return 0;
    const size_t stem = len - (sizeof suffix - 1);
    return strcmp(file->d_name + stem, suffix) == 0 ? stem : 0;
}

/* A file of a folder. */
struct found {
    struct name name; /* of its zone */
    char file[sizeof((struct dirent *)NULL)->d_name];
};

struct folder {
    const char *path;
    DIR *stream;
    struct found found[BATCH];
    size_t count;
};

/* Wants the zones of the files found since the last time. A roster of a hundred thousand is in no cache: what
 * is known of these zones is fetched for all together. */
static int want_found(struct planner *planner, struct folder *folder)
{
    struct roster_zone *entry[BATCH];
    int err = 0;
    for (size_t i = 0; i < folder->count; i++)
        roster_prefetch(planner->roster, &folder->found[i].name);
    for (size_t i = 0; i < folder->count; i++)
        roster_prefetch_zone(planner->roster, &folder->found[i].name);
    for (size_t i = 0; i < folder->count; i++) {
        entry[i] = roster_find(planner->roster, &folder->found[i].name);
        if (entry[i] == NULL)
            continue;
        __builtin_prefetch(entry[i]->sources.source);
        __builtin_prefetch(entry[i]->path);
        __builtin_prefetch(entry[i]->zone);
    }
    for (size_t i = 0; err == 0 && i < folder->count; i++) {
        const struct wish wish = {.name = &folder->found[i].name,
                                  .folder = folder->path,
                                  .folder_fd = dirfd(folder->stream),
                                  .path = folder->found[i].file,
                                  .verify = (uint8_t)planner->config->verify};
        err = want(planner, &wish);
    }
    folder->count = 0;
    return err;
}

/* Takes a file among those found, if it's a zone's. Returns 0 or -ENOMEM. */
static int find(struct planner *planner, struct folder *folder, const struct dirent *file)
{
    const size_t len = stem(file);
    if (len == 0)
        return 0;
    assert(folder->count < BATCH);
    struct found *found = &folder->found[folder->count];
    memcpy(found->file, file->d_name, len);
    found->file[len] = '\0';
    const enum name_error error = name_from_string(&found->name, found->file);
    const bool long_path = strlen(folder->path) + 1 + len + sizeof suffix > PATH_OCTETS;
    if (error != NAME_OK || long_path) {
        char path[PATH_OCTETS];
        snprintf(path, sizeof path, "%s/%s", folder->path, file->d_name);
        notes_add(&planner->plan->notes, SEVERITY_WARNING, path, 0, 0, 1, NULL, 0,
                  "not served: \"%s\" is no name for a zone: %s", found->file,
                  error == NAME_OK ? "the path is too long" : name_strerror(error));
        return 0;
    }
    name_lower(found->name.wire, found->name.octets);
    memcpy(found->file + len, suffix, sizeof suffix);
    folder->count++;
    return folder->count == BATCH ? want_found(planner, folder) : 0;
}

static void dir_failed(struct plan *plan, const char *dir, int err)
{
    plan->incomplete = true;
    notes_add(&plan->notes, SEVERITY_ERROR, dir, 0, 0, 1, NULL, 0,
              "can't read this folder of zones: %s", strerror(err));
}

static bool cancelled(const struct planner *planner)
{
    return atomic_load_explicit(planner->cancel, memory_order_relaxed);
}

static int scan(struct planner *planner, const char *dir)
{
    struct folder folder = {.path = dir, .stream = opendir(dir)};
    if (folder.stream == NULL) {
        dir_failed(planner->plan, dir, errno);
        return 0;
    }
    int err = 0;
    while (err == 0) {
        errno = 0;
        const struct dirent *file = readdir(folder.stream);
        if (file == NULL) {
            if (errno != 0)
                dir_failed(planner->plan, dir, errno);
            break;
        }
        err = cancelled(planner) ? -ECANCELED : find(planner, &folder, file);
    }
    if (err == 0)
        err = want_found(planner, &folder);
    closedir(folder.stream);
    return err;
}

/* What the round didn't meet is gone, unless it may be in a folder that couldn't be read. */
static int find_gone(struct plan *plan, const struct roster *roster)
{
    for (struct roster_zone *entry = roster_next(roster, NULL); entry != NULL;
         entry = roster_next(roster, entry)) {
        if (entry->round == plan->round)
            continue;
        if (entry->from_dir && plan->incomplete) {
            plan->unchanged++;
            continue;
        }
        void *array = plan->gone;
        if (!grow(&array, &plan->gones_capacity, plan->gones, sizeof *plan->gone))
            return -ENOMEM;
        plan->gone = array;
        plan->gone[plan->gones++] = entry;
    }
    return 0;
}

static int plan_init(struct plan *plan)
{
    *plan = (struct plan){.fresh = roster_new()};
    notes_init(&plan->notes);
    return plan->fresh == NULL ? -ENOMEM : 0;
}

int plan_all(struct plan *plan, uint32_t round, const struct config *config,
             const struct roster *roster, const atomic_bool *cancel)
{
    int err = plan_init(plan);
    plan->round = round;
    struct planner planner = {
        .plan = plan, .roster = roster, .config = config, .cancel = cancel};
    for (size_t i = 0; err == 0 && i < config->zones; i++)
        err = cancelled(&planner) ? -ECANCELED : want_configured(&planner, &config->zone[i]);
    for (size_t i = 0; err == 0 && i < config->zone_dirs; i++)
        err = scan(&planner, config->zone_dir[i]);
    if (err != 0 || planner.met == roster_count(roster))
        return err;
    return find_gone(plan, roster);
}

int plan_one(struct plan *plan, struct roster_zone *entry)
{
    const int err = plan_init(plan);
    if (err != 0)
        return err;
    if (!needs_load(entry, AT_FDCWD, entry->path)) {
        plan->unchanged = 1;
        return 0;
    }
    return add_job(plan, entry) == NULL ? -ENOMEM : 0;
}

void plan_fini(struct plan *plan)
{
    for (size_t i = 0; i < plan->jobs; i++) {
        struct job *job = &plan->job[i];
        free(job->path);
        if (job->zone != NULL)
            zone_free(job->zone);
        sources_fini(&job->sources);
        notes_fini(&job->notes);
    }
    free(plan->job);
    free(plan->gone);
    roster_free(plan->fresh);
    notes_fini(&plan->notes);
}
