/*
 * The process without privileges that asks the C library for users and groups,
 * which may load libraries and use the network for that.  It exists only where
 * /etc/nsswitch.conf names services other than files, and not in programs that
 * are linked statically.
 */
#ifndef SKEL_LOOKUP_ACCOUNT_PROCESS_H
#define SKEL_LOOKUP_ACCOUNT_PROCESS_H

#include <sys/types.h>

/* Starts the process if it is needed, and sets *pid to it, or to 0.  Returns a
 * socket for struct account_service, which becomes the caller's, or -1 if there
 * is none.  The process ends when that is closed, or a second later if a
 * service does not answer. */
int account_process_start(pid_t *pid);

#endif
