/* maintain.c -- keeps the served zones as their files are */
#include "server/maintain/maintain.h"

#include "server/base/keyring.h"
#include "server/maintain/load.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    TICK_MS = 50, /* how often old versions are looked after while readers may be in them */
    FAILURE_OCTETS_MAX = 32 * 1024,
};

/* Something that readers may hold until the next snapshot is published. */
struct remains {
    void (*free_it)(void *what);
    void *what;
};

/* One of the round's threads. */
struct hand {
    uv_work_t work;
    struct maintain *maintain;
    unsigned slot;
};

struct maintain {
    uv_loop_t *loop;
    struct store *store;
    struct roster *roster;
    struct directory *directory;
    struct answer_config answer;
    struct maintain_totals totals;
    struct image_store *images; /* NULL: none are kept */
    bool settled;               /* a first round over all zones was carried out */
    void (*want)(void *context, const struct name *name);
    void *want_context;
    bool expiry_lost; /* the zone that `totals.signatures_expire` came from may have changed */
    int64_t signatures_warn_s;
    unsigned threads, first_threads; /* of all rounds but the first, and of that */

    /* The round under way. */
    bool busy, loading;
    const struct config *config; /* NULL: one zone only */
    struct roster_zone *only;    /* NULL: no such zone, or all */
    maintain_done *done;
    void *context;
    uint32_t round;
    int plan_err;
    uint64_t begin_ns;
    uv_work_t planning;
    struct plan plan;
    struct load load;
    unsigned hands;
    struct hand hand[LOAD_THREADS_MAX];
    struct maintain_outcome outcome;

    /* What is to be freed once what replaced it is published and read. */
    struct remains *remains;
    size_t remains_count, remains_capacity;
    bool unpublished;
    uv_timer_t timer;
};

bool maintain_well(const struct maintain_outcome *outcome)
{
    return outcome->err == 0 && outcome->refused == 0
           && (outcome->notes == NULL || outcome->notes->errors == 0);
}

static void free_zone(void *what)
{
    zone_free(what);
}

static void free_arena(void *what)
{
    directory_arena_free(what);
}

static int reserve_remains(struct maintain *m, size_t more)
{
    const size_t wanted = m->remains_count + more;
    if (wanted <= m->remains_capacity)
        return 0;
    struct remains *grown = realloc(m->remains, wanted * sizeof *grown);
    if (grown == NULL)
        return -ENOMEM;
    m->remains = grown;
    m->remains_capacity = wanted;
    return 0;
}

static void leave_behind(struct maintain *m, void (*free_it)(void *what), const void *what)
{
    if (what == NULL)
        return;
    assert(m->remains_count < m->remains_capacity);
    m->remains[m->remains_count++] = (struct remains){free_it, (void *)what};
}

static void leave_zone(struct maintain *m, const struct zone *zone)
{
    void *ticket =
        m->images == NULL || zone == NULL ? NULL : image_store_ticket(m->images, zone);
    if (ticket != NULL)
        leave_behind(m, image_store_release, ticket);
    else
        leave_behind(m, free_zone, zone);
}

/* Shows readers the directory as it is now. Out of memory they go on with what they have, whose
 * remains stay, and the timer tries again. */
static int publish(struct maintain *m)
{
    struct arena *old = NULL;
    int err = reserve_remains(m, 1);
    if (err == 0) {
        const struct snapshot snapshot = {.view = directory_view(m->directory, &old),
                                          .answer = m->answer};
        leave_behind(m, free_arena, old);
        err = store_publish(m->store, &snapshot);
    }
    m->unpublished = err != 0;
    if (err != 0)
        return err;
    for (size_t i = 0; i < m->remains_count; i++)
        store_retire(m->store, m->remains[i].free_it, m->remains[i].what);
    free(m->remains);
    m->remains = NULL;
    m->remains_count = m->remains_capacity = 0;
    return 0;
}

