/*
 * The stream sink: writes to an output, as a binary or JSON stream, what the
 * poller reads, and counts the records.
 */
#ifndef SKEL_POLL_STREAM_SINK_H
#define SKEL_POLL_STREAM_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "base/output.h"
#include "format/plan.h"
#include "poll/loss-report.h"
#include "poll/poll-sink.h"
#include "poll/record-time.h"
#include "record/held-records.h"
#include "stream/header.h"
#include "stream/stream-clock.h"
#include "symbolize/symbolizer.h"

struct stream_sink {
	const struct stream_header *header; /* borrowed */
	struct output *out;                 /* borrowed */
	struct symbolizer *symbolizer;      /* borrowed, or NULL */
	struct plan **plans;                /* owned; NULL: binary */
	struct held_records *held; /* owned: JSON records without their names
				      yet; or NULL */
	uint64_t records, errors;
	struct loss_counts lost;
	struct ring_fullness *rings; /* owned: by map; size is 0: unknown */
	size_t full;                 /* out->full, which hold() changes */
	struct bad_records *bad;     /* owned: by map and kind */
	bool has_unreported;         /* some of those are not reported yet */
	struct buf whole;            /* a short record, with zeros after it */
	struct stream_clock clock;
	struct record_time *times; /* owned: by map */
};

/*
 * Opens a sink for a stream with this header, in the encoding that it gives. If
 * z is not NULL, what the stacks of a record need is written before it, and
 * the names of addresses when they come; in JSON they are within the record,
 * which waits for them.  Returns 0, or -1 after reporting.
 */
int stream_sink_open(struct stream_sink *s, const struct stream_header *h,
    struct output *out, struct symbolizer *z);
void stream_sink_close(struct stream_sink *s);

/* Writes the header line and flushes it.  Gives a notice if the output is a
 * terminal and the stream is binary.  Returns 0, 1 if the reader has gone, or
 * -1 after reporting. */
int stream_sink_begin(struct stream_sink *s);

/* Writes the "@end" line and flushes it, and gives a notice if records were
 * lost.  Returns as stream_sink_begin(). */
int stream_sink_end(struct stream_sink *s);

/* For poller_open(), with a struct stream_sink as ctx.  For a bad record it
 * writes an "@error" line and reports it; more of the same map and kind are
 * counted, and reported together once a second at most and at the end. */
extern const struct poll_sink stream_poll_sink;

#endif
