#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"
#include "perf.h"
#include "poller.h"
#include "report.h"
#include "sample.h"
#include "stop.h"
#include "util.h"

enum {
	TURN_BYTES = 32 << 10, /* of one ring before the others have a turn */
	TIME_RECORDS = 64,     /* records between two looks at the clock */
	RING_HEAD = 8,         /* bytes before each record in a ring */
	EVENTS_MAX = 64,
};

/* What an epoll event is about; a source's comes with its number. */
enum watch {
	WATCH_SOURCE,
	WATCH_LOOK,
	WATCH_DEADLINE,
	WATCH_OUT,
	WATCH_IN,
};

/* One map. */
struct source {
	struct poller *poller; /* borrowed */
	unsigned int map;
	struct ring_buffer *ring; /* owned, or NULL */
	struct perf perf;         /* open if the map is one */
	size_t least;             /* bytes that a record must have to be one */
	uint64_t ring_size;
	uint64_t budget; /* bytes left of a ring's turn */
	struct sample sample;
	int timer; /* owned: of the samples, or -1 */
	uint64_t round;
};

struct poller {
	const struct stream_header *header; /* borrowed */
	const struct poller_sink *sink;     /* borrowed */
	void *ctx;                          /* borrowed */
	struct poller_options options;
	struct source *sources; /* owned */
	size_t nsources;
	int epoll, look, deadline; /* owned */
	uint64_t records;
	uint64_t now;          /* CLOCK_REALTIME, ns */
	unsigned int now_left; /* records until the next look at the clock */
	bool ended;
	enum poller_end end;
};

static void
end_with(struct poller *p, enum poller_end end)
{
	if (!p->ended)
		p->end = end;
	p->ended = true;
}

/* What a function of the sink returned; an end for all that is not 0. */
static int
heed(struct poller *p, int answer)
{
	if (answer == 0)
		return 0;
	end_with(p, answer == 1 ? POLLER_GONE : POLLER_FAILED);
	return -1;
}

static int
fail(struct poller *p, const char *what, int err)
{
	report_error("%s: %s", what, strerror(err));
	end_with(p, POLLER_FAILED);
	return -1;
}

static void
read_clock(struct poller *p)
{
	p->now = clock_now();
	p->now_left = TIME_RECORDS;
}

/* Hand one record on.  Returns 0, or -1 when that was the last one. */
static int
take_record(void *ctx, const void *data, size_t len)
{
	struct source *s = ctx;
	struct poller *p = s->poller;

	if (p->ended)
		return -1;
	if (p->now_left-- == 0)
		read_clock(p);
	if (heed(p, p->sink->record(p->ctx, s->map, p->now, data, len)) == -1)
		return -1;
	p->records += len >= s->least;
	if (p->options.count == 0 || p->records < p->options.count)
		return 0;
	end_with(p, POLLER_COUNTED);
	return -1;
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
	struct poller *p = s->poller;

	heed(p, p->sink->lost(p->ctx, s->map, count));
}

static const struct perf_sink perf_sink = {
	.record = take_record,
	.lost = take_lost,
};

/* What a ring or perf buffer holds, up to bytes of a ring. */
static void
consume(struct source *s, uint64_t bytes)
{
	struct poller *p = s->poller;
	int ret = 0;

	read_clock(p);
	s->budget = bytes;
	if (s->ring != NULL)
		ret = ring_buffer__consume(s->ring);
	if (ret < 0 && ret != -ECANCELED)
		fail(p, p->header->maps[s->map].name, -ret);
	if (s->perf.buffer != NULL && perf_consume(&s->perf) == -1)
		end_with(p, POLLER_FAILED);
}

/* The next step of a pass over a sampled map; at its end say so. */
static void
step(struct source *s)
{
	struct poller *p = s->poller;

	read_clock(p);
	if (sample_step(&s->sample, take_record, s) != 0)
		end_with(p, POLLER_FAILED); /* unless it ended otherwise */
	if (p->ended || s->sample.running)
		return;
	s->round++;
	heed(p, p->sink->sampled(p->ctx, s->map, s->round, s->sample.seen));
}

