/*
 * Callback sink: hands the records of a poller to the handler of a program that
 * uses the C library, in the format that the program asked for.
 */
#ifndef SKEL_EUNOMIA_CALLBACK_SINK_H
#define SKEL_EUNOMIA_CALLBACK_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "eunomia/eunomia.h"
#include "format/plan.h"
#include "poll/loss-report.h"
#include "poll/poll-control.h"
#include "poll/poller.h"
#include "poll/record-time.h"
#include "record/held-records.h"
#include "stream/header.h"
#include "stream/stream-clock.h"
#include "symbolize/symbolizer.h"

typedef void callback_fn(void *ctx, const char *data, size_t size);

struct callback_sink {
	const struct stream_header *header; /* borrowed */
	struct symbolizer *symbolizer;      /* borrowed, or NULL */
	struct poll_control *control;       /* borrowed */
	enum export_format_type format;
	callback_fn *handler;
	void *handler_ctx;   /* passed to the handler */
	struct plan **plans; /* owned; for text and JSON only, as times */
	struct record_time *times;
	struct stream_clock clock;
	/* Borrowed: records without their names yet; or NULL. */
	struct held_records *held;
	struct buf out;   /* the text of one record */
	struct buf whole; /* a short record, with zeros after it */
	uint64_t bad;
	struct loss_counts lost;
};

/*
 * Prepares to hand the records of h's maps to handler.  z, needed only if a map
 * has stacks, finds the names of addresses.  After each call of the handler the
 * sink asks control whether to end, and waits while it asks for a pause.
 * Records wait for their names in held, which is borrowed; it may be NULL, and
 * have records of an earlier sink.  Returns 0, or -1 after reporting.
 */
int callback_sink_open(struct callback_sink *s, const struct stream_header *h,
    struct symbolizer *z, struct held_records *held,
    struct poll_control *control, enum export_format_type format,
    callback_fn *handler, void *ctx);
void callback_sink_close(struct callback_sink *s);

/* Hands over the lines of column names that precede the records of a text, or
 * the records that waited for names if these are not wanted any more.
 * Returns 0, or -1 after reporting. */
int callback_sink_begin(struct callback_sink *s);

/* Hands over the records that still wait for names, with those that come within
 * a second; unless the handler has asked for the end, then they stay.  Reports
 * how many records were lost, and how many were left out because they were
 * shorter than their type.  Returns 0, or -1 if there were any of the latter.
 */
int callback_sink_end(struct callback_sink *s, bool ended);

/* For poller_open(), with the struct callback_sink as its ctx. */
extern const struct poll_sink callback_poll_sink;

#endif
