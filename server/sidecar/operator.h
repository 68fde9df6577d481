/* operator.h -- the operator's words about groups, kept over restarts
 * A text file of lines "GROUP WORD [HELD]", replaced as a whole: written beside, synced, renamed. */
#ifndef PHAROS_SERVER_SIDECAR_OPERATOR_H
#define PHAROS_SERVER_SIDECAR_OPERATOR_H

#include "server/base/config.h"
#include "server/sidecar/keep.h"
#include "server/sidecar/sample.h"

struct operator_entry {
    char group[GROUP_NAME_MAX + 1];
    enum operator_word word;
    enum wish held; /* of OPERATOR_HOLD: what the route was wished to be */
};

struct operator_words {
    char path[KEEP_PATH_MAX];
    size_t count;
    struct operator_entry entry[GROUPS_MAX];
};

/* Reads FOLDER/route.words. Returns 0, also where there's none; or a negative errno: -EBADMSG for a file
 * with something else in it, of which nothing is taken. Then what was said isn't known. */
int operator_load(struct operator_words *words, const char *folder);

/* For when words can't be read: holds a group's route as its driver has it, until the next word about it. The
 * file stays as it is until then. */
void operator_hold(struct operator_words *words, const char *group);

/* OPERATOR_NONE for a group that nothing was said about. */
struct operator_entry operator_find(const struct operator_words *words, const char *group);

/* Keeps a word about a group, OPERATOR_NONE forgets it. Returns 0 or a negative errno; then nothing has
 * changed. */
int operator_say(struct operator_words *words, const char *group, enum operator_word word,
                 enum wish held);

#endif
