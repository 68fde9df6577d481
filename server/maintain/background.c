/* background.c -- one thread of low priority for work that nobody waits for */
#include "server/maintain/background.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

struct list {
    struct background_job *first, **end;
};

struct background {
    uv_async_t async; /* holds the loop while a job is under way */
    uv_thread_t thread;
    bool started;
    size_t count; /* of jobs that aren't done */
    void (*wake)(void *context);
    void *context;
    atomic_bool woken;

    uv_mutex_t mutex; /* of all below */
    uv_cond_t cond;
    struct list waiting, finished;
    struct background_job *running;
    bool closing;
};

static void list_init(struct list *list)
{
    list->first = NULL;
    list->end = &list->first;
}

static void list_append(struct list *list, struct background_job *job)
{
    job->next = NULL;
    *list->end = job;
    list->end = &job->next;
}

static void list_prepend(struct list *list, struct background_job *job)
{
    job->next = list->first;
    list->first = job;
    if (job->next == NULL)
        list->end = &job->next;
}

static struct background_job *list_take(struct list *list)
{
    struct background_job *job = list->first;
    if (job == NULL)
        return NULL;
    list->first = job->next;
    if (list->first == NULL)
        list->end = &list->first;
    return job;
}

/* Last in line for the processor, and for the disk where its scheduler knows classes. */
static void step_back(void)
{
    enum { WHO_PROCESS = 1, CLASS_IDLE = 3 << 13 };
    const long thread = syscall(SYS_gettid);
    setpriority(PRIO_PROCESS, (id_t)thread, 19);
    syscall(SYS_ioprio_set, WHO_PROCESS, thread, CLASS_IDLE);
}

static void work(void *context)
{
    struct background *b = context;
    step_back();
    uv_mutex_lock(&b->mutex);
    for (;;) {
        struct background_job *job = list_take(&b->waiting);
        if (job == NULL && b->closing)
            break;
        if (job == NULL) {
            uv_cond_wait(&b->cond, &b->mutex);
            continue;
        }
        b->running = job;
        if (b->closing)
            atomic_store(&job->cancel, true);
        uv_mutex_unlock(&b->mutex);
        if (!atomic_load(&job->cancel))
            job->run(job);
        uv_mutex_lock(&b->mutex);
        b->running = NULL;
        list_append(&b->finished, job);
        uv_async_send(&b->async);
    }
    uv_mutex_unlock(&b->mutex);
}

static struct background_job *take_finished(struct background *b)
{
    uv_mutex_lock(&b->mutex);
    struct background_job *job = list_take(&b->finished);
    uv_mutex_unlock(&b->mutex);
    return job;
}

static void tell_finished(struct background *b)
{
    for (struct background_job *job = take_finished(b); job != NULL; job = take_finished(b)) {
        b->count--;
        job->done(job); /* may add another */
    }
    if (b->count == 0)
        uv_unref((uv_handle_t *)&b->async);
}

static void on_async(uv_async_t *async)
{
    struct background *b = async->data;
    if (atomic_exchange(&b->woken, false))
        b->wake(b->context);
    tell_finished(b);
}

struct background *background_new(uv_loop_t *loop, void (*wake)(void *context), void *context)
{
    struct background *b = calloc(1, sizeof *b);
    if (b == NULL)
        return NULL;
    b->wake = wake;
    b->context = context;
    list_init(&b->waiting);
    list_init(&b->finished);
    b->async.data = b;
    if (uv_mutex_init(&b->mutex) != 0 || uv_cond_init(&b->cond) != 0
        || uv_async_init(loop, &b->async, on_async) != 0) {
        free(b);
        return NULL;
    }
    uv_unref((uv_handle_t *)&b->async);
    return b;
}

void background_add(struct background *b, struct background_job *job, bool first)
{
    if (!b->started)
        b->started = uv_thread_create(&b->thread, work, b) == 0;
    b->count++;
    uv_ref((uv_handle_t *)&b->async);
    uv_mutex_lock(&b->mutex);
    if (!b->started) {
        atomic_store(&job->cancel, true);
        list_append(&b->finished, job);
        uv_async_send(&b->async);
    } else if (first) {
        list_prepend(&b->waiting, job);
    } else {
        list_append(&b->waiting, job);
    }
    uv_cond_signal(&b->cond);
    uv_mutex_unlock(&b->mutex);
}

void background_wake(struct background *b)
{
    atomic_store(&b->woken, true);
    uv_async_send(&b->async);
}

void background_close(struct background *b)
{
    uv_mutex_lock(&b->mutex);
    b->closing = true;
    if (b->running != NULL)
        atomic_store(&b->running->cancel, true);
    uv_cond_signal(&b->cond);
    uv_mutex_unlock(&b->mutex);
    if (b->started)
        uv_thread_join(&b->thread);
    tell_finished(b);
    uv_close((uv_handle_t *)&b->async, NULL);
}

void background_free(struct background *b)
{
    if (b == NULL)
        return;
    uv_cond_destroy(&b->cond);
    uv_mutex_destroy(&b->mutex);
    free(b);
}
