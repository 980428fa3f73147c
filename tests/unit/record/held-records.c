/* lib/record/held-records: records wait for the names of their addresses, in
 * their order, and not for ever. */
#include <stdlib.h>

#include "check.h"
#include "record/held-records.h"
#include "stream-text.h"

/*
 * 0 u32, 1 u64, 2 s32, 3 u64[2], 4 struct event, 5 struct key.  Records of
 * events may end within ustack.
 */
#define HELD_TYPES                                                             \
	"\"types\":["                                                          \
	"{\"kind\":\"int\",\"name\":\"u32\",\"size\":4,\"signed\":false},"     \
	"{\"kind\":\"int\",\"name\":\"u64\",\"size\":8,\"signed\":false},"     \
	"{\"kind\":\"int\",\"name\":\"s32\",\"size\":4,\"signed\":true},"      \
	"{\"kind\":\"array\",\"name\":\"\",\"size\":16,\"of\":1,\"count\":2}," \
	"{\"kind\":\"struct\",\"name\":\"event\",\"size\":40,\"members\":["    \
	"{\"name\":\"pid\",\"type\":0,\"offset\":0},"                          \
	"{\"name\":\"kstack\",\"type\":3,\"offset\":8},"                       \
	"{\"name\":\"ustack\",\"type\":3,\"offset\":24}]},"                    \
	"{\"kind\":\"struct\",\"name\":\"key\",\"size\":8,\"members\":["       \
	"{\"name\":\"pid\",\"type\":0,\"offset\":0},"                          \
	"{\"name\":\"kstack\",\"type\":2,\"offset\":4}]}]"
#define STACKS(more) ",\"intepreter\":{\"stack_trace\":{" more "}}"
#define EVENTS(name, more)                                                     \
	"{\"name\":\"" name "\",\"source\":\"ringbuf\",\"value\":4" more "}"
#define COUNTS                                                                 \
	"{\"name\":\"d\",\"source\":\"sample\",\"key\":5,\"value\":1,"         \
	"\"stacks\":\"s\"," SAMPLE STACKS("") "}"
/* Maps with stacks, without them, with stacks without symbols, with ids. */
#define STACKED_MAP EVENTS("a", STACKS(""))
#define PLAIN_MAP EVENTS("b", "")
#define NAMELESS_MAP EVENTS("c", STACKS("\"with_symbols\":false"))
#define HELD_MAPS STACKED_MAP "," PLAIN_MAP "," NAMELESS_MAP "," COUNTS
#define HELD_HEAD HEAD("\"maps\":[" HELD_MAPS "]," HELD_TYPES)

enum { STACKED, PLAIN, NAMELESS, IDS };
enum { PASS = 7 }; /* a kind of the caller */

struct event {
	uint32_t pid, unused;
	uint64_t kstack[2], ustack[2];
};

struct count {
	uint32_t pid;
	int32_t id;
	uint64_t n;
};

struct held_test {
	struct stream_reader r;
	struct symbol_store *symbols;
	struct held_records *q;
};

static void
open_test(struct held_test *t, unsigned int sides)
{
	CHECK_NUM(open_text(&t->r, HELD_HEAD), STREAM_OPENED);
	t->symbols = symbol_store_new();
	t->q = held_records_new(&t->r.header, t->symbols, NULL);
	for (unsigned int i = 0; i < t->r.header.nmaps; i++)
		CHECK_NUM(held_records_add_map(t->q, i, sides), 0);
	CHECK_STR(check_reports, "");
}

static void
close_test(struct held_test *t)
{
	held_records_free(t->q);
	symbol_store_free(t->symbols);
	close_reader(&t->r);
}

static bool
must_wait(struct held_test *t, unsigned int map, const void *data, size_t len)
{
	return held_records_must_wait(t->q, map, data, len);
}

static void
put(struct held_test *t, unsigned int kind, unsigned int map, uint64_t number,
    const void *data, size_t len, uint64_t now)
{
	const struct held_record r = { kind, map, number, data, len };

	CHECK_NUM(held_records_put(t->q, &r, now), 0);
}

/* Takes the first out.  Returns its number, or -1 if it has to wait. */
static int64_t
take(struct held_test *t, uint64_t now)
{
	struct held_record r;

	if (!held_records_first(t->q, now, &r))
		return -1;
	held_records_drop(t->q);
	return (int64_t)r.time_ns;
}

