/*
 * Iterators: one pass after another over the output of a BPF iterator program,
 * in steps that are small enough to serve other maps in between.  The output is
 * split into records of a fixed size, or into lines.
 *
 * Each function that fails reports the error and returns -1.
 */
#ifndef SKEL_POLL_BPF_ITER_H
#define SKEL_POLL_BPF_ITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "poll/poll-sink.h"

enum {
	/* A longer line becomes several records.  As JSON text a line can be
	 * six times as long, and has to fit into a line of the stream. */
	BPF_ITER_LINE_MAX = 8 << 20,
};

struct bpf_iter {
	const char *name; /* borrowed: the program's, for reports */
	size_t size;      /* bytes of a record; 0: records are lines */
	int fd;           /* owned: of the pass under way, or -1 */
	bool running;
	uint64_t seen;  /* records of this pass */
	struct buf in;  /* what was read and not passed on yet */
	size_t scanned; /* of that, bytes known to have no newline */
};

/* Initialises i; nothing is opened before bpf_iter_start(). */
void bpf_iter_open(struct bpf_iter *i, const char *name, size_t size);
void bpf_iter_close(struct bpf_iter *i);

/* Returns 0 if the descriptor is a link to an iterator, or -1. */
int bpf_iter_check_link(const struct bpf_iter *i, int link);

/* Begins a pass.  link is the iterator's link, borrowed for the call. */
int bpf_iter_start(struct bpf_iter *i, int link);

/*
 * Passes the complete records that were read before to fn or, if there are
 * none, reads once and passes on what is complete then.  The last record of a
 * pass may be shorter than size.  If fn returns something else than 0 the step
 * ends; the next one goes on after that record.  Returns 0 (i->running tells
 * whether there is more), -1, or what fn returned.
 */
int bpf_iter_step(struct bpf_iter *i, poll_record_fn *fn, void *ctx);

#endif
