#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "emit.h"
#include "table.h"

#define ELLIPSIS "\xe2\x80\xa6" /* U+2026 */

void
table_free(struct table *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i].head);
	free(t->v);
	*t = (struct table){ 0 };
}

/* name in capitals, safe for a terminal; NULL when memory ran out. */
static char *
head_of(const char *name)
{
	size_t n = strlen(name);
	char *head = malloc(EMIT_TEXT_MAX(n) + 1);

	if (head == NULL)
		return NULL;
	*emit_vis(head, (const unsigned char *)name, n) = '\0';
	for (char *p = head; *p != '\0'; p++)
		*p = (char)toupper((unsigned char)*p);
	return head;
}

static unsigned int
at_least(unsigned int a, unsigned int b)
{
	return a < b ? b : a;
}

static unsigned int
at_most(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

void
table_add(struct table *t, const char *name, bool right, unsigned int width,
    unsigned int least)
{
	size_t cap = t->cap == 0 ? 16 : t->cap * 2;
	struct table_column *v;
	unsigned int wide;
	char *head;

	if (!t->failed && t->n == t->cap) {
		v = reallocarray(t->v, cap, sizeof(*v));
		if (v == NULL) {
			t->failed = true;
		} else {
			t->v = v;
			t->cap = cap;
		}
	}
	head = t->failed ? NULL : head_of(name);
	if (head == NULL) {
		t->failed = true;
		return;
	}
	wide = (unsigned int)utf8_columns(head, strlen(head));
	t->v[t->n++] = (struct table_column){ head, right,
		at_least(width, wide), at_least(least, wide), wide };
}

static size_t
total(const struct table *t)
{
	size_t sum = t->n > 0 ? t->n - 1 : 0;

	for (size_t i = 0; i < t->n; i++)
		sum += t->v[i].width;
	return sum;
}

/*
 * Narrow the columns of text, the widest first and none below least or its
 * head, until all fit the terminal.  Returns whether they do.
 */
static bool
shrink_text(struct table *t, unsigned int least)
{
	struct table_column *widest;

	for (size_t sum = total(t); sum > t->terminal; sum--) {
		widest = NULL;
		for (size_t i = 0; i < t->n; i++) {
			struct table_column *c = &t->v[i];

			if (!c->right &&
			    c->width > at_least(least, c->head_width) &&
			    (widest == NULL || c->width > widest->width))
				widest = c;
		}
		if (widest == NULL)
			return false;
		widest->width--;
	}
	return true;
}

static void
shrink_numbers(struct table *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].right)
			t->v[i].width = t->v[i].least;
}

/* Where text would get too narrow to read, the rarely used digits of numbers
 * go first, and then text has what they left. */
static void
fit_terminal(struct table *t)
{
	struct table_column *last = &t->v[t->n - 1];
	unsigned int *wanted = calloc(t->n, sizeof(*wanted));

	if (wanted == NULL) {
		t->failed = true;
		return;
	}
	for (size_t i = 0; i < t->n; i++)
		wanted[i] = t->v[i].width;
	if (!shrink_text(t, TABLE_TEXT_MIN)) {
		for (size_t i = 0; i < t->n; i++)
			t->v[i].width = wanted[i];
		shrink_numbers(t);
		if (!shrink_text(t, TABLE_TEXT_MIN))
			shrink_text(t, TABLE_TEXT_LEAST);
	}
	free(wanted);
	/* Text at the end has the rest of the line. */
	if (!last->right && total(t) < t->terminal)
		last->width += t->terminal - (unsigned int)total(t);
}

void
table_fit(struct table *t)
{
	if (t->n > 0 && t->terminal != 0)
		fit_terminal(t);
	for (size_t i = 0; i < t->n && t->terminal == 0; i++) {
		struct table_column *c = &t->v[i];

		if (!c->right)
			c->width = at_least(
			    at_most(c->width, TABLE_TEXT_MAX), c->head_width);
	}
}

/* Put blanks before the text from start on, and behind it. */
static void
pad(struct buf *out, size_t start, size_t before, size_t behind)
{
	char *p;

	if (before + behind == 0 || buf_room(out, before + behind) == NULL)
		return;
	p = out->data + start;
	if (before > 0) {
		memmove(p + before, p, out->len - start);
		memset(p, ' ', before);
	}
	out->len += before;
	buf_fill(out, ' ', behind);
}

/* Cut the text from start on to so many columns. */
static void
cut(struct buf *out, size_t start, unsigned int columns)
{
	out->len = start + utf8_fitting(out->data + start, out->len - start,
			       columns - 1);
	buf_str(out, ELLIPSIS);
}

void
table_cell(const struct table *t, size_t i, struct buf *out, size_t start,
    unsigned int *over)
{
	const struct table_column *c = &t->v[i];
	size_t wide, end, blanks;

	if (out->failed)
		return;
	wide = utf8_columns(out->data + start, out->len - start);
	if (!c->right && t->terminal != 0 && wide > c->width) {
		cut(out, start, c->width);
		wide = c->width;
	}
	/* What is too long takes from the blanks of those that follow. */
	end = *over + wide;
	*over = end > c->width ? (unsigned int)(end - c->width) : 0;
	blanks = end < c->width ? c->width - end : 0;
	if (c->right)
		pad(out, start, blanks + (i > 0), 0);
	else
		pad(out, start, i > 0, i + 1 < t->n ? blanks : 0);
}

void
table_head(const struct table *t, struct buf *out)
{
	unsigned int over = 0;

	for (size_t i = 0; i < t->n; i++) {
		size_t start = out->len;

		buf_str(out, t->v[i].head);
		table_cell(t, i, out, start, &over);
	}
	buf_chr(out, '\n');
}
