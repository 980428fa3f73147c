#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/report.h"
#include "eunomia/api-call.h"
#include "eunomia/callback-sink.h"

static int release_held_of(void *ctx, uint64_t pid);
static int release_held(struct callback_sink *s, uint64_t now);

int
callback_sink_open(struct callback_sink *s, const struct stream_header *h,
    struct symbolizer *z, struct held_records *held,
    struct poll_control *control, enum export_format_type format,
    callback_fn *handler, void *ctx)
{
	struct plan_options options = {
		.form = format == EXPORT_JSON ? PLAN_REFERENCE : PLAN_PLAIN,
	};

	*s = (struct callback_sink){
		.header = h,
		.symbolizer = z,
		.held = held,
		.control = control,
		.format = format,
		.handler = handler,
		.handler_ctx = ctx,
	};
	if (format != EXPORT_JSON && format != EXPORT_PLAIN_TEXT)
		return 0;
	stream_clock_open(&s->clock);
	s->times = record_times_new(h, &s->clock.offsets);
	if (s->times == NULL)
		return -1;
	options.clocks = &s->clock.offsets;
	if (z != NULL)
		options.symbols = symbolizer_symbols(z);
	s->plans = plans_new(h, &options);
	if (s->plans == NULL)
		return -1;
	if (held != NULL)
		symbolizer_set_before_forget(z, release_held_of, s);
	return 0;
}

void
callback_sink_close(struct callback_sink *s)
{
	if (s->plans != NULL)
		plans_free(s->plans, s->header->nmaps);
	free(s->times);
	buf_free(&s->out);
	buf_free(&s->whole);
	*s = (struct callback_sink){ 0 };
}

/* Waits while a pause is asked for.  Returns whether an end is. */
static bool
wait_or_end(const struct callback_sink *s)
{
	while (poll_control_is_paused(s->control) &&
	       !poll_control_is_ended(s->control))
		poll_control_wait(s->control);
	return poll_control_is_ended(s->control);
}

/* Calls the handler, which is not inside the library: it may call its functions
 * and has its own locale. */
static void
call_handler(struct callback_sink *s, const void *data, size_t size)
{
	api_call_leave();
	s->handler(s->handler_ctx, data, size);
	api_call_enter();
}

/* Calls the handler with a part of the text, without the newline at its end: a
 * NUL replaces it for handlers that ignore the size. */
static void
call_with_text(struct callback_sink *s, size_t from, size_t end)
{
	s->out.data[end - 1] = '\0';
	call_handler(s, s->out.data + from, end - 1 - from);
}

int
callback_sink_begin(struct callback_sink *s)
{
	if (s->plans == NULL && s->held != NULL)
		return release_held(s, UINT64_MAX);
	if (s->format != EXPORT_PLAIN_TEXT)
		return 0;
	for (size_t i = 0; i < s->header->nmaps; i++) {
		if (wait_or_end(s))
			break;
		s->out.len = 0;
		plan_head(s->plans[i], &s->out);
		if (s->out.failed)
			return report_nomem();
		if (s->out.len > 0)
			call_with_text(s, 0, s->out.len);
	}
	return 0;
}

/* Returns the bytes of a record that ends within its last array, with zeros up
 * to the size of its type; or NULL after reporting. */
static const void *
complete_record(
    struct callback_sink *s, unsigned int map, const void *data, size_t len)
{
	size_t size = s->header->maps[map].record_size;

	s->whole.len = 0;
	buf_add(&s->whole, data, len);
	if (buf_room(&s->whole, size - len) == NULL || s->whole.failed) {
		report_nomem();
		return NULL;
	}
	memset(s->whole.data + len, 0, size - len);
	return s->whole.data;
}

/* Formats a record and calls the handler with it: twice if the plan cuts it in
 * two.  Returns 0, or -1 after reporting. */
static int
call_with_record(struct callback_sink *s, unsigned int map, uint64_t time_ns,
    const void *data, size_t len)
{
	struct plan *plan = s->plans[map];
	size_t cut;

	s->out.len = 0;
	if (plan_short_record(plan, &s->out, time_ns, data, len) == -1)
		return report_nomem();
	if (s->out.len == 0)
		return 0;
	cut = plan_graph_offset(plan);
	if (cut > 0)
		call_with_text(s, 0, cut);
	if (cut == 0 || !poll_control_is_ended(s->control))
		call_with_text(s, cut, s->out.len);
	return 0;
}

