/* probe.c -- see probe.h */
#include "server/sidecar/probe.h"

#include "zone/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* One query under way. It owns two handles and is freed when both have closed. */
struct probe {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_udp_t udp;
        uv_tcp_t tcp;
    } socket;
    uv_timer_t timer;
    uv_connect_t connect;
    struct prober *prober;
    unsigned path;
    unsigned handles;
    bool ended;
    uint64_t begun_ns, deadline_ns;    /* of uv_hrtime() */
    uint8_t instance[INSTANCE_OCTETS]; /* as it was when the query was sent */
    size_t query_octets;
    uint8_t query[2 + PROBE_QUERY_MAX]; /* with TCP's length before it */
    size_t filled;
    uint8_t answer[2 + PROBE_ANSWER_MAX];
};

static bool is_tcp(const struct probe *probe)
{
    return (probe->path & 1) != 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct probe *probe = handle->data;
    probe->handles--;
    if (probe->handles == 0) {
        probe->prober->under_way--;
        free(probe);
    }
}

/* TCP is reset, not closed: 13 connections a second would leave as many in TIME_WAIT for a minute. */
static void end(struct probe *probe, enum probe_result result)
{
    if (probe->ended)
        return;
    probe->ended = true;
    uv_close((uv_handle_t *)&probe->timer, on_closed);
    if (!is_tcp(probe) || uv_tcp_close_reset(&probe->socket.tcp, on_closed) != 0)
        uv_close(&probe->socket.handle, on_closed);
    if (probe->prober->active)
        probe->prober->ended(probe->prober, probe->path, result,
                             (uv_hrtime() - probe->begun_ns) / 1000);
}

static void on_deadline(uv_timer_t *timer)
{
    struct probe *probe = timer->data;
    const uint64_t late_ns = uv_hrtime() - probe->deadline_ns;
    end(probe, late_ns > PROBE_OWN_LATENESS_MS * UINT64_C(1000000) ? PROBE_UNKNOWN : PROBE_BAD);
}

/* An answer that's read after the deadline, before its timer was: we were busy ourselves. */
static void judge(struct probe *probe, const uint8_t *answer, size_t octets)
{
    const bool in_time = uv_hrtime() <= probe->deadline_ns;
    switch (probe_answer_read(answer, octets, probe->query + 2, probe->query_octets,
                              probe->instance)) {
    case PROBE_ANSWER_OTHER:
        return;
    case PROBE_ANSWER_STRANGER:
        end(probe, PROBE_UNKNOWN);
        return;
    case PROBE_ANSWER_WELL:
        end(probe, in_time ? PROBE_WELL : PROBE_UNKNOWN);
        return;
    case PROBE_ANSWER_SERVFAIL:
        end(probe, PROBE_BAD);
        return;
    case PROBE_ANSWER_NOT_LOADED:
        end(probe, PROBE_NOT_LOADED);
        return;
    }
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    struct probe *probe = handle->data;
    *buf = uv_buf_init((char *)probe->answer + probe->filled,
                       (unsigned)(sizeof(probe->answer) - probe->filled));
}

/* What an error tells about the server: refused or reset is its doing, no route or no memory isn't. */
static enum probe_result result_of(int err)
{
    return err == UV_ECONNREFUSED || err == UV_ECONNRESET || err == UV_EOF || err == UV_EPIPE
               ? PROBE_BAD
               : PROBE_UNKNOWN;
}

static void on_datagram(uv_udp_t *udp, ssize_t got, const uv_buf_t *buf,
                        const struct sockaddr *from, unsigned flags)
{
    (void)flags;
    struct probe *probe = udp->data;
    if (got < 0)
        end(probe, result_of((int)got));
    else if (from != NULL)
        judge(probe, (const uint8_t *)buf->base, (size_t)got);
}

static void on_stream(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    (void)buf;
    struct probe *probe = stream->data;
    if (got < 0) {
        end(probe, result_of((int)got));
        return;
    }
    probe->filled += (size_t)got;
    if (probe->filled < 2)
        return;
    const size_t octets = wire_get16(probe->answer);
    if (octets > PROBE_ANSWER_MAX)
        end(probe, PROBE_BAD);
    else if (probe->filled >= 2 + octets)
        judge(probe, probe->answer + 2, octets);
    if (!probe->ended && probe->filled == sizeof(probe->answer))
        end(probe, PROBE_BAD);
}

