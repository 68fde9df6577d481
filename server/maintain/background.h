/* background.h -- one thread of low priority for work that nobody waits for, one job at a time
 * Its time is what is left over: it yields the processor and the disk to all others. */
#ifndef PHAROS_SERVER_MAINTAIN_BACKGROUND_H
#define PHAROS_SERVER_MAINTAIN_BACKGROUND_H

#include <stdatomic.h>
#include <stdbool.h>
#include <uv.h>

/* Embedded in what it is for. The caller fills `run` and `done`. */
struct background_job {
    void (*run)(
        struct background_job *job); /* in the thread; not called where it's cancelled before */
    void (*done)(struct background_job *job); /* on the main loop, last, in any case */
    atomic_bool cancel; /* to be set by anybody; `run` should look at it */

    struct background_job *next; /* the background's own */
};

struct background;

/* `wake` is called on the main loop some time after each background_wake(). NULL: out of memory. */
struct background *background_new(uv_loop_t *loop, void (*wake)(void *context), void *context);

/* The main loop's. A job with `first` comes before those that wait. Without memory for a thread the job is
 * cancelled. */
void background_add(struct background *background, struct background_job *job, bool first);

/* From any thread, and from signal handlers. */
void background_wake(struct background *background);

/* Cancels all jobs, waits for the one under way, and tells each that it's done. To be followed by a turn of
 * the loop, then background_free(). */
void background_close(struct background *background);
void background_free(struct background *background);

#endif
