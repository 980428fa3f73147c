#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "report.h"
#include "source.h"
#include "timer.h"
#include "util.h"

enum {
	TURN_BYTES = 32 << 10, /* of one ring before the others have a turn */
	RING_HEAD = 8,         /* bytes before each record in a ring */
};

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

/* libbpf has taken the record out of the ring whatever this returns; what is
 * negative ends its turn. */
static int
take_ring(void *ctx, void *data, size_t len)
{
	struct source *s = ctx;
	uint64_t used = round_up_8(len) + RING_HEAD;

	if (take_record(s, data, len) == -1)
		return -ECANCELED;
	if (s->budget <= used)
		return -ECANCELED;
	s->budget -= used;
	return 0;
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

/* What a ring or perf buffer holds, up to bytes of a ring. */
static int
consume(struct source *s, uint64_t bytes)
{
	int ret = 0;

	s->budget = bytes;
	if (s->ring != NULL)
		ret = ring_buffer__consume(s->ring);
	if (ret < 0 && ret != -ECANCELED) {
		report_error("map %s: %s", name_of(s), strerror(-ret));
		return -1;
	}
	return s->perf.buffer != NULL ? perf_consume(&s->perf) : 0;
}

int
source_step(struct source *s)
{
	if (sample_step(&s->sample, take_record, s) != 0)
		return -1;
	if (s->sample.running)
		return 0;
	s->round++;
	return s->sink->sampled(s->ctx, s, s->round, s->sample.seen);
}

bool
source_is_running(const struct source *s)
{
	return s->sample.running;
}

static int
finish_pass(struct source *s)
{
	int ret = 0;

	while (ret == 0 && s->sample.running)
		ret = source_step(s);
	return ret;
}

int
source_pass(struct source *s)
{
	if (s->timer == -1)
		return 0;
	if (s->sample.seen > 0 && finish_pass(s) == -1)
		return -1;
	sample_start(&s->sample);
	return finish_pass(s);
}

int
source_serve(struct source *s)
{
	if (s->timer == -1)
		return consume(s, TURN_BYTES);
	if (timer_expired(s->timer) > 0 && !s->sample.running)
		sample_start(&s->sample);
	return 0;
}

int
source_look(struct source *s)
{
	return consume(s, TURN_BYTES);
}

int
source_drain(struct source *s)
{
	return consume(s, s->ring_size);
}

int
source_count_lost(struct source *s)
{
	return s->perf.buffer != NULL ? perf_count_lost(&s->perf) : 0;
}

int
source_fd(const struct source *s)
{
	if (s->timer != -1)
		return s->timer;
	return s->perf.buffer != NULL ? perf_fd(&s->perf) : s->fd;
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
open_ring(struct source *s)
{
	if (check_kind(s, BPF_MAP_TYPE_RINGBUF, &s->ring_size) == -1)
		return -1;
	s->ring = ring_buffer__new(s->fd, take_ring, s, NULL);
	if (s->ring != NULL)
		return 0;
	report_error("map %s: cannot open its ring buffer: %s", name_of(s),
	    strerror(errno));
	return -1;
}

static int
open_perf(struct source *s, uint64_t pages)
{
	uint64_t cpus;

	if (check_kind(s, BPF_MAP_TYPE_PERF_EVENT_ARRAY, &cpus) == -1)
		return -1;
	return perf_open(&s->perf, name_of(s), s->fd, pages, &perf_sink, s);
}

/* Whether keys and values of the map are what the header says. */
static int
check_sizes(const struct source *s)
{
	const struct stream_map *m = &s->header->maps[s->map];
	const struct sample *a = &s->sample;
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
start_timer(struct source *s, uint64_t interval_ms)
{
	uint64_t ms = interval_ms < 1                ? 1
		      : interval_ms > INT64_MAX / MS ? INT64_MAX / MS
						     : interval_ms;

	s->timer = timer_new();
	if (s->timer != -1 && timer_set(s->timer, 1, ms * MS) == 0)
		return 0;
	report_error("map %s: timer: %s", name_of(s), strerror(errno));
	return -1;
}

static int
open_sample(struct source *s, const struct stream_map *m)
{
	if (sample_open(&s->sample, m->name, s->fd, m->clear_map) == -1 ||
	    check_sizes(s) == -1)
		return -1;
	return start_timer(s, m->interval_ms);
}

int
source_open(struct source *s, const struct stream_header *h, unsigned int map,
    int fd, uint64_t perf_pages, const struct source_sink *sink, void *ctx)
{
	*s = (struct source){
		.header = h,
		.map = map,
		.sink = sink,
		.ctx = ctx,
		.least = stream_record_size(h, map),
		.fd = fd,
		.timer = -1,
	};
	switch (h->maps[map].source) {
	case STREAM_RINGBUF:
		return open_ring(s);
	case STREAM_PERF:
		return open_perf(s, perf_pages);
	case STREAM_SAMPLE:
		return open_sample(s, &h->maps[map]);
	case STREAM_ITER:
		break;
	}
	report_error("map %s: an iterator cannot be polled", name_of(s));
	return -1;
}

void
source_close(struct source *s)
{
	ring_buffer__free(s->ring);
	perf_close(&s->perf);
	sample_close(&s->sample);
	if (s->timer != -1)
		close(s->timer);
}
