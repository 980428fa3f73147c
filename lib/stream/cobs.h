/*
 * COBS: encodes a record of any bytes without newlines, so that it can be a
 * line.  This is Consistent Overhead Byte Stuffing (Cheshire and Baker,
 * IEEE/ACM Transactions on Networking 7(2), 1999) with 0x0A in the role of the
 * zero byte and code bytes XORed with 0x0A.  skel-stream(5) has examples.
 */
#ifndef SKEL_STREAM_COBS_H
#define SKEL_STREAM_COBS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The maximum size of n stuffed bytes, without tag and newline. */
#define COBS_MAX(n) ((n) + (n) / 254 + 1)

/* A piece of a body, which need not be assembled first: map index and time are
 * one piece, and the record in the memory of a ring buffer another. */
struct cobs_piece {
	const void *data;
	size_t len;
};

/* Stuffs one body, given in pieces, into dst, which has room for COBS_MAX(sum
 * of len) bytes.  Returns how many bytes it wrote. */
size_t cobs_stuff(
    unsigned char *dst, const struct cobs_piece *pieces, size_t npieces);

/*
 * Unstuffs n bytes of src, without tag and newline, into dst, which has room
 * for n bytes and may be src.  Returns the length of the body, or -1 if the
 * bytes are malformed: n is 0, or a code reaches past the end.
 */
ssize_t cobs_unstuff(unsigned char *dst, const unsigned char *src, size_t n);

/*
 * Whether the n bytes of src are a single block.  Then the body need not be
 * unstuffed: it is the n - 1 bytes after the first.  Most short records are
 * like that, since they have no newline in them.
 */
static inline bool
cobs_is_block(const unsigned char *src, size_t n)
{
	return n > 0 && (src[0] ^ '\n') == n;
}

/* Whether there is a newline in the n bytes at p. */
bool cobs_has_newline(const unsigned char *p, size_t n);

/*
 * If the n bytes of src begin with a single block and then a newline, returns
 * the length of the block, and 0 otherwise.  This is faster than a search for
 * the newline, because the first byte tells where it has to be.
 */
static inline size_t
cobs_find_block(const unsigned char *src, size_t n)
{
	size_t len;

	if (n == 0 || (len = src[0] ^ '\n') >= n || src[len] != '\n')
		return 0;
	return cobs_has_newline(src, len) ? 0 : len;
}

#endif
