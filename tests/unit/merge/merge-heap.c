/* The heap of inputs and the queue of one, beside a sort of all. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "merge/merge-heap.h"
#include "merge/merge-queue.h"

enum { INPUTS = 200, STEPS = 20000, RECORDS = 5000 };

static struct merge_pool *pool;

static uint64_t
any(uint64_t n)
{
	static uint64_t x = 88172645463325252ULL;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x % n;
}

/* The first of all inputs by a search. */
static size_t
find_least(const uint64_t *times, const bool *in)
{
	size_t least = INPUTS;

	for (size_t i = 0; i < INPUTS; i++)
		if (in[i] && (least == INPUTS || times[i] < times[least]))
			least = i;
	return least;
}

static void
the_first_is_the_least_whatever_changes(void)
{
	struct merge_top room[INPUTS];
	struct merge_heap h = { .v = room };
	uint64_t times[INPUTS] = { 0 };
	bool in[INPUTS] = { false };

	for (int step = 0; step < STEPS; step++) {
		size_t i = any(INPUTS), least = find_least(times, in);

		if (!in[i]) {
			times[i] = any(1000);
			in[i] = true;
			merge_heap_add(&h, (struct merge_top){ times[i], i });
		} else if (any(3) == 0) {
			times[i] -= any(times[i] + 1);
			merge_heap_lower(&h, (struct merge_top){ times[i], i });
		} else if (any(2) == 0) {
			times[least] += any(500);
			merge_heap_replace_first(&h, times[least]);
		} else {
			in[least] = false;
			merge_heap_drop_first(&h);
		}
		least = find_least(times, in);
		CHECK_NUM(h.n > 0 ? h.v[0].input : INPUTS, least);
	}
}

static int
put(struct merge_queue *q, enum merge_kind kind, uint64_t time_ns,
    const char *text)
{
	return merge_queue_put(q,
	    &(struct merge_item){ .kind = kind,
		.time_ns = time_ns,
		.len = (uint32_t)strlen(text) },
	    text);
}

/* What comes out, one behind the other. */
static const char *
take(struct merge_queue *q, bool last)
{
	static char all[1024];
	const struct merge_item *item;
	size_t n = 0;

	while ((item = merge_queue_first(q, last)) != NULL) {
		memcpy(all + n, merge_item_text(item), item->len);
		n += item->len;
		merge_queue_drop(q);
	}
	all[n] = '\0';
	return all;
}

static void
lines_keep_their_places_among_records(void)
{
	struct merge_queue *q = merge_queue_new(pool);

	/* What came before any record waits for one. */
	CHECK_NUM(put(q, MERGE_NAMES, 0, "n"), 0);
	CHECK_NUM(put(q, MERGE_CONTROL, 0, "c"), 0);
	CHECK_STR(take(q, false), "");
	CHECK_NUM(put(q, MERGE_RECORD, 10, "A"), 0);
	CHECK_NUM(put(q, MERGE_CONTROL, 0, "d"), 0);
	CHECK_NUM(put(q, MERGE_RECORD, 12, "B"), 0);
	/* Names come before every record behind them, and a record that came
	 * late comes before those of later times. */
	CHECK_NUM(put(q, MERGE_NAMES, 0, "m"), 0);
	CHECK_NUM(put(q, MERGE_RECORD, 11, "C"), 0);
	CHECK_NUM(put(q, MERGE_RECORD, 12, "D"), 0);
	CHECK_NUM(merge_queue_latest(q), 12);
	CHECK_STR(take(q, false), "ncAdmCBD");
	CHECK_NUM(put(q, MERGE_RECORD, 5, "E"), 0);
	CHECK_NUM(put(q, MERGE_NAMES, 0, "o"), 0);
	CHECK_STR(take(q, false), "E");
	CHECK_STR(take(q, true), "o");
	CHECK_NUM(merge_queue_bytes(q), 0);
	merge_queue_free(q);
}

struct record {
	uint64_t time_ns;
	int number;
};

static int
compare(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return x->number - y->number;
}

static void
records_come_out_sorted(void)
{
	struct merge_queue *q = merge_queue_new(pool);
	static struct record all[RECORDS];
	const struct merge_item *item;

	for (int i = 0; i < RECORDS; i++) {
		all[i] = (struct record){ any(RECORDS), i };
		CHECK_NUM(merge_queue_put(q,
			      &(struct merge_item){ .time_ns = all[i].time_ns,
				  .len = sizeof(all[i]) },
			      (const char *)&all[i]),
		    0);
	}
	qsort(all, RECORDS, sizeof(*all), compare);
	for (int i = 0; i < RECORDS; i++) {
		item = merge_queue_first(q, false);
		CHECK(item != NULL && memcmp(merge_item_text(item), &all[i],
					  sizeof(all[i])) == 0);
		merge_queue_drop(q);
	}
	CHECK(merge_queue_first(q, true) == NULL);
	merge_queue_free(q);
}

/* One record of the far future stays, and what goes behind it is freed. */
static void
a_record_that_stays_holds_no_memory(void)
{
	struct merge_queue *q = merge_queue_new(pool);
	const struct merge_item *item;
	char text[1000] = { 0 };

	CHECK_NUM(put(q, MERGE_RECORD, UINT64_MAX, "far"), 0);
	for (int i = 0; i < 100000; i++) {
		CHECK_NUM(merge_queue_put(q,
			      &(struct merge_item){
				  .time_ns = (uint64_t)i, .len = sizeof(text) },
			      text),
		    0);
		item = merge_queue_first(q, false);
		CHECK_NUM(item != NULL ? item->time_ns : 0, i);
		merge_queue_drop(q);
		CHECK(merge_queue_bytes(q) < 4 << 20);
	}
	CHECK_STR(take(q, false), "far");
	merge_queue_free(q);
}

int
main(void)
{
	pool = merge_pool_new();
	the_first_is_the_least_whatever_changes();
	lines_keep_their_places_among_records();
	records_come_out_sorted();
	a_record_that_stays_holds_no_memory();
	merge_pool_free(pool);
	return check_done();
}
