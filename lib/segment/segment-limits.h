/*
 * Segment limits: how much of a stream a segment or a window may have, as the
 * options -C, -T and -N say.
 */
#ifndef SKEL_SEGMENT_SEGMENT_LIMITS_H
#define SKEL_SEGMENT_SEGMENT_LIMITS_H

#include <stdint.h>

/* 0: not limited. */
struct segment_limits {
	uint64_t bytes, time_ns, records;
};

/* Parse the argument of one option, 'C' such as "64M", 'T' such as "1h", or
 * 'N'. Returns 0, or -1 after reporting. */
int segment_limits_parse(
    struct segment_limits *l, int option, const char *text);

/* Parse a time such as "10s" or "500ms", a bare number in seconds, of the
 * option that messages name.  Returns 0, or -1 after reporting. */
int segment_limits_parse_time(
    uint64_t *ns, const char *option, const char *text);

#endif
