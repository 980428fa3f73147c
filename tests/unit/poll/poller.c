/* lib/poll/poller: ring buffers, perf buffers and sampled maps at the same
 * time, and every way to end. */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "base/signals.h"
#include "check.h"
#include "kernel.h"
#include "poll/poller.h"

enum { MAPS = 2, MS = 1000000 };

#define SECOND (UINT64_C(1000) * MS)

/* What a sink received, and what it does. */
struct seen {
	uint64_t records[MAPS], lost[MAPS], passes[MAPS], keys[MAPS];
	uint64_t flushes;
	uint64_t last; /* the first 8 bytes of the last record */
	bool disordered;
	uint64_t earliest, latest; /* times */
	size_t len;
	uint64_t after; /* from this record on the sink's result is: */
	int answer;
	int prog;  /* run this before the first flush, or 0 */
	int tell;  /* write a byte there for each record, or 0 */
	int flood; /* run this twice for each record, and take a millisecond for
		    * every thousandth; or 0 */
};

static int
record(
    void *ctx, unsigned int map, uint64_t time_ns, const void *data, size_t len)
{
	struct seen *s = ctx;
	uint64_t n = 0;

	if (s->flood != 0)
		run(s->flood, 2);
	if (s->flood != 0 && s->records[map] % 1000 == 0)
		usleep(1000);
	if (s->tell != 0)
		must((int)write(s->tell, "", 1), "write");
	if (s->earliest == 0)
		s->earliest = time_ns;
	s->latest = time_ns;
	if (len >= sizeof(n))
		memcpy(&n, data, sizeof(n));
	s->disordered |= n <= s->last;
	s->last = n;
	s->len = len;
	s->records[map]++;
	return s->after != 0 && s->records[map] >= s->after ? s->answer : 0;
}

static int
lost(void *ctx, unsigned int map, uint64_t count)
{
	((struct seen *)ctx)->lost[map] += count;
	return 0;
}

static int
seen_pass(void *ctx, unsigned int map, uint64_t pass, uint64_t keys)
{
	struct seen *s = ctx;

	CHECK_NUM(pass, s->passes[map] + 1);
	s->passes[map] = pass;
	s->keys[map] = keys;
	return 0;
}

static int
flush(void *ctx)
{
	struct seen *s = ctx;

	if (s->flushes++ == 0 && s->prog != 0)
		run(s->prog, 1);
	return 0;
}

static const struct poll_sink sink = {
	.record = record,
	.lost = lost,
	.pass = seen_pass,
	.flush = flush,
};

/* Makes a header and the descriptors of up to two maps. */
struct scene {
	struct stream_header header;
	struct map_fds fds[MAPS];
	struct poller_options options;
	struct poller *poller;
	struct seen seen;
};

static void
scene_begin(struct scene *s)
{
	*s = (struct scene){ 0 };
	must(stream_header_init(&s->header, "unit"), "stream_header_init");
	s->options = (struct poller_options){ .out_fd = -1,
		.in_fd = -1,
		.over_fd = -1,
		.perf_pages = 64,
		.poll_timeout_ms = 100,
		.latency_ns = POLLER_LATENCY_NS,
		.timeout_ns = 20 * SECOND };
}

static struct stream_map *
scene_add(struct scene *s, const char *name, enum stream_source source, int fd)
{
	struct stream_map *m = stream_header_add_map(&s->header, name);

	m->source = source;
	m->key = m->value = TYPE_NONE;
	s->fds[s->header.nmaps - 1] = (struct map_fds){
		.map = fd, .stacks = -1, .lost = -1, .reported = -1, .turn = -1
	};
	return m;
}

/* Makes a sampled map with n u32 keys and u64 values. */
static struct stream_map *
scene_sample(struct scene *s, const char *name, uint64_t ms, uint32_t n)
{
	struct type key = { .kind = TYPE_INT, .size = 4 };
	struct type value = { .kind = TYPE_INT, .size = 8 };
	struct stream_map *m = scene_add(
	    s, name, STREAM_SAMPLE, new_map(BPF_MAP_TYPE_ARRAY, 4, 8, n));

	key.name = strdup("u32");
	value.name = strdup("u64");
	m->key = types_add(&s->header.types, &key, "unit");
	m->value = types_add(&s->header.types, &value, "unit");
	m->polling.interval_ms = ms;
	m->unit = strdup("(unit)");
	return m;
}

