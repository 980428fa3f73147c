/*
 * The lines of a stream after its header: binary records, JSON records, and
 * control lines such as "@lost"; see skel-stream(5).
 */
#ifndef SKEL_STREAM_LINE_H
#define SKEL_STREAM_LINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream/header.h"

enum {
	STREAM_LINE_MAX = 64 << 20, /* bytes of a line */
	STREAM_TAG = '=',           /* the first byte of a binary record */
	STREAM_BODY_HEAD = 9, /* bytes of map index and time in its body */
};

enum stream_line_kind {
	LINE_END,     /* no more lines: end of input, or a failed read */
	LINE_RECORD,  /* a binary record: map, time_ns, data, len; it may end
			 within its last array (plan_short_record()) */
	LINE_JSON,    /* a JSON record, or any other object */
	LINE_LOST,    /* "@lost": map, count */
	LINE_PASS,    /* "@sampled": map, pass, keys */
	LINE_ERROR,   /* "@error": map, message, count */
	LINE_STACK,   /* "@stack": value, for symbol_store_parse_stack() */
	LINE_SYMBOLS, /* "@symbols": value, for symbol_store_parse() */
	LINE_NAMES,   /* "@names": value, for name_store_parse() */
	LINE_CLOCK,   /* "@clock": clock; the reader has set that of its header
			 too */
	LINE_CUT,     /* "@cut": host, of which nothing more will come */
	LINE_FINISH,  /* "@end": records, lost, value */
	LINE_OTHER,   /* an unknown "@" line, or one about a map where there is
			 no header: to be skipped, or passed on as it is */
	LINE_HEADER,  /* the header of another stream, which begins here: for
			 stream_reader_next_stream() */
	LINE_BAD,     /* not readable: reported and counted already */
};

struct stream_line {
	enum stream_line_kind kind;
	/* The whole line without its newline, and the record in it.  Borrowed
	 * from the reader until the next line is read or line_input_fill() is
	 * called.
	 */
	const char *text;
	size_t text_len;
	const unsigned char *data;
	size_t len;
	unsigned int map;
	/* Of a merged stream: the host that a control line is about; else 0.
	 */
	uint32_t host;
	uint64_t time_ns;
	uint64_t count, pass, keys, records, lost;
	struct clock_offsets clock;
	/* Borrowed until the next line. */
	const char *message;
	const json_t *value;
};

/*
 * Parses the control line {"NAME": value} and sets the members of line that its
 * kind has.  h is the header with the names of the maps; where is for reports,
 * "x.skel:7: @lost".  Returns the kind, or LINE_BAD after reporting.
 */
enum stream_line_kind stream_line_parse_control(struct stream_line *line,
    const struct stream_header *h, const char *name, const json_t *value,
    const char *where);

/* Whether the text is not one complete JSON value, but could become one, or
 * several, with more text after it. */
bool stream_line_is_cut(const char *text, size_t len);

/*
 * Finds the header of another stream that follows, in one line, the beginning
 * of a line that was cut.  Returns NULL if there is none.  An object inside of
 * other JSON is not followed by the end of the line.
 */
const char *stream_line_find_header(const char *text, size_t len);

#endif