static void
finish_pass(struct source *s)
{
	while (s->sample.running && !s->poller->ended)
		step(s);
}

/* A pass that has shown nothing yet is begun anew. */
static void
whole_pass(struct source *s)
{
	if (s->sample.seen > 0)
		finish_pass(s);
	sample_start(&s->sample);
	finish_pass(s);
}

/* How often a timer ran out since it was read: 0 if it did not. */
static uint64_t
expired(int timer)
{
	uint64_t n;

	return read(timer, &n, sizeof(n)) == sizeof(n) ? n : 0;
}

static int
set_timer(int timer, uint64_t first_ns, uint64_t then_ns)
{
	struct itimerspec t = {
		.it_value = { .tv_sec = (time_t)(first_ns / 1000000000),
		    .tv_nsec = (long)(first_ns % 1000000000) },
		.it_interval = { .tv_sec = (time_t)(then_ns / 1000000000),
		    .tv_nsec = (long)(then_ns % 1000000000) },
	};

	return timerfd_settime(timer, 0, &t, NULL);
}

static int
watch(struct poller *p, int fd, uint32_t events, enum watch what, size_t i)
{
	struct epoll_event e = {
		.events = events,
		.data.u64 = (uint64_t)what << 32 | i,
	};

	return epoll_ctl(p->epoll, EPOLL_CTL_ADD, fd, &e);
}

/* A watched timer that is not running yet; -1 with errno set. */
static int
timer_open(struct poller *p, enum watch what, size_t i)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

	if (fd != -1 && watch(p, fd, EPOLLIN, what, i) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Whoever waits for the end of a regular file waits in vain: EPERM. */
static int
watch_pipe(struct poller *p, int fd, uint32_t events, enum watch what)
{
	if (fd == -1 || watch(p, fd, events, what, 0) == 0 || errno == EPERM)
		return 0;
	return -1;
}

/* Whether the kernel's map is of the kind that the header says. */
static int
check_kind(const struct stream_map *m, int fd, uint32_t type, uint64_t *size)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len) != 0) {
		report_error("map %s: %s", m->name, strerror(errno));
		return -1;
	}
	*size = info.max_entries;
	if (info.type == type)
		return 0;
	report_error("map %s: it is of kind %s, not %s", m->name,
	    libbpf_bpf_map_type_str(info.type), libbpf_bpf_map_type_str(type));
	return -1;
}

static int
watch_source(struct source *s, int fd)
{
	if (watch(s->poller, fd, EPOLLIN, WATCH_SOURCE, s->map) == 0)
		return 0;
	report_error("map %s: cannot wait for it: %s",
	    s->poller->header->maps[s->map].name, strerror(errno));
	return -1;
}

static int
open_ring(struct source *s, const struct stream_map *m, int fd)
{
	if (check_kind(m, fd, BPF_MAP_TYPE_RINGBUF, &s->ring_size) == -1)
		return -1;
	s->ring = ring_buffer__new(fd, take_ring, s, NULL);
	if (s->ring == NULL) {
		report_error("map %s: cannot open its ring buffer: %s", m->name,
		    strerror(errno));
		return -1;
	}
	return watch_source(s, fd);
}

static int
open_perf(struct source *s, const struct stream_map *m, int fd)
{
	uint64_t cpus;

	if (check_kind(m, fd, BPF_MAP_TYPE_PERF_EVENT_ARRAY, &cpus) == -1 ||
	    perf_open(&s->perf, m->name, fd, s->poller->options.perf_pages,
		&perf_sink, s) == -1)
		return -1;
	return watch_source(s, perf_fd(&s->perf));
}

