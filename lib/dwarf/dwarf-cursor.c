#include <string.h>

#include "dwarf/dwarf-cursor.h"

enum { LEB_BITS = 7, LEB_MORE = 0x80, LEB_SIGN = 0x40, NUMBER_BITS = 64 };

struct dwarf_cursor
dwarf_cursor_at(const struct dwarf_span *span, uint64_t offset)
{
	if (span->v == NULL || offset > span->n)
		return (struct dwarf_cursor){ .failed = true };
	return (struct dwarf_cursor){ .p = span->v + offset,
		.end = span->v + span->n };
}

const unsigned char *
dwarf_skip(struct dwarf_cursor *c, uint64_t n)
{
	const unsigned char *p = c->p;

	if (c->failed || n > (uint64_t)(c->end - c->p)) {
		c->failed = true;
		return NULL;
	}
	c->p += n;
	return p;
}

uint64_t
dwarf_number(struct dwarf_cursor *c, unsigned int bytes)
{
	const unsigned char *p = dwarf_skip(c, bytes);
	uint64_t number = 0;

	for (unsigned int i = 0; p != NULL && i < bytes; i++)
		number |= (uint64_t)p[i] << 8 * i;
	return number;
}

/* Reads a number of variable length.  Sets *bits to how many bits its bytes
 * gave, and *last to the last of them; bits past the 64th are dropped. */
static uint64_t
read_leb(struct dwarf_cursor *c, unsigned int *bits, unsigned char *last)
{
	const unsigned char *p;
	uint64_t number = 0;

	*bits = 0;
	*last = 0;
	do {
		if ((p = dwarf_skip(c, 1)) == NULL)
			return 0;
		*last = *p;
		if (*bits < NUMBER_BITS) {
			number |= (uint64_t)(*p & ~LEB_MORE) << *bits;
			*bits += LEB_BITS;
		}
	} while (*last & LEB_MORE);
	return number;
}

uint64_t
dwarf_uleb(struct dwarf_cursor *c)
{
	unsigned int bits;
	unsigned char last;

	return read_leb(c, &bits, &last);
}

int64_t
dwarf_sleb(struct dwarf_cursor *c)
{
	unsigned int bits;
	unsigned char last;
	uint64_t number = read_leb(c, &bits, &last);

	if (last & LEB_SIGN && bits < NUMBER_BITS)
		number |= UINT64_MAX << bits;
	return (int64_t)number;
}

const char *
dwarf_string(struct dwarf_cursor *c, size_t max)
{
	const unsigned char *p = c->p;
	size_t room, len;

	if (c->failed)
		return NULL;
	room = (size_t)(c->end - c->p);
	len = strnlen((const char *)p, room < max ? room : max);
	if (len == room || len == max) {
		c->failed = true;
		return NULL;
	}
	c->p += len + 1;
	return (const char *)p;
}
