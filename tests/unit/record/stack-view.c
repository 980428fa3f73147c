/* lib/record/stack-view: the functions of a stack, from bytes and from JSON,
 * within bounds. */
#include <stdlib.h>

#include "check.h"
#include "record/stack-view.h"
#include "stream-text.h"

#define DEEP                                                                   \
	HEAD("\"maps\":[{\"name\":\"events\",\"source\":\"perf\","             \
	     "\"value\":2,\"intepreter\":{\"stack_trace\":{\"field_map\":"     \
	     "{\"ustack\":\"a\",\"kstack\":\"id\"}}},\"stacks\":\"m\"}],"      \
	     "\"types\":["                                                     \
	     "{\"kind\":\"int\",\"name\":\"u64\",\"size\":8},"                 \
	     "{\"kind\":\"array\",\"name\":\"\",\"size\":40000,\"of\":0,"      \
	     "\"count\":5000},"                                                \
	     "{\"kind\":\"struct\",\"name\":\"e\",\"size\":40008,"             \
	     "\"members\":[{\"name\":\"a\",\"type\":1,\"offset\":0},"          \
	     "{\"name\":\"id\",\"type\":3,\"offset\":40000}]},"                \
	     "{\"kind\":\"int\",\"name\":\"int\",\"size\":4,"                  \
	     "\"signed\":true}]")

static struct stream_reader reader;
static struct symbol_store *symbols;
static struct stack_view *view;

static void
open_view(void)
{
	CHECK_NUM(open_text(&reader, DEEP), STREAM_OPENED);
	symbols = symbol_store_new();
	CHECK_NUM(stack_view_new(&view, &reader.header, 0, symbols), 0);
	CHECK(view != NULL);
}

static void
close_view(void)
{
	stack_view_free(view);
	symbol_store_free(symbols);
	close_reader(&reader);
}

/* Returns the JSON that stack_view_write() makes of the stack that was read. */
static void
puts_as(enum style style, const char *want, int line)
{
	struct buf out = { 0 };

	stack_view_write(view, &out, style);
	buf_chr(&out, '\0');
	check_str(out.data, want, __FILE__, line);
	buf_free(&out);
}

static void
take(const char *text)
{
	const struct json_value cell = { *text == '[' ? JSON_VALUE_ARRAY
						      : JSON_VALUE_SCALAR,
		text, strlen(text) };

	stack_view_read_json(view, &cell);
}

static void
json_is_read_as_it_was_written(void)
{
	static const char text[] =
	    "[{\"addr\":18446744073709551615,\"symbol\":\"in\\\"]},\"},"
	    "{\"addr\":18446744073709551615,\"symbol\":\"out\",\"offset\":0,"
	    "\"file\":\"/x.c\",\"line\":7},{\"addr\":5}]";

	open_view();
	take(text);
	CHECK_NUM(view->state, STACK_FRAMES);
	CHECK_NUM(view->n, 3);
	CHECK(view->v[0].inlined && !view->v[1].inlined);
	puts_as(STYLE_JSON, text, __LINE__);
	puts_as(STYLE_TSV, "0x5;out;in\"]},", __LINE__);
	puts_as(STYLE_CSV, "\"0x5;out;in\"\"]},\"", __LINE__);
	close_view();
}

static void
other_json_makes_no_harm(void)
{
	static const char *const none[] = { "null", "true", "-14", "[]", "[ ]",
		"[\"[{\",null,-1]", "[[[{\"addr\":1}]]]" };

	open_view();
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		take(none[i]);
		CHECK_NUM(view->state, STACK_NONE);
		puts_as(STYLE_JSON, "[]", __LINE__);
		puts_as(STYLE_CSV, "", __LINE__);
	}
	take("[ 7 , {\"symbol\":3,\"addr\":\"x\"},{}]");
	puts_as(STYLE_TSV, "0x0;0x0;0x7", __LINE__);
	take("4294967296");
	CHECK_NUM(view->state, STACK_UNKNOWN);
	puts_as(STYLE_JSON, "2147483647", __LINE__);
	take("17");
	puts_as(STYLE_JSON, "17", __LINE__);
	close_view();
}

