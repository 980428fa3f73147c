/*
 * The time, timers, and times of records as text.  The text of the last second
 * is kept, because most records come in the same second as the one before, and
 * those of one batch have the same time.
 */
#ifndef SKEL_BASE_CLOCK_H
#define SKEL_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
	CLOCK_UTC_LEN = 30,  /* 2026-11-22T14:48:01.000000001Z */
	CLOCK_LOCAL_LEN = 8, /* 14:48:01 */
};

#define CLOCK_SECOND UINT64_C(1000000000)

/*
 * What to add, in ns and modulo 2^64, to the time of another clock of a machine
 * to get its CLOCK_REALTIME: to CLOCK_BOOTTIME, which bpf_ktime_get_boot_ns()
 * returns, and to CLOCK_MONOTONIC, which bpf_ktime_get_ns() returns.
 */
struct clock_offsets {
	bool known;
	uint64_t boottime, monotonic;
};

/* The time in ns: since the epoch (CLOCK_REALTIME), and since an arbitrary time
 * (CLOCK_MONOTONIC). */
uint64_t clock_now(void);
uint64_t clock_elapsed(void);

/* Returns a timer that is not running, a descriptor to be closed by close(2),
 * or -1 with errno set. */
int clock_timer_new(void);

/* Let the timer expire, which makes it readable, after first_ns (0: stop it)
 * and then every then_ns (0: not again).  Returns 0, or -1 with errno set. */
int clock_timer_set(int timer, uint64_t first_ns, uint64_t then_ns);

/* How often the timer expired since the last call. */
uint64_t clock_timer_expired(int timer);

/* Returns a descriptor that becomes readable when CLOCK_REALTIME is set or the
 * machine resumes from a suspension, to be closed by close(2); or -1 with errno
 * set. */
int clock_steps_new(void);

/* Whether that happened since the last call. */
bool clock_steps_read(int steps);

/* A zeroed struct clock is ready for use. */
struct clock {
	uint64_t utc_end, local_end; /* the second in each text, plus one; 0:
					none */
	uint64_t utc_ns;             /* the whole time in utc */
	char utc[CLOCK_UTC_LEN];
	char local[CLOCK_LOCAL_LEN];
};

/*
 * Write time_ns (CLOCK_REALTIME) at p, as a time in UTC as RFC 3339 has it or
 * as the local time of day, in exactly CLOCK_..._LEN bytes, and return their
 * end.
 */
static inline char *clock_utc(struct clock *c, char *p, uint64_t time_ns);
char *clock_local(struct clock *c, char *p, uint64_t time_ns);

/* The part of clock_utc() for a time that differs from the last one. */
char *clock_utc_changed(struct clock *c, char *p, uint64_t time_ns);

/* Whether clock_write_kept() would write this time. */
static inline bool
clock_keeps_utc(const struct clock *c, uint64_t time_ns)
{
	return c->utc_end != 0 && c->utc_ns == time_ns;
}

static inline char *
clock_write_kept(const struct clock *c, char *p)
{
	memcpy(p, c->utc, CLOCK_UTC_LEN);
	return p + CLOCK_UTC_LEN;
}

static inline char *
clock_utc(struct clock *c, char *p, uint64_t time_ns)
{
	return clock_keeps_utc(c, time_ns) ? clock_write_kept(c, p)
					   : clock_utc_changed(c, p, time_ns);
}

/*
 * Parse n bytes of text in the form of clock_utc(); the fraction of a second
 * may have fewer digits or be absent.  Returns 0, or -1 for any other text.
 */
int clock_parse(const char *s, uint64_t n, uint64_t *time_ns);

#endif
