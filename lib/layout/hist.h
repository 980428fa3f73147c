/*
 * Histograms: counts in slots, drawn as bars in the layout of bcc and of the
 * reference loader, and summed up as percentiles.
 */
#ifndef SKEL_LAYOUT_HIST_H
#define SKEL_LAYOUT_HIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json-cursor.h"

/* What slot i counts: the values from 2^i to 2^(i+1) - 1, slot 0 the value 0 as
 * well; or, if it is linear, step values, of which start + i * step is the
 * least, and step 0 is 1. */
struct hist_scale {
	bool linear;
	uint64_t step, start;
};

struct hist {
	struct hist_scale scale;
	bool aligned;     /* widen the column of counts to the longest;
			     the reference loader does not */
	const char *unit; /* borrowed */
	bool is_signed;   /* the counts are int64_t, and may be negative */
	const uint64_t *slots;
	size_t n;
};

/* Whether slot i also counts all that is larger: the last one of a linear
 * histogram whose step is known. */
bool hist_is_open(const struct hist *h, size_t i);

/* The least and the largest value that slot i counts; at most UINT64_MAX. */
void hist_bounds(
    const struct hist_scale *s, size_t i, uint64_t *low, uint64_t *high);

/* The count in size bytes, little-endian, at most 8; see is_signed above. */
uint64_t hist_load(const unsigned char *data, size_t size, bool is_signed);

/* The count in a JSON scalar; the nearest that there is if it is too large. */
uint64_t hist_load_json(const struct json_value *v, bool is_signed);

/* Append the head and a row for each slot up to the last that is not zero.
 * Appends nothing if all are zero. */
void hist_write(const struct hist *h, struct buf *out);

/*
 * Append "count 120  p50 <= 7  p90 <= 31  p99 <= 63" and a newline.  As values
 * in a slot cannot be told apart, a percentile is the upper bound of its slot.
 */
void hist_summary(const struct hist *h, struct buf *out);

/* Append the count alone, or a percentile, of which there is none if the count
 * is 0; "100+" if its slot has no upper bound. */
void hist_write_count(const struct hist *h, struct buf *out);
void hist_write_percentile(
    const struct hist *h, unsigned int percent, struct buf *out);

/*
 * Append all slots as one line of at most that many columns, in which a slot is
 * a block as high as its count, and none a blank.  Slots are put together if
 * there are more.  It is UTF-8.
 */
void hist_spark(const struct hist *h, size_t columns, struct buf *out);

#endif
