/* spread.h -- worker and CPU belong together
 * Usually the kernel's hash spreads clients over the workers' sockets. Where each worker is pinned to
 * a CPU of its own and the NIC's queues cover these, a datagram is better answered where it was
 * received: a classic BPF program picks the socket by the CPU that runs (SO_ATTACH_REUSEPORT_CBPF). */
#ifndef PHAROS_SERVER_IO_SPREAD_H
#define PHAROS_SERVER_IO_SPREAD_H

#include <pthread.h>

enum { SPREAD_CPUS_MAX = 1024 };

/* The CPUs that the process may run on, in order. Returns how many, at least 1. */
unsigned spread_cpus(unsigned cpu[SPREAD_CPUS_MAX]);

/* Has the group of sockets that `fd` belongs to, bound in the order of the workers, picked by CPU:
 * worker i is for CPU i of `cpu`, counted modulo `workers`; other CPUs are shared out. Returns 0 or a
 * negative errno. */
int spread_attach(int fd, const unsigned *cpu, unsigned cpus, unsigned workers);

/* Has the kernel's hash pick again. */
void spread_detach(int fd);

/* Keeps the thread on one CPU. Returns 0 or a negative errno. */
int spread_pin(pthread_t thread, unsigned cpu);

#endif
