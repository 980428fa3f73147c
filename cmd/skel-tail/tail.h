/*
 * Tail: keeps the last of the streams of an input in a window, and writes it
 * when it is asked to, as a stream of its own: a dump.
 */
#ifndef SKEL_TAIL_TAIL_H
#define SKEL_TAIL_TAIL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/output.h"
#include "query/query-plans.h"
#include "segment-dir.h"
#include "segment/segment-limits.h"
#include "segment/segment-output.h"
#include "segment/segment.h"
#include "segment/stream-walk.h"
#include "segment/told-names.h"
#include "segment/window.h"

/* The memory for a window of which -C says nothing. */
#define TAIL_BYTES (UINT64_C(256) << 20)

/* A dump that is being written. */
struct tail_dump {
	bool open;
	struct segment segment;
	/* To a file: */
	struct output_file file;
	char *path; /* owned */
	struct segment_output output;
	struct buf lines; /* that are not written yet */
	/* It takes records, up to a time by those and by CLOCK_MONOTONIC. */
	bool takes;
	uint64_t until_ns, until_elapsed;
	/* If it does not, it waits for names, up to a time by the clock of the
	 * walk. */
	uint64_t deadline;
};

struct tail {
	struct segment_limits limits;
	uint64_t after_ns;
	const struct query *query; /* borrowed, or NULL */
	struct segment_dir *dir;   /* borrowed; NULL: dumps go to out */
	struct output *out;        /* borrowed */

	struct stream_walk walk;
	struct window window;

	/* The current stream. */
	const struct stream_header *header; /* borrowed; NULL: it has none */
	struct buf header_text;
	/* Owned: the clocks of its hosts in the header, and at the beginning of
	 * the window. */
	struct clock_offsets *header_clocks, *clocks;
	struct told_names told; /* up to the beginning of the window */
	bool has_told;
	bool has_needs; /* records of a map need names */
	bool
	    has_passes; /* a map is sampled, so that each record is looked at */
	char prefix[SEGMENT_NAME_MAX];
	struct query_plans plans;
	struct query_plan *untyped; /* owned: for JSON without types, or NULL */
	bool needs_names;           /* the query compares with names */
	struct name_store *names;   /* owned: these, up to now */
	/* Owned, or NULL: records for which it is not known yet whether the
	 * query is true, since their names follow. */
	struct held_records *held;
	bool has_times, json_read;
	struct tail_dump dump;
	bool any;           /* there was a dump */
	uint64_t records;   /* in the window */
	uint64_t newest_ns; /* the latest time of a record */
	/* Since the last dump. */
	uint64_t left_out, left_out_lost;
	uint64_t all_lost; /* of all "@lost" lines */
	json_t *end;       /* owned: the value of its "@end", or NULL */
	uint64_t end_lost; /* in that */
	/* Of each map the "@sampled" lines in the window; whether a pass began
	 * before it; and whether a dump ends within one, so far. */
	uint32_t passes[STREAM_ENTRIES_MAX];
	bool partial[STREAM_ENTRIES_MAX], within[STREAM_ENTRIES_MAX];
};

/* Reads the input fd.  Returns 0, or -1 after reporting that some of it could
 * not be read, or that nothing more can be written. */
int tail_run(struct tail *t, int fd, const char *name);

/* Makes the window.  Returns 0, or -1 after reporting. */
int tail_open(struct tail *t);
void tail_close(struct tail *t);

#endif
