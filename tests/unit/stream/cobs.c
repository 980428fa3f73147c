/* lib/stream/cobs: any bytes are stuffed and unstuffed, and nothing is read
 * past the end. */
#include <stdlib.h>

#include "base/util.h"
#include "check.h"
#include "stream/cobs.h"

enum { MOST = 600, NEWLINE = '\n' };

static unsigned char
lcg(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return (unsigned char)(*state >> 24);
}

/*
 * Stuffs the body in the simplest way that skel-stream(5) describes: the bytes
 * between newlines become blocks of at most 254, each after its code.
 */
static size_t
plainly(unsigned char *dst, const unsigned char *body, size_t n)
{
	size_t out = 0, i = 0;

	for (;;) {
		size_t run = 0;

		while (i + run < n && run < 254 && body[i + run] != NEWLINE)
			run++;
		dst[out++] = (unsigned char)(run + 1) ^ NEWLINE;
		memcpy(dst + out, body + i, run);
		out += run;
		i += run;
		if (i == n)
			return out;
		if (run != 254)
			i++;
	}
}

/* Copies the bytes to heap blocks of the exact size, so that the sanitizers
 * find a read past the end. */
static void
there_and_back(const unsigned char *body, size_t n, size_t cut)
{
	unsigned char *first = malloc(cut + 1), *second = malloc(n - cut + 1);
	unsigned char *line = malloc(COBS_MAX(n)), *back, want[2 * MOST];
	const struct cobs_piece pieces[] = {
		{ first, cut },
		{ NULL, 0 },
		{ second, n - cut },
	};
	size_t len;

	memcpy(first, body, cut);
	memcpy(second, body + cut, n - cut);
	len = cobs_stuff(line, pieces, nitems(pieces));
	CHECK_NUM(len, plainly(want, body, n));
	CHECK(memcmp(line, want, len) == 0);
	CHECK(len <= COBS_MAX(n));
	CHECK(memchr(line, NEWLINE, len) == NULL);
	CHECK(cobs_is_block(line, len) ==
	      (n <= 254 && (n == 0 || memchr(body, NEWLINE, n) == NULL)));
	CHECK(!cobs_is_block(line, len) || memcmp(line + 1, body, n) == 0);
	back = malloc(len);
	CHECK_NUM(cobs_unstuff(back, line, len), n);
	CHECK(memcmp(back, body, n) == 0);
	CHECK_NUM(cobs_unstuff(line, line, len), n);
	CHECK(memcmp(line, body, n) == 0);
	free(first);
	free(second);
	free(line);
	free(back);
}

static void
vector(const char *body, size_t n, const char *line, size_t len)
{
	unsigned char out[COBS_MAX(300)], back[300];
	const struct cobs_piece piece = { body, n };

	CHECK_NUM(cobs_stuff(out, &piece, 1), len);
	CHECK(memcmp(out, line, len) == 0);
	CHECK_NUM(cobs_unstuff(back, (const unsigned char *)line, len), n);
	CHECK(memcmp(back, body, n) == 0);
}

static void
the_vectors_of_the_design(void)
{
	unsigned char ones[254], line[256], back[256];

	vector("a\nb", 3,
	    "\x08"
	    "a\x08"
	    "b",
	    4);
	vector("", 0, "\x0b", 1);
	vector("\n", 1, "\x0b\x0b", 2);
	memset(ones, 1, sizeof(ones));
	line[0] = 0xf5;
	memcpy(line + 1, ones, sizeof(ones));
	vector((char *)ones, 254, (char *)line, 255);
	line[255] = 0x0b;
	CHECK_NUM(cobs_unstuff(back, line, 256), 254);
	CHECK(memcmp(back, ones, 254) == 0);
}

