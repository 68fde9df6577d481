/* fd_store.h -- the service manager keeps our sockets over a restart
 * systemd's FD store: FDSTORE=1 with FDNAME and the descriptor by the notify socket; at the next
 * start LISTEN_FDS tells that they are there, from 3 on. What was sent to them meanwhile waits in
 * them. Takes FileDescriptorStoreMax in the unit. */
#ifndef PHAROS_SERVER_ADMIN_FD_STORE_H
#define PHAROS_SERVER_ADMIN_FD_STORE_H

#include "server/base/notify.h"
#include "server/io/front.h"

/* Takes the descriptors that the service manager passed to us, and cleans the environment. To be
 * called before the environment is used by another, once. Returns how many are no sockets of a
 * DNS server that we could use; those are closed. */
unsigned fd_store_take(struct inherited *inherited);

/* Gives the front's sockets to be kept. Those that are kept already stay once. */
void fd_store_keep(const struct notify *notify, const struct front *front);

/* Has the service manager forget those that weren't taken: for an address that isn't ours any
 * more nobody would answer. */
void fd_store_forget(const struct notify *notify, const struct inherited *inherited);

#endif
