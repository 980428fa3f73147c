#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/report.h"
#include "base/signals.h"
#include "base/util.h"
#include "poll/poll-interval.h"
#include "poll/poller.h"
#include "poll/source.h"

enum { EVENTS_MAX = 64 };

/* The kinds of epoll events.  That of a source comes with its number. */
enum watch {
	WATCH_SOURCE,
	WATCH_CHECK,
	WATCH_DEADLINE,
	WATCH_OUT,
	WATCH_IN,
	WATCH_EXTRA,
	WATCH_SINK,
	WATCH_CONTROL,
	WATCH_CLOCK,
	WATCH_OVER,
	WATCH_SIGNAL,
};

struct poller {
	const struct stream_header *header; /* borrowed */
	const struct poll_sink *sink;       /* borrowed */
	void *ctx;                          /* borrowed */
	struct poller_options options;
	struct source *sources; /* owned */
	size_t nsources;
	int epoll, check, deadline; /* owned; the last two are timers */
	int steps;                  /* owned: of clock_steps_new(); or -1 */
	/* Owned: the epoll, which wakes for all but buffers; then the perf
	 * buffers; then the rings. */
	struct pollfd *waits;
	nfds_t nsleep, nwait; /* how many of them end a sleep, and a wait */
	struct poll_interval interval;
	/* Not on the stack, since a thread that is cancelled while it sleeps
	 * leaves the stack. */
	struct timespec sleep;
	/* While the buffers are emptied: how full the fullest was at first, and
	 * when that was. */
	uint64_t fill, began;
	bool emptying;
	bool no_wakeup;  /* records need not wake the poller */
	bool looks;      /* the check timer runs all the time */
	bool checking;   /* the check timer runs */
	bool more_extra; /* what extra_read() returned last */
	bool read;       /* the buffers were read in this run */
	bool stepped;    /* the clock has; the sink is not told yet */
	uint64_t retry;  /* of a pass that waits for its turn, ns; or 0 */
	uint64_t records;
	bool ended;
	enum poller_end end;
};

/* Ends the polling, unless it has ended for another reason. */
static void
end_with(struct poller *p, enum poller_end end)
{
	if (!p->ended)
		p->end = end;
	p->ended = true;
}

/* Ends the polling if a function of the sink returned something else than 0.
 * Returns what it returned. */
static int
end_if_sink_failed(struct poller *p, int ret)
{
	if (ret != 0)
		end_with(p, ret == 1 ? POLLER_GONE : POLLER_FAILED);
	return ret;
}

/* Counts a record that the sink has got, and ends the polling after the last
 * one that is wanted.  Returns 0, or 1 if it ended. */
static int
count_record(struct poller *p)
{
	p->records++;
	if (p->options.count == 0 || p->records < p->options.count)
		return 0;
	end_with(p, POLLER_COUNTED);
	return 1;
}

/* The sink of the sources, between them and the poller's own. */
static int
forward_record(
    void *ctx, unsigned int map, uint64_t time_ns, const void *data, size_t len)
{
	struct poller *p = ctx;
	int ret;

	if (p->ended)
		return 1;
	ret = p->sink->record(p->ctx, map, time_ns, data, len);
	return ret != 0 ? end_if_sink_failed(p, ret) : count_record(p);
}

static int
forward_unmatched(void *ctx, unsigned int map, size_t len)
{
	struct poller *p = ctx;
	int ret;

	if (p->ended)
		return 1;
	ret = p->sink->unmatched(p->ctx, map, len);
	return ret != 0 ? end_if_sink_failed(p, ret) : count_record(p);
}

static int
forward_lost(void *ctx, unsigned int map, uint64_t count)
{
	struct poller *p = ctx;

	return end_if_sink_failed(p, p->sink->lost(p->ctx, map, count));
}

static int
forward_pass(void *ctx, unsigned int map, uint64_t pass, uint64_t keys)
{
	struct poller *p = ctx;

	if (p->sink->pass == NULL)
		return 0;
	return end_if_sink_failed(p, p->sink->pass(p->ctx, map, pass, keys));
}

static int
forward_hold(void *ctx, bool begin)
{
	struct poller *p = ctx;

	if (p->sink->hold != NULL)
		end_if_sink_failed(p, p->sink->hold(p->ctx, begin));
	return p->ended;
}

static int
forward_fullness(void *ctx, unsigned int map, const struct ring_fullness *f)
{
	struct poller *p = ctx;

	if (p->sink->fullness == NULL)
		return 0;
	return end_if_sink_failed(p, p->sink->fullness(p->ctx, map, f));
}

