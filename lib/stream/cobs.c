#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <immintrin.h>
#endif

#include "stream/cobs.h"

enum {
	NEWLINE = 0x0a,
	BLOCK_MAX = 254,  /* data bytes of a full block */
	CODE_FULL = 0xff, /* its code; no newline is implied after it */
	WORD = sizeof(uint64_t),
};

/* Returns a word with the top bit set in each byte that is a newline.  Only the
 * lowest such bit is reliable; the result is 0 only if there is none. */
static uint64_t
newlines_in(uint64_t word)
{
	uint64_t x = word ^ 0x0a0a0a0a0a0a0a0aULL;

	return (x - 0x0101010101010101ULL) & ~x & 0x8080808080808080ULL;
}

/*
 * Copies the bytes of src before its first newline to dst, at most n.  Returns
 * how many.  It searches and copies in one pass, so it may also write bytes
 * after the newline, but never more than n.
 */
static size_t
copy_to_newline(unsigned char *dst, const unsigned char *src, size_t n)
{
	size_t i = 0;

#ifdef __SSE2__
	const __m128i newline = _mm_set1_epi8(NEWLINE);

	for (; n - i >= sizeof(newline); i += sizeof(newline)) {
		__m128i v = _mm_loadu_si128((const __m128i *)(src + i));
		int found = _mm_movemask_epi8(_mm_cmpeq_epi8(v, newline));

		_mm_storeu_si128((__m128i *)(dst + i), v);
		if (found != 0)
			return i + (size_t)__builtin_ctz((unsigned int)found);
	}
#endif
	for (; n - i >= WORD; i += WORD) {
		uint64_t word;

		memcpy(&word, src + i, WORD);
		if (newlines_in(word) != 0)
			break;
		memcpy(dst + i, &word, WORD);
	}
	for (; i < n && src[i] != NEWLINE; i++)
		dst[i] = src[i];
	return i;
}

/* A block being written: its code byte, then its data so far. */
struct cobs_block {
	unsigned char *code;
	unsigned char *end;
};

/* Sets the code of the block and begins the next one after it. */
static void
next_cobs_block(struct cobs_block *b)
{
	*b->code = (unsigned char)(b->end - b->code) ^ NEWLINE;
	b->code = b->end++;
}

static void
stuff_piece(
    struct cobs_block *b, const unsigned char *p, const unsigned char *end)
{
	while (p < end) {
		size_t room = BLOCK_MAX - (size_t)(b->end - b->code - 1);
		size_t want =
		    (size_t)(end - p) < room ? (size_t)(end - p) : room;
		size_t n;

		/* A full block is closed only if more data follows, so that the
		 * optional last code is never written. */
		if (room == 0) {
			next_cobs_block(b);
			continue;
		}
		n = copy_to_newline(b->end, p, want);
		b->end += n;
		p += n;
		if (n < want) {
			next_cobs_block(b);
			p++;
		}
	}
}

size_t
cobs_stuff(unsigned char *dst, const struct cobs_piece *pieces, size_t npieces)
{
	struct cobs_block b = { dst, dst + 1 };

	for (size_t i = 0; i < npieces; i++) {
		const unsigned char *p = pieces[i].data;

		if (pieces[i].len != 0)
			stuff_piece(&b, p, p + pieces[i].len);
	}
	*b.code = (unsigned char)(b.end - b.code) ^ NEWLINE;
	return (size_t)(b.end - dst);
}

ssize_t
cobs_unstuff(unsigned char *dst, const unsigned char *src, size_t n)
{
	size_t in = 0, out = 0;

	if (n == 0)
		return -1;
	while (in < n) {
		unsigned int code = src[in++] ^ NEWLINE;
		size_t len;

		if (code == 0 || (len = code - 1) > n - in)
			return -1;
		memmove(dst + out, src + in, len);
		out += len;
		in += len;
		if (code != CODE_FULL && in < n)
			dst[out++] = NEWLINE;
	}
	return (ssize_t)out;
}

#ifdef __SSE2__
/* Compares 64 bytes with newlines: byte i of the result is set if byte i or
 * byte i + 32 is one. */
static inline __m256i __attribute__((target("avx2")))
newlines_in_64(const unsigned char *p)
{
	const __m256i newline = _mm256_set1_epi8(NEWLINE);
	__m256i v = _mm256_loadu_si256((const __m256i *)p);
	__m256i w = _mm256_loadu_si256((const __m256i *)p + 1);

	return _mm256_or_si256(
	    _mm256_cmpeq_epi8(v, newline), _mm256_cmpeq_epi8(w, newline));
}

/* cobs_has_newline() for n of 64 or more. */
static bool __attribute__((target("avx2")))
has_newline_avx2(const unsigned char *p, size_t n)
{
	const unsigned char *last = p + n - 64;
	__m256i found = newlines_in_64(last);

	for (; p < last; p += 64)
		found = _mm256_or_si256(found, newlines_in_64(p));
	return _mm256_movemask_epi8(found) != 0;
}
#endif

bool
cobs_has_newline(const unsigned char *p, size_t n)
{
#ifdef __SSE2__
	if (n >= 64 && __builtin_cpu_supports("avx2"))
		return has_newline_avx2(p, n);
#endif
	return memchr(p, NEWLINE, n) != NULL;
}
