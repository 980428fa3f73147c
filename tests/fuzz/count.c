/* A question, up to a newline, and behind it the stream or NDJSON that it is
 * asked of.  The question is words of a letter and a value: b members of --by;
 * s i a m q h members of a column; e --every, t --top, k --keys, o --sort; d
 * --delta; j for rows in JSON.  What comes out must be a stream that can be
 * read. */
#include "fuzz.h"
#include "skel-count/count-stream.h"

/* Returns false if the word is none, or refused. */
static bool
add_word(struct question *q, enum stream_encoding *encoding, const char *word)
{
	static const char columns[] = "siamqh";
	const char *value = word + 1, *at;

	switch (word[0]) {
	case 'b':
		return question_add_by(q, value) == 0;
	case 'e':
		return question_parse_every(q, value) == 0;
	case 't':
		q->top = strtoul(value, NULL, 10) % 1000;
		return true;
	case 'k':
		q->keys = strtoul(value, NULL, 10) % 1000 + 1;
		return true;
	case 'o':
		q->ascending = *value == '+';
		q->sort = value + q->ascending;
		return true;
	case 'd':
		q->delta = true;
		return true;
	case 'j':
		*encoding = STREAM_JSON;
		return true;
	default:
		at = word[0] == '\0' ? NULL : strchr(columns, word[0]);
		return at != NULL &&
		       question_add_columns(q,
			   (enum column_op)(COLUMN_SUM + (at - columns)),
			   value) == 0;
	}
}

/* The rows of each pass are as many as it says. */
static void
check_pass(const struct stream_line *line, uint64_t *rows)
{
	if (line->keys != *rows)
		fuzz_wrong("a pass of another number of rows");
	*rows = 0;
}

static void
check_stream(int fd)
{
	enum stream_opening what;
	enum stream_line_kind kind;
	struct stream_reader r;
	struct stream_line line;
	uint64_t rows = 0;

	what = stream_reader_open(&r, fd, "rows");
	if (what != STREAM_OPENED && what != STREAM_EMPTY)
		fuzz_wrong("what was written is no stream");
	while (what == STREAM_OPENED &&
	       (kind = stream_reader_next(&r, &line)) != LINE_END) {
		if (kind == LINE_PASS)
			check_pass(&line, &rows);
		else if (kind == LINE_HEADER)
			what = stream_reader_next_stream(&r, &line);
		else
			rows += kind == LINE_RECORD || kind == LINE_JSON;
	}
	if (r.bad > 0 || (what != STREAM_OPENED && what != STREAM_EMPTY))
		fuzz_wrong("what was written is no stream further on");
	stream_reader_close(&r);
}

static void
ask(const struct question *q, enum stream_encoding encoding, const void *text,
    size_t len)
{
	struct count_stream s = { .q = q, .encoding = encoding };
	int in = fuzz_file(text, len), fd = fuzz_file("", 0);
	struct output out;

	if ((s.counter = counter_new(q)) == NULL ||
	    output_open(&out, fd, "<stdout>") == -1)
		fuzz_wrong("no output");
	s.out = &out;
	if (count_stream_run(&s, in, "<stdin>") == -1)
		fuzz_refused();
	count_stream_finish(&s);
	if (output_flush(&out) == -1)
		fuzz_wrong("output failed");
	if (lseek(fd, 0, SEEK_SET) == -1)
		fuzz_wrong("no file in memory");
	check_stream(fd);
	count_stream_close(&s);
	buf_free(&out.buf);
	close(in);
	close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
	enum stream_encoding encoding = STREAM_BINARY;
	struct question q;
	char *text, *rest, *word;
	bool good = true;

	if (end == NULL)
		return 0;
	fuzz_start();
	text = strndup((const char *)data, (size_t)(end - data));
	if ((rest = text) == NULL || question_init(&q) == -1)
		fuzz_wrong("no memory");
	while (good && (word = strsep(&rest, " ")) != NULL)
		good = add_word(&q, &encoding, word);
	if (good && question_check(&q) == 0)
		ask(&q, encoding, end + 1, size - (size_t)(end + 1 - data));
	question_free(&q);
	free(text);
	return 0;
}
