/*
 * Scroll: what of the output still stands on the terminal, so that a table has
 * its header lines in sight.
 */
#ifndef SKEL_SCROLL_H
#define SKEL_SCROLL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/hash.h"
#include "terminal.h"

enum {
	SCROLL_HEADS = 16, /* of more header lines the oldest is forgotten */
	SCROLL_LEAST = 6,  /* rows of a window in which heads are repeated */
};

struct scroll {
	bool on; /* the output is a terminal; without it nothing else is set */
	int fd;  /* borrowed */
	struct window window;
	unsigned long row; /* how many rows were written */
	/* The header lines that were written last, by the hash of their text,
	 * and the row of each. */
	struct scroll_head {
		struct hash_key text;
		unsigned long row;
	} heads[SCROLL_HEADS];
	size_t nheads;
};

/* Begin an empty one on fd, if that is a terminal. */
void scroll_open(struct scroll *s, int fd);

/* Whether the window has changed since this was called before; then s->window
 * is the new one, and no header line is known to stand in it. */
bool scroll_was_resized(struct scroll *s);

/* Count the rows of whole lines that are written. */
void scroll_count(struct scroll *s, const char *text, size_t len);

/*
 * Whether a header line stands in the window and still does when one more row
 * is written; if no row follows, it suffices that it once did.  If not, it is
 * taken to be written as the next row.
 */
bool scroll_has_head(
    struct scroll *s, const struct hash_key *text, bool before_row);

#endif
