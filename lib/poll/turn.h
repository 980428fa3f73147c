/*
 * Turns: the readers of one session read one after the other, each of them a
 * batch.  What was read must not be read again, and the room of a record can be
 * given back only after it was read, so no two may read a buffer at once.  The
 * turn is a lock on a directory in the session's (session/session-dir.h), which
 * the kernel takes away from a process that ends, however it ends.
 *
 * Nobody sleeps until the turn is free, since a signal would not end that for
 * certain: who does not get it tries again.
 */
#ifndef SKEL_POLL_TURN_H
#define SKEL_POLL_TURN_H

#include <stdbool.h>
#include <stdint.h>

enum {
	TURN_RETRY = 50000,       /* ns: before the next try, at first */
	TURN_RETRY_MAX = 5000000, /* and at last */
	/* Longer than TURN_RETRY, so that another reader gets the turn. */
	TURN_PAUSE = 100000, /* ns: after a batch, if there are others */
};

/* A zeroed one is closed. */
struct turn {
	const char *name; /* borrowed: the map's, for reports */
	int fd;           /* borrowed: the directory; -1: there are no turns */
	int locks;        /* owned: /proc/locks, or -1 */
	bool open, held;
	bool told; /* that another process keeps the turn */
	/* CLOCK_MONOTONIC, ns: */
	uint64_t wanted;   /* since when; 0: not waiting */
	uint64_t tried;    /* when it was last tried in vain */
	uint64_t retry;    /* ns before the next try */
	uint64_t others;   /* when another reader was last noticed, or 0 */
	uint64_t deadline; /* of turn_wait(), CLOCK_MONOTONIC, ns; 0: none */
};

/* Opens the turns at the map called name; fd and name are borrowed until
 * turn_close(). */
void turn_open(struct turn *t, const char *name, int fd);
void turn_close(struct turn *t);

/* Takes the turn if no other process has it; true also if there are no turns.
 */
bool turn_take(struct turn *t);
void turn_end(struct turn *t);

/*
 * The same, tried until the deadline has passed; without one it is tried once,
 * for the caller to try again soon.  After a second in which no try had success
 * it says, once, for whom this process waits.
 */
bool turn_wait(struct turn *t);

/* Notes that another reader has had the turn since the last one. */
void turn_note_others(struct turn *t);

/* How long to let others have the turn now, in ns; 0: not at all. */
uint64_t turn_pause(const struct turn *t);

/* Waits from now on: whoever has the turn has read something. */
void turn_begin_wait(struct turn *t);

/* Writes to who, and returns, who has the turn: "pid 42", or "another process"
 * if its number is not known here. */
enum { TURN_WHO_MAX = 32 };
const char *turn_who(const struct turn *t, char who[TURN_WHO_MAX]);

#endif
