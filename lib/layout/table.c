#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "base/utf8.h"
#include "layout/table.h"

#define ELLIPSIS "\xe2\x80\xa6" /* U+2026 */

void
table_free(struct table *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i].head);
	free(t->v);
	*t = (struct table){ 0 };
}

/* A copy of name in capitals, safe for a terminal; NULL when memory ran out. */
static char *
make_head(const char *name)
{
	size_t n = strlen(name);
	char *head = malloc(TEXT_ESCAPED_MAX(n) + 1);

	if (head == NULL)
		return NULL;
	*text_vis(head, (const unsigned char *)name, n) = '\0';
	for (char *p = head; *p != '\0'; p++)
		*p = (char)toupper((unsigned char)*p);
	return head;
}

static unsigned int
max_of(unsigned int a, unsigned int b)
{
	return a < b ? b : a;
}

void
table_add(struct table *t, const char *name, bool right, unsigned int width,
    unsigned int least)
{
	unsigned int wide;
	char *head;

	if (!t->failed)
		t->failed = !array_room(t->v, t->n, t->cap);
	head = t->failed ? NULL : make_head(name);
	if (head == NULL) {
		t->failed = true;
		return;
	}
	wide = (unsigned int)utf8_columns(head, strlen(head));
	t->v[t->n++] = (struct table_column){
		.head = head,
		.right = right,
		.width = max_of(width, wide),
		.wanted = max_of(width, wide),
		.least = max_of(least, wide),
		.needs = right ? least : width,
		.head_width = wide,
	};
}

static size_t
total_width(const struct table *t)
{
	size_t sum = t->n > 0 ? t->n - 1 : 0;

	for (size_t i = 0; i < t->n; i++)
		sum += t->v[i].width;
	return sum;
}

/*
 * Narrow the columns of text until the table fits the terminal, the widest
 * column first.  None gets narrower than least nor, unless cut_heads, than its
 * head. Returns whether the table fits.
 */
static bool
shrink_text(struct table *t, unsigned int least, bool cut_heads)
{
	struct table_column *widest;

	for (size_t sum = total_width(t); sum > t->terminal; sum--) {
		widest = NULL;
		for (size_t i = 0; i < t->n; i++) {
			struct table_column *c = &t->v[i];
			unsigned int head = cut_heads ? 0 : c->head_width;

			if (!c->right && c->width > max_of(least, head) &&
			    (widest == NULL || c->width > widest->width))
				widest = c;
		}
		if (widest == NULL)
			return false;
		widest->width--;
	}
	return true;
}

/* Give the columns that are left to the heads that were cut, then to the
 * last column if it is text. */
static void
fill_terminal(struct table *t)
{
	struct table_column *last = &t->v[t->n - 1];
	size_t sum = total_width(t);

	for (size_t i = 0; i < t->n; i++)
		for (; sum < t->terminal && t->v[i].width < t->v[i].head_width;
		     sum++)
			t->v[i].width++;
	if (!last->right && sum < t->terminal)
		last->width += t->terminal - (unsigned int)sum;
}

/* Before text gets too narrow to read, numbers lose the width of digits that
 * they rarely have, and heads that are wider than their columns are cut. */
static void
fit_terminal(struct table *t)
{
	for (int step = 0; step < 3; step++) {
		for (size_t i = 0; i < t->n; i++) {
			struct table_column *c = &t->v[i];
			unsigned int needs = max_of(c->needs, TABLE_HEAD_LEAST);

			c->width = step > 0 && c->right ? c->least : c->wanted;
			if (step > 1 && c->head_width > needs)
				c->width = needs;
		}
		if (shrink_text(t, TABLE_TEXT_MIN, step > 1))
			break;
	}
	shrink_text(t, TABLE_TEXT_LEAST, true);
	fill_terminal(t);
}

void
table_fit(struct table *t)
{
	if (t->n > 0 && t->terminal != 0)
		fit_terminal(t);
	for (size_t i = 0; i < t->n && t->terminal == 0; i++) {
		struct table_column *c = &t->v[i];

		if (!c->right && c->width > TABLE_TEXT_MAX)
			c->width = max_of(TABLE_TEXT_MAX, c->head_width);
	}
}

