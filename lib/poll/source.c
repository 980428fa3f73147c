#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/report.h"
#include "base/util.h"
#include "elf/libbpf-log.h"
#include "poll/poll-interval.h"
#include "poll/source.h"

enum {
	TURN_BYTES = 32 << 10, /* of a ring in one turn */
	TIME_RECORDS = 64,     /* records that get the same time */
};

#define MS UINT64_C(1000000) /* ns */

static const struct stream_map *
source_map(const struct source *s)
{
	return &s->header->maps[s->map];
}

static bool
is_from(const struct source *s, enum stream_source source)
{
	return source_map(s)->source == source;
}

/* A poll_record_fn, whose ctx is the source. */
static int
emit_source_record(void *ctx, const void *data, size_t len)
{
	struct source *s = ctx;

	if (s->now_left == 0) {
		s->now = clock_now();
		s->now_left = TIME_RECORDS;
	}
	s->now_left--;
	return s->sink->record(s->ctx, s->entry, s->now, data, len);
}

/* The same for a map whose records have several types. */
static int
emit_typed_record(void *ctx, const void *data, size_t len)
{
	struct source *s = ctx;
	int map = record_match_find(&s->types, data, len);

	if (map == -1)
		return s->sink->unmatched(s->ctx, s->map, len);
	s->entry = (unsigned int)map;
	return emit_source_record(s, data, len);
}

static int
emit_source_lost(const struct source *s, uint64_t count)
{
	if (count == 0 || s->sink->lost(s->ctx, s->map, count) == 0)
		return 0;
	return -1;
}

/*
 * Begins a turn to read the source, in which nothing may be waited for.
 * Returns false if another reader of the session has the turn, and sets
 * s->waiting.
 */
static bool
begin_turn(struct source *s)
{
	uint64_t position;

	s->waiting = false;
	if (!s->turns)
		return true;
	if (turn_wait(&s->turn)) {
		s->sink->hold(s->ctx, true);
		return true;
	}
	s->waiting = true;
	/* Whoever has the turn is reading. */
	if (is_from(s, STREAM_RINGBUF)) {
		position = ring_position(&s->ring);
		if (position != s->position)
			turn_begin_wait(&s->turn);
		s->position = position;
	}
	return false;
}

/* Ends it.  Returns ret, or -1 if the sink failed. */
static int
end_turn(struct source *s, int ret)
{
	if (!s->turns)
		return ret;
	turn_end(&s->turn);
	return s->sink->hold(s->ctx, false) == 0 ? ret : -1;
}

static void
notice_left(const struct source *s)
{
	report_notice("map %s: it was not read to its end, because another "
		      "process keeps its turn to read it",
	    source_map(s)->name);
}

bool
source_is_buffer(const struct source *s)
{
	return is_from(s, STREAM_RINGBUF) || is_from(s, STREAM_PERF);
}

uint64_t
source_fill(const struct source *s)
{
	if (is_from(s, STREAM_RINGBUF))
		return poll_interval_fill(ring_fill(&s->ring), s->ring.size);
	return is_from(s, STREAM_PERF) ? perf_buffers_fill(&s->perf) : 0;
}

int
source_set_no_wakeup(struct source *s, bool no_wakeup)
{
	return is_from(s, STREAM_PERF)
		   ? perf_buffers_set_no_wakeup(&s->perf, no_wakeup)
		   : 0;
}

static int
poll_lost_counter(struct source *s)
{
	uint64_t lost;

	if (lost_counter_poll(&s->counter, &lost) == -1)
		return -1;
	return emit_source_lost(s, lost);
}

int
source_poll_lost_counter(struct source *s)
{
	/* Whoever has the turn does it. */
	if (s->counter.fd == -1 || !turn_take(&s->turn))
		return 0;
	if (s->turns)
		s->sink->hold(s->ctx, true);
	return end_turn(s, poll_lost_counter(s));
}

