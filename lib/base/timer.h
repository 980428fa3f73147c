/*
 * Timers: descriptors that become readable when a time is over (timerfd).
 */
#ifndef SKEL_BASE_TIMER_H
#define SKEL_BASE_TIMER_H

#include <stdint.h>

/* A timer that does not run yet, or -1 with errno set. */
int timer_new(void);

/* Run out after first_ns (0: never), then every then_ns (0: no more).
 * Returns 0, or -1 with errno set. */
int timer_set(int timer, uint64_t first_ns, uint64_t then_ns);

/* How often the timer ran out since this was asked last. */
uint64_t timer_expired(int timer);

#endif
