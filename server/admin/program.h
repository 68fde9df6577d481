/* program.h -- the program that runs, to be started once more
 * For the main loop's thread. */
#ifndef PHAROS_SERVER_ADMIN_PROGRAM_H
#define PHAROS_SERVER_ADMIN_PROGRAM_H

#include <sys/types.h>

/* How we were started. Borrows `argv`. */
struct program {
    char *path; /* owned, absolute: what that names later may be a newer version */
    char **argv;
};

/* Finds the path of argv[0]: absolute, from the working folder, or in PATH. To be called before
 * the working folder changes. Returns 0 or a negative errno. */
int program_init(struct program *program, char **argv);
void program_fini(struct program *program);

/* Starts it with the same arguments and environment, with `socket` as its descriptor 3, which
 * HAND_VARIABLE names. What the service manager told us alone isn't passed on. Returns the process
 * id or a negative errno. */
pid_t program_spawn(const struct program *program, int socket);

#endif
