/*
 * Tables: aligned columns for people, numbers to the right and text to the
 * left. Widths are set once, before the first row, so that no row waits for
 * another.
 */
#ifndef SKEL_LAYOUT_TABLE_H
#define SKEL_LAYOUT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum {
	/* On a narrow terminal, columns of text shrink to TABLE_TEXT_MIN, then
	 * numbers to their least width, then heads, and at last text to
	 * TABLE_TEXT_LEAST. */
	TABLE_TEXT_MIN = 16,
	TABLE_TEXT_LEAST = 8,
	TABLE_HEAD_LEAST = 5, /* no head is cut to fewer columns */
	TABLE_SLACK = 48,     /* wide copies write beyond their end */
	TABLE_TEXT_MAX = 32,  /* off a terminal text is padded to no more */
};

struct table_column {
	char *head; /* owned */
	bool right; /* a number: too long, it is not cut but pushes the row */
	unsigned int width; /* set by table_fit() */
	unsigned int wanted;
	unsigned int least; /* numbers: the width on a narrow terminal */
	unsigned int needs; /* least (text: width) without regard to the head */
	unsigned int head_width;
};

struct table {
	struct table_column *v; /* owned */
	size_t n, cap;
	unsigned int terminal; /* its width; 0: there is no terminal, and
				  nothing is cut */
	bool failed;           /* memory ran out */
};

void table_free(struct table *t);

/* Add a column, whose head is name in capitals.  width is that of its values;
 * least, for numbers, is the one that suffices for most of them. */
void table_add(struct table *t, const char *name, bool right,
    unsigned int width, unsigned int least);

/* Set the widths, when all columns are added. */
void table_fit(struct table *t);

/* Append the header line; or the head of one column, as table_cell() does. */
void table_head(const struct table *t, struct buf *out);
void table_head_cell(
    const struct table *t, size_t i, struct buf *out, unsigned int *over);

/* Append a text, safe for a terminal, cut or padded to that many columns. */
void table_fill_text(struct buf *out, const char *text, unsigned int columns);

/*
 * To write a row, for each column i: call table_start(), append the text of the
 * cell to out, and call table_cell() with what table_start() returned, to align
 * the text.  *over is 0 at the start of a row; between cells it is the number
 * of columns by which long values have pushed the row to the right.
 */
size_t table_start(size_t i, struct buf *out);
void table_cell(const struct table *t, size_t i, struct buf *out, size_t start,
    unsigned int *over);

/*
 * Align the text of a cell, columns wide, that was written from start to end;
 * after end there is room for the width of the column and TABLE_SLACK.  Returns
 * the new end.
 */
char *table_place(const struct table *t, size_t i, char *start, char *end,
    size_t columns, unsigned int *over);

#endif