static void
every_length_of_several_patterns(void)
{
	unsigned char body[MOST];
	uint32_t random = 1;

	for (int pattern = 0; pattern < 5; pattern++)
		for (size_t n = 0; n <= MOST; n++) {
			for (size_t i = 0; i < n; i++) {
				unsigned char c = lcg(&random);

				body[i] = pattern == 0   ? 1
					  : pattern == 1 ? NEWLINE
					  : pattern == 2 ? c
					  : pattern == 3 ? c % 16
							 : (c | 0x80);
			}
			there_and_back(body, n, n / 3);
		}
}

static void
a_newline_at_every_place_and_a_cut_at_every_place(void)
{
	static const size_t lengths[] = { 1, 15, 16, 17, 33, 253, 254, 255, 256,
		509, 510 };
	unsigned char body[MOST];

	for (size_t k = 0; k < nitems(lengths); k++)
		for (size_t i = 0; i < lengths[k]; i++) {
			memset(body, 0x8a, sizeof(body));
			body[i] = NEWLINE;
			there_and_back(body, lengths[k], 0);
			there_and_back(body, lengths[k], i);
			body[i] = 0x0b;
			there_and_back(body, lengths[k], i);
		}
}

/* Unstuffs a line, again in heap blocks of the exact size. */
static void
find_block_in(const unsigned char *line, size_t n, size_t want)
{
	unsigned char *exact = memcpy(malloc(n), line, n);

	CHECK_NUM(cobs_find_block(exact, n), want);
	free(exact);
}

static void
a_block_is_found_where_its_newline_is_and_no_other(void)
{
	unsigned char body[300], line[COBS_MAX(300) + 1];

	memset(body, 0x8a, sizeof(body));
	for (size_t n = 0; n <= sizeof(body); n++) {
		size_t len =
		    cobs_stuff(line, &(struct cobs_piece){ body, n }, 1);

		line[len] = NEWLINE;
		find_block_in(line, len + 1, n <= 254 ? len : 0);
		find_block_in(line, len, 0);
		for (size_t i = 0; i < len; i++) {
			unsigned char was = line[i];

			line[i] = NEWLINE;
			/* One after a whole block is its newline. */
			find_block_in(line, len + 1, i == 255 ? i : 0);
			line[i] = was;
		}
		line[len] = 0x0b;
		find_block_in(line, len + 1, 0);
	}
	find_block_in(line, 0, 0);
}

/* Replaces each byte of the line by others.  The line is refused, or gives a
 * body that is not longer than the line; the sanitizers find other errors. */
static void
a_corrupted_line_is_never_read_past_its_end(void)
{
	unsigned char body[40], line[COBS_MAX(40)];
	uint32_t random = 7;
	size_t len;

	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = lcg(&random) % 14;
	len = cobs_stuff(line, &(struct cobs_piece){ body, sizeof(body) }, 1);
	for (size_t i = 0; i < len; i++)
		for (int c = 0; c < 256; c++) {
			unsigned char *copy = memcpy(malloc(len), line, len);
			unsigned char *back = malloc(len);

			copy[i] = (unsigned char)c;
			CHECK(cobs_unstuff(back, copy, len) <= (ssize_t)len);
			CHECK(cobs_unstuff(copy, copy, len) <= (ssize_t)len);
			free(copy);
			free(back);
		}
}

static void
what_is_not_stuffed_is_refused(void)
{
	unsigned char out[8];

	CHECK_NUM(cobs_unstuff(out, (const unsigned char *)"", 0), -1);
	CHECK_NUM(cobs_unstuff(out, (const unsigned char *)"\n", 1), -1);
	CHECK_NUM(cobs_unstuff(out, (const unsigned char *)"\x08", 1), -1);
	CHECK_NUM(cobs_unstuff(out, (const unsigned char *)"\x08zz\n", 4), -1);
}

int
main(void)
{
	the_vectors_of_the_design();
	every_length_of_several_patterns();
	a_newline_at_every_place_and_a_cut_at_every_place();
	a_block_is_found_where_its_newline_is_and_no_other();
	a_corrupted_line_is_never_read_past_its_end();
	what_is_not_stuffed_is_refused();
	return check_done();
}
