/*
 * Numbers of variable length, seven bits a byte and the least significant
 * first, as LEB128 and many binary formats have them.
 */
#ifndef SKEL_BASE_VARINT_H
#define SKEL_BASE_VARINT_H

#include <stdint.h>
#include <string.h>

#include "base/buf.h"

enum { VARINT_MAX = 10 };

/* Write v at p, in at most VARINT_MAX bytes.  Returns the end. */
static inline char *
write_varint(char *p, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*p++ = (char)(v | 0x80);
	*p++ = (char)v;
	return p;
}

/* Write the number of the bytes from start to end before them, which move.
 * There must be room for VARINT_MAX bytes more.  Returns the new end. */
static inline char *
insert_varint(char *start, char *end)
{
	char text[VARINT_MAX];
	size_t n = (size_t)(end - start),
	       len = (size_t)(write_varint(text, n) - text);

	memmove(start + len, start, n);
	memcpy(start, text, len);
	return end + len;
}

/* The same for what is in a buffer from offset start on. */
static inline void
buf_count(struct buf *b, size_t start)
{
	char *end = buf_room(b, VARINT_MAX);

	if (end != NULL)
		b->len =
		    (size_t)(insert_varint(b->data + start, end) - b->data);
}

#endif
