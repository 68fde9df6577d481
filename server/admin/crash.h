/* crash.h -- when the server dies of its own fault
 * Ends the connections of the pulse's watchers at once, so that the route goes before the
 * kernel has written the core and torn the memory down; then the signal takes its course. Memory
 * that is brought when it's touched (server/base/fault.h) is no crash, whoever watched first. */
#ifndef PHAROS_SERVER_ADMIN_CRASH_H
#define PHAROS_SERVER_ADMIN_CRASH_H

#include "server/admin/pulse_socket.h"

/* Watches SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT for the whole process. Before the socket
 * is closed call it with NULL. */
void crash_watch(const struct pulse_socket *pulse_socket);

#endif
