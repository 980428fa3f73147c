/*
 * Screens: tables that are drawn over what the terminal shows.  Each part, that
 * of a map, has lines that are always shown and rows of which those that fit
 * are; no line is wider than the window.
 *
 * The text of a part must be safe for a terminal already.  It may be painted
 * (layout/paint.h); colours take no columns.
 */
#ifndef SKEL_WATCH_SCREEN_H
#define SKEL_WATCH_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* A zeroed one is empty. */
struct screen_part {
	struct buf head; /* whole lines */
	struct buf rows; /* whole lines, of the first rows */
	size_t *ends;    /* owned: where each row ends */
	size_t n, cap;
	uint64_t all; /* rows there are, with those that were not written */
	bool failed;  /* memory ran out */
};

void screen_part_free(struct screen_part *p);
void screen_part_clear(struct screen_part *p);

/* End a row, whose lines were appended to p->rows. */
void screen_part_end_row(struct screen_part *p);

/* Append what moves the lines that the terminal shows out of the way. */
void screen_begin(struct buf *out, unsigned int height);

/*
 * Append what draws n parts from the first line of a window on, and leaves the
 * cursor below them.  If not all rows fit, each part gets its share of the
 * lines, and the last line of its share says how many rows there are more.
 */
void screen_draw(struct buf *out, const struct screen_part *parts, size_t n,
    unsigned int height, unsigned int width);

#endif
