/*
 * Tells the service manager that this process is ready, by the protocol of
 * sd_notify(3): a datagram to the socket that the environment variable
 * NOTIFY_SOCKET names.
 */
#ifndef SKEL_HOST_NOTIFY_H
#define SKEL_HOST_NOTIFY_H

/*
 * Opens the socket, which a confined process could not, and removes the
 * variable from the environment.  Returns the descriptor, or -1 if nobody waits
 * for this process, or after a notice that the socket cannot be reached.
 */
int notify_open(void);

/* Sends "READY=1" to the socket, and closes it.  Does nothing if fd is -1. */
void notify_ready(int fd);

#endif
