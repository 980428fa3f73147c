/*
 * The writer: a poller's sink that writes a stream, binary or JSON, to an
 * output, and counts.
 */
#ifndef SKEL_POLL_STREAM_SINK_H
#define SKEL_POLL_STREAM_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "base/output.h"
#include "format/plan.h"
#include "poll/poller.h"
#include "stream/stream.h"
#include "symbolize/symbolizer.h"

struct stream_sink {
	const struct stream_header *header; /* borrowed */
	struct output *out;                 /* borrowed */
	struct symbolizer *symbolizer;      /* borrowed, or NULL */
	struct plan **plans;                /* owned; JSON only */
	size_t *sizes; /* owned: bytes that a record of each map needs */
	uint64_t records, lost, errors;
	uint64_t error_time; /* of the last report of a bad record, ns */
	uint64_t unreported; /* bad records since */
};

/*
 * The header's encoding says which kind of stream it will be.  z, if any map
 * has stacks, or NULL: what they need is told before the records, in JSON
 * within them.  Returns 0, or -1 after reporting.
 */
int stream_sink_open(struct stream_sink *w, const struct stream_header *h,
    struct output *out, struct symbolizer *z);
void stream_sink_close(struct stream_sink *w);

/*
 * The functions that write return 0, 1 when the reader left, or -1 after
 * reporting what failed.
 */

/* The header line, flushed; with a notice before bytes on a terminal. */
int stream_sink_begin(struct stream_sink *w);

/* The "@end" line, flushed; and a notice if records were lost. */
int stream_sink_end(struct stream_sink *w);

/* For poller_open(); ctx is the writer.  A record shorter than its type becomes
 * an "@error" line and is reported once a second at most. */
extern const struct poll_sink stream_sink_functions;

#endif
