/*
 * The client of the process that finds names: starts it, and exchanges messages
 * with it without ever waiting for it.
 */
#ifndef SKEL_LOOKUP_CLIENT_H
#define SKEL_LOOKUP_CLIENT_H

#include <stdbool.h>
#include <sys/types.h>

#include "lookup/message.h"

/* A message that waits for room in the socket. */
struct lookup_waiting;

/* One with fd -1 is closed: the process was not started, or has gone. */
struct lookup_client {
	int fd;    /* owned: the socket */
	pid_t pid; /* of the process if it is a child of this one, or 0 */
	struct lookup_waiting *first, **last; /* owned */
	unsigned int nwaiting;
	char why[512]; /* with fd -1: why it could not be started, or "" */
};

#define LOOKUP_CLIENT_CLOSED                                                   \
	{                                                                      \
		.fd = -1                                                       \
	}

enum lookup_client_option {
	/* It is no child of this process, whose host may wait for its own
	 * children. */
	LOOKUP_CLIENT_DETACH = 1,
	/* It may be asked for LOOKUP_HOST; else there are no such names. */
	LOOKUP_CLIENT_HOST = 2,
};

/*
 * Starts the process, which closes what it inherits, and ends when the client
 * is closed or this process ends.  options is a set of enum
 * lookup_client_option.  Returns 0; or -1, with the reason in c->why
 * ("skel-lookup: No such file or directory"), which is not reported.
 */
int lookup_client_open(struct lookup_client *c, unsigned int options);

/* Ends the process and waits for that, for a second at most if it is stopped.
 */
void lookup_client_close(struct lookup_client *c);

/* Tells the process of a file.  fds are an O_PATH descriptor of it and one of a
 * root directory; each may be -1, and both are closed.  Returns 0, or -1 if too
 * much waits already or the process has gone. */
int lookup_client_tell(
    struct lookup_client *c, struct lookup_file *f, int fds[2]);

/* Sends a request.  Returns as lookup_client_tell() does. */
int lookup_client_ask(
    struct lookup_client *c, const struct lookup_find *request);

/*
 * Receives an answer: LOOKUP_IMAGE, LOOKUP_FOUND, LOOKUP_DONE or LOOKUP_BAD.
 * Returns 1; 0 if there is none yet; or -1 if the process has gone, or is not
 * of this build: the client is closed then.
 */
int lookup_client_receive(struct lookup_client *c, struct lookup_packet *p);

#endif
