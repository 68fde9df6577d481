/* image_queue.c -- which images are to be written, and when */
#include "server/maintain/image_queue.h"

#include "server/base/log.h"
#include "server/maintain/image_folder.h"
#include "server/maintain/image_packs.h"
#include "server/maintain/image_write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PACKS_MAX = 16,
    PACKS_SMALL = 16 * 1024 * 1024, /* octets that are never too many */
    RETRY_MS = 60000,
};

/* A file to be written. */
struct write {
    struct background_job job;
    struct image_queue *queue;
    struct write *next;
    unsigned pack; /* its number; 0: the image of one zone */
    bool full;     /* it has all small zones: older packs are of no use */
    char name[IMAGE_NAME_MAX];
    struct wants wants;
    int err;
};

static void drop_wants(struct wants *wants)
{
    for (size_t i = 0; i < wants->count; i++) {
        const struct image_wanted *wanted = &wants->wanted[i];
        if (wanted->owner != NULL)
            served_let_go(wanted->owner);
        else
            zone_free((struct zone *)(uintptr_t)wanted->zone);
    }
    free(wants->wanted);
    arena_fini(&wants->abouts);
    *wants = (struct wants){0};
}

static int grow(struct wants *wants)
{
    const size_t capacity = wants->capacity == 0 ? 1 : wants->capacity * 2;
    struct image_wanted *grown = realloc(wants->wanted, capacity * sizeof *grown);
    if (grown == NULL)
        return -ENOMEM;
    wants->wanted = grown;
    wants->capacity = capacity;
    return 0;
}

static int add_wanted(struct image_queue *queue, struct wants *wants, const struct zone *zone,
                      const struct sources *sources, struct image_demands demands)
{
    if (wants->count == wants->capacity && grow(wants) != 0)
        return -ENOMEM;
    if (wants->abouts.base == NULL && arena_init_small(&wants->abouts) != 0)
        return -ENOMEM;
    const size_t octets = image_about_octets(sources);
    const uint32_t about = arena_append(&wants->abouts, octets);
    if (about == 0)
        return -ENOMEM;
    image_about(arena_edit(&wants->abouts, about), zone, sources, demands);
    struct served *served = image_trials_find(queue->trials, zone);
    if (served != NULL)
        served_hold(served);
    else
        zone_hold(zone);
    wants->wanted[wants->count++] =
        (struct image_wanted){.zone = zone, .owner = served, .about_octets = octets};
    return 0;
}

/* Abouts lie one behind the other, and have moved until the last one was there. */
static void find_abouts(struct wants *wants)
{
    uint32_t at = 1; /* behind the sentinel */
    for (size_t i = 0; i < wants->count; i++) {
        wants->wanted[i].about = arena_at(&wants->abouts, at);
        at += (uint32_t)(arena_round(wants->wanted[i].about_octets) / ARENA_UNIT);
    }
}

int image_queue_lock(struct image_queue *queue)
{
    if (atomic_load(&queue->lock) >= 0)
        return 0;
    const int fd = image_folder_lock(queue->folder);
    if (fd < 0)
        return fd;
    atomic_store(&queue->lock, fd);
    return 0;
}

/* Packs that a full one makes useless. */
struct older {
    int folder;
    unsigned than;
};

static void remove_older(void *context, const char *name)
{
    const struct older *older = context;
    const unsigned number = image_pack_number(name);
    if (number != 0 && number < older->than)
        image_folder_remove(older->folder, name);
}

static bool cancelled(void *context)
{
    const struct background_job *job = context;
    return atomic_load(&job->cancel);
}

