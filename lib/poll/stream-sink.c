#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/report.h"
#include "poll/stream-sink.h"

enum { REPORT_EVERY_NS = 1000000000 }; /* at most, for bad records */

static int
open_plans(struct writer *w)
{
	const struct stream_header *h = w->header;
	struct plan_options json = { .form = PLAN_JSON };

	if (w->symbolizer != NULL)
		json.symbols = symbolizer_symbols(w->symbolizer);
	w->plans = plans_new(h, &json);
	return w->plans != NULL ? 0 : -1;
}

int
writer_open(struct writer *w, const struct stream_header *h, struct output *out,
    struct symbolizer *z)
{
	*w = (struct writer){ .header = h, .out = out, .symbolizer = z };
	w->sizes = calloc(h->nmaps + 1, sizeof(*w->sizes));
	if (w->sizes == NULL)
		return report_nomem();
	for (size_t i = 0; i < h->nmaps; i++)
		w->sizes[i] = stream_record_size(h, (unsigned int)i);
	if (h->encoding == STREAM_JSON && open_plans(w) == -1) {
		writer_close(w);
		return -1;
	}
	return 0;
}

void
writer_close(struct writer *w)
{
	if (w->plans != NULL)
		plans_free(w->plans, w->header->nmaps);
	free(w->sizes);
	*w = (struct writer){ 0 };
}

/* What an output function returned, as the functions here return it. */
static int
answer(const struct writer *w, int ret)
{
	if (ret == -1 && w->out->gone)
		return 1;
	return ret;
}

int
writer_begin(struct writer *w)
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
report_short(struct writer *w, unsigned int map, const char *message)
{
	if (w->unreported > 1)
		report_error("map %s: %s; %" PRIu64 " such since the last line",
		    w->header->maps[map].name, message, w->unreported);
	else
		report_error("map %s: %s", w->header->maps[map].name, message);
	w->unreported = 0;
}

static void
put_short(struct writer *w, unsigned int map, uint64_t time_ns, size_t len)
{
	char message[80];

	snprintf(message, sizeof(message),
	    "record of %zu bytes, its type needs %zu", len, w->sizes[map]);
	stream_put_error(&w->out->buf, w->header, map, message);
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
	struct writer *w = ctx;
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
		stream_put_record(out, map, time_ns, NULL, 0, data, len);
	w->records++;
	return answer(w, output_flush_if_full(w->out));
}

static int
write_lost(void *ctx, unsigned int map, uint64_t count)
{
	struct writer *w = ctx;

	w->lost += count;
	stream_put_lost(&w->out->buf, w->header, map, count);
	return answer(w, output_flush_if_full(w->out));
}

static int
write_sampled(void *ctx, unsigned int map, uint64_t round, uint64_t keys)
{
	struct writer *w = ctx;

	stream_put_sampled(&w->out->buf, w->header, map, round, keys);
	return answer(w, output_flush_if_full(w->out));
}

static int
flush(void *ctx)
{
	struct writer *w = ctx;

	return answer(w, output_flush(w->out));
}

const struct poller_sink writer_sink = {
	.record = write_record,
	.lost = write_lost,
	.sampled = write_sampled,
	.flush = flush,
};

int
writer_end(struct writer *w)
{
	if (w->unreported > 0)
		report_error(
		    "%" PRIu64 " more records were too short", w->unreported);
	if (w->lost > 0)
		report_notice("%" PRIu64 " record%s lost", w->lost,
		    w->lost == 1 ? " was" : "s were");
	stream_put_end(&w->out->buf, w->records, w->lost);
	return answer(w, output_flush(w->out));
}
