#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/report.h"
#include "base/timer.h"
#include "base/util.h"
#include "poll/pace.h"
#include "poll/source.h"

enum { TURN_BYTES = 32 << 10 }; /* of one ring before others have a turn */

#define MS UINT64_C(1000000) /* ns */

static const char *
name_of(const struct source *s)
{
	return s->header->maps[s->map].name;
}

static int
take_record(void *ctx, const void *data, size_t len)
{
	struct source *s = ctx;

	return s->sink->record(s->ctx, s, data, len);
}

static void
take_lost(void *ctx, uint64_t count)
{
	struct source *s = ctx;

	s->sink->lost(s->ctx, s, count);
}

static const struct perf_sink perf_sink = {
	.record = take_record,
	.lost = take_lost,
};

static int
tell_lost(const struct source *s, uint64_t count)
{
	return count == 0 ? 0 : s->sink->lost(s->ctx, s, count);
}

static bool
is_from(const struct source *s, enum stream_source source)
{
	return s->header->maps[s->map].source == source;
}

static bool
is_iter(const struct source *s)
{
	return is_from(s, STREAM_ITER);
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
		return pace_part(ring_fill(&s->ring), s->ring.size);
	return is_from(s, STREAM_PERF) ? perf_fill(&s->perf) : 0;
}

bool
source_has_more(const struct source *s)
{
	return s->more;
}

int
source_set_quiet(struct source *s, bool quiet)
{
	return is_from(s, STREAM_PERF) ? perf_set_quiet(&s->perf, quiet) : 0;
}

int
source_poll_lost(struct source *s)
{
	uint64_t lost;

	return lost_counter_poll(&s->counter, &lost) == 0 ? tell_lost(s, lost)
							  : -1;
}

/* What a ring or perf buffer holds, up to bytes of a ring, and what the ring
 * could not. */
static int
consume(struct source *s, uint64_t bytes)
{
	int ret = 0;

	if (is_from(s, STREAM_RINGBUF))
		ret = ring_consume(&s->ring, bytes, take_record, s);
	else if (is_from(s, STREAM_PERF))
		ret = perf_consume(&s->perf);
	s->more = ret == 1;
	return ret == -1 ? -1 : source_poll_lost(s);
}

bool
source_is_running(const struct source *s)
{
	return s->sample.running || s->iter.running;
}

/* A step of what is read in passes; at the end of one, say so. */
int
source_step(struct source *s)
{
	int ret = is_iter(s) ? bpf_iter_step(&s->iter, take_record, s)
			     : map_walk_step(&s->sample, take_record, s);

	if (source_is_running(s))
		return ret == 0 ? 0 : -1;
	s->round++;
	if (ret != 0)
		return -1;
	return s->sink->sampled(
	    s->ctx, s, s->round, is_iter(s) ? s->iter.seen : s->sample.seen);
}

static int
start_pass(struct source *s)
{
	if (is_iter(s))
		return bpf_iter_start(&s->iter, s->fd);
	map_walk_start(&s->sample);
	return 0;
}

static int
finish_pass(struct source *s)
{
	int ret = 0;

	while (ret == 0 && source_is_running(s))
		ret = source_step(s);
	return ret;
}

int
source_pass(struct source *s)
{
	bool shown = s->sample.seen > 0 || s->iter.seen > 0;

	if (s->timer == -1)
		return 0;
	if ((shown && finish_pass(s) == -1) || start_pass(s) == -1)
		return -1;
	return finish_pass(s);
}

int
source_last_pass(struct source *s)
{
	return is_iter(s) ? finish_pass(s) : source_pass(s);
}

bool
source_is_done(const struct source *s)
{
	uint64_t ms = s->header->maps[s->map].polling.interval_ms;

	return is_iter(s) && (s->fd < 0 || (s->round > 0 && ms == 0));
}

int
source_read(struct source *s)
{
	if (s->timer == -1)
		return consume(s, TURN_BYTES);
	if (timer_expired(s->timer) == 0 || source_is_running(s))
		return 0;
	return start_pass(s);
}

int
source_drain(struct source *s)
{
	return consume(s, s->ring.size);
}

int
source_count_lost(struct source *s)
{
	uint64_t lost;

	if (is_from(s, STREAM_PERF))
		return perf_count_lost(&s->perf);
	if (lost_counter_read(&s->counter, &lost) == -1)
		return -1;
	return tell_lost(s, lost);
}

int
source_fd(const struct source *s)
{
	if (s->timer != -1)
		return s->timer;
	return is_from(s, STREAM_PERF) ? perf_fd(&s->perf) : s->fd;
}

