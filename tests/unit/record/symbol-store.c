/* lib/record/symbol-store: names from control lines are found again, and stay
 * within bounds whoever wrote the lines. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/json-doc.h"
#include "base/util.h"
#include "check.h"
#include "record/stack-layout.h"
#include "record/symbol-store.h"
#include "stream-text.h"

static const struct symbol_frame one = { .symbol = "main",
	.has_offset = true,
	.offset = 16,
	.file = "/src/x.c",
	.line = 12 };

static void
what_is_set_is_found(void)
{
	const struct symbol_frame inlined[] = {
		{ .symbol = "inner" },
		{ .symbol = "outer", .has_offset = true, .offset = 0 },
	};
	struct symbol_store *s = symbol_store_new();
	struct symbol_frames f;

	CHECK_NUM(symbol_store_find(s, 1, 2).n, 0);
	CHECK_NUM(symbol_store_set(s, 42, UINT64_MAX, &one, 1), 0);
	CHECK_NUM(symbol_store_set(s, 43, UINT64_MAX, inlined, 2), 0);
	f = symbol_store_find(s, 42, UINT64_MAX);
	CHECK_NUM(f.n, 1);
	CHECK_STR(f.v[0].symbol, "main");
	CHECK_STR(f.v[0].file, "/src/x.c");
	CHECK_NUM(f.v[0].offset, 16);
	CHECK_NUM(f.v[0].line, 12);
	f = symbol_store_find(s, 43, UINT64_MAX);
	CHECK_NUM(f.n, 2);
	CHECK_STR(f.v[0].symbol, "inner");
	CHECK(!f.v[0].has_offset && f.v[0].file == NULL);
	CHECK_STR(f.v[1].symbol, "outer");
	CHECK(f.v[1].has_offset && f.v[1].offset == 0);
	CHECK_NUM(symbol_store_find(s, 44, UINT64_MAX).n, 0);

	/* This replaces the earlier names. */
	CHECK_NUM(symbol_store_set(s, 43, UINT64_MAX, &one, 1), 0);
	CHECK_NUM(symbol_store_find(s, 43, UINT64_MAX).n, 1);
	CHECK_NUM(symbol_store_set(s, 43, UINT64_MAX, NULL, 0), 0);
	CHECK_NUM(symbol_store_find(s, 43, UINT64_MAX).n, 0);
	symbol_store_free(s);
}

static void
the_oldest_addresses_go(void)
{
	struct symbol_store *s = symbol_store_new();
	const uint64_t n = (uint64_t)SYMBOL_STORE_MAX + 1000;
	uint64_t found = 0;

	for (uint64_t i = 0; i < n; i++)
		if (symbol_store_set(s, i % 3, i * 4096, &one, 1) == -1)
			break;
	for (uint64_t i = 0; i < n; i++)
		found += symbol_store_find(s, i % 3, i * 4096).n;
	CHECK_NUM(found, SYMBOL_STORE_MAX);
	CHECK_NUM(symbol_store_find(s, 999 % 3, 999 * 4096).n, 0);
	CHECK_NUM(symbol_store_find(s, 1000 % 3, 1000 * 4096).n, 1);
	CHECK_NUM(symbol_store_find(s, (n - 1) % 3, (n - 1) * 4096).n, 1);
	symbol_store_free(s);
}

