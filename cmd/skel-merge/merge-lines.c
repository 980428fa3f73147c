#include "merge-lines.h"

#include <string.h>

#include "base/clock.h"
#include "merge-order.h"
#include "merge-write.h"
#include "stream/json-record.h"

static bool
is_told(enum stream_line_kind kind)
{
	return kind == LINE_SYMBOLS || kind == LINE_STACK ||
	       kind == LINE_NAMES || kind == LINE_CLOCK;
}

/* The time of a JSON record, or that of the one before if it has none. */
static uint64_t
read_time(
    struct merge *m, struct merge_input *in, const struct stream_line *line)
{
	uint64_t time_ns;

	if (stream_json_string(&in->in, line, "@time", &m->map) == -1 ||
	    clock_parse(m->map.data, strlen(m->map.data), &time_ns) == -1)
		return merge_queue_latest(in->queue);
	return time_ns;
}

static int
put_line(struct merge *m, struct merge_input *in, const struct stream_line *l)
{
	struct merge_item item = { .time_ns = l->time_ns,
		.came = m->now,
		.kind = MERGE_CONTROL,
		.map = (uint16_t)l->map,
		.len = (uint32_t)l->text_len };

	switch (l->kind) {
	case LINE_RECORD:
		item.kind = MERGE_RECORD;
		break;
	case LINE_JSON:
		item.kind = MERGE_JSON;
		item.time_ns = read_time(m, in, l);
		break;
	case LINE_SYMBOLS:
	case LINE_STACK:
	case LINE_NAMES:
		item.kind = MERGE_NAMES;
		break;
	case LINE_CLOCK:
		item.kind = MERGE_CLOCK;
		break;
	default:
		break;
	}
	if (merge_queue_put(in->queue, &item, l->text) == -1)
		return -1;
	merge_order_note_full(m, in);
	return 0;
}

static void
write_line(struct merge *m, struct merge_input *in, const struct stream_line *l)
{
	switch (l->kind) {
	case LINE_RECORD:
		merge_write_record(m, in, l->map, l->text, l->text_len);
		break;
	case LINE_JSON:
		merge_write_json(m, in, l->text, l->text_len);
		break;
	default:
		merge_write_control(
		    m, in, l->text, l->text_len, in->in.control);
	}
}

/* Write a line, or have it wait for its time.  Returns 0 or -1. */
static int
take_line(struct merge *m, struct merge_input *in, const struct stream_line *l)
{
	switch (l->kind) {
	case LINE_BAD:
		return 0;
	case LINE_FINISH:
		merge_take_end(m, in, l);
		return 0;
	case LINE_LOST:
		in->stream->lost_lines += l->count;
		break;
	default:
		break;
	}
	if (m->ordered)
		return put_line(m, in, l);
	if (is_told(l->kind))
		merge_keep_told(m, in->stream, l->text, l->text_len);
	write_line(m, in, l);
	return 0;
}

static int
take_records(struct merge *m, struct merge_input *in,
    const struct stream_record *r, size_t n)
{
	const char *last = line_input_text(&in->in.input), *end;
	struct merge_item item = { .kind = MERGE_RECORD, .came = m->now };

	for (size_t i = 0; i < n; i++, r++) {
		/* Without the newline. */
		end = (i + 1 < n ? r[1].text : last) - 1;
		if (!m->ordered) {
			merge_write_record(
			    m, in, r->map, r->text, (size_t)(end - r->text));
			continue;
		}
		item.time_ns = r->time_ns;
		item.map = (uint16_t)r->map;
		item.len = (uint32_t)(end - r->text);
		if (merge_queue_put(in->queue, &item, r->text) == -1)
			return -1;
	}
	if (m->ordered)
		merge_order_note_full(m, in);
	return 0;
}

int
merge_take_lines(struct merge *m, struct merge_input *in)
{
	struct stream_record records[STREAM_BATCH];
	size_t n;

	while (merge_input_reads(in) && !in->full) {
		if (in->stream != NULL &&
		    (n = stream_reader_next_records(&in->in, records)) > 0) {
			if (take_records(m, in, records, n) == -1 ||
			    output_flush_if_full(m->out) == -1)
				return -1;
			continue;
		}
		if (!stream_reader_is_ready(&in->in))
			return 0;
		switch (stream_reader_next(&in->in, &in->line)) {
		case LINE_END:
			in->at_end = true;
			break;
		case LINE_HEADER:
			in->at_header = true;
			break;
		default:
			if (take_line(m, in, &in->line) == -1 ||
			    output_flush_if_full(m->out) == -1)
				return -1;
		}
	}
	return 0;
}
