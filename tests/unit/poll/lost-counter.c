/* lib/poll/lost-counter: each record that did not fit into a ring is reported
 * once. */
#include <string.h>

#include "check.h"
#include "kernel.h"
#include "poll/lost-counter.h"
#include "poll/poller.h"

static int cpus, fd;

/* Sets the number of records that a CPU has lost. */
static void
set_lost(int cpu, uint64_t lost)
{
	uint64_t *values = calloc((size_t)cpus, sizeof(*values));
	uint32_t key = 0;

	must(values == NULL ? -1 : 0, "calloc");
	must(bpf_map_lookup_elem(fd, &key, values), "look up");
	values[cpu] = lost;
	must(bpf_map_update_elem(fd, &key, values, BPF_ANY), "update");
	free(values);
}

static uint64_t
take(struct lost_counter *c)
{
	uint64_t more = UINT64_MAX;

	CHECK_NUM(lost_counter_read(c, &more), 0);
	return more;
}

static void
test_sum_of_cpus(void)
{
	struct lost_counter c;
	uint64_t more;

	set_lost(0, 5);
	CHECK_NUM(lost_counter_open(&c, "rb", NULL, fd, -1), 0);
	CHECK_NUM(take(&c), 0);
	set_lost(0, 7);
	CHECK_NUM(take(&c), 2);
	CHECK_NUM(take(&c), 0);
	/* Not every check reads the kernel's counter, but no loss is reported
	 * twice or forgotten. */
	set_lost(0, 100);
	CHECK_NUM(lost_counter_poll(&c, &more), 0);
	CHECK_NUM(more + take(&c), 93);
	if (cpus > 1) {
		set_lost(cpus - 1, UINT64_C(1) << 40);
		CHECK_NUM(take(&c), UINT64_C(1) << 40);
		set_lost(cpus - 1, 0);
	}
	lost_counter_close(&c);
}

/* Two readers of a session at the same time, and one after them. */
static void
test_told_once(void)
{
	struct lost_counter a, b;
	int reported;

	set_lost(0, 3);
	reported = must(lost_counter_new_reported("rb", fd, true),
	    "lost_counter_new_reported");
	CHECK_NUM(lost_counter_open(&a, "rb", NULL, fd, reported), 0);
	CHECK_NUM(lost_counter_open(&b, "rb", NULL, fd, reported), 0);
	CHECK_NUM(take(&a), 3);
	CHECK_NUM(take(&b), 0);
	set_lost(0, 10);
	CHECK_NUM(take(&b), 7);
	CHECK_NUM(take(&a), 0);
	lost_counter_close(&a);
	lost_counter_close(&b);
	set_lost(0, 11);
	CHECK_NUM(lost_counter_open(&a, "rb", NULL, fd, reported), 0);
	CHECK_NUM(take(&a), 1);
	/* Another reader has told of more than this one sees. */
	set_lost(0, 10);
	CHECK_NUM(take(&a), 0);
	set_lost(0, 11);
	lost_counter_close(&a);
	close(reported);
	/* This counter is older than the session. */
	reported = must(lost_counter_new_reported("rb", fd, false),
	    "lost_counter_new_reported");
	CHECK_NUM(lost_counter_open(&a, "rb", NULL, fd, reported), 0);
	CHECK_NUM(take(&a), 0);
	lost_counter_close(&a);
	close(reported);
}

static int
add_lost(void *ctx, unsigned int map, uint64_t count)
{
	(void)map;
	*(uint64_t *)ctx += count;
	return 0;
}

/* The last count is read even if the next check is not due. */
static void
test_last_count(void)
{
	const struct poll_sink sink = { .lost = add_lost };
	struct stream_header h = { 0 };
	const struct map_fds fds = {
		.map = new_map(BPF_MAP_TYPE_RINGBUF, 0, 0, 4096),
		.stacks = -1,
		.lost = fd,
		.reported = -1,
		.turn = -1,
	};
	const struct poller_options o = {
		.once = true, .out_fd = -1, .in_fd = -1, .poll_timeout_ms = 1000
	};
	struct poller *p;
	uint64_t lost = 0;

	CHECK(stream_header_add_map(&h, "rb") != NULL);
	p = poller_open(&h, &fds, &o, &sink, &lost);
	must(p == NULL ? -1 : 0, "poller_open");
	if (p == NULL)
		return;
	set_lost(0, 20);
	CHECK_NUM(poller_run(p), POLLER_ONCE);
	CHECK_NUM(lost, 9);
	set_lost(0, 21);
	CHECK_NUM(poller_report_lost(p), 0);
	CHECK_NUM(lost, 10);
	set_lost(0, 22);
	CHECK_NUM(poller_drain(p), 0);
	CHECK_NUM(lost, 11);
	poller_close(p);
	close(fds.map);
	stream_header_free(&h);
}

int
main(void)
{
	need_kernel();
	cpus = must(libbpf_num_possible_cpus(), "number of CPUs");
	fd = new_map(
	    BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(uint32_t), sizeof(uint64_t), 1);
	test_sum_of_cpus();
	test_told_once();
	test_last_count();
	return check_done();
}
