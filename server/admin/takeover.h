/* takeover.h -- takes the server over from the process that started us for it
 * The new server's side of an upgrade; upgrade.h is the old one's, hand_message.h what they say. We
 * load our zones while the old one answers; then both answer, from the same sockets; then we get its
 * connections, and are in charge. If the old one ends before we are ready, we end, too; if after, we
 * are in charge. For the main loop only. */
#ifndef PHAROS_SERVER_ADMIN_TAKEOVER_H
#define PHAROS_SERVER_ADMIN_TAKEOVER_H

#include "server/admin/server.h"
#include "server/io/inherited.h"

struct takeover {
    struct inherited sockets;
    uint8_t instance[PULSE_INSTANCE];
    uint8_t cookie_secret[COOKIE_SECRET_OCTETS];
    long pid;    /* of the old server */
    int lock;    /* owned; -1: taken */
    int control; /* the same, listening */
    int pulse;
    size_t watchers; /* owned, as far as they're not taken */
    struct pulse_watcher watcher[PULSE_SOCKET_CLIENTS_MAX];

    /* Private. */
    struct server *server;
    void (*in_charge)(struct server *server);
    int socket;
    uv_poll_t poll;
    uv_timer_t timer;
    bool watching;
    bool ready;
    struct moved *moved; /* owned: connections to be adopted */
};

/* Whether another server started us to take over from it. */
bool takeover_wanted(void);

/* Receives what the old server begins with, and cleans the environment. To be called before
 * anything else is opened. Returns 0 or a negative errno, then with nothing to free. */
int takeover_begin(struct takeover **out);

/* Tells the old server that we can't, and why. */
void takeover_fail(const struct takeover *takeover, const char *why);
void takeover_fail_notes(const struct takeover *takeover, const struct notes *notes);

/* Tells the old server, from the loop, that we're at it, and ends the process if it doesn't want us
 * any more. `in_charge` is called once, when all is ours. */
void takeover_watch(struct takeover *takeover, struct server *server,
                    void (*in_charge)(struct server *server));

/* We answer. */
void takeover_ready(struct takeover *takeover);

/* Closes what wasn't taken, and frees when the loop has turned; NULL is harmless. */
void takeover_close(struct takeover *takeover);

#endif
