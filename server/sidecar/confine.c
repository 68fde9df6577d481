/* confine.c -- see confine.h */
#include "server/sidecar/confine.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int become(const char *user)
{
    const struct passwd *who = getpwnam(user);
    if (who == NULL)
        return -ENOENT;
    if (prctl(PR_SET_KEEPCAPS, 1) != 0 || initgroups(user, who->pw_gid) != 0
        || setresgid(who->pw_gid, who->pw_gid, who->pw_gid) != 0
        || setresuid(who->pw_uid, who->pw_uid, who->pw_uid) != 0)
        return -errno;
    return 0;
}

/* The bounding set goes first: dropping from it takes CAP_SETPCAP. Where that isn't held,
 * no_new_privs makes up for it. */
int confine(const char *user, int capability)
{
    for (int i = 0; prctl(PR_CAPBSET_READ, i) >= 0; i++) {
        if (i != capability)
            (void)prctl(PR_CAPBSET_DROP, i);
    }
    const int err = user == NULL ? 0 : become(user);
    if (err != 0)
        return err;

    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2] = {{0}, {0}};
    if (syscall(SYS_capget, &header, sets) != 0)
        return -errno;
    for (int i = 0; i < 2; i++) {
        const uint32_t keep = capability >= 32 * i && capability < 32 * (i + 1)
                                  ? UINT32_C(1) << (capability % 32)
                                  : 0;
        sets[i].permitted &= keep;
        sets[i].effective = sets[i].permitted;
        sets[i].inheritable = 0;
    }
    if (syscall(SYS_capset, &header, sets) != 0
        || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0
        || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -errno;
    return 0;
}
