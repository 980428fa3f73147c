/*
 * System calls: which ones a process may still make, by seccomp(2).  What it
 * may not make fails with EPERM; one made as by another architecture's program
 * kills.
 *
 * Both return 0, or -1 with errno set; they need "no new privileges".  Under
 * the sanitizers, which run a process beside ours and look into it, they do
 * nothing.
 */
#ifndef SKEL_HOST_SECCOMP_H
#define SKEL_HOST_SECCOMP_H

#include "host/confine.h"

/* Only what reading, writing and computing takes, and opening for reading. */
int seccomp_confine_filter(void);

/* All but what gets at other programs, processes, the kernel or names of files,
 * and but what n does not ask for. */
int seccomp_confine_stage(const struct confine_needs *n);

#endif
