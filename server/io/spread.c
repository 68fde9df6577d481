/* spread.c -- worker and CPU belong together */
#include "server/io/spread.h"

#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <sched.h>
#include <stdint.h>
#include <sys/socket.h>

enum { INSTRUCTIONS_MAX = 1 + 2 * SPREAD_CPUS_MAX + 2 };

unsigned spread_cpus(unsigned cpu[SPREAD_CPUS_MAX])
{
    cpu_set_t set;
    unsigned count = 0;
    if (sched_getaffinity(0, sizeof(set), &set) == 0) {
        for (unsigned i = 0; i < CPU_SETSIZE && count < SPREAD_CPUS_MAX; i++) {
            if (CPU_ISSET(i, &set))
                cpu[count++] = i;
        }
    }
    if (count == 0)
        cpu[count++] = 0;
    return count;
}

int spread_attach(int fd, const unsigned *cpu, unsigned cpus, unsigned workers)
{
    assert(cpus <= SPREAD_CPUS_MAX && workers > 0);
    struct sock_filter code[INSTRUCTIONS_MAX];
    unsigned short n = 0;
    code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                             (uint32_t)(SKF_AD_OFF + SKF_AD_CPU));
    for (unsigned i = 0; i < cpus; i++) {
        code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, cpu[i], 0, 1);
        code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, i % workers);
    }
    code[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, workers);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_A, 0);
    const struct sock_fprog program = {.len = n, .filter = code};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)) == 0
               ? 0
               : -errno;
}

void spread_detach(int fd)
{
    const int none = 0;
    /* It fails where nothing is attached. */
    (void)setsockopt(fd, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &none, sizeof(none));
}

int spread_pin(pthread_t thread, unsigned cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return -pthread_setaffinity_np(thread, sizeof(set), &set);
}