static void write_it(struct background_job *job)
{
    struct write *write = (struct write *)job;
    struct image_queue *queue = write->queue;
    const struct image_stop stop = {.stop = cancelled, .context = job};
    char marker[IMAGE_NAME_MAX];
    write->err = image_queue_lock(queue);
    if (write->err != 0)
        return;
    if (write->pack != 0) {
        write->err = image_write_pack(queue->folder, write->name, write->wants.wanted,
                                      write->wants.count, &stop);
        struct older older = {.folder = queue->folder, .than = write->pack};
        if (write->err == 0 && write->full)
            image_folder_walk(queue->folder, remove_older, &older);
        return;
    }
    write->err = image_write(queue->folder, write->name, write->wants.wanted, &stop);
    if (write->err == 0 && image_name(marker, &write->wants.wanted->zone->apex, TRIAL_ENDING))
        image_folder_remove(queue->folder, marker);
}

/* What couldn't be written is tried again now and then. */
static void retry(uv_timer_t *timer)
{
    struct image_queue *queue = timer->data;
    if (queue->roster != NULL)
        image_queue_flush(queue, queue->roster);
}

static void note_failure(struct image_queue *queue, const struct write *write)
{
    char failure[sizeof queue->failure];
    snprintf(failure, sizeof failure, "%.150s/images/%.60s: %s", queue->folder_name,
             write->name,
             write->err == -EBUSY ? "another pharosd writes there" : strerror(-write->err));
    if (strcmp(failure, queue->failure) != 0)
        log_error("can't write an image: %s; the next start has to load text", failure);
    memcpy(queue->failure, failure, sizeof failure);
    queue->again = true;
    uv_timer_start(&queue->retry, retry, RETRY_MS, 0);
}

static void write_over(struct background_job *job)
{
    struct write *write = (struct write *)job;
    struct image_queue *queue = write->queue;
    struct write **at = &queue->writes;
    while (*at != write)
        at = &(*at)->next;
    *at = write->next;
    if (atomic_load(&job->cancel))
        write->err = -ECANCELED;
    if (write->err == 0) {
        queue->written++;
        if (queue->failure[0] != '\0' && !queue->again) {
            log_notice("images are written again");
            queue->failure[0] = '\0';
        }
        log_debug("wrote %s, %zu zone%s", write->name, write->wants.count,
                  write->wants.count == 1 ? "" : "s");
    } else if (write->err != -ECANCELED) {
        note_failure(queue, write);
    }
    drop_wants(&write->wants);
    free(write);
}

/* Has the wanted zones, which become the write's, written. */
static void add_write(struct image_queue *queue, struct wants *wants, const char *name,
                      unsigned pack, bool full)
{
    struct write *write = calloc(1, sizeof *write);
    if (write == NULL) {
        drop_wants(wants);
        return;
    }
    write->queue = queue;
    write->pack = pack;
    write->full = full;
    snprintf(write->name, sizeof write->name, "%s", name);
    find_abouts(wants);
    write->wants = *wants;
    *wants = (struct wants){0};
    write->job.run = write_it;
    write->job.done = write_over;
    write->next = queue->writes;
    queue->writes = write;
    background_add(queue->background, &write->job, false);
}

/* A newer version makes an older one's image useless, and its memory is waited for. */
static void cancel_write(struct image_queue *queue, const char *name)
{
    for (struct write *write = queue->writes; write != NULL; write = write->next) {
        if (strcmp(write->name, name) == 0)
            atomic_store(&write->job.cancel, true);
    }
}

void image_queue_want(struct image_queue *queue, const struct zone *zone,
                      const struct sources *sources, struct image_demands demands)
{
    if (sources->count == 0)
        return;
    if (zone->arena.used <= queue->pack_octets) {
        add_wanted(queue, &queue->small, zone, sources, demands);
        return;
    }
    char name[IMAGE_NAME_MAX];
    struct wants one = {0};
    if (!image_name(name, &zone->apex, IMAGE_ENDING))
        return;
    cancel_write(queue, name);
    if (add_wanted(queue, &one, zone, sources, demands) == 0)
        add_write(queue, &one, name, 0, false);
    drop_wants(&one);
}

static bool is_whole(const struct roster_zone *entry)
{
    return entry->zone != NULL && zone_loaded(entry->zone) && entry->failure == NULL;
}

static struct image_demands demands_of(const struct roster_zone *entry)
{
    return (struct image_demands){.verify = entry->verify, .must = entry->verify_must};
}

