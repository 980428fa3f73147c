/* An expression, up to a newline, and behind it the stream or NDJSON that it is
 * run over. */
#include "fuzz.h"
#include "query/query-plans.h"
#include "stream/json-record.h"
#include "stream/reader.h"

/* Run the query over what is left of a stream. */
static void
run_lines(struct stream_reader *r, const struct query *q,
    struct query_plans *plans, struct query_plan *untyped,
    struct name_store *names)
{
	struct stream_line line;
	struct buf map = { 0 }, type = { 0 };
	enum stream_line_kind kind;
	size_t wrong_at;
	int i;

	while ((kind = stream_reader_next(r, &line)) != LINE_END) {
		if (kind == LINE_RECORD) {
			query_plan_run(plans->v[line.map], line.time_ns,
			    line.data, line.len);
		} else if (kind == LINE_JSON && r->header.nmaps == 0) {
			query_plan_run_json(
			    untyped, line.text, line.text_len, &wrong_at);
		} else if (kind == LINE_JSON &&
			   stream_json_string(r, &line, "@map", &map) == 0 &&
			   (i = stream_json_entry(r, &line, map.data, &type)) !=
			       -1) {
			query_plan_run_json(
			    plans->v[i], line.text, line.text_len, &wrong_at);
		} else if (kind == LINE_NAMES) {
			name_store_parse(names, line.value, "x");
		} else if (kind == LINE_HEADER) {
			query_plans_close(plans);
			if (stream_reader_next_stream(r, &line) !=
				STREAM_OPENED ||
			    query_plans_open(
				plans, q, &r->header, names, "x") == -1)
				break;
		}
	}
	buf_free(&map);
	buf_free(&type);
}

static void
run_query(const struct query *q, const uint8_t *data, size_t size)
{
	struct query_plan *untyped = query_plan_new_untyped(q);
	struct name_store *names = name_store_new();
	int fd = memfd_create("stream", MFD_CLOEXEC);
	struct query_plans plans = { 0 };
	struct stream_reader r;
	enum stream_opening what;

	if (untyped == NULL || names == NULL || fd == -1 ||
	    write(fd, data, size) != (ssize_t)size ||
	    lseek(fd, 0, SEEK_SET) != 0)
		abort();
	what = stream_reader_open(&r, fd, "x");
	if (what == STREAM_NDJSON ||
	    (what == STREAM_OPENED &&
		query_plans_open(&plans, q, &r.header, names, "x") == 0))
		run_lines(&r, q, &plans, untyped, names);
	query_plans_close(&plans);
	query_plan_free(untyped);
	name_store_free(names);
	stream_reader_close(&r);
	close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
	struct query *q;
	char *text;

	if (end == NULL)
		return 0;
	fuzz_start();
	text = strndup((const char *)data, (size_t)(end - data));
	if (text == NULL)
		abort();
	if ((q = query_parse(text)) != NULL)
		run_query(q, end + 1, size - (size_t)(end + 1 - data));
	query_free(q);
	free(text);
	return 0;
}
