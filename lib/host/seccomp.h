/*
 * Restricts the system calls of this process by seccomp(2).  Other calls fail
 * with EPERM; a call by another architecture's interface kills the process.
 *
 * Both functions require PR_SET_NO_NEW_PRIVS and return 0, or -1 with errno
 * set.  Under the sanitizers they do nothing, because a sanitizer starts a
 * process that traces this one.
 */
#ifndef SKEL_HOST_SECCOMP_H
#define SKEL_HOST_SECCOMP_H

#include "host/confine.h"

/* Allow only the calls for reading, writing, computing, and opening files for
 * reading. */
int seccomp_confine_filter(void);

/* Forbid the calls that affect other programs and processes, the kernel and the
 * names of files, and those that n does not ask for. */
int seccomp_confine_privileged(const struct confine_needs *n);

#endif