/* Whether keys and values of the map are what the header says. */
static int
check_sizes(const struct source *s)
{
	const struct stream_header *h = s->poller->header;
	const struct stream_map *m = &h->maps[s->map];
	const struct sample *a = &s->sample;
	size_t key = stream_key_size(h, s->map);
	size_t record = stream_record_size(h, s->map);

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
open_sample(struct source *s, const struct stream_map *m, int fd)
{
	uint64_t ms = m->interval_ms;

	if (sample_open(&s->sample, m->name, fd, m->clear_map) == -1 ||
	    check_sizes(s) == -1)
		return -1;
	if (ms == 0)
		ms = 1;
	if (ms > INT64_MAX / 1000000)
		ms = INT64_MAX / 1000000;
	s->timer = timer_open(s->poller, WATCH_SOURCE, s->map);
	if (s->timer == -1 || set_timer(s->timer, 1, ms * 1000000) == -1) {
		report_error("map %s: timer: %s", m->name, strerror(errno));
		return -1;
	}
	return 0;
}

static int
open_source(struct source *s, int fd)
{
	const struct stream_map *m = &s->poller->header->maps[s->map];

	switch (m->source) {
	case STREAM_RINGBUF:
		return open_ring(s, m, fd);
	case STREAM_PERF:
		return open_perf(s, m, fd);
	case STREAM_SAMPLE:
		return open_sample(s, m, fd);
	case STREAM_ITER:
		break;
	}
	report_error("map %s: an iterator cannot be polled", m->name);
	return -1;
}

static int
open_sources(struct poller *p, const int *fds)
{
	struct source *s;

	p->sources = calloc(p->header->nmaps + 1, sizeof(*p->sources));
	if (p->sources == NULL)
		return report_nomem();
	for (size_t i = 0; i < p->header->nmaps; i++) {
		s = &p->sources[p->nsources++];
		*s = (struct source){
			.poller = p,
			.map = (unsigned int)i,
			.timer = -1,
		};
		s->least = stream_record_size(p->header, s->map);
		if (open_source(s, fds[i]) == -1)
			return -1;
	}
	return 0;
}

/* The epoll and all in it but the maps; -1 with errno set. */
static int
open_watches(struct poller *p)
{
	const struct poller_options *o = &p->options;
	uint64_t look_ms = o->poll_timeout_ms;

	look_ms = look_ms < 1 ? 1 : look_ms > 1000 ? 1000 : look_ms;
	if ((p->epoll = epoll_create1(EPOLL_CLOEXEC)) == -1 ||
	    (p->look = timer_open(p, WATCH_LOOK, 0)) == -1 ||
	    (p->deadline = timer_open(p, WATCH_DEADLINE, 0)) == -1 ||
	    set_timer(p->look, look_ms * 1000000, look_ms * 1000000) == -1 ||
	    set_timer(p->deadline, o->timeout_ns, 0) == -1)
		return -1;
	/* EPOLLERR and EPOLLHUP come unasked: the reader left. */
	if (watch_pipe(p, o->out_fd, 0, WATCH_OUT) == -1 ||
	    watch_pipe(p, o->in_fd, EPOLLIN, WATCH_IN) == -1)
		return -1;
	return 0;
}

struct poller *
poller_open(const struct stream_header *h, const int *fds,
    const struct poller_options *o, const struct poller_sink *sink, void *ctx)
{
	struct poller *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		report_nomem();
		return NULL;
	}
	*p = (struct poller){ .header = h,
		.sink = sink,
		.ctx = ctx,
		.options = *o,
		.epoll = -1,
		.look = -1,
		.deadline = -1 };
	if (open_watches(p) == -1) {
		report_error("cannot wait: %s", strerror(errno));
		poller_close(p);
		return NULL;
	}
	if (open_sources(p, fds) == -1) {
		poller_close(p);
		return NULL;
	}
	return p;
}

/* What the input says is of no interest; that it ends is. */
static void
look_at_input(struct poller *p)
{
	char unused[4096];
	ssize_t n = read(p->options.in_fd, unused, sizeof(unused));

	if (n == 0 || (n == -1 && errno != EINTR && errno != EAGAIN))
		end_with(p, POLLER_INPUT);
}

/* Now and then: programs may write to a ring without waking its reader. */
static void
look_at_all(struct poller *p)
{
	const struct poller_options *o = &p->options;

	for (size_t i = 0; i < p->nsources; i++)
		consume(&p->sources[i], TURN_BYTES);
	if (o->is_over != NULL && o->is_over(o->is_over_ctx))
		end_with(p, POLLER_INPUT);
}

static void
serve_source(struct source *s)
{
	if (s->timer == -1)
		consume(s, TURN_BYTES);
	else if (expired(s->timer) > 0 && !s->sample.running)
		sample_start(&s->sample);
}