static void tick(uv_timer_t *timer)
{
    struct maintain *m = timer->data;
    if (m->unpublished)
        publish(m);
    if (store_reclaim(m->store) == 0 && !m->unpublished)
        uv_timer_stop(timer);
}

/* The errors of a load as one text, as people see them elsewhere. */
static char *render(const struct notes *notes)
{
    char *text = malloc(FAILURE_OCTETS_MAX);
    if (text == NULL)
        return strdup("the zone was refused");
    size_t len = 0;
    for (size_t i = 0; i < notes->count && len + 2 < FAILURE_OCTETS_MAX; i++) {
        if (notes->note[i].severity != SEVERITY_ERROR)
            continue;
        if (len > 0)
            text[len++] = '\n';
        len += note_render(&notes->note[i], text + len, FAILURE_OCTETS_MAX - len);
        if (len >= FAILURE_OCTETS_MAX)
            len = FAILURE_OCTETS_MAX - 1;
    }
    text[len] = '\0';
    char *fitting = realloc(text, len + 1);
    return fitting != NULL ? fitting : text;
}

/* Frees a zone that was never published. */
static void drop(struct maintain *m, struct zone *zone)
{
    void *ticket =
        m->images == NULL || zone == NULL ? NULL : image_store_ticket(m->images, zone);
    if (ticket != NULL)
        image_store_release(ticket);
    else
        zone_free(zone);
}

static int install(struct maintain *m, struct roster_zone *entry, struct zone *zone)
{
    const struct zone *old = NULL;
    const int err = directory_put(m->directory, zone, &old);
    if (err != 0) {
        drop(m, zone);
        return err;
    }
    leave_zone(m, old);
    entry->zone = zone;
    return 0;
}

static int install_empty(struct maintain *m, struct roster_zone *entry)
{
    struct name apex;
    name_from_wire(&apex, entry->wire, true);
    struct zone *zone = zone_new_empty(&apex);
    return zone == NULL ? -ENOMEM : install(m, entry, zone);
}

static int install_loaded(struct maintain *m, struct job *job)
{
    const int err = install(m, job->entry, job->zone);
    job->zone = NULL;
    if (err == 0)
        job->entry->loaded = time(NULL);
    return err;
}

/* Takes an entry into the totals, or out of them: a walk over all would cost tens of
 * milliseconds. */
static void count(struct maintain *m, const struct roster_zone *entry, bool in)
{
    const enum roster_state state = roster_zone_state(entry);
    const size_t by = in ? 1 : SIZE_MAX; /* SIZE_MAX is -1 */
    m->totals.zones += by;
    m->totals.stale += state == ROSTER_STALE ? by : 0;
    m->totals.failed += state == ROSTER_FAILED ? by : 0;

    const int64_t expiry = roster_zone_expiry(entry);
    if (expiry == 0)
        return;
    if (!in)
        m->expiry_lost = m->expiry_lost || expiry == m->totals.signatures_expire;
    else if (m->totals.signatures_expire == 0 || expiry < m->totals.signatures_expire)
        m->totals.signatures_expire = expiry;
}

/* Where the soonest of all went, all are looked at: once a round, and only when zones are signed. */
static void find_expiry(struct maintain *m)
{
    if (!m->expiry_lost)
        return;
    m->expiry_lost = false;
    int64_t soonest = 0;
    for (const struct roster_zone *entry = roster_next(m->roster, NULL); entry != NULL;
         entry = roster_next(m->roster, entry)) {
        const int64_t expiry = roster_zone_expiry(entry);
        if (expiry != 0 && (soonest == 0 || expiry < soonest))
            soonest = expiry;
    }
    m->totals.signatures_expire = soonest;
}

