/* etcd_message.h -- a fleet's requests and their answers in the words of etcd 3's JSON gateway
 * Keys are PREFIX/generation, PREFIX/member/NAME, PREFIX/health/NAME and PREFIX/up/NAME. The values of the last
 * two begin with the badness in four digits, so that the store compares them as text: a claim asks that
 * each peer's is less than the next higher badness, which also fails where the key isn't there.
 *
 * What comes back is hostile: it is bounded, checked, and otherwise no answer. */
#ifndef PHAROS_SERVER_SIDECAR_ETCD_MESSAGE_H
#define PHAROS_SERVER_SIDECAR_ETCD_MESSAGE_H

#include "server/sidecar/fleet.h"

enum {
    ETCD_PREFIX_MAX = 160, /* octets, with the group's name */
    ETCD_TOKEN_MAX = 1024,
    ETCD_ERROR_MAX = 200,
    ETCD_REPLY_MAX = 4 << 20, /* octets: 4096 nodes have 3 keys of some 250 octets each */
};

struct etcd_text {
    const char *path; /* of the URL: "/v3/kv/txn" */
    char *body;       /* the caller's to free */
    size_t octets;
};

/* Returns 0 or -ENOMEM. */
int etcd_message_write(struct etcd_text *text, const struct fleet_request *request,
                       const char *prefix);
int etcd_message_write_login(struct etcd_text *text, const char *user, const char *password);

enum etcd_trouble {
    ETCD_FINE,  /* `reply` has what the store said */
    ETCD_LOGIN, /* the token isn't taken, or one is needed */
    ETCD_TROUBLE, /* this endpoint can't, or what it says can't be understood: `reply` is FLEET_LOST */
};

/* Reads the body that came with HTTP's `status`. The reply's entries are the caller's to free with
 * etcd_reply_fini(). `error` has a few words unless all is fine; they may be there with a refusal too. */
enum etcd_trouble etcd_message_read(struct fleet_reply *reply,
                                    const struct fleet_request *request, const char *prefix,
                                    long status, const char *body, size_t octets,
                                    char error[ETCD_ERROR_MAX]);
void etcd_reply_fini(struct fleet_reply *reply);

/* Reads a token. False with a few words in `error`. */
bool etcd_message_read_login(char token[ETCD_TOKEN_MAX], long status, const char *body,
                             size_t octets, char error[ETCD_ERROR_MAX]);

/* Keys after the prefix: the generation's, and where the names of MEMBER, HEALTH and UP begin. */
#define ETCD_KEY_GENERATION "/generation"
const char *etcd_key_folder(enum fleet_key key);

/* Whether a node may be named so: letters, digits, dots, hyphens and underscores. */
bool etcd_name_valid(const char *name);

#endif
