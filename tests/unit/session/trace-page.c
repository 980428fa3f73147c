/* lib/session/trace-page: pages of the kernel's trace, whole and damaged. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "session/trace-page.h"

enum { SIZE = 4096, ID = 550 };

static const char header_page[] =
    "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
    "\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
    "\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
    "\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;\n";
static const char format[] =
    "name: bpf_trace_printk\nID: 550\nformat:\n"
    "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
    "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
    "\tfield:__data_loc char[] bpf_string;\toffset:8;\tsize:4;\tsigned:0;\n";

static struct trace_layout layout;
static unsigned char page[SIZE];
static size_t used;

static void
add32(uint32_t v)
{
	memcpy(page + used, &v, sizeof(v));
	used += sizeof(v);
}

static void
add_head(unsigned int type_len, uint32_t delta)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	add32(type_len | delta << 5);
#else
	add32(type_len << 27 | delta);
#endif
}

/* Adds an event whose length is a word of its own if so is long. */
static void
add_event(uint32_t delta, int32_t pid, const char *text, bool is_long)
{
	size_t len = strlen(text) + 1, n = (12 + len + 3) & ~(size_t)3;
	const uint16_t type[2] = { ID, 0 };
	uint32_t word;

	add_head(is_long ? 0 : (unsigned int)n / 4, delta);
	if (is_long)
		add32((uint32_t)n + 4);
	memcpy(&word, type, sizeof(word));
	add32(word);
	add32((uint32_t)pid);
	add32((uint32_t)len << 16 | 12);
	memcpy(page + used, text, len);
	used += n - 12;
}

static void
begin(void)
{
	memset(page, 0, sizeof(page));
	used = 16;
}

/* Ends the page, with flags of the word commit. */
static uint64_t
end(struct trace_page *p, uint64_t time, uint64_t flags)
{
	uint64_t commit = (used - 16) | flags;

	memcpy(page, &time, sizeof(time));
	memcpy(page + 8, &commit, sizeof(commit));
	return trace_page_begin(p, &layout, page);
}

static void
check_event(struct trace_page *p, uint64_t time, int pid, const char *text)
{
	struct trace_event e;

	CHECK(trace_page_next(p, &layout, &e));
	CHECK_NUM(e.time, time);
	CHECK_NUM(e.pid, pid);
	CHECK_NUM(e.len, strlen(text));
	CHECK(memcmp(e.text, text, e.len) == 0);
}

static void
events_have_time_pid_and_text(void)
{
	struct trace_page p;
	struct trace_event e;

	begin();
	add_event(1, 7, "a\nb", false);
	add_event(2, 8, "", true);
	add_head(30, 5); /* a longer time */
	add32(1);
	add_event(0, 9, "later", false);
	add_head(29, 1); /* an event that was taken back */
	add32(8);
	add32(0);
	add_event(1, 10, "after", false);
	add_head(31, 3); /* a time */
	add32(2);
	add_event(1, 11, "absolute", false);
	add_head(29, 0); /* to the end */
	add32(0);
	CHECK_NUM(end(&p, 1000, 0), 0);
	check_event(&p, 1001, 7, "a\nb");
	check_event(&p, 1003, 8, "");
	check_event(&p, 1008 + (1 << 27), 9, "later");
	check_event(&p, 1009 + (1 << 27), 10, "after");
	check_event(&p, 4 + (2 << 27), 11, "absolute");
	CHECK(!trace_page_next(&p, &layout, &e));
	CHECK(!trace_page_next(&p, &layout, &e));
}

static void
lost_events_are_counted(void)
{
	struct trace_page p;
	const uint64_t lost = 12345;

	begin();
	add_event(1, 7, "text", false);
	memcpy(page + used, &lost, sizeof(lost));
	CHECK_NUM(end(&p, 0, UINT64_C(3) << 30), 12345);
	CHECK(end(&p, 0, UINT64_C(2) << 30) == TRACE_LOST_UNKNOWN);
	check_event(&p, 1, 7, "text");
}

static void
other_events_are_skipped(void)
{
	struct trace_page p;
	struct trace_event e;

	begin();
	add_event(1, 7, "text", false);
	end(&p, 0, 0);
	layout.id++;
	CHECK(!trace_page_next(&p, &layout, &e));
	layout.id--;
}

/* The sanitizers see what is read outside of the page. */
static void
damaged_pages_are_read_to_their_end(void)
{
	struct trace_page p;
	struct trace_event e;
	unsigned char *copy = malloc(SIZE);
	uint32_t random = 1;

	CHECK(copy != NULL);
	for (int i = 0; i < 2000 && copy != NULL; i++) {
		begin();
		while (used < SIZE - 64)
			add_event(1, 7, "some text", used % 3 == 0);
		end(&p, 0, 0);
		memcpy(copy, page, SIZE);
		for (int k = 0; k < 40; k++) {
			random = random * 1664525 + 1013904223;
			copy[8 + (random >> 8) % (SIZE - 8)] =
			    (unsigned char)(random >> 24);
		}
		trace_page_begin(&p, &layout, copy);
		while (trace_page_next(&p, &layout, &e)) {
			CHECK((const unsigned char *)e.text >= copy);
			CHECK((const unsigned char *)e.text + e.len <=
			      copy + SIZE);
		}
		CHECK_NUM(p.at, p.end);
	}
	free(copy);
}

static void
unknown_descriptions_are_refused(void)
{
	struct trace_layout l;

	CHECK(!trace_layout_parse(&l, "", format));
	CHECK(!trace_layout_parse(&l, header_page, ""));
	CHECK(!trace_layout_parse(&l, format, header_page));
	CHECK(trace_layout_parse(&layout, header_page, format));
	CHECK_NUM(layout.size, SIZE);
	CHECK_NUM(layout.data, 16);
	CHECK_NUM(layout.commit_size, 8);
	CHECK_NUM(layout.id, ID);
	CHECK_NUM(layout.string, 8);
}

int
main(void)
{
	unknown_descriptions_are_refused();
	events_have_time_pid_and_text();
	lost_events_are_counted();
	other_events_are_skipped();
	damaged_pages_are_read_to_their_end();
	return check_done();
}