/* Notes in the ring's turn, or says once, that there is another reader. */
static void
note_shared(struct source *s)
{
	if (s->turns) {
		turn_note_others(&s->turn);
		s->ring.shared = false;
		return;
	}
	if (!s->told_shared)
		report_notice("map %s: another process reads it too: each of "
			      "the two gets some of the records, and some come "
			      "to both",
		    source_map(s)->name);
	s->told_shared = true;
}

/* Reads about the given number of bytes of a ring, if it has the turn. */
static int
consume_ring(struct source *s, uint64_t bytes, poll_record_fn *emit)
{
	int ret;

	if (!begin_turn(s))
		return 0;
	ret = ring_consume(&s->ring, bytes, emit, s);
	s->more = ret == 1;
	if (ret != -1)
		ret = poll_lost_counter(s);
	if (s->ring.shared)
		note_shared(s);
	return end_turn(s, ret);
}

/* Reads a perf buffer, or from a ring about the given number of bytes, and
 * reports what was lost. */
static int
consume_buffer(struct source *s, uint64_t bytes)
{
	poll_record_fn *emit =
	    s->types.v != NULL ? emit_typed_record : emit_source_record;

	s->now_left = 0;
	s->more = false;
	if (is_from(s, STREAM_PERF)) {
		if (perf_buffers_consume(&s->perf, emit, s) == -1)
			return -1;
		return emit_source_lost(
		    s, perf_buffers_lost_from_events(&s->perf));
	}
	return is_from(s, STREAM_RINGBUF) ? consume_ring(s, bytes, emit) : 0;
}

int
source_drain(struct source *s)
{
	unsigned long start;
	uint64_t held;

	if (!s->turns || !is_from(s, STREAM_RINGBUF))
		return consume_buffer(s, s->ring.size);
	start = (unsigned long)ring_position(&s->ring);
	held = ring_fill(&s->ring);
	do {
		if (consume_buffer(s, TURN_BYTES) == -1)
			return -1;
		if (s->waiting) {
			notice_left(s);
			return 0;
		}
	} while (
	    s->more && (unsigned long)ring_position(&s->ring) - start < held);
	return 0;
}

void
source_set_deadline(struct source *s, uint64_t deadline)
{
	s->turn.deadline = deadline;
}

uint64_t
source_turn_sleep(const struct source *s)
{
	if (!s->turns)
		return 0;
	return s->waiting ? s->turn.retry : turn_pause(&s->turn);
}

bool
source_is_running(const struct source *s)
{
	return s->walk.running || s->iter.running;
}

int
source_step(struct source *s)
{
	uint64_t seen;
	int ret;

	s->now_left = 0;
	if (!begin_turn(s))
		return 0;
	if (is_from(s, STREAM_ITER)) {
		ret = bpf_iter_step(&s->iter, emit_source_record, s);
		seen = s->iter.seen;
	} else {
		ret = map_walk_step(&s->walk, emit_source_record, s);
		seen = s->walk.seen;
	}
	if (!source_is_running(s)) {
		s->passes++;
		if (ret == 0)
			ret = s->sink->pass(s->ctx, s->map, s->passes, seen);
	}
	return end_turn(s, ret == 0 ? 0 : -1);
}

static int
start_source_pass(struct source *s)
{
	if (is_from(s, STREAM_ITER))
		return bpf_iter_start(&s->iter, s->fd);
	map_walk_start(&s->walk);
	return 0;
}

/* Completes the pass that is under way. */
static int
finish_source_pass(struct source *s)
{
	int ret = 0;

	while (ret == 0 && source_is_running(s)) {
		ret = source_step(s);
		if (s->waiting) {
			notice_left(s);
			break;
		}
	}
	return ret;
}

int
source_pass(struct source *s)
{
	bool shown = s->walk.seen > 0 || s->iter.seen > 0;

	if (s->timer == -1)
		return 0;
	if ((shown && finish_source_pass(s) == -1) ||
	    start_source_pass(s) == -1)
		return -1;
	return finish_source_pass(s);
}

