/*
 * Reads /proc/PID/stat; see proc(5).
 */
#ifndef SKEL_HOST_PROC_STAT_H
#define SKEL_HOST_PROC_STAT_H

struct proc_stat {
	unsigned long flags;      /* PF_* of Linux's include/linux/sched.h */
	unsigned long long start; /* clock ticks after boot */
	/* The addresses where code and stack begin.  Without the right to
	 * trace the process they read as 0 or 1. */
	unsigned long long code, stack;
};

/*
 * Returns 1; 0 if there is no such process, or only a zombie; or -1 with errno
 * set if the file cannot be read.
 */
int proc_stat_read(long pid, struct proc_stat *s);

#endif
