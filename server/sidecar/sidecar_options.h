/* sidecar_options.h -- what pharos-sidecar was told: the configuration, and the command line over it */
#ifndef PHAROS_SERVER_SIDECAR_SIDECAR_OPTIONS_H
#define PHAROS_SERVER_SIDECAR_SIDECAR_OPTIONS_H

#include "server/base/config.h"

struct sidecar_options {
    struct config
        config; /* .route and .run_dir are what counts; .zone[0] is asked for, or the root */
    const char *record;  /* file of samples to append to; NULL: none; borrowed */
    const char *replay;  /* file of samples to judge anew; NULL: watch a server; borrowed */
    const char *control; /* NULL: from run-dir and the group's name; borrowed */
};

/* Fills from the arguments and the file that they name. Returns -1, or the exit status with everything
 * said (0 after --help). Free with sidecar_options_fini() in any case. */
int sidecar_options_read(struct sidecar_options *options, int argc, char **argv);
void sidecar_options_fini(struct sidecar_options *options);

#endif
