/*
 * Records which process owns something that outlives processes, such as a
 * directory of pins, so that others can tell whether the owner still runs.
 */
#ifndef SKEL_HOST_PID_OWNER_H
#define SKEL_HOST_PID_OWNER_H

#include <stdbool.h>

/* Pids are reused, so the start time tells two processes with the same pid
 * apart; and a pid is only valid in its namespace. */
struct pid_owner {
	long pid;
	unsigned long long start; /* clock ticks after boot */
	unsigned long long pidns; /* inode */
};

/* An owner as part of a file's name, for printf(3) and scanf(3). */
#define PID_OWNER_FORMAT "%ld-%llu-%llu"

/* Describe this process.  Returns 0, or -1 after reporting. */
int pid_owner_self(struct pid_owner *o);

/* Parse text of PID_OWNER_FORMAT.  Returns false if it is anything else. */
bool pid_owner_parse(struct pid_owner *o, const char *text);

/* Whether the owner may still run.  True if that cannot be known, because it is
 * of another pid or time namespace or /proc cannot be read. */
bool pid_owner_is_alive(const struct pid_owner *o);

#endif
