/* xdp_attach.h -- the XDP program on an interface
 * It's held by a bpf_link: the kernel takes it off the interface when the last descriptor of the
 * link is closed, so also when the process dies. All functions are for the main loop; all but
 * xdp_detach() and xdp_program_close() before privileges are dropped. */
#ifndef PHAROS_SERVER_IO_XDP_ATTACH_H
#define PHAROS_SERVER_IO_XDP_ATTACH_H

#include "server/base/config.h"
#include "server/io/xdp_program.h"

#include <net/if.h>

struct xdp_interface {
    char name[IF_NAMESIZE];
    unsigned index;
    unsigned mtu; /* octets; at least XDP_FRAME_MTU_MIN */
    uint8_t mac[6];
    unsigned queues; /* for receiving, at least 1 */
};

struct xdp_program {
    struct bpf_object *object; /* NULL: none */
    int link;                  /* -1: not on the interface */
    int sockets;               /* the map of sockets, borrowed from the object */
    bool native;               /* in the driver, not generic */
    uint64_t mark;             /* of the stamps, see struct xdp_settings */
};

/* Reads what must be known of an interface. Returns 0 or a negative errno with a note. */
int xdp_interface_read(struct xdp_interface *interface, const char *name, struct notes *notes);

/* Loads the program and puts it on the interface; it passes everything on until it has sockets.
 * Returns 0 or a negative errno with a note, then with nothing to close. Needs CAP_NET_ADMIN and
 * CAP_BPF. */
int xdp_attach(struct xdp_program *program, const struct xdp_interface *interface,
               enum config_xdp_mode mode, const struct xdp_endpoint *endpoints, size_t count,
               struct notes *notes);

/* From now on the queue's queries go to this socket. Returns 0 or a negative errno. */
int xdp_program_add(struct xdp_program *program, unsigned queue, int socket);

/* Takes the program off the interface; the kernel has all packets again. */
void xdp_detach(struct xdp_program *program);

/* The same, and frees what it had. */
void xdp_program_close(struct xdp_program *program);

#endif
