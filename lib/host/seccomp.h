/*
 * Restricts the system calls of this process by seccomp(2) to those that
 * host/syscalls.h allows for a stage.  A refused call is reported to standard
 * error, once for each number, and fails with EPERM.  A call that the table
 * does not know fails with ENOSYS.  A call by another architecture's interface
 * kills the process.
 */
#ifndef SKEL_HOST_SECCOMP_H
#define SKEL_HOST_SECCOMP_H

#include "host/syscalls.h"

/*
 * Confine this process and its children, in addition to what they gave up
 * before.  needs is a set of enum syscall_need.  Requires PR_SET_NO_NEW_PRIVS.
 * Returns 0, or -1 with errno set: ENOSYS if the table has no numbers for this
 * architecture.  Under the sanitizers this does nothing, because a sanitizer
 * starts a process that traces this one.
 */
int seccomp_confine(enum syscall_stage stage, unsigned int needs);

#endif
