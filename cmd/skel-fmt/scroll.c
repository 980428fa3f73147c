#include <string.h>

#include "base/utf8.h"
#include "layout/paint.h"
#include "scroll.h"

void
scroll_open(struct scroll *s, int fd)
{
	*s = (struct scroll){ .fd = fd };
	s->on = terminal_window(fd, &s->window);
	if (s->on)
		terminal_catch_resize();
}

bool
scroll_was_resized(struct scroll *s)
{
	if (!terminal_was_resized())
		return false;
	terminal_window(s->fd, &s->window);
	s->nheads = 0;
	return true;
}

/* The columns of a text without its escape sequences. */
static size_t
count_columns(const char *text, size_t len)
{
	const char *end = text + len, *next;
	size_t columns = 0;

	for (; text < end; text = next) {
		next = memchr(text, '\033', (size_t)(end - text));
		if (next == NULL)
			next = end;
		if (next > text)
			columns += utf8_columns(text, (size_t)(next - text));
		if (next < end) {
			size_t n = paint_length(next, (size_t)(end - next));

			next += n > 0 ? n : 1;
		}
	}
	return columns;
}

void
scroll_count(struct scroll *s, const char *text, size_t len)
{
	const char *end = text + len, *eol;
	size_t columns;

	for (; text < end; text = eol + 1) {
		eol = memchr(text, '\n', (size_t)(end - text));
		if (eol == NULL)
			break;
		columns = count_columns(text, (size_t)(eol - text));
		s->row +=
		    columns == 0 ? 1 : (columns - 1) / s->window.columns + 1;
	}
}

/* The last row of the window is empty: the cursor stands there. */
static bool
stands(const struct scroll *s, unsigned long row)
{
	return s->window.rows < SCROLL_LEAST ||
	       s->row - row < s->window.rows - 1;
}

bool
scroll_has_head(struct scroll *s, const struct hash_key *text, bool before_row)
{
	size_t at = 0;

	while (at < s->nheads && (s->heads[at].text.a != text->a ||
				     s->heads[at].text.b != text->b))
		at++;
	if (at < s->nheads && (!before_row || stands(s, s->heads[at].row)))
		return true;
	/* The last one that was written is the last in the list. */
	if (at == SCROLL_HEADS)
		at = 0;
	if (at < s->nheads)
		memmove(s->heads + at, s->heads + at + 1,
		    (--s->nheads - at) * sizeof(*s->heads));
	s->heads[s->nheads++] = (struct scroll_head){ *text, s->row };
	return false;
}
