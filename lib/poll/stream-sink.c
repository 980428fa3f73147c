#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/report.h"
#include "poll/stream-sink.h"
#include "stream/writer.h"

/* What is wrong with a record. */
enum bad_kind { BAD_SHORT, BAD_UNMATCHED, BAD_KINDS };

/* Bad records of one map and kind. */
struct bad_records {
	bool reported;  /* any was */
	uint64_t time;  /* when, of CLOCK_MONOTONIC, ns */
	uint64_t count; /* those since then */
	size_t len;     /* of the last one */
};

void
stream_sink_close(struct stream_sink *s)
{
	if (s->plans != NULL)
		plans_free(s->plans, s->header->nmaps);
	held_records_free(s->held);
	free(s->bad);
	free(s->rings);
	free(s->times);
	buf_free(&s->whole);
	*s = (struct stream_sink){ 0 };
}

/* Appends the records that need not wait any more: at the time UINT64_MAX all.
 */
static void
release_held(struct stream_sink *s, uint64_t now)
{
	struct held_record r;

	while (held_records_first(s->held, now, &r)) {
		if (r.kind == HELD_RECORD)
			plan_short_record(s->plans[r.map], &s->out->buf,
			    r.time_ns, r.data, r.len);
		else
			buf_add(&s->out->buf, r.data, r.len);
		held_records_drop(s->held);
	}
}

static int
release_held_of(void *ctx, uint64_t pid)
{
	const struct stream_sink *s = ctx;

	if (held_records_need(s->held, pid))
		release_held(ctx, UINT64_MAX);
	return 0;
}

/* The records of all maps with stacks wait for their names.  Returns 0, or -1
 * after reporting. */
static int
open_held(struct stream_sink *s)
{
	if (!symbolizer_follows(s->symbolizer))
		return 0;
	s->held = held_records_new_all(s->header,
	    symbolizer_symbols(s->symbolizer), symbolizer_names(s->symbolizer));
	if (s->held == NULL)
		return -1;
	symbolizer_set_before_forget(s->symbolizer, release_held_of, s);
	return 0;
}

int
stream_sink_open(struct stream_sink *s, const struct stream_header *h,
    struct output *out, struct symbolizer *z)
{
	struct plan_options json = { .form = PLAN_JSON };

	*s = (struct stream_sink){ .header = h, .out = out, .symbolizer = z };
	stream_clock_open(&s->clock);
	s->bad = calloc(h->nmaps * BAD_KINDS + 1, sizeof(*s->bad));
	s->rings = calloc(h->nmaps + 1, sizeof(*s->rings));
	if (s->bad == NULL || s->rings == NULL) {
		stream_sink_close(s);
		return report_nomem();
	}
	s->times = record_times_new(h, &s->clock.offsets);
	if (s->times == NULL) {
		stream_sink_close(s);
		return -1;
	}
	if (h->encoding != STREAM_JSON)
		return 0;
	json.clocks = &s->clock.offsets;
	if (z != NULL) {
		json.symbols = symbolizer_symbols(z);
		json.names = symbolizer_names(z);
	}
	s->plans = plans_new(h, &json);
	if (s->plans == NULL || (z != NULL && open_held(s) == -1)) {
		stream_sink_close(s);
		return -1;
	}
	return 0;
}

/* Turns what an output function returned into what a sink's returns. */
static int
sink_result(const struct stream_sink *s, int ret)
{
	return ret == -1 && s->out->gone ? 1 : ret;
}

/* Tells in the stream what the offsets are now, if they have changed. */
static int
write_clock_step(void *ctx)
{
	struct stream_sink *s = ctx;

	if (!stream_clock_update(&s->clock))
		return 0;
	stream_write_clock(&s->out->buf, &s->clock.offsets);
	return sink_result(s, output_flush_if_full(s->out));
}

int
stream_sink_begin(struct stream_sink *s)
{
	if (stream_header_write(s->header, &s->out->buf) == -1)
		return -1;
	/* The header may be older than the sink. */
	stream_clock_update(&s->clock);
	if (stream_clock_has_stepped(
		&s->header->clock, &s->clock.offsets, 2 * s->clock.error_ns))
		stream_write_clock(&s->out->buf, &s->clock.offsets);
	output_widen(s->out);
	return sink_result(s, output_flush(s->out));
}

