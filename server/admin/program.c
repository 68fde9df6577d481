/* program.c -- the program that runs, to be started once more */
#include "server/admin/program.h"

#include "server/admin/hand_message.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SOCKET_FD = 3 };

extern char **environ;

/* The folder and the name as one path; NULL out of memory. */
static char *join(const char *folder, size_t len, const char *name)
{
    const size_t size = len + 1 + strlen(name) + 1;
    char *path = malloc(size);
    if (path != NULL)
        snprintf(path, size, "%.*s/%s", (int)len, folder, name);
    return path;
}

static char *in_working_folder(const char *name)
{
    char *folder = getcwd(NULL, 0);
    char *path = folder == NULL ? NULL : join(folder, strlen(folder), name);
    free(folder);
    return path;
}

static char *in_search_path(const char *name)
{
    const char *folder = getenv("PATH");
    while (folder != NULL && *folder != '\0') {
        const size_t len = strcspn(folder, ":");
        char *path = len != 0 ? join(folder, len, name) : NULL;
        if (path != NULL && access(path, X_OK) == 0)
            return path;
        free(path);
        folder += len + (folder[len] == ':');
    }
    return NULL;
}

int program_init(struct program *program, char **argv)
{
    const char *name = argv[0] != NULL ? argv[0] : "pharosd";
    program->argv = argv;
    if (name[0] == '/')
        program->path = strdup(name);
    else if (strchr(name, '/') != NULL)
        program->path = in_working_folder(name);
    else
        program->path = in_search_path(name);
    /* A path with links in it is better where there is one: links may point elsewhere later. */
    if (program->path == NULL)
        program->path = realpath("/proc/self/exe", NULL);
    return program->path == NULL ? -errno : 0;
}

void program_fini(struct program *program)
{
    free(program->path);
    program->path = NULL;
}

/* Descriptors that the service manager passed were for our number, as was the watchdog's
 * WATCHDOG_PID; without that variable WATCHDOG_USEC is for anybody. */
static bool is_ours_alone(const char *variable)
{
    static const char *const names[] = {
        "LISTEN_PID=", "LISTEN_FDS=", "LISTEN_FDNAMES=", "WATCHDOG_PID=", HAND_VARIABLE "="};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strncmp(variable, names[i], strlen(names[i])) == 0)
            return true;
    }
    return false;
}

/* The variables for the new process, borrowed but for the array; NULL out of memory. */
static char **new_environment(char *hand_over)
{
    size_t count = 0;
    while (environ != NULL && environ[count] != NULL)
        count++;
    char **all = calloc(count + 2, sizeof *all);
    if (all == NULL)
        return NULL;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_ours_alone(environ[i]))
            all[kept++] = environ[i];
    }
    all[kept] = hand_over;
    return all;
}

/* posix_spawn() doesn't copy the tables of our memory, which fork() would, for as long as they are
 * large. */
pid_t program_spawn(const struct program *program, int socket)
{
    char hand_over[sizeof HAND_VARIABLE + 16];
    snprintf(hand_over, sizeof hand_over, HAND_VARIABLE "=%d", SOCKET_FD);
    char **environment = new_environment(hand_over);
    if (environment == NULL)
        return -ENOMEM;

    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
    pid_t pid = -1;
    int err =
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (err == 0)
        err = posix_spawnattr_setsigmask(&attributes, &none);
    if (err == 0)
        err = posix_spawnattr_setsigdefault(&attributes, &all);
    if (err == 0)
        err = posix_spawn_file_actions_adddup2(&actions, socket, SOCKET_FD);
    if (err == 0)
        err =
            posix_spawn(&pid, program->path, &actions, &attributes, program->argv, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    free(environment);
    return err == 0 ? pid : -err;
}
