/* fault.c -- memory that is brought when it's touched first */
#include "server/base/fault.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CLAIMED = 1, PAGE = 4096 };

/* Signal handlers have no other way to know. `begin` is written last and read first: 0: free. */
struct range {
    _Atomic uintptr_t begin;
    _Atomic uintptr_t end;
    fault_bring *_Atomic bring;
    void *_Atomic context;
};

static struct range ranges[FAULT_RANGES_MAX];
static atomic_uint watched;

static const int numbers[] = {SIGSEGV, SIGBUS};
enum { NUMBERS = sizeof numbers / sizeof numbers[0] };
static struct sigaction before[NUMBERS];
static pthread_mutex_t installing = PTHREAD_MUTEX_INITIALIZER;

static _Thread_local sigjmp_buf *guard;

static struct range *range_of(uintptr_t at)
{
    for (size_t i = 0; i < FAULT_RANGES_MAX; i++) {
        const uintptr_t begin = atomic_load(&ranges[i].begin);
        if (begin > CLAIMED && at >= begin && at < atomic_load(&ranges[i].end))
            return &ranges[i];
    }
    return NULL;
}

/* Lets the handler that was there before have the signal; the default action, when the instruction is
 * tried again. */
static void pass_on(int number, siginfo_t *info, void *context)
{
    for (size_t i = 0; i < NUMBERS; i++) {
        if (numbers[i] != number)
            continue;
        const struct sigaction *action = &before[i];
        if ((action->sa_flags & SA_SIGINFO) != 0)
            action->sa_sigaction(number, info, context);
        else if (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN)
            action->sa_handler(number);
        else
            sigaction(number, action, NULL);
        if (info->si_code <= 0 && (action->sa_flags & SA_SIGINFO) == 0)
            raise(number); /* it was sent, so it doesn't happen again by itself */
    }
}

/* Leaves what is guarded: the signal mask of this thread is as before the signal again. */
static void leave(int number)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    siglongjmp(*guard, 1);
}

bool fault_caught(int number, const siginfo_t *info)
{
    const uintptr_t at = (uintptr_t)info->si_addr;
    struct range *range = info->si_code > 0 ? range_of(at) : NULL;
    if (range == NULL || (number != SIGSEGV && number != SIGBUS))
        return false;
    const int was = errno;
    fault_bring *bring = atomic_load(&range->bring);
    const bool brought = bring(atomic_load(&range->context), info->si_addr);
    if (!brought && guard != NULL)
        leave(number);
    if (!brought)
        mmap((void *)(at & ~(uintptr_t)(PAGE - 1)), PAGE, PROT_READ,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    errno = was;
    return true;
}

static void fault(int number, siginfo_t *info, void *context)
{
    if (!fault_caught(number, info))
        pass_on(number, info, context);
}

/* Puts our handler before the others, where it isn't yet or others took its place. */
static int install(void)
{
    struct sigaction action = {.sa_sigaction = fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < NUMBERS; i++) {
        struct sigaction present;
        if (sigaction(numbers[i], NULL, &present) != 0)
            return -errno;
        if ((present.sa_flags & SA_SIGINFO) != 0 && present.sa_sigaction == fault)
            continue;
        before[i] = present;
        if (sigaction(numbers[i], &action, NULL) != 0)
            return -errno;
    }
    return 0;
}

int fault_watch(const void *base, size_t octets, fault_bring *bring, void *context)
{
    pthread_mutex_lock(&installing);
    const int err = install();
    pthread_mutex_unlock(&installing);
    if (err != 0)
        return err;
    for (int i = 0; i < FAULT_RANGES_MAX; i++) {
        uintptr_t free = 0;
        if (!atomic_compare_exchange_strong(&ranges[i].begin, &free, CLAIMED))
            continue;
        atomic_store(&ranges[i].end, (uintptr_t)base + octets);
        atomic_store(&ranges[i].bring, bring);
        atomic_store(&ranges[i].context, context);
        atomic_store(&ranges[i].begin, (uintptr_t)base);
        atomic_fetch_add(&watched, 1);
        return i;
    }
    return -ENOSPC;
}

void fault_unwatch(int range)
{
    atomic_store(&ranges[range].begin, 0);
    atomic_fetch_sub(&watched, 1);
}

bool fault_watching(void)
{
    return atomic_load_explicit(&watched, memory_order_relaxed) != 0;
}

bool fault_guard(void (*run)(void *context), void *context)
{
    sigjmp_buf here;
    if (sigsetjmp(here, 0) != 0) {
        guard = NULL;
        return false;
    }
    guard = &here;
    run(context);
    guard = NULL;
    return true;
}
