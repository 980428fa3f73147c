/*
 * Standard output, buffered.  Data is written in large pieces under load.  A
 * command flushes before it waits, so that no event stays in the buffer.
 */
#ifndef SKEL_BASE_OUTPUT_H
#define SKEL_BASE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct output {
	int fd; /* borrowed; -1 is for a time in which nothing is written */
	const char *name; /* borrowed; "<stdout>" */
	struct buf buf;   /* append lines here */
	size_t full;      /* flush when there are this many bytes */
	struct buf shown; /* what is written in place of buf */
	bool terminal;    /* output_protect() was called */
	/* Set after output_open(), unless it is NULL: appends what is written
	 * in place of the text, which is whole lines. */
	void (*rewrite)(struct buf *out, const char *text, size_t len);
	struct buf rewritten;
	bool gone;   /* the reader closed the pipe */
	bool failed; /* writing failed or memory ran out; reported */
};

/* Use fd, which must be open, for output.  Returns 0, or -1 after reporting. */
int output_open(struct output *o, int fd, const char *name);

/*
 * If fd is a pipe, enlarge it as far as the kernel permits, and write larger
 * pieces, so that under load writer and reader seldom wait for each other.
 */
void output_widen(struct output *o);

/*
 * Write text that may hold any bytes to a terminal: from now on control
 * characters other than newlines and tabs are shown as text_vis() does.
 */
void output_protect(struct output *o);

/*
 * Write what is buffered.  Returns 0, or -1 if nothing more can be written:
 * either gone is set, which is an ordinary end and not reported, or failed is
 * set after reporting.
 */
int output_flush(struct output *o);

/* output_flush(), if there is enough to be worth a system call. */
static inline int
output_flush_if_full(struct output *o)
{
	return o->buf.len < o->full && !o->buf.failed ? 0 : output_flush(o);
}

/* Flush, check for errors that some file systems return from close(2) only, and
 * release the buffer.  fd stays open.  Returns as output_flush() does. */
int output_close(struct output *o);

/* Flush stdio(3)'s stdout, which --help and --version use.  Returns 0, or -1
 * after reporting. */
int output_flush_stdio(void);

enum {
	OUTPUT_READY = 1, /* reading in_fd does not block */
	OUTPUT_GONE = 2,  /* the reader of o closed the pipe */
};

/*
 * Wait until in_fd (-1: none) can be read, the reader of o closes the pipe, or
 * timeout_ms (-1: no limit) have passed.  Returns a set of the two flags, which
 * is empty after the timeout or a signal, also one that came just before.
 */
int output_wait(const struct output *o, int in_fd, int timeout_ms);

#endif
