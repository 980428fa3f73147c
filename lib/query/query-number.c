#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "query/query-number.h"

typedef unsigned __int128 u128;

#define U128_MAX (~(u128)0)

const struct int128 query_number_least = { true, (u128)1 << 127 };
const struct int128 query_number_greatest = { false, U128_MAX };

enum { EXPONENT_MAX = 100000, DIGITS_MAX = 1024 };

int
query_number_compare_ints(struct int128 a, struct int128 b)
{
	int order = (a.magnitude > b.magnitude) - (a.magnitude < b.magnitude);

	if (a.negative != b.negative)
		return a.negative ? -1 : 1;
	return a.negative ? -order : order;
}

int
query_number_compare(const struct query_number *a, const struct query_number *b)
{
	int order = query_number_compare_ints(a->floor, b->floor);

	if (order != 0)
		return order;
	if (a->fraction && b->fraction)
		return (a->real > b->real) - (a->real < b->real);
	return (int)a->fraction - (int)b->fraction;
}

struct query_number
query_number_from_int(struct int128 v)
{
	double real = (double)v.magnitude;

	return (struct query_number){
		.floor = v,
		.real = v.negative ? -real : real,
	};
}

struct query_number
query_number_from_real(double v)
{
	double magnitude = v < 0 ? -v : v;
	struct query_number n = { .real = magnitude };

	n.fraction = magnitude >= 0x1p128;
	n.floor.magnitude = n.fraction ? U128_MAX : (u128)magnitude;
	n.fraction |= (double)n.floor.magnitude != magnitude;
	return v < 0 ? query_number_negate(&n) : n;
}

struct int128
query_number_next(struct int128 v)
{
	if (!v.negative)
		return (struct int128){ false,
			v.magnitude + (v.magnitude != U128_MAX) };
	v.magnitude--;
	v.negative = v.magnitude != 0;
	return v;
}

struct int128
query_number_previous(struct int128 v)
{
	if (!v.negative && v.magnitude != 0)
		return (struct int128){ false, v.magnitude - 1 };
	if (v.negative && v.magnitude == query_number_least.magnitude)
		return v;
	return (struct int128){ true, v.magnitude + 1 };
}

/* A decimal number as it is read: digits times 10 to the power exponent. */
struct decimal {
	u128 digits;
	long exponent;
	bool rest; /* there is more behind the digits */
	bool huge;
};

static void
add_digit(struct decimal *d, unsigned int digit, bool after_point)
{
	if (d->digits > (U128_MAX - digit) / 10 || d->rest) {
		/* Digits behind the point beyond those matter little. */
		d->huge |= !after_point;
		d->rest |= digit != 0 || !after_point;
		return;
	}
	d->digits = d->digits * 10 + digit;
	d->exponent -= after_point;
}

/* Parse "1.5e3".  Returns whether all of the text is one. */
static bool
parse_decimal(struct decimal *d, const char *p, const char *end)
{
	bool any = false, point = false, minus = false;
	long exponent = 0;

	for (; p < end && (isdigit((unsigned char)*p) || (*p == '.' && !point));
	     p++) {
		if (*p == '.') {
			point = true;
			continue;
		}
		any = true;
		add_digit(d, (unsigned int)(*p - '0'), point);
	}
	if (!any || p == end)
		return any;
	if ((*p++ | 0x20) != 'e')
		return false;
	if (p < end && (*p == '-' || *p == '+'))
		minus = *p++ == '-';
	if (p == end)
		return false;
	for (; p < end && isdigit((unsigned char)*p); p++)
		if (exponent < EXPONENT_MAX)
			exponent = exponent * 10 + (*p - '0');
	d->exponent += minus ? -exponent : exponent;
	return p == end;
}

/* Parse the digits of "0x1f" or "017" behind the prefix. */
static bool
parse_based(struct decimal *d, const char *p, const char *end, int base)
{
	if (p == end)
		return false;
	for (; p < end; p++) {
		int digit = text_hex_value(*p);

		if (digit < 0 || digit >= base)
			return false;
		d->huge |= d->digits > U128_MAX / (unsigned int)base;
		d->digits =
		    d->digits * (unsigned int)base + (unsigned int)digit;
	}
	return true;
}