static int
scene_ring(struct scene *s, const char *name, int flags)
{
	int map = new_map(BPF_MAP_TYPE_RINGBUF, 0, 0, 1 << 16);

	scene_add(s, name, STREAM_RINGBUF, map);
	return load_ring_writer(map, flags);
}

static void
scene_open(struct scene *s)
{
	s->poller =
	    poller_open(&s->header, s->fds, &s->options, &sink, &s->seen);
	CHECK(s->poller != NULL);
	if (s->poller == NULL)
		exit(1);
}

static void
scene_end(struct scene *s)
{
	poller_close(s->poller);
	for (size_t i = 0; i < s->header.nmaps; i++)
		close(s->fds[i].map);
	stream_header_free(&s->header);
}

static void
a_ring_gives_every_record_once_and_in_order(void)
{
	struct scene s;
	int prog;

	scene_begin(&s);
	prog = scene_ring(&s, "rb", 0);
	s.options.count = 1000;
	scene_open(&s);
	run(prog, 1000);
	CHECK_NUM(poller_run(s.poller), POLLER_COUNTED);
	CHECK_NUM(s.seen.records[0], 1000);
	CHECK_NUM(s.seen.len, 8);
	CHECK(!s.seen.disordered);
	CHECK(s.seen.earliest > 1700000000 * SECOND);
	CHECK(s.seen.latest > s.seen.earliest);
	scene_end(&s);
	close(prog);
}

static void
count_is_exact_and_takes_no_more_out_of_the_ring(void)
{
	struct scene s;
	int prog;

	scene_begin(&s);
	prog = scene_ring(&s, "rb", 0);
	s.options.count = 10;
	scene_open(&s);
	run(prog, 100);
	CHECK_NUM(poller_run(s.poller), POLLER_COUNTED);
	CHECK_NUM(poller_drain(s.poller), 0);
	CHECK_NUM(s.seen.records[0], 10);
	poller_close(s.poller);
	s.options.count = 90;
	scene_open(&s);
	CHECK_NUM(poller_run(s.poller), POLLER_COUNTED);
	CHECK_NUM(s.seen.records[0], 100);
	CHECK(!s.seen.disordered);
	scene_end(&s);
	close(prog);
}

/* A record of 8 bytes has 12: perf rounds the size field and the data together
 * up to a multiple of 8. */
static void
a_perf_buffer_keeps_its_padding(void)
{
	int map = new_map(BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 64);
	int prog = load_perf_writer(map);
	struct scene s;

	scene_begin(&s);
	scene_add(&s, "pb", STREAM_PERF, map);
	s.options.count = 3;
	scene_open(&s);
	run(prog, 3);
	CHECK_NUM(poller_run(s.poller), POLLER_COUNTED);
	CHECK_NUM(s.seen.records[0], 3);
	CHECK_NUM(s.seen.lost[0], 0);
	CHECK_NUM(s.seen.len, 12);
	scene_end(&s);
	close(prog);
}

/* A record of each CPU; the sink takes one and wants no more, again and again.
 */
static void
a_perf_buffer_keeps_what_is_not_wanted_yet(void)
{
	int map = new_map(BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 64);
	int prog = load_perf_writer(map), cpus = libbpf_num_possible_cpus();
	uint64_t records = 0;
	struct scene s;
	cpu_set_t all;

	scene_begin(&s);
	scene_add(&s, "pb", STREAM_PERF, map);
	s.options.timeout_ns = 5 * SECOND;
	s.seen.after = 1;
	s.seen.answer = 1;
	scene_open(&s);
	must(sched_getaffinity(0, sizeof(all), &all), "sched_getaffinity");
	for (int cpu = 0; cpu < cpus; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		stay_on(cpu);
		run(prog, 1);
		records++;
	}
	must(sched_setaffinity(0, sizeof(all), &all), "sched_setaffinity");
	for (uint64_t i = 0; i < records; i++)
		CHECK_NUM(poller_run(s.poller), POLLER_GONE);
	CHECK_NUM(s.seen.records[0], records);
	scene_end(&s);
	close(prog);
}