int
source_last_pass(struct source *s)
{
	return is_from(s, STREAM_ITER) ? finish_source_pass(s) : source_pass(s);
}

bool
source_is_done(const struct source *s)
{
	uint64_t ms = source_map(s)->polling.interval_ms;

	return is_from(s, STREAM_ITER) &&
	       (s->fd < 0 || (s->passes > 0 && ms == 0));
}

int
source_read(struct source *s)
{
	if (s->timer == -1)
		return consume_buffer(s, TURN_BYTES);
	if (clock_timer_expired(s->timer) == 0 || source_is_running(s))
		return 0;
	return start_source_pass(s);
}

int
source_report_fullness(struct source *s)
{
	struct ring_fullness f;

	if (!is_from(s, STREAM_RINGBUF) || s->sink->fullness == NULL)
		return 0;
	ring_get_fullness(&s->ring, &f);
	f.counted = s->counter.fd != -1 && !s->counter.told;
	return s->sink->fullness(s->ctx, s->map, &f) == 0 ? 0 : -1;
}

static int
report_lost(struct source *s)
{
	uint64_t lost;

	if (is_from(s, STREAM_PERF)
		? perf_buffers_lost_from_counters(&s->perf, &lost) == -1
		: lost_counter_read(&s->counter, &lost) == -1)
		return -1;
	return emit_source_lost(s, lost);
}

int
source_report_lost(struct source *s)
{
	/* Other readers report them. */
	if (!begin_turn(s))
		return 0;
	return end_turn(s, report_lost(s));
}

int
source_fd(const struct source *s)
{
	if (s->timer != -1)
		return s->timer;
	return is_from(s, STREAM_PERF) ? perf_buffers_fd(&s->perf) : s->fd;
}

/* Checks the type of the kernel's map, and sets *size to its max_entries. */
static int
check_map_type(const struct source *s, uint32_t type, uint64_t *size)
{
	const char *name = source_map(s)->name;
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(s->fd, &info, &len) != 0) {
		report_error("map %s: cannot get its description from the "
			     "kernel: %s",
		    name, report_error_text(errno));
		return -1;
	}
	*size = info.max_entries;
	if (info.type == type)
		return 0;
	report_error("map %s: it is a map of type %s, not %s", name,
	    libbpf_map_type_name(info.type), libbpf_map_type_name(type));
	return -1;
}

/* Checks that keys and values of the map have the sizes that the header says.
 */
static int
check_sampled_sizes(const struct source *s)
{
	const struct stream_map *m = source_map(s);
	const struct map_walk *w = &s->walk;
	size_t key = stream_key_size(s->header, s->map);
	size_t record = s->record_size;

	if (m->part.set)
		return 0;
	if (m->cpus != w->cpus) {
		report_error("map %s: it has the values of %" PRIu64
			     " CPUs, the header says %" PRIu64,
		    m->name, w->cpus, m->cpus);
		return -1;
	}
	if ((m->key != TYPE_NONE && key != w->key_size) ||
	    record > w->key_size + w->value_size ||
	    (w->cpus != 0 && record != 0 &&
		record != w->key_size + w->value_size)) {
		report_error("map %s: its keys have %zu and its values %zu "
			     "bytes, the header says %zu and %zu",
		    m->name, w->key_size, w->value_size, key,
		    record < key ? 0 : record - key);
		return -1;
	}
	return 0;
}

static int
report_timer_failure(const struct source *s)
{
	report_error("map %s: cannot set a timer for it: %s",
	    source_map(s)->name, report_error_text(errno));
	return -1;
}

/* Starts the timer: the first pass is due now,
 * the next after the interval; or never if the interval is 0. */