/* Takes over what came of a job. Its notes and its entry stay for those who report. */
static void take_over(struct maintain *m, struct job *job)
{
    struct roster_zone *entry = job->entry;
    if (job->fresh) {
        roster_remove(m->plan.fresh, entry);
        const int err = roster_insert(m->roster, entry);
        assert(err == 0); /* room was made */
        (void)err;
        m->outcome.fresh++;
    }
    sources_fini(&entry->sources);
    entry->sources = job->sources;
    job->sources = (struct sources){0};
    entry->from_dir = job->from_dir;
    entry->verify = job->verify;
    entry->verify_must = job->verify_must;
    if (job->path != NULL) {
        free(entry->path);
        entry->path = job->path;
        job->path = NULL;
    }
    free(entry->failure);
    entry->failure = NULL;

    if (job->zone != NULL) {
        job->err = install_loaded(m, job);
        m->outcome.loaded += job->err == 0;
    }
    m->outcome.same += job->same;
    if (job->err == 0)
        return;
    m->outcome.refused++;
    entry->failure = render(&job->notes);
    if (entry->zone == NULL && install_empty(m, entry) != 0)
        entry->zone = NULL;
}

/* What was read from text, though it says the same as before, is to be found by the next start. */
static void want_image(struct maintain *m, const struct job *job)
{
    const struct roster_zone *entry = job->entry;
    if (m->images == NULL || job->err != 0 || job->from_image)
        return;
    image_store_want(
        m->images, entry->zone, &entry->sources,
        (struct image_demands){.verify = entry->verify, .must = entry->verify_must});
}

static void apply(struct maintain *m, struct job *job)
{
    if (!job->fresh)
        count(m, job->entry, false);
    take_over(m, job);
    count(m, job->entry, true);
    want_image(m, job);
}

/* Entries that went are the front of plan.gone afterwards, freed when `done` has seen them. */
static void apply_gone(struct maintain *m, struct roster_zone *entry)
{
    struct name apex;
    const struct zone *old = NULL;
    name_from_wire(&apex, entry->wire, true);
    if (entry->zone != NULL && directory_remove(m->directory, &apex, &old) == -ENOMEM)
        return; /* it's found gone again in the next round */
    leave_zone(m, old);
    if (m->images != NULL)
        image_store_forget(m->images, &apex);
    count(m, entry, false);
    roster_remove(m->roster, entry);
    entry->zone = NULL;
    m->plan.gone[m->outcome.gone++] = entry;
}

/* After a round: what images it asks for, and at the first one, what is left of the last start's. */
static void settle_images(struct maintain *m)
{
    if (m->images == NULL)
        return;
    if (m->config != NULL && !m->settled)
        image_store_loaded(m->images, m->roster, !m->plan.incomplete);
    m->settled = m->settled || m->config != NULL;
    image_store_flush(m->images, m->roster);
}

static int apply_all(struct maintain *m)
{
    struct plan *plan = &m->plan;
    int err = roster_reserve(m->roster, roster_count(m->roster) + plan->jobs);
    if (err == 0)
        err = reserve_remains(m, plan->jobs + plan->gones + 1);
    if (err != 0)
        return err;
    for (size_t i = 0; i < plan->jobs; i++)
        apply(m, &plan->job[i]);
    for (size_t i = 0; i < plan->gones; i++)
        apply_gone(m, plan->gone[i]);
    find_expiry(m);
    if (m->config != NULL) {
        keyring_drop(m->answer.keys);
        m->answer = m->config->answer;
        keyring_hold(m->answer.keys);
    }
    return publish(m);
}

/* The round didn't come so far as to adopt them. */
static void drop_jobs(struct maintain *m)
{
    for (size_t i = 0; i < m->plan.jobs; i++) {
        drop(m, m->plan.job[i].zone);
        m->plan.job[i].zone = NULL;
    }
}

