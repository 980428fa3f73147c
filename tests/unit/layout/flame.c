/* lib/layout/flame: stacks are counted by the bytes they come from and printed
 * by their text. */
#include <stdlib.h>

#include "check.h"
#include "layout/flame.h"

/* Counts a stack with a number as its source bytes. */
static void
count(struct flame *f, const struct hash_key *source, uint64_t from,
    const char *text, uint32_t pass, uint64_t n)
{
	struct hash_key k = *source;

	hash_mix(&k, &from, sizeof(from));
	if (!flame_count(f, &k, pass, n))
		CHECK_NUM(flame_add(f, &k, text, strlen(text), pass, n), 0);
}

static void
writes(const struct flame *f, const char *want, int line)
{
	struct buf out = { 0 };

	flame_write(f, &out);
	buf_chr(&out, '\0');
	check_str(out.data, want, __FILE__, line);
	buf_free(&out);
}

static void
lines_are_sorted_and_of_one_text_there_is_one(void)
{
	struct flame *f = flame_new();
	struct hash_key a = flame_source(f, 0), b = flame_source(f, 0);

	writes(f, "", __LINE__);
	count(f, &a, 1, "b;x", 0, 1);
	count(f, &a, 2, "a", 0, 5);
	count(f, &a, 1, "b;x", 0, 1);
	count(f, &a, 3, "b", 0, 1);
	/* Other addresses, and another map, with the same text. */
	count(f, &a, 4, "b;x", 0, 10);
	count(f, &b, 1, "b;x", 0, 100);
	count(f, &a, 5, "nothing", 0, 0);
	writes(f, "a 5\nb 1\nb;x 112\n", __LINE__);
	flame_free(f);
}

static void
a_later_pass_takes_the_place_of_an_earlier(void)
{
	struct flame *f = flame_new();
	struct hash_key a = flame_source(f, 0);

	count(f, &a, 1, "x", 0, 5);
	count(f, &a, 1, "x", 0, 5);
	count(f, &a, 2, "y", 0, 3);
	count(f, &a, 1, "x", 1, 11);
	count(f, &a, 1, "x", 1, 1);
	writes(f, "x 12\ny 3\n", __LINE__);
	flame_free(f);
}

static void
counts_stop_at_the_most(void)
{
	struct flame *f = flame_new();
	struct hash_key a = flame_source(f, 0);

	count(f, &a, 1, "x", 0, UINT64_MAX);
	count(f, &a, 1, "x", 0, 2);
	count(f, &a, 2, "x", 0, 2);
	writes(f, "x 18446744073709551615\n", __LINE__);
	flame_free(f);
}

static void
many_stacks_are_found_again(void)
{
	enum { MANY = 100000 };
	struct flame *f = flame_new();
	struct hash_key a = flame_source(f, 0);
	struct buf out = { 0 };
	char text[16];

	for (int round = 0; round < 2; round++)
		for (int i = 0; i < MANY; i++) {
			snprintf(text, sizeof(text), "f%d", i % 1000);
			count(f, &a, (uint64_t)i, text, 0, 1);
		}
	flame_write(f, &out);
	buf_chr(&out, '\0');
	CHECK(strncmp(out.data, "f0 200\nf1 200\nf10 200\n", 22) == 0);
	CHECK(strstr(out.data, "f999 200\n") != NULL);
	buf_free(&out);
	flame_free(f);
}

/* Strings are not confused with their concatenation: "ab", "c" and "a", "bc".
 */
static void
keys_know_where_their_parts_end(void)
{
	struct flame *f = flame_new();
	struct hash_key source = flame_source(f, 0), a = source, b = source;

	hash_mix(&a, "ab", 2);
	hash_mix(&a, "c", 1);
	hash_mix(&b, "a", 1);
	hash_mix(&b, "bc", 2);
	CHECK(a.a != b.a && a.b != b.b);
	a = b = source;
	hash_mix(&a, "12345678", 8);
	hash_mix(&b, "12345678\0", 9);
	CHECK(a.a != b.a && a.b != b.b);
	flame_free(f);
}

int
main(void)
{
	lines_are_sorted_and_of_one_text_there_is_one();
	a_later_pass_takes_the_place_of_an_earlier();
	counts_stop_at_the_most();
	many_stacks_are_found_again();
	keys_know_where_their_parts_end();
	return check_done();
}
