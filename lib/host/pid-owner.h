/*
 * Owners: which process something belongs to that outlives processes.
 */
#ifndef SKEL_HOST_PID_OWNER_H
#define SKEL_HOST_PID_OWNER_H

#include <stdbool.h>

/* Pids come again, so the start time tells apart; and a pid means something
 * only in its own namespace. */
struct owner {
	long pid;
	unsigned long long start; /* clock ticks after boot */
	unsigned long long pidns; /* inode */
};

/* An owner in a name: printf(3) and scanf(3). */
#define OWNER_FORMAT "%ld-%llu-%llu"

/* This process.  Returns 0, or -1 after reporting. */
int owner_self(struct owner *o);

/* Whether text is an owner, and which. */
bool owner_parse(struct owner *o, const char *text);

/* Whether o may still run: nobody can tell of another pid namespace, or when
 * /proc cannot be read. */
bool owner_lives(const struct owner *o);

#endif