static void
serve(struct poller *p, const struct epoll_event *e)
{
	switch ((enum watch)(e->data.u64 >> 32)) {
	case WATCH_SOURCE:
		serve_source(&p->sources[(uint32_t)e->data.u64]);
		break;
	case WATCH_LOOK:
		if (expired(p->look) > 0)
			look_at_all(p);
		break;
	case WATCH_DEADLINE:
		end_with(p, POLLER_TIMEOUT);
		break;
	case WATCH_OUT:
		end_with(p, POLLER_GONE);
		break;
	case WATCH_IN:
		look_at_input(p);
		break;
	}
}

/* One step of every pass that is under way.  Returns whether any is. */
static bool
step_passes(struct poller *p)
{
	bool running = false;

	for (size_t i = 0; i < p->nsources && !p->ended; i++) {
		if (p->sources[i].sample.running)
			step(&p->sources[i]);
		running |= p->sources[i].sample.running;
	}
	return running;
}

/*
 * Serve what is ready.  Only when nothing is, flush and wait: so lines go out
 * in large writes while there is much, and at once when there is little.
 * A signal between stop_asked() and the wait is seen at the next look.
 */
static void
turn(struct poller *p, bool wait)
{
	struct epoll_event events[EVENTS_MAX];
	int n = epoll_wait(p->epoll, events, EVENTS_MAX, 0);

	if (n == 0 && wait) {
		if (heed(p, p->sink->flush(p->ctx)) == -1)
			return;
		n = epoll_wait(p->epoll, events, EVENTS_MAX, -1);
	}
	if (n == -1 && errno != EINTR)
		fail(p, "epoll_wait", errno);
	for (int i = 0; i < n && !p->ended; i++)
		serve(p, &events[i]);
}

/* All that the buffers hold at this moment; what a program that still runs
 * adds is left to the next. */
static void
drain_buffers(struct poller *p)
{
	for (size_t i = 0; i < p->nsources && !p->ended; i++)
		consume(&p->sources[i], p->sources[i].ring_size);
}

/* The losses that no later record could tell of. */
static void
count_lost(struct poller *p)
{
	for (size_t i = 0; i < p->nsources && !p->ended; i++)
		if (p->sources[i].perf.buffer != NULL &&
		    perf_count_lost(&p->sources[i].perf) == -1)
			end_with(p, POLLER_FAILED);
}

static void
whole_passes(struct poller *p)
{
	for (size_t i = 0; i < p->nsources && !p->ended; i++)
		if (p->sources[i].timer != -1)
			whole_pass(&p->sources[i]);
}

enum poller_end
poller_run(struct poller *p)
{
	bool running = false;

	if (p->options.once) {
		drain_buffers(p);
		whole_passes(p);
		end_with(p, POLLER_ONCE);
	}
	while (!p->ended) {
		if (stop_asked()) {
			end_with(p, POLLER_STOPPED);
			break;
		}
		turn(p, !running);
		running = step_passes(p);
	}
	heed(p, p->sink->flush(p->ctx));
	return p->end;
}

int
poller_drain(struct poller *p)
{
	if (p->end == POLLER_GONE || p->end == POLLER_COUNTED)
		return 0;
	if (p->end == POLLER_FAILED)
		return -1;
	p->ended = false;
	drain_buffers(p);
	count_lost(p);
	if (!p->options.once)
		whole_passes(p);
	heed(p, p->sink->flush(p->ctx));
	if (!p->ended)
		end_with(p, POLLER_STOPPED);
	return p->end == POLLER_FAILED ? -1 : 0;
}

static void
close_source(struct source *s)
{
	ring_buffer__free(s->ring);
	perf_close(&s->perf);
	sample_close(&s->sample);
	if (s->timer != -1)
		close(s->timer);
}

void
poller_close(struct poller *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->nsources; i++)
		close_source(&p->sources[i]);
	free(p->sources);
	if (p->deadline != -1)
		close(p->deadline);
	if (p->look != -1)
		close(p->look);
	if (p->epoll != -1)
		close(p->epoll);
	free(p);
}