/* An image that is damaged takes its zone away: there's nothing else to serve until its text is read. */
static bool lost(void *context, const struct zone *zone)
{
    struct maintain *m = context;
    struct roster_zone *entry = roster_find(m->roster, &zone->apex);
    if (m->busy || reserve_remains(m, 2) != 0)
        return false;
    if (entry == NULL || entry->zone != zone)
        return true; /* it has been replaced already */
    count(m, entry, false);
    const int err = install_empty(m, entry);
    count(m, entry, true);
    if (err != 0)
        return false;
    find_expiry(m);
    publish(m);
    uv_timer_start(&m->timer, tick, TICK_MS, TICK_MS);
    if (m->want != NULL)
        m->want(m->want_context, &zone->apex);
    return true;
}

static void finish(struct maintain *m, int err)
{
    m->loading = false;
    if (err == 0 && atomic_load(&m->load.cancel))
        err = -ECANCELED;
    if (err == 0)
        err = apply_all(m);
    drop_jobs(m);
    if (err == 0)
        settle_images(m);
    uv_timer_start(&m->timer, tick, TICK_MS, TICK_MS);
    m->outcome.err = err;
    m->outcome.unchanged = m->plan.unchanged;
    m->outcome.job = m->plan.job;
    m->outcome.jobs = m->plan.jobs;
    m->outcome.notes = &m->plan.notes;
    m->outcome.seconds = (double)(uv_hrtime() - m->begin_ns) / 1e9;
    m->outcome.gone_entry = m->plan.gone;
    struct plan plan = m->plan;
    const struct maintain_outcome outcome = m->outcome;
    m->busy = false; /* `done` may begin the next round */
    m->done(m->context, &outcome);
    for (size_t i = 0; i < outcome.gone; i++)
        roster_zone_free(plan.gone[i]);
    plan_fini(&plan);
    if (m->images != NULL && !m->busy)
        image_store_look(m->images);
}

static void loading(uv_work_t *work)
{
    struct hand *hand = work->data;
    load_run(&hand->maintain->load, hand->slot);
}

static void loaded(uv_work_t *work, int status)
{
    (void)status;
    struct hand *hand = work->data;
    struct maintain *m = hand->maintain;
    if (--m->hands == 0)
        finish(m, 0);
}

static void planning(uv_work_t *work)
{
    struct maintain *m = work->data;
    if (m->images != NULL && !m->settled)
        image_store_read_packs(m->images);
    if (m->config != NULL)
        m->plan_err = plan_all(&m->plan, m->round, m->config, m->roster, &m->load.cancel);
    else if (m->only != NULL)
        m->plan_err = plan_one(&m->plan, m->only);
    else
        m->plan_err = -ENOENT;
}

static void planned(uv_work_t *work, int status)
{
    (void)status;
    struct maintain *m = work->data;
    if (m->plan_err != 0 || m->plan.jobs == 0) {
        finish(m, m->plan_err);
        return;
    }
    m->loading = true;
    const unsigned threads = m->round == 1 ? m->first_threads : m->threads;
    m->hands = m->plan.jobs < threads ? (unsigned)m->plan.jobs : threads;
    for (unsigned i = 0; i < m->hands; i++) {
        m->hand[i] = (struct hand){.maintain = m, .slot = i};
        m->hand[i].work.data = &m->hand[i];
        uv_queue_work(m->loop, &m->hand[i].work, loading, loaded);
    }
}

static int begin(struct maintain *m, const struct config *config, struct roster_zone *only,
                 maintain_done *done, void *context)
{
    if (m->busy)
        return -EBUSY;
    m->busy = true;
    m->config = config;
    m->only = only;
    m->done = done;
    m->context = context;
    m->begin_ns = uv_hrtime();
    m->outcome = (struct maintain_outcome){0};
    m->plan = (struct plan){0};
    load_init(&m->load, &m->plan);
    if (config != NULL)
        m->signatures_warn_s = config->signatures_warn_ms / 1000;
    m->load.signatures_warn_s = m->signatures_warn_s;
    m->load.images = m->images;
    m->round++;
    m->planning.data = m;
    return uv_queue_work(m->loop, &m->planning, planning, planned);
}

