/* falls.h -- falls, hold-downs and cycles, kept over the sidecar's restarts
 * A text file of a line for each group that ever fell,
 *
 *     GROUP PENALTY FELL AWAY UNTIL FALL...
 *
 * with the penalty in thousandths and times in milliseconds, since 1970 but for AWAY, falls from the oldest on; and
 * "end LINES". What's in it is hostile: bounded, checked, and otherwise nothing is taken. */
#ifndef PHAROS_SERVER_SIDECAR_FALLS_H
#define PHAROS_SERVER_SIDECAR_FALLS_H

#include "server/base/config.h"
#include "server/sidecar/cycles.h"
#include "server/sidecar/holddown.h"

enum {
    FALLS_PENALTY_MAX = 1000 * 1000, /* thousandths */
    FALLS_TEXT_MAX = 16 << 10,       /* octets: 16 groups take 8 KiB at most */
};

struct falls_entry {
    char group[GROUP_NAME_MAX + 1];
    uint64_t penalty;               /* thousandths, as of fell_ms */
    uint64_t fell_ms, until_ms;     /* since 1970 */
    uint64_t away_ms;               /* a duration */
    uint64_t fall_ms[CYCLES_FALLS]; /* since 1970, from the oldest on */
    unsigned falls;
};

struct falls {
    size_t count;
    struct falls_entry entry[GROUPS_MAX];
};

/* Reads a file's text. Returns 0 or -EBADMSG, with nothing taken. */
int falls_parse(struct falls *falls, const char *text, size_t octets);

/* Reads and writes the file. Return 0 or a negative errno: -ENOENT where there's no file yet, -EBADMSG for what was
 * damaged. Writing doesn't wait for the disk: it must not hold up a sidecar that has just seen a fall, and a crash
 * of the machine that tears the file is seen by its end. */
int falls_load(struct falls *falls, const char *path);
int falls_save(const struct falls *falls, const char *path);

/* NULL: nothing is known of the group. */
const struct falls_entry *falls_find(const struct falls *falls, const char *group);

/* Adds what is known of a group, if it ever fell. Both clocks are of the same moment, here and below. */
void falls_add(struct falls *falls, const char *group, const struct holddown *holddown,
               const struct cycles *cycles, uint64_t now_ms, uint64_t wall_ms);

/* The same by this process's monotonic clock. False where there are times in the future, since the wall clock was
 * set back: they count as now, and the whole hold-down is ahead. */
bool falls_restore(const struct falls_entry *entry, const struct thresholds *limits,
                   struct holddown *holddown, struct cycles *cycles, uint64_t now_ms,
                   uint64_t wall_ms);

/* What is taken for true where the file is damaged: as many falls as the budget has, all just now. */
void falls_assume(const struct thresholds *limits, struct holddown *holddown,
                  struct cycles *cycles, uint64_t now_ms);

#endif
