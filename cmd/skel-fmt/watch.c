#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/signals.h"
#include "base/text.h"
#include "base/util.h"
#include "keyboard.h"
#include "layout/paint.h"
#include "watch.h"
#include "watch/pass-order.h"
#include "watch/pass-rows.h"

/* The least time between two drawings while input keeps coming. */
#define DRAW_NS (CLOCK_SECOND / 20)

struct watched_map {
	struct pass_order order;
	struct pass_rows coming, last; /* of this pass, and of the last one */
	/* Of a map whose plan collects records: text, of blocks that a blank
	 * line ends. */
	struct buf text;
	struct buf last_text;
	bool complete; /* there was a pass */
};

int
watch_open(struct watch *w, int fd)
{
	const char *term = getenv("TERM");

	w->keyboard = -1;
	if (!terminal_window(fd, &w->window)) {
		report_error("--watch: the output is no terminal; without "
			     "--watch each pass is printed after the other");
		return -1;
	}
	if (term == NULL || *term == '\0' || strcmp(term, "dumb") == 0) {
		report_error("--watch: the terminal cannot be drawn on; TERM "
			     "is %s%s",
		    term == NULL ? "not set" : "\"",
		    term == NULL    ? ""
		    : *term == '\0' ? "\""
				    : "dumb\"");
		return -1;
	}
	w->keyboard = keyboard_open();
	return 0;
}

int
watch_start(struct watch *w)
{
	if (terminal_catch_resize() == -1) {
		report_error("cannot catch signals: %s", strerror(errno));
		return -1;
	}
	keyboard_start();
	w->holds = isatty(STDERR_FILENO);
	if (w->holds)
		report_hold(&w->held);
	return 0;
}

void
watch_close(struct watch *w)
{
	watch_draw(w);
	output_flush(w->out);
	keyboard_close();
	if (w->holds)
		report_release_held(&w->held, NULL);
	w->holds = false;
}

/* Whether a map is looked at again and again, so that there are passes. */
static bool
has_passes(const struct stream_map *m)
{
	return m->source == STREAM_SAMPLE || m->source == STREAM_ITER;
}

static int
open_map(struct watch *w, unsigned int i)
{
	struct watched_map *m = &w->maps[i];

	return pass_order_open(
	    &m->order, w->header, i, w->plan->columns, w->plan->ncolumns);
}

int
watch_begin_stream(struct watch *w, const struct stream_header *h,
    struct plan **plans, const char *name)
{
	int n = 0;

	for (size_t i = 0; i < h->nmaps; i++) {
		if (plans[i] != NULL && has_passes(&h->maps[i])) {
			n++;
			continue;
		}
		plan_free(plans[i]);
		plans[i] = NULL;
	}
	if (n == 0) {
		report_error("%s: --watch: no map is sampled, so there are no "
			     "passes; count the records: skel-count --by "
			     "MEMBER --every 1s | skel-fmt --watch",
		    name);
		return -1;
	}
	w->maps = calloc(h->nmaps, sizeof(*w->maps));
	w->parts = calloc((size_t)n, sizeof(*w->parts));
	w->header = h;
	w->plans = plans;
	if (w->maps == NULL || w->parts == NULL)
		return report_nomem();
	w->nmaps = h->nmaps;
	w->nparts = (size_t)n;
	for (unsigned int i = 0; i < h->nmaps; i++)
		if (plans[i] != NULL && open_map(w, i) == -1)
			return -1;
	return n;
}

static void
close_map(struct watched_map *m)
{
	pass_order_close(&m->order);
	pass_rows_free(&m->coming);
	pass_rows_free(&m->last);
	buf_free(&m->text);
	buf_free(&m->last_text);
}

/* A pass that the stream's end has cut is shown if there was none before. */
static void
end_cut_pass(struct watch *w, unsigned int map)
{
	struct watched_map *m = &w->maps[map];

	if (w->plans[map] != NULL && !m->complete &&
	    (m->coming.all > 0 || plan_has_collected(w->plans[map])))
		watch_end_pass(w, map);
}

void
watch_end_stream(struct watch *w)
{
	for (unsigned int i = 0; i < w->nmaps; i++)
		end_cut_pass(w, i);
	watch_draw(w);
	for (size_t i = 0; i < w->nmaps; i++)
		close_map(&w->maps[i]);
	for (size_t i = 0; i < w->nparts; i++)
		screen_part_free(&w->parts[i]);
	free(w->maps);
	free(w->parts);
	w->maps = NULL;
	w->parts = NULL;
	w->nmaps = w->nparts = 0;
	w->header = NULL;
	w->plans = NULL;
}

void
watch_add(struct watch *w, unsigned int map, uint64_t time_ns,
    const unsigned char *data, size_t len)
{
	struct watched_map *m = &w->maps[map];
	struct pass_row row = { .time_ns = time_ns };

	if (plan_collects(w->plans[map])) {
		plan_short_record(w->plans[map], &m->text, time_ns, data, len);
		w->out->buf.failed |= m->text.failed;
		return;
	}
	row.number = pass_order_number(&m->order, data, len);
	pass_rows_add(&m->coming, &row, data, len);
	w->out->buf.failed |= m->coming.failed;
}

void
watch_add_records(
    struct watch *w, const struct stream_record *records, size_t n)
{
	for (size_t i = 0; i < n; i++)
		watch_add(w, records[i].map, records[i].time_ns,
		    records[i].data, records[i].len);
}

