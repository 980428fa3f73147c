/*
 * Controls: what others ask of a poller that runs.  A control may be used by
 * several threads at a time and by signal handlers: nothing in it waits.
 */
#ifndef SKEL_POLL_POLL_CONTROL_H
#define SKEL_POLL_POLL_CONTROL_H

#include <stdatomic.h>
#include <stdbool.h>

struct control {
	int wake; /* owned: an eventfd; it becomes readable with what is asked
		     and wakes the poller, which reads it */
	atomic_bool paused;
	atomic_bool ended;
};

/* Returns 0, or -1 after reporting. */
int control_open(struct control *c);
void control_close(struct control *c);

/* Ask for a pause, or for its end. */
void control_pause(struct control *c, bool paused);

/* Ask for an end: of the polling that is under way or, if none is, of the
 * next. */
void control_end(struct control *c);

/* Whether an end is asked for. */
bool control_is_ended(const struct control *c);

/* The same, and it is done: what is polled next goes on. */
bool control_take_end(struct control *c);

bool control_is_paused(const struct control *c);

/* Forget that something was asked: it has been looked at. */
void control_clear(struct control *c);

/* Wait until something is asked, or a signal comes. */
void control_wait(struct control *c);

#endif
