/*
 * Window: a queue of the last lines of a stream, in memory of limited size.
 * Records that came together can be one element, a run, so that most records
 * cost no more than the copy of their text.
 */
#ifndef SKEL_SEGMENT_WINDOW_H
#define SKEL_SEGMENT_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/util.h"

/* What is before the text of each line or run. */
struct window_line {
	uint64_t time_ns; /* of a run: the latest */
	uint32_t len;     /* bytes of its text, with the newlines */
	uint16_t map;     /* of a record or a pass */
	uint16_t kind;    /* enum stream_line_kind */
	uint32_t n;       /* records; 0: it is none */
	uint64_t unused;  /* text is at a multiple of 16 bytes */
};

enum { WINDOW_CACHED = 8 << 20 }; /* bytes that caches may hold */

struct window {
	char *bytes;   /* owned: address space */
	size_t mapped; /* bytes of it */
	size_t max;    /* bytes that lines may take */
	size_t cap;    /* of those that are used so far */
	/* The lines stand from first to end; or from first to wrap and from 0
	 * to end, if wrapped is set. */
	size_t first, end, wrap;
	bool wrapped;
	size_t n;
};

/* Makes an empty window of at most max bytes, of which memory is used as lines
 * come.  Returns 0, or -1 with errno set. */
int window_open(struct window *w, size_t max);
void window_close(struct window *w);

/* Sets how many bytes lines may take, up to those of window_open(), of a window
 * that is empty. */
void window_limit(struct window *w, size_t max);

/* Bytes that a line takes. */
static inline size_t
window_size(size_t len)
{
	return sizeof(struct window_line) + ((len + 15) & ~(size_t)15);
}

/* Copies text to a multiple of 16 bytes, which is read again when much else was
 * written: it need not pass through the caches. */
static inline void
window_copy_past_caches(char *to, const char *text, size_t len)
{
#ifdef __SSE2__
	for (; len >= 16; len -= 16, to += 16, text += 16)
		_mm_stream_si128(
		    (__m128i *)to, _mm_loadu_si128((const __m128i *)text));
#endif
	memcpy(to, text, len);
}

/* The part of window_add() for a window that is full or at its end. */
char *window_make_room(struct window *w, size_t size);

/* Appends a line.  Returns false if there is no room, until older ones are
 * dropped, and with an empty window if the line is too long for it. */
static inline bool
window_add(struct window *w, const struct window_line *line, const char *text)
{
	const size_t size = window_size(line->len);
	char *at;

	if (!w->wrapped && w->cap - w->end >= size)
		at = w->bytes + w->end;
	else if (w->wrapped && w->first - w->end > size)
		at = w->bytes + w->end;
	else if ((at = window_make_room(w, size)) == NULL)
		return false;
	memcpy(at, line, sizeof(*line));
	if (w->cap > WINDOW_CACHED)
		window_copy_past_caches(at + sizeof(*line), text, line->len);
	else
		memcpy(at + sizeof(*line), text, line->len);
	w->end += size;
	w->n++;
	return true;
}

/* The oldest line, of which there has to be one, until the window changes. */
static inline const struct window_line *
window_first(const struct window *w, const char **text)
{
	*text = w->bytes + w->first + sizeof(struct window_line);
	return (const struct window_line *)(w->bytes + w->first);
}

/* Drops the oldest line. */
static inline void
window_drop(struct window *w)
{
	const struct window_line *line =
	    (const struct window_line *)(w->bytes + w->first);

	w->first += window_size(line->len);
	w->n--;
	if (w->n == 0) {
		w->first = w->end = 0;
		w->wrapped = false;
	} else if (w->wrapped && w->first == w->wrap) {
		w->first = 0;
		w->wrapped = false;
	}
}

#endif
