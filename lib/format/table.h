/*
 * Tables: aligned columns for people.  Numbers stand right, text left; widths
 * are set once, so that rows can go out as they come.
 */
#ifndef SKEL_FORMAT_TABLE_H
#define SKEL_FORMAT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum {
	/* Text shrinks to the first on a narrow terminal before numbers do,
	 * and to the second where that is not enough. */
	TABLE_TEXT_MIN = 16,
	TABLE_TEXT_LEAST = 8,
	/* Heads that are wider than what stands below them shrink in between,
	 * to no less than this. */
	TABLE_HEAD_LEAST = 5,
	TABLE_SLACK = 48,    /* blanks are written ahead of their end */
	TABLE_TEXT_MAX = 32, /* text is padded to no more off one */
};

struct table_column {
	char *head;         /* owned */
	bool right;         /* a number: never cut, pushes its row */
	unsigned int width; /* wanted, then given by table_fit() */
	unsigned int least; /* numbers: what does on a narrow terminal */
	unsigned int needs; /* the same, or wanted by text, without the head */
	unsigned int head_width;
};

struct table {
	struct table_column *v; /* owned */
	size_t n, cap;
	unsigned int terminal; /* its width; 0: not a terminal, nothing is
				  cut */
	bool failed;           /* memory ran out */
};

void table_free(struct table *t);

/* Append a column; its head is name in capitals, which is cut only on a narrow
 * terminal. */
void table_add(struct table *t, const char *name, bool right,
    unsigned int width, unsigned int least);

/* All columns are there: give each its width. */
void table_fit(struct table *t);

/* Append the header line. */
void table_head(const struct table *t, struct buf *out);

/*
 * A row is written cell by cell: table_start() tells where column i starts,
 * the caller appends its text to out, and table_cell() puts it in its place.
 * over carries, from 0 at the first cell of a row on, how far the row has been
 * pushed to the right.
 */
size_t table_start(size_t i, struct buf *out);
void table_cell(const struct table *t, size_t i, struct buf *out, size_t start,
    unsigned int *over);

/*
 * The same in memory: a text of so many columns stands from start to end, and
 * there is room for the width of the column and TABLE_SLACK behind it.  Returns
 * where the cell ends.
 */
char *table_place(const struct table *t, size_t i, char *start, char *end,
    size_t columns, unsigned int *over);

#endif
