/*
 * The names of numbers that only this host knows: users, groups, network
 * interfaces, cgroups, and the containers behind these.
 */
#ifndef SKEL_LOOKUP_HOST_NAMES_H
#define SKEL_LOOKUP_HOST_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "types/kind.h"

struct host_names; /* opaque */

/*
 * Open what takes privileges or sockets, of which the rest makes do.  service
 * is a socket of the process of lookup/account-service.h, which becomes the
 * result's, or -1.  Returns NULL if memory runs out.
 */
struct host_names *host_names_open(int service);
void host_names_close(struct host_names *h);

/* Wait until fd can be read.  What comes, goes and changes meanwhile is noted.
 * Services that take long may take their time again then. */
void host_names_wait(struct host_names *h, int fd);

/* The name of a number, of at most NAME_STORE_TEXT_MAX bytes, valid until the
 * next call; or NULL, also for kinds that lookup_is_host_kind() does not have.
 */
const char *host_names_find(struct host_names *h, enum kind kind, uint64_t id);

#endif
