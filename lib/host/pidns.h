/*
 * The pid namespace of this process.  The same number means another process in
 * another namespace; see pid_namespaces(7).
 */
#ifndef SKEL_HOST_PIDNS_H
#define SKEL_HOST_PIDNS_H

#include <stdbool.h>

/* The inode that identifies the namespace, or 0 if /proc does not show it. */
unsigned long long pidns_self(void);

/* Whether it is the initial namespace, whose pids the kernel's traces and BPF
 * programs use.  True if /proc does not show it. */
bool pidns_is_initial(void);

#endif
