/* lib/poll/map-walk: maps of every kind, keys that appear and disappear, and
 * clearing. */
#include <sys/wait.h>

#include "base/buf.h"
#include "check.h"
#include "kernel.h"
#include "poll/map-walk.h"

enum { KEYS = 5000 };

struct seen {
	uint64_t records, sum, keys;
	uint64_t times[KEYS + 1]; /* how often each key was seen */
	size_t len;
	int counts;  /* a map to count() in at each record, or 0 */
	int counter; /* the program that counts */
	int vanish;  /* a map to empty at the first record, or 0 */
	uint64_t stop_after;
};

static int
open_walk(struct map_walk *w, const char *name, int fd, bool clear)
{
	const struct map_walk_options o = { .clear = clear };

	return map_walk_open(w, name, fd, &o);
}

static void
delete_all(int map, uint32_t from, uint32_t to)
{
	for (uint32_t k = from; k < to; k++)
		bpf_map_delete_elem(map, &k);
}

/* Adds n to the value of key 0, which is made if it does not exist. */
static void
count(int map, int counter, int n)
{
	uint32_t key = 0;
	uint64_t zero = 0;

	bpf_map_update_elem(map, &key, &zero, BPF_NOEXIST);
	run(counter, n);
}

static int
take(void *ctx, const void *data, size_t len)
{
	struct seen *s = ctx;
	const unsigned char *bytes = data;
	uint32_t key;
	uint64_t n;

	memcpy(&key, bytes, sizeof(key));
	if (key < KEYS)
		s->times[key]++;
	for (size_t at = sizeof(key); at + 8 <= len; at += 8) {
		memcpy(&n, bytes + at, sizeof(n));
		s->sum += n;
	}
	s->len = len;
	s->records++;
	if (s->counts != 0)
		count(s->counts, s->counter, 10);
	if (s->vanish != 0)
		delete_all(s->vanish, 0, KEYS);
	s->vanish = 0;
	return s->records == s->stop_after ? 7 : 0;
}

static int
pass(struct map_walk *s, struct seen *seen)
{
	int ret = 0;

	map_walk_start(s);
	while (s->running && ret == 0)
		ret = map_walk_step(s, take, seen);
	return ret;
}

static void
fill(int map, uint32_t keys, uint64_t value)
{
	for (uint32_t k = 0; k < keys; k++)
		must(bpf_map_update_elem(map, &k, &value, BPF_ANY), "update");
}

/* Makes an array that can be mapped. */
static int
new_mappable(uint32_t value_size, uint32_t max_entries)
{
	LIBBPF_OPTS(bpf_map_create_opts, o, .map_flags = BPF_F_MMAPABLE);

	return must(bpf_map_create(BPF_MAP_TYPE_ARRAY, "skel_unit", 4,
			value_size, max_entries, &o),
	    "bpf_map_create");
}

static void
every_key_is_seen_once(int map, bool clear)
{
	struct seen seen = { 0 };
	struct map_walk s;

	fill(map, KEYS, 3);
	CHECK_NUM(open_walk(&s, "m", map, clear), 0);
	CHECK_NUM(s.cpus, 0);
	CHECK_NUM(pass(&s, &seen), 0);
	CHECK_NUM(seen.records, KEYS);
	CHECK_NUM(s.seen, KEYS);
	CHECK_NUM(seen.sum, 3 * KEYS);
	CHECK_NUM(seen.len, 12);
	for (size_t i = 0; i < KEYS; i++)
		CHECK_NUM(seen.times[i], 1);
	map_walk_close(&s);
	close(map);
}

/* The fallback for old kernels, which this kernel does not use. */
static void
without_batches_all_is_the_same(bool clear)
{
	int map = new_map(BPF_MAP_TYPE_HASH, 4, 8, KEYS);
	struct seen seen = { 0 }, again = { 0 };
	struct map_walk s;

	fill(map, KEYS, 3);
	CHECK_NUM(open_walk(&s, "m", map, clear), 0);
	s.way = MAP_WALK_BY_KEY;
	CHECK_NUM(pass(&s, &seen), 0);
	CHECK_NUM(seen.records, KEYS);
	CHECK_NUM(seen.sum, 3 * KEYS);
	for (size_t i = 0; i < KEYS; i++)
		CHECK_NUM(seen.times[i], 1);
	CHECK_NUM(pass(&s, &again), 0);
	CHECK_NUM(again.records, clear ? 0 : KEYS);
	map_walk_close(&s);
	close(map);
}

