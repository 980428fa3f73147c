/* lib/record/stack-layout: where a record has its stacks, and how they are
 * read. */
#include <stdlib.h>

#include "base/util.h"
#include "check.h"
#include "record/stack-layout.h"
#include "stream-text.h"

/*
 * 0 u32, 1 u64, 2 s32, 3 char, 4 char[16], 5 __u64 (typedef of 1), 6 __u64[4],
 * 7 struct event, 8 struct key, 9 pointer, 10 pointer[2], 11 u32[4],
 * 12 struct bits.
 */
#define STACK_TYPES                                                            \
	"\"types\":["                                                          \
	"{\"kind\":\"int\",\"name\":\"u32\",\"size\":4,\"signed\":false},"     \
	"{\"kind\":\"int\",\"name\":\"u64\",\"size\":8,\"signed\":false},"     \
	"{\"kind\":\"int\",\"name\":\"s32\",\"size\":4,\"signed\":true},"      \
	"{\"kind\":\"char\",\"name\":\"char\",\"size\":1,\"signed\":true},"    \
	"{\"kind\":\"array\",\"name\":\"\",\"size\":16,\"of\":3,\"count\":16}" \
	",{\"kind\":\"typedef\",\"name\":\"__u64\",\"size\":8,\"of\":1},"      \
	"{\"kind\":\"array\",\"name\":\"\",\"size\":32,\"of\":5,\"count\":4}," \
	"{\"kind\":\"struct\",\"name\":\"event\",\"size\":96,\"members\":["    \
	"{\"name\":\"pid\",\"type\":0,\"offset\":0},"                          \
	"{\"name\":\"cpu_id\",\"type\":0,\"offset\":4},"                       \
	"{\"name\":\"comm\",\"type\":4,\"offset\":8},"                         \
	"{\"name\":\"kstack_sz\",\"type\":0,\"offset\":24},"                   \
	"{\"name\":\"ustack_sz\",\"type\":2,\"offset\":28},"                   \
	"{\"name\":\"kstack\",\"type\":6,\"offset\":32},"                      \
	"{\"name\":\"ustack\",\"type\":6,\"offset\":64}]},"                    \
	"{\"kind\":\"struct\",\"name\":\"key\",\"size\":16,\"members\":["      \
	"{\"name\":\"tgid\",\"type\":0,\"offset\":0},"                         \
	"{\"name\":\"kid\",\"type\":2,\"offset\":4},"                          \
	"{\"name\":\"uid\",\"type\":0,\"offset\":8}]},"                        \
	"{\"kind\":\"pointer\",\"name\":\"\",\"size\":8},"                     \
	"{\"kind\":\"array\",\"name\":\"\",\"size\":16,\"of\":9,\"count\":2}," \
	"{\"kind\":\"array\",\"name\":\"\",\"size\":16,\"of\":0,\"count\":4}," \
	"{\"kind\":\"struct\",\"name\":\"bits\",\"size\":48,\"members\":["     \
	"{\"name\":\"b\",\"type\":0,\"offset\":0,\"bit_offset\":0,\"bits\":3}" \
	",{\"name\":\"k\",\"type\":10,\"offset\":8},"                          \
	"{\"name\":\"short\",\"type\":11,\"offset\":24},"                      \
	"{\"name\":\"long\",\"type\":1,\"offset\":40}]}]"

