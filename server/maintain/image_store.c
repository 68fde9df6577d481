/* image_store.c -- the images of zones in state-dir */
#include "server/maintain/image_store.h"

#include "server/base/log.h"
#include "server/maintain/image_folder.h"
#include "server/maintain/image_packs.h"
#include "server/maintain/image_queue.h"
#include "server/maintain/image_trials.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct image_store {
    char *folder_name;
    int folder; /* -1: nothing can be kept */
    size_t eager_octets;
    struct background *background;
    struct image_trials trials;
    struct image_queue queue;
    struct image_packs *packs; /* during the first round */
    atomic_size_t used;
};

void image_store_read_packs(struct image_store *store)
{
    if (store->folder < 0 || store->packs != NULL || store->queue.roster != NULL)
        return;
    store->packs = image_packs_read(store->folder);
}

/* What image_store_load() looks for. */
struct wish {
    const struct name *apex;
    const char *path;
    struct image_demands demands;
    int64_t good_at;
};

static bool are_good(const struct signatures *signatures, int64_t at)
{
    return at == 0 || signatures->count == 0
           || (signatures_time(signatures->expiry, at) > at
               && signatures_time(signatures->inception, at) <= at);
}

/* Whether what was found is made of the text as it is, and verified as it should be. */
static bool is_current(const struct zone *zone, const struct sources *sources,
                       struct image_demands demands, const struct wish *wish)
{
    return zone->apex.octets == wish->apex->octets
           && memcmp(zone->apex.wire, wish->apex->wire, wish->apex->octets) == 0
           && demands.verify == wish->demands.verify && demands.must == wish->demands.must
           && are_good(&zone->signatures, wish->good_at)
           && strcmp(sources->source[0].path, wish->path) == 0 && !sources_changed(sources);
}

static int load_piece(struct image_store *store, const struct wish *wish, struct zone **zone,
                      struct sources *sources)
{
    struct image_demands was;
    if (store->packs == NULL)
        return -ENOENT;
    const int err = image_packs_load(store->packs, wish->apex, zone, sources, &was);
    if (err != 0 || is_current(*zone, sources, was, wish))
        return err;
    zone_free(*zone);
    sources_fini(sources);
    return -ESTALE;
}

/* On success the file is the trial's where `*kept` is set. */
static int read_image(struct image_store *store, const struct image_file *file, int fd,
                      struct zone *zone, bool *kept)
{
    *kept = false;
    int err = -ENOSPC;
    if (file->body_octets > store->eager_octets)
        err = image_trials_begin(&store->trials, file, fd, zone);
    *kept = err == 0;
    if (err == -ENOSPC)
        err = image_read_arena(file, zone);
    if (err == -EBADMSG)
        image_folder_give_up(store->folder, &zone->apex, "is damaged");
    return err;
}

static int load_opened(struct image_store *store, const struct image_file *file, int fd,
                       const struct wish *wish, struct zone **zone, struct sources *sources,
                       bool *kept)
{
    struct image_demands was;
    *kept = false;
    int err = image_about_read(file->about, file->about_octets, file->body_octets, zone,
                               sources, &was);
    if (err != 0)
        return err;
    err = is_current(*zone, sources, was, wish) ? read_image(store, file, fd, *zone, kept)
                                                : -ESTALE;
    if (err == 0)
        return 0;
    zone_free(*zone);
    sources_fini(sources);
    return err;
}

static int load_file(struct image_store *store, const struct wish *wish, struct zone **zone,
                     struct sources *sources)
{
    char name[IMAGE_NAME_MAX];
    if (!image_name(name, wish->apex, IMAGE_ENDING))
        return -ENAMETOOLONG;
    if (store->packs != NULL && !image_packs_file(store->packs, name))
        return -ENOENT;
    const int fd = image_folder_file(store->folder, name, false);
    if (fd < 0)
        return fd;
    struct image_file file;
    bool kept = false;
    int err = image_file_open(&file, fd);
    if (err == 0) {
        err = load_opened(store, &file, fd, wish, zone, sources, &kept);
        if (!kept)
            image_file_fini(&file);
    } else if (err == -EBADMSG || err == -ENODATA) {
        image_folder_give_up(store->folder, wish->apex, "is damaged");
    }
    if (!kept)
        close(fd);
    return err;
}

int image_store_load(struct image_store *store, const struct name *apex, const char *path,
                     struct image_demands demands, int64_t good_at, struct zone **zone,
                     struct sources *sources)
{
    const struct wish wish = {
        .apex = apex, .path = path, .demands = demands, .good_at = good_at};
    if (store->folder < 0)
        return -ENOENT;
    int err = load_piece(store, &wish, zone, sources);
    if (err == -ENOENT)
        err = load_file(store, &wish, zone, sources);
    if (err == 0)
        atomic_fetch_add(&store->used, 1);
    return err;
}

static bool ends_with(const char *name, const char *ending)
{
    const size_t len = strlen(name), tail = strlen(ending);
    return len > tail && strcmp(name + len - tail, ending) == 0;
}

/* Names of files are told from the roster's zones. */
struct sweep {
    struct image_store *store;
    const struct roster *roster;
};

