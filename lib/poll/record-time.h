/*
 * The times that records have themselves: a member in which the program keeps
 * when something happened (SKEL_TIME), in place of the time at which its record
 * was read.
 */
#ifndef SKEL_POLL_RECORD_TIME_H
#define SKEL_POLL_RECORD_TIME_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "stream/header.h"

/* For the records of one map. */
struct record_time {
	size_t end;    /* of the member; SIZE_MAX: the map has none */
	size_t offset; /* in the record, of 8 bytes */
	const uint64_t *to_realtime; /* borrowed: what to add to it */
};

/*
 * Finds in each type of records the first member that is marked as their time.
 * Its kind says what clock it is of; without one that is CLOCK_MONOTONIC.  A
 * member that cannot be a time is a notice.  offsets is borrowed, and may
 * change while the result is used; if they are unknown, only a time that needs
 * none is found.  Returns an array by map, which the caller frees, or NULL
 * after reporting.
 */
struct record_time *record_times_new(
    const struct stream_header *h, const struct clock_offsets *offsets);

/* The time of a record, of CLOCK_REALTIME: time_ns, when it was read, if it is
 * too short for a time of its own, or that is 0. */
static inline uint64_t
record_time_get(
    const struct record_time *t, uint64_t time_ns, const void *data, size_t len)
{
	uint64_t own;

	if (len < t->end)
		return time_ns;
	memcpy(&own, (const char *)data + t->offset, sizeof(own));
	return own != 0 ? own + *t->to_realtime : time_ns;
}

#endif
