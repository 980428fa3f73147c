/*
 * Progress: a line on a terminal that says how much of a long file was read.
 * It is removed before a message is shown and at the end, so that nothing of it
 * stays.
 */
#ifndef SKEL_PROGRESS_H
#define SKEL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

enum { PROGRESS_LEAST = 16 << 20 }; /* bytes of a file that is long */

struct progress {
	bool possible; /* somebody looks at standard error, and at that alone */
	/* The current file. */
	bool on;
	int fd;           /* borrowed */
	const char *name; /* borrowed */
	off_t size;
	bool shown;
	uint64_t drawn; /* when, in ns */
	struct buf line;
};

/*
 * Find out whether there may be such lines: standard error is a terminal that
 * this process is in the foreground of, and records go to a file or a device
 * other than that terminal, so not to a pipe, behind which there may be a pager
 * on it.  To be called before the process confines itself.
 */
void progress_open(struct progress *p, int out_fd);

/* Begin with a file, whose name is for people, if it is long enough. */
void progress_begin(struct progress *p, int fd, const char *name);

/* Draw the line anew, some times a second.  To be called after each read. */
void progress_note(struct progress *p);

/* Remove the line. */
void progress_end(struct progress *p);

#endif
