/*
 * Reads the numbers of DWARF: little-endian ones, and those of variable length
 * (LEB128).  Past the end of the bytes every number is 0, and the cursor has
 * failed.
 */
#ifndef SKEL_DWARF_CURSOR_H
#define SKEL_DWARF_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that somebody else owns. */
struct dwarf_span {
	const unsigned char *v;
	size_t n;
};

struct dwarf_cursor {
	const unsigned char *p, *end; /* borrowed */
	bool failed;
};

/* A cursor from the offset to the end of the span; failed if the offset lies
 * past it. */
struct dwarf_cursor dwarf_cursor_at(
    const struct dwarf_span *span, uint64_t offset);

/* Skips n bytes, and returns them; NULL after failing if there are fewer. */
const unsigned char *dwarf_skip(struct dwarf_cursor *c, uint64_t n);

/* A number of 1 to 8 bytes; an unsigned and a signed one of variable length. */
uint64_t dwarf_number(struct dwarf_cursor *c, unsigned int bytes);
uint64_t dwarf_uleb(struct dwarf_cursor *c);
int64_t dwarf_sleb(struct dwarf_cursor *c);

/* A string up to its NUL.  NULL after failing if it has none within max bytes.
 */
const char *dwarf_string(struct dwarf_cursor *c, size_t max);

#endif