#define INTERPRETER(fields) ",\"intepreter\":{\"stack_trace\":{" fields "}}"
#define EVENTS(type, fields)                                                   \
	HEAD("\"maps\":[{\"name\":\"events\",\"source\":\"perf\","             \
	     "\"value\":" #type INTERPRETER(fields) "}]," STACK_TYPES)
#define COUNTS(more, fields)                                                   \
	HEAD("\"maps\":[{\"name\":\"counts\",\"source\":\"sample\","           \
	     "\"key\":8,\"value\":1," SAMPLE more INTERPRETER(                 \
		 fields) "}]," STACK_TYPES)
#define KEY_FIELDS                                                             \
	"\"field_map\":{\"pid\":\"tgid\",\"kstack\":\"kid\","                  \
	"\"ustack\":\"uid\"}"

/* Returns the message of stack_layout_find() for the first map of a header. */
static int
layout(struct stack_layout *l, struct stream_reader *r, const char *header)
{
	CHECK_NUM(open_text(r, header), STREAM_OPENED);
	return stack_layout_find(l, &r->header, 0);
}

static void
arrays_are_found_by_their_names(void)
{
	struct stack_layout l;
	struct stream_reader r;

	CHECK_NUM(layout(&l, &r, EVENTS(7, "")), 1);
	CHECK(l.with_symbols);
	CHECK_NUM(l.pid.offset, 0);
	CHECK_NUM(l.cpu.offset, 4);
	CHECK_NUM(l.comm.offset, 8);
	CHECK_NUM(l.sides[STACK_KERNEL].kind, STACK_ARRAY);
	CHECK_NUM(l.sides[STACK_KERNEL].at.offset, 32);
	CHECK_NUM(l.sides[STACK_KERNEL].size.offset, 24);
	CHECK_NUM(l.sides[STACK_KERNEL].max, 4);
	CHECK_NUM(l.sides[STACK_USER].at.offset, 64);
	CHECK_NUM(l.sides[STACK_USER].size.offset, 28);
	CHECK_STR(check_reports, "");
	close_reader(&r);

	CHECK_NUM(layout(&l, &r,
		      EVENTS(12, "\"with_symbols\":false,"
				 "\"field_map\":{\"ustack\":\"k\"}")),
	    1);
	CHECK(!l.with_symbols);
	CHECK_NUM(l.pid.type, TYPE_NONE);
	CHECK_NUM(l.comm.type, TYPE_NONE);
	CHECK_NUM(l.sides[STACK_KERNEL].kind, STACK_ABSENT);
	CHECK_NUM(l.sides[STACK_USER].kind, STACK_ARRAY);
	CHECK_NUM(l.sides[STACK_USER].max, 2);
	CHECK_NUM(l.sides[STACK_USER].size.type, TYPE_NONE);
	close_reader(&r);
}

static void
ids_are_found_in_keys_also_per_cpu(void)
{
	static const char *const headers[] = { COUNTS("", KEY_FIELDS),
		COUNTS(",\"cpus\":4", KEY_FIELDS) };
	struct stack_layout l;
	struct stream_reader r;

	for (size_t i = 0; i < nitems(headers); i++) {
		CHECK_NUM(layout(&l, &r, headers[i]), 1);
		CHECK_NUM(l.sides[STACK_KERNEL].kind, STACK_ID);
		CHECK_NUM(l.sides[STACK_KERNEL].at.offset, 4);
		CHECK_NUM(l.sides[STACK_USER].kind, STACK_ID);
		CHECK_NUM(l.sides[STACK_USER].at.offset, 8);
		CHECK_NUM(l.pid.offset, 0);
		close_reader(&r);
	}
}

static void
other_maps_have_none(void)
{
	struct stack_layout l;
	struct stream_reader r;

	CHECK_NUM(layout(&l, &r, MAPS(RINGBUF)), 0);
	close_reader(&r);
	CHECK_NUM(layout(&l, &r,
		      MAPS("{\"name\":\"rb\",\"source\":\"ringbuf\","
			   "\"value\":1,\"intepreter\":{\"later\":{}}}")),
	    0);
	CHECK_STR(check_reports, "");
	close_reader(&r);
}

static void
refuses(const char *header, const char *message, int line)
{
	struct stack_layout l;
	struct stream_reader r;

	check_num(layout(&l, &r, header), -1, __FILE__, line);
	check_said(message, __FILE__, line);
	close_reader(&r);
}

#define REFUSES(header, message) refuses(header, message, __LINE__)
#define FIELD(key, name) "\"field_map\":{\"" key "\":\"" name "\"}"

static void
what_does_not_fit_is_refused(void)
{
	REFUSES(MAPS("{\"name\":\"rb\",\"source\":\"ringbuf\",\"value\":1,"
		     "\"intepreter\":{\"stack_trace\":3}}"),
	    "map rb: intepreter.stack_trace: expected an object");
	REFUSES(EVENTS(7, "\"field_map\":[]"),
	    "map events: stack_trace.field_map: expected an object");
	REFUSES(EVENTS(7, "\"with_symbols\":1"),
	    "map events: stack_trace.with_symbols: ");
	REFUSES(EVENTS(7, "\"field_map\":{\"kstack\":1}"),
	    "map events: stack_trace.kstack: expected a string");
	REFUSES(EVENTS(7, FIELD("kstack", "none")),
	    "map events: stack_trace: kstack: the records have no member "
	    "none");
	REFUSES(EVENTS(7, FIELD("kstack", "comm")),
	    "kstack: the member comm is not an array of 8-byte addresses");
	REFUSES(EVENTS(12, FIELD("kstack", "short")),
	    "kstack: the member short is not an array of 8-byte addresses");
	REFUSES(EVENTS(12, FIELD("kstack", "b")),
	    "kstack: the member b is not an array of 8-byte addresses");
	REFUSES(EVENTS(12, FIELD("ustack", "long")), "ustack: the member long");
	REFUSES(EVENTS(7, FIELD("pid", "comm")),
	    "pid: the member comm is not an integer");
	REFUSES(EVENTS(12, FIELD("pid", "b")),
	    "pid: the member b is not an integer");
	REFUSES(EVENTS(7, FIELD("kstack_sz", "comm")),
	    "kstack_sz: the member comm is not an integer");
	REFUSES(EVENTS(7, FIELD("comm", "pid")),
	    "comm: the member pid is not an array of char");
	REFUSES(EVENTS(12, ""), "the records have no member kstack or ustack");
	REFUSES(EVENTS(1, ""), "the records have no member kstack or ustack");
	REFUSES(COUNTS(",\"cpus\":4", FIELD("kstack", "value")),
	    "kstack: the member value has a value for each CPU");
}

static void
a_record_gives_its_stacks(void)
{
	unsigned char record[96] = { 0 };
	uint64_t addrs[STACK_DEPTH_MAX];
	const uint64_t stack[4] = { 10, 20, 0, 40 };
	struct stack_layout l;
	struct stream_reader r;
	const struct types *t = &r.header.types;
	const int32_t failed = -14, size = 16, huge = INT32_MAX;
	const uint32_t pid = UINT32_MAX;

	CHECK_NUM(layout(&l, &r, EVENTS(7, "")), 1);
	memcpy(record, &pid, sizeof(pid));
	memcpy(record + 24, &size, sizeof(size));
	memcpy(record + 28, &huge, sizeof(huge));
	memcpy(record + 32, stack, sizeof(stack));
	memcpy(record + 64, stack, sizeof(stack));
	CHECK_NUM(stack_layout_read_pid(&l, t, record), UINT32_MAX);
	CHECK_NUM(stack_layout_read_addresses(
		      &l, STACK_KERNEL, t, record, addrs, nitems(addrs)),
	    2);
	CHECK(addrs[0] == 10 && addrs[1] == 20);
	CHECK_NUM(stack_layout_read_addresses(
		      &l, STACK_USER, t, record, addrs, nitems(addrs)),
	    4);
	CHECK_NUM(addrs[3], 40);
	CHECK_NUM(
	    stack_layout_read_addresses(&l, STACK_USER, t, record, addrs, 1),
	    1);
	/* The size is an error number, even in an unsigned member. */
	memcpy(record + 24, &failed, sizeof(failed));
	memcpy(record + 28, &failed, sizeof(failed));
	for (int i = 0; i < STACK_SIDES; i++)
		CHECK_NUM(stack_layout_read_addresses(&l, (enum stack_side)i, t,
			      record, addrs, nitems(addrs)),
		    0);
	close_reader(&r);

	/* Without a size the stack ends before the first zero. */
	CHECK_NUM(layout(&l, &r, EVENTS(12, FIELD("kstack", "k"))), 1);
	memcpy(record + 8, stack, sizeof(stack));
	CHECK_NUM(stack_layout_read_addresses(
		      &l, STACK_KERNEL, t, record, addrs, nitems(addrs)),
	    2);
	memset(record + 16, 0, 8);
	CHECK_NUM(stack_layout_read_addresses(
		      &l, STACK_KERNEL, t, record, addrs, nitems(addrs)),
	    1);
	CHECK_NUM(stack_layout_read_pid(&l, t, record), 0);
	close_reader(&r);

	CHECK_NUM(layout(&l, &r, COUNTS("", KEY_FIELDS)), 1);
	memcpy(record + 4, &failed, sizeof(failed));
	CHECK_NUM(stack_layout_read_id(&l, STACK_KERNEL, record), -14);
	close_reader(&r);
}

int
main(void)
{
	arrays_are_found_by_their_names();
	ids_are_found_in_keys_also_per_cpu();
	other_maps_have_none();
	what_does_not_fit_is_refused();
	a_record_gives_its_stacks();
	return check_done();
}
