/*
 * Stream walk: reads the streams of an input, one after another, and calls
 * functions with what is in them, as it comes.
 *
 * It waits for input as all filters do: after what was found before was
 * written, until a signal asks to end, or the reader of the output leaves.
 */
#ifndef SKEL_SEGMENT_STREAM_WALK_H
#define SKEL_SEGMENT_STREAM_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/output.h"
#include "record/held-records.h"
#include "stream/reader.h"

/* Why a stream is over. */
enum walk_end {
	WALK_INPUT, /* the input ends */
	WALK_NEXT,  /* another stream begins */
	/* A signal asks to end, the reader of the output left, or no more is
	 * wanted. */
	WALK_STOPPED,
};

/* What is called with ctx.  Each function that returns int returns 0, or -1
 * after reporting: then nothing more can be done. */
struct walk_ops {
	/* A stream begins, or with header NULL JSON without a header.  Returns
	 * 1 after reporting that this one is to be left out. */
	int (*begin)(void *ctx, const struct stream_header *header);
	/* n binary records, whose lines follow each other up to end. */
	int (*records)(void *ctx, const struct stream_record *r, size_t n,
	    const char *end);
	/* Any other line but a header and a bad one. */
	int (*line)(void *ctx, const struct stream_line *line);
	/* The stream that began is over. */
	int (*end)(void *ctx, enum walk_end why);
	/* Nothing has come: write what there is.  Lowers *ns, for which will be
	 * waited, if it has to be called again before. */
	int (*idle)(void *ctx, uint64_t *ns);
	/* Whether no more of the input is wanted; NULL: all of it is.  The
	 * stream is then WALK_STOPPED, unless another one begins. */
	bool (*is_over)(void *ctx);
};

struct stream_walk {
	const struct walk_ops *ops;
	void *ctx;
	struct output *out; /* borrowed: whose reader may leave */
	bool failed;        /* a function returned -1, of any input */

	struct stream_reader in;
	bool is_pipe;
	struct held_clock clock; /* by which names are waited for */
	bool untyped;            /* the stream is JSON without a header */
	struct buf scratch, type;
};

/* Walks through the input fd.  Returns 0, or -1 after reporting that some of it
 * could not be read, or if a function returned -1. */
int stream_walk_run(struct stream_walk *w, int fd, const char *name);

/*
 * Find out which entry of the header's maps the LINE_JSON is of, 0 if there is
 * no header; and its time, where *has_time says whether it has one.  Both
 * return 0, or -1 if the line is bad, which is reported and counted.
 */
int stream_walk_json_map(
    struct stream_walk *w, const struct stream_line *line, unsigned int *map);
int stream_walk_json_time(struct stream_walk *w, const struct stream_line *line,
    uint64_t *time_ns, bool *has_time);

/* The clocks of the hosts of a header, to be freed; or NULL after reporting
 * that memory ran out. */
struct clock_offsets *stream_walk_copy_clocks(const struct stream_header *h);

#endif