/* A new connection always takes the few octets of a query at once. */
static void on_connected(uv_connect_t *connect, int status)
{
    struct probe *probe = connect->handle->data;
    if (probe->ended)
        return;
    const uv_buf_t buf = uv_buf_init((char *)probe->query, (unsigned)probe->query_octets + 2);
    if (status == 0)
        status = uv_read_start(&probe->socket.stream, give_room, on_stream);
    if (status == 0)
        status = uv_try_write(&probe->socket.stream, &buf, 1);
    if (status < 0)
        end(probe, result_of(status));
}

static int ask_udp(struct probe *probe, const struct address *address)
{
    const uv_buf_t buf = uv_buf_init((char *)probe->query + 2, (unsigned)probe->query_octets);
    int err = uv_udp_connect(&probe->socket.udp, (const struct sockaddr *)&address->storage);
    if (err == 0)
        err = uv_udp_recv_start(&probe->socket.udp, give_room, on_datagram);
    if (err == 0)
        err = uv_udp_try_send(&probe->socket.udp, &buf, 1, NULL);
    return err < 0 ? err : 0;
}

static int ask(struct probe *probe, const struct address *address)
{
    if (!is_tcp(probe))
        return ask_udp(probe, address);
    return uv_tcp_connect(&probe->connect, &probe->socket.tcp,
                          (const struct sockaddr *)&address->storage, on_connected);
}

static struct probe *probe_new(struct prober *prober, unsigned path)
{
    struct probe *probe = calloc(1, sizeof(*probe));
    if (probe == NULL)
        return NULL;
    probe->prober = prober;
    probe->path = path;
    const int err = is_tcp(probe) ? uv_tcp_init(prober->loop, &probe->socket.tcp)
                                  : uv_udp_init(prober->loop, &probe->socket.udp);
    if (err != 0) {
        free(probe);
        return NULL;
    }
    uv_timer_init(prober->loop, &probe->timer);
    probe->handles = 2;
    probe->socket.handle.data = probe;
    probe->timer.data = probe;
    prober->under_way++;
    return probe;
}

static void begin(struct prober *prober, unsigned path)
{
    struct probe *probe = probe_new(prober, path);
    if (probe == NULL)
        return;
    uint16_t id = 0;
    (void)!getrandom(&id, sizeof(id), GRND_NONBLOCK);
    memcpy(probe->instance, prober->instance, sizeof(probe->instance));
    /* Counted for each path: one count for all would have the same path ask for the same zone each
     * round wherever the numbers of both divide, and a zone that failed would hide that path. */
    const struct name *qname = &prober->qname[(path + prober->asked[path]++) % prober->qnames];
    probe->query_octets = probe_query(probe->query + 2, id, qname->wire, qname->octets);
    wire_put16(probe->query, (uint16_t)probe->query_octets);

    const unsigned limit_ms = prober->late_ms * (is_tcp(probe) ? PROBE_TCP_FACTOR : 1);
    uv_update_time(prober->loop);
    probe->begun_ns = uv_hrtime();
    probe->deadline_ns = probe->begun_ns + limit_ms * UINT64_C(1000000);
    uv_timer_start(&probe->timer, on_deadline, limit_ms + 1, 0);
    const int err = ask(probe, &prober->address[path / 2]);
    if (err != 0)
        end(probe, result_of(err));
}

/* A round is each address by UDP, then one of them by TCP. */
static unsigned next_path(struct prober *prober)
{
    const unsigned addresses = (unsigned)prober->addresses;
    const unsigned round = prober->turn / (addresses + 1);
    const unsigned place = prober->turn % (addresses + 1);
    prober->turn = (prober->turn + 1) % ((addresses + 1) * addresses);
    return place < addresses ? 2 * place : 2 * (round % addresses) + 1;
}

static void on_turn(uv_timer_t *timer)
{
    struct prober *prober = timer->data;
    if (prober->active && prober->under_way < PROBE_UNDER_WAY_MAX)
        begin(prober, next_path(prober));
}

int prober_start(struct prober *prober, uv_loop_t *loop)
{
    if (prober->qnames == 0 || prober->addresses == 0
        || prober->addresses > PROBE_ADDRESSES_MAX)
        return -EINVAL;
    prober->loop = loop;
    prober->timer.data = prober;
    uv_timer_init(loop, &prober->timer);
    return uv_timer_start(&prober->timer, on_turn, 0, PROBE_INTERVAL_MS);
}

void prober_stop(struct prober *prober)
{
    prober->active = false;
    uv_close((uv_handle_t *)&prober->timer, NULL);
}