int maintain_all(struct maintain *maintain, const struct config *config, maintain_done *done,
                 void *context)
{
    assert(config != NULL);
    return begin(maintain, config, NULL, done, context);
}

int maintain_one(struct maintain *maintain, const struct name *name, maintain_done *done,
                 void *context)
{
    return begin(maintain, NULL, roster_find(maintain->roster, name), done, context);
}

bool maintain_busy(const struct maintain *maintain)
{
    return maintain->busy;
}

void maintain_cancel(struct maintain *maintain)
{
    if (maintain->busy)
        atomic_store(&maintain->load.cancel, true);
}

bool maintain_progress(struct maintain *maintain, double *share, size_t *zones, uint64_t *rrs)
{
    if (!maintain->loading)
        return false;
    *share = load_share(&maintain->load, rrs);
    *zones = maintain->plan.jobs;
    return true;
}

struct maintain_totals maintain_totals(const struct maintain *maintain)
{
    return maintain->totals;
}

const struct roster *maintain_roster(const struct maintain *maintain)
{
    return maintain->roster;
}

const struct directory *maintain_directory(const struct maintain *maintain)
{
    return maintain->directory;
}

static unsigned possible_threads(unsigned threads)
{
    return threads < 1 ? 1 : threads > LOAD_THREADS_MAX ? LOAD_THREADS_MAX : threads;
}

struct maintain *maintain_new(uv_loop_t *loop, struct store *store, unsigned threads)
{
    struct maintain *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->loop = loop;
    m->store = store;
    m->threads = m->first_threads = possible_threads(threads);
    m->roster = roster_new();
    m->directory = directory_new();
    if (m->roster == NULL || m->directory == NULL) {
        roster_free(m->roster);
        if (m->directory != NULL)
            directory_free(m->directory);
        free(m);
        return NULL;
    }
    uv_timer_init(loop, &m->timer);
    m->timer.data = m;
    uv_unref((uv_handle_t *)&m->timer);
    return m;
}

void maintain_first_threads(struct maintain *maintain, unsigned threads)
{
    maintain->first_threads = possible_threads(threads);
}

int maintain_keep_images(struct maintain *maintain, const struct image_settings *settings,
                         void (*want)(void *context, const struct name *name), void *context)
{
    assert(maintain->images == NULL && !maintain->busy);
    maintain->images = image_store_new(maintain->loop, settings, lost, maintain);
    maintain->want = want;
    maintain->want_context = context;
    return maintain->images == NULL ? -ENOMEM : 0;
}

bool maintain_images(const struct maintain *maintain, struct image_status *status)
{
    if (maintain->images == NULL)
        return false;
    *status = image_store_status(maintain->images);
    return true;
}

void maintain_close(struct maintain *maintain)
{
    assert(!maintain->busy);
    if (maintain->images != NULL)
        image_store_close(maintain->images);
    uv_close((uv_handle_t *)&maintain->timer, NULL);
}

void maintain_free(struct maintain *maintain)
{
    if (maintain == NULL)
        return;
    store_reclaim(maintain->store);
    for (size_t i = 0; i < maintain->remains_count; i++)
        maintain->remains[i].free_it(maintain->remains[i].what);
    free(maintain->remains);
    for (const struct roster_zone *entry = roster_next(maintain->roster, NULL); entry != NULL;
         entry = roster_next(maintain->roster, entry)) {
        if (entry->zone != NULL)
            drop(maintain, (struct zone *)(uintptr_t)entry->zone);
    }
    roster_free(maintain->roster);
    directory_free(maintain->directory);
    image_store_free(maintain->images);
    keyring_drop(maintain->answer.keys);
    explicit_bzero(&maintain->answer, sizeof maintain->answer); /* secrets */
    free(maintain);
}
