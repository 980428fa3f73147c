/* lib/watch/screen: which lines are drawn where, and what is cut. */
#include <locale.h>

#include "check.h"
#include "watch/screen.h"

#define ERASE "\033[K"

static void
add_row(struct screen_part *p, const char *lines)
{
	buf_str(&p->rows, lines);
	screen_part_end_row(p);
	p->all++;
}

/* Draws, and checks the result, in which "|" stands for the end of a line. */
static void
draws(const struct screen_part *parts, size_t n, unsigned int height,
    unsigned int width, const char *want, int line)
{
	struct buf out = { 0 }, lines = { 0 };
	bool start = true;

	screen_draw(&out, parts, n, height, width);
	CHECK(!out.failed);
	buf_chr(&out, '\0');
	CHECK(strncmp(out.data, "\033[H", 3) == 0);
	for (const char *p = out.data + 3; *p != '\0';) {
		if (start && strncmp(p, ERASE, strlen(ERASE)) == 0) {
			start = false;
			p += strlen(ERASE);
		} else if (strncmp(p, "\r\n", 2) == 0) {
			/* Each line was erased before it. */
			CHECK(!start);
			start = true;
			buf_chr(&lines, '|');
			p += 2;
		} else {
			buf_chr(&lines, *p++);
		}
	}
	buf_chr(&lines, '\0');
	CHECK(lines.len > 3);
	if (lines.len > 3) {
		CHECK_STR(lines.data + lines.len - 4, "\033[J");
		lines.data[lines.len - 4] = '\0';
		check_str(lines.data, want, __FILE__, line);
	}
	buf_free(&out);
	buf_free(&lines);
}

#define DRAWS(parts, n, height, width, want)                                   \
	draws(parts, n, height, width, want, __LINE__)

static void
rows_that_do_not_fit_are_counted(void)
{
	struct screen_part p = { 0 };

	buf_str(&p.head, "HEAD\n");
	DRAWS(&p, 1, 10, 20, "HEAD|");
	add_row(&p, "a\n");
	add_row(&p, "b\n");
	add_row(&p, "c\n");
	/* The cursor is on the last line of the window. */
	DRAWS(&p, 1, 5, 20, "HEAD|a|b|c|");
	DRAWS(&p, 1, 4, 20, "HEAD|a|… 2 more|");
	DRAWS(&p, 1, 3, 20, "HEAD|… 3 more|");
	DRAWS(&p, 1, 2, 20, "HEAD|");
	DRAWS(&p, 1, 1, 20, "HEAD|");
	DRAWS(&p, 1, 0, 20, "HEAD|");
	/* Rows that were not written. */
	p.all = 50;
	DRAWS(&p, 1, 10, 20, "HEAD|a|b|c|… 47 more|");
	DRAWS(&p, 1, 5, 20, "HEAD|a|b|… 48 more|");
	DRAWS(&p, 1, 5, 4, "HEAD|a|b|… 4…|");
	screen_part_clear(&p);
	DRAWS(&p, 1, 10, 20, "");
	screen_part_free(&p);
}

static void
rows_of_several_lines_are_shown_whole(void)
{
	struct screen_part p = { 0 };

	add_row(&p, "a\n1\n2\n\n");
	add_row(&p, "b\n1\n\n");
	DRAWS(&p, 1, 9, 20, "a|1|2||b|1|");
	DRAWS(&p, 1, 7, 20, "a|1|2||b|1|");
	DRAWS(&p, 1, 6, 20, "a|1|2||… 1 more|");
	DRAWS(&p, 1, 5, 20, "a|1|2|… 1 more|");
	/* But the first one is cut, so that there is something to see. */
	DRAWS(&p, 1, 4, 20, "a|1|… 2 more|");
	DRAWS(&p, 1, 2, 20, "… 2 more|");
	screen_part_clear(&p);
	add_row(&p, "a\n1\n2\n3\n\n");
	DRAWS(&p, 1, 5, 20, "a|1|2|3|");
	DRAWS(&p, 1, 4, 20, "a|1|… 2 more lines|");
	screen_part_free(&p);
}

static void
parts_share_the_lines(void)
{
	struct screen_part p[3] = { 0 };

	for (int i = 0; i < 3; i++) {
		buf_chr(&p[i].head, (char)('A' + i));
		buf_chr(&p[i].head, '\n');
	}
	add_row(&p[0], "a\n");
	for (int i = 0; i < 9; i++) {
		add_row(&p[1], "b\n");
		add_row(&p[2], "c\n");
	}
	DRAWS(p, 3, 100, 20, "A|a||B|b|b|b|b|b|b|b|b|b||C|c|c|c|c|c|c|c|c|c|");
	DRAWS(p, 3, 14, 20, "A|a||B|b|b|… 7 more||C|c|c|c|… 6 more|");
	DRAWS(p, 2, 14, 20, "A|a||B|b|b|b|b|b|b|b|b|b|");
	DRAWS(p, 3, 4, 20, "A|B|C|");
	DRAWS(p, 3, 3, 20, "B|C|");
	for (int i = 0; i < 3; i++)
		screen_part_free(&p[i]);
}

static void
no_line_is_wider_than_the_window(void)
{
	struct screen_part p = { 0 };

	add_row(&p, "12345678\n");
	add_row(&p, "123456789\n");
	add_row(&p, "\xe4\xb8\x80\xe4\xb8\x80\xe4\xb8\x80\xe4\xb8\x80\n");
	add_row(&p, "1\xe4\xb8\x80\xe4\xb8\x80\xe4\xb8\x80\xe4\xb8\x80\n");
	/* Colours take no columns, and those behind the cut end what was begun.
	 */
	add_row(&p, "\033[1;31m12345678\033[m\n");
	add_row(&p, "\033[1;31m123456789\033[m!\n");
	/* Nothing else that is no text is written. */
	add_row(&p, "\033[2Ja\033\n");
	DRAWS(&p, 1, 20, 8,
	    "12345678|1234567…|一一一一|1一一一…|"
	    "\033[1;31m12345678\033[m|\033[1;31m1234567\033[m…|[2Ja|");
	screen_part_free(&p);
}

static void
what_was_there_before_is_moved_away(void)
{
	struct buf out = { 0 };

	screen_begin(&out, 4);
	buf_chr(&out, '\0');
	CHECK_STR(out.data, "\r\n\r\n\r\n");
	buf_free(&out);
}

int
main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	rows_that_do_not_fit_are_counted();
	rows_of_several_lines_are_shown_whole();
	parts_share_the_lines();
	no_line_is_wider_than_the_window();
	what_was_there_before_is_moved_away();
	return check_done();
}
