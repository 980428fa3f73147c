/*
 * Split: writes the streams of one input after another as segments, each to a
 * file of its own.
 */
#ifndef SKEL_SPLIT_SPLIT_H
#define SKEL_SPLIT_SPLIT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/output.h"
#include "segment-dir.h"
#include "segment/segment-limits.h"
#include "segment/segment-output.h"
#include "segment/segment.h"
#include "segment/stream-walk.h"
#include "segment/told-names.h"

enum {
	/* Segments that are written but wait for names.  As long as there are
	 * so many, the next one is not ended. */
	SPLIT_LATE_MAX = 64,
	/* By how much a segment may be longer, that a pass is not cut. */
	SPLIT_PASS_RECORDS = 1 << 20,
	SPLIT_PASS_BYTES = 64 << 20,
};

/* A segment that is being written. */
struct split_part {
	struct segment segment;
	struct output_file file;
	char *path; /* owned: as the user calls the file */
	struct segment_output output;
	struct buf out;    /* lines that are not written yet */
	uint64_t start_ns; /* the time of its first record */
	/* It has what it may have, and waits for the end of a pass: what it has
	 * got since then. */
	bool full;
	uint64_t more_records, more_bytes;
	uint64_t deadline; /* by the clock of the walk: for names */
};

struct split {
	struct segment_limits limits;
	size_t keep; /* files; 0: all */
	struct segment_dir dir;
	struct output *out; /* borrowed: for the names of segments */
	struct stream_walk walk;

	/* The current stream. */
	const struct stream_header *header; /* borrowed; NULL: it has none */
	struct buf header_text;
	struct clock_offsets *clocks; /* owned: of its hosts, in the header */
	struct told_names told;
	bool has_told;
	char prefix[SEGMENT_NAME_MAX];
	struct split_part *part; /* owned; NULL: none was begun */
	/* Owned: those before it that wait for names, the first ones first. */
	struct split_part *late[SPLIT_LATE_MAX];
	size_t nlate;
	bool any;            /* it has a segment */
	uint64_t ended_lost; /* of "@end" of the segments that are complete */
	uint64_t last_ns;    /* the time of the last record; 0: none */
	json_t *end;         /* owned: the value of its "@end", or NULL */
	uint64_t end_lost;   /* in that */
	uint64_t
	    pass[STREAM_ENTRIES_MAX]; /* records since the last "@sampled" */
	size_t npasses;               /* maps that have any */
};

/* Splits the input fd.  Returns 0, or -1 after reporting that some of it could
 * not be read, or that nothing more can be written. */
int split_run(struct split *s, int fd, const char *name);
void split_close(struct split *s);

#endif
