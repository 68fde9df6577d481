/* image_trials.c -- the zones that are on trial, or were */
#include "server/maintain/image_trials.h"

#include "server/base/log.h"
#include "server/maintain/image_folder.h"
#include "server/maintain/roster.h"
#include "server/maintain/trial.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A zone that is on trial, or was: what its memory is made of. */
struct served {
    struct background_job job; /* the sweep */
    struct trial trial;
    struct image_trials *trials;
    struct served *next;
    int marker;       /* holds its file; -1: there's none any more */
    unsigned holders; /* the zone's user, and the sweep */
    bool swept;       /* the sweep was begun, */
    bool sweeping;    /* and isn't over */
    bool aside;       /* its image was set aside, */
    bool told;        /* and its loss told */
    int err;          /* of the sweep; its thread's until it's over */
};

/* Loads put new ones before it meanwhile; only the main loop takes any out. */
static struct served *first_served(const struct image_trials *trials)
{
    uv_mutex_t *mutex = (uv_mutex_t *)(uintptr_t)&trials->mutex;
    uv_mutex_lock(mutex);
    struct served *first = trials->first;
    uv_mutex_unlock(mutex);
    return first;
}

void served_let_go(struct served *served)
{
    if (--served->holders > 0)
        return;
    trial_end(&served->trial);
    if (served->marker >= 0)
        close(served->marker);
    free(served);
}

static void unmark(struct served *served)
{
    char marker[IMAGE_NAME_MAX];
    if (served->marker < 0)
        return;
    if (image_name(marker, &served->trial.zone->apex, TRIAL_ENDING))
        image_folder_remove(served->trials->folder, marker);
    close(served->marker);
    served->marker = -1;
}

static void alarm_raised(void *context)
{
    const struct served *served = context;
    background_wake(served->trials->background);
}

static void add_served(struct image_trials *trials, struct served *served)
{
    uv_mutex_lock(&trials->mutex);
    served->next = trials->first;
    trials->first = served;
    uv_mutex_unlock(&trials->mutex);
}

int image_trials_begin(struct image_trials *trials, const struct image_file *file, int fd,
                       struct zone *zone)
{
    char marker[IMAGE_NAME_MAX];
    struct served *served = calloc(1, sizeof *served);
    if (served == NULL || !image_name(marker, &zone->apex, TRIAL_ENDING)) {
        free(served);
        return -ENOMEM;
    }
    const int held = image_folder_mark(trials->folder, marker);
    if (held == -EEXIST)
        image_folder_give_up(trials->folder, &zone->apex,
                             "was on trial already when the server ended");
    /* Without a marker the next start couldn't know, and that of a server which runs, such as the one that is to
     * be taken over, isn't ours: then all is verified before it's served. */
    if (held < 0) {
        free(served);
        return held == -EEXIST ? held : -ENOSPC;
    }
    served->trials = trials;
    served->marker = held;
    served->holders = 1;
    served->trial.alarm = alarm_raised;
    served->trial.context = served;
    const int err = trial_begin(&served->trial, zone, file, fd);
    if (err == 0) {
        add_served(trials, served);
        return 0;
    }
    image_folder_remove(trials->folder, marker);
    close(held);
    free(served);
    return err;
}

static bool cancelled(void *context)
{
    const struct background_job *job = context;
    return atomic_load(&job->cancel);
}

static void sweep(struct background_job *job)
{
    struct served *served = (struct served *)job;
    served->err = trial_sweep(&served->trial, cancelled, job);
}

/* A trial that is broken off says nothing against the image. */
static void sweep_over(struct background_job *job)
{
    struct served *served = (struct served *)job;
    char text[NAME_TEXT_MAX];
    served->sweeping = false;
    if (atomic_load(&job->cancel))
        served->err = -ECANCELED;
    if (served->err == 0)
        log_info("zone %s: its image is verified",
                 roster_name_text(served->trial.zone->apex.wire, text));
    if (served->err == 0 || served->err == -ECANCELED)
        unmark(served);
    else
        image_trials_look(served->trials);
    served_let_go(served);
}

void image_trials_sweep(struct image_trials *trials)
{
    for (struct served *served = first_served(trials); served != NULL; served = served->next) {
        if (served->swept)
            continue;
        served->swept = served->sweeping = true;
        served->holders++;
        served->job.run = sweep;
        served->job.done = sweep_over;
        background_add(trials->background, &served->job, true);
    }
}

/* Gives a zone up whose image is damaged: that goes first, so that it isn't found when the text is loaded. */
static void give_up(struct image_trials *trials, struct served *served, int err)
{
    char why[80];
    snprintf(why, sizeof why, "%s%s", err == -EBADMSG ? "is damaged" : "can't be read: ",
             err == -EBADMSG ? "" : strerror(-err));
    if (!served->aside)
        image_folder_give_up(trials->folder, &served->trial.zone->apex, why);
    served->aside = true;
    served->holders++; /* `lost` may release it */
    served->told = trials->lost(trials->context, served->trial.zone);
    served_let_go(served);
}

void image_trials_look(struct image_trials *trials)
{
    for (struct served *served = first_served(trials); served != NULL;) {
        struct served *next = served->next;
        const int err = atomic_load(&served->trial.err);
        if (err != 0 && !served->told)
            give_up(trials, served, err);
        served = next;
    }
}

struct served *image_trials_find(struct image_trials *trials, const struct zone *zone)
{
    struct served *served = first_served(trials);
    while (served != NULL && served->trial.zone != zone)
        served = served->next;
    return served;
}

void served_hold(struct served *served)
{
    served->holders++;
}

void served_release(struct served *served)
{
    struct image_trials *trials = served->trials;
    uv_mutex_lock(&trials->mutex);
    struct served **at = &trials->first;
    while (*at != served)
        at = &(*at)->next;
    *at = served->next;
    uv_mutex_unlock(&trials->mutex);
    atomic_store(&served->job.cancel, true);
    if (!served->swept && !served->aside)
        unmark(served);
    served_let_go(served);
}

bool image_trials_has(const struct image_trials *trials, const struct name *apex)
{
    const struct served *served = first_served(trials);
    while (served != NULL && !name_equal(served->trial.zone->apex.wire, apex->wire))
        served = served->next;
    return served != NULL;
}

size_t image_trials_count(const struct image_trials *trials)
{
    size_t count = 0;
    for (const struct served *served = first_served(trials); served != NULL;
         served = served->next)
        count += served->sweeping;
    return count;
}

int image_trials_init(struct image_trials *trials)
{
    trials->first = NULL;
    return uv_mutex_init(&trials->mutex) == 0 ? 0 : -ENOMEM;
}

void image_trials_fini(struct image_trials *trials)
{
    uv_mutex_destroy(&trials->mutex);
}
