/* xdp_attach.c -- the XDP program on an interface */
#include "server/io/xdp_attach.h"

#include "server/io/xdp_frame.h"
#include "server/io/xdp_object.h"
#include "server/io/xdp_socket.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Notes an error about an interface. */
#define refuse(notes, name, ...) refuse_interface(notes, name, (struct reason){__VA_ARGS__})

struct reason {
    const char *hint; /* may be NULL */
    const char *what;
    int err;
};

static int refuse_interface(struct notes *notes, const char *name, struct reason reason)
{
    struct note *note = notes_add(
        notes, SEVERITY_ERROR, NULL, 0, 0, 1, NULL, 0, "listen-xdp %s: %s%s%s", name,
        reason.what, reason.err != 0 ? ": " : "", reason.err != 0 ? strerror(reason.err) : "");
    if (reason.hint != NULL)
        notes_hint(note, "%s", reason.hint);
    return reason.err != 0 ? -reason.err : -EINVAL;
}

/* How many queues are received from. A driver that doesn't tell has one. */
static unsigned count_queues(int fd, struct ifreq *request)
{
    struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
    request->ifr_data = (char *)&channels;
    if (ioctl(fd, SIOCETHTOOL, request) != 0)
        return 1;
    const unsigned queues = channels.rx_count + channels.combined_count;
    return queues == 0 ? 1 : queues;
}

static int read_interface(struct xdp_interface *interface, int fd, struct notes *notes)
{
    struct ifreq request;
    memset(&request, 0, sizeof(request));
    memcpy(request.ifr_name, interface->name, sizeof(request.ifr_name));
    if (ioctl(fd, SIOCGIFHWADDR, &request) != 0)
        return refuse(notes, interface->name, .what = "can't be read", .err = errno);
    if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER)
        return refuse(notes, interface->name, .what = "not an Ethernet interface");
    memcpy(interface->mac, request.ifr_hwaddr.sa_data, sizeof(interface->mac));
    if (ioctl(fd, SIOCGIFMTU, &request) != 0)
        return refuse(notes, interface->name, .what = "can't be read", .err = errno);
    if (request.ifr_mtu < XDP_FRAME_MTU_MIN)
        return refuse(notes, interface->name, .what = "its MTU is below 576 octets");
    interface->mtu = (unsigned)request.ifr_mtu;
    interface->queues = count_queues(fd, &request);
    return 0;
}

int xdp_interface_read(struct xdp_interface *interface, const char *name, struct notes *notes)
{
    memset(interface, 0, sizeof(*interface));
    assert(strlen(name) < sizeof(interface->name));
    memcpy(interface->name, name, strlen(name));
    interface->index = if_nametoindex(name);
    if (interface->index == 0)
        return refuse(notes, name, .what = "there's no such interface", .err = errno);
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return refuse(notes, name, .what = "can't be read", .err = errno);
    const int err = read_interface(interface, fd, notes);
    close(fd);
    return err;
}

/* What the library would print is in our notes. */
static int say_nothing(enum libbpf_print_level level, const char *format, va_list arguments)
{
    (void)level, (void)format, (void)arguments;
    return 0;
}

static int map_fd(const struct xdp_program *program, const char *name)
{
    return bpf_object__find_map_fd_by_name(program->object, name);
}

static int resize(struct xdp_program *program, const char *name, size_t entries)
{
    struct bpf_map *map = bpf_object__find_map_by_name(program->object, name);
    return map == NULL ? -ENOENT : bpf_map__set_max_entries(map, (uint32_t)entries);
}

static int fill_maps(struct xdp_program *program, const struct xdp_interface *interface,
                     const struct xdp_endpoint *endpoints, size_t count)
{
    struct xdp_settings settings = {.frame_max = XDP_SOCKET_RECEIVE_MAX};
    if (getrandom(&settings.mark, sizeof(settings.mark), 0) != sizeof(settings.mark))
        return -EAGAIN;
    memcpy(settings.mac, interface->mac, sizeof(settings.mac));
    program->mark = settings.mark;
    const uint32_t only = 0;
    int err = bpf_map_update_elem(map_fd(program, "settings"), &only, &settings, BPF_ANY);
    const uint8_t taken = 1;
    for (size_t i = 0; i < count && err == 0; i++)
        err = bpf_map_update_elem(map_fd(program, "endpoints"), &endpoints[i], &taken, BPF_ANY);
    return err;
}

