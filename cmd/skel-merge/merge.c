#include "merge.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/report.h"
#include "base/signals.h"
#include "merge-lines.h"
#include "merge-order.h"
#include "merge-streams.h"
#include "merge-write.h"

enum {
	/* Bytes that are read at once of all inputs together, and of each. */
	READ_ALL = 32 << 20,
	READ_LEAST = 16 << 10,
	READ_MOST = 64 << 10,
};

/* How long the first header waits for those of slow inputs, in ns. */
#define GRACE_NS (3 * CLOCK_SECOND)

static bool
has_state(const struct merge *m, enum merge_state state)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->inputs[i].state == state)
			return true;
	return false;
}

/* How long the first header waits for others, in ns; 0: not, or no more. */
static uint64_t
grace_left(const struct merge *m)
{
	uint64_t end = m->started + GRACE_NS, now = clock_elapsed();

	return m->begun || !has_state(m, MERGE_OPENING) || now >= end
		   ? 0
		   : end - now;
}

/* Read more of an input, once, and take its lines.  Returns 0 or -1. */
static int
read_input(struct merge *m, struct merge_input *in)
{
	m->now = in->came = clock_elapsed();
	line_input_fill(&in->in.input);
	if (in->state == MERGE_OPENING)
		return stream_reader_is_ready(&in->in) ? merge_open_input(m, in)
						       : 0;
	return merge_take_lines(m, in);
}

/* Whether an input that is no file is to be waited for. */
static bool
is_awaited(const struct merge *m, const struct merge_input *in)
{
	if (!in->live)
		return false;
	return in->state == MERGE_OPENING ||
	       (merge_input_reads(in) && !(m->ordered && in->full));
}

static bool
must_stop(const struct merge *m)
{
	if (signals_stop_at_once() || m->out->gone || m->out->failed)
		return true;
	if (!signals_stop())
		return false;
	/* The commands that write to the inputs end by the signal too. */
	for (size_t i = 0; i < m->n; i++)
		if (m->inputs[i].live && m->inputs[i].state != MERGE_DONE)
			return false;
	return true;
}

/* Wait for inputs that are no files, for ms at most, and read those that can
 * be.  Returns 0 or -1. */
static int
read_live(struct merge *m, int ms)
{
	struct pollfd *p = m->polls;
	size_t n = m->n, i;

	for (i = 0; i < n; i++)
		p[i] = (struct pollfd){ .fd = is_awaited(m, &m->inputs[i])
						  ? m->inputs[i].fd
						  : -1,
			.events = POLLIN };
	p[n] = (struct pollfd){ .fd = m->out->fd };
	p[n + 1] = (struct pollfd){ .fd = signals_wake_fd(), .events = POLLIN };
	if (poll(p, n + 2, ms) <= 0)
		return 0;
	if (p[n + 1].revents != 0)
		signals_clear_wake();
	if (p[n].revents & (POLLERR | POLLHUP | POLLNVAL)) {
		m->out->gone = true;
		return -1;
	}
	/* Each has its turn, and another one is the first each time. */
	m->turn++;
	for (i = 0; i < n; i++) {
		size_t k = (i + m->turn) % n;

		if (p[k].fd != -1 && p[k].revents != 0 &&
		    read_input(m, &m->inputs[k]) == -1)
			return -1;
	}
	return 0;
}

/* Whether it is the turn of an input: with an order those files are read that
 * others wait for, else the first one that is not read to its end. */
static bool
has_turn(const struct merge *m, const struct merge_input *in)
{
	if (!merge_input_reads(in))
		return false;
	if (m->ordered)
		return merge_order_needs(m, in);
	for (const struct merge_input *k = m->inputs; k < in && !in->live; k++)
		if (!k->live && k->state == MERGE_RUNNING)
			return false;
	return true;
}

/* Read files.  Returns how many were read, or -1. */
static int
read_files(struct merge *m)
{
	int n = 0;

	for (size_t i = 0; i < m->n; i++) {
		struct merge_input *in = &m->inputs[i];

		if (in->live || !has_turn(m, in))
			continue;
		if (read_input(m, in) == -1)
			return -1;
		n++;
		if (!m->ordered)
			break;
	}
	return n;
}