static void
report_bad_records(
    struct stream_sink *s, unsigned int map, enum bad_kind kind, uint64_t now)
{
	struct bad_records *b = &s->bad[map * BAD_KINDS + kind];
	const struct stream_map *m = &s->header->maps[map];
	char message[80];

	if (kind == BAD_SHORT)
		snprintf(message, sizeof(message),
		    "record of %zu bytes, its type needs %zu", b->len,
		    m->least_size);
	else
		snprintf(message, sizeof(message),
		    "record of %zu bytes, which is none of the map's types",
		    b->len);
	stream_write_error(&s->out->buf, s->header, map, message, b->count);
	if (b->reported)
		report_error("map %s: %s; %" PRIu64
			     " such record%s since the last message",
		    m->name, message, b->count, b->count == 1 ? "" : "s");
	else
		report_error("map %s: %s", m->name, message);
	b->reported = true;
	b->time = now;
	b->count = 0;
}

/* Reports all bad records that were last reported before a time. */
static void
report_all_bad_records(struct stream_sink *s, uint64_t now, uint64_t before)
{
	s->has_unreported = false;
	for (unsigned int i = 0; i < s->header->nmaps * BAD_KINDS; i++) {
		if (s->bad[i].count == 0)
			continue;
		if (s->bad[i].time <= before)
			report_bad_records(s, i / BAD_KINDS,
			    (enum bad_kind)(i % BAD_KINDS), now);
		else
			s->has_unreported = true;
	}
}

static int
count_bad_record(
    struct stream_sink *s, unsigned int map, enum bad_kind kind, size_t len)
{
	struct bad_records *b = &s->bad[map * BAD_KINDS + kind];

	s->errors++;
	b->count++;
	b->len = len;
	if (b->reported)
		s->has_unreported = true;
	else
		report_bad_records(s, map, kind, clock_elapsed());
	return sink_result(s, output_flush_if_full(s->out));
}

/* Holds back what has to keep its place among records that wait. */
static int
hold(struct stream_sink *s, const struct held_record *r)
{
	uint64_t now = clock_elapsed();

	if (held_records_put(s->held, r, now) == -1)
		return -1;
	release_held(s, now);
	return sink_result(s, output_flush_if_full(s->out));
}

/* Appends the record, whose bytes are whole up to record_size. */
static int
append_record(struct stream_sink *s, unsigned int map, uint64_t time_ns,
    const void *whole, const void *data, size_t len)
{
	struct buf *out = &s->out->buf;

	if (s->symbolizer != NULL &&
	    symbolizer_record(
		s->symbolizer, map, whole, s->plans == NULL ? out : NULL) == -1)
		return -1;
	s->records++;
	if (s->held != NULL && held_records_must_wait(s->held, map, data, len))
		return hold(s, &(struct held_record){
				   HELD_RECORD, map, time_ns, data, len });
	if (s->plans != NULL)
		plan_short_record(s->plans[map], out, time_ns, data, len);
	else
		stream_write_record(out, map, time_ns, NULL, 0, data, len);
	return sink_result(s, output_flush_if_full(s->out));
}

/* Not inlined: most records are as long as their type. */
static int __attribute__((noinline)) write_short_record(struct stream_sink *s,
    unsigned int map, uint64_t time_ns, const void *data, size_t len)
{
	const struct stream_map *m = &s->header->maps[map];
	char *whole;

	if (len < m->least_size)
		return count_bad_record(s, map, BAD_SHORT, len);
	s->whole.len = 0;
	if ((whole = buf_room(&s->whole, m->record_size)) == NULL)
		return report_nomem();
	memcpy(whole, data, len);
	memset(whole + len, 0, m->record_size - len);
	return append_record(s, map, time_ns, whole, data, len);
}

static int
write_sink_record(
    void *ctx, unsigned int map, uint64_t time_ns, const void *data, size_t len)
{
	struct stream_sink *s = ctx;

	time_ns = record_time_get(&s->times[map], time_ns, data, len);
	if (len < s->header->maps[map].record_size)
		return write_short_record(s, map, time_ns, data, len);
	return append_record(s, map, time_ns, data, data, len);
}

