/* lib/picture/flame-tree: stacks become frames, of which the widest are kept.
 */
#include <stdlib.h>

#include "check.h"
#include "picture/flame-tree.h"

static const struct flame_bounds wide = { 1000, 100, 1000000 };

/* Adds a stack of functions named by single letters. */
static void
add(struct flame *f, const char *letters, uint64_t count)
{
	struct hash_key k = flame_source(f, 0);
	struct buf text = { 0 };

	for (; *letters != '\0'; letters++)
		flame_tree_write_frame(&text, letters, 1,
		    *letters < 'a' ? FRAME_KERNEL : FRAME_PROGRAM);
	CHECK_NUM(flame_add(f, &k, text.data, text.len, 0, count), 0);
	buf_free(&text);
}

/* The frames as "depth name start+count", one after another. */
static void
frames_are(const struct flame *f, const struct flame_bounds *bounds,
    const char *want, int line)
{
	struct flame_tree t;
	struct buf out = { 0 };

	CHECK_NUM(flame_tree_build(&t, f, bounds), 0);
	for (size_t i = 0; i < t.n; i++)
		buf_printf(&out, "%u%.*s%llu+%llu ", t.v[i].depth,
		    (int)t.v[i].len, t.v[i].name,
		    (unsigned long long)t.v[i].start,
		    (unsigned long long)t.v[i].count);
	buf_printf(&out, "of %llu", (unsigned long long)t.total);
	if (t.left_out > 0)
		buf_printf(&out, ", %zu left out", t.left_out);
	if (t.cut > 0)
		buf_printf(&out, ", %zu cut", t.cut);
	buf_chr(&out, '\0');
	check_str(out.data, want, __FILE__, line);
	buf_free(&out);
	flame_tree_free(&t);
}

#define FRAMES(f, bounds, want) frames_are((f), (bounds), (want), __LINE__)

static void
stacks_share_their_outer_frames(void)
{
	struct flame *f = flame_new();

	FRAMES(f, &wide, "of 0");
	add(f, "ab", 2);
	add(f, "acB", 3);
	add(f, "a", 1);
	add(f, "bb", 4);
	add(f, "zz", 0);
	FRAMES(f, &wide, "0a0+6 0b6+4 1b1+2 1c3+3 1b6+4 2B3+3 of 10");
	/* The same again, from another source. */
	add(f, "ab", 5);
	FRAMES(f, &wide, "0a0+11 0b11+4 1b1+7 1c8+3 1b11+4 2B8+3 of 15");
	flame_free(f);
}

static void
a_function_that_is_inlined_is_another_frame(void)
{
	struct flame *f = flame_new();
	struct hash_key a = flame_source(f, 0), b = flame_source(f, 0);
	struct buf text = { 0 };

	flame_tree_write_frame(&text, "f", 1, FRAME_PROGRAM);
	CHECK_NUM(flame_add(f, &a, text.data, text.len, 0, 1), 0);
	text.len = 0;
	flame_tree_write_frame(&text, "f\0g", 3, FRAME_PROGRAM | FRAME_INLINED);
	CHECK_NUM(flame_add(f, &b, text.data, text.len, 0, 1), 0);
	FRAMES(f, &wide, "0f0+1 0f1+1 of 2");
	buf_free(&text);
	flame_free(f);
}

static void
narrow_frames_are_left_out(void)
{
	const struct flame_bounds tenth = { 1000, 100, 10 };
	struct flame *f = flame_new();

	add(f, "ax", 9);
	add(f, "ay", 1);
	add(f, "bb", 90);
	FRAMES(f, &tenth, "0a0+10 0b10+90 1b10+90 of 100, 2 left out");
	flame_free(f);
}

static void
the_widest_and_outermost_frames_are_kept(void)
{
	struct flame *f = flame_new();
	char stack[] = "aa-bcdefg";

	for (char c = 'A'; c <= 'Z'; c++) {
		stack[2] = c;
		add(f, stack, 1);
	}
	FRAMES(f, &((struct flame_bounds){ 4, 100, 1000000 }),
	    "0a0+26 1a0+26 2A0+1 2B1+1 of 26, 180 left out");
	FRAMES(f, &((struct flame_bounds){ 1, 100, 1000000 }),
	    "0a0+26 of 26, 183 left out");
	/* One that comes last is the widest. */
	add(f, "zzz", 100);
	FRAMES(f, &((struct flame_bounds){ 4, 100, 1000000 }),
	    "0a0+26 0z26+100 1z26+100 2z26+100 of 126, 183 left out");
	flame_free(f);
}

static void
deep_stacks_are_cut_off(void)
{
	struct flame *f = flame_new();

	add(f, "abcde", 1);
	add(f, "abcdf", 2);
	add(f, "ab", 3);
	FRAMES(f, &((struct flame_bounds){ 100, 3, 1000000 }),
	    "0a0+6 1b0+6 2c3+3 of 6, 2 cut");
	flame_free(f);
}

static void
sums_are_wider_than_counts(void)
{
	struct flame *f = flame_new();
	struct flame_tree t;

	add(f, "ab", UINT64_MAX);
	add(f, "ac", UINT64_MAX);
	CHECK(!flame_overflowed(f));
	CHECK_NUM(flame_tree_build(&t, f, &wide), 0);
	CHECK(t.total == (unsigned __int128)UINT64_MAX * 2);
	CHECK(t.v[0].count == t.total);
	flame_tree_free(&t);
	add(f, "ab", 1);
	CHECK(flame_overflowed(f));
	flame_free(f);
}

int
main(void)
{
	stacks_share_their_outer_frames();
	a_function_that_is_inlined_is_another_frame();
	narrow_frames_are_left_out();
	the_widest_and_outermost_frames_are_kept();
	deep_stacks_are_cut_off();
	sums_are_wider_than_counts();
	return check_done();
}
