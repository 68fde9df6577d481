/* fuzz_etcd.c -- any octets as what a store says: the first one chooses request and status */
#include "server/sidecar/etcd_message.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t count)
{
    static const long statuses[] = {200, 401, 429, 503};
    if (count == 0)
        return 0;
    const unsigned choice = octets[0];
    const struct fleet_request request = {.ask = (enum fleet_ask)(choice % 5),
                                          .since = choice & 0x20 ? 3 : 0};
    const long status = statuses[choice >> 6];
    const char *body = (const char *)octets + 1;
    char error[ETCD_ERROR_MAX], token[ETCD_TOKEN_MAX];
    struct fleet_reply reply;
    struct fleet_view view = {0};
    if (etcd_message_read(&reply, &request, "/p/any", status, body, count - 1, error)
            == ETCD_FINE
        && reply.result == FLEET_DONE && reply.reading.entry != NULL
        && fleet_view_take(&view, &reply.reading) == 0) {
        const struct fleet_shard shard = fleet_view_shard(&view, "a", 0);
        const char *peer[FLEET_PEERS_MAX];
        const size_t peers = fleet_view_choose(&view, &shard, "a", 500, peer);
        if (peers != 0 && peers != shard.keep)
            abort();
    }
    fleet_view_fini(&view);
    etcd_reply_fini(&reply);
    (void)etcd_message_read_login(token, status, body, count - 1, error);
    return 0;
}
