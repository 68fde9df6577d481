/* plan.c -- what a round has to do */
#include "server/maintain/plan.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Where the planner's wishes meet what there is. */
struct planner {
    struct plan *plan;
    const struct roster *roster;
    const struct config *config;
};

/* How a zone is configured. */
struct wish {
    const struct name *name;
    const char *path;
    bool from_dir;
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
static bool needs_load(const struct roster_zone *entry)
{
    return entry->failure != NULL || entry->zone == NULL || !zone_loaded(entry->zone)
           || sources_changed(&entry->sources);
}

/* What is served may not have been verified as it should be now. */
static bool same_wish(const struct roster_zone *entry, const struct wish *wish)
{
    return wish->from_dir == (entry->from_dir != 0) && wish->verify == entry->verify
           && wish->verify_must == entry->verify_must;
}

static int want_known(struct plan *plan, struct roster_zone *entry, const struct wish *wish)
{
    const bool moved = strcmp(entry->path, wish->path) != 0;
    entry->round = plan->round;
    if (!moved && same_wish(entry, wish) && !needs_load(entry)) {
        plan->unchanged++;
        return 0;
    }
    struct job *job = add_job(plan, entry);
    if (job == NULL)
        return -ENOMEM;
    job->from_dir = wish->from_dir;
    job->verify = wish->verify;
    job->verify_must = wish->verify_must;
    if (moved) {
        job->path = strdup(wish->path);
        if (job->path == NULL)
            return -ENOMEM;
    }
    return 0;
}

static int want_fresh(struct plan *plan, const struct wish *wish)
{
    struct roster_zone *entry = roster_zone_new(wish->name, wish->path, wish->from_dir);
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
    return want_known(plan, entry, wish);
}

static int want_configured(struct planner *planner, const struct config_zone *zone)
{
    const struct wish wish = {
        .name = &zone->name,
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

static int want_file(struct planner *planner, const char *dir, const struct dirent *file)
{
    const size_t len = stem(file);
    if (len == 0)
        return 0;
    char path[4096];
    const int octets = snprintf(path, sizeof path, "%s/%s", dir, file->d_name);
    char text[sizeof file->d_name];
    memcpy(text, file->d_name, len);
    text[len] = '\0';
    struct name name;
    const enum name_error error = name_from_string(&name, text);
    if (error != NAME_OK || octets < 0 || (size_t)octets >= sizeof path) {
        notes_add(&planner->plan->notes, SEVERITY_WARNING, path, 0, 0, 1, NULL, 0,
                  "not served: \"%s\" is no name for a zone: %s", text,
                  error == NAME_OK ? "the path is too long" : name_strerror(error));
        return 0;
    }
    name_lower(name.wire, name.octets);
    const struct wish wish = {.name = &name,
                              .path = path,
                              .from_dir = true,
                              .verify = (uint8_t)planner->config->verify};
    return want(planner, &wish);
}

static void dir_failed(struct plan *plan, const char *dir, int err)
{
    plan->incomplete = true;
    notes_add(&plan->notes, SEVERITY_ERROR, dir, 0, 0, 1, NULL, 0,
              "can't read this folder of zones: %s", strerror(err));
}

static int scan(struct planner *planner, const char *dir)
{
    DIR *folder = opendir(dir);
    if (folder == NULL) {
        dir_failed(planner->plan, dir, errno);
        return 0;
    }
    int err = 0;
    while (err == 0) {
        errno = 0;
        const struct dirent *file = readdir(folder);
        if (file == NULL) {
            if (errno != 0)
                dir_failed(planner->plan, dir, errno);
            break;
        }
        err = want_file(planner, dir, file);
    }
    closedir(folder);
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
             const struct roster *roster)
{
    int err = plan_init(plan);
    plan->round = round;
    struct planner planner = {.plan = plan, .roster = roster, .config = config};
    for (size_t i = 0; err == 0 && i < config->zones; i++)
        err = want_configured(&planner, &config->zone[i]);
    for (size_t i = 0; err == 0 && i < config->zone_dirs; i++)
        err = scan(&planner, config->zone_dir[i]);
    return err == 0 ? find_gone(plan, roster) : err;
}

int plan_one(struct plan *plan, struct roster_zone *entry)
{
    const int err = plan_init(plan);
    if (err != 0)
        return err;
    if (!needs_load(entry)) {
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
