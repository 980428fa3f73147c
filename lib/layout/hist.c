#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "base/util.h"
#include "layout/hist.h"

enum {
	NARROW_MAX = 32, /* the highest slot of the narrow layout */
	ROW_MAX = 128,   /* bytes of a row without its stars */
	COUNT_WIDTH = 8,
};

void
hist_bounds(const struct hist_scale *s, size_t i, uint64_t *low, uint64_t *high)
{
	uint64_t step = s->step == 0 ? 1 : s->step;

	if (s->linear) {
		if (__builtin_mul_overflow(i, step, low) ||
		    __builtin_add_overflow(*low, s->start, low))
			*low = UINT64_MAX;
		if (__builtin_add_overflow(*low, step - 1, high))
			*high = UINT64_MAX;
		return;
	}
	*low = i == 0 ? 0 : i < 64 ? UINT64_C(1) << i : UINT64_MAX;
	*high = i < 63 ? (UINT64_C(2) << i) - 1 : UINT64_MAX;
}

bool
hist_is_open(const struct hist *h, size_t i)
{
	return h->scale.linear && h->scale.step != 0 && i + 1 == h->n;
}

/* Whether a count is below zero: then it is no part of the distribution. */
static bool
is_negative(const struct hist *h, uint64_t count)
{
	return h->is_signed && count > INT64_MAX;
}

uint64_t
hist_load(const unsigned char *data, size_t size, bool is_signed)
{
	uint64_t v = 0;

	/* All supported machines are little-endian. */
	memcpy(&v, data, size);
	if (is_signed && size < sizeof(v) && v >> (size * 8 - 1) != 0)
		v |= UINT64_MAX << (size * 8);
	return v;
}

uint64_t
hist_load_json(const struct json_value *v, bool is_signed)
{
	struct json_value digits = *v;
	uint64_t n;

	if (!is_signed || v->kind != JSON_VALUE_SCALAR)
		return json_value_u64(v);
	if (*v->text != '-') {
		n = json_value_u64(v);
		return n < INT64_MAX ? n : INT64_MAX;
	}
	digits.text++;
	digits.len--;
	n = json_value_u64(&digits);
	return 0 - (n <= INT64_MAX ? n : UINT64_C(1) << 63);
}

static char *
write_fill(char *p, char c, size_t n)
{
	memset(p, c, n);
	return p + n;
}

static char *
write_sign(char *p, bool negative)
{
	if (negative)
		*p++ = '-';
	return p;
}

/* Write v in decimal, aligned right or left in a field of the given columns; a
 * longer number takes more. */
static char *
write_number(char *p, uint64_t v, bool negative, size_t columns, bool right)
{
	char text[1 + TEXT_U64_MAX];
	size_t n = (size_t)(text_u64(write_sign(text, negative),
				negative ? 0 - v : v) -
			    text);
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
	hist_bounds(&h->scale, i, &low, &high);
	n = is_negative(h, h->slots[i])
		? 0
		: (size_t)((unsigned __int128)h->slots[i] * stars / most);
	p = write_number(p, low, false, columns, true);
	if (hist_is_open(h, i)) {
		memcpy(p, " -> ", 4);
		p = write_fill(p + 4, ' ', columns);
	} else if (low == high && h->scale.linear) {
		p = write_fill(p, ' ', 4 + columns);
	} else {
		memcpy(p, " -> ", 4);
		p = write_number(p + 4, high, false, columns, false);
	}
	memcpy(p, " : ", 3);
	p = write_number(
	    p + 3, h->slots[i], is_negative(h, h->slots[i]), counts, false);
	memcpy(p, " |", 2);
	p = write_fill(p + 2, '*', n);
	p = write_fill(p, ' ', stars - n);
	memcpy(p, "|\n", 2);
	out->len = (size_t)(p + 2 - out->data);
}

/* Whether the bounds of the first n slots fit the narrow layout, in which those
 * of the reference loader's linear histograms are, however long. */
static bool
is_narrow(const struct hist *h, size_t n)
{
	uint64_t low, high;

	if (!h->scale.linear)
		return n <= NARROW_MAX + 1;
	hist_bounds(&h->scale, n - 1, &low, &high);
	return low == high || high < UINT64_C(10000000000);
}