static void
long_names_are_cut_and_their_bytes_are_bounded(void)
{
	const size_t len = SYMBOL_STORE_TEXT_MAX + 100;
	struct symbol_frame many[SYMBOL_STORE_INLINES_MAX + 1];
	struct symbol_store *s = symbol_store_new();
	char *name = malloc(len + 1);
	struct symbol_frames f;
	uint64_t each;

	memset(name, 'n', len);
	name[len] = '\0';
	for (size_t i = 0; i < nitems(many); i++)
		many[i] = (struct symbol_frame){ .symbol = name, .file = name };
	each = (uint64_t)SYMBOL_STORE_INLINES_MAX * 2 * SYMBOL_STORE_TEXT_MAX;
	for (uint64_t i = 0; i < SYMBOL_STORE_BYTES_MAX / each + 1; i++)
		CHECK_NUM(symbol_store_set(s, 1, i, many, nitems(many)), 0);
	CHECK_NUM(symbol_store_find(s, 1, 0).n, 0);
	f = symbol_store_find(s, 1, SYMBOL_STORE_BYTES_MAX / each);
	CHECK_NUM(f.n, SYMBOL_STORE_INLINES_MAX);
	CHECK_NUM(strlen(f.v[0].symbol), SYMBOL_STORE_TEXT_MAX);
	CHECK_NUM(strlen(f.v[f.n - 1].file), SYMBOL_STORE_TEXT_MAX);
	free(name);
	symbol_store_free(s);
}

static void
stacks_are_kept_by_map_and_id(void)
{
	const uint64_t a[] = { 3, 2, 1 }, b[] = { UINT64_MAX };
	const uint64_t *addrs;
	struct symbol_store *s = symbol_store_new();

	CHECK_NUM(symbol_store_find_stack(s, "m", 0, &addrs), 0);
	CHECK_NUM(symbol_store_set_stack(s, "m", 0, a, 3), 0);
	CHECK_NUM(symbol_store_set_stack(s, "other", 0, b, 1), 0);
	CHECK_NUM(symbol_store_find_stack(s, "m", 0, &addrs), 3);
	CHECK(addrs[0] == 3 && addrs[2] == 1);
	CHECK_NUM(symbol_store_find_stack(s, "other", 0, &addrs), 1);
	CHECK(addrs[0] == UINT64_MAX);
	CHECK_NUM(symbol_store_find_stack(s, "m", 1, &addrs), 0);
	CHECK_NUM(symbol_store_find_stack(s, "m", -14, &addrs), 0);
	CHECK_NUM(symbol_store_find_stack(s, "third", 0, &addrs), 0);
	CHECK_NUM(symbol_store_set_stack(s, "m", 0, b, 1), 0);
	CHECK_NUM(symbol_store_find_stack(s, "m", 0, &addrs), 1);
	symbol_store_free(s);
}

static void
stacks_and_their_maps_are_bounded(void)
{
	struct symbol_store *s = symbol_store_new();
	uint64_t deep[STACK_DEPTH_MAX + 1] = { 0 };
	const uint64_t *addrs;
	char name[16];

	for (int32_t i = 0; i <= SYMBOL_STORE_STACKS_MAX; i++)
		if (symbol_store_set_stack(s, "m", i, deep, 1) == -1)
			break;
	CHECK_NUM(symbol_store_find_stack(s, "m", 0, &addrs), 0);
	CHECK_NUM(symbol_store_find_stack(s, "m", 1, &addrs), 1);
	CHECK_NUM(symbol_store_set_stack(s, "m", 5, deep, nitems(deep)), 0);
	CHECK_NUM(symbol_store_find_stack(s, "m", 5, &addrs), STACK_DEPTH_MAX);
	check_forget();
	for (int i = 1; i < STREAM_MAPS_MAX; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		CHECK_NUM(symbol_store_set_stack(s, name, 0, deep, 1), 0);
	}
	CHECK_NUM(symbol_store_set_stack(s, "more", 0, deep, 1), -1);
	CHECK_SAID("more: the stream has stacks of more than 256 maps");
	symbol_store_free(s);
}

/* Reads the value of the control line in text through a stream's reader. */
static int
take(struct symbol_store *s, const char *text)
{
	struct buf all = { 0 };
	struct stream_line l;
	struct stream_reader r;
	int ret = -2;

	buf_str(&all, MAPS(RINGBUF));
	buf_str(&all, text);
	CHECK_NUM(open_bytes(&r, all.data, all.len), STREAM_OPENED);
	switch (stream_reader_next(&r, &l)) {
	case LINE_STACK:
		ret = symbol_store_parse_stack(s, l.value, "x:2: @stack");
		break;
	case LINE_SYMBOLS:
		ret = symbol_store_parse(s, l.value, "x:2: @symbols");
		break;
	default:
		break;
	}
	close_reader(&r);
	buf_free(&all);
	return ret;
}

