/* lib/dwarf/dwarf-cursor and dwarf-form: numbers, strings and references. */
#include <dwarf.h>

#include "check.h"
#include "dwarf/dwarf-cursor.h"
#include "dwarf/dwarf-form.h"

#define SPAN(text)                                                             \
	(struct dwarf_span)                                                    \
	{                                                                      \
		(const unsigned char *)(text), sizeof(text) - 1                \
	}

static void
check_sleb(struct dwarf_span span, int64_t want)
{
	struct dwarf_cursor c = dwarf_cursor_at(&span, 0);

	CHECK_NUM(dwarf_sleb(&c), want);
	CHECK(!c.failed && c.p == c.end);
}

static void
numbers_have_any_length(void)
{
	struct dwarf_span all = SPAN("\x01\x02\x03\x04\x05\x06\x07\x88");
	struct dwarf_cursor c = dwarf_cursor_at(&all, 0);

	CHECK(dwarf_number(&c, 8) == 0x8807060504030201);
	CHECK(dwarf_number(&c, 1) == 0 && c.failed);
	c = dwarf_cursor_at(&all, 5);
	CHECK(dwarf_number(&c, 3) == 0x880706);
	c = dwarf_cursor_at(&all, 9);
	CHECK(c.failed);
	check_sleb(SPAN("\x02"), 2);
	check_sleb(SPAN("\x7e"), -2);
	check_sleb(SPAN("\xff\x00"), 127);
	check_sleb(SPAN("\x81\x7f"), -127);
	check_sleb(SPAN("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f"), INT64_MIN);
	all = SPAN("\xe5\x8e\x26\x80");
	c = dwarf_cursor_at(&all, 0);
	CHECK(dwarf_uleb(&c) == 624485);
	/* One that goes on past the end. */
	CHECK(dwarf_uleb(&c) == 0 && c.failed);
}

static void
strings_have_an_end(void)
{
	struct dwarf_span all = SPAN("one\0two");
	struct dwarf_cursor c = dwarf_cursor_at(&all, 0);

	CHECK_STR(dwarf_string(&c, 100), "one");
	CHECK(dwarf_string(&c, 100) == NULL && c.failed);
	c = dwarf_cursor_at(&all, 0);
	CHECK(dwarf_string(&c, 3) == NULL && c.failed);
	c = dwarf_cursor_at(&all, 0);
	CHECK_STR(dwarf_string(&c, 4), "one");
}

static struct dwarf_value
read_form(struct dwarf_span span, uint64_t form)
{
	static const struct dwarf_info info;
	const struct dwarf_unit unit = { .header = 100,
		.version = 5,
		.offset_bytes = 4,
		.address_bytes = 8 };
	const struct dwarf_attribute_form f = { .form = (uint16_t)form };
	struct dwarf_cursor c = dwarf_cursor_at(&span, 0);
	struct dwarf_value v = dwarf_form_read(&info, &unit, &c, &f);

	CHECK(c.failed == (v.kind == DWARF_ABSENT));
	return v;
}

static void
references_count_from_their_unit(void)
{
	struct dwarf_value v = read_form(SPAN("\x07"), DW_FORM_ref1);

	CHECK_NUM(v.kind, DWARF_REFERENCE);
	CHECK_NUM(v.number, 107);
	v = read_form(SPAN("\x07\x00\x00\x00"), DW_FORM_ref4);
	CHECK_NUM(v.number, 107);
	/* But for those that count from the start of the section. */
	v = read_form(SPAN("\x07\x00\x00\x00"), DW_FORM_ref_addr);
	CHECK_NUM(v.kind, DWARF_REFERENCE);
	CHECK_NUM(v.number, 7);
	v = read_form(SPAN("\x07\x00"), DW_FORM_ref4);
	CHECK_NUM(v.kind, DWARF_ABSENT);
}

static void
blocks_lie_within_their_bytes(void)
{
	struct dwarf_value v = read_form(SPAN("\x02xy"), DW_FORM_block1);

	CHECK_NUM(v.kind, DWARF_BLOCK);
	CHECK_NUM(v.block.n, 2);
	v = read_form(SPAN("\x03xy"), DW_FORM_block1);
	CHECK_NUM(v.kind, DWARF_ABSENT);
}

int
main(void)
{
	numbers_have_any_length();
	strings_have_an_end();
	references_count_from_their_unit();
	blocks_lie_within_their_bytes();
	return check_done();
}