/* An LPM trie is walked key by key; its key starts with the prefix length. */
static void
a_trie_is_walked(bool clear)
{
	LIBBPF_OPTS(bpf_map_create_opts, o, .map_flags = BPF_F_NO_PREALLOC);
	int map = must(
	    bpf_map_create(BPF_MAP_TYPE_LPM_TRIE, "skel_unit", 8, 8, 100, &o),
	    "trie");
	struct seen seen = { 0 }, again = { 0 };
	struct map_walk s;
	uint64_t one = 1;

	for (uint32_t i = 0; i < 100; i++) {
		uint32_t key[2] = { 32, i };
		must(bpf_map_update_elem(map, key, &one, BPF_ANY), "update");
	}
	CHECK_NUM(open_walk(&s, "m", map, clear), 0);
	CHECK_NUM(pass(&s, &seen), 0);
	CHECK_NUM(seen.records, 100);
	CHECK_NUM(seen.len, 16);
	CHECK_NUM(pass(&s, &again), 0);
	CHECK_NUM(again.records, clear ? 0 : 100);
	map_walk_close(&s);
	close(map);
}

static void
per_cpu_values_add_up(enum bpf_map_type type)
{
	int cpus = libbpf_num_possible_cpus();
	int map = new_map(type, 4, 8, 1), prog = load_counter(map);
	uint64_t *zeros = calloc((size_t)cpus, sizeof(*zeros));
	struct seen seen = { 0 };
	uint64_t total = 0;
	uint32_t key = 0;
	struct map_walk s;
	cpu_set_t all;

	must(bpf_map_update_elem(map, &key, zeros, BPF_ANY), "update");
	must(sched_getaffinity(0, sizeof(all), &all), "sched_getaffinity");
	for (int cpu = 0; cpu < cpus; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		stay_on(cpu);
		run(prog, 100 * (cpu + 1));
		total += 100 * ((uint64_t)cpu + 1);
	}
	must(sched_setaffinity(0, sizeof(all), &all), "sched_setaffinity");
	CHECK_NUM(open_walk(&s, "m", map, false), 0);
	CHECK_NUM(s.cpus, cpus);
	CHECK_NUM(pass(&s, &seen), 0);
	CHECK_NUM(seen.records, 1);
	CHECK_NUM(seen.len, 4 + 8 * (uint64_t)cpus);
	CHECK_NUM(seen.sum, total);
	map_walk_close(&s);
	free(zeros);
	close(prog);
	close(map);
}

/* A per-CPU value of 5 bytes takes 8 for each CPU. */
static void
per_cpu_values_are_rounded_up(void)
{
	int cpus = libbpf_num_possible_cpus();
	int map = new_map(BPF_MAP_TYPE_PERCPU_ARRAY, 4, 5, 3);
	struct seen seen = { 0 };
	struct map_walk s;

	CHECK_NUM(open_walk(&s, "m", map, false), 0);
	CHECK_NUM(pass(&s, &seen), 0);
	CHECK_NUM(seen.records, 3);
	CHECK_NUM(seen.len, 4 + 8 * (uint64_t)cpus);
	map_walk_close(&s);
	close(map);
}

static void
keys_that_vanish_are_skipped(enum map_walk_way way)
{
	int map = new_map(BPF_MAP_TYPE_HASH, 4, 8, KEYS);
	struct seen seen = { .vanish = map };
	struct map_walk s;

	fill(map, KEYS, 1);
	CHECK_NUM(open_walk(&s, "m", map, false), 0);
	s.way = way;
	CHECK_NUM(pass(&s, &seen), 0);
	CHECK(seen.records > 0 && seen.records < KEYS);
	map_walk_close(&s);
	close(map);
}

/* Counts that are made while a pass hands on its records must be in this pass
 * or the next, since the pass has already removed the elements from the map. */
static void
clearing_loses_no_counts(int map)
{
	int prog = load_counter(map);
	struct seen seen = { .counts = map, .counter = prog };
	uint64_t produced = 0;
	struct map_walk s;

	CHECK_NUM(open_walk(&s, "m", map, true), 0);
	for (int round = 0; round < 5; round++) {
		count(map, prog, 1000);
		produced += 1000;
		CHECK_NUM(pass(&s, &seen), 0);
	}
	produced += 10 * seen.records;
	seen.counts = 0;
	CHECK_NUM(pass(&s, &seen), 0);
	CHECK_NUM(seen.sum, produced);
	map_walk_close(&s);
	close(prog);
	close(map);
}

