/*
 * What /proc/PID/stat tells of a process; see proc(5).
 */
#ifndef SKEL_HOST_PROC_STAT_H
#define SKEL_HOST_PROC_STAT_H

struct proc_stat {
	unsigned long flags;      /* PF_* of Linux's include/linux/sched.h */
	unsigned long long start; /* clock ticks after boot */
	/* Where its code and its stack begin; 0 or 1 to those who may not
	 * know. */
	unsigned long long code, stack;
};

/* Read it.  Returns 1; 0 when there is no such process, or a dead one that its
 * parent has not waited for; or -1 with errno set when nobody can tell. */
int proc_stat_read(long pid, struct proc_stat *s);

#endif
