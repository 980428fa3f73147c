/*
 * Child processes that are ended by a descriptor, as the filter of system calls
 * allows no other way.
 */
#ifndef SKEL_LOOKUP_CHILD_H
#define SKEL_LOOKUP_CHILD_H

#include <sys/types.h>

/*
 * Starts a process, and sets *pidfd to a descriptor of it, with which it can be
 * ended: the filter of system calls allows no other way, so that only own
 * children can be.  Returns as fork(2) does.
 */
pid_t child_fork(int *pidfd);

/* Ends a process, which becomes a zombie sooner or later. */
void child_kill(int pidfd);

/* Waits for a process that was killed, but not for ever: one that waits for a
 * file system in user space ends when that answers. */
void child_reap(pid_t pid);

#endif
