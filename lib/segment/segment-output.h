/*
 * Segment output: writes the lines of a segment to a file, perhaps compressed.
 * What was written can be read whatever becomes of the process.
 *
 * Each function that fails reports the error and returns -1.
 */
#ifndef SKEL_SEGMENT_SEGMENT_OUTPUT_H
#define SKEL_SEGMENT_SEGMENT_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "segment/compressor.h"

struct segment_output {
	int fd;                        /* borrowed */
	const char *name;              /* borrowed: for messages */
	uint64_t written;              /* bytes */
	struct compressor *compressor; /* owned, or NULL */
	struct buf packed;
};

/* Begins to write to fd. */
int segment_output_open(
    struct segment_output *o, int fd, const char *name, bool zstd);

/* Writes the lines in b, which is empty then. */
int segment_output_write(struct segment_output *o, struct buf *b);

/* Writes the end of compressed data. */
int segment_output_end(struct segment_output *o);

void segment_output_free(struct segment_output *o);

#endif
