/*
 * Line input: reads a descriptor into memory and finds the lines in it.  Bytes
 * are searched for a newline once, however often the search is repeated.
 *
 * Data that was compressed is read as what it was before.
 */
#ifndef SKEL_STREAM_LINE_INPUT_H
#define SKEL_STREAM_LINE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/buf.h"
#include "stream/decompressor.h"

/* Initialise with { .fd = fd }. */
struct line_input {
	int fd;             /* borrowed */
	size_t read_size;   /* bytes that one read asks for; 0: as many as is
			       good for an only input */
	bool eof;           /* the end of the input was read */
	int error;          /* errno of a failed read, or 0 */
	const char *damage; /* what is wrong with compressed data, or NULL;
			       error is EBADMSG then */
	struct buf in;      /* what was read */
	size_t start;       /* of the first line in it that was not consumed */
	size_t scanned;     /* bytes from there on known to have no newline */
	bool has_newline;   /* the byte after those is one */
	/* Whether the data is compressed, as far as it is known; and then what
	 * was read and is not decompressed yet. */
	bool is_known;
	struct decompressor *decompressor; /* owned, or NULL */
	struct buf packed;
	size_t packed_start;
	bool is_full; /* there may be more without another read */
};

void line_input_close(struct line_input *l);

/* Calls read(2) once and keeps what it gave, or what is left of compressed
 * data. Returns 1, 0 at the end of the input, or -1 with errno set.  All errors
 * but EINTR and EAGAIN are kept in l->error. */
int line_input_fill(struct line_input *l);

/* Fills until something has come, also if the descriptor does not block.
 * Returns 1, or 0 if nothing more will come. */
int line_input_wait(struct line_input *l);

/* Fills until there is a newline, more than max bytes without one, or nothing
 * more to come.  Returns where the newline is, or NULL. */
const char *line_input_read(struct line_input *l, size_t max);

/* What l->error is, for a message. */
const char *line_input_error(const struct line_input *l);

/* Whether line_input_fill() need not read(2), and does not block. */
static inline bool
line_input_has_more(const struct line_input *l)
{
	return l->is_full;
}

static inline const char *
line_input_text(const struct line_input *l)
{
	return l->in.data + l->start;
}

/* The bytes from line_input_text() on. */
static inline size_t
line_input_len(const struct line_input *l)
{
	return l->in.len - l->start;
}

/* Returns the next newline in what was read, or NULL. */
static inline const char *
line_input_find(struct line_input *l)
{
	const char *text, *end;

	if (l->scanned == line_input_len(l))
		return NULL;
	text = line_input_text(l);
	if (l->has_newline)
		return text + l->scanned;
	end = memchr(text + l->scanned, '\n', line_input_len(l) - l->scanned);
	l->has_newline = end != NULL;
	l->scanned = end != NULL ? (size_t)(end - text) : line_input_len(l);
	return end;
}

/* Consumes len bytes: one or more lines, with the newline. */
static inline void
line_input_consume(struct line_input *l, size_t len)
{
	l->start += len;
	l->scanned = 0;
	l->has_newline = false;
}

/* Takes back the last len bytes that were consumed, since the last fill. */
static inline void
line_input_restore(struct line_input *l, size_t len)
{
	l->start -= len;
	l->scanned = 0;
	l->has_newline = false;
}

#endif
