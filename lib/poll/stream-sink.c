#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/report.h"
#include "poll/stream-sink.h"
#include "stream/writer.h"

int
stream_sink_open(struct stream_sink *s, const struct stream_header *h,
    struct output *out, struct symbolizer *z)
{
	struct plan_options json = { .form = PLAN_JSON };

	*s = (struct stream_sink){ .header = h, .out = out, .symbolizer = z };
	if (h->encoding != STREAM_JSON)
		return 0;
	if (z != NULL)
		json.symbols = symbolizer_symbols(z);
	s->plans = plans_new(h, &json);
	return s->plans != NULL ? 0 : -1;
}

void
stream_sink_close(struct stream_sink *s)
{
	if (s->plans != NULL)
		plans_free(s->plans, s->header->nmaps);
	*s = (struct stream_sink){ 0 };
}

/* Turns what an output function returned into what a sink's returns. */
static int
sink_result(const struct stream_sink *s, int ret)
{
	return ret == -1 && s->out->gone ? 1 : ret;
}

int
stream_sink_begin(struct stream_sink *s)
{
	if (s->header->encoding == STREAM_BINARY && isatty(s->out->fd))
		report_notice("a terminal cannot show a binary stream; append "
			      "\"| skel-fmt\" to the command, or add -f json");
	if (stream_header_write(s->header, &s->out->buf) == -1)
		return -1;
	output_widen(s->out);
	return sink_result(s, output_flush(s->out));
}

/* Writes an "@error" line for a record that is too short. */
static void
write_short_record(
    struct stream_sink *s, unsigned int map, uint64_t time_ns, size_t len)
{
	const char *name = s->header->maps[map].name;
	char message[80];

	snprintf(message, sizeof(message),
	    "record of %zu bytes, its type needs %zu", len,
	    s->header->maps[map].record_size);
	stream_write_error(&s->out->buf, s->header, map, message);
	s->errors++;
	s->unreported++;
	/* If the clock was set back the difference is huge: report. */
	if (time_ns - s->error_time < CLOCK_SECOND)
		return;
	s->error_time = time_ns;
	if (s->unreported > 1)
		report_error("map %s: %s; %" PRIu64
			     " such records since the last message",
		    name, message, s->unreported);
	else
		report_error("map %s: %s", name, message);
	s->unreported = 0;
}

static int
write_sink_record(
    void *ctx, unsigned int map, uint64_t time_ns, const void *data, size_t len)
{
	struct stream_sink *s = ctx;
	struct buf *out = &s->out->buf;

	if (len < s->header->maps[map].record_size) {
		write_short_record(s, map, time_ns, len);
		return sink_result(s, output_flush_if_full(s->out));
	}
	if (s->symbolizer != NULL && symbolizer_record(s->symbolizer, map, data,
					 s->plans == NULL ? out : NULL) == -1)
		return -1;
	if (s->plans != NULL)
		plan_record(s->plans[map], out, time_ns, data, len);
	else
		stream_write_record(out, map, time_ns, NULL, 0, data, len);
	s->records++;
	return sink_result(s, output_flush_if_full(s->out));
}

static int
write_sink_lost(void *ctx, unsigned int map, uint64_t count)
{
	struct stream_sink *s = ctx;

	s->lost += count;
	stream_write_lost(&s->out->buf, s->header, map, count);
	return sink_result(s, output_flush_if_full(s->out));
}

static int
write_sink_pass(void *ctx, unsigned int map, uint64_t pass, uint64_t keys)
{
	struct stream_sink *s = ctx;

	stream_write_pass(&s->out->buf, s->header, map, pass, keys);
	return sink_result(s, output_flush_if_full(s->out));
}

static int
flush_stream_sink(void *ctx)
{
	struct stream_sink *s = ctx;

	return sink_result(s, output_flush(s->out));
}

const struct poll_sink stream_poll_sink = {
	.record = write_sink_record,
	.lost = write_sink_lost,
	.pass = write_sink_pass,
	.flush = flush_stream_sink,
};

int
stream_sink_end(struct stream_sink *s)
{
	if (s->unreported > 0)
		report_error("%" PRIu64 " more records were shorter than their "
			     "types",
		    s->unreported);
	if (s->lost > 0)
		report_notice("%" PRIu64 " record%s lost", s->lost,
		    s->lost == 1 ? " was" : "s were");
	stream_write_end(&s->out->buf, s->records, s->lost);
	return sink_result(s, output_flush(s->out));
}
