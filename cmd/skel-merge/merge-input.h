/*
 * Merge inputs: the files that are merged, and the streams in them.
 */
#ifndef SKEL_MERGE_INPUT_H
#define SKEL_MERGE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "merge/merge-header.h"
#include "merge/merge-queue.h"
#include "stream/reader.h"

/* A stream, which may have parts in several inputs. */
struct merge_stream {
	struct merge_source source;
	size_t users;   /* inputs that are within it */
	bool in_header; /* the header that was written last has it */
	/* What its lines say of losses, and what its ends do, together; and how
	 * many were in the ends that were written. */
	uint64_t lost_lines, lost_ends, reported;
	/* Its last part, in the order of the inputs, and whether that had an
	 * end. */
	size_t last_input;
	bool last_ended;
	/* The lines about names and clocks so far, for another header. */
	struct buf told;
	struct merge_stream *next; /* owned */
};

enum merge_state {
	MERGE_OPENING, /* it has not sent its header */
	MERGE_PENDING, /* a header was read that is not in the output's */
	MERGE_RUNNING, /* it is within a stream of the output */
	MERGE_DONE,
};

struct merge_input {
	const char *name; /* borrowed: for messages */
	size_t number;
	int fd;
	bool live;    /* no file: what comes is waited for */
	dev_t device; /* and this is the file on it */
	ino_t file;
	enum merge_state state;
	struct stream_reader in;
	struct merge_stream *stream; /* borrowed: PENDING and RUNNING */
	/* No more lines of this stream: the input is over, or the header of
	 * another one was read, which is in line. */
	bool at_end, at_header;
	struct stream_line line;

	/* With --order. */
	struct merge_queue *queue; /* owned */
	bool in_heap;
	bool full;     /* enough waits */
	uint64_t came; /* when lines came last */
};

/* Open a file, "-" for standard input.  Returns 0, or -1 after reporting. */
int merge_input_open(struct merge_input *in, const char *file, size_t number);
void merge_input_close(struct merge_input *in);

/* Whether there is more to be read of the stream that it is in. */
static inline bool
merge_input_reads(const struct merge_input *in)
{
	return in->state == MERGE_RUNNING && !in->at_end && !in->at_header;
}

#endif
