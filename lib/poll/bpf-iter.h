/*
 * Iterators: one pass after another over what a BPF iterator program writes,
 * in steps small enough to let others go between.  Its output is cut into
 * records of a size, or into lines.
 *
 * The functions report what is wrong and return -1.
 */
#ifndef SKEL_POLL_BPF_ITER_H
#define SKEL_POLL_BPF_ITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum {
	/* Bytes of a line; what is longer is several.  As JSON it can be six
	 * times as long, and has to fit in a line of the stream. */
	ITER_LINE_MAX = 8 << 20,
};

struct bpf_iter {
	const char *name; /* borrowed: the program's, for reports */
	size_t size;      /* bytes of a record; 0: records are lines */
	int fd;           /* owned: of the pass under way, or -1 */
	bool running;
	uint64_t seen;  /* records of this pass */
	struct buf in;  /* what was read and not handed on yet */
	size_t scanned; /* of that, bytes known to have no newline */
};

/* Prepare to read the iterator. */
void bpf_iter_open(struct bpf_iter *i, const char *name, size_t size);
void bpf_iter_close(struct bpf_iter *i);

/* Whether the descriptor is the link of an iterator. */
int bpf_iter_check_link(const struct bpf_iter *i, int link);

/* Begin a pass by the iterator's link, which is borrowed for the call. */
int bpf_iter_start(struct bpf_iter *i, int link);

/* Takes one record, borrowed for the call; at the end of a pass perhaps one
 * that is shorter than size.  Not 0 ends the step; the next
 * goes on behind that record. */
typedef int iter_fn(void *ctx, const void *data, size_t len);

/*
 * Hand on what is whole of what was read before or, if nothing is, read once
 * and hand on what is whole then.  Returns 0 (running says whether there
 * is more), -1, or what fn returned when that is not 0.
 */
int bpf_iter_step(struct bpf_iter *i, iter_fn *fn, void *ctx);

#endif
