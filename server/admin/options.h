/* options.h -- pharosd's command line */
#ifndef PHAROS_SERVER_ADMIN_OPTIONS_H
#define PHAROS_SERVER_ADMIN_OPTIONS_H

#include "server/base/config.h"

#include <stdbool.h>
#include <stddef.h>

/* All strings are borrowed from argv. */
struct options {
    const char *config_path; /* NULL: none */
    const char **listen;     /* owned array */
    size_t listens;
    const char **zone; /* owned array */
    size_t zones;
    const char *run_dir; /* NULL: what the configuration says */
    bool check_config, help, version;
};

/* Reads the arguments and checks what can be checked without other files. Returns 0, or the
 * status to exit with (2, usage; 1, out of memory) after it said on standard error what is
 * wrong. Free with options_fini() in any case. */
int options_parse(struct options *options, int argc, char **argv);
void options_fini(struct options *options);

void options_print_help(void);

/* The configuration that file and arguments give together: arguments add to the file. `config`
 * is initialised here, and the caller's to fini in any case. Returns 0 or a negative errno with
 * notes. Any thread. */
int options_config(const struct options *options, struct config *config, struct notes *notes);

#endif