void
hist_write(const struct hist *h, struct buf *out)
{
	size_t n = 0, counts = COUNT_WIDTH, digits;
	char text[TEXT_U64_MAX];
	uint64_t most = 1, least = 0;
	bool narrow;

	for (size_t i = 0; i < h->n; i++) {
		bool negative = is_negative(h, h->slots[i]);

		if (h->slots[i] != 0)
			n = i + 1;
		if (!negative && h->slots[i] > most)
			most = h->slots[i];
		if (negative && 0 - h->slots[i] > least)
			least = 0 - h->slots[i];
	}
	if (n == 0)
		return;
	narrow = is_narrow(h, n);
	digits = (size_t)(text_u64(text, most) - text);
	if (h->aligned && digits > counts)
		counts = digits;
	digits = 1 + (size_t)(text_u64(text, least) - text);
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
		seen += is_negative(h, h->slots[i]) ? 0 : h->slots[i];
		if (seen >= rank && seen > 0)
			break;
	}
	return i;
}

/* Add up the counts, and those below zero, whose sum is *below. */
static unsigned __int128
add_up(const struct hist *h, unsigned __int128 *below)
{
	unsigned __int128 total = 0;

	*below = 0;
	for (size_t i = 0; i < h->n; i++) {
		if (is_negative(h, h->slots[i]))
			*below += 0 - h->slots[i];
		else
			total += h->slots[i];
	}
	return total;
}

void
hist_write_count(const struct hist *h, struct buf *out)
{
	unsigned __int128 below, total = add_up(h, &below);
	char count[1 + TEXT_128_MAX], *end;

	end = write_sign(count, below > total);
	end = text_u128(end, below > total ? below - total : total - below);
	buf_add(out, count, (size_t)(end - count));
}

void
hist_write_percentile(
    const struct hist *h, unsigned int percent, struct buf *out)
{
	unsigned __int128 below, total = add_up(h, &below);
	uint64_t low, high;
	size_t slot;

	if (total == 0)
		return;
	slot = find_percentile(h, total, percent);
	hist_bounds(&h->scale, slot, &low, &high);
	if (hist_is_open(h, slot))
		buf_printf(out, "%" PRIu64 "+", low);
	else
		buf_printf(out, "%" PRIu64, high);
}

static bool
is_percentile_open(const struct hist *h, unsigned int percent)
{
	unsigned __int128 below, total = add_up(h, &below);

	return hist_is_open(h, find_percentile(h, total, percent));
}

void
hist_summary(const struct hist *h, struct buf *out)
{
	static const unsigned int percents[] = { 50, 90, 99 };
	unsigned __int128 below, total = add_up(h, &below);

	buf_str(out, "count ");
	hist_write_count(h, out);
	for (size_t i = 0; total > 0 && i < nitems(percents); i++) {
		buf_printf(out, "  p%u%s", percents[i],
		    is_percentile_open(h, percents[i]) ? " " : " <= ");
		hist_write_percentile(h, percents[i], out);
	}
	buf_chr(out, '\n');
}

/* The sum of n slots from number i on, without those below zero. */
static unsigned __int128
add_slots(const struct hist *h, size_t i, size_t n)
{
	unsigned __int128 sum = 0;

	for (size_t end = i + n; i < end && i < h->n; i++)
		sum += is_negative(h, h->slots[i]) ? 0 : h->slots[i];
	return sum;
}

void
hist_spark(const struct hist *h, size_t columns, struct buf *out)
{
	/* U+2581 to U+2588 differ in their last byte. */
	static const char lowest[] = "\xe2\x96\x81";
	enum { LEVELS = 8 };
	size_t n = columns == 0 ? 1 : (h->n + columns - 1) / columns;
	unsigned __int128 most = 0, sum;
	unsigned int level;

	for (size_t i = 0; i < h->n; i += n)
		if ((sum = add_slots(h, i, n)) > most)
			most = sum;
	for (size_t i = 0; i < h->n && most > 0; i += n) {
		sum = add_slots(h, i, n);
		if (sum == 0) {
			buf_chr(out, ' ');
			continue;
		}
		level = (unsigned int)((sum * LEVELS + most - 1) / most);
		buf_add(out, lowest, 2);
		buf_chr(out, (char)(lowest[2] + (char)level - 1));
	}
}