static void
tell(struct held_test *t, uint64_t pid, uint64_t addr, const char *name)
{
	const struct symbol_frame f = { .symbol = name };

	CHECK_NUM(symbol_store_set(t->symbols, pid, addr, &f, name != NULL), 0);
}

static void
a_record_waits_until_all_addresses_are_told(void)
{
	const struct event e = { 42, 0, { 0x10, 0x11 }, { 0x20, 0 } };
	struct held_test t;

	open_test(&t, HELD_BOTH_SIDES);
	CHECK(must_wait(&t, STACKED, &e, sizeof(e)));
	CHECK_NUM(held_records_count(t.q), 0);
	put(&t, HELD_RECORD, STACKED, 1, &e, sizeof(e), 0);
	CHECK_NUM(held_records_count(t.q), 1);
	CHECK_NUM(take(&t, 0), -1);
	tell(&t, 0, 0x10, "f");
	CHECK_NUM(take(&t, 0), -1);
	/* Of another process, and of the kernel. */
	tell(&t, 43, 0x20, "main");
	tell(&t, 0, 0x20, "main");
	tell(&t, 0, 0x11, "g");
	CHECK_NUM(take(&t, 0), -1);
	/* It is told, too, that an address has no name. */
	tell(&t, 42, 0x20, NULL);
	CHECK_NUM(take(&t, 0), 1);
	CHECK_NUM(take(&t, UINT64_MAX), -1);
	CHECK_NUM(held_records_count(t.q), 0);
	CHECK(!must_wait(&t, STACKED, &e, sizeof(e)));
	close_test(&t);
}

static void
what_has_no_names_does_not_wait(void)
{
	const struct event idle = { 0, 0, { 0 }, { 0x20, 0 } };
	const struct event none = { 42, 0, { 0 }, { 0 } };
	const struct event kernel = { 42, 0, { 0x10, 0 }, { 0 } };
	const struct event user = { 42, 0, { 0 }, { 0x20, 0 } };
	struct held_test t;

	open_test(&t, HELD_BOTH_SIDES);
	CHECK(!must_wait(&t, STACKED, &idle, sizeof(idle)));
	CHECK(!must_wait(&t, STACKED, &none, sizeof(none)));
	CHECK(!must_wait(&t, PLAIN, &user, sizeof(user)));
	CHECK(!must_wait(&t, NAMELESS, &user, sizeof(user)));
	CHECK(must_wait(&t, STACKED, &kernel, sizeof(kernel)));
	close_test(&t);

	/* One side is shown, then none. */
	open_test(&t, 1U << STACK_USER);
	CHECK(!must_wait(&t, STACKED, &kernel, sizeof(kernel)));
	CHECK(must_wait(&t, STACKED, &user, sizeof(user)));
	close_test(&t);
	open_test(&t, 0);
	CHECK(!must_wait(&t, STACKED, &user, sizeof(user)));
	close_test(&t);
}

static void
the_order_is_kept(void)
{
	const struct event e = { 42, 0, { 0x10, 0 }, { 0 } };
	const struct event f = { 42, 0, { 0x11, 0 }, { 0 } };
	const uint64_t plain = 5, keys = 3;
	struct held_test t;
	struct held_record r;

	open_test(&t, HELD_BOTH_SIDES);
	tell(&t, 0, 0x11, "g");
	CHECK(!must_wait(&t, PLAIN, &plain, sizeof(plain)));
	put(&t, HELD_RECORD, STACKED, 1, &e, sizeof(e), 0);
	CHECK(must_wait(&t, PLAIN, &plain, sizeof(plain)));
	CHECK(must_wait(&t, STACKED, &f, sizeof(f)));
	put(&t, HELD_RECORD, PLAIN, 2, &plain, sizeof(plain), 0);
	put(&t, PASS, PLAIN, 3, &keys, sizeof(keys), 0);
	put(&t, PASS + 1, PLAIN, 4, "x", 1, 0);
	put(&t, PASS, PLAIN, 5, NULL, 0, 0);
	put(&t, HELD_RECORD, STACKED, 6, &f, sizeof(f), 0);
	CHECK_NUM(take(&t, 0), -1);
	tell(&t, 0, 0x10, "f");
	CHECK_NUM(take(&t, 0), 1);
	CHECK_NUM(take(&t, 0), 2);
	CHECK(held_records_first(t.q, 0, &r));
	CHECK_NUM(r.kind, PASS);
	CHECK_NUM(r.map, PLAIN);
	CHECK_NUM(r.len, sizeof(keys));
	CHECK(memcmp(r.data, &keys, sizeof(keys)) == 0);
	CHECK_NUM(take(&t, 0), 3);
	CHECK(held_records_first(t.q, 0, &r));
	CHECK_NUM(r.len, 1);
	CHECK_NUM(take(&t, 0), 4);
	CHECK_NUM(take(&t, 0), 5);
	CHECK_NUM(take(&t, 0), 6);
	close_test(&t);
}

