#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/report.h"
#include "poll/stream-sink.h"

enum { REPORT_EVERY_NS = 1000000000 }; /* at most, for bad records */

static int
open_plans(struct stream_sink *w)
{
	const struct stream_header *h = w->header;
	struct plan_options json = { .form = PLAN_JSON };

	if (w->symbolizer != NULL)
		json.symbols = symbolizer_symbols(w->symbolizer);
	w->plans = plans_new(h, &json);
	return w->plans != NULL ? 0 : -1;
}

int
stream_sink_open(struct stream_sink *w, const struct stream_header *h,
    struct output *out, struct symbolizer *z)
{
	*w = (struct stream_sink){ .header = h, .out = out, .symbolizer = z };
	w->sizes = calloc(h->nmaps + 1, sizeof(*w->sizes));
	if (w->sizes == NULL)
		return report_nomem();
	for (size_t i = 0; i < h->nmaps; i++)
		w->sizes[i] = stream_record_size(h, (unsigned int)i);
	if (h->encoding == STREAM_JSON && open_plans(w) == -1) {
		stream_sink_close(w);
		return -1;
	}
	return 0;
}

void
stream_sink_close(struct stream_sink *w)
{
	if (w->plans != NULL)
		plans_free(w->plans, w->header->nmaps);
	free(w->sizes);
	*w = (struct stream_sink){ 0 };
}

/* What an output function returned, as the functions here return it. */
static int
answer(const struct stream_sink *w, int ret)
{
	if (ret == -1 && w->out->gone)
		return 1;
	return ret;
}

int
stream_sink_begin(struct stream_sink *w)
{
	if (w->header->encoding == STREAM_BINARY && isatty(w->out->fd))
		report_notice("this is no text for a terminal; "
			      "put \"| skel-fmt\" behind it, or take -f json");
	if (stream_header_write(w->header, &w->out->buf) == -1)
		return -1;
	output_widen(w->out);
	return answer(w, output_flush(w->out));
}

static void
report_short(struct stream_sink *w, unsigned int map, const char *message)
{
	if (w->unreported > 1)
		report_error("map %s: %s; %" PRIu64 " such since the last line",
		    w->header->maps[map].name, message, w->unreported);
	else
		report_error("map %s: %s", w->header->maps[map].name, message);
	w->unreported = 0;
}

static void
put_short(struct stream_sink *w, unsigned int map, uint64_t time_ns, size_t len)
{
	char message[80];

	snprintf(message, sizeof(message),
	    "record of %zu bytes, its type needs %zu", len, w->sizes[map]);
	stream_write_error(&w->out->buf, w->header, map, message);
	w->errors++;
	w->unreported++;
	/* A clock that was set back must not silence us. */
	if (time_ns - w->error_time < REPORT_EVERY_NS)
		return;
	w->error_time = time_ns;
	report_short(w, map, message);
}

static int
write_record(
    void *ctx, unsigned int map, uint64_t time_ns, const void *data, size_t len)
{
	struct stream_sink *w = ctx;
	struct buf *out = &w->out->buf;

	if (len < w->sizes[map]) {
		put_short(w, map, time_ns, len);
		return answer(w, output_flush_if_full(w->out));
	}
	if (w->symbolizer != NULL && symbolizer_record(w->symbolizer, map, data,
					 w->plans == NULL ? out : NULL) == -1)
		return -1;
	if (w->plans != NULL)
		plan_record(w->plans[map], out, time_ns, data, len);
	else
		stream_write_record(out, map, time_ns, NULL, 0, data, len);
	w->records++;
	return answer(w, output_flush_if_full(w->out));
}

static int
write_lost(void *ctx, unsigned int map, uint64_t count)
{
	struct stream_sink *w = ctx;

	w->lost += count;
	stream_write_lost(&w->out->buf, w->header, map, count);
	return answer(w, output_flush_if_full(w->out));
}

static int
write_sampled(void *ctx, unsigned int map, uint64_t round, uint64_t keys)
{
	struct stream_sink *w = ctx;

	stream_write_sampled(&w->out->buf, w->header, map, round, keys);
	return answer(w, output_flush_if_full(w->out));
}

static int
flush(void *ctx)
{
	struct stream_sink *w = ctx;

	return answer(w, output_flush(w->out));
}

const struct poll_sink stream_sink_functions = {
	.record = write_record,
	.lost = write_lost,
	.sampled = write_sampled,
	.flush = flush,
};

int
stream_sink_end(struct stream_sink *w)
{
	if (w->unreported > 0)
		report_error(
		    "%" PRIu64 " more records were too short", w->unreported);
	if (w->lost > 0)
		report_notice("%" PRIu64 " record%s lost", w->lost,
		    w->lost == 1 ? " was" : "s were");
	stream_write_end(&w->out->buf, w->records, w->lost);
	return answer(w, output_flush(w->out));
}
