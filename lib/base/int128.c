#include <stdint.h>
#include <string.h>

#include "base/int128.h"
#include "base/json-doc.h"
#include "base/text.h"

typedef unsigned __int128 u128;

static const u128 u128_max = ~(u128)0;

enum int128_result
int128_parse(const char *text, struct int128 *out)
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
		return INT128_NONE;
	for (; *text != '\0'; text++) {
		unsigned int d = (unsigned int)text_hex_value(*text);

		if (d >= base)
			return INT128_NONE;
		overflow |= n > (u128_max - d) / base;
		n = n * base + d;
	}
	out->magnitude = n;
	if (n == 0)
		out->negative = false;
	return overflow ? INT128_TOO_LARGE : INT128_NUMBER;
}

enum int128_result
int128_from_json(const json_t *v, struct int128 *out)
{
	const char *text;
	uint64_t n;

	*out = (struct int128){ 0 };
	if (json_doc_u64(v, &n)) {
		out->magnitude = n;
		return INT128_NUMBER;
	}
	if (json_is_integer(v)) {
		out->negative = true;
		out->magnitude = 0 - (uint64_t)json_integer_value(v);
		return INT128_NUMBER;
	}
	text = json_doc_string(v);
	return text != NULL ? int128_parse(text, out) : INT128_NONE;
}

json_t *
int128_to_json(const struct int128 *w)
{
	char text[INT128_TEXT_SIZE];

	if (!w->negative && w->magnitude <= UINT64_MAX)
		return json_doc_u64_new((uint64_t)w->magnitude);
	if (w->negative && w->magnitude <= (u128)1 << 63)
		return json_integer(
		    -1 - (json_int_t)(uint64_t)(w->magnitude - 1));
	int128_to_text(w, text);
	return json_string(text);
}

void
int128_to_text(const struct int128 *w, char text[INT128_TEXT_SIZE])
{
	char *end = &text[INT128_TEXT_SIZE - 1], *p = end;
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

struct int128
int128_least(unsigned int bits, bool is_signed)
{
	if (!is_signed)
		return (struct int128){ 0 };
	return (struct int128){ true, (u128)1 << (bits - 1) };
}

struct int128
int128_greatest(unsigned int bits, bool is_signed)
{
	return (struct int128){ false,
		u128_max >> (128 - bits) >> (is_signed ? 1 : 0) };
}

bool
int128_fits(const struct int128 *w, unsigned int bits, bool is_signed)
{
	const struct int128 limit = w->negative
					? int128_least(bits, is_signed)
					: int128_greatest(bits, is_signed);

	return w->magnitude <= limit.magnitude;
}

u128
int128_bits(const struct int128 *w)
{
	return w->negative ? 0 - w->magnitude : w->magnitude;
}

struct int128
int128_from_bits(u128 value, unsigned int bits, bool is_signed)
{
	u128 mask = u128_max >> (128 - bits);

	value &= mask;
	if (is_signed && (value >> (bits - 1)) != 0)
		return (struct int128){ true, (0 - value) & mask };
	return (struct int128){ false, value };
}
