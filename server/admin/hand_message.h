/* hand_message.h -- what two servers say to each other while one takes over from the other
 * Over a socketpair that the new one is started with: messages of a header, some octets and some
 * descriptors (SCM_RIGHTS). All is of one machine: host byte order. The versions may differ, so
 * lengths are checked, and HAND_MAGIC changes with the meaning of the messages.
 *
 *     old                                            new
 *     HAND_SOCKETS (the listening sockets)... ->
 *     HAND_BEGIN (lock, control, pulse)       ->
 *                                             <-     HAND_LOADING, every second
 *                                             <-     HAND_READY (the pulse): it answers already
 *     HAND_CONNECTION (one by TCP)...         ->
 *     HAND_ADOPT                              ->
 *                                             <-     HAND_ADOPTED: nobody needs the old any more
 *     HAND_WATCHER (one of the pulse)...      ->
 *     HAND_FAREWELL                           ->     is the server from here on
 *
 * Instead of READY there may be HAND_FAILED with the reason. Until FAREWELL is sent the end of the
 * socket has the old one go on as before. The functions wait, for HAND_WAIT_MS at
 * most, though the socket is non-blocking (for uv_poll_t). */
#ifndef PHAROS_SERVER_ADMIN_HAND_MESSAGE_H
#define PHAROS_SERVER_ADMIN_HAND_MESSAGE_H

#include "server/base/answer_config.h"
#include "server/base/pulse.h"

#include <stddef.h>
#include <stdint.h>

enum {
    HAND_MAGIC = 0x31555050, /* "PPU1" */
    HAND_FDS_MAX = 128,      /* the kernel allows 253 in a message */
    HAND_OCTETS_MAX = 512 * 1024,
    HAND_WAIT_MS = 5000,
};

/* The descriptor's number and this variable are how the new one knows that it is one. */
#define HAND_VARIABLE "PHAROS_HAND_OVER"

enum hand_type {
    HAND_SOCKETS = 1,
    HAND_BEGIN,
    HAND_LOADING,
    HAND_FAILED,
    HAND_READY,
    HAND_CONNECTION,
    HAND_ADOPT,
    HAND_ADOPTED,
    HAND_WATCHER,
    HAND_FAREWELL,
};

/* The octets of HAND_BEGIN. Its descriptors are the lock of run-dir, then the listening sockets
 * control.sock and pulse.sock. */
struct hand_begin {
    int64_t pid;
    uint8_t instance[PULSE_INSTANCE]; /* the new server goes on with it */
    uint8_t cookie_secret[COOKIE_SECRET_OCTETS];
};

/* How those of HAND_CONNECTION begin, before the input and the output; see struct moved. */
struct hand_connection {
    uint32_t held_octets;
    uint32_t pending_octets;
    uint32_t ended;
};

struct hand_message {
    enum hand_type type;
    size_t octets;
    uint8_t *octet; /* owned when received, and followed by a NUL */
    size_t fds;
    int fd[HAND_FDS_MAX]; /* owned when received; a taker puts -1 in its place */
};

/* A pair, both ends closed on exec. Returns 0 or a negative errno. */
int hand_socketpair(int pair[2]);

/* Sends a message; its descriptors and octets stay the caller's. Returns 0 or a negative errno;
 * after a failure the socket is of no use. */
int hand_send(int socket, const struct hand_message *message);

/* Receives one. Returns 0, -EPIPE at the end, -EBADMSG for what is no message, or another negative
 * errno, such as -ETIMEDOUT. Free with hand_message_fini() where it was 0. */
int hand_receive(int socket, struct hand_message *message);

/* Frees the octets and closes the descriptors that weren't taken. */
void hand_message_fini(struct hand_message *message);

#endif