static const struct poll_sink source_sink = {
	.record = forward_record,
	.unmatched = forward_unmatched,
	.lost = forward_lost,
	.pass = forward_pass,
	.hold = forward_hold,
	.fullness = forward_fullness,
};

static void
flush_sink(struct poller *p)
{
	if (p->sink->flush != NULL)
		end_if_sink_failed(p, p->sink->flush(p->ctx));
}

/* Calls a function of each source until the polling ends. */
static void
call_sources(struct poller *p, int (*fn)(struct source *))
{
	for (size_t i = 0; i < p->nsources && !p->ended; i++)
		if (fn(&p->sources[i]) == -1)
			end_with(p, POLLER_FAILED);
}

/* Adds a descriptor, unless it is -1, to the epoll.  epoll_ctl(2) fails with
 * EPERM for regular files.  That is no error here: they have no end to wait
 * for.  Returns 0, or -1 with errno set. */
static int
watch_fd(struct poller *p, int fd, uint32_t events, enum watch what, size_t i)
{
	struct epoll_event e = {
		.events = events,
		.data.u64 = (uint64_t)what << 32 | i,
	};

	if (fd == -1 || epoll_ctl(p->epoll, EPOLL_CTL_ADD, fd, &e) == 0 ||
	    errno == EPERM)
		return 0;
	return -1;
}

