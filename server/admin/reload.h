/* reload.h -- one reload after the other: configuration first, then the zones
 * An invalid configuration changes nothing at all. Requests that come meanwhile wait for a
 * round of their own, which starts after: what they ask about may have changed after the one
 * under way looked. For the main loop only. */
#ifndef PHAROS_SERVER_ADMIN_RELOAD_H
#define PHAROS_SERVER_ADMIN_RELOAD_H

#include "server/admin/server.h"

struct reload_result {
    bool ok; /* all that was asked for was done */
    /* What to tell: exactly one of outcome and refused isn't NULL. Borrowed for the call. */
    const struct maintain_outcome *outcome;
    const struct notes *refused; /* the configuration's mistakes */
    const char *restart;         /* settings that take a restart; or "" */
};

typedef void reload_done(void *context, const struct reload_result *result);

struct reload;

/* `server` is borrowed. NULL out of memory. */
struct reload *reload_new(struct server *server);
void reload_free(struct reload *reload);

/* Asks for a reload of all, or of the zone `name` alone (then the configuration isn't read).
 * `done` may be NULL; it's called later, and always. Returns 0, -ENOMEM, or -EBUSY where too
 * many wait. */
int reload_request(struct reload *reload, const struct name *name, reload_done *done,
                   void *context);

/* The first load, of the configuration that the server started with. */
int reload_first(struct reload *reload, reload_done *done, void *context);

/* True while one is under way or waits. */
bool reload_busy(const struct reload *reload);

#endif
