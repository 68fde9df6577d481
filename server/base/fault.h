/* fault.h -- memory that is brought when it's touched first
 * A range of addresses that can't be read yet is watched: who touches it waits while its part is brought,
 * and goes on as if it had always been there. Where it can't be brought, a caller that is guarded is told,
 * as a function that fails; to any other the page reads as zeros. Faults elsewhere, and other faults, go to
 * the handlers that were there before.
 *
 * This is for SIGSEGV and SIGBUS of the whole process, so its state is the process's as well. */
#ifndef PHAROS_SERVER_BASE_FAULT_H
#define PHAROS_SERVER_BASE_FAULT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

enum { FAULT_RANGES_MAX = 256 };

/* Sees to it that the octets around `at` can be read. Returns false where that can't be. Called in signal
 * handlers, of several threads at once: async-signal-safe functions only. */
typedef bool fault_bring(void *context, const void *at);

/* Watches a range. Returns its number, for fault_unwatch(), or -ENOSPC where FAULT_RANGES_MAX are watched
 * already, or what sigaction() gave. Any thread. Other handlers may be there before, or be put before ours later
 * where they call fault_caught(). */
int fault_watch(const void *base, size_t octets, fault_bring *bring, void *context);

/* For handlers of SIGSEGV and SIGBUS that were put before ours: true where the fault was of a watched range, and
 * the instruction may be tried again. It doesn't return where somebody guarded is told. */
bool fault_caught(int number, const siginfo_t *info);

/* When nobody reads the range any more. */
void fault_unwatch(int range);

/* True where some range is watched: then who may read one should be guarded. Cheap. */
bool fault_watching(void);

/* Calls `run`. Returns false where it touched memory that couldn't be brought: it was left there and then, so
 * it must hold nothing that would have to be given back. Not nested. */
bool fault_guard(void (*run)(void *context), void *context);

#endif
