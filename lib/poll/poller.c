#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/report.h"
#include "base/signals.h"
#include "base/timer.h"
#include "poll/pace.h"
#include "poll/poller.h"
#include "poll/source.h"

enum {
	TIME_RECORDS = 64, /* records between two looks at the clock */
	EVENTS_MAX = 64,
};

/* What an epoll event is about; a source's comes with its number. */
enum watch {
	WATCH_SOURCE,
	WATCH_LOOK,
	WATCH_DEADLINE,
	WATCH_OUT,
	WATCH_IN,
	WATCH_ALSO,
	WATCH_CONTROL,
};

struct poller {
	const struct stream_header *header; /* borrowed */
	const struct poll_sink *sink;       /* borrowed */
	void *ctx;                          /* borrowed */
	struct poller_options options;
	struct source *sources; /* owned */
	size_t nsources;
	int epoll, look, deadline; /* owned; all but the buffers wakes there */
	struct pollfd *waits;      /* owned: the epoll, perf buffers, rings */
	nfds_t nnap, nwait; /* of those: what ends a nap, and any sleep */
	struct pace pace;
	/* Not on the stack: who cancels this thread in its sleep leaves that.
	 */
	struct timespec nap;
	uint64_t fill, began; /* of the look at the buffers under way */
	bool emptying;        /* one is under way */
	bool quiet;           /* buffers need not wake us */
	bool looked;          /* at the buffers, in this run */
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

static void
read_clock(struct poller *p)
{
	p->now = clock_now();
	p->now_left = TIME_RECORDS;
}

/* Hand one record on.  Returns 0, or -1 when that was the last one. */
static int
take_record(void *ctx, const struct source *s, const void *data, size_t len)
{
	struct poller *p = ctx;

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

static int
take_lost(void *ctx, const struct source *s, uint64_t count)
{
	struct poller *p = ctx;

	return heed(p, p->sink->lost(p->ctx, s->map, count));
}

static int
take_sampled(void *ctx, const struct source *s, uint64_t round, uint64_t keys)
{
	struct poller *p = ctx;

	return heed(p, p->sink->sampled(p->ctx, s->map, round, keys));
}

static const struct source_sink source_sink = {
	.record = take_record,
	.lost = take_lost,
	.sampled = take_sampled,
};

/* Let a source do something.  What fails ends the polling, unless that has
 * ended otherwise. */
static void
let(struct poller *p, int (*turn)(struct source *), struct source *s)
{
	read_clock(p);
	if (turn(s) == -1)
		end_with(p, POLLER_FAILED);
}

static void
let_all(struct poller *p, int (*turn)(struct source *))
{
	for (size_t i = 0; i < p->nsources && !p->ended; i++)
		let(p, turn, &p->sources[i]);
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
open_timer(struct poller *p, enum watch what)
{
	int fd = timer_new();

	if (fd != -1 && watch(p, fd, EPOLLIN, what, 0) == -1) {
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

static int
open_source(struct poller *p, size_t i, const struct map_fds *fds)
{
	const struct poller_options *o = &p->options;
	struct source *s = &p->sources[i];

	p->nsources++;
	if (source_open(s, p->header, (unsigned int)i, fds, o->perf_pages,
		&source_sink, p) == -1)
		return -1;
	if (source_is_buffer(s) ||
	    watch(p, source_fd(s), EPOLLIN, WATCH_SOURCE, i) == 0)
		return 0;
	report_error("map %s: cannot wait for it: %s", p->header->maps[i].name,
	    strerror(errno));
	return -1;
}

static int
open_sources(struct poller *p, const struct map_fds *fds)
{
	p->sources = calloc(p->header->nmaps + 1, sizeof(*p->sources));
	if (p->sources == NULL)
		return report_nomem();
	for (size_t i = 0; i < p->header->nmaps; i++)
		if (open_source(p, i, &fds[i]) == -1)
			return -1;
	return 0;
}

static void
add_wait(struct poller *p, int fd)
{
	p->waits[p->nwait++] = (struct pollfd){ .fd = fd, .events = POLLIN };
}

static void
add_waits(struct poller *p, enum stream_source source)
{
	for (size_t i = 0; i < p->nsources; i++)
		if (p->header->maps[i].source == source)
			add_wait(p, source_fd(&p->sources[i]));
}

/*
 * What to sleep on.  A ring wakes its reader for the first record behind what
 * was read, in a nap too, which it would end; a perf buffer that is quiet only
 * when it is half full.
 */
static int
open_waits(struct poller *p)
{
	p->waits = calloc(p->nsources + 1, sizeof(*p->waits));
	if (p->waits == NULL)
		return report_nomem();
	add_wait(p, p->epoll);
	add_waits(p, STREAM_PERF);
	p->nnap = p->nwait;
	add_waits(p, STREAM_RINGBUF);
	pace_start(&p->pace, p->options.latency_ns, clock_elapsed());
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
	    (p->look = open_timer(p, WATCH_LOOK)) == -1 ||
	    (p->deadline = open_timer(p, WATCH_DEADLINE)) == -1 ||
	    timer_set(p->look, look_ms * 1000000, look_ms * 1000000) == -1 ||
	    timer_set(p->deadline, o->timeout_ns, 0) == -1)
		return -1;
	if (o->also != NULL &&
	    watch(p, o->also_fd, EPOLLIN, WATCH_ALSO, 0) == -1)
		return -1;
	/* EPOLLERR and EPOLLHUP come unasked: the reader left. */
	if (watch_pipe(p, o->out_fd, 0, WATCH_OUT) == -1 ||
	    watch_pipe(p, o->in_fd, EPOLLIN, WATCH_IN) == -1)
		return -1;
	if (o->control == NULL)
		return 0;
	return watch(p, o->control->wake, EPOLLIN, WATCH_CONTROL, 0);
}

struct poller *
poller_open(const struct stream_header *h, const struct map_fds *fds,
    const struct poller_options *o, const struct poll_sink *sink, void *ctx)
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
	if (open_sources(p, fds) == -1 || open_waits(p) == -1) {
		poller_close(p);
		return NULL;
	}
	return p;
}

int
poller_set_link(struct poller *p, unsigned int map, int fd)
{
	return source_set_link(&p->sources[map], fd);
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

static void
serve_also(struct poller *p)
{
	const struct poller_options *o = &p->options;

	if (o->also != NULL && o->also(o->also_ctx) == -1)
		end_with(p, POLLER_FAILED);
}

static void
look_at_all(struct poller *p)
{
	const struct poller_options *o = &p->options;

	let_all(p, source_poll_lost);
	serve_also(p);
	if (o->is_over != NULL && o->is_over(o->is_over_ctx))
		end_with(p, POLLER_INPUT);
}

static void
serve(struct poller *p, const struct epoll_event *e)
{
	switch ((enum watch)(e->data.u64 >> 32)) {
	case WATCH_SOURCE:
		let(p, source_read, &p->sources[(uint32_t)e->data.u64]);
		break;
	case WATCH_LOOK:
		if (timer_expired(p->look) > 0)
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
	case WATCH_ALSO:
		serve_also(p);
		break;
	case WATCH_CONTROL:
		poll_control_clear_wake(p->options.control);
		break;
	}
}

/* One step of every pass that is under way.  Returns whether any is. */
static bool
step_passes(struct poller *p)
{
	bool running = false, done = p->nsources > 0;

	for (size_t i = 0; i < p->nsources && !p->ended; i++) {
		struct source *s = &p->sources[i];

		if (source_is_running(s))
			let(p, source_step, s);
		running |= source_is_running(s);
		done &= source_is_done(s);
	}
	if (done)
		end_with(p, POLLER_DONE);
	return running;
}

static uint64_t
fullest(const struct poller *p)
{
	uint64_t fill = 0;

	for (size_t i = 0; i < p->nsources; i++) {
		uint64_t part = source_fill(&p->sources[i]);

		if (part > fill)
			fill = part;
	}
	return fill;
}

/* A turn of each buffer that has something.  Returns whether one has more. */
static bool
serve_buffers(struct poller *p)
{
	bool more = false;

	for (size_t i = 0; i < p->nsources && !p->ended; i++) {
		struct source *s = &p->sources[i];

		if (source_fill(s) == 0)
			continue;
		let(p, source_read, s);
		more |= source_has_more(s);
	}
	return more;
}

/* Look at the buffers, or go on with it.  Returns the nap after that: 0 for
 * none, or PACE_WAIT. */
static uint64_t
look_at_buffers(struct poller *p)
{
	if (!p->emptying) {
		p->fill = fullest(p);
		p->began = clock_elapsed();
	}
	p->emptying = p->fill > 0 && serve_buffers(p);
	return p->emptying ? 0 : pace_next(&p->pace, p->fill, p->began);
}

/* Returns whether that was so already. */
static bool
make_quiet(struct poller *p, bool quiet)
{
	if (p->quiet == quiet)
		return true;
	p->quiet = quiet;
	for (size_t i = 0; i < p->nsources && !p->ended; i++)
		if (source_set_quiet(&p->sources[i], quiet) == -1)
			end_with(p, POLLER_FAILED);
	return false;
}

/*
 * Flush, then sleep so long, or until a buffer wakes us; the epoll always does.
 * A signal between signals_stop() and this is seen at the next look.
 */
static void
take_nap(struct poller *p, uint64_t nap)
{
	bool wait = nap == PACE_WAIT;

	/* What came until records could wake us has to be looked for. */
	if (!make_quiet(p, !wait) && wait)
		return;
	p->nap = (struct timespec){
		.tv_sec = (time_t)(nap / CLOCK_SECOND),
		.tv_nsec = (long)(nap % CLOCK_SECOND),
	};
	if (heed(p, p->sink->flush(p->ctx)) == -1 ||
	    ppoll(p->waits, wait ? p->nwait : p->nnap, wait ? NULL : &p->nap,
		NULL) != -1 ||
	    errno == EINTR)
		return;
	report_error("ppoll: %s", strerror(errno));
	end_with(p, POLLER_FAILED);
}

/* Serve what the epoll has. */
static void
serve_events(struct poller *p)
{
	struct epoll_event events[EVENTS_MAX];
	int n = epoll_wait(p->epoll, events, EVENTS_MAX, 0);

	if (n == -1 && errno != EINTR) {
		report_error("epoll_wait: %s", strerror(errno));
		end_with(p, POLLER_FAILED);
	}
	for (int i = 0; i < n && !p->ended; i++)
		serve(p, &events[i]);
}

/*
 * Take what is there, then serve who else wants something.  Only when there is
 * no more, flush and sleep, unless passes are under way: so lines go out in
 * large writes while there is much, and at once when there is little.
 */
static void
turn(struct poller *p, bool running)
{
	uint64_t nap = look_at_buffers(p);

	p->looked = true;
	if (nap > 0 && !running && !p->ended)
		take_nap(p, nap);
	if (!p->ended)
		serve_events(p);
}

/* Whether a signal or the control asks for an end. */
static bool
is_stopped(struct poller *p)
{
	struct poll_control *c = p->options.control;

	return signals_stop() || (c != NULL && poll_control_clear_end(c));
}

static bool
is_paused(const struct poller *p)
{
	const struct poll_control *c = p->options.control;

	return c != NULL && poll_control_is_paused(c);
}

/* When there were enough records nothing is drained: this is the last look. */
static void
count_last(struct poller *p)
{
	p->ended = false;
	let_all(p, source_count_lost);
	end_with(p, POLLER_COUNTED);
}

enum poller_end
poller_run(struct poller *p)
{
	/* A pass may have been left in its middle the last time. */
	bool running = true;

	p->ended = false;
	p->looked = false;
	if (p->options.once) {
		let_all(p, source_drain);
		let_all(p, source_pass);
		end_with(p, POLLER_ONCE);
	}
	while (!p->ended) {
		if (is_stopped(p)) {
			end_with(p, POLLER_STOPPED);
			break;
		}
		if (is_paused(p)) {
			if (heed(p, p->sink->flush(p->ctx)) == 0)
				poll_control_wait(p->options.control);
			continue;
		}
		turn(p, running);
		running = step_passes(p);
	}
	if (p->end == POLLER_COUNTED)
		count_last(p);
	heed(p, p->sink->flush(p->ctx));
	return p->end;
}

enum poller_end
poller_read_rest(struct poller *p)
{
	if (p->end != POLLER_STOPPED || !p->looked || is_paused(p))
		return p->end;
	p->ended = false;
	let_all(p, source_drain);
	heed(p, p->sink->flush(p->ctx));
	if (!p->ended)
		end_with(p, POLLER_STOPPED);
	return p->end;
}

int
poller_count_lost(struct poller *p)
{
	p->ended = false;
	let_all(p, source_count_lost);
	return p->ended ? -1 : 0;
}

int
poller_drain(struct poller *p)
{
	if (p->end == POLLER_GONE || p->end == POLLER_COUNTED)
		return 0;
	if (p->end == POLLER_FAILED)
		return -1;
	p->ended = false;
	let_all(p, source_drain);
	let_all(p, source_count_lost);
	if (!p->options.once)
		let_all(p, source_last_pass);
	heed(p, p->sink->flush(p->ctx));
	if (!p->ended)
		end_with(p, POLLER_STOPPED);
	return p->end == POLLER_FAILED ? -1 : 0;
}

void
poller_close(struct poller *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->nsources; i++)
		source_close(&p->sources[i]);
	free(p->sources);
	free(p->waits);
	if (p->deadline != -1)
		close(p->deadline);
	if (p->look != -1)
		close(p->look);
	if (p->epoll != -1)
		close(p->epoll);
	free(p);
}