static void
lines_go_there_and_back(void)
{
	static const char symbols[] =
	    "{\"@symbols\":{\"pid\":42,\"frames\":["
	    "{\"addr\":18446744073709551615,\"symbol\":\"in\\\"\\n\"},"
	    "{\"addr\":18446744073709551615,\"symbol\":\"main\",\"offset\":16,"
	    "\"file\":\"/src/x.c\",\"line\":12},"
	    "{\"addr\":7,\"symbol\":\"f\",\"offset\":0}]}}\n";
	static const char stack[] = "{\"@stack\":{\"stacks\":\"a \\\"map\\\"\","
				    "\"id\":2147483647,\"addrs\":["
				    "18446744071579340800,0,1]}}\n";
	const uint64_t addrs[] = { UINT64_MAX, UINT64_MAX, 9, 7 };
	struct symbol_store *s = symbol_store_new();
	struct buf out = { 0 };

	CHECK_NUM(take(s, symbols), 0);
	CHECK_NUM(symbol_store_find(s, 42, UINT64_MAX).n, 2);
	symbol_store_write(s, &out, 42, addrs, nitems(addrs));
	symbol_store_write(s, &out, 41, addrs, nitems(addrs));
	buf_chr(&out, '\0');
	CHECK_STR(out.data, symbols);

	out.len = 0;
	CHECK_NUM(take(s, stack), 0);
	symbol_store_write_stack(s, &out, "a \"map\"", INT32_MAX);
	symbol_store_write_stack(s, &out, "a \"map\"", 3);
	symbol_store_write_stack(s, &out, "b", INT32_MAX);
	buf_chr(&out, '\0');
	CHECK_STR(out.data, stack);
	buf_free(&out);
	symbol_store_free(s);
}

static void
an_address_alone_is_forgotten(void)
{
	static const char line[] =
	    "{\"@symbols\":{\"pid\":42,\"frames\":["
	    "{\"addr\":1},{\"addr\":2,\"symbol\":\"b\"}]}}\n";
	const struct symbol_frame f = { .symbol = "a" };
	const uint64_t addrs[] = { 1, 2, 3 };
	struct symbol_store *s = symbol_store_new();
	struct buf out = { 0 };

	symbol_store_set(s, 42, 1, &f, 1);
	symbol_store_set(s, 42, 2, &f, 1);
	CHECK_NUM(take(s, line), 0);
	CHECK_NUM(symbol_store_find(s, 42, 1).n, 0);
	CHECK_NUM(symbol_store_find(s, 42, 2).n, 1);
	symbol_store_write(s, &out, 42, addrs, nitems(addrs));
	buf_chr(&out, '\0');
	CHECK_STR(out.data, line);
	buf_free(&out);
	symbol_store_free(s);
}

static void
names_that_are_no_text_make_no_broken_line(void)
{
	const struct symbol_frame f = { .symbol = "a\xff\x01\x1b[2J\"\n",
		.file = "\xc3" };
	const uint64_t addr = 1;
	struct symbol_store *s = symbol_store_new();
	struct buf out = { 0 };

	symbol_store_set(s, 0, 1, &f, 1);
	symbol_store_write(s, &out, 0, &addr, 1);
	buf_chr(&out, '\0');
	CHECK_STR(out.data,
	    "{\"@symbols\":{\"pid\":0,\"frames\":[{\"addr\":1,"
	    "\"symbol\":\"a\xef\xbf\xbd\\u0001\\u001b[2J\\\"\\n\","
	    "\"file\":\"\xef\xbf\xbd\"}]}}\n");
	CHECK_NUM(take(s, out.data), 0);
	buf_free(&out);
	symbol_store_free(s);
}

/* Checks that a line is refused with the message. */
static void
refuses(const char *text, const char *message, int line)
{
	struct symbol_store *s = symbol_store_new();

	check_num(take(s, text), -1, __FILE__, line);
	check_said(message, __FILE__, line);
	symbol_store_free(s);
}

