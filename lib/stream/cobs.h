/*
 * Stuffing: a record of any bytes as one line, by Consistent Overhead Byte
 * Stuffing (Cheshire and Baker, IEEE/ACM Transactions on Networking 7(2),
 * 1999) with 0x0A in the role of the zero byte and code bytes XORed with
 * 0x0A.  skel-stream(5) has examples.
 */
#ifndef SKEL_STREAM_COBS_H
#define SKEL_STREAM_COBS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The most bytes that stuffing n bytes can give, without tag and newline. */
#define COBS_MAX(n) ((n) + (n) / 254 + 1)

/*
 * A body may come in pieces (map index and time, then the record as it lies in
 * ring memory), so that nothing is copied to stuff it.
 */
struct cobs_piece {
	const void *data;
	size_t len;
};

/*
 * Stuff the pieces, one body, into dst, which has COBS_MAX(sum of len) bytes.
 * Returns the bytes written.
 */
size_t cobs_stuff(
    unsigned char *dst, const struct cobs_piece *pieces, size_t npieces);

/*
 * Unstuff n bytes of src (without tag and newline) into dst, which has n
 * bytes; dst may be src.  Returns the length of the body, or -1 when src is
 * not stuffed bytes (a code that reaches past the end, or nothing at all).
 */
ssize_t cobs_unstuff(unsigned char *dst, const unsigned char *src, size_t n);

/*
 * Whether n bytes of src are one block: then the body is there as it was, n - 1
 * bytes behind the first, and need not be unstuffed.  Most records that are
 * short and without a newline in them are.
 */
static inline bool
cobs_is_block(const unsigned char *src, size_t n)
{
	return n > 0 && (src[0] ^ '\n') == n;
}

/* Whether there is a newline in n bytes. */
bool cobs_has_newline(const unsigned char *p, size_t n);

/*
 * The length of such a block where the n bytes of src begin with one, a newline
 * is behind it and none in it; else 0.  Quicker than a search for the newline,
 * since the first byte says where it has to be.
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
