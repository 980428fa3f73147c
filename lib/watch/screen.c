#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/utf8.h"
#include "layout/paint.h"
#include "watch/screen.h"

#define ELLIPSIS "\xe2\x80\xa6" /* U+2026 */
#define HOME "\033[H"
#define ERASE_LINE "\033[K"
#define ERASE_BELOW "\033[J"

void
screen_part_free(struct screen_part *p)
{
	buf_free(&p->head);
	buf_free(&p->rows);
	free(p->ends);
	*p = (struct screen_part){ 0 };
}

void
screen_part_clear(struct screen_part *p)
{
	p->head.len = p->rows.len = p->n = 0;
	p->all = 0;
}

void
screen_part_end_row(struct screen_part *p)
{
	p->failed |= p->head.failed || p->rows.failed;
	if (!array_room(p->ends, p->n, p->cap)) {
		p->failed = true;
		return;
	}
	p->ends[p->n++] = p->rows.len;
}

void
screen_begin(struct buf *out, unsigned int height)
{
	for (unsigned int i = 1; i < height; i++)
		buf_str(out, "\r\n");
}

/* A run of lines, the last of which has its newline too. */
struct lines {
	const char *p, *end;
};

static struct lines
row_lines(const struct screen_part *p, size_t i)
{
	const char *text = p->rows.data;

	return (struct lines){ text + (i > 0 ? p->ends[i - 1] : 0),
		text + p->ends[i] };
}

static struct lines
head_lines(const struct screen_part *p)
{
	return (struct lines){ p->head.data, p->head.data + p->head.len };
}

static size_t
count_lines(struct lines l)
{
	size_t n = 0;

	for (const char *p = l.p; p < l.end; p++)
		n += *p == '\n';
	return n;
}

/* A blank line at the end of a row separates it from the next one. */
static struct lines
without_blank_end(struct lines l)
{
	while (l.end - l.p >= 2 && l.end[-1] == '\n' && l.end[-2] == '\n')
		l.end--;
	return l;
}

/* The end of the line, or the first byte that may begin a colour. */
static const char *
find_colour(const char *p, const char *end)
{
	const char *q = memchr(p, '\033', (size_t)(end - p));

	return q == NULL ? end : q;
}

/* The columns of a line. */
static size_t
line_columns(const char *p, const char *end)
{
	size_t columns = 0, n;
	const char *q;

	while (p < end) {
		q = find_colour(p, end);
		columns += utf8_columns(p, (size_t)(q - p));
		n = q < end ? paint_length(q, (size_t)(end - q)) : 0;
		/* Any other control character is not written. */
		p = q < end && n == 0 ? q + 1 : q + n;
	}
	return columns;
}

/* Append as much of a line as fits the columns. */
static void
add_fitting(struct buf *out, const char *p, const char *end, size_t columns)
{
	const char *q;
	size_t n;

	while (p < end) {
		q = find_colour(p, end);
		n = utf8_fitting(p, (size_t)(q - p), columns);
		buf_add(out, p, n);
		columns -= utf8_columns(p, n);
		if (p + n < q)
			columns = 0;
		n = q < end ? paint_length(q, (size_t)(end - q)) : 0;
		buf_add(out, q, n);
		p = q < end && n == 0 ? q + 1 : q + n;
	}
}

/*
 * Draw a line, without its newline.  It is erased first: the cursor behind a
 * line as wide as the window still is at its last column.
 */
static void
draw_line(struct buf *out, const char *p, const char *end, unsigned int width)
{
	buf_str(out, ERASE_LINE);
	if (line_columns(p, end) <= width) {
		add_fitting(out, p, end, width);
	} else {
		add_fitting(out, p, end, width - 1);
		buf_str(out, ELLIPSIS);
	}
	buf_str(out, "\r\n");
}