/* Two writers on a CPU each, while passes read and clear what they count. */
static void
a_mapped_array_is_taken_under_its_writers(void)
{
	enum { WRITERS = 2, RUNS = 200, TIMES = 1000 };
	int map = new_mappable(8, 4), prog = load_counter(map), left = WRITERS;
	struct seen seen = { 0 };
	struct map_walk s;

	CHECK_NUM(open_walk(&s, "m", map, true), 0);
	CHECK_NUM(s.way, MAP_WALK_MAPPED);
	for (int i = 0; i < WRITERS; i++)
		if (must(fork(), "fork") == 0) {
			for (int n = 0; n < RUNS; n++)
				run(prog, TIMES);
			_exit(0);
		}
	while (left > 0) {
		left -= waitpid(-1, NULL, WNOHANG) > 0;
		CHECK_NUM(pass(&s, &seen), 0);
	}
	CHECK_NUM(seen.sum, WRITERS * RUNS * TIMES);
	map_walk_close(&s);
	close(prog);
	close(map);
}

static int
take_bytes(void *ctx, const void *data, size_t len)
{
	struct buf *all = ctx;

	buf_add(all, data, len);
	return 0;
}

/* Collects all keys and values of a map. */
static void
read_bytes(int map, bool clear, struct buf *all)
{
	struct map_walk s;

	all->len = 0;
	CHECK_NUM(open_walk(&s, "m", map, clear), 0);
	map_walk_start(&s);
	while (s.running)
		CHECK_NUM(map_walk_step(&s, take_bytes, all), 0);
	map_walk_close(&s);
}

/* An array gives the same bytes mapped or looked up. */
static void
values_of_any_size_are_whole(void)
{
	static const uint32_t sizes[] = { 1, 4, 5, 8, 12, 16, 129 };
	struct buf mapped = { 0 }, looked_up = { 0 };
	unsigned char value[129];

	for (size_t i = 0; i < nitems(sizes); i++) {
		int a = new_mappable(sizes[i], 700);
		int b = new_map(BPF_MAP_TYPE_ARRAY, 4, sizes[i], 700);

		for (uint32_t k = 0; k < 700; k++) {
			memset(value, (int)(k % 251 + 1), sizeof(value));
			value[0] = (unsigned char)(k >> 8);
			must(bpf_map_update_elem(a, &k, value, 0), "update");
			must(bpf_map_update_elem(b, &k, value, 0), "update");
		}
		read_bytes(b, false, &looked_up);
		CHECK_NUM(looked_up.len, 700 * (4 + sizes[i]));
		for (int clear = 0; clear < 2; clear++) {
			read_bytes(a, clear == 1, &mapped);
			CHECK_NUM(mapped.len, looked_up.len);
			CHECK(memcmp(mapped.data, looked_up.data, mapped.len) ==
			      0);
		}
		/* The array was cleared. */
		read_bytes(a, false, &mapped);
		for (uint32_t k = 0; k < 700; k++)
			for (size_t n = 0; n < sizes[i]; n++)
				CHECK_NUM(
				    mapped.data[k * (4 + sizes[i]) + 4 + n], 0);
		close(a);
		close(b);
	}
	buf_free(&mapped);
	buf_free(&looked_up);
}

/* A frozen array is mapped read-only; to clear it the kernel is asked, which
 * refuses. */
static void
what_cannot_be_mapped_is_looked_up(void)
{
	int map = new_mappable(8, 4),
	    plain = new_map(BPF_MAP_TYPE_ARRAY, 4, 8, 4);
	struct seen seen = { 0 };
	struct map_walk s;

	CHECK_NUM(open_walk(&s, "m", plain, false), 0);
	CHECK_NUM(s.way, MAP_WALK_BY_BATCH);
	map_walk_close(&s);
	must(bpf_map_freeze(map), "freeze");
	CHECK_NUM(open_walk(&s, "m", map, false), 0);
	CHECK_NUM(s.way, MAP_WALK_MAPPED);
	CHECK_NUM(pass(&s, &seen), 0);
	CHECK_NUM(seen.records, 4);
	map_walk_close(&s);
	CHECK_NUM(open_walk(&s, "m", map, true), 0);
	CHECK_NUM(s.way, MAP_WALK_BY_INDEX);
	check_forget();
	CHECK_NUM(pass(&s, &seen), -1);
	CHECK_SAID("map m: look-up failed: Operation not permitted");
	map_walk_close(&s);
	close(plain);
	close(map);
}

/* A bucket of the hash has more keys than a batch has room for. */
static void
a_batch_grows(void)
{
	int map = new_map(BPF_MAP_TYPE_HASH, 4, 8, KEYS);
	struct seen seen = { 0 };
	struct map_walk s;

	fill(map, KEYS, 1);
	CHECK_NUM(open_walk(&s, "m", map, false), 0);
	s.cap = 1;
	CHECK_NUM(pass(&s, &seen), 0);
	CHECK_NUM(seen.records, KEYS);
	CHECK(s.cap > 1);
	map_walk_close(&s);
	close(map);
}

