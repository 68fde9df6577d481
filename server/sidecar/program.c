/* program.c -- see program.h */
#include "server/sidecar/program.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

int program_mistake(const struct program *program, const char *what, const char *about)
{
    fprintf(stderr, "%s: %s%s\nTry %s --help\n", program->name, what, about, program->name);
    return 2;
}

static int set_option(struct program *program, int option)
{
    switch (option) {
    case 'p':
        program->pulse = optarg;
        return 0;
    case 'c':
        program->control = optarg;
        return 0;
    case 'u':
        program->user = optarg;
        return 0;
    case 'h':
        fputs(program->usage, stdout);
        exit(EXIT_SUCCESS);
    case '?':
        return program_mistake(program, "", "see above");
    default:
        return program->set(program->arg, option, optarg);
    }
}

int program_read(struct program *program, int argc, char **argv)
{
    struct option all[PROGRAM_OPTIONS_MAX + 1] = {{"pulse", required_argument, NULL, 'p'},
                                                  {"control", required_argument, NULL, 'c'},
                                                  {"user", required_argument, NULL, 'u'},
                                                  {"help", no_argument, NULL, 'h'}};
    size_t count = 4;
    for (const struct option *own = program->options; own->name != NULL; own++) {
        assert(count < PROGRAM_OPTIONS_MAX);
        all[count++] = *own;
    }
    int option;
    while ((option = getopt_long(argc, argv, "", all, NULL)) != -1) {
        const int status = set_option(program, option);
        if (status != 0)
            return status;
    }
    if (optind < argc)
        return program_mistake(program, "unexpected: ", argv[optind]);
    if (program->pulse == NULL || program->control == NULL)
        return program_mistake(program, "needed are ", "--pulse and --control");
    return 0;
}

int program_run(struct hand *hand, int (*start)(void *arg, uv_loop_t *loop),
                void (*stop)(void *arg), void *arg, const char *until)
{
    uv_loop_t *loop = uv_default_loop();
    signal(SIGPIPE, SIG_IGN); /* libuv writes to sockets whose other end may be gone */
    const int err = start(arg, loop);
    if (err != 0) {
        hand_say("can't start: %s", uv_strerror(err));
        return EXIT_FAILURE;
    }
    hand_say("started, route %s", hand_route_to_text(hand->route));
    hand_run(hand);
    hand_say("stopped; the route is left %s%s", hand_route_to_text(hand->route),
             hand->route != HAND_DOWN ? until : "");
    if (stop != NULL)
        stop(arg);
    hand_stop(hand);
    uv_run(loop, UV_RUN_NOWAIT);
    uv_run(loop, UV_RUN_NOWAIT);
    return EXIT_SUCCESS;
}
