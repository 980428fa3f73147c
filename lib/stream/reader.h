/*
 * The reader of a stream, a session or NDJSON from a descriptor.  It blocks
 * only where read(2) does.
 *
 * One input can hold several streams, one after another, each with a header of
 * its own: what ">>" makes, or cat(1).  One of them may have been cut anywhere
 * before the header of the next.
 *
 * Errors in a line are reported as "NAME:LINE: ...".
 */
#ifndef SKEL_STREAM_READER_H
#define SKEL_STREAM_READER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/report.h"
#include "stream/header.h"
#include "stream/line-input.h"
#include "stream/line.h"

enum {
	STREAM_BATCH = 32,         /* records that are read at once */
	STREAM_BATCH_BYTES = 8192, /* and bytes of their lines, about */
	STREAM_BAD_SHOWN = 100,    /* bad lines that are reported one by one */
};

/* What the first line of the input is, or of a stream that was appended. */
enum stream_opening {
	STREAM_OPENED,  /* the header of a stream */
	STREAM_SESSION, /* the header of a session: no records follow */
	STREAM_NDJSON,  /* an object that is no header; the header is empty */
	STREAM_EMPTY,   /* there is no line at all */
	STREAM_REFUSED, /* something else, reported */
};

struct stream_reader {
	const char *name;   /* borrowed: the file's, or "<stdin>" */
	unsigned long line; /* number of the last line read */
	unsigned long bad;  /* bad lines so far */
	bool ended;         /* "@end" of this stream was read */
	struct stream_header header;
	/* The line of the header, without its newline, for those who pass it
	 * on.  Borrowed until the next line is read; NULL if there is none. */
	const char *header_text;
	size_t header_len;
	struct line_input input;
	bool skipping; /* within a line longer than STREAM_LINE_MAX */
	bool split;    /* the next line is the rest of the last one */
	/* Between stream_reader_try() and stream_reader_tried(). */
	bool holding;
	struct report_held held;
	bool left_out;   /* all lines up to the next header are LINE_BAD, and
			    neither reported nor counted */
	struct buf body; /* unstuffed bytes of the last binary records */
	json_t *control; /* owned: the tree of the last control line */
};

/*
 * Opens a reader of fd, which is borrowed, and reads the first line.  Input
 * that is neither a stream, a session nor NDJSON is refused with advice, such
 * as "this is a package; load it first: skel-load".  r must be closed whatever
 * this returns.
 */
enum stream_opening stream_reader_open(
    struct stream_reader *r, int fd, const char *name);
void stream_reader_close(struct stream_reader *r);

/*
 * The same in two steps, for who waits for several inputs: after the first one
 * line_input_fill() is called whenever fd can be read, until
 * stream_reader_is_ready(); then the second one does not block.
 */
void stream_reader_start(struct stream_reader *r, int fd, const char *name);
enum stream_opening stream_reader_open_started(struct stream_reader *r);

/* Whether stream_reader_next() will return without reading.  If not, a caller
 * that passes records on should flush its output, wait for the descriptor and
 * call line_input_fill(&r->input). */
bool stream_reader_is_ready(struct stream_reader *r);

/*
 * Reads the next line, and sets line.  Returns its kind: LINE_END at the end of
 * the input, or if a read failed (r->input.error).  A last line without a
 * newline is LINE_BAD, since it was truncated, unless it is a complete JSON
 * object.
 */
enum stream_line_kind stream_reader_next(
    struct stream_reader *r, struct stream_line *line);

/*
 * Takes the header in line, a LINE_HEADER that was just read, in place of the
 * one before, which is freed: nothing may refer to it any more.  Returns as
 * stream_reader_open() does.  Unless that is STREAM_OPENED, the stream is left
 * out, as it is after stream_reader_leave_out().
 */
enum stream_opening stream_reader_next_stream(
    struct stream_reader *r, const struct stream_line *line);

/* Leaves out the lines up to the next header. */
static inline void
stream_reader_leave_out(struct stream_reader *r)
{
	r->left_out = true;
}

/* A binary record; data is borrowed as in struct stream_line. */
struct stream_record {
	const unsigned char *data;
	size_t len;
	uint64_t time_ns;
	unsigned int map;
	const char *text; /* its line, which ends where the next one begins;
			     that of the last one, at line_input_text() */
};

/*
 * Reads the next lines, up to STREAM_BATCH, as long as they have been read from
 * the descriptor and are binary records without an error that are at least as
 * long as their types.  Returns how many.
 * If it returns 0 nothing has changed: stream_reader_next() reads the line.
 */
size_t stream_reader_next_records(
    struct stream_reader *r, struct stream_record records[STREAM_BATCH]);

/* Counts a bad line, and reports what is wrong with it as long as few were
 * reported.  Returns LINE_BAD. */
enum stream_line_kind stream_reader_bad(struct stream_reader *r,
    const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Between these two, a function that reports by itself parses a line; ret is
 * what it returned, and -1 counts a bad line.  When enough bad lines were
 * reported, what it reports is shown only to those who want all information.
 */
void stream_reader_try(struct stream_reader *r);
void stream_reader_tried(struct stream_reader *r, int ret);

/* Counts a bad line.  Returns whether it is to be reported: the first
 * STREAM_BAD_SHOWN are.  At the next one it reports that there are more. */
bool stream_reader_count_bad(struct stream_reader *r);

#endif
