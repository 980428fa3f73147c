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
#include "query/query-plans.h"
#include "query/query.h"
#include "stream/reader.h"

struct filter {
	const struct query *query; /* borrowed */
	struct output *out;        /* borrowed */
	bool invert;               /* records for which it is not true */
	bool counts;               /* write how many, in place of them */
	bool quiet;                /* write nothing, and end at the first one */
	bool names;                /* the name of the input before its count */
	uint64_t most;             /* records of each input; 0: all */
	const char *const *as;     /* borrowed: the arguments of --as */
	size_t nas;

	bool found; /* a record was selected, of any input */

	/* The current input. */
	struct stream_reader in;
	bool is_pipe; /* then Ctrl-C ends the first command of the pipe, and
			 that ends the input */
	struct query_plans plans;
	struct query_plan *untyped; /* owned: for JSON without types, or NULL */
	uint64_t selected;
	uint64_t deadline;    /* CLOCK_MONOTONIC, ns: how long names are waited
				 for behind the last record; 0: not yet */
	struct buf map, type; /* the names of the map and type of a record */

	/* The current stream of it. */
	bool is_stream; /* it has a header, which was written */
	bool json_read; /* it had JSON records */
	uint64_t records, lost;
	uint64_t pass[STREAM_MAPS_MAX]; /* records since the last "@sampled" */
};

/* Filters the input fd.  Returns 0, or -1 after reporting that some of it could
 * not be read, or that the output failed. */
int filter_run(struct filter *f, int fd, const char *name);

#endif