/* Whether the kernel's map is of the kind that the header says. */
static int
check_kind(const struct source *s, uint32_t type, uint64_t *size)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(s->fd, &info, &len) != 0) {
		report_error("map %s: %s", name_of(s), strerror(errno));
		return -1;
	}
	*size = info.max_entries;
	if (info.type == type)
		return 0;
	report_error("map %s: it is of kind %s, not %s", name_of(s),
	    libbpf_bpf_map_type_str(info.type), libbpf_bpf_map_type_str(type));
	return -1;
}

static int
open_ring(struct source *s, const struct map_fds *fds)
{
	uint64_t size;

	if (check_kind(s, BPF_MAP_TYPE_RINGBUF, &size) == -1)
		return -1;
	if (ring_open(&s->ring, name_of(s), s->fd, size) == -1)
		return -1;
	return lost_counter_open(
	    &s->counter, name_of(s), fds->lost, fds->reported);
}

static int
open_perf(struct source *s, uint64_t pages)
{
	uint64_t nkeys;

	if (check_kind(s, BPF_MAP_TYPE_PERF_EVENT_ARRAY, &nkeys) == -1)
		return -1;
	return perf_open(
	    &s->perf, name_of(s), s->fd, nkeys, pages, &perf_sink, s);
}

/* Whether keys and values of the map are what the header says. */
static int
check_sizes(const struct source *s)
{
	const struct stream_map *m = &s->header->maps[s->map];
	const struct map_walk *a = &s->sample;
	size_t key = stream_key_size(s->header, s->map);
	size_t record = s->least;

	if (m->cpus != a->cpus) {
		report_error("map %s: its values come from %llu CPUs, "
			     "%llu were announced",
		    m->name, (unsigned long long)a->cpus,
		    (unsigned long long)m->cpus);
		return -1;
	}
	if ((m->key != TYPE_NONE && key != a->key_size) ||
	    record > a->key_size + a->value_size ||
	    (a->cpus != 0 && record != 0 &&
		record != a->key_size + a->value_size)) {
		report_error("map %s: its keys are %zu and its values %zu "
			     "bytes, %zu and %zu were announced",
		    m->name, a->key_size, a->value_size, key,
		    record < key ? 0 : record - key);
		return -1;
	}
	return 0;
}

static int
timer_failed(const struct source *s)
{
	report_error("map %s: timer: %s", name_of(s), strerror(errno));
	return -1;
}

/* The first pass is now; the next, unless the interval is 0, that later. */
static int
start_timer(struct source *s, uint64_t interval_ms)
{
	uint64_t ms =
	    interval_ms > INT64_MAX / MS ? INT64_MAX / MS : interval_ms;

	return timer_set(s->timer, 1, ms * MS) == 0 ? 0 : timer_failed(s);
}

static int
open_sample(struct source *s, const struct stream_map *m)
{
	if (map_walk_open(&s->sample, m->name, s->fd, m->polling.clear_map) ==
		-1 ||
	    check_sizes(s) == -1)
		return -1;
	if ((s->timer = timer_new()) == -1)
		return timer_failed(s);
	return start_timer(
	    s, m->polling.interval_ms == 0 ? 1 : m->polling.interval_ms);
}

int
source_set_link(struct source *s, int link)
{
	if (bpf_iter_check_link(&s->iter, link) == -1)
		return -1;
	s->fd = link;
	return start_timer(s, s->header->maps[s->map].polling.interval_ms);
}

static int
open_iter(struct source *s)
{
	bpf_iter_open(&s->iter, name_of(s), s->least);
	if ((s->timer = timer_new()) == -1)
		return timer_failed(s);
	return s->fd < 0 ? 0 : source_set_link(s, s->fd);
}

int
source_open(struct source *s, const struct stream_header *h, unsigned int map,
    const struct map_fds *fds, uint64_t perf_pages,
    const struct source_sink *sink, void *ctx)
{
	*s = (struct source){
		.header = h,
		.map = map,
		.sink = sink,
		.ctx = ctx,
		.least = stream_record_size(h, map),
		.fd = fds->map,
		.counter.fd = -1,
		.iter.fd = -1,
		.timer = -1,
	};
	switch (h->maps[map].source) {
	case STREAM_RINGBUF:
		return open_ring(s, fds);
	case STREAM_PERF:
		return open_perf(s, perf_pages);
	case STREAM_SAMPLE:
		return open_sample(s, &h->maps[map]);
	case STREAM_ITER:
		return open_iter(s);
	}
	return -1;
}

void
source_close(struct source *s)
{
	lost_counter_close(&s->counter);
	ring_close(&s->ring);
	perf_close(&s->perf);
	map_walk_close(&s->sample);
	bpf_iter_close(&s->iter);
	if (s->timer != -1)
		close(s->timer);
}