static void
what_a_perf_buffer_loses_is_counted(uint64_t pages)
{
	int map = new_map(BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 64);
	int prog = load_perf_writer(map);
	struct scene s;

	scene_begin(&s);
	scene_add(&s, "pb", STREAM_PERF, map);
	s.options.perf_pages = pages;
	s.options.timeout_ns = 100 * MS;
	scene_open(&s);
	run(prog, 100);
	CHECK_NUM(poller_run(s.poller), POLLER_TIMEOUT);
	for (int i = 0; i < 3; i++) {
		run(prog, 20000);
		CHECK_NUM(poller_drain(s.poller), 0);
		CHECK(s.seen.lost[0] > 0);
		CHECK_NUM(
		    s.seen.records[0] + s.seen.lost[0], 100 + 20000 * (i + 1));
	}
	scene_end(&s);
	close(prog);
}

static void
samples_keep_their_own_time(void)
{
	struct scene s;
	uint64_t fast;

	scene_begin(&s);
	scene_sample(&s, "fast", 50, 3);
	scene_sample(&s, "slow", 100000, 5);
	s.options.timeout_ns = 600 * MS;
	scene_open(&s);
	CHECK_NUM(poller_run(s.poller), POLLER_TIMEOUT);
	fast = s.seen.passes[0];
	CHECK(fast >= 4 && fast <= 13);
	CHECK_NUM(s.seen.passes[1], 1);
	CHECK_NUM(s.seen.records[0], 3 * fast);
	CHECK_NUM(s.seen.records[1], 5);
	CHECK_NUM(s.seen.keys[1], 5);
	CHECK_NUM(poller_drain(s.poller), 0);
	/* One pass more, and the end of one that the time cut in two. */
	CHECK(s.seen.passes[0] == fast + 1 || s.seen.passes[0] == fast + 2);
	CHECK_NUM(s.seen.passes[1], 2);
	scene_end(&s);
}

static void
a_large_sample_lets_others_go_between(void)
{
	struct scene s;
	int prog;

	scene_begin(&s);
	scene_sample(&s, "large", 1, 300000);
	prog = scene_ring(&s, "rb", 0);
	s.options.count = 5000;
	scene_open(&s);
	run(prog, 1);
	CHECK_NUM(poller_run(s.poller), POLLER_COUNTED);
	CHECK_NUM(s.seen.records[1], 1);
	CHECK_NUM(s.seen.passes[0], 0);
	scene_end(&s);
	close(prog);
}

static void
once_is_one_pass_over_everything(void)
{
	struct scene s;
	int prog;

	scene_begin(&s);
	scene_sample(&s, "m", 1, 3);
	prog = scene_ring(&s, "rb", 0);
	s.options.once = true;
	scene_open(&s);
	run(prog, 100);
	CHECK_NUM(poller_run(s.poller), POLLER_ONCE);
	CHECK_NUM(poller_drain(s.poller), 0);
	CHECK_NUM(s.seen.passes[0], 1);
	CHECK_NUM(s.seen.records[0], 3);
	CHECK_NUM(s.seen.records[1], 100);
	scene_end(&s);
	close(prog);
}

static void
the_last_drain_takes_what_is_there(void)
{
	struct scene s;
	int prog;

	scene_begin(&s);
	prog = scene_ring(&s, "rb", 0);
	s.options.timeout_ns = 1;
	scene_open(&s);
	CHECK_NUM(poller_run(s.poller), POLLER_TIMEOUT);
	run(prog, 4000);
	CHECK_NUM(poller_drain(s.poller), 0);
	CHECK_NUM(s.seen.records[0], 4000);
	scene_end(&s);
	close(prog);
}

/* A ring full of records that did not wake the poller. */
static void
a_look_finds_what_did_not_wake_us(void)
{
	struct scene s;
	int prog;

	scene_begin(&s);
	prog = scene_ring(&s, "rb", BPF_RB_NO_WAKEUP);
	s.options.count = 1;
	scene_open(&s);
	s.seen.prog = prog;
	CHECK_NUM(poller_run(s.poller), POLLER_COUNTED);
	scene_end(&s);
	close(prog);
}

