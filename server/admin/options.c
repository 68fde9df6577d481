/* options.c -- pharosd's command line */
#include "server/admin/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2 };

static const char help[] =
    "Usage: pharosd -c FILE [OPTION]...\n"
    "       pharosd --listen ADDRESS@PORT --zone NAME=FILE [OPTION]...\n"
    "Answer DNS queries from zone files.\n"
    "\n"
    "  -c, --config FILE          read the configuration from FILE\n"
    "      --listen ADDRESS@PORT  answer at this address (may be repeated); port 0 picks a "
    "free one\n"
    "      --zone NAME=FILE       serve the zone NAME from FILE (may be repeated)\n"
    "      --run-dir DIR          control socket, pulse and lock live in DIR\n"
    "      --check-config         load configuration and zones, tell what is wrong, and exit\n"
    "      --help                 show this and exit\n"
    "      --version              show the version and exit\n"
    "\n"
    "Arguments add to what the configuration file says.\n"
    "Signals: HUP reloads configuration and changed zones, TERM and INT drain and stop,\n"
    "USR1 reopens the log file.\n"
    "Exit status: 0 stopped or checked well, 1 failure, 2 wrong usage.\n";

void options_print_help(void)
{
    fputs(help, stdout);
}

static int usage(const char *format, const char *argument)
{
    fputs("pharosd: ", stderr);
    fprintf(stderr, format, argument);
    fputs("\nTry 'pharosd --help'.\n", stderr);
    return EXIT_USAGE;
}

static int read_option(struct options *options, int option)
{
    switch (option) {
    case 'c':
        options->config_path = optarg;
        return 0;
    case 'l':
        options->listen[options->listens++] = optarg;
        return 0;
    case 'z':
        options->zone[options->zones++] = optarg;
        return 0;
    case 'r':
        options->run_dir = optarg;
        return 0;
    case 'k':
        options->check_config = true;
        return 0;
    case 'h':
        options->help = true;
        return 0;
    case 'v':
        options->version = true;
        return 0;
    default: /* getopt_long() said what it is */
        fputs("Try 'pharosd --help'.\n", stderr);
        return EXIT_USAGE;
    }
}

static int read_all(struct options *options, int argc, char **argv)
{
    static const struct option known[] = {
        {"config", required_argument, NULL, 'c'}, {"listen", required_argument, NULL, 'l'},
        {"zone", required_argument, NULL, 'z'},   {"run-dir", required_argument, NULL, 'r'},
        {"check-config", no_argument, NULL, 'k'}, {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},      {NULL, 0, NULL, 0},
    };
    optind = 1;
    for (;;) {
        const int option = getopt_long(argc, argv, "c:", known, NULL);
        if (option == -1)
            break;
        const int status = read_option(options, option);
        if (status != 0)
            return status;
    }
    if (optind < argc)
        return usage("unexpected argument '%s'", argv[optind]);
    return 0;
}

static int add_arguments(const struct options *options, struct config *config,
                         struct notes *notes)
{
    int err = 0;
    for (size_t i = 0; i < options->listens; i++) {
        const int e = config_add_listen(config, options->listen[i], notes);
        err = err == 0 ? e : err;
    }
    for (size_t i = 0; i < options->zones; i++) {
        const int e = config_add_zone(config, options->zone[i], notes);
        err = err == 0 ? e : err;
    }
    if (options->run_dir == NULL)
        return err;
    char *run_dir = strdup(options->run_dir);
    if (run_dir == NULL)
        return -ENOMEM;
    free(config->run_dir);
    config->run_dir = run_dir;
    return err;
}

static int check_arguments(const struct options *options)
{
    struct config config;
    struct notes notes;
    config_init(&config);
    notes_init(&notes);
    const int err = add_arguments(options, &config, &notes);
    if (err != 0)
        notes_print(&notes, stderr);
    notes_fini(&notes);
    config_fini(&config);
    return err == 0 ? 0 : EXIT_USAGE;
}

int options_parse(struct options *options, int argc, char **argv)
{
    *options = (struct options){0};
    options->listen = calloc((size_t)argc, sizeof *options->listen);
    options->zone = calloc((size_t)argc, sizeof *options->zone);
    if (options->listen == NULL || options->zone == NULL) {
        fputs("pharosd: out of memory\n", stderr);
        return EXIT_FAILURE;
    }
    const int status = read_all(options, argc, argv);
    if (status != 0 || options->help || options->version)
        return status;
    if (options->config_path == NULL && options->listens == 0)
        return usage("nothing to do without %s",
                     "a configuration (-c FILE) or an address (--listen ADDRESS@PORT)");
    return check_arguments(options);
}

void options_fini(struct options *options)
{
    free(options->listen);
    free(options->zone);
}

int options_config(const struct options *options, struct config *config, struct notes *notes)
{
    config_init(config);
    int err = 0;
    if (options->config_path != NULL)
        err = config_load(config, options->config_path, notes);
    if (err == 0)
        err = add_arguments(options, config, notes);
    if (err == 0)
        err = config_check(config, notes);
    if (err == 0)
        err = config_read_secrets(config, notes);
    if (err != 0 && notes->errors == 0)
        notes_add(notes, SEVERITY_ERROR, options->config_path, 0, 0, 1, NULL, 0, "%s",
                  strerror(-err));
    return err;
}
