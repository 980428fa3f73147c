/*
 * The report of lost records, and of those that may have been lost, with the
 * option that makes the buffer larger.
 */
#ifndef SKEL_POLL_LOSS_REPORT_H
#define SKEL_POLL_LOSS_REPORT_H

#include <stdint.h>

#include "poll/poll-sink.h"
#include "stream/header.h"

/* Records lost in all, and of each map of the header. */
struct loss_counts {
	uint64_t all;
	uint64_t of_map[STREAM_MAPS_MAX];
};

/* Reports the losses as a notice, if there are any. */
void loss_report(const struct stream_header *h, const struct loss_counts *lost);

/* Reports how full the ring buffer of m was: as a notice if records may have
 * been lost that nothing counts, and otherwise only with -v. */
void loss_report_fullness(
    const struct stream_map *m, const struct ring_fullness *f);

#endif
