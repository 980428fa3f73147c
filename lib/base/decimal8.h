/*
 * Numbers of up to eight digits as text, without a division for each digit.
 */
#ifndef SKEL_BASE_DECIMAL8_H
#define SKEL_BASE_DECIMAL8_H

#include <stdint.h>
#include <string.h>

enum { DECIMAL8_END = 100000000 }; /* 10^8, the first with nine digits */

/* The digits are made in the bytes of one word, the first in the lowest. */
_Static_assert(
    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a little-endian machine");

/*
 * The eight digits of v, each in a byte: halves of four digits are split into
 * pairs, and pairs into digits, where the division is one multiplication for
 * all parts of the word.
 */
static inline uint64_t
decimal8_digits(uint32_t v)
{
	uint64_t x = v / 10000 | (uint64_t)(v % 10000) << 32, high;

	high = (x * 10486 >> 20) & 0x0000007f0000007f;
	x = high | (x - high * 100) << 16;
	high = (x * 103 >> 10) & 0x000f000f000f000f;
	return high | (x - high * 10) << 8;
}

/* Write eight digits, with leading zeros. */
static inline char *
decimal8_write_all(char *p, uint32_t v)
{
	uint64_t x = decimal8_digits(v) | 0x3030303030303030;

	memcpy(p, &x, 8);
	return p + 8;
}

/*
 * The number of digits of v, by a table over its highest bit.  The upper half
 * of an entry is the number of digits of the largest v with that bit.  Where a
 * power of ten lies between the numbers with that bit, it is subtracted, so
 * that adding v carries into the upper half only if v is not below it.
 */
static inline unsigned int
decimal8_length(uint32_t v)
{
#define ALL(n) (uint64_t)(n) << 32
#define FROM(n, power) ((uint64_t)(n) << 32) - (power)
	static const uint64_t of_bit[] = { ALL(1), ALL(1), ALL(1), FROM(2, 10),
		ALL(2), ALL(2), FROM(3, 100), ALL(3), ALL(3), FROM(4, 1000),
		ALL(4), ALL(4), ALL(4), FROM(5, 10000), ALL(5), ALL(5),
		FROM(6, 100000), ALL(6), ALL(6), FROM(7, 1000000), ALL(7),
		ALL(7), ALL(7), FROM(8, 10000000), ALL(8), ALL(8), ALL(8) };
#undef ALL
#undef FROM

	return (unsigned int)((v + of_bit[31 - __builtin_clz(v | 1)]) >> 32);
}

/*
 * Write v without leading zeros; eight bytes at p may be overwritten.  The end
 * depends on the length alone, so what follows need not wait for the digits.
 */
static inline char *
decimal8_write(char *p, uint32_t v)
{
	unsigned int n;
	uint64_t x;

	if (v < 10) {
		*p = (char)('0' + v);
		return p + 1;
	}
	n = decimal8_length(v);
	x = (decimal8_digits(v) | 0x3030303030303030) >> (64 - n * 8);
	memcpy(p, &x, 8);
	return p + n;
}

#endif
