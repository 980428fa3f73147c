/*
 * Styles: how the text inside a value is escaped in each form of output.
 */
#ifndef SKEL_BASE_STYLE_H
#define SKEL_BASE_STYLE_H

#include <stddef.h>

#include "base/buf.h"

enum style {
	STYLE_JSON, /* the inside of a JSON string */
	STYLE_CSV,  /* a field of RFC 4180, quoted where it must be */
	STYLE_TSV,  /* tabs, newlines and backslashes as escapes */
	STYLE_VIS, /* safe for a terminal: control bytes as vis(3) shows them */
};

/*
 * Append n bytes of text to out in a style.  The text ends early at a NUL.
 * If memory runs out, out->failed is set.
 */
void style_write(struct buf *out, const void *text, size_t n, enum style style);

/*
 * The same for a whole line of text that a program laid out itself: in
 * STYLE_VIS its tabs are kept, so that its columns stay aligned.
 */
void style_write_line(
    struct buf *out, const void *text, size_t n, enum style style);

#endif