static int
start_timer(struct source *s, uint64_t interval_ms)
{
	uint64_t ms =
	    interval_ms > INT64_MAX / MS ? INT64_MAX / MS : interval_ms;

	if (clock_timer_set(s->timer, 1, ms * MS) == -1)
		return report_timer_failure(s);
	return 0;
}

int
source_set_link(struct source *s, int link)
{
	if (bpf_iter_check_link(&s->iter, link) == -1)
		return -1;
	s->fd = link;
	return start_timer(s, source_map(s)->polling.interval_ms);
}

/* The kernel has one reader of a perf buffer, and a second one would take the
 * buffer away from the first: so that has its turn as long as it runs. */
static int
take_perf_turn(struct source *s)
{
	char who[TURN_WHO_MAX];

	if (turn_take(&s->turn))
		return 0;
	report_error("map %s: %s reads it already, and a perf buffer has one "
		     "reader at a time; read other maps with -m",
	    source_map(s)->name, turn_who(&s->turn, who));
	return -1;
}

int
source_open(struct source *s, const struct stream_header *h, unsigned int map,
    const struct map_fds *fds, uint64_t perf_pages,
    const struct poll_sink *sink, void *ctx)
{
	const struct stream_map *m = &h->maps[map];
	uint64_t ms = m->polling.interval_ms, size;
	struct map_walk_options walk;

	*s = (struct source){
		.header = h,
		.map = map,
		.entry = map,
		.sink = sink,
		.ctx = ctx,
		.record_size = stream_record_size(h, map),
		.fd = fds->map,
		.counter.fd = -1,
		.iter.fd = -1,
		.timer = -1,
	};
	turn_open(&s->turn, m->name, fds->turn);
	if (record_match_open(&s->types, h, map) == -1)
		return -1;
	s->turns = fds->turn != -1 &&
		   (m->source == STREAM_RINGBUF ||
		       (m->source == STREAM_SAMPLE && m->polling.clear_map));
	switch (m->source) {
	case STREAM_RINGBUF:
		if (check_map_type(s, BPF_MAP_TYPE_RINGBUF, &size) == -1 ||
		    ring_open(&s->ring, m->name, s->fd, size) == -1)
			return -1;
		return lost_counter_open(
		    &s->counter, m->name, &s->ring, fds->lost, fds->reported);
	case STREAM_PERF:
		if (check_map_type(s, BPF_MAP_TYPE_PERF_EVENT_ARRAY, &size) ==
		    -1)
			return -1;
		if (take_perf_turn(s) == -1)
			return -1;
		return perf_buffers_open(&s->perf, m->name, s->fd, size,
		    m->polling.buffer_size != 0 ? m->polling.buffer_size
						: perf_pages);
	case STREAM_SAMPLE:
		walk = (struct map_walk_options){
			.clear = m->polling.clear_map,
			.nonzero = m->polling.nonzero,
			.part = m->part.set,
			.offset = m->part.offset,
			.size = s->record_size,
		};
		if (map_walk_open(&s->walk, m->name, s->fd, &walk) == -1 ||
		    check_sampled_sizes(s) == -1)
			return -1;
		if ((s->timer = clock_timer_new()) == -1)
			return report_timer_failure(s);
		return start_timer(s, ms == 0 ? 1 : ms);
	case STREAM_ITER:
		bpf_iter_open(&s->iter, m->name, s->record_size);
		if ((s->timer = clock_timer_new()) == -1)
			return report_timer_failure(s);
		return s->fd < 0 ? 0 : source_set_link(s, s->fd);
	case STREAM_PRINTK:
		/* Its records come from poller_options.extra_read. */
		s->fd = -1;
		return 0;
	}
	return -1;
}

void
source_close(struct source *s)
{
	record_match_close(&s->types);
	lost_counter_close(&s->counter);
	ring_close(&s->ring);
	perf_buffers_close(&s->perf);
	map_walk_close(&s->walk);
	bpf_iter_close(&s->iter);
	turn_close(&s->turn);
	if (s->timer != -1)
		close(s->timer);
}
