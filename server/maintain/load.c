/* load.c -- carries out the jobs of a plan */
#include "server/maintain/load.h"

#include "server/base/fault.h"
#include "zone/signatures.h"
#include "zone/verify.h"
#include "zone/zonemd.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

void load_init(struct load *load, struct plan *plan)
{
    memset(load, 0, sizeof *load);
    load->plan = plan;
    for (size_t i = 0; i < LOAD_THREADS_MAX; i++)
        load->slot[i].cancel = &load->cancel;
}

static bool progressed(void *context, const struct zonefile_progress *progress)
{
    struct load_slot *slot = context;
    atomic_store_explicit(&slot->octets, progress->octets, memory_order_relaxed);
    atomic_store_explicit(&slot->octets_total, progress->octets_total, memory_order_relaxed);
    atomic_store_explicit(&slot->rrs, progress->rrs, memory_order_relaxed);
    return atomic_load_explicit(slot->cancel, memory_order_relaxed);
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct comparison {
    const struct zone *a, *b;
    bool same;
};

static void compare(void *context)
{
    struct comparison *comparison = context;
    const struct zone *a = comparison->a, *b = comparison->b;
    /* Arenas that were made of equal texts at once are equal, octet for octet. */
    comparison->same = (a->arena.used == b->arena.used
                        && memcmp(a->arena.base, b->arena.base, a->arena.used) == 0)
                    || zone_same(a, b);
}

/* What can't be read, of an image on trial, isn't equal. */
static bool same_content(const struct zone *a, const struct zone *b)
{
    struct comparison comparison = {.a = a, .b = b};
    return a->version.serial == b->version.serial && fault_guard(compare, &comparison)
           && comparison.same;
}

/* Serial numbers are compared as RFC 1982 section 3.2 has it. Secondaries and caches that watch
 * the serial miss such a change, but the operator who made it means it. */
static void check_serial(struct job *job, const char *path)
{
    const uint32_t was = job->entry->zone->version.serial;
    const uint32_t is = job->zone->version.serial;
    if (is == was)
        notes_add(&job->notes, SEVERITY_WARNING, path, 0, 0, 1, NULL, 0,
                  "the content changed, but the serial is still %u", is);
    else if (is - was >= UINT32_C(1) << 31)
        notes_add(&job->notes, SEVERITY_WARNING, path, 0, 0, 1, NULL, 0,
                  "the serial went back from %u to %u", was, is);
}

static void explain(struct job *job, const char *path)
{
    struct note *note = NULL;
    if (job->notes.errors == 0)
        note = notes_add(&job->notes, SEVERITY_ERROR, path, 0, 0, 1, NULL, 0, "%s",
                         strerror(-job->err));
    else if (job->notes.count > 0)
        note = &job->notes.note[job->notes.count - 1];
    if (job->err == -EACCES && note != NULL && note->hint == NULL)
        notes_hint(note, "the server runs as user %u, who must be able to read it",
                   (unsigned)geteuid());
}

static bool cancelled(void *context)
{
    const struct load_slot *slot = context;
    return atomic_load_explicit(slot->cancel, memory_order_relaxed);
}

/* What is configured to be verified of a zone before it's served. */
static int verify(struct job *job, const struct zone *zone, const char *path, int64_t now,
                  struct load_slot *slot)
{
    const struct verify_options options = {.now = now, .cancelled = cancelled, .context = slot};
    const bool must = job->verify_must != 0;
    if (job->verify == VERIFY_OFF)
        return 0;
    /* Signatures cover the digest: where they must be there, it need not be. */
    int err = zonemd_verify(zone, must && job->verify == VERIFY_ZONEMD, path, &job->notes);
    if (err == 0 && job->verify == VERIFY_DNSSEC && (must || zone_is_signed(zone)))
        err = zone_verify(zone, &options, path, &job->notes);
    return err;
}

static void drop(struct job *job)
{
    zone_free(job->zone);
    job->zone = NULL;
}

/* A zone that isn't served yet may come from its image. Signatures that were verified must be good still. */
static bool load_image(struct job *job, struct load *load, const struct name *apex,
                       const char *path, int64_t now)
{
    const struct image_demands demands = {.verify = job->verify, .must = job->verify_must};
    const struct zone *old = job->entry->zone;
    if (load->images == NULL || (old != NULL && zone_loaded(old)))
        return false;
    job->from_image = image_store_load(load->images, apex, path, demands,
                                       job->verify == VERIFY_DNSSEC ? now : 0, &job->zone,
                                       &job->sources)
                      == 0;
    return job->from_image;
}

/* What signatures_warn() takes. */
struct warning {
    struct job *job;
    const char *path;
    int64_t now, within_s;
};

static void warn(void *context)
{
    const struct warning *warning = context;
    signatures_warn(warning->job->zone, warning->now, warning->within_s, warning->path,
                    &warning->job->notes);
}

static void load_job(struct job *job, struct load *load, struct load_slot *slot)
{
    const int64_t now = time(NULL);
    const char *path = job->path != NULL ? job->path : job->entry->path;
    const struct zone *old = job->entry->zone;
    const struct zonefile_options options = {
        .before = old, .files_only = true, .progress = progressed, .context = slot};
    struct name apex;
    name_from_wire(&apex, job->entry->wire, true);

    const double begin = now_s();
    if (load_image(job, load, &apex, path, now)) {
        struct warning warning = {
            .job = job, .path = path, .now = now, .within_s = load->signatures_warn_s};
        fault_guard(warn, &warning); /* it reads the zone before it notes anything */
        job->seconds = now_s() - begin;
        return;
    }
    job->err = zonefile_load(&job->zone, path, &apex, &options, &job->sources, &job->notes);
    job->same = job->err == -EALREADY;
    const struct zone *zone = job->same ? old : job->zone;
    if (job->err == 0 || job->same) {
        job->err = verify(job, zone, path, now, slot);
        if (job->err != 0)
            drop(job);
    }
    job->seconds = now_s() - begin;
    if (job->err != 0) {
        job->same = false;
        explain(job, path);
        return;
    }
    signatures_warn(zone, now, load->signatures_warn_s, path, &job->notes);
    if (job->same || old == NULL || !zone_loaded(old))
        return;
    if (same_content(old, job->zone)) {
        drop(job);
        job->same = true;
        return;
    }
    check_serial(job, path);
}

static void clear(struct load_slot *slot)
{
    atomic_store_explicit(&slot->octets, 0, memory_order_relaxed);
    atomic_store_explicit(&slot->octets_total, 0, memory_order_relaxed);
    atomic_store_explicit(&slot->rrs, 0, memory_order_relaxed);
}

void load_run(struct load *load, unsigned slot)
{
    assert(slot < LOAD_THREADS_MAX);
    for (;;) {
        const size_t next = atomic_fetch_add(&load->next, 1);
        if (next >= load->plan->jobs)
            return;
        struct job *job = &load->plan->job[next];
        if (atomic_load_explicit(&load->cancel, memory_order_relaxed)) {
            job->err = -ECANCELED;
        } else {
            load_job(job, load, &load->slot[slot]);
            if (job->zone != NULL)
                atomic_fetch_add_explicit(&load->rrs, job->zone->rrs, memory_order_relaxed);
        }
        clear(&load->slot[slot]);
        atomic_fetch_add_explicit(&load->done, 1, memory_order_relaxed);
    }
}

double load_share(struct load *load, uint64_t *rrs)
{
    double jobs = (double)atomic_load_explicit(&load->done, memory_order_relaxed);
    *rrs = atomic_load_explicit(&load->rrs, memory_order_relaxed);
    for (size_t i = 0; i < LOAD_THREADS_MAX; i++) {
        struct load_slot *slot = &load->slot[i];
        const uint64_t octets = atomic_load_explicit(&slot->octets, memory_order_relaxed);
        const uint64_t total = atomic_load_explicit(&slot->octets_total, memory_order_relaxed);
        *rrs += atomic_load_explicit(&slot->rrs, memory_order_relaxed);
        if (total > 0 && octets <= total)
            jobs += (double)octets / (double)total;
    }
    const double all = (double)load->plan->jobs;
    return all == 0 || jobs >= all ? 1 : jobs / all;
}