/* Take what is left of lines, and go on behind streams that are over.  Returns
 * 1 if there may be more of it at once, 0, or -1. */
static int
finish_streams(struct merge *m)
{
	struct merge_input *in;
	int got = 0;

	for (size_t i = 0; i < m->n; i++) {
		in = &m->inputs[i];
		if (has_turn(m, in) && merge_take_lines(m, in) == -1)
			return -1;
		if (in->state == MERGE_RUNNING && !merge_input_reads(in) &&
		    (!m->ordered || in->stream == NULL)) {
			if (merge_go_on(m, in) == -1)
				return -1;
			got = 1;
		}
	}
	if (!m->ordered || got == 1)
		return got;
	got = merge_order_write(m, &in);
	if (got == 1 && merge_go_on(m, in) == -1)
		return -1;
	return got;
}

/* For how many ms to wait for inputs, -1: for ever. */
static int
wait_ms(const struct merge *m, bool has_read)
{
	uint64_t ns = grace_left(m), order;

	if (has_read)
		return 0;
	if (ns == 0)
		ns = UINT64_MAX;
	if (m->ordered && (order = merge_order_wait(m)) < ns)
		ns = order;
	if (ns == UINT64_MAX)
		return -1;
	return ns / 1000000 > INT32_MAX - 1 ? INT32_MAX
					    : (int)(ns / 1000000) + 1;
}

/* Read the headers of files, and wait for those of others for a while.  Returns
 * 0 or -1. */
static int
open_files(struct merge *m)
{
	for (size_t i = 0; i < m->n; i++) {
		struct merge_input *in = &m->inputs[i];

		if (!in->live && in->state == MERGE_OPENING &&
		    merge_open_input(m, in) == -1)
			return -1;
	}
	return 0;
}

/* Returns 0; or -1 if it failed, or the reader of the output left. */
static int
merge_all(struct merge *m)
{
	int got;

	if (open_files(m) == -1)
		return -1;
	while (!must_stop(m)) {
		while ((got = finish_streams(m)) == 1 &&
		       !has_state(m, MERGE_PENDING))
			;
		if (got == -1)
			return -1;
		if (has_state(m, MERGE_PENDING) && grace_left(m) == 0) {
			if (merge_begin_output(m) == -1)
				return -1;
			continue;
		}
		if (got == 1)
			continue;
		if (!has_state(m, MERGE_OPENING) &&
		    !has_state(m, MERGE_RUNNING))
			return 0;
		if ((got = m->begun ? read_files(m) : 0) == -1)
			return -1;
		if (got == 0 && output_flush(m->out) == -1)
			return -1;
		if (read_live(m, wait_ms(m, got > 0)) == -1)
			return -1;
	}
	return m->out->gone || m->out->failed ? -1 : 0;
}

int
merge_run(struct merge *m)
{
	size_t share = READ_ALL / m->n;
	int ret = 0;

	m->started = m->now = clock_elapsed();
	m->polls = calloc(m->n + 2, sizeof(*m->polls));
	if (m->polls == NULL)
		return report_nomem();
	for (size_t i = 0; i < m->n; i++)
		m->inputs[i].in.input.read_size =
		    share < READ_LEAST  ? READ_LEAST
		    : share > READ_MOST ? READ_MOST
					: share;
	if (m->ordered)
		ret = merge_order_open(m);
	if (ret == 0)
		ret = merge_all(m);
	for (size_t i = 0; i < m->n; i++)
		if (m->inputs[i].state != MERGE_DONE) {
			m->inputs[i].at_end = m->inputs[i].in.input.eof;
			merge_end_stream(m, &m->inputs[i]);
			merge_close_input(m, &m->inputs[i]);
		}
	if (ret == 0)
		merge_write_end(m);
	if (m->late > 0)
		report_notice("%llu records came too late for their place, and "
			      "are out of order; a larger --order may help",
		    (unsigned long long)m->late);
	return ret == 0 && m->failed ? -1 : ret;
}

void
merge_close(struct merge *m)
{
	merge_free_streams(m);
	stream_header_free(&m->header);
	json_decref(m->end);
	json_decref(m->last_end);
	buf_free(&m->last_line);
	free(m->heap.v);
	merge_pool_free(m->pool);
	free(m->polls);
	buf_free(&m->scratch);
	buf_free(&m->map);
}