static void
end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Returns whether there were enough passes over the second map. */
static bool
has_passed(void *ctx)
{
	const struct seen *s = ctx;

	return s->passes[1] >= 5;
}

/*
 * Neither a sample that is always due nor the look, which ends it, waits for
 * the ring to be empty: a few turns of 32 kB are between two passes at most.
 * Who reads the ring fills it, so that it is never empty; a poller that waits
 * for that ends when there were far too many records.
 */
static void
a_flooded_ring_starves_nobody(void)
{
	enum { TURN = (32 << 10) / 16, FILL = (64 << 10) / 16 };
	struct scene s;
	int prog;

	scene_begin(&s);
	prog = scene_ring(&s, "rb", 0);
	scene_sample(&s, "m", 1, 1);
	s.options.timeout_ns = 0;
	s.options.poll_timeout_ms = 1;
	s.options.is_over = has_passed;
	s.options.is_over_ctx = &s.seen;
	s.seen.after = 100 * TURN;
	s.seen.answer = -1;
	scene_open(&s);
	run(prog, FILL);
	s.seen.flood = prog;
	CHECK_NUM(poller_run(s.poller), POLLER_INPUT);
	CHECK(s.seen.records[0] > FILL);
	CHECK(s.seen.records[0] <= 4 * TURN * (s.seen.passes[1] + 1));
	/* The drain ends although the flood does not. */
	CHECK_NUM(poller_drain(s.poller), 0);
	scene_end(&s);
	close(prog);
}

/* A child that has made so many records, one after the other; 0 in it. */
static pid_t
trickle_and(int prog, int records)
{
	pid_t pid = must(fork(), "fork");

	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; pid == 0 && i < records; i++) {
		run(prog, 1);
		usleep(100);
	}
	return pid;
}

static pid_t
trickle(int prog, int records)
{
	pid_t pid = trickle_and(prog, records);

	if (pid == 0)
		_exit(0);
	return pid;
}

/* The poller flushes each time before it sleeps. */
static uint64_t
sleeps_of_a_trickle(enum stream_source source, uint64_t latency_ns)
{
	enum { RECORDS = 2000 };
	int map, prog;
	struct scene s;
	pid_t child;

	scene_begin(&s);
	if (source == STREAM_RINGBUF) {
		prog = scene_ring(&s, "rb", 0);
	} else {
		map = new_map(BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 64);
		prog = load_perf_writer(map);
		scene_add(&s, "pb", STREAM_PERF, map);
	}
	s.options.latency_ns = latency_ns;
	s.options.count = RECORDS;
	scene_open(&s);
	child = trickle(prog, RECORDS);
	CHECK_NUM(poller_run(s.poller), POLLER_COUNTED);
	CHECK_NUM(s.seen.records[0], RECORDS);
	CHECK_NUM(s.seen.lost[0], 0);
	waitpid(child, NULL, 0);
	scene_end(&s);
	close(prog);
	return s.seen.flushes;
}

static void
while_records_keep_coming_it_wakes_for_many(enum stream_source source)
{
	uint64_t sleeping = sleeps_of_a_trickle(source, POLLER_LATENCY_NS);

	CHECK(sleeping < 1000);
	CHECK(sleeping < sleeps_of_a_trickle(source, 0));
}

/* A child that makes many records, and then few: each when the one before was
 * seen, which fd says, and some time has passed. */
static pid_t
many_then_few(int prog, int fd, int many, int few)
{
	pid_t pid = trickle_and(prog, many);
	char byte;

	if (pid != 0)
		return pid;
	for (int i = 0; i < many + few; i++) {
		must((int)read(fd, &byte, 1), "read");
		if (i + 1 < many)
			continue;
		usleep(30000);
		run(prog, 1);
	}
	_exit(0);
}

/*
 * A perf buffer that wakes nobody while records keep coming does it again
 * afterwards; else each would be found by the look alone, once a second.
 */