int
watch_add_json(struct watch *w, unsigned int map, const char *text, size_t len,
    size_t *wrong_at)
{
	struct watched_map *m = &w->maps[map];
	struct pass_row row = { .is_json = true };

	if (pass_order_json_number(&m->order, text, len, &row.number) == -1) {
		*wrong_at = m->order.row.wrong_at;
		return -1;
	}
	if (plan_collects(w->plans[map])) {
		plan_json_record(w->plans[map], &m->text, text, len, wrong_at);
		w->out->buf.failed |= m->text.failed;
		return 0;
	}
	pass_rows_add(&m->coming, &row, text, len);
	w->out->buf.failed |= m->coming.failed;
	return 0;
}

void
watch_end_pass(struct watch *w, unsigned int map)
{
	struct watched_map *m = &w->maps[map];
	struct pass_rows last = m->last;
	struct buf text = m->last_text;

	plan_end_pass(w->plans[map], &m->text);
	pass_rows_sort(&m->coming);
	m->last = m->coming;
	m->coming = last;
	pass_rows_clear(&m->coming);
	m->last_text = m->text;
	m->text = text;
	m->text.len = 0;
	w->out->buf.failed |= m->last_text.failed || m->last.failed;
	m->complete = true;
	w->is_due = true;
	if (clock_elapsed() - w->drawn_ns < DRAW_NS)
		return;
	watch_draw(w);
	/* If that fails, w->out says so. */
	output_flush(w->out);
}

/* Take the size of the window, and make the plans for its width. */
static void
fit_window(struct watch *w)
{
	struct plan *plan;

	terminal_window(w->out->fd, &w->window);
	if (w->window.columns == 0 || w->window.columns == w->plan->width)
		return;
	w->plan->width = w->window.columns;
	for (unsigned int i = 0; i < w->nmaps; i++) {
		/* Histograms are of one width; a plan that collects records has
		 * those of this pass. */
		if (w->plans[i] == NULL || plan_collects(w->plans[i]))
			continue;
		if ((plan = plan_new(w->header, i, w->plan)) == NULL) {
			w->out->failed = true;
			return;
		}
		plan_free(w->plans[i]);
		w->plans[i] = plan;
	}
}

/* The name of the map, if there are several. */
static void
write_title(const struct watch *w, unsigned int map, struct buf *out)
{
	const char *name = w->header->maps[map].name;

	if (w->nparts == 1)
		return;
	text_write(out, name, strlen(name), STYLE_VIS);
	buf_chr(out, ':');
	if (w->plan->color)
		paint_from(out, 0, PAINT_MAP);
	buf_chr(out, '\n');
}

/* Members of JSON records that the types lack are columns, if the first record
 * has them. */
static void
add_members(struct plan *plan, const struct pass_rows *rows)
{
	size_t wrong_at;

	if (rows->n > 0 && rows->v[0].is_json && plan_takes_members(plan))
		plan_add_members(
		    plan, pass_rows_data(rows, 0), rows->v[0].len, &wrong_at);
}

static void
write_row(struct plan *plan, struct screen_part *part,
    const struct pass_row *row, const void *data)
{
	size_t wrong_at;

	if (row->is_json)
		plan_json_record(plan, &part->rows, data, row->len, &wrong_at);
	else
		plan_short_record(
		    plan, &part->rows, row->time_ns, data, row->len);
	screen_part_end_row(part);
}

/* Blocks of text, each of which a blank line ends, are rows. */
static void
write_blocks(struct screen_part *part, const struct buf *text)
{
	const char *p = text->data, *end = p + text->len, *next;

	for (; p < end; p = next) {
		next = memmem(p, (size_t)(end - p), "\n\n", 2);
		next = next == NULL ? end : next + 2;
		buf_add(&part->rows, p, (size_t)(next - p));
		screen_part_end_row(part);
		part->all++;
	}
}

static void
write_part(struct watch *w, unsigned int map, struct screen_part *part)
{
	const struct watched_map *m = &w->maps[map];
	struct plan *plan = w->plans[map];

	screen_part_clear(part);
	write_title(w, map, &part->head);
	add_members(plan, &m->last);
	if (!w->no_header)
		plan_head(plan, &part->head);
	part->all = m->last.all;
	for (size_t i = 0; i < m->last.n && i < w->window.rows; i++)
		write_row(
		    plan, part, &m->last.v[i], pass_rows_data(&m->last, i));
	write_blocks(part, &m->last_text);
	part->failed |= part->head.failed || part->rows.failed;
}

/* What signals have asked for. */
static void
note_signals(struct watch *w)
{
	if (keyboard_was_continued() || terminal_was_resized()) {
		fit_window(w);
		w->is_due = true;
	}
}

void
watch_draw(struct watch *w)
{
	size_t n = 0;

	note_signals(w);
	if (!w->is_due)
		return;
	for (unsigned int i = 0; i < w->nmaps; i++)
		if (w->plans[i] != NULL && w->maps[i].complete)
			write_part(w, i, &w->parts[n++]);
	if (n == 0)
		return;
	if (!w->drawn)
		screen_begin(&w->out->buf, w->window.rows);
	screen_draw(
	    &w->out->buf, w->parts, n, w->window.rows, w->window.columns);
	w->drawn = true;
	w->is_due = false;
	w->drawn_ns = clock_elapsed();
}

int
watch_wait(struct watch *w, int fd, int timeout_ms)
{
	struct pollfd p[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = w->out->fd, .events = 0 },
		{ .fd = w->keyboard, .events = POLLIN },
		{ .fd = signals_wake_fd(), .events = POLLIN },
	};
	int ret = 0;

	if (poll(p, nitems(p), timeout_ms) <= 0)
		return 0;
	if (p[3].revents != 0)
		signals_clear_wake();
	if (p[0].revents != 0)
		ret |= OUTPUT_READY;
	if (p[1].revents & (POLLERR | POLLHUP | POLLNVAL))
		ret |= OUTPUT_GONE;
	if (p[2].revents != 0)
		w->over |= keyboard_read_quit(&w->keyboard);
	return ret;
}
