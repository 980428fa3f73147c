#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/util.h"
#include "safe-cells.h"

/* Whether the cell begins with what makes it a formula. */
static bool
begins_formula(const char *p, const char *end)
{
	static const char *const starts[] = { "=", "+", "-", "@", "\t", "\r",
		"\n", "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
		"\xef\xbc\xa0" };

	for (size_t i = 0; i < nitems(starts); i++) {
		size_t n = strlen(starts[i]);

		if ((size_t)(end - p) >= n && memcmp(p, starts[i], n) == 0)
			return true;
	}
	return false;
}

static const char *
skip_digits(const char *p, const char *end)
{
	while (p < end && isdigit((unsigned char)*p))
		p++;
	return p;
}

/* Whether the cell is a number, as JSON has it. */
static bool
is_number(const char *p, const char *end)
{
	const char *digits;

	p += p < end && *p == '-';
	digits = p;
	p = skip_digits(p, end);
	if (p == digits)
		return false;
	if (p < end && *p == '.')
		p = skip_digits(p + 1, end);
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		p += p < end && (*p == '+' || *p == '-');
		p = skip_digits(p, end);
	}
	return p == end;
}

/* The end of a cell in quotes, which begins at p: where its last quote is. */
static const char *
find_quote(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p != '"')
			continue;
		if (p + 1 == end || p[1] != '"')
			break;
		p++;
	}
	return p;
}

/* The end of a cell without quotes. */
static const char *
find_end(const char *p, const char *end, char separator)
{
	while (p < end && *p != separator && *p != '\n' && *p != '\r')
		p++;
	return p;
}

static void
write_safe_cells(struct buf *out, const char *text, size_t len, char separator)
{
	const char *p = text, *end = text + len, *done = text, *cell, *next;
	bool quoted;

	/* Each cell, with one byte of what follows it. */
	for (; p < end; p = next + 1) {
		quoted = separator == ',' && *p == '"';
		cell = p + quoted;
		next =
		    quoted ? find_quote(p, end) : find_end(p, end, separator);
		if (begins_formula(cell, next) && !is_number(cell, next)) {
			buf_add(out, done, (size_t)(cell - done));
			buf_chr(out, '\'');
			done = cell;
		}
		if (quoted)
			next = find_end(next, end, separator);
		/* The end of a line of CSV has two bytes. */
		if (next + 1 < end && *next == '\r' && next[1] == '\n')
			next++;
	}
	buf_add(out, done, (size_t)(end - done));
}

void
safe_cells_csv(struct buf *out, const char *text, size_t len)
{
	write_safe_cells(out, text, len, ',');
}

void
safe_cells_tsv(struct buf *out, const char *text, size_t len)
{
	write_safe_cells(out, text, len, '\t');
}