static void
a_function_that_calls_itself_is_not_inlined(void)
{
	open_view();
	take("[{\"addr\":5,\"symbol\":\"f\"},{\"addr\":5,\"symbol\":\"f\"}]");
	CHECK(!view->v[0].inlined);
	close_view();
}

static void
ids_are_looked_up_each_time(void)
{
	static unsigned char record[40008];
	const uint64_t addrs[] = { 3, 4 };
	const struct symbol_frame f = { .symbol = "f" };
	int32_t id = 9;

	open_view();
	memcpy(record + 40000, &id, sizeof(id));
	stack_view_read(view, STACK_KERNEL, record);
	puts_as(STYLE_JSON, "9", __LINE__);
	symbol_store_set_stack(symbols, "other", 9, addrs, 1);
	stack_view_read(view, STACK_KERNEL, record);
	CHECK_NUM(view->state, STACK_UNKNOWN);
	symbol_store_set_stack(symbols, "m", 9, addrs, 2);
	symbol_store_set(symbols, 0, 4, &f, 1);
	stack_view_read(view, STACK_KERNEL, record);
	puts_as(STYLE_TSV, "f;0x3", __LINE__);
	id = -17;
	memcpy(record + 40000, &id, sizeof(id));
	stack_view_read(view, STACK_KERNEL, record);
	CHECK_NUM(view->state, STACK_NONE);
	puts_as(STYLE_JSON, "[]", __LINE__);
	close_view();
}

/* 4096 addresses of 64 functions with 8 KiB of names each. */
static void
a_stack_takes_no_more_than_its_bounds(void)
{
	static unsigned char record[40008];
	static char name[SYMBOL_STORE_TEXT_MAX + 1];
	struct symbol_frame f[SYMBOL_STORE_INLINES_MAX];
	struct buf out = { 0 };
	uint64_t addr = 1;

	memset(name, 'n', SYMBOL_STORE_TEXT_MAX);
	for (size_t i = 0; i < SYMBOL_STORE_INLINES_MAX; i++)
		f[i] = (struct symbol_frame){ .symbol = name, .file = name };
	for (size_t i = 0; i < 5000; i++)
		memcpy(record + i * 8, &addr, 8);
	open_view();
	symbol_store_set(symbols, 0, addr, f, SYMBOL_STORE_INLINES_MAX);
	stack_view_read(view, STACK_USER, record);
	CHECK(view->n <= STACK_FRAMES_MAX && view->n >= STACK_DEPTH_MAX);
	stack_view_write(view, &out, STYLE_JSON);
	CHECK(!out.failed && out.len < 2 * STACK_NAMES_MAX);

	/* Short names: the functions are counted. */
	for (size_t i = 0; i < SYMBOL_STORE_INLINES_MAX; i++)
		f[i] = (struct symbol_frame){ .symbol = "n" };
	symbol_store_set(symbols, 0, addr, f, SYMBOL_STORE_INLINES_MAX);
	stack_view_read(view, STACK_USER, record);
	CHECK_NUM(view->n, STACK_FRAMES_MAX);
	buf_free(&out);
	close_view();
}

static void
names_are_made_harmless(void)
{
	static const char name[] = "a;b c\n\x1b\xff\xc3\xa4\x7f";
	struct buf out = { 0 };

	stack_view_write_name(&out, name, sizeof(name) - 1);
	buf_chr(&out, '\0');
	CHECK_STR(out.data, "a:b_c__\xef\xbf\xbd\xc3\xa4_");
	buf_free(&out);
}

int
main(void)
{
	json_is_read_as_it_was_written();
	other_json_makes_no_harm();
	a_function_that_calls_itself_is_not_inlined();
	ids_are_looked_up_each_time();
	a_stack_takes_no_more_than_its_bounds();
	names_are_made_harmless();
	return check_done();
}
