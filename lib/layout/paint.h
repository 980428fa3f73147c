/*
 * Paint: the colours of a table on a terminal, by what a text means.  Only this
 * file knows escape sequences; text of a stream never has one, because a table
 * escapes its control characters before it is painted.
 */
#ifndef SKEL_LAYOUT_PAINT_H
#define SKEL_LAYOUT_PAINT_H

#include <stddef.h>

#include "base/buf.h"

enum paint {
	PAINT_HEAD,  /* the names of columns */
	PAINT_TIME,  /* of a record */
	PAINT_MAP,   /* the name of its map */
	PAINT_ERROR, /* the error that a member of kind errno has */
	PAINT_MEANINGS
};

/* Paint the text of out from start on.  An empty text stays empty. */
void paint_from(struct buf *out, size_t start, enum paint what);

/* The bytes of the escape sequence at the start of text, as paint_from() writes
 * them; 0 if there is none. */
size_t paint_length(const char *text, size_t len);

#endif
