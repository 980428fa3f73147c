/*
 * Clocks: what time it is, and times of records as text.  A second is converted
 * once and kept, so records of the same second cost a copy; those of one batch
 * have one time.
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

/* Now in ns: since the epoch (CLOCK_REALTIME), and since some time that does
 * not change (CLOCK_MONOTONIC). */
uint64_t clock_now(void);
uint64_t clock_elapsed(void);

/* A zeroed struct clock is ready for use. */
struct clock {
	uint64_t utc_end, local_end; /* the kept second, plus one; 0: none */
	uint64_t utc_ns;             /* the time in utc */
	char utc[CLOCK_UTC_LEN];
	char local[CLOCK_LOCAL_LEN];
};

/*
 * Write time_ns (CLOCK_REALTIME) at p, CLOCK_..._LEN bytes, and return where
 * it ends: in UTC by RFC 3339, and of the local day.
 */
static inline char *clock_utc(struct clock *c, char *p, uint64_t time_ns);
char *clock_local(struct clock *c, char *p, uint64_t time_ns);

/* clock_utc() of another time than the kept one. */
char *clock_utc_changed(struct clock *c, char *p, uint64_t time_ns);

/* Whether that time is the kept one; then clock_put_utc() writes it. */
static inline bool
clock_keeps_utc(const struct clock *c, uint64_t time_ns)
{
	return c->utc_end != 0 && c->utc_ns == time_ns;
}

static inline char *
clock_put_utc(const struct clock *c, char *p)
{
	memcpy(p, c->utc, CLOCK_UTC_LEN);
	return p + CLOCK_UTC_LEN;
}

static inline char *
clock_utc(struct clock *c, char *p, uint64_t time_ns)
{
	return clock_keeps_utc(c, time_ns) ? clock_put_utc(c, p)
					   : clock_utc_changed(c, p, time_ns);
}

/*
 * The time that clock_utc() wrote as n bytes of text; fewer digits behind the
 * point, or none, are read too.  Returns 0, or -1 when it is no such time.
 */
int clock_read(const char *s, uint64_t n, uint64_t *time_ns);

#endif
