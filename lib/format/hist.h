/*
 * Histograms: counted slots as a picture and as percentiles, in the layout of
 * the reference loader and of bcc.
 */
#ifndef SKEL_FORMAT_HIST_H
#define SKEL_FORMAT_HIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct hist {
	/* Slot i counts the value i, else those from 2^i to 2^(i+1) - 1, and
	 * slot 0 both 0 and 1. */
	bool linear;
	bool aligned;     /* the bars stand below each other, however long
			     the counts; the reference loader's do not */
	const char *unit; /* borrowed */
	const uint64_t *slots;
	size_t n;
};

/*
 * Append the head and a row per slot up to the last that is not zero; nothing
 * at all if there is none.
 */
void hist_write(const struct hist *h, struct buf *out);

/*
 * Append "count 120  p50 <= 7  p90 <= 31  p99 <= 63" and a newline.  A
 * percentile is the upper bound of the slot in which it lies: the slots do not
 * tell more.
 */
void hist_summary(const struct hist *h, struct buf *out);

#endif
