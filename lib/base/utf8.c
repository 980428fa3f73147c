#include <string.h>
#include <wchar.h>

#include "base/utf8.h"

size_t
utf8_length(const unsigned char *s, size_t n, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = s[0] < 0x80   ? 1
		     : s[0] < 0xc2 ? 0
		     : s[0] < 0xe0 ? 2
		     : s[0] < 0xf0 ? 3
		     : s[0] < 0xf5 ? 4
				   : 0;

	if (len > n || len == 0)
		return 0;
	*c = len == 1 ? s[0] : s[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (s[i] & 0x3f);
	}
	if (*c < least[len] || (*c >= 0xd800 && *c < 0xe000) || *c > 0x10ffff)
		return 0;
	return len;
}

size_t
utf8_valid_len(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + n;
	uint64_t eight;
	uint32_t c;
	size_t len;

	while (p < end) {
		/* Most text is ASCII. */
		while (end - p >= 8 && (memcpy(&eight, p, 8),
					   (eight & 0x8080808080808080) == 0))
			p += 8;
		if (p == end ||
		    (len = utf8_length(p, (size_t)(end - p), &c)) == 0)
			break;
		p += len;
	}
	return (size_t)(p - (const unsigned char *)s);
}

bool
utf8_is_valid(const char *s, size_t n)
{
	return utf8_valid_len(s, n) == n;
}

/* The columns of the character at s; *len is the number of its bytes. */
static size_t
utf8_step(const char *s, size_t n, size_t *len)
{
	uint32_t c;
	int columns;

	if ((unsigned char)*s < 0x80) {
		*len = 1;
		return 1;
	}
	*len = utf8_length((const unsigned char *)s, n, &c);
	if (*len == 0) {
		*len = 1;
		return 1;
	}
	columns = wcwidth((wchar_t)c);
	return columns < 0 ? 1 : (size_t)columns;
}

static inline uint64_t
load_8(const char *s)
{
	uint64_t v;

	memcpy(&v, s, 8);
	return v;
}

static inline uint32_t
load_4(const char *s)
{
	uint32_t v;

	memcpy(&v, s, 4);
	return v;
}

/* Whether all n bytes are ASCII.  They are read in words, of which the last may
 * overlap the one before. */
static bool
is_ascii(const char *s, size_t n)
{
	uint64_t any = 0;
	size_t i = 0;

	if (n >= 8) {
		for (; n - i > 8; i += 8)
			any |= load_8(s + i);
		any |= load_8(s + n - 8);
	} else if (n >= 4) {
		any = load_4(s) | load_4(s + n - 4);
	} else {
		for (; i < n; i++)
			any |= (unsigned char)s[i];
	}
	return (any & 0x8080808080808080) == 0;
}

size_t
utf8_columns(const char *s, size_t n)
{
	size_t columns = 0, len;

	if (is_ascii(s, n))
		return n;
	for (; n > 0; s += len, n -= len)
		columns += utf8_step(s, n, &len);
	return columns;
}

size_t
utf8_fitting(const char *s, size_t n, size_t columns)
{
	size_t done = 0, len, wide;

	while (done < n) {
		wide = utf8_step(s + done, n - done, &len);
		if (wide > columns)
			break;
		columns -= wide;
		done += len;
	}
	return done;
}
