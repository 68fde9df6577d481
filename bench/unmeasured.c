/* unmeasured.c -- pharosd that measures nothing, to tell what measuring costs
 * The linker puts these in the place of what counts and times answers for the pulse (bench/io.cmake), and of the
 * call that asks the kernel for stamps and for its count of drops. */
#include "server/io/service.h"

#include <sys/socket.h>
#include <time.h>

void __wrap_service_count(struct service *service, unsigned path, enum transport transport,
                          const struct exchange *exchanges, const uint32_t *latency_us,
                          size_t count);
void __wrap_service_count(struct service *service, unsigned path, enum transport transport,
                          const struct exchange *exchanges, const uint32_t *latency_us,
                          size_t count)
{
    (void)service, (void)path, (void)transport, (void)exchanges, (void)latency_us, (void)count;
}

int __real_setsockopt(int fd, int level, int name, const void *value, socklen_t octets);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t octets);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t octets)
{
    if (level == SOL_SOCKET && (name == SO_TIMESTAMPNS || name == SO_RXQ_OVFL))
        return 0;
    return __real_setsockopt(fd, level, name, value, octets);
}

/* The exact clock, to compare stamps with. */
int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    if (clock != CLOCK_REALTIME)
        return __real_clock_gettime(clock, now);
    *now = (struct timespec){.tv_sec = 0};
    return 0;
}