static int
count_unmatched_record(void *ctx, unsigned int map, size_t len)
{
	return count_bad_record(ctx, map, BAD_UNMATCHED, len);
}

static int
write_sink_lost(void *ctx, unsigned int map, uint64_t count)
{
	struct stream_sink *s = ctx;

	s->lost.all += count;
	s->lost.of_map[map] += count;
	stream_write_lost(&s->out->buf, s->header, map, count);
	return sink_result(s, output_flush_if_full(s->out));
}

static int
write_sink_pass(void *ctx, unsigned int map, uint64_t pass, uint64_t keys)
{
	struct stream_sink *s = ctx;
	struct buf line = { 0 };
	int ret = -1;

	if (s->held == NULL || held_records_count(s->held) == 0) {
		stream_write_pass(&s->out->buf, s->header, map, pass, keys);
		return sink_result(s, output_flush_if_full(s->out));
	}
	/* The line stays after the records of the pass. */
	stream_write_pass(&line, s->header, map, pass, keys);
	if (line.failed)
		report_nomem();
	else
		ret = hold(s, &(struct held_record){ HELD_RECORD + 1, map, 0,
				  (const unsigned char *)line.data, line.len });
	buf_free(&line);
	return ret;
}

/* Until it ends nothing is flushed, however much there is. */
static int
hold_stream_sink(void *ctx, bool begin)
{
	struct stream_sink *s = ctx;

	if (begin) {
		s->full = s->out->full;
		s->out->full = SIZE_MAX;
		return 0;
	}
	s->out->full = s->full;
	return sink_result(s, output_flush_if_full(s->out));
}

static int
note_fullness(void *ctx, unsigned int map, const struct ring_fullness *f)
{
	struct stream_sink *s = ctx;

	s->rings[map] = *f;
	return 0;
}

static int
flush_stream_sink(void *ctx)
{
	struct stream_sink *s = ctx;
	uint64_t now;

	if (s->has_unreported && (now = clock_elapsed()) > CLOCK_SECOND)
		report_all_bad_records(s, now, now - CLOCK_SECOND);
	return sink_result(s, output_flush(s->out));
}

/* Takes the names that have come. */
static int
wake_stream_sink(void *ctx)
{
	struct stream_sink *s = ctx;

	if (s->symbolizer == NULL)
		return 0;
	if (symbolizer_read(
		s->symbolizer, s->plans == NULL ? &s->out->buf : NULL) == -1)
		return -1;
	if (s->held != NULL)
		release_held(s, clock_elapsed());
	return sink_result(s, output_flush_if_full(s->out));
}

const struct poll_sink stream_poll_sink = {
	.record = write_sink_record,
	.unmatched = count_unmatched_record,
	.lost = write_sink_lost,
	.pass = write_sink_pass,
	.hold = hold_stream_sink,
	.fullness = note_fullness,
	.clock_stepped = write_clock_step,
	.flush = flush_stream_sink,
	.wake = wake_stream_sink,
};

static void
write_end(struct stream_sink *s)
{
	struct stream_ring rings[STREAM_MAPS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < s->header->nmaps; i++)
		if (s->rings[i].size != 0)
			rings[n++] = (struct stream_ring){
				.map = s->header->maps[i].name,
				.size = s->rings[i].size,
				.most = s->rings[i].most,
			};
	stream_write_end_rings(&s->out->buf, s->records, s->lost.all, rings, n);
}

int
stream_sink_end(struct stream_sink *s)
{
	if (s->symbolizer != NULL &&
	    symbolizer_finish(
		s->symbolizer, s->plans == NULL ? &s->out->buf : NULL) == -1)
		return -1;
	if (s->held != NULL)
		release_held(s, UINT64_MAX);
	report_all_bad_records(s, clock_elapsed(), UINT64_MAX);
	loss_report(s->header, &s->lost);
	for (size_t i = 0; i < s->header->nmaps; i++)
		if (s->rings[i].size != 0)
			loss_report_fullness(&s->header->maps[i], &s->rings[i]);
	write_end(s);
	return sink_result(s, output_flush(s->out));
}