static void
after_naps_a_record_wakes_at_once(void)
{
	enum { MANY = 300, FEW = 50 };
	int map = new_map(BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 64);
	int prog = load_perf_writer(map), ends[2];
	struct scene s;
	pid_t child;

	must(pipe(ends), "pipe");
	scene_begin(&s);
	scene_add(&s, "pb", STREAM_PERF, map);
	s.options.poll_timeout_ms = 1000;
	s.options.count = MANY + FEW;
	s.seen.tell = ends[1];
	scene_open(&s);
	child = many_then_few(prog, ends[0], MANY, FEW);
	CHECK_NUM(poller_run(s.poller), POLLER_COUNTED);
	CHECK_NUM(poller_report_lost(s.poller), 0);
	CHECK_NUM(s.seen.lost[0], 0);
	end_child(child);
	close(ends[0]);
	close(ends[1]);
	scene_end(&s);
	close(prog);
}

static void
a_reader_that_leaves_is_noticed_without_traffic(void)
{
	struct scene s;
	int ends[2];
	pid_t child;

	must(pipe(ends), "pipe");
	scene_begin(&s);
	scene_ring(&s, "rb", 0);
	s.options.out_fd = ends[1];
	scene_open(&s);
	child = must(fork(), "fork");
	if (child == 0) {
		usleep(50000);
		_exit(0);
	}
	close(ends[0]);
	CHECK_NUM(poller_run(s.poller), POLLER_GONE);
	CHECK_NUM(poller_drain(s.poller), 0);
	waitpid(child, NULL, 0);
	close(ends[1]);
	scene_end(&s);
}

static void
the_end_of_the_input_ends_and_its_text_does_not(void)
{
	struct scene s;
	int ends[2];
	pid_t child;

	must(pipe(ends), "pipe");
	scene_begin(&s);
	scene_ring(&s, "rb", 0);
	s.options.in_fd = ends[0];
	scene_open(&s);
	child = must(fork(), "fork");
	if (child == 0) {
		must((int)write(ends[1], "text\n", 5), "write");
		usleep(50000);
		_exit(0);
	}
	close(ends[1]);
	CHECK_NUM(poller_run(s.poller), POLLER_INPUT);
	waitpid(child, NULL, 0);
	close(ends[0]);
	scene_end(&s);
}

static void
a_regular_file_as_input_or_output_ends_nothing(void)
{
	FILE *file = tmpfile();
	struct scene s;

	scene_begin(&s);
	scene_ring(&s, "rb", 0);
	s.options.in_fd = fileno(file);
	s.options.out_fd = dup(fileno(file));
	s.options.timeout_ns = 50 * MS;
	scene_open(&s);
	CHECK_NUM(poller_run(s.poller), POLLER_TIMEOUT);
	close(s.options.out_fd);
	fclose(file);
	scene_end(&s);
}

static bool
over(void *ctx)
{
	int *looks = ctx;

	return ++*looks == 3;
}

static void
what_is_over_ends(void)
{
	struct scene s;
	int looks = 0;

	scene_begin(&s);
	scene_ring(&s, "rb", 0);
	s.options.is_over = over;
	s.options.is_over_ctx = &looks;
	s.options.poll_timeout_ms = 0; /* at least a millisecond */
	scene_open(&s);
	CHECK_NUM(poller_run(s.poller), POLLER_INPUT);
	CHECK_NUM(looks, 3);
	scene_end(&s);
}

static void
the_sink_can_end_it(int answer, enum poller_end end, int drained)
{
	struct scene s;
	int prog;

	scene_begin(&s);
	prog = scene_ring(&s, "rb", 0);
	s.seen.after = 5;
	s.seen.answer = answer;
	scene_open(&s);
	run(prog, 100);
	CHECK_NUM(poller_run(s.poller), end);
	CHECK_NUM(poller_drain(s.poller), drained);
	CHECK_NUM(s.seen.records[0], 5);
	scene_end(&s);
	close(prog);
}

static void
ignore(int sig)
{
	(void)sig;
}

