/*
 * The report of lost records, with the option that makes the buffer larger.
 */
#ifndef SKEL_POLL_LOSS_REPORT_H
#define SKEL_POLL_LOSS_REPORT_H

#include <stdint.h>

#include "stream/header.h"

/* Records lost in all, and of each map of the header. */
struct loss_counts {
	uint64_t all;
	uint64_t of_map[STREAM_MAPS_MAX];
};

/* Reports the losses as a notice, if there are any. */
void loss_report(const struct stream_header *h, const struct loss_counts *lost);

#endif
