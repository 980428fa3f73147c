#include <inttypes.h>
#include <stdlib.h>

#include "base/report.h"
#include "eunomia/api-call.h"
#include "eunomia/callback-sink.h"

/* The plan's form for a format that is text; false: it is bytes. */
static bool
find_form(enum export_format_type format, enum plan_form *form)
{
	*form = format == EXPORT_JSON ? PLAN_REFERENCE : PLAN_PLAIN;
	return format == EXPORT_JSON || format == EXPORT_PLAIN_TEXT;
}

static int
open_plans(struct callback_sink *d)
{
	struct plan_options options = { 0 };

	if (!find_form(d->format, &options.form))
		return 0;
	if (d->symbolizer != NULL)
		options.symbols = symbolizer_symbols(d->symbolizer);
	d->plans = plans_new(d->header, &options);
	return d->plans != NULL ? 0 : -1;
}

static int
measure(struct callback_sink *d)
{
	size_t n = d->header->nmaps;

	d->keys = calloc(n + 1, sizeof(*d->keys));
	d->sizes = calloc(n + 1, sizeof(*d->sizes));
	if (d->keys == NULL || d->sizes == NULL)
		return report_nomem();
	for (size_t i = 0; i < n; i++) {
		d->keys[i] = stream_key_size(d->header, (unsigned int)i);
		d->sizes[i] = stream_record_size(d->header, (unsigned int)i);
	}
	return 0;
}

int
callback_sink_open(struct callback_sink *d, const struct stream_header *h,
    struct symbolizer *z, struct poll_control *control,
    enum export_format_type format, callback_fn *handler, void *ctx)
{
	*d = (struct callback_sink){
		.header = h,
		.symbolizer = z,
		.control = control,
		.format = format,
		.handler = handler,
		.handler_ctx = ctx,
	};
	if (measure(d) == 0 && open_plans(d) == 0)
		return 0;
	callback_sink_close(d);
	return -1;
}

void
callback_sink_close(struct callback_sink *d)
{
	if (d->plans != NULL)
		plans_free(d->plans, d->header->nmaps);
	free(d->keys);
	free(d->sizes);
	buf_free(&d->out);
	*d = (struct callback_sink){ 0 };
}

static bool
is_over(const struct callback_sink *d)
{
	return poll_control_is_ended(d->control);
}

/* While a pause is asked for, wait. */
static void
hold(const struct callback_sink *d)
{
	while (poll_control_is_paused(d->control) && !is_over(d))
		poll_control_wait(d->control);
}

/* The handler is outside of the library. */
static void
hand_over(struct callback_sink *d, const void *data, size_t size)
{
	api_call_leave();
	d->handler(d->handler_ctx, data, size);
	api_call_enter();
}

/* Hand over the text in out from there to end, its newline left off: a NUL
 * takes its place, for handlers that forget about the size. */
static void
hand_text(struct callback_sink *d, size_t from, size_t end)
{
	d->out.data[end - 1] = '\0';
	hand_over(d, d->out.data + from, end - 1 - from);
}

int
callback_sink_begin(struct callback_sink *d)
{
	if (d->format != EXPORT_PLAIN_TEXT)
		return 0;
	for (size_t i = 0; i < d->header->nmaps; i++) {
		hold(d);
		if (is_over(d))
			break;
		d->out.len = 0;
		plan_head(d->plans[i], &d->out);
		if (d->out.failed)
			return report_nomem();
		if (d->out.len > 0)
			hand_text(d, 0, d->out.len);
	}
	return 0;
}

static int
hand_record(struct callback_sink *d, unsigned int map, uint64_t time_ns,
    const void *data, size_t len)
{
	struct plan *plan = d->plans[map];
	size_t cut;

	d->out.len = 0;
	if (d->symbolizer != NULL &&
	    symbolizer_record(d->symbolizer, map, data, NULL) == -1)
		return -1;
	if (plan_record(plan, &d->out, time_ns, data, len) == -1)
		return report_nomem();
	if (d->out.len == 0)
		return 0;
	cut = plan_cut(plan);
	if (cut > 0)
		hand_text(d, 0, cut);
	if (cut == 0 || !is_over(d))
		hand_text(d, cut, d->out.len);
	return 0;
}

static void
hand_bytes(struct callback_sink *d, unsigned int map, const unsigned char *data,
    size_t len)
{
	const struct stream_map *m = &d->header->maps[map];
	size_t key = d->keys[map];
	struct eunomia_raw raw = {
		.map = m->name,
		.key = key > 0 ? data : NULL,
		.key_size = key,
		.value = data + key,
		.value_size = len - key,
	};

	if (d->format == EXPORT_RAW_KEY_VALUE)
		hand_over(d, &raw, sizeof(raw));
	else
		hand_over(d, raw.value, raw.value_size);
}

static int
take_record(
    void *ctx, unsigned int map, uint64_t time_ns, const void *data, size_t len)
{
	struct callback_sink *d = ctx;
	int ret = 0;

	if (len < d->sizes[map])
		d->bad++;
	else if (d->plans == NULL)
		hand_bytes(d, map, data, len);
	else
		ret = hand_record(d, map, time_ns, data, len);
	/* Here and not only in the poller, which goes on with what it took out
	 * of a buffer already. */
	hold(d);
	return ret == 0 && is_over(d) ? 1 : ret;
}

static int
take_lost(void *ctx, unsigned int map, uint64_t count)
{
	struct callback_sink *d = ctx;

	(void)map;
	d->lost += count;
	return 0;
}

const struct poll_sink callback_poll_sink = {
	.record = take_record,
	.lost = take_lost,
};

int
callback_sink_end(const struct callback_sink *d)
{
	if (d->bad > 0)
		report_error("%" PRIu64 " record%s shorter than %s type, and "
			     "left out",
		    d->bad, d->bad == 1 ? " was" : "s were",
		    d->bad == 1 ? "its" : "their");
	if (d->lost > 0)
		report_notice("%" PRIu64 " record%s lost", d->lost,
		    d->lost == 1 ? " was" : "s were");
	return d->bad > 0 ? -1 : 0;
}
