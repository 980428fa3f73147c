/*
 * SVG: what all pictures share.  A picture is one file that refers to no other
 * one: its style, its script and its data are in it, so that it can be opened,
 * mailed and archived.  Names in it come from programs that may be hostile:
 * they are XML's text and nothing else, and the scripts never make anything
 * else of them.
 *
 * Functions append to out; if memory runs out, out->failed is set.
 */
#ifndef SKEL_PICTURE_SVG_H
#define SKEL_PICTURE_SVG_H

#include <stddef.h>

#include "base/buf.h"

enum {
	SVG_WIDTH = 1200,
	SVG_MARGIN = 10,
	SVG_INNER = SVG_WIDTH - 2 * SVG_MARGIN,
	SVG_NAME_MAX = 256, /* columns of a name; longer ones are cut */
};

/*
 * Append n bytes as text of an element or an attribute, of at most that many
 * columns (0: any number): where it is cut, it ends in U+2026.  Characters that
 * have a meaning in XML are escaped.  Bytes that are not UTF-8, characters that
 * XML 1.0 does not allow, other control characters and those that change the
 * direction of writing become U+FFFD; tabs and the ends of lines blanks.
 */
void svg_text(struct buf *out, const char *text, size_t n, size_t columns);

/* Append an integer with blanks between its thousands: "1 234 567". */
void svg_count(struct buf *out, unsigned __int128 count);

/* Append part as a percentage of whole: "12.34%". */
void svg_percent(
    struct buf *out, unsigned __int128 part, unsigned __int128 whole);

/* Append a length with at most two digits after the point. */
void svg_length(struct buf *out, double length);

/* Append the start of a picture of that height, up to its background; style is
 * CSS of its own. */
void svg_begin(struct buf *out, unsigned int height, const char *style);

/* Append a script (JavaScript without "]]>"), and the end of a picture. */
void svg_end(struct buf *out, const char *script);

#endif
