/* crash.c -- when the server dies of its own fault */
#include "server/admin/crash.h"

#include "server/base/fault.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>

static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

enum { FATALS = sizeof fatal / sizeof fatal[0] };

/* Signal handlers have no other way to know: the process's one pulse socket, what handled the
 * signals before (a sanitizer, or nobody), and whether that was given one already. */
static _Atomic(const struct pulse_socket *) watched;
static struct sigaction before[FATALS];
static atomic_bool installed;
static atomic_bool dying;

/* Who was there before gets the signal when it happens again. If that one hands it back to us, the
 * default action ends it: handlers that come before each other would go in circles. */
static void let_happen(int number)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    const bool again = atomic_exchange(&dying, true);
    for (size_t i = 0; i < FATALS && !again; i++) {
        if (fatal[i] == number)
            action = before[i];
    }
    sigaction(number, &action, NULL);
}

static void crashed(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (fault_caught(number, info))
        return;
    const struct pulse_socket *pulse_socket = atomic_load(&watched);
    if (pulse_socket != NULL)
        pulse_socket_crash(pulse_socket);
    let_happen(number);
    /* A fault of the processor happens again on return; a signal that was sent doesn't. */
    if (info->si_code <= 0)
        raise(number);
}

void crash_watch(const struct pulse_socket *pulse_socket)
{
    atomic_store(&watched, pulse_socket);
    if (pulse_socket == NULL || atomic_exchange(&installed, true))
        return;
    struct sigaction action = {.sa_sigaction = crashed, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < FATALS; i++)
        sigaction(fatal[i], &action, &before[i]);
}