static void
a_record_waits_a_second_at_most(void)
{
	const struct event e = { 42, 0, { 0x10, 0 }, { 0 } };
	const uint64_t second = 1000000000;
	struct held_test t;

	open_test(&t, HELD_BOTH_SIDES);
	CHECK(held_records_deadline(t.q) == UINT64_MAX);
	put(&t, HELD_RECORD, STACKED, 1, &e, sizeof(e), 5);
	put(&t, HELD_RECORD, STACKED, 2, &e, sizeof(e), 7);
	CHECK_NUM(held_records_deadline(t.q), second + 5);
	CHECK_NUM(take(&t, second + 4), -1);
	CHECK_NUM(take(&t, second + 5), 1);
	CHECK_NUM(take(&t, second + 5), -1);
	CHECK_NUM(held_records_deadline(t.q), second + 7);
	CHECK_NUM(take(&t, UINT64_MAX), 2);
	put(&t, HELD_RECORD, STACKED, 3, &e, sizeof(e), UINT64_MAX - 1);
	CHECK(held_records_deadline(t.q) == UINT64_MAX);
	CHECK_NUM(take(&t, UINT64_MAX - 1), -1);
	close_test(&t);
}

static void
too_many_and_too_large_ones_go_out(void)
{
	const size_t size = 1 << 20;
	const struct event e = { 42, 0, { 0x10, 0 }, { 0 } };
	unsigned char *large = calloc(1, size);
	uint64_t n = 0, out = 0;
	struct held_test t;

	open_test(&t, HELD_BOTH_SIDES);
	for (; n < HELD_RECORDS_MAX; n++)
		put(&t, HELD_RECORD, STACKED, n, &e, sizeof(e), 0);
	CHECK_NUM(take(&t, 0), -1);
	put(&t, HELD_RECORD, STACKED, n, &e, sizeof(e), 0);
	CHECK_NUM(take(&t, 0), 0);
	CHECK_NUM(take(&t, 0), -1);
	while (take(&t, UINT64_MAX) != -1)
		;

	memcpy(large, &e, sizeof(e));
	for (n = 0; n < 100; n++) {
		put(&t, HELD_RECORD, STACKED, n, large, size, 0);
		while (take(&t, 0) != -1)
			out++;
		CHECK(held_records_count(t.q) <= HELD_BYTES_MAX / size);
	}
	CHECK_NUM(held_records_count(t.q) + out, n);
	CHECK(held_records_count(t.q) >= HELD_BYTES_MAX / size - 1);
	close_test(&t);
	free(large);
}

static void
ids_wait_for_the_names_of_their_stacks(void)
{
	const uint64_t first[] = { 0x10, 0x11 }, second[] = { 0x12 };
	const struct count c = { 42, 17, 1 }, error = { 42, -14, 1 };
	struct held_test t;

	open_test(&t, HELD_BOTH_SIDES);
	/* What an id means is told before its record. */
	CHECK(!must_wait(&t, IDS, &c, sizeof(c)));
	CHECK(!must_wait(&t, IDS, &error, sizeof(error)));
	symbol_store_set_stack(t.symbols, "s", 17, first, 2);
	CHECK(must_wait(&t, IDS, &c, sizeof(c)));
	put(&t, HELD_RECORD, IDS, 1, &c, sizeof(c), 0);
	put(&t, PASS, IDS, 2, NULL, 0, 0);
	put(&t, HELD_RECORD, IDS, 3, &c, sizeof(c), 0);
	CHECK_NUM(take(&t, 0), -1);
	tell(&t, 0, 0x10, "f");
	CHECK_NUM(take(&t, 0), -1);
	tell(&t, 0, 0x11, "g");
	CHECK_NUM(take(&t, 0), 1);
	CHECK_NUM(take(&t, 0), 2);
	/* The stack of the next one is looked at when its turn has come. */
	symbol_store_set_stack(t.symbols, "s", 17, second, 1);
	CHECK_NUM(take(&t, 0), -1);
	tell(&t, 0, 0x12, "h");
	CHECK_NUM(take(&t, 0), 3);
	close_test(&t);
}

