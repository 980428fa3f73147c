/*
 * How times are written where a user says so: --time=iso, or a format of
 * strftime(3).  As in struct clock, the text of the last second is kept.
 */
#ifndef SKEL_BASE_TIME_STYLE_H
#define SKEL_BASE_TIME_STYLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/text.h"

enum time_form {
	TIME_ISO,    /* 2026-11-22T14:48:01.123456789Z */
	TIME_LOCAL,  /* 2026-11-22T15:48:01.123456789+01:00 */
	TIME_UNIX,   /* 1795358881.123456789 */
	TIME_NS,     /* 1795358881123456789 */
	TIME_DELTA,  /* seconds since the record before: 0.000012345 */
	TIME_NONE,   /* no time at all */
	TIME_FORMAT, /* by strftime(3), in the local zone */
};

enum {
	TIME_STYLE_RAW_MAX = 128, /* bytes before they are escaped */
	TIME_STYLE_FRACTIONS = 8, /* %N in a format */
	/* Room for one time, of which the end may be overwritten. */
	TIME_STYLE_MAX = 2 * TIME_STYLE_RAW_MAX + 2 + TEXT_SLACK,
};

/* Where the digits of a fraction are in the text. */
struct time_style_fraction {
	unsigned int at, digits;
};

struct time_style {
	enum time_form form;
	const char *format; /* borrowed: of TIME_FORMAT */
	/* How text is escaped.  Quotes belong to a field of CSV, but not to a
	 * string of JSON, for which the caller writes them. */
	enum style style;

	/* The text of the last second: of TIME_LOCAL and TIME_FORMAT. */
	uint64_t second_end; /* that second plus one; 0: none */
	size_t len;
	char text[2 * TIME_STYLE_RAW_MAX + 2];
	struct time_style_fraction fractions[TIME_STYLE_FRACTIONS];
	size_t nfractions;
	struct clock clock; /* TIME_ISO */
	/* TIME_DELTA: the time of the record before, if there was any. */
	uint64_t last;
	bool has_last;
};

/*
 * Parse the name of a form or, if it has a '%', a format, which is borrowed.
 * A format takes the conversions of strftime(3) without %c, %n, %t, %x, %X, %E
 * and %O, and %N for nine digits of the fraction of a second, %3N for three.
 * Its text is at most TIME_STYLE_RAW_MAX bytes.  Returns 0, or -1 after
 * reporting, as "--time: ...".
 */
int time_style_parse(struct time_style *s, const char *text);

/* Whether its times are numbers, which in JSON have no quotes. */
static inline bool
time_style_is_number(const struct time_style *s)
{
	return s->form == TIME_UNIX || s->form == TIME_NS ||
	       s->form == TIME_DELTA;
}

/* How many columns of a terminal its times take, nearly always. */
unsigned int time_style_width(const struct time_style *s);

/*
 * Write the time of a record (CLOCK_REALTIME, ns) at p, in at most
 * TIME_STYLE_MAX bytes.  In TIME_DELTA each call counts as a record.  Returns
 * the end.  Not for TIME_NONE.
 */
char *time_style_write(struct time_style *s, char *p, uint64_t time_ns);

/* The same for a time within a record, whose own time is record_ns: in
 * TIME_DELTA seconds since that, which are negative for what was before. */
char *time_style_write_within(
    struct time_style *s, char *p, uint64_t time_ns, uint64_t record_ns);

#endif
