/*
 * Told names: what the lines of a stream have said so far of the names that its
 * records need, and what of that a record needs.  So a part of the stream can
 * be made a stream of its own, whose records have their names although these
 * were told before it began.
 *
 * It keeps as many names as a reader does; see symbol-store.h and name-store.h.
 */
#ifndef SKEL_SEGMENT_TOLD_NAMES_H
#define SKEL_SEGMENT_TOLD_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kinds/name-store.h"
#include "record/named-members.h"
#include "record/stack-layout.h"
#include "record/symbol-store.h"
#include "stream/line.h"

/* What the records of a map need. */
struct told_map {
	const struct symbol_store *symbols; /* borrowed: those of its host */
	const struct name_store *names;
	struct stack_layout layout;
	unsigned int sides;  /* that have stacks: 1 << enum stack_side */
	unsigned int stacks; /* the first map of the host with the same map of
				stacks */
	struct named_members named;
	bool needs; /* any of these */
	/* The names may come after the records. */
	bool symbols_follow, names_follow;
};

struct told_names {
	const struct stream_header *header; /* borrowed */
	struct symbol_store *symbols;       /* owned */
	struct name_store *names;           /* owned */
	struct told_map *maps;              /* owned: one for each map */
	size_t nmaps;
	struct buf whole; /* a record with zeros up to the size of its type */
};

/* Begins with a stream of binary records of which nothing was told yet.
 * Returns 0, or -1 after reporting that memory ran out. */
int told_names_open(struct told_names *t, const struct stream_header *h);
void told_names_close(struct told_names *t);

/* Whether the records of a map may need names. */
static inline bool
told_names_needs(const struct told_names *t, unsigned int map)
{
	return map < t->nmaps && t->maps[map].needs;
}

/* Adds what a LINE_SYMBOLS, LINE_STACK or LINE_NAMES says.  where is the start
 * of error messages.  Returns 0, or -1 after reporting. */
int told_names_take(
    struct told_names *t, const struct stream_line *line, const char *where);

/*
 * The record as long as its type, with zeros behind what it has.  Borrowed
 * until the next call.  Returns NULL if memory runs out, which is not reported.
 */
const unsigned char *told_names_complete(struct told_names *t, unsigned int map,
    const unsigned char *data, size_t len);

/* Whether a line is about names. */
static inline bool
told_names_is_line(const struct stream_line *line)
{
	return line->kind == LINE_SYMBOLS || line->kind == LINE_STACK ||
	       line->kind == LINE_NAMES;
}

#endif
