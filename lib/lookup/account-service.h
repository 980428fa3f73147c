/*
 * The names of users and groups that are in no file: the C library gets them
 * from the services in /etc/nsswitch.conf, whose libraries it loads and which
 * may use the network.  None of that works in a confined process, so a process
 * without privileges does it, to which this is the protocol and both sides.
 */
#ifndef SKEL_LOOKUP_ACCOUNT_SERVICE_H
#define SKEL_LOOKUP_ACCOUNT_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "types/kind.h"

enum {
	ACCOUNT_SERVICE_NAME_MAX = 256, /* with the NUL; longer ones are cut */
	/* An answer that takes longer is given up; and while it is missing,
	 * nothing more is asked. */
	ACCOUNT_SERVICE_WAIT_MS = 1000,
	/* The time for all answers until account_service_renew(). */
	ACCOUNT_SERVICE_ALL_MS = 3000,
};

/* Whether a file in the format of /etc/nsswitch.conf names a service for users
 * or groups other than files. */
bool account_service_is_needed(const char *path);

/* The process: answers what comes over the socket fd until its other end is
 * closed.  A service may take any time; in each second of that the process gets
 * SIGALRM, which must have a handler, to see whether it is still needed. */
void account_service_run(int fd);

/* The other side.  With fd -1 there is no process. */
struct account_service {
	int fd;       /* owned: a SOCK_SEQPACKET socket */
	bool waiting; /* an answer is missing */
	int left_ms;  /* of the time for all answers */
};

/* Open the other side of a socket, which becomes s's. */
void account_service_open(struct account_service *s, int fd);

/* Allow the time for all answers again. */
void account_service_renew(struct account_service *s);

/* Ask for the name of KIND_UID or KIND_GID, and store it in out, of
 * ACCOUNT_SERVICE_NAME_MAX bytes.  Returns false if there is none. */
bool account_service_find(
    struct account_service *s, enum kind kind, uint64_t id, char *out);

void account_service_close(struct account_service *s);

#endif