static void
the_taker_can_stop_and_go_on(int map, enum map_walk_way way, bool clear)
{
	struct seen seen = { .stop_after = 3 };
	struct map_walk s;

	fill(map, 100, 3);
	CHECK_NUM(open_walk(&s, "m", map, clear), 0);
	s.way = way;
	CHECK_NUM(pass(&s, &seen), 7);
	CHECK_NUM(seen.records, 3);
	while (s.running)
		CHECK_NUM(map_walk_step(&s, take, &seen), 0);
	CHECK_NUM(seen.records, 100);
	CHECK_NUM(seen.sum, 300);
	for (size_t i = 0; i < 100; i++)
		CHECK_NUM(seen.times[i], 1);
	map_walk_close(&s);
	close(map);
}

static void
an_empty_map_is_a_pass_of_no_keys(void)
{
	int map = new_map(BPF_MAP_TYPE_HASH, 4, 8, 100);
	struct seen seen = { 0 };
	struct map_walk s;

	CHECK_NUM(open_walk(&s, "m", map, false), 0);
	CHECK_NUM(pass(&s, &seen), 0);
	CHECK(!s.running);
	CHECK_NUM(seen.records, 0);
	map_walk_close(&s);
	close(map);
}

static void
other_maps_are_refused(void)
{
	int map = new_map(BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 2);
	struct map_walk s;

	check_forget();
	CHECK_NUM(open_walk(&s, "jumps", map, false), -1);
	CHECK_SAID("map jumps: a map of type prog_array cannot be sampled");
	close(map);
	check_forget();
	CHECK_NUM(open_walk(&s, "gone", map, false), -1);
	CHECK_SAID("map gone: ");
}

int
main(void)
{
	need_kernel();
	every_key_is_seen_once(new_map(BPF_MAP_TYPE_HASH, 4, 8, KEYS), false);
	every_key_is_seen_once(new_map(BPF_MAP_TYPE_HASH, 4, 8, KEYS), true);
	every_key_is_seen_once(new_map(BPF_MAP_TYPE_ARRAY, 4, 8, KEYS), false);
	every_key_is_seen_once(new_mappable(8, KEYS), false);
	every_key_is_seen_once(new_map(BPF_MAP_TYPE_ARRAY, 4, 8, KEYS), true);
	every_key_is_seen_once(new_mappable(8, KEYS), true);
	without_batches_all_is_the_same(false);
	without_batches_all_is_the_same(true);
	a_trie_is_walked(false);
	a_trie_is_walked(true);
	per_cpu_values_add_up(BPF_MAP_TYPE_PERCPU_HASH);
	per_cpu_values_add_up(BPF_MAP_TYPE_LRU_PERCPU_HASH);
	per_cpu_values_add_up(BPF_MAP_TYPE_PERCPU_ARRAY);
	per_cpu_values_are_rounded_up();
	keys_that_vanish_are_skipped(MAP_WALK_BY_BATCH);
	keys_that_vanish_are_skipped(MAP_WALK_BY_KEY);
	clearing_loses_no_counts(new_map(BPF_MAP_TYPE_HASH, 4, 8, 4));
	clearing_loses_no_counts(new_map(BPF_MAP_TYPE_ARRAY, 4, 8, 4));
	clearing_loses_no_counts(new_mappable(8, 4));
	a_mapped_array_is_taken_under_its_writers();
	values_of_any_size_are_whole();
	what_cannot_be_mapped_is_looked_up();
	a_batch_grows();
	the_taker_can_stop_and_go_on(
	    new_map(BPF_MAP_TYPE_ARRAY, 4, 8, 100), MAP_WALK_BY_BATCH, false);
	the_taker_can_stop_and_go_on(
	    new_map(BPF_MAP_TYPE_ARRAY, 4, 8, 100), MAP_WALK_BY_INDEX, true);
	the_taker_can_stop_and_go_on(
	    new_map(BPF_MAP_TYPE_HASH, 4, 8, 100), MAP_WALK_BY_BATCH, true);
	the_taker_can_stop_and_go_on(
	    new_map(BPF_MAP_TYPE_HASH, 4, 8, 100), MAP_WALK_BY_KEY, true);
	the_taker_can_stop_and_go_on(
	    new_mappable(8, 100), MAP_WALK_MAPPED, true);
	an_empty_map_is_a_pass_of_no_keys();
	other_maps_are_refused();
	return check_done();
}
