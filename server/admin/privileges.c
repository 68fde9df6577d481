/* privileges.c -- gives up what only the start needed */
#include "server/admin/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int failed(struct notes *notes, const char *what, int err)
{
    notes_add(notes, SEVERITY_ERROR, NULL, 0, 0, 1, NULL, 0, "%s: %s", what, strerror(err));
    return -err;
}

int privileges_find_user(const char *user, uid_t *uid, gid_t *gid, struct notes *notes)
{
    errno = 0;
    const struct passwd *found = getpwnam(user);
    if (found == NULL) {
        notes_add(notes, SEVERITY_ERROR, NULL, 0, 0, 1, NULL, 0,
                  "server.user: there's no user \"%s\"", user);
        return -ENOENT;
    }
    *uid = found->pw_uid;
    *gid = found->pw_gid;
    return 0;
}

static int become(const char *user, uid_t uid, gid_t gid, struct notes *notes)
{
    /* What the bounding set lacks no program that is executed later can get. Each call fails
     * for numbers that this kernel doesn't know. */
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    if (initgroups(user, gid) != 0)
        return failed(notes, "can't take the groups of server.user", errno);
    if (setresgid(gid, gid, gid) != 0)
        return failed(notes, "can't take the group of server.user", errno);
    if (setresuid(uid, uid, uid) != 0)
        return failed(notes, "can't become server.user", errno);
    if (uid != 0 && setuid(0) == 0)
        return failed(notes, "could become root again", EPERM);
    return 0;
}

static int clear_capabilities(struct notes *notes)
{
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0,
          0); /* before Linux 4.3 there are none */
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
    if (syscall(SYS_capset, &header, none) != 0)
        return failed(notes, "can't give up capabilities", errno);
    return 0;
}

int privileges_drop(const char *user, struct notes *notes)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return failed(notes, "can't give up new privileges", errno);
    if (user == NULL)
        return geteuid() == 0 ? 0 : clear_capabilities(notes);

    uid_t uid;
    gid_t gid;
    int err = privileges_find_user(user, &uid, &gid, notes);
    if (err != 0)
        return err;
    if (geteuid() == 0) {
        err = become(user, uid, gid, notes);
    } else if (geteuid() != uid) {
        notes_add(notes, SEVERITY_ERROR, NULL, 0, 0, 1, NULL, 0,
                  "server.user: only root can become \"%s\"; this is user %u", user,
                  (unsigned)geteuid());
        err = -EPERM;
    }
    return err == 0 && uid != 0 ? clear_capabilities(notes) : err;
}