static void
a_short_record_waits_for_what_it_has(void)
{
	const struct event e = { 42, 0, { 0x10, 0 }, { 0x20, 0x21 } };
	const size_t len = sizeof(e) - 8;
	struct held_record r;
	struct held_test t;

	open_test(&t, HELD_BOTH_SIDES);
	tell(&t, 0, 0x10, "f");
	CHECK(!must_wait(&t, STACKED, &e, len - 8));
	CHECK(must_wait(&t, STACKED, &e, len));
	put(&t, HELD_RECORD, STACKED, 1, &e, len, 0);
	CHECK_NUM(take(&t, 0), -1);
	tell(&t, 42, 0x20, "main");
	CHECK(held_records_first(t.q, 0, &r));
	CHECK_NUM(r.len, len);
	CHECK(memcmp(r.data, &e, len) == 0);
	close_test(&t);
}

/* Only waiting takes time, and no more than it was to last, or little more. */
static void
the_clock_passes_while_it_is_waited(void)
{
	const struct event e = { 42, 0, { 0x10, 0 }, { 0 } };
	const uint64_t second = 1000000000, minute = 60 * second;
	struct held_clock c = { 0 }, file = { .stopped = true };
	struct held_test t;

	open_test(&t, HELD_BOTH_SIDES);
	CHECK_NUM(held_clock_wait_ms(&c, NULL, 5000), 5000);
	CHECK_NUM(held_clock_wait_ms(&c, t.q, 5000), 5000);
	held_clock_note_wait(&c, 0);
	CHECK_NUM(c.now, 0);
	put(&t, HELD_RECORD, STACKED, 1, &e, sizeof(e), c.now);
	CHECK_NUM(held_clock_wait_ms(&c, t.q, 5000), 1000);
	CHECK_NUM(held_clock_wait_ms(&c, t.q, 300), 300);
	CHECK_NUM(held_clock_wait_ms(&file, t.q, 5000), 5000);
	c.checked -= minute;
	held_clock_note_wait(&c, 0);
	CHECK_NUM(c.now, second / 10);
	CHECK_NUM(held_clock_wait_ms(&c, t.q, 5000), 900);
	c.checked -= minute;
	held_clock_note_wait(&c, 500);
	CHECK_NUM(c.now, second / 10 + second * 6 / 10);
	c.checked -= minute;
	held_clock_note_wait(&c, 1000);
	CHECK_NUM(held_clock_wait_ms(&c, t.q, 5000), 0);
	CHECK_NUM(take(&t, c.now), 1);
	file.checked = c.checked - minute;
	held_clock_note_wait(&file, 1000);
	CHECK_NUM(file.now, 0);
	close_test(&t);
}

/* The room of those that went out is used again. */
static void
the_bytes_stay_as_they_are(void)
{
	struct event e = { 42, 0, { 0x10, 0 }, { 0 } };
	unsigned char text[300];
	uint64_t in = 0, out = 0;
	struct held_record r;
	struct held_test t;
	size_t wrong = 0;

	open_test(&t, HELD_BOTH_SIDES);
	while (in < 20000) {
		for (uint64_t i = 0; i < in % 50; i++, in++) {
			memset(text, (int)in, sizeof(text));
			put(&t, PASS, PLAIN, in, text, in % sizeof(text), 0);
		}
		e.ustack[1] = in;
		put(&t, HELD_RECORD, STACKED, in++, &e, sizeof(e), 0);
		while (held_records_count(t.q) > in % 30) {
			if (!held_records_first(t.q, UINT64_MAX, &r))
				break;
			wrong += r.time_ns != out++;
			memset(text, (int)r.time_ns, sizeof(text));
			if (r.kind == HELD_RECORD)
				wrong +=
				    memcmp(r.data + 32, &r.time_ns, 8) != 0;
			else
				wrong += r.len != r.time_ns % sizeof(text) ||
					 memcmp(r.data, text, r.len) != 0;
			held_records_drop(t.q);
		}
	}
	CHECK_NUM(wrong, 0);
	CHECK(in - out == held_records_count(t.q));
	close_test(&t);
}

int
main(void)
{
	a_record_waits_until_all_addresses_are_told();
	what_has_no_names_does_not_wait();
	the_order_is_kept();
	a_record_waits_a_second_at_most();
	too_many_and_too_large_ones_go_out();
	ids_wait_for_the_names_of_their_stacks();
	a_short_record_waits_for_what_it_has();
	the_clock_passes_while_it_is_waited();
	the_bytes_stay_as_they_are();
	return check_done();
}
