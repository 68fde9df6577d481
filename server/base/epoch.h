/* epoch.h -- when nobody reads it any more
 * Readers (workers) enter before they read shared data and leave before they wait. The writer
 * unlinks what is old, retires it, and it's freed after the last reader who may have seen it left. */
#ifndef PHAROS_SERVER_BASE_EPOCH_H
#define PHAROS_SERVER_BASE_EPOCH_H

#include <stdbool.h>
#include <stddef.h>

struct epoch;

/* For readers numbered 0 to `readers` - 1. NULL out of memory. */
struct epoch *epoch_new(unsigned readers);

/* Frees all that is retired; no reader may be left. */
void epoch_free(struct epoch *epoch);

/* A reader's, once a batch; wait-free. Not nested. */
void epoch_enter(struct epoch *epoch, unsigned reader);
void epoch_leave(struct epoch *epoch, unsigned reader);

/* The writer's alone (main loop). `free_it` is called from a later epoch_reclaim() or epoch_free().
 * Never fails: out of memory it waits for the readers instead. */
void epoch_retire(struct epoch *epoch, void (*free_it)(void *what), void *what);

/* Frees what can be; returns how many are still waiting. */
size_t epoch_reclaim(struct epoch *epoch);

#endif
