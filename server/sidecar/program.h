/* program.h -- what the programs that hold a route share: their command line and their life
 * Each has its own options beside --pulse, --control, --user and --help, which all have. For the main
 * thread. */
#ifndef PHAROS_SERVER_SIDECAR_PROGRAM_H
#define PHAROS_SERVER_SIDECAR_PROGRAM_H

#include "server/sidecar/hand.h"

#include <getopt.h>

enum { PROGRAM_OPTIONS_MAX = 16 };

struct program {
    const char *name;
    const char *usage;
    const struct option *options; /* its own, ended by zeros; `val` is none of p, c, u, h */
    /* Takes one of them. Returns 0, or what program_mistake() gave. */
    int (*set)(void *arg, int option, char *text);
    void *arg;

    /* Read from the command line, whose life is theirs. */
    const char *pulse;
    const char *control;
    const char *user; /* or NULL */
};

/* Tells of a mistake on the command line; returns the exit status for it. */
int program_mistake(const struct program *program, const char *what, const char *about);

/* Reads the command line; --help exits. Returns 0 or the exit status for a mistake, which is told. */
int program_read(struct program *program, int argc, char **argv);

/* Starts, says so, serves until it's told to stop, and leaves the route as it is. `start` returns 0 or a
 * negative errno, `stop` (or NULL) closes what the driver has. `until` ends the last line of the log.
 * Returns the exit status. */
int program_run(struct hand *hand, int (*start)(void *arg, uv_loop_t *loop),
                void (*stop)(void *arg), void *arg, const char *until);

#endif
