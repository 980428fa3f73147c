/*
 * Timers as descriptors that become readable when a time is over (timerfd).
 */
#ifndef SKEL_BASE_TIMER_H
#define SKEL_BASE_TIMER_H

#include <stdint.h>

/* Returns a timer that is not running, to be closed by close(2), or -1 with
 * errno set. */
int timer_new(void);

/* Let the timer expire after first_ns (0: stop it) and then every then_ns (0:
 * not again).  Returns 0, or -1 with errno set. */
int timer_set(int timer, uint64_t first_ns, uint64_t then_ns);

/* How often the timer expired since the last call. */
uint64_t timer_expired(int timer);

#endif
