/* stall.c -- makes a server slow from outside, for LD_PRELOAD
 * While the file that STALL_FILE names exists, each sendmmsg() takes STALL_MS (200) longer: what a
 * server looks like whose answers are held up. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    int (*next)(int, struct mmsghdr *, unsigned, int);
    void *symbol = dlsym(RTLD_NEXT, "sendmmsg");
    memcpy(&next, &symbol, sizeof(next));
    const char *file = getenv("STALL_FILE");
    if (file != NULL && access(file, F_OK) == 0) {
        const char *ms = getenv("STALL_MS");
        const struct timespec pause = {.tv_nsec = (ms == NULL ? 200L : atol(ms)) * 1000000L};
        nanosleep(&pause, NULL);
    }
    return next(fd, messages, count, flags);
}
