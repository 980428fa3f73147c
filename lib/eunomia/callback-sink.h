/*
 * Deliveries: a poller's sink that hands what is found to the handler of a
 * program that uses the C library, in the format that it asked for.
 */
#ifndef SKEL_EUNOMIA_CALLBACK_SINK_H
#define SKEL_EUNOMIA_CALLBACK_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "eunomia/eunomia.h"
#include "format/plan.h"
#include "poll/poll-control.h"
#include "poll/poller.h"
#include "stream/header.h"
#include "symbolize/symbolizer.h"

typedef void callback_fn(void *ctx, const char *data, size_t size);

struct callback_sink {
	const struct stream_header *header; /* borrowed */
	struct symbolizer *symbolizer;      /* borrowed, or NULL */
	struct poll_control *control;       /* borrowed */
	enum export_format_type format;
	callback_fn *handler;
	void *handler_ctx;   /* the handler's own */
	struct plan **plans; /* owned; text and JSON only */
	size_t *keys;        /* owned: bytes of each map's keys */
	size_t *sizes;       /* owned: bytes that a record of each map needs */
	struct buf out;
	uint64_t lost, bad;
};

/*
 * Deliver h's maps to handler; z knows what addresses are called, if any map
 * has stacks; control is asked after each call whether it wants no more, or a
 * pause, which is waited for.  Returns 0, or -1 after reporting.
 */
int callback_sink_open(struct callback_sink *d, const struct stream_header *h,
    struct symbolizer *z, struct poll_control *control,
    enum export_format_type format, callback_fn *handler, void *ctx);
void callback_sink_close(struct callback_sink *d);

/* Hand over what stands before the first record: the maps' header lines.
 * Returns 0, or -1 after reporting. */
int callback_sink_begin(struct callback_sink *d);

/* Report what was lost, and what could not be delivered.  Returns 0, or -1 when
 * there was something of the latter. */
int callback_sink_end(const struct callback_sink *d);

/* For poller_open(); ctx is the delivery. */
extern const struct poll_sink callback_poll_sink;

#endif
