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
#include "stream/stream.h"
#include "symbolize/symbolizer.h"

typedef void delivery_fn(void *ctx, const char *data, size_t size);

struct delivery {
	const struct stream_header *header; /* borrowed */
	struct symbolizer *symbolizer;      /* borrowed, or NULL */
	struct control *control;            /* borrowed */
	enum export_format_type format;
	delivery_fn *handler;
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
int delivery_open(struct delivery *d, const struct stream_header *h,
    struct symbolizer *z, struct control *control,
    enum export_format_type format, delivery_fn *handler, void *ctx);
void delivery_close(struct delivery *d);

/* Hand over what stands before the first record: the maps' header lines.
 * Returns 0, or -1 after reporting. */
int delivery_begin(struct delivery *d);

/* Report what was lost, and what could not be delivered.  Returns 0, or -1 when
 * there was something of the latter. */
int delivery_end(const struct delivery *d);

/* For poller_open(); ctx is the delivery. */
extern const struct poller_sink delivery_sink;

#endif