static void
call_with_bytes(struct callback_sink *s, unsigned int map,
    const unsigned char *data, size_t len)
{
	const struct stream_map *m = &s->header->maps[map];
	size_t key = stream_key_size(s->header, map);
	struct eunomia_raw raw = {
		.map = m->name,
		.key = key > 0 ? data : NULL,
		.key_size = key,
		.value = data + key,
		.value_size = len - key,
	};

	if (s->format == EXPORT_RAW_KEY_VALUE)
		call_handler(s, &raw, sizeof(raw));
	else
		call_handler(s, raw.value, raw.value_size);
}

/* Calls the handler with the records that need not wait any more, until it asks
 * for the end: at the time UINT64_MAX all.  Returns 0, or -1 after reporting.
 */
static int
release_held(struct callback_sink *s, uint64_t now)
{
	struct held_record r;
	int ret = 0;

	while (ret == 0 && !wait_or_end(s) &&
	       held_records_first(s->held, now, &r)) {
		if (s->plans != NULL)
			ret = call_with_record(
			    s, r.map, r.time_ns, r.data, r.len);
		else
			call_with_bytes(s, r.map, r.data, r.len);
		held_records_drop(s->held);
	}
	return ret;
}

static int
release_held_of(void *ctx, uint64_t pid)
{
	const struct callback_sink *s = ctx;

	return held_records_need(s->held, pid) ? release_held(ctx, UINT64_MAX)
					       : 0;
}

/* The same, but first asks for the names in the record's stacks; it waits for
 * them, if need be. */
static int
take_record(struct callback_sink *s, unsigned int map, uint64_t time_ns,
    const void *data, size_t len)
{
	const struct held_record r = { HELD_RECORD, map, time_ns, data, len };
	const void *whole = data;
	uint64_t now;

	if (s->symbolizer == NULL)
		return call_with_record(s, map, time_ns, data, len);
	if (len < s->header->maps[map].record_size &&
	    (whole = complete_record(s, map, data, len)) == NULL)
		return -1;
	if (symbolizer_record(s->symbolizer, map, whole, NULL) == -1)
		return -1;
	if (s->held == NULL || !held_records_must_wait(s->held, map, data, len))
		return call_with_record(s, map, time_ns, data, len);
	now = clock_elapsed();
	if (held_records_put(s->held, &r, now) == -1)
		return -1;
	return release_held(s, now);
}

static int
count_unmatched_callback(void *ctx, unsigned int map, size_t len)
{
	struct callback_sink *s = ctx;

	(void)map;
	(void)len;
	s->bad++;
	return 0;
}

static int
handle_record(
    void *ctx, unsigned int map, uint64_t time_ns, const void *data, size_t len)
{
	struct callback_sink *s = ctx;
	int ret = 0;

	if (len < s->header->maps[map].least_size)
		s->bad++;
	else if (s->plans == NULL)
		call_with_bytes(s, map, data, len);
	else
		ret = take_record(s, map,
		    record_time_get(&s->times[map], time_ns, data, len), data,
		    len);
	/* The poller too looks at the control, but not between the records that
	 * it has read from a buffer at once. */
	return wait_or_end(s) && ret == 0 ? 1 : ret;
}

static int
count_lost_callback(void *ctx, unsigned int map, uint64_t count)
{
	struct callback_sink *s = ctx;

	s->lost.all += count;
	s->lost.of_map[map] += count;
	return 0;
}

/* Takes the names that have come. */
static int
take_names(void *ctx)
{
	struct callback_sink *s = ctx;

	if (s->held == NULL)
		return 0;
	if (symbolizer_read(s->symbolizer, NULL) == -1 ||
	    release_held(s, clock_elapsed()) == -1)
		return -1;
	return wait_or_end(s) ? 1 : 0;
}

static int
take_clock_step(void *ctx)
{
	struct callback_sink *s = ctx;

	if (s->times != NULL)
		stream_clock_update(&s->clock);
	return 0;
}

const struct poll_sink callback_poll_sink = {
	.record = handle_record,
	.unmatched = count_unmatched_callback,
	.lost = count_lost_callback,
	.clock_stepped = take_clock_step,
	.wake = take_names,
};

int
callback_sink_end(struct callback_sink *s, bool ended)
{
	if (s->held != NULL && !ended && s->plans != NULL &&
	    (symbolizer_finish(s->symbolizer, NULL) == -1 ||
		release_held(s, UINT64_MAX) == -1))
		return -1;
	if (s->bad > 0)
		report_error("%" PRIu64
			     " record%s left out, being shorter than "
			     "%s type",
		    s->bad, s->bad == 1 ? " was" : "s were",
		    s->bad == 1 ? "its" : "their");
	loss_report(s->header, &s->lost);
	return s->bad > 0 ? -1 : 0;
}
