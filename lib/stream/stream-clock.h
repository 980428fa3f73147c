/*
 * The clock of a stream: what to add to the kernel's other clocks to get the
 * time of day, in the header and in "@clock" lines; and its measurement by the
 * command that reads records from the kernel.
 */
#ifndef SKEL_STREAM_STREAM_CLOCK_H
#define SKEL_STREAM_STREAM_CLOCK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

/*
 * Parse {"boottime":NS,"monotonic":NS}, each from 0 to INT64_MAX.  Other keys
 * are ignored.  Returns 0, or -1 after reporting, with o unchanged.
 */
int stream_clock_parse(
    struct clock_offsets *o, const json_t *json, const char *where);

/* Returns a new reference, or NULL if memory runs out. */
json_t *stream_clock_to_json(const struct clock_offsets *o);

/*
 * Whether the offsets differ by more than error_ns.  Unknown ones differ from
 * none, since nothing is known of a step.
 */
bool stream_clock_has_stepped(const struct clock_offsets *a,
    const struct clock_offsets *b, uint64_t error_ns);

/* What is measured, and how exactly. */
struct stream_clock {
	struct clock_offsets offsets;
	uint64_t error_ns; /* of these, at most */
	/* What the time namespace of this process adds to the clocks, which
	 * the kernel's programs do not see. */
	int64_t boottime_added, monotonic_added;
};

/* Measures for the first time.  Opens a file in /proc, so it is to be called
 * before the process confines itself. */
void stream_clock_open(struct stream_clock *c);

/* Measures again.  Returns whether the time of day was set or, for the
 * monotonic clock, the machine was suspended since the last time.  If not, the
 * offsets stay as they are. */
bool stream_clock_update(struct stream_clock *c);

#endif
