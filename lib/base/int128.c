#include <stdint.h>
#include <string.h>

#include "base/int128.h"
#include "base/json-doc.h"

typedef unsigned __int128 u128;

static const u128 u128_max = ~(u128)0;

/* The value of a digit in base 16, or 16. */
static unsigned int
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned int)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned int)(c - 'A') + 10;
	return 16;
}

enum wide_result
wide_parse(const char *text, struct wide *out)
{
	bool overflow = false;
	unsigned int base = 10;
	u128 n = 0;

	out->negative = *text == '-';
	if (*text == '-' || *text == '+')
		text++;
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	} else if (text[0] == '0' && text[1] != '\0') {
		base = 8;
		text++;
	}
	if (*text == '\0')
		return WIDE_NONE;
	for (; *text != '\0'; text++) {
		unsigned int d = digit_value(*text);

		if (d >= base)
			return WIDE_NONE;
		overflow |= n > (u128_max - d) / base;
		n = n * base + d;
	}
	out->magnitude = n;
	if (n == 0)
		out->negative = false;
	return overflow ? WIDE_TOO_LARGE : WIDE_NUMBER;
}

enum wide_result
wide_from_json(const json_t *v, struct wide *out)
{
	uint64_t n;

	*out = (struct wide){ 0 };
	if (doc_u64(v, &n)) {
		out->magnitude = n;
		return WIDE_NUMBER;
	}
	if (json_is_integer(v)) {
		out->negative = true;
		out->magnitude = 0 - (uint64_t)json_integer_value(v);
		return WIDE_NUMBER;
	}
	if (json_is_string(v))
		return wide_parse(json_string_value(v), out);
	return WIDE_NONE;
}

json_t *
wide_json(const struct wide *w)
{
	char text[WIDE_TEXT];

	if (!w->negative && w->magnitude <= UINT64_MAX)
		return doc_u64_new((uint64_t)w->magnitude);
	if (w->negative && w->magnitude <= (u128)1 << 63)
		return json_integer(
		    -1 - (json_int_t)(uint64_t)(w->magnitude - 1));
	wide_text(w, text);
	return json_string(text);
}

void
wide_text(const struct wide *w, char text[WIDE_TEXT])
{
	char *end = &text[WIDE_TEXT - 1], *p = end;
	u128 n = w->magnitude;

	*p = '\0';
	do {
		*--p = (char)('0' + (int)(n % 10));
		n /= 10;
	} while (n != 0);
	if (w->negative)
		*--p = '-';
	memmove(text, p, (size_t)(end - p) + 1);
}

struct wide
wide_least(unsigned int bits, bool is_signed)
{
	if (!is_signed)
		return (struct wide){ 0 };
	return (struct wide){ true, (u128)1 << (bits - 1) };
}

struct wide
wide_greatest(unsigned int bits, bool is_signed)
{
	return (struct wide){ false,
		u128_max >> (128 - bits) >> (is_signed ? 1 : 0) };
}

bool
wide_fits(const struct wide *w, unsigned int bits, bool is_signed)
{
	const struct wide limit = w->negative ? wide_least(bits, is_signed)
					      : wide_greatest(bits, is_signed);

	return w->magnitude <= limit.magnitude;
}

u128
wide_bits(const struct wide *w)
{
	return w->negative ? 0 - w->magnitude : w->magnitude;
}

struct wide
wide_from_bits(u128 value, unsigned int bits, bool is_signed)
{
	u128 mask = u128_max >> (128 - bits);

	value &= mask;
	if (is_signed && (value >> (bits - 1)) != 0)
		return (struct wide){ true, (0 - value) & mask };
	return (struct wide){ false, value };
}
