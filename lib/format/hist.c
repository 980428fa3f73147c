#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "base/util.h"
#include "format/hist.h"

enum {
	NARROW_MAX = 32, /* the highest slot of the narrow layout */
	ROW_MAX = 128,   /* bytes of a row without its stars */
	COUNT_WIDTH = 8,
};

static void
slot_bounds(const struct hist *h, size_t i, uint64_t *low, uint64_t *high)
{
	if (h->linear) {
		*low = *high = i;
		return;
	}
	*low = i == 0 ? 0 : i < 64 ? UINT64_C(1) << i : UINT64_MAX;
	*high = i < 63 ? (UINT64_C(2) << i) - 1 : UINT64_MAX;
}

static char *
write_fill(char *p, char c, size_t n)
{
	memset(p, c, n);
	return p + n;
}

/* Write v in decimal, aligned right or left in a field of the given columns; a
 * longer number takes more. */
static char *
write_number(char *p, uint64_t v, size_t columns, bool right)
{
	char text[TEXT_U64_MAX];
	size_t n = (size_t)(text_u64(text, v) - text);
	size_t gap = n < columns ? columns - n : 0;

	p = write_fill(p, ' ', right ? gap : 0);
	memcpy(p, text, n);
	return write_fill(p + n, ' ', right ? 0 : gap);
}

static void
write_head(const struct hist *h, struct buf *out, size_t counts, bool narrow)
{
	size_t n = strlen(h->unit), columns = narrow ? 19 : 29, wide;
	char *p = buf_room(out, TEXT_ESCAPED_MAX(n) + ROW_MAX), *unit;

	if (p == NULL)
		return;
	p = write_fill(p, ' ', narrow ? 5 : 15);
	unit = p;
	p = text_vis(p, (const unsigned char *)h->unit, n);
	wide = utf8_columns(unit, (size_t)(p - unit));
	p = write_fill(p, ' ', wide < columns ? columns - wide : 0);
	out->len = (size_t)(p - out->data);
	buf_str(out, " : count");
	buf_blanks(out, counts + 1 - strlen("count"));
	buf_str(out, "distribution\n");
}

static void
write_slot(const struct hist *h, struct buf *out, size_t i, uint64_t most,
    size_t counts, bool narrow)
{
	size_t columns = narrow ? 10 : 20, stars = narrow ? 40 : 20, n;
	char *p = buf_room(out, ROW_MAX + stars);
	uint64_t low, high;

	if (p == NULL)
		return;
	slot_bounds(h, i, &low, &high);
	n = (size_t)((unsigned __int128)h->slots[i] * stars / most);
	p = write_number(p, low, columns, true);
	if (h->linear) {
		p = write_fill(p, ' ', 4 + columns);
	} else {
		memcpy(p, " -> ", 4);
		p = write_number(p + 4, high, columns, false);
	}
	memcpy(p, " : ", 3);
	p = write_number(p + 3, h->slots[i], counts, false);
	memcpy(p, " |", 2);
	p = write_fill(p + 2, '*', n);
	p = write_fill(p, ' ', stars - n);
	memcpy(p, "|\n", 2);
	out->len = (size_t)(p + 2 - out->data);
}

void
hist_write(const struct hist *h, struct buf *out)
{
	size_t n = 0, counts = COUNT_WIDTH, digits;
	char text[TEXT_U64_MAX];
	uint64_t most = 0;
	bool narrow;

	for (size_t i = 0; i < h->n; i++) {
		if (h->slots[i] > 0)
			n = i + 1;
		if (h->slots[i] > most)
			most = h->slots[i];
	}
	if (n == 0)
		return;
	narrow = h->linear || n <= NARROW_MAX + 1;
	digits = (size_t)(text_u64(text, most) - text);
	if (h->aligned && digits > counts)
		counts = digits;
	write_head(h, out, counts, narrow);
	for (size_t i = 0; i < n; i++)
		write_slot(h, out, i, most, counts, narrow);
}

/* Find the slot in which a percentile of all values lies. */
static size_t
find_percentile(
    const struct hist *h, unsigned __int128 total, unsigned int percent)
{
	unsigned __int128 rank = (total * percent + 99) / 100, seen = 0;
	size_t i;

	for (i = 0; i + 1 < h->n; i++) {
		seen += h->slots[i];
		if (seen >= rank && seen > 0)
			break;
	}
	return i;
}

void
hist_summary(const struct hist *h, struct buf *out)
{
	static const unsigned int percents[] = { 50, 90, 99 };
	unsigned __int128 total = 0;
	uint64_t low, high;
	char count[TEXT_128_MAX];

	for (size_t i = 0; i < h->n; i++)
		total += h->slots[i];
	buf_str(out, "count ");
	buf_add(out, count, (size_t)(text_u128(count, total) - count));
	for (size_t i = 0; total > 0 && i < nitems(percents); i++) {
		slot_bounds(
		    h, find_percentile(h, total, percents[i]), &low, &high);
		buf_printf(out, "  p%u <= ", percents[i]);
		buf_add(out, count, (size_t)(text_u64(count, high) - count));
	}
	buf_chr(out, '\n');
}
