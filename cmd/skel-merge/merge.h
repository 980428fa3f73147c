/*
 * Merge: reads several inputs at once and writes one stream of their streams.
 *
 * What an input tells comes out when it has come, or with an order by time when
 * nothing earlier can come of another one.
 */
#ifndef SKEL_MERGE_MERGE_H
#define SKEL_MERGE_MERGE_H

#include <jansson.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/output.h"
#include "merge-input.h"
#include "merge/merge-heap.h"

/* The least of the times that inputs have come to, of which more is read. */
struct merge_reached {
	uint64_t least;
	bool any; /* there is such an input */
};

struct merge {
	struct output *out;         /* borrowed */
	struct merge_input *inputs; /* borrowed */
	size_t n;
	bool ordered;
	uint64_t bound_ns; /* with an order: how far records may be out of it,
			      and how long a silent input is waited for */

	struct merge_stream *streams; /* owned: a list */
	uint64_t started;             /* clock_elapsed() */
	bool failed;                  /* some of the input could not be read */
	bool cut;                     /* of some stream there is no end */
	bool left;                    /* the reader of the output has left */
	struct pollfd *polls;         /* owned: for all inputs and two more */
	size_t turn;                  /* the input that is asked first */

	/* The stream that is written. */
	bool begun;                  /* its header was written */
	size_t nstreams;             /* that it is made of */
	struct stream_header header; /* what its header says */
	uint64_t records;
	json_t *end; /* owned: what the ends say together; or NULL */
	/* Owned: what the last end says, and its line. */
	json_t *last_end;
	struct buf last_line;

	/* With an order. */
	struct merge_pool *pool; /* owned */
	struct merge_heap heap;
	uint64_t now;                    /* clock_elapsed() */
	struct merge_reached all, files; /* how far inputs have been read */
	uint64_t last_time; /* of the record that was written last */
	uint64_t late;      /* records that came too late for their place */

	struct buf scratch, map; /* of a record */
};

/* Merge the inputs, which are open.  Returns 0; or -1 after reporting what
 * failed, though all that could be merged was. */
int merge_run(struct merge *m);
void merge_close(struct merge *m);

#endif
