/* upgrade.h -- hands the server over to a new process of the same program
 * The old server's side; takeover.h is the new one's, hand_message.h what they say. The new one is
 * started with our sockets and loads its zones, while we answer. Once it answers, too, it's given
 * the TCP connections and those who watch the pulse, and we end. Until then whatever goes wrong
 * with it, or takes too long, leaves us as we were. For the main loop only. */
#ifndef PHAROS_SERVER_ADMIN_UPGRADE_H
#define PHAROS_SERVER_ADMIN_UPGRADE_H

#include "server/admin/program.h"
#include "server/admin/server.h"

/* `text` tells people what became of it; borrowed for the call. */
typedef void upgrade_done(void *context, bool ok, const char *text);

struct upgrade;

/* All is borrowed. NULL out of memory. */
struct upgrade *upgrade_new(struct server *server, const struct program *program);

/* Begins one, for which the new server may take so long. `done` is called always, perhaps before
 * this returns. After a good end the loop is stopped and server->handed_over set. */
void upgrade_request(struct upgrade *upgrade, unsigned seconds, upgrade_done *done,
                     void *context);

/* While one is under way. NULL is never busy. */
bool upgrade_busy(const struct upgrade *upgrade);

/* The new server, which may have read its files already, shall read them again. */
void upgrade_reload_after(struct upgrade *upgrade);

/* Ends the new server, if there's one, and the upgrade. */
void upgrade_cancel(struct upgrade *upgrade, const char *why);

/* Cancels, and frees when the loop has turned. */
void upgrade_close(struct upgrade *upgrade);

#endif
