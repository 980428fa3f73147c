/*
 * Owners: which process something belongs to that outlives processes.
 */
#ifndef SKEL_HOST_PID_OWNER_H
#define SKEL_HOST_PID_OWNER_H

#include <stdbool.h>

/* Pids come again, so the start time tells apart; and a pid means something
 * only in its own namespace. */
struct pid_owner {
	long pid;
	unsigned long long start; /* clock ticks after boot */
	unsigned long long pidns; /* inode */
};

/* An owner in a name: printf(3) and scanf(3). */
#define PID_OWNER_FORMAT "%ld-%llu-%llu"

/* This process.  Returns 0, or -1 after reporting. */
int pid_owner_self(struct pid_owner *o);

/* Whether text is an owner, and which. */
bool pid_owner_parse(struct pid_owner *o, const char *text);

/* Whether o may still run: nobody can tell of another pid namespace, or when
 * /proc cannot be read. */
bool pid_owner_is_alive(const struct pid_owner *o);

#endif