/* Write n blanks at p, by wide copies beyond their end. */
static inline char *
write_blanks(char *p, size_t n)
{
	enum { STEP = 16 };

	for (size_t i = 0; i < n; i += STEP)
		memset(p + i, ' ', STEP);
	return p + n;
}

/* Move the text to the right by a number of blanks. */
static inline char *
push_right(char *start, char *end, size_t blanks)
{
	enum { FEW = 16, MANY = 32 };
	size_t n = (size_t)(end - start);
	char text[FEW];

	if (n <= FEW && blanks <= MANY) {
		/* A number: two wide copies. */
		memcpy(text, start, FEW);
		memset(start, ' ', MANY);
		memcpy(start + blanks, text, FEW);
	} else {
		memmove(start + blanks, start, n);
		memset(start, ' ', blanks);
	}
	return end + blanks;
}

/* Cut the text to the given columns, with an ellipsis. */
static char *
shorten(char *start, const char *end, unsigned int columns)
{
	char *p =
	    start + utf8_fitting(start, (size_t)(end - start), columns - 1);

	memcpy(p, ELLIPSIS, sizeof(ELLIPSIS) - 1);
	return p + sizeof(ELLIPSIS) - 1;
}

char *
table_place(const struct table *t, size_t i, char *start, char *end,
    size_t columns, unsigned int *over)
{
	const struct table_column *c = &t->v[i];
	size_t sum, blanks;

	if (!c->right && t->terminal != 0 && columns > c->width) {
		end = shorten(start, end, c->width);
		columns = c->width;
	}
	/* A long cell takes from the blanks of the cells after it. */
	sum = *over + columns;
	*over = sum > c->width ? (unsigned int)(sum - c->width) : 0;
	blanks = sum < c->width ? c->width - sum : 0;
	if (c->right)
		return push_right(start, end, blanks);
	return i + 1 < t->n ? write_blanks(end, blanks) : end;
}

size_t
table_start(size_t i, struct buf *out)
{
	/* Even the text of an empty cell needs an address. */
	buf_room(out, 1);
	if (i > 0)
		buf_chr(out, ' ');
	return out->len;
}

void
table_cell(const struct table *t, size_t i, struct buf *out, size_t start,
    unsigned int *over)
{
	char *text, *end = buf_room(out, t->v[i].width + TABLE_SLACK);

	if (end == NULL)
		return;
	text = out->data + start;
	end = table_place(
	    t, i, text, end, utf8_columns(text, (size_t)(end - text)), over);
	out->len = (size_t)(end - out->data);
}

/* Cut the text of out from start on to the given columns. */
static void
shorten_from(struct buf *out, size_t start, unsigned int columns)
{
	char *end = buf_room(out, TABLE_SLACK);

	if (end == NULL)
		return;
	end = shorten(out->data + start, end, columns);
	out->len = (size_t)(end - out->data);
}

void
table_head_cell(
    const struct table *t, size_t i, struct buf *out, unsigned int *over)
{
	const struct table_column *c = &t->v[i];
	size_t start = table_start(i, out);

	buf_str(out, c->head);
	/* Heads are cut above numbers too, which table_place() never cuts. */
	if (t->terminal != 0 && c->width < c->head_width)
		shorten_from(out, start, c->width);
	table_cell(t, i, out, start, over);
}

void
table_head(const struct table *t, struct buf *out)
{
	unsigned int over = 0;

	for (size_t i = 0; i < t->n; i++)
		table_head_cell(t, i, out, &over);
	buf_chr(out, '\n');
}

void
table_fill_text(struct buf *out, const char *text, unsigned int columns)
{
	size_t start = out->len, wide;

	text_write(out, text, strlen(text), STYLE_VIS);
	if (out->failed)
		return;
	wide = out->len == start
		   ? 0
		   : utf8_columns(out->data + start, out->len - start);
	if (wide > columns) {
		shorten_from(out, start, columns);
		wide = out->failed
			   ? columns
			   : utf8_columns(out->data + start, out->len - start);
	}
	if (wide < columns)
		buf_blanks(out, columns - wide);
}
