/*
 * --watch: the last pass of each sampled map, drawn in place on a terminal.
 *
 * The rows of a pass are kept as records, and not as text, since their order
 * is known only at its end, and since the window may change its size.
 */
#ifndef SKEL_FMT_WATCH_H
#define SKEL_FMT_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/output.h"
#include "base/report.h"
#include "format/plan.h"
#include "stream/line.h"
#include "stream/reader.h"
#include "terminal.h"
#include "watch/screen.h"

struct watched_map;

/* A zeroed one can be closed. */
struct watch {
	struct output *out;        /* borrowed */
	struct plan_options *plan; /* borrowed: width is kept as it is */
	bool no_header;
	struct window window;
	int keyboard; /* -1: there are no keys */
	bool over;    /* q was typed */

	/* The current stream. */
	const struct stream_header *header; /* borrowed */
	struct plan **plans;                /* borrowed, but plans[i] is made
					       anew when the width changes */
	struct watched_map *maps;           /* owned */
	struct screen_part *parts;          /* owned: what is drawn */
	size_t nmaps, nparts;
	bool is_due; /* what is shown has changed since it was drawn */

	bool drawn;
	uint64_t drawn_ns; /* when, by clock_elapsed() */
	bool holds;        /* reports would spoil the screen */
	struct report_held held;
};

/*
 * Prepare the terminal that fd is, before the process is confined.  Returns 0,
 * or -1 after reporting that it is none, or one that cannot be drawn on.
 */
int watch_open(struct watch *w, int fd);

/* Begin, with the output and the options of the plans that w has. */
int watch_start(struct watch *w);

/* End: draw what is not drawn yet, and give back the terminal. */
void watch_close(struct watch *w);

/*
 * Begin a stream, whose plans are those of its maps; the plans of maps that are
 * not looked at again and again are removed.  Returns how many are left, or -1
 * after reporting that there is none.
 */
int watch_begin_stream(struct watch *w, const struct stream_header *h,
    struct plan **plans, const char *name);
void watch_end_stream(struct watch *w);

/* Add a record of a map that has a plan. */
void watch_add(struct watch *w, unsigned int map, uint64_t time_ns,
    const unsigned char *data, size_t len);

/* Add n records of one such map. */
void watch_add_records(
    struct watch *w, const struct stream_record *records, size_t n);

/* The same for a JSON record.  Returns 0, or -1 with *wrong_at set if it is no
 * JSON object. */
int watch_add_json(struct watch *w, unsigned int map, const char *text,
    size_t len, size_t *wrong_at);

/* A pass over a map has ended. */
void watch_end_pass(struct watch *w, unsigned int map);

/* Draw, if anything has changed. */
void watch_draw(struct watch *w);

/* output_wait(), which keys interrupt too. */
int watch_wait(struct watch *w, int fd, int timeout_ms);

#endif
