/*
 * The pid namespace that this process is in: the same number is another
 * process in another one.  See pid_namespaces(7).
 */
#ifndef SKEL_HOST_PIDNS_H
#define SKEL_HOST_PIDNS_H

#include <stdbool.h>

/* Its inode, by which Linux tells namespaces apart, or 0 where /proc does not
 * say. */
unsigned long long pidns_self(void);

/* Whether it is the one of the whole machine, whose pids the kernel's traces
 * and BPF programs use.  True where /proc does not say. */
bool pidns_is_initial(void);

#endif