static void
a_storm_of_signals_is_harmless(void)
{
	struct itimerval storm = { { 0, 1000 }, { 0, 1000 } }, none = { 0 };
	struct sigaction sa = { .sa_handler = ignore };
	struct scene s;
	int prog;

	scene_begin(&s);
	prog = scene_ring(&s, "rb", 0);
	scene_sample(&s, "m", 20, 1);
	s.options.timeout_ns = 400 * MS;
	scene_open(&s);
	run(prog, 1000);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &storm, NULL);
	CHECK_NUM(poller_run(s.poller), POLLER_TIMEOUT);
	setitimer(ITIMER_REAL, &none, NULL);
	CHECK_NUM(s.seen.records[0], 1000);
	CHECK(s.seen.passes[1] > 3);
	scene_end(&s);
	close(prog);
}

static void
each_stopping_signal_stops(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct scene s;
	int status;
	pid_t pid;

	for (size_t i = 0; i < nitems(signals); i++) {
		scene_begin(&s);
		scene_ring(&s, "rb", 0);
		scene_open(&s);
		pid = must(fork(), "fork");
		if (pid == 0) {
			signals_catch();
			raise(signals[i]);
			_exit(100 + (int)poller_run(s.poller));
		}
		waitpid(pid, &status, 0);
		CHECK(WIFEXITED(status));
		CHECK_NUM(WEXITSTATUS(status), 100 + POLLER_STOPPED);
		scene_end(&s);
	}
}

static void
refused(struct scene *s, const char *message)
{
	check_forget();
	s->poller =
	    poller_open(&s->header, s->fds, &s->options, &sink, &s->seen);
	CHECK(s->poller == NULL);
	CHECK_SAID(message);
	scene_end(s);
}

static void
a_map_that_is_not_as_announced_is_refused(void)
{
	struct scene s;

	scene_begin(&s);
	scene_add(
	    &s, "rb", STREAM_RINGBUF, new_map(BPF_MAP_TYPE_HASH, 4, 8, 1));
	refused(&s, "map rb: it is a map of type hash, not ringbuf");
	scene_begin(&s);
	scene_add(
	    &s, "pb", STREAM_PERF, new_map(BPF_MAP_TYPE_RINGBUF, 0, 0, 4096));
	refused(
	    &s, "map pb: it is a map of type ringbuf, not perf_event_array");
	scene_begin(&s);
	scene_sample(&s, "m", 10, 1);
	close(s.fds[0].map);
	s.fds[0].map = new_map(BPF_MAP_TYPE_HASH, 4, 4, 1);
	refused(&s, "map m: its keys have 4 and its values 4 bytes, "
		    "the header says 4 and 8");
	scene_begin(&s);
	scene_sample(&s, "m", 10, 1)->cpus = 2;
	refused(&s, "map m: it has the values of 0 CPUs, the header says 2");
}

int
main(void)
{
	need_kernel();
	a_ring_gives_every_record_once_and_in_order();
	count_is_exact_and_takes_no_more_out_of_the_ring();
	a_perf_buffer_keeps_its_padding();
	a_perf_buffer_keeps_what_is_not_wanted_yet();
	what_a_perf_buffer_loses_is_counted(1);
	what_a_perf_buffer_loses_is_counted(3);
	samples_keep_their_own_time();
	a_large_sample_lets_others_go_between();
	once_is_one_pass_over_everything();
	the_last_drain_takes_what_is_there();
	a_look_finds_what_did_not_wake_us();
	a_flooded_ring_starves_nobody();
	while_records_keep_coming_it_wakes_for_many(STREAM_RINGBUF);
	while_records_keep_coming_it_wakes_for_many(STREAM_PERF);
	after_naps_a_record_wakes_at_once();
	a_reader_that_leaves_is_noticed_without_traffic();
	the_end_of_the_input_ends_and_its_text_does_not();
	a_regular_file_as_input_or_output_ends_nothing();
	what_is_over_ends();
	the_sink_can_end_it(1, POLLER_GONE, 0);
	the_sink_can_end_it(-1, POLLER_FAILED, -1);
	a_storm_of_signals_is_harmless();
	each_stopping_signal_stops();
	a_map_that_is_not_as_announced_is_refused();
	return check_done();
}
