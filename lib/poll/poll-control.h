/*
 * Poll controls: requests to a running poller to pause or to end.  Several
 * threads and signal handlers may use a control at the same time; only
 * poll_control_wait() blocks.
 */
#ifndef SKEL_POLL_POLL_CONTROL_H
#define SKEL_POLL_POLL_CONTROL_H

#include <stdatomic.h>
#include <stdbool.h>

struct poll_control {
	int wake; /* owned: an eventfd, which becomes readable with each request
		     and wakes the poller */
	atomic_bool paused;
	atomic_bool ended;
};

/* Returns 0, or -1 after reporting. */
int poll_control_open(struct poll_control *c);
void poll_control_close(struct poll_control *c);

/* Requests a pause, or the end of the pause. */
void poll_control_pause(struct poll_control *c, bool paused);

bool poll_control_is_paused(const struct poll_control *c);

/* Requests the end of poller_run(); if none is running, the next one
 * returns at once. */
void poll_control_end(struct poll_control *c);

/* Whether an end was requested. */
bool poll_control_is_ended(const struct poll_control *c);

/* Returns whether an end was requested, and withdraws the request, so that the
 * next poller_run() goes on. */
bool poll_control_clear_end(struct poll_control *c);

/* Makes the eventfd unreadable until the next request. */
void poll_control_clear_wake(struct poll_control *c);

/* Waits until there is a request, or a signal comes. */
void poll_control_wait(struct poll_control *c);

#endif
