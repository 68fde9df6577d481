/* crash.c -- when the server dies of its own fault */
#include "server/admin/crash.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>

static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

enum { FATALS = sizeof fatal / sizeof fatal[0] };

/* Signal handlers have no other way to know: the process's one pulse socket, and what handled
 * the signals before (a sanitizer, or nobody). */
static _Atomic(const struct pulse_socket *) watched;
static struct sigaction before[FATALS];

static void crashed(int number, siginfo_t *info, void *context)
{
    (void)context;
    const struct pulse_socket *pulse_socket = atomic_load(&watched);
    if (pulse_socket != NULL)
        pulse_socket_crash(pulse_socket);
    for (size_t i = 0; i < FATALS; i++) {
        if (fatal[i] == number)
            sigaction(number, &before[i], NULL);
    }
    /* A fault of the processor happens again on return; a signal that was sent doesn't. */
    if (info->si_code <= 0)
        raise(number);
}

void crash_watch(const struct pulse_socket *pulse_socket)
{
    const struct pulse_socket *old = atomic_exchange(&watched, pulse_socket);
    if (old != NULL || pulse_socket == NULL)
        return;
    struct sigaction action = {.sa_sigaction = crashed, .sa_flags = SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < FATALS; i++)
        sigaction(fatal[i], &action, &before[i]);
}