/* Draw at most so many of the lines.  Returns how many. */
static size_t
draw_lines(struct buf *out, struct lines l, size_t most, unsigned int width)
{
	size_t n = 0;
	const char *end;

	for (; n < most && l.p < l.end; n++, l.p = end + 1) {
		if ((end = memchr(l.p, '\n', (size_t)(l.end - l.p))) == NULL)
			end = l.end;
		draw_line(out, l.p, end, width);
	}
	return n;
}

static void
draw_more(struct buf *out, uint64_t more, const char *what, unsigned int width)
{
	struct buf text = { 0 };

	buf_printf(&text, ELLIPSIS " %" PRIu64 " more%s", more, what);
	if (!text.failed)
		draw_line(out, text.data, text.data + text.len, width);
	out->failed |= text.failed;
	buf_free(&text);
}

/* The lines of a part if it is whole. */
static size_t
lines_needed(const struct screen_part *p)
{
	size_t n = count_lines(head_lines(p)) + (p->all > p->n);

	for (size_t i = 0; i < p->n; i++)
		n += count_lines(i + 1 < p->n || p->all > p->n
				     ? row_lines(p, i)
				     : without_blank_end(row_lines(p, i)));
	return n;
}

/* Draw a part that needs so many lines on at most lines, but at least one. */
static void
draw_part(struct buf *out, const struct screen_part *p, size_t needs,
    size_t lines, unsigned int width)
{
	size_t last = needs > lines || p->all > p->n, left, row, n = 0, cut = 0;
	uint64_t shown = 0;

	if (lines == 1 && p->head.len > 0) {
		draw_lines(out, head_lines(p), 1, width);
		return;
	}
	left = lines - last;
	left -= draw_lines(out, head_lines(p), left, width);
	for (size_t i = 0; i < p->n && cut == 0; i++) {
		row = count_lines(without_blank_end(row_lines(p, i)));
		if (row > left && i > 0)
			break;
		n = draw_lines(out, row_lines(p, i), left, width);
		left -= n;
		cut = n < row ? row - n : 0;
		shown += cut == 0;
	}
	if (last && p->all == 1 && n > 0)
		draw_more(out, cut, " lines", width);
	else if (last)
		draw_more(out, p->all - shown, "", width);
}

/* Give each part its share of the lines: what one does not need is for the
 * others. */
static void
share_lines(const size_t *needs, size_t *shares, size_t n, size_t lines)
{
	size_t left = n, fair;
	bool changed = true;

	for (size_t i = 0; i < n; i++)
		shares[i] = SIZE_MAX;
	while (changed && left > 0) {
		changed = false;
		fair = lines / left;
		for (size_t i = 0; i < n; i++) {
			if (shares[i] != SIZE_MAX || needs[i] > fair)
				continue;
			shares[i] = needs[i];
			lines -= needs[i];
			left--;
			changed = true;
		}
	}
	for (size_t i = 0; i < n; i++) {
		if (shares[i] != SIZE_MAX)
			continue;
		shares[i] = lines / left;
		lines -= shares[i];
		left--;
	}
}

void
screen_draw(struct buf *out, const struct screen_part *parts, size_t n,
    unsigned int height, unsigned int width)
{
	size_t *needs = calloc(2 * n + 1, sizeof(*needs)), *shares;
	size_t lines = height > 1 ? height - 1 : 1;

	if (needs == NULL) {
		out->failed = true;
		return;
	}
	shares = needs + n;
	for (size_t i = 0; i < n; i++) {
		/* A blank line before it. */
		needs[i] = lines_needed(&parts[i]) + (i > 0);
		out->failed |= parts[i].failed;
	}
	share_lines(needs, shares, n, lines);
	buf_str(out, HOME);
	for (size_t i = 0; i < n; i++) {
		size_t gap = i > 0 && shares[i] > 1;

		if (shares[i] == 0)
			continue;
		if (gap != 0)
			draw_line(out, NULL, NULL, width);
		draw_part(
		    out, &parts[i], needs[i] - (i > 0), shares[i] - gap, width);
	}
	buf_str(out, ERASE_BELOW);
	free(needs);
}
