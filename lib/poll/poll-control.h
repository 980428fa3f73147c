/*
 * Controls: what others ask of a poller that runs.  A control may be used by
 * several threads at a time and by signal handlers: nothing in it waits.
 */
#ifndef SKEL_POLL_POLL_CONTROL_H
#define SKEL_POLL_POLL_CONTROL_H

#include <stdatomic.h>
#include <stdbool.h>

struct poll_control {
	int wake; /* owned: an eventfd; it becomes readable with what is asked
		     and wakes the poller, which reads it */
	atomic_bool paused;
	atomic_bool ended;
};

/* Returns 0, or -1 after reporting. */
int poll_control_open(struct poll_control *c);
void poll_control_close(struct poll_control *c);

/* Ask for a pause, or for its end. */
void poll_control_pause(struct poll_control *c, bool paused);

/* Ask for an end: of the polling that is under way or, if none is, of the
 * next. */
void poll_control_end(struct poll_control *c);

/* Whether an end is asked for. */
bool poll_control_is_ended(const struct poll_control *c);

/* The same, and it is done: what is polled next goes on. */
bool poll_control_clear_end(struct poll_control *c);

bool poll_control_is_paused(const struct poll_control *c);

/* Forget that something was asked: it has been looked at. */
void poll_control_clear_wake(struct poll_control *c);

/* Wait until something is asked, or a signal comes. */
void poll_control_wait(struct poll_control *c);

#endif