/* Multiply by a factor and the power of ten, so that no power is left. */
static void
apply_factors(struct decimal *d, uint64_t factor)
{
	bool nonzero = d->digits != 0;

	while (d->digits > U128_MAX / factor && d->exponent < 0) {
		d->rest |= d->digits % 10 != 0;
		d->digits /= 10;
		d->exponent++;
	}
	d->huge |= d->digits > U128_MAX / factor;
	d->digits *= factor;
	for (; nonzero && d->exponent > 0 && !d->huge; d->exponent--) {
		d->huge = d->digits > U128_MAX / 10;
		d->digits *= 10;
	}
	for (; d->exponent < 0 && d->digits != 0; d->exponent++) {
		d->rest |= d->digits % 10 != 0;
		d->digits /= 10;
	}
}

static double
parse_real(const char *text, size_t len)
{
	char copy[DIGITS_MAX];

	if (len >= sizeof(copy))
		len = sizeof(copy) - 1;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return strtod(copy, NULL);
}

bool
query_number_parse(struct query_number *n, const char *text, size_t len,
    bool plain, uint64_t factor)
{
	const char *p = text, *end = text + len;
	bool minus = p < end && *p == '-', based = false;
	struct decimal d = { 0 };

	p += minus;
	*n = (struct query_number){ .fraction = false };
	if (!plain && end - p > 1 && p[0] == '0' && (p[1] | 0x20) == 'x') {
		based = true;
		if (!parse_based(&d, p + 2, end, 16))
			return false;
	} else if (!plain && end - p > 1 && p[0] == '0' &&
		   strspn(p, "0123456789") >= (size_t)(end - p)) {
		based = true;
		if (!parse_based(&d, p + 1, end, 8))
			return false;
	} else if (!parse_decimal(&d, p, end)) {
		return false;
	}
	apply_factors(&d, factor);
	if (d.huge) {
		d.digits = U128_MAX;
		d.rest = true;
	}
	*n = query_number_from_int((struct int128){ false, d.digits });
	n->fraction = d.rest;
	if (d.rest && !based)
		n->real = parse_real(p, (size_t)(end - p)) * (double)factor;
	if (minus)
		*n = query_number_negate(n);
	return true;
}

struct query_number
query_number_negate(const struct query_number *n)
{
	struct query_number m = *n;

	/* The floor of -1.5 is -2. */
	if (n->fraction)
		m.floor = query_number_next(m.floor);
	m.floor.negative = !m.floor.negative && m.floor.magnitude != 0;
	if (m.floor.negative &&
	    query_number_compare_ints(m.floor, query_number_least) < 0) {
		m.floor = query_number_least;
		m.floor.magnitude++;
		m.fraction = true;
	}
	m.real = -n->real;
	return m;
}

struct query_number
query_number_divide(const struct query_number *n, uint64_t divisor)
{
	struct query_number m = *n;
	u128 rest = m.floor.magnitude % divisor;

	m.floor.magnitude /= divisor;
	if (m.floor.negative && rest != 0)
		m.floor.magnitude++;
	m.floor.negative &= m.floor.magnitude != 0;
	m.fraction |= rest != 0;
	m.real = n->real / (double)divisor;
	return m;
}

double
query_number_above(double v)
{
	int64_t bits;

	if (v == 0)
		return 0x1p-1074;
	if (v == INFINITY)
		return v;
	memcpy(&bits, &v, sizeof(bits));
	bits += v > 0 ? 1 : -1;
	memcpy(&v, &bits, sizeof(bits));
	return v;
}

double
query_number_below(double v)
{
	return -query_number_above(-v);
}

void
query_number_bounds(
    const struct query_number *n, bool single, double *below, double *above)
{
	double real = n->real, magnitude = real < 0 ? -real : real;
	bool more, less;

	*below = *above = real;
	if (n->fraction) {
		if (single)
			*below = *above = (double)(float)real;
		return;
	}
	/* Whether the nearest double is more or less than the integer. */
	more = magnitude >= 0x1p128 || (u128)magnitude > n->floor.magnitude;
	less = !more && (u128)magnitude < n->floor.magnitude;
	if (n->floor.negative ? less : more)
		*below = query_number_below(real);
	else if (n->floor.negative ? more : less)
		*above = query_number_above(real);
}