static bool is_garbage(const struct sweep *sweep, const char *name)
{
    const struct image_store *store = sweep->store;
    struct name apex;
    /* Images of what this round loaded are being written already. */
    if (ends_with(name, IMAGE_NEW_ENDING))
        return !image_queue_writes(&store->queue, name);
    if (image_name_apex(name, TRIAL_ENDING, &apex))
        return !image_trials_has(&store->trials, &apex);
    if (!image_name_apex(name, IMAGE_ENDING, &apex))
        return false;
    const struct roster_zone *entry = roster_find(sweep->roster, &apex);
    if (entry == NULL)
        return true;
    return roster_zone_state(entry) == ROSTER_SERVED
           && entry->zone->arena.used <= store->queue.pack_octets;
}

static void remove_garbage(void *context, const char *name)
{
    const struct sweep *sweep = context;
    if (is_garbage(sweep, name))
        image_folder_remove(sweep->store->folder, name);
}

void image_store_loaded(struct image_store *store, const struct roster *roster, bool clean)
{
    struct sweep sweep = {.store = store, .roster = roster};
    if (store->folder < 0 || store->queue.roster != NULL)
        return;
    store->queue.roster = roster;
    if (store->packs != NULL)
        image_queue_found(&store->queue, store->packs);
    image_packs_free(store->packs);
    store->packs = NULL;
    if (clean && image_queue_may_write(&store->queue))
        image_folder_walk(store->folder, remove_garbage, &sweep);
}

void image_store_want(struct image_store *store, const struct zone *zone,
                      const struct sources *sources, struct image_demands demands)
{
    if (store->folder >= 0)
        image_queue_want(&store->queue, zone, sources, demands);
}

void image_store_flush(struct image_store *store, const struct roster *roster)
{
    if (store->folder < 0)
        return;
    image_trials_sweep(&store->trials);
    image_queue_flush(&store->queue, roster);
}

void image_store_forget(struct image_store *store, const struct name *apex)
{
    if (store->folder >= 0)
        image_queue_forget(&store->queue, apex);
}

void image_store_look(struct image_store *store)
{
    image_trials_look(&store->trials);
}

void *image_store_ticket(struct image_store *store, const struct zone *zone)
{
    return image_trials_find(&store->trials, zone);
}

void image_store_release(void *ticket)
{
    served_release(ticket);
}

struct image_status image_store_status(const struct image_store *store)
{
    const struct image_queue *queue = &store->queue;
    return (struct image_status){
        .written = queue->written,
        .used = atomic_load(&store->used),
        .trials = image_trials_count(&store->trials),
        .writing = queue->writes != NULL,
        .failure = queue->failure[0] != '\0' ? queue->failure : NULL,
    };
}

static void wake(void *context)
{
    image_store_look(context);
}

static void open_folder(struct image_store *store)
{
    struct image_queue *queue = &store->queue;
    store->folder = image_folder_open(store->folder_name);
    if (store->folder < 0) {
        snprintf(queue->failure, sizeof queue->failure, "%.150s/images: %s", store->folder_name,
                 strerror(-store->folder));
        log_error("can't keep images of zones in %s; each start has to load text",
                  queue->failure);
    }
}

static void set_up(struct image_store *store, uv_loop_t *loop,
                   const struct image_settings *settings)
{
    struct image_queue *queue = &store->queue;
    queue->folder = store->trials.folder = store->folder;
    queue->folder_name = store->folder_name;
    queue->background = store->trials.background = store->background;
    queue->trials = &store->trials;
    queue->pack_octets = settings->pack_octets != 0 ? settings->pack_octets : IMAGE_PACK_OCTETS;
    store->eager_octets =
        settings->eager_octets != 0 ? settings->eager_octets : IMAGE_EAGER_OCTETS;
    image_queue_init(queue, loop);
    const int err = store->folder < 0 ? 0 : image_queue_lock(queue);
    if (err != 0)
        log_warning("images in %s aren't written: %s", store->folder_name,
                    err == -EBUSY ? "another pharosd does" : strerror(-err));
}

struct image_store *image_store_new(uv_loop_t *loop, const struct image_settings *settings,
                                    bool (*lost)(void *context, const struct zone *zone),
                                    void *context)
{
    struct image_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return NULL;
    store->trials.lost = lost;
    store->trials.context = context;
    store->folder_name = strdup(settings->folder);
    const bool ready = store->folder_name != NULL && image_trials_init(&store->trials) == 0;
    store->background = ready ? background_new(loop, wake, store) : NULL;
    if (store->background == NULL) {
        free(store->folder_name);
        free(store);
        return NULL;
    }
    open_folder(store);
    set_up(store, loop, settings);
    return store;
}

void image_store_close(struct image_store *store)
{
    image_queue_close(&store->queue);
    background_close(store->background);
}

void image_store_free(struct image_store *store)
{
    if (store == NULL)
        return;
    image_queue_fini(&store->queue);
    image_packs_free(store->packs);
    background_free(store->background);
    image_trials_fini(&store->trials);
    if (store->folder >= 0)
        close(store->folder);
    free(store->folder_name);
    free(store);
}