static void want_all_small(struct image_queue *queue)
{
    drop_wants(&queue->small);
    for (const struct roster_zone *entry = roster_next(queue->roster, NULL); entry != NULL;
         entry = roster_next(queue->roster, entry)) {
        if (is_whole(entry) && entry->zone->arena.used <= queue->pack_octets)
            image_queue_want(queue, entry->zone, &entry->sources, demands_of(entry));
    }
}

static void want_all_large(struct image_queue *queue)
{
    for (const struct roster_zone *entry = roster_next(queue->roster, NULL); entry != NULL;
         entry = roster_next(queue->roster, entry)) {
        if (is_whole(entry) && entry->zone->arena.used > queue->pack_octets)
            image_queue_want(queue, entry->zone, &entry->sources, demands_of(entry));
    }
}

static uint64_t wanted_octets(const struct wants *wants)
{
    uint64_t octets = 0;
    for (size_t i = 0; i < wants->count; i++)
        octets += wants->wanted[i].about_octets + wants->wanted[i].zone->arena.used;
    return octets;
}

/* Whether so much of the packs is out of date that all is better written anew. */
static bool packs_are_stale(const struct image_queue *queue)
{
    const uint64_t total = queue->pack_total + wanted_octets(&queue->small);
    return queue->pack_files >= PACKS_MAX || total > 2 * queue->pack_base + PACKS_SMALL;
}

static void write_small(struct image_queue *queue, bool full)
{
    if (full)
        want_all_small(queue);
    const uint64_t octets = wanted_octets(&queue->small);
    queue->pack_base = full || queue->pack_files == 0 ? octets : queue->pack_base;
    queue->pack_total = full ? octets : queue->pack_total + octets;
    queue->pack_files = full ? 1 : queue->pack_files + 1;
    char name[IMAGE_NAME_MAX];
    snprintf(name, sizeof name, "%08u.pack", ++queue->pack_last);
    if (queue->small.count > 0)
        add_write(queue, &queue->small, name, queue->pack_last, full);
}

void image_queue_flush(struct image_queue *queue, const struct roster *roster)
{
    queue->roster = roster;
    const bool again = queue->again;
    queue->again = false;
    if (again)
        want_all_large(queue);
    if (again || queue->small.count > 0)
        write_small(queue, again || packs_are_stale(queue));
}

void image_queue_forget(struct image_queue *queue, const struct name *apex)
{
    char name[IMAGE_NAME_MAX];
    if (!image_name(name, apex, IMAGE_ENDING))
        return;
    cancel_write(queue, name);
    if (atomic_load(&queue->lock) >= 0)
        image_folder_remove(queue->folder, name);
}

void image_queue_found(struct image_queue *queue, const struct image_packs *packs)
{
    queue->pack_files = image_packs_count(packs);
    queue->pack_last = image_packs_last(packs);
    queue->pack_total = queue->pack_base = image_packs_octets(packs);
}

bool image_queue_may_write(const struct image_queue *queue)
{
    return atomic_load(&queue->lock) >= 0;
}

bool image_queue_writes(const struct image_queue *queue, const char *name)
{
    for (const struct write *write = queue->writes; write != NULL; write = write->next) {
        const size_t octets = strlen(write->name);
        if (strncmp(name, write->name, octets) == 0
            && strcmp(name + octets, IMAGE_NEW_ENDING) == 0)
            return true;
    }
    return false;
}

void image_queue_init(struct image_queue *queue, uv_loop_t *loop)
{
    uv_timer_init(loop, &queue->retry);
    queue->retry.data = queue;
    uv_unref((uv_handle_t *)&queue->retry);
    atomic_init(&queue->lock, -1);
}

void image_queue_close(struct image_queue *queue)
{
    uv_close((uv_handle_t *)&queue->retry, NULL);
}

void image_queue_fini(struct image_queue *queue)
{
    drop_wants(&queue->small);
    const int lock = atomic_load(&queue->lock);
    if (lock >= 0)
        close(lock);
}
