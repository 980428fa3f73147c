/* Sequences: what is missing is told, once, and not too early. */
#include <string.h>

#include "check.h"
#include "poll/sequence.h"

static struct sequence q;

static void
begin(size_t size)
{
	CHECK_NUM(sequence_open(&q, "rb", 4, size, -1), 0);
}

static void
take(uint64_t number)
{
	unsigned char record[12] = { 0 };

	memcpy(record + 4, &number, sizeof(number));
	sequence_take(&q, record, 4 + q.size);
}

static void
take_range(uint64_t from, uint64_t to)
{
	for (uint64_t n = from; n < to; n++)
		take(n);
}

/* A look that need not wait. */
static uint64_t
look(void)
{
	q.due = 0;
	return sequence_look(&q);
}

static void
test_gap(void)
{
	begin(8);
	take_range(3, 10);
	CHECK_NUM(look(), 0);
	CHECK_NUM(look(), 0);
	CHECK_NUM(look(), 3);
	CHECK_NUM(look(), 0);
	take(20);
	sequence_settle(&q);
	CHECK_NUM(look(), 10);
	sequence_close(&q);
}

/* One that comes within two looks is no loss. */
static void
test_overtaken(void)
{
	begin(8);
	take(2);
	CHECK_NUM(look(), 0);
	take(0);
	take(3);
	CHECK_NUM(look(), 0);
	take(1);
	for (int i = 0; i < 4; i++)
		CHECK_NUM(look(), 0);
	sequence_close(&q);
}

/* One that was told as lost makes up for the next that is. */
static void
test_late(void)
{
	begin(8);
	take(5);
	sequence_settle(&q);
	CHECK_NUM(look(), 5);
	take(3);
	take(4);
	take(7);
	sequence_settle(&q);
	CHECK_NUM(look(), 0);
	take(10);
	sequence_settle(&q);
	CHECK_NUM(look(), 1);
	sequence_close(&q);
}

static void
test_looks_wait(void)
{
	begin(8);
	take(1);
	CHECK_NUM(look(), 0);
	for (int i = 0; i < 10; i++)
		CHECK_NUM(sequence_look(&q), 0);
	CHECK_NUM(sequence_count(&q), 0);
	sequence_settle(&q);
	CHECK_NUM(sequence_count(&q), 1);
	CHECK_NUM(sequence_count(&q), 0);
	sequence_close(&q);
}

static void
test_wrap(void)
{
	uint64_t from = UINT32_MAX - 5;

	begin(4);
	take(INT32_MAX);
	take(from);
	sequence_settle(&q);
	CHECK_NUM(look(), from - 1);
	/* Of the ten around the end one is missing and two come late. */
	for (uint64_t n = from + 1; n < from + 11; n++)
		if (n != from + 3 && n != from + 4 && n != from + 8)
			take(n);
	CHECK_NUM(look(), 0);
	take(from + 8);
	take(from + 3);
	sequence_settle(&q);
	CHECK_NUM(look(), 1);
	sequence_close(&q);
}

/* The sums are enough, whatever comes. */
static void
test_no_sequence(void)
{
	begin(8);
	take(0);
	take(4);
	take(UINT64_C(1) << 60);
	take_range(0, 3);
	sequence_settle(&q);
	CHECK_NUM(look(), 0);
	take(100);
	sequence_settle(&q);
	CHECK_NUM(look(), 0);
	CHECK(q.noticed);
	sequence_close(&q);

	begin(8);
	take_range(0, 9);
	take(0);
	CHECK_NUM(look(), 0);
	CHECK(q.noticed);
	sequence_close(&q);

	begin(8);
	take(0);
	take(UINT64_MAX);
	CHECK_NUM(look(), 0);
	CHECK(q.noticed);
	sequence_close(&q);
}

/* A record that is too short has no number. */
static void
test_short(void)
{
	unsigned char record[12] = { 0 };

	begin(8);
	sequence_take(&q, record, 11);
	sequence_take(&q, record, 0);
	CHECK_NUM(q.own.high, 0);
	sequence_take(&q, record, 12);
	CHECK_NUM(q.own.high, 1);
	sequence_close(&q);
}

int
main(void)
{
	test_gap();
	test_overtaken();
	test_late();
	test_looks_wait();
	test_wrap();
	test_no_sequence();
	test_short();
	return check_done();
}