/* Returns a watched timer that does not run yet, or -1 with errno set. */
static int
open_watched_timer(struct poller *p, enum watch what)
{
	int fd = clock_timer_new();

	if (fd != -1 && watch_fd(p, fd, EPOLLIN, what, 0) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

static int
open_sources(struct poller *p, const struct map_fds *fds)
{
	size_t n = p->header->nmaps;

	p->sources = calloc(n + 1, sizeof(*p->sources));
	p->waits = calloc(n + 1, sizeof(*p->waits));
	if (p->sources == NULL || p->waits == NULL)
		return report_nomem();
	for (unsigned int i = 0; i < n; i++) {
		struct source *s = &p->sources[p->nsources];

		/* A map with several types is read once for all of them. */
		if (stream_header_find_map(
			p->header, p->header->maps[i].name) != (int)i)
			continue;
		p->nsources++;
		if (source_open(s, p->header, i, &fds[i], p->options.perf_pages,
			&source_sink, p) == -1)
			return -1;
		if (source_is_buffer(s) ||
		    watch_fd(p, source_fd(s), EPOLLIN, WATCH_SOURCE,
			p->nsources - 1) == 0)
			continue;
		report_error("map %s: cannot wait for its records: %s",
		    p->header->maps[i].name, report_error_text(errno));
		return -1;
	}
	return 0;
}

/*
 * Fills in the descriptors on which the poller sleeps.  A perf buffer may end a
 * sleep, because with no_wakeup it wakes the reader only if it is half full.  A
 * ring may not: it wakes the reader for the first record after those that were
 * read.
 */
static void
fill_waits(struct poller *p)
{
	static const enum stream_source order[] = { STREAM_PERF,
		STREAM_RINGBUF };

	p->waits[p->nwait++] =
	    (struct pollfd){ .fd = p->epoll, .events = POLLIN };
	for (size_t k = 0; k < nitems(order); k++) {
		for (size_t i = 0; i < p->nsources; i++)
			if (p->header->maps[p->sources[i].map].source ==
			    order[k])
				p->waits[p->nwait++] = (struct pollfd){
					.fd = source_fd(&p->sources[i]),
					.events = POLLIN,
				};
		if (order[k] == STREAM_PERF)
			p->nsleep = p->nwait;
	}
}

/* Whether a ring buffer may have records that wake nobody. */
static bool
has_silent_ring(const struct poller *p)
{
	for (size_t i = 0; i < p->header->nmaps; i++)
		if (p->header->maps[i].source == STREAM_RINGBUF)
			return !p->options.records_wake;
	return false;
}

/* Lets the check timer run once, if it does not run.  Where nothing happens
 * nothing has to be checked, and the poller sleeps. */
static void
start_check(struct poller *p)
{
	uint64_t ms = p->options.poll_timeout_ms;

	if (p->checking)
		return;
	ms = ms < 1 ? 1 : ms > 1000 ? 1000 : ms;
	if (clock_timer_set(p->check, ms * 1000000, 0) == 0)
		p->checking = true;
}

/* Opens the epoll and adds all but the maps.  Returns 0, or -1 with errno set.
 */
static int
open_watches(struct poller *p)
{
	const struct poller_options *o = &p->options;

	p->looks =
	    (o->is_over != NULL && o->over_fd == -1) || has_silent_ring(p);
	if ((p->epoll = epoll_create1(EPOLL_CLOEXEC)) == -1 ||
	    (p->check = open_watched_timer(p, WATCH_CHECK)) == -1 ||
	    (p->deadline = open_watched_timer(p, WATCH_DEADLINE)) == -1 ||
	    clock_timer_set(p->deadline, o->timeout_ns, 0) == -1)
		return -1;
	if (o->extra_read != NULL &&
	    watch_fd(p, o->extra_fd, EPOLLIN, WATCH_EXTRA, 0) == -1)
		return -1;
	if (p->sink->wake != NULL &&
	    watch_fd(p, o->sink_fd, EPOLLIN, WATCH_SINK, 0) == -1)
		return -1;
	/* Where the kernel cannot tell of steps, none is noticed. */
	if (p->sink->clock_stepped != NULL &&
	    (p->steps = clock_steps_new()) != -1 &&
	    watch_fd(p, p->steps, EPOLLIN, WATCH_CLOCK, 0) == -1)
		return -1;
	/* EPOLLERR and EPOLLHUP, which need not be requested, tell that the
	 * reader has gone. */
	if (watch_fd(p, o->out_fd, 0, WATCH_OUT, 0) == -1 ||
	    watch_fd(p, o->in_fd, EPOLLIN, WATCH_IN, 0) == -1 ||
	    watch_fd(p, signals_wake_fd(), EPOLLIN, WATCH_SIGNAL, 0) == -1)
		return -1;
	if (o->is_over != NULL &&
	    watch_fd(p, o->over_fd, EPOLLIN | EPOLLET, WATCH_OVER, 0) == -1)
		return -1;
	if (p->looks)
		start_check(p);
	if (o->control == NULL)
		return 0;
	return watch_fd(p, o->control->wake, EPOLLIN, WATCH_CONTROL, 0);
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
		.check = -1,
		.steps = -1,
		.deadline = -1 };
	if (open_watches(p) == -1)
		report_error(
		    "cannot wait for events: %s", report_error_text(errno));
	else if (open_sources(p, fds) == 0) {
		fill_waits(p);
		poll_interval_start(
		    &p->interval, o->latency_ns, clock_elapsed());
		return p;
	}
	poller_close(p);
	return NULL;
}

int
poller_set_link(struct poller *p, unsigned int map, int fd)
{
	size_t i = 0;

	while (p->sources[i].map != map)
		i++;
	return source_set_link(&p->sources[i], fd);
}

int
poller_record(struct poller *p, unsigned int map, uint64_t time_ns,
    const void *data, size_t len)
{
	return forward_record(p, map, time_ns, data, len);
}

static void
read_extra(struct poller *p)
{
	const struct poller_options *o = &p->options;
	int ret = o->extra_read != NULL ? o->extra_read(o->extra_ctx) : 0;

	if (ret == -1)
		end_with(p, POLLER_FAILED);
	p->more_extra = ret == 1;
	if (p->more_extra)
		start_check(p);
}

static void
wake_sink(struct poller *p)
{
	if (p->sink->wake != NULL)
		end_if_sink_failed(p, p->sink->wake(p->ctx));
}

/* Tells the sink that the clock has stepped.  Called when the buffers have been
 * read, since most of what was in them is older. */
static void
tell_clock_step(struct poller *p)
{
	if (!p->stepped || p->ended)
		return;
	p->stepped = false;
	end_if_sink_failed(p, p->sink->clock_stepped(p->ctx));
}

static void
check_over(struct poller *p)
{
	const struct poller_options *o = &p->options;

	if (o->is_over != NULL && o->is_over(o->is_over_ctx))
		end_with(p, POLLER_INPUT);
}

/* Does what has to be done poll_timeout_ms after records came, or all the
 * time. */
static void
on_check_timer(struct poller *p)
{
	p->checking = false;
	call_sources(p, source_poll_lost_counter);
	if (p->more_extra)
		read_extra(p);
	if (p->options.over_fd == -1)
		check_over(p);
	if (p->looks)
		start_check(p);
}

static void
handle_event(struct poller *p, const struct epoll_event *e)
{
	char unused[4096];
	ssize_t n;

	switch ((enum watch)(e->data.u64 >> 32)) {
	case WATCH_SOURCE:
		if (source_read(&p->sources[(uint32_t)e->data.u64]) == -1)
			end_with(p, POLLER_FAILED);
		break;
	case WATCH_CHECK:
		if (clock_timer_expired(p->check) > 0)
			on_check_timer(p);
		break;
	case WATCH_DEADLINE:
		end_with(p, POLLER_TIMEOUT);
		break;
	case WATCH_OUT:
		end_with(p, POLLER_GONE);
		break;
	case WATCH_IN:
		/* Only the end of the input matters. */
		n = read(p->options.in_fd, unused, sizeof(unused));
		if (n == 0 || (n == -1 && errno != EINTR && errno != EAGAIN))
			end_with(p, POLLER_INPUT);
		break;
	case WATCH_EXTRA:
		read_extra(p);
		break;
	case WATCH_SINK:
		wake_sink(p);
		break;
	case WATCH_CONTROL:
		poll_control_clear_wake(p->options.control);
		break;
	case WATCH_CLOCK:
		p->stepped |= clock_steps_read(p->steps);
		break;
	case WATCH_OVER:
		check_over(p);
		break;
	case WATCH_SIGNAL:
		signals_clear_wake();
		break;
	}
}

/* Does one step of each pass that is under way.  Returns whether there is any
 * that need not wait for its turn. */
static bool
step_passes(struct poller *p)
{
	bool running = false, done = p->nsources > 0;

	p->retry = 0;

	for (size_t i = 0; i < p->nsources && !p->ended; i++) {
		struct source *s = &p->sources[i];

		if (source_is_running(s) && source_step(s) == -1)
			end_with(p, POLLER_FAILED);
		if (source_is_running(s) && s->waiting)
			p->retry = source_turn_sleep(s);
		else
			running |= source_is_running(s);
		done &= source_is_done(s);
	}
	if (done)
		end_with(p, POLLER_DONE);
	return running;
}

/* Returns how long to sleep before buffers that are not empty are read again:
 * until the first of them may be. */
static uint64_t
sleep_between_turns(const struct poller *p)
{
	uint64_t least = POLL_INTERVAL_WAIT, ns;

	for (size_t i = 0; i < p->nsources; i++) {
		const struct source *s = &p->sources[i];

		if (!s->more && !s->waiting)
			continue;
		ns = source_turn_sleep(s);
		if (ns < least)
			least = ns;
	}
	return least;
}

/* Gives each buffer that is not empty a turn.  Returns how long to sleep now:
 * 0 if there is more, POLL_INTERVAL_WAIT, or ns. */
static uint64_t
read_buffers(struct poller *p)
{
	if (!p->emptying) {
		p->fill = 0;
		for (size_t i = 0; i < p->nsources; i++) {
			uint64_t part = source_fill(&p->sources[i]);

			if (part > p->fill)
				p->fill = part;
		}
		p->began = clock_elapsed();
	}
	p->emptying = false;
	if (p->fill > 0)
		start_check(p);
	for (size_t i = 0; p->fill > 0 && i < p->nsources && !p->ended; i++) {
		struct source *s = &p->sources[i];

		if (!source_is_buffer(s))
			continue;
		s->more = s->waiting = false;
		if (source_fill(s) == 0)
			continue;
		if (source_read(s) == -1)
			end_with(p, POLLER_FAILED);
		p->emptying |= s->more || s->waiting;
	}
	return p->emptying
		   ? sleep_between_turns(p)
		   : poll_interval_next(&p->interval, p->fill, p->began);
}

/*
 * Flushes the sink, then sleeps for ns, or with POLL_INTERVAL_WAIT until a
 * buffer wakes the poller.  The epoll always does.
 */
static void
poller_sleep(struct poller *p, uint64_t ns)
{
	bool wait = ns == POLL_INTERVAL_WAIT;

	if (p->no_wakeup == wait) {
		p->no_wakeup = !wait;
		for (size_t i = 0; i < p->nsources && !p->ended; i++)
			if (source_set_no_wakeup(&p->sources[i], !wait) == -1)
				end_with(p, POLLER_FAILED);
		/* Records that came before they could wake the poller have to
		 * be read first. */
		if (wait)
			return;
	}
	p->sleep = (struct timespec){
		.tv_sec = (time_t)(ns / CLOCK_SECOND),
		.tv_nsec = (long)(ns % CLOCK_SECOND),
	};
	flush_sink(p);
	if (p->ended ||
	    ppoll(p->waits, wait ? p->nwait : p->nsleep,
		wait ? NULL : &p->sleep, NULL) != -1 ||
	    errno == EINTR)
		return;
	report_error("cannot wait for records: %s", report_error_text(errno));
	end_with(p, POLLER_FAILED);
}

/*
 * Reads buffers, then handles events.  Flushes and sleeps only when the buffers
 * are empty and no pass is under way: so output is written in large pieces
 * while there is much, and at once when there is little.
 */
static void
poll_once(struct poller *p, bool running)
{
	struct epoll_event events[EVENTS_MAX];
	uint64_t ns = read_buffers(p);
	int n;

	p->read = true;
	if (!p->emptying)
		tell_clock_step(p);
	if (p->retry != 0 && ns > p->retry)
		ns = p->retry;
	if (ns > 0 && !running && !p->ended)
		poller_sleep(p, ns);
	if (p->ended)
		return;
	n = epoll_wait(p->epoll, events, EVENTS_MAX, 0);
	if (n == -1 && errno != EINTR) {
		report_error(
		    "cannot wait for events: %s", report_error_text(errno));
		end_with(p, POLLER_FAILED);
	}
	for (int i = 0; i < n && !p->ended; i++)
		handle_event(p, &events[i]);
}

/* Sets how long to wait for a turn at the end. */
static void
set_deadline(struct poller *p)
{
	for (size_t i = 0; i < p->nsources; i++)
		source_set_deadline(
		    &p->sources[i], clock_elapsed() + CLOCK_SECOND);
}

static bool
poller_is_paused(const struct poller *p)
{
	const struct poll_control *c = p->options.control;

	return c != NULL && poll_control_is_paused(c);
}

enum poller_end
poller_run(struct poller *p)
{
	struct poll_control *c = p->options.control;
	/* The last run may have ended within a pass. */
	bool running = true;

	p->ended = false;
	p->read = false;
	if (p->options.once) {
		set_deadline(p);
		call_sources(p, source_drain);
		call_sources(p, source_pass);
		for (size_t i = 0; i < p->nsources; i++)
			if (p->sources[i].waiting)
				end_with(p, POLLER_FAILED);
		end_with(p, POLLER_ONCE);
	}
	while (!p->ended) {
		if (signals_stop() ||
		    (c != NULL && poll_control_clear_end(c))) {
			end_with(p, POLLER_STOPPED);
		} else if (poller_is_paused(p)) {
			flush_sink(p);
			if (!p->ended)
				poll_control_wait(c);
		} else {
			poll_once(p, running);
			running = step_passes(p);
		}
	}
	/* After the last record wanted nothing is drained. */
	if (p->end == POLLER_COUNTED) {
		p->ended = false;
		call_sources(p, source_report_lost);
		end_with(p, POLLER_COUNTED);
	}
	flush_sink(p);
	return p->end;
}

enum poller_end
poller_read_rest(struct poller *p)
{
	if (p->end != POLLER_STOPPED || !p->read || poller_is_paused(p))
		return p->end;
	p->ended = false;
	call_sources(p, source_drain);
	flush_sink(p);
	end_with(p, POLLER_STOPPED);
	return p->end;
}

int
poller_report_lost(struct poller *p)
{
	p->ended = false;
	call_sources(p, source_report_lost);
	return p->ended ? -1 : 0;
}

/* Tells the sink how full the rings were, also after the last record wanted. */
static void
report_fullness(struct poller *p)
{
	bool ended = p->ended;

	p->ended = false;
	call_sources(p, source_report_fullness);
	p->ended |= ended;
}

int
poller_drain(struct poller *p)
{
	if (p->end == POLLER_GONE)
		return 0;
	if (p->end == POLLER_COUNTED)
		report_fullness(p);
	if (p->end == POLLER_COUNTED || p->end == POLLER_FAILED)
		return p->end == POLLER_FAILED ? -1 : 0;
	p->ended = false;
	set_deadline(p);
	call_sources(p, source_drain);
	if (p->options.extra_drain != NULL && !p->ended &&
	    p->options.extra_drain(p->options.extra_ctx) == -1)
		end_with(p, POLLER_FAILED);
	if (p->steps != -1)
		p->stepped |= clock_steps_read(p->steps);
	tell_clock_step(p);
	call_sources(p, source_report_lost);
	if (!p->options.once)
		call_sources(p, source_last_pass);
	report_fullness(p);
	flush_sink(p);
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
	if (p->check != -1)
		close(p->check);
	if (p->steps != -1)
		close(p->steps);
	if (p->epoll != -1)
		close(p->epoll);
	free(p);
}
