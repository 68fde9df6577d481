/* settle.c -- what answers depend on that isn't in the configuration */
#include "server/admin/settle.h"

#include "server/admin/takeover.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

int settle_begin(struct server *server)
{
    const struct takeover *takeover = server->takeover;
    if (takeover != NULL) {
        memcpy(server->pulse->instance, takeover->instance, sizeof takeover->instance);
        memcpy(server->cookie_secret, takeover->cookie_secret, sizeof server->cookie_secret);
        return 0;
    }
    const ssize_t got = getrandom(server->cookie_secret, sizeof server->cookie_secret, 0);
    if (got < 0)
        return -errno;
    return got == (ssize_t)sizeof server->cookie_secret ? 0 : -EIO;
}

void settle_answer(const struct server *server, struct answer_config *answer)
{
    memcpy(answer->instance, server->pulse->instance, sizeof answer->instance);
    if (answer->cookie_secrets == 0) {
        memcpy(answer->cookie_secret[0], server->cookie_secret, COOKIE_SECRET_OCTETS);
        answer->cookie_secrets = 1;
    }
}