static int load(struct xdp_program *program, const struct xdp_interface *interface,
                const struct xdp_endpoint *endpoints, size_t count)
{
    libbpf_set_print(say_nothing);
    program->object = bpf_object__open_mem(xdp_object, xdp_object_octets, NULL);
    if (program->object == NULL)
        return -errno;
    int err = resize(program, "sockets", interface->queues);
    if (err == 0)
        err = resize(program, "endpoints", count);
    if (err == 0)
        err = bpf_object__load(program->object);
    if (err == 0)
        err = fill_maps(program, interface, endpoints, count);
    program->sockets = err == 0 ? map_fd(program, "sockets") : -1;
    return err;
}

/* Returns the link or a negative errno. */
static int link_program(const struct xdp_program *program, unsigned interface, uint32_t flags)
{
    const struct bpf_program *only =
        bpf_object__find_program_by_name(program->object, "pharos");
    LIBBPF_OPTS(bpf_link_create_opts, options, .flags = flags);
    return bpf_link_create(bpf_program__fd(only), (int)interface, BPF_XDP, &options);
}

/* Whether the interface has a program of somebody else's. */
static bool is_taken(int err)
{
    return err == -EBUSY || err == -EEXIST;
}

static int put_on(struct xdp_program *program, const struct xdp_interface *interface,
                  enum config_xdp_mode mode)
{
    program->native = mode != XDP_MODE_GENERIC;
    if (program->native)
        program->link = link_program(program, interface->index, XDP_FLAGS_DRV_MODE);
    if (mode == XDP_MODE_GENERIC
        || (mode == XDP_MODE_AUTO && program->link < 0 && !is_taken(program->link))) {
        program->native = false;
        program->link = link_program(program, interface->index, XDP_FLAGS_SKB_MODE);
    }
    return program->link < 0 ? program->link : 0;
}

/* Before Linux 5.11 maps count as locked memory, as the sockets' memory does without
 * CAP_IPC_LOCK. */
static void raise_memory_limit(void)
{
    struct rlimit limit = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    if (setrlimit(RLIMIT_MEMLOCK, &limit) == 0 || getrlimit(RLIMIT_MEMLOCK, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_MEMLOCK, &limit);
}

int xdp_attach(struct xdp_program *program, const struct xdp_interface *interface,
               enum config_xdp_mode mode, const struct xdp_endpoint *endpoints, size_t count,
               struct notes *notes)
{
    *program = (struct xdp_program){.link = -1, .sockets = -1};
    raise_memory_limit();
    int err = load(program, interface, endpoints, count);
    if (err != 0) {
        xdp_program_close(program);
        return refuse(
            notes, interface->name, .what = "the XDP program can't be loaded", .err = -err,
            .hint = err == -EPERM ? "it takes CAP_BPF, CAP_NET_ADMIN and CAP_NET_RAW" : NULL);
    }
    err = put_on(program, interface, mode);
    if (err == 0)
        return 0;
    program->link = -1;
    xdp_program_close(program);
    return refuse(notes, interface->name, .what = "the XDP program can't be attached",
                  .err = -err,
                  .hint = is_taken(err) ? "the interface has another; `ip link show` tells"
                          : mode == XDP_MODE_AUTO || mode == XDP_MODE_GENERIC
                              ? NULL
                              : "mode: generic works with every driver");
}

int xdp_program_add(struct xdp_program *program, unsigned queue, int socket)
{
    return bpf_map_update_elem(program->sockets, &queue, &socket, BPF_ANY);
}

void xdp_detach(struct xdp_program *program)
{
    if (program->link >= 0)
        close(program->link);
    program->link = -1;
}

void xdp_program_close(struct xdp_program *program)
{
    xdp_detach(program);
    if (program->object != NULL)
        bpf_object__close(program->object);
    program->object = NULL;
    program->sockets = -1;
}
