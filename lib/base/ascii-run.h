/*
 * Runs of plain bytes, which a form of text contains as they are: 0x20 to
 * 0x7f but for two characters that the form escapes.  They are found and
 * copied 16 at a time.
 */
#ifndef SKEL_BASE_ASCII_RUN_H
#define SKEL_BASE_ASCII_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { ASCII_RUN_WIDE = 16 };

/* Whether c is plain, where the form escapes the characters a and b. */
static inline bool
ascii_run_is(unsigned char c, char a, char b)
{
	return c >= 0x20 && c < 0x80 && c != (unsigned char)a &&
	       c != (unsigned char)b;
}

/*
 * Copy the ASCII_RUN_WIDE bytes at s to p.  Returns how many of them are plain
 * before the first that is not; the caller overwrites the rest.
 */
static inline size_t
ascii_run_copy_wide(char *p, const unsigned char *s, char a, char b)
{
#ifdef __SSE2__
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)s);
	/* The comparison is signed, so bytes above 0x7f are below 0x20 too. */
	__m128i odd = _mm_or_si128(_mm_cmplt_epi8(v, _mm_set1_epi8(0x20)),
	    _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(a)),
		_mm_cmpeq_epi8(v, _mm_set1_epi8(b))));

	_mm_storeu_si128((__m128i *)(void *)p, v);
	return (unsigned int)__builtin_ctz(
	    (unsigned int)_mm_movemask_epi8(odd) | 0x10000);
#else
	size_t n = 0;

	for (; n < ASCII_RUN_WIDE && ascii_run_is(s[n], a, b); n++)
		p[n] = (char)s[n];
	return n;
#endif
}

/* Copy plain bytes from the n at s up to the first that is not plain, such as a
 * NUL.  Returns how many. */
static inline size_t
ascii_run_copy(char *p, const unsigned char *s, size_t n, char a, char b)
{
	size_t done = 0, run;

	for (; n - done >= ASCII_RUN_WIDE; done += ASCII_RUN_WIDE) {
		run = ascii_run_copy_wide(p + done, s + done, a, b);
		if (run < ASCII_RUN_WIDE)
			return done + run;
	}
	for (; done < n && ascii_run_is(s[done], a, b); done++)
		p[done] = (char)s[done];
	return done;
}

/* Whether the n bytes at s are ASCII.  n is at most 2 * ASCII_RUN_WIDE, and
 * that many bytes may be read. */
static inline bool
ascii_run_is_ascii(const char *s, size_t n)
{
#ifdef __SSE2__
	const __m128i *v = (const __m128i *)(const void *)s;
	uint64_t high =
	    (uint32_t)_mm_movemask_epi8(_mm_loadu_si128(v)) |
	    (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_loadu_si128(v + 1))
		<< ASCII_RUN_WIDE;

	return (high & ((UINT64_C(1) << n) - 1)) == 0;
#else
	unsigned char any = 0;

	for (size_t i = 0; i < n; i++)
		any |= (unsigned char)s[i];
	return any < 0x80;
#endif
}

#endif