#define REFUSES(text, message) refuses(text "\n", message, __LINE__)
#define FRAMES(frames) "{\"@symbols\":{\"pid\":1,\"frames\":" frames "}}"

static void
hostile_lines_are_refused(void)
{
	REFUSES("{\"@symbols\":{}}", "x:2: @symbols: pid is missing");
	REFUSES("{\"@symbols\":{\"pid\":-1,\"frames\":[]}}", "pid: ");
	REFUSES("{\"@symbols\":{\"pid\":1}}", "frames is missing");
	REFUSES(FRAMES("{}"), "frames: expected an array, found an object");
	REFUSES(FRAMES("[1]"), "frames[0]: expected an object, found a number");
	REFUSES(FRAMES("[{\"symbol\":\"x\"}]"), "frames[0]: addr is missing");
	REFUSES(FRAMES("[{\"addr\":1,\"symbol\":1}]"), "frames[0].symbol: ");
	REFUSES(FRAMES("[{\"addr\":1,\"symbol\":1}]"),
	    "frames[0].symbol: expected a string, found a number");
	REFUSES(FRAMES("[{\"addr\":1.5,\"symbol\":\"x\"}]"), "addr: ");
	REFUSES(FRAMES("[{\"addr\":1,\"symbol\":\"x\",\"offset\":-1}]"),
	    "offset: ");
	REFUSES(FRAMES("[{\"addr\":1,\"symbol\":\"x\",\"file\":[]}]"),
	    "frames[0].file: expected a string, found an array");
	REFUSES(
	    FRAMES("[{\"addr\":1,\"symbol\":\"x\",\"line\":\"1\"}]"), "line: ");
	REFUSES("{\"@stack\":{\"id\":1,\"addrs\":[]}}", "stacks is missing");
	REFUSES("{\"@stack\":{\"stacks\":\"m\",\"addrs\":[]}}",
	    "x:2: @stack: id is missing");
	REFUSES("{\"@stack\":{\"stacks\":\"m\",\"id\":1}}", "addrs is missing");
	REFUSES("{\"@stack\":{\"stacks\":\"m\",\"id\":2147483648,"
		"\"addrs\":[]}}",
	    "id: ");
	REFUSES("{\"@stack\":{\"stacks\":\"m\",\"id\":1,\"addrs\":[1,-1]}}",
	    "addrs[1]: expected an address, found ");
}

static void
too_many_of_anything_is_refused(void)
{
	struct buf text = { 0 };

	buf_str(&text, "{\"@symbols\":{\"pid\":1,\"frames\":[");
	for (int i = 0; i <= SYMBOL_STORE_INLINES_MAX; i++)
		buf_printf(
		    &text, "%s{\"addr\":5,\"symbol\":\"x\"}", i > 0 ? "," : "");
	buf_str(&text, "]}}\n");
	buf_chr(&text, '\0');
	refuses(text.data, "frames[64]: more than 64 functions", __LINE__);

	text.len = 0;
	buf_str(&text, "{\"@stack\":{\"stacks\":\"m\",\"id\":1,\"addrs\":[0");
	for (int i = 0; i < STACK_DEPTH_MAX; i++)
		buf_str(&text, ",1");
	buf_str(&text, "]}}\n");
	buf_chr(&text, '\0');
	refuses(text.data, "a stack of 4097 addresses; the maximum is 4096",
	    __LINE__);
	buf_free(&text);
}

int
main(void)
{
	what_is_set_is_found();
	the_oldest_addresses_go();
	long_names_are_cut_and_their_bytes_are_bounded();
	stacks_are_kept_by_map_and_id();
	stacks_and_their_maps_are_bounded();
	lines_go_there_and_back();
	an_address_alone_is_forgotten();
	names_that_are_no_text_make_no_broken_line();
	hostile_lines_are_refused();
	too_many_of_anything_is_refused();
	return check_done();
}
