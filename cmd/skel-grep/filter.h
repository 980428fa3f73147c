/*
 * Filter: copies the streams of one input after another with those records only
 * for which a query is true.
 */
#ifndef SKEL_GREP_FILTER_H
#define SKEL_GREP_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/output.h"
#include "kinds/name-store.h"
#include "query/query-plans.h"
#include "query/query.h"
#include "record/held-records.h"
#include "segment/stream-walk.h"

struct filter {
	const struct query *query; /* borrowed */
	struct output *out;        /* borrowed */
	bool invert;               /* records for which it is not true */
	bool counts;               /* write how many, in place of them */
	bool quiet;                /* write nothing, and end at the first one */
	bool with_name;            /* the name of the input before its count */
	uint64_t most;             /* records of each input; 0: all */
	const char *const *as;     /* borrowed: the arguments of --as */
	size_t nas;

	bool found; /* a record was selected, of any input */

	struct stream_walk walk;

	/* The current input. */
	struct query_plans plans;
	struct query_plan *untyped; /* owned: for JSON without types, or NULL */
	uint64_t selected;
	uint64_t deadline; /* CLOCK_MONOTONIC, ns: how long names are waited
			      for behind the last record; 0: not yet */

	/* The current stream of it. */
	bool is_stream;           /* it has a header, which was written */
	bool json_read;           /* it had JSON records */
	bool has_times;           /* the plans have times in them */
	struct name_store *names; /* owned: what its host told */
	bool needs_names;         /* the query compares with them */
	/* Owned: records whose names follow, and what is behind them; NULL:
	 * none waits. */
	struct held_records *held;
	struct buf behind; /* a line that is held */
	bool selects_held; /* the record that was held, whose text is next */
	uint64_t records, lost;
	uint64_t
	    pass[STREAM_ENTRIES_MAX]; /* records since the last "@sampled" */
};

/* Filters the input fd.  Returns 0, or -1 after reporting that some of it could
 * not be read, or that the output failed. */
int filter_run(struct filter *f, int fd, const char *name);

/*
 * The parts that filter-held.h needs.
 */

/* Whether a record is one that is passed on. */
bool filter_selects(struct filter *f, unsigned int map, uint64_t time_ns,
    const unsigned char *data, size_t len);

/* Pass on a record, whose line this is. */
void filter_pass_on(
    struct filter *f, unsigned int map, const char *text, size_t len);

/* Filter or copy a line other than a header. */
void filter_line(struct filter *f, const struct stream_line *line);

#endif
