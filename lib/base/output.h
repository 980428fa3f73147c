/*
 * Output: the data on standard output.  Lines gather in a buffer and go out
 * in large writes; whoever is about to wait flushes first, so an event is on
 * its way when it happens.
 */
#ifndef SKEL_BASE_OUTPUT_H
#define SKEL_BASE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct output {
	int fd;           /* borrowed */
	const char *name; /* borrowed; "<stdout>" */
	struct buf buf;   /* append lines here */
	size_t full;      /* bytes worth a write of their own */
	bool gone;        /* the reader left */
	bool failed;      /* a write failed, or memory ran out: reported */
};

/*
 * Check that fd is open and keep it.  Returns 0, or -1 after reporting.
 */
int output_open(struct output *o, int fd, const char *name);

/*
 * A wider pipe, if it is one and the kernel lets us, and larger writes: so
 * under load writer and reader seldom wait for each other.
 */
void output_widen(struct output *o);

/*
 * Write what is buffered.  Returns 0, or -1 when no more can be written: gone
 * says that the reader left, which is an ordinary end and not reported;
 * otherwise failed is set and it was reported.
 */
int output_flush(struct output *o);

/* output_flush() when there is enough to be worth it. */
static inline int
output_flush_if_full(struct output *o)
{
	return o->buf.len < o->full && !o->buf.failed ? 0 : output_flush(o);
}

/* Flush, and see to it that the data arrived (close(2) of a full disk).
 * Returns as output_flush(). */
int output_close(struct output *o);

/* Flush what --help or --version wrote by stdio(3), which knows no struct
 * output.  Returns 0, or -1 after reporting. */
int output_flush_stdio(void);

enum {
	OUTPUT_READY = 1, /* in_fd can be read, or is at its end */
	OUTPUT_GONE = 2,  /* the reader of o left */
};

/*
 * Wait until in_fd (-1: none) can be read, the reader of o leaves, or
 * timeout_ms (-1: for ever) is over.  Returns a set of the two, 0 after the
 * time or a signal.
 */
int output_wait(const struct output *o, int in_fd, int timeout_ms);

#endif
