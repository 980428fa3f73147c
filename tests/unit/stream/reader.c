/* lib/stream/reader and writer: lines of every kind, and bad lines. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "check.h"
#include "stream-text.h"
#include "stream/reader.h"
#include "stream/writer.h"

/* Writes a line of every kind and reads them again. */
static void
every_line_goes_there_and_back(void)
{
	static const enum stream_line_kind kinds[] = { LINE_RECORD, LINE_RECORD,
		LINE_RECORD, LINE_LOST, LINE_PASS, LINE_ERROR, LINE_FINISH };
	const uint64_t time = 0x0a0b0c0d0a0a0a0aULL, most = UINT64_MAX;
	unsigned char bytes[24];
	struct stream_line lines[nitems(kinds)];
	struct buf out = { 0 };
	struct stream_reader r;

	memset(bytes, '\n', sizeof(bytes));
	CHECK_NUM(open_text(&r, THREE), STREAM_OPENED);
	buf_str(&out, THREE);
	stream_write_record(&out, 0, time, NULL, 0, bytes, 8);
	stream_write_record(&out, 2, time, bytes, 8, bytes, 16);
	stream_write_record(&out, 1, time, NULL, 0, NULL, 0);
	stream_write_lost(&out, &r.header, 1, most);
	stream_write_pass(&out, &r.header, 2, 3, most - 1);
	stream_write_error(&out, &r.header, 0, "a \"b\"\n", 1);
	stream_write_end(&out, most, 12);
	close_reader(&r);

	CHECK_NUM(open_bytes(&r, out.data, out.len), STREAM_OPENED);
	for (size_t i = 0; i < nitems(kinds); i++) {
		struct stream_line *l = &lines[i];

		CHECK_NUM(r.ended, false);
		CHECK_NUM(stream_reader_next(&r, l), kinds[i]);
		CHECK_NUM(l->kind, kinds[i]);
		CHECK_NUM(r.line, i + 2);
		CHECK(memchr(l->text, '\n', l->text_len) == NULL);
		if (l->kind == LINE_RECORD) {
			CHECK(l->time_ns == time);
			CHECK(
			    l->len == 0 || memcmp(l->data, bytes, l->len) == 0);
		}
		if (l->kind == LINE_ERROR)
			CHECK_STR(l->message, "a \"b\"\n");
	}
	CHECK(r.ended);
	CHECK_NUM(stream_reader_next(&r, &lines[0]), LINE_END);
	CHECK_NUM(lines[0].kind, LINE_END);
	CHECK_NUM(lines[1].map, 2);
	CHECK_NUM(lines[1].len, 24);
	CHECK_NUM(lines[2].map, 1);
	CHECK_NUM(lines[2].len, 0);
	CHECK(lines[3].map == 1 && lines[3].count == most);
	CHECK(lines[4].map == 2 && lines[4].pass == 3 &&
	      lines[4].keys == most - 1);
	CHECK_NUM(lines[5].map, 0);
	CHECK(lines[6].records == most && lines[6].lost == 12);
	CHECK_NUM(r.bad, 0);
	CHECK_STR(check_reports, "");
	close_reader(&r);
	buf_free(&out);
}

/* The bytes of the lines are those that skel-stream(5) gives. */
static void
the_lines_are_those_of_the_manual(void)
{
	static const char record[] = "=\x06\x01\x01\x02\x03\x04\x05\x06\x07\x08"
				     "ab\n";
	static const char control[] =
	    "{\"@lost\":{\"map\":\"rb\",\"count\":12}}\n"
	    "{\"@sampled\":{\"map\":\"s\",\"round\":3,\"keys\":5}}\n"
	    "{\"@error\":{\"map\":\"rb\",\"message\":\"m\",\"count\":3}}\n"
	    "{\"@clock\":{\"boottime\":5,\"monotonic\":6}}\n"
	    "{\"@end\":{\"records\":1042,\"lost\":12}}\n";
	const struct clock_offsets clock = { true, 5, 6 };
	struct buf out = { 0 };
	struct stream_reader r;

	CHECK_NUM(open_text(&r, THREE), STREAM_OPENED);
	stream_write_record(&out, 1, 0x0807060504030201ULL, "a", 1, "b", 1);
	CHECK_NUM(out.len, sizeof(record) - 1);
	CHECK(memcmp(out.data, record, out.len) == 0);
	out.len = 0;
	stream_write_lost(&out, &r.header, 0, 12);
	stream_write_pass(&out, &r.header, 2, 3, 5);
	stream_write_error(&out, &r.header, 0, "m", 3);
	stream_write_clock(&out, &clock);
	stream_write_end(&out, 1042, 12);
	buf_chr(&out, '\0');
	CHECK_STR(out.data, control);
	buf_free(&out);
	close_reader(&r);
}

/* Checks the kind of the line in text, which follows a header with three maps.
 */
static void
line_is(const char *text, size_t len, enum stream_line_kind want,
    const char *message, int line)
{
	struct buf all = { 0 };
	struct stream_line l;
	struct stream_reader r;

	buf_str(&all, THREE);
	buf_add(&all, text, len);
	check_num(
	    open_bytes(&r, all.data, all.len), STREAM_OPENED, __FILE__, line);
	check_num(stream_reader_next(&r, &l), want, __FILE__, line);
	check_num((int64_t)r.bad, want == LINE_BAD, __FILE__, line);
	if (message != NULL)
		check_said(message, __FILE__, line);
	else
		check_str(check_reports, "", __FILE__, line);
	check_num(stream_reader_next(&r, &l), LINE_END, __FILE__, line);
	close_reader(&r);
	buf_free(&all);
}

#define LINE(text, kind)                                                       \
	line_is((text), sizeof(text) - 1, (kind), NULL, __LINE__)
#define BAD(text, message)                                                     \
	line_is((text), sizeof(text) - 1, LINE_BAD, (message), __LINE__)

static void
objects_are_told_apart(void)
{
	LINE("{\"@map\":\"rb\",\"pid\":1}\n", LINE_JSON);
	LINE("{\"@time\":\"x\",\"pid\":1}\n", LINE_JSON);
	LINE("{\"pid\":1}\n", LINE_JSON);
	LINE(" {}\n", LINE_JSON);
	LINE("{\"@new\":1,\"pid\":2}\n", LINE_JSON);
	LINE("{\"@new\":{}}\n", LINE_OTHER);
	LINE("{\"@new\":18446744073709551615}\n", LINE_OTHER);
	LINE("\t{ \"@end\" : { } } \n", LINE_FINISH);
	LINE("{\"@clock\":{\"boottime\":1,\"monotonic\":2,\"new\":-3}}\n",
	    LINE_CLOCK);
	LINE("{\"@lost\":{\"map\":\"s\",\"count\":1,\"new\":2}}\n", LINE_LOST);
}

static void
bad_lines_are_reported_with_their_number(void)
{
	BAD("\n", "run.skel:2: an empty line");
	BAD("  \n", "run.skel:2: an empty line");
	BAD("hello\n", "run.skel:2: neither a record nor a JSON object");
	BAD(" =\x0b\n", "run.skel:2: neither a record nor a JSON object");
	BAD("{\"pid\":1,\"s\":\"a\xff\"}\n",
	    "run.skel:2: not UTF-8 from column 16 on");
	BAD("{\"@lost\":{\"map\":\"rb\"\n", "run.skel:2: not JSON: ");
	BAD("{\"@lost\":7}\n",
	    "run.skel:2: @lost: expected an object, found a number");
	BAD("{\"@lost\":{\"count\":1}}\n", "run.skel:2: @lost: map is missing");
	BAD("{\"@lost\":{\"map\":\"zz\"}}\n",
	    "run.skel:2: @lost: there is no map \"zz\" in the header");
	BAD("{\"@lost\":{\"map\":\"rb\",\"count\":-1}}\n",
	    "run.skel:2: @lost.count: expected a whole number from 0");
	BAD("{\"@clock\":{\"boottime\":1}}\n",
	    "run.skel:2: @clock: monotonic is missing");
	BAD("{\"@clock\":{\"boottime\":1,\"monotonic\":-1}}\n",
	    "run.skel:2: @clock.monotonic: expected a whole number from 0");
	BAD("{\"@error\":{\"map\":\"rb\",\"message\":7}}\n",
	    "run.skel:2: @error.message: expected a string");
}

/* The header of a reader has the last offsets. */
static void
a_step_changes_the_header(void)
{
	static const char text[] = HEAD(
	    "\"clock\":{\"boottime\":7,\"monotonic\":8},\"maps\":[],"
	    "\"types\":[]") "{\"@clock\":{\"boottime\":9,\"monotonic\":10}}\n"
			    "{\"@clock\":{\"boottime\":11}}\n";
	struct stream_line l;
	struct stream_reader r;

	CHECK_NUM(open_text(&r, text), STREAM_OPENED);
	CHECK(r.header.clock.known && r.header.clock.boottime == 7 &&
	      r.header.clock.monotonic == 8);
	CHECK_NUM(stream_reader_next(&r, &l), LINE_CLOCK);
	CHECK(l.clock.known && l.clock.boottime == 9);
	CHECK(r.header.clock.boottime == 9 && r.header.clock.monotonic == 10);
	CHECK_NUM(stream_reader_next(&r, &l), LINE_BAD);
	CHECK(r.header.clock.boottime == 9 && r.header.clock.monotonic == 10);
	close_reader(&r);
	CHECK_NUM(open_text(&r, THREE), STREAM_OPENED);
	CHECK(!r.header.clock.known);
	close_reader(&r);
}

/* Another stream with one map. */
#define ONE MAPS(RAW)

/* Checks the lines of two streams, where a line that is cut may be before the
 * second header. */
static void
second_is_read(const char *cut, size_t len, const char *message, int line)
{
	struct buf all = { 0 };
	struct stream_line l;
	struct stream_reader r;

	buf_str(&all, THREE "{\"@end\":{}}\n");
	buf_add(&all, cut, len);
	buf_str(&all, ONE "{\"@lost\":{\"map\":\"raw\",\"count\":3}}\n");
	check_num(
	    open_bytes(&r, all.data, all.len), STREAM_OPENED, __FILE__, line);
	check_num(stream_reader_next(&r, &l), LINE_FINISH, __FILE__, line);
	check_num(r.ended, true, __FILE__, line);
	if (message != NULL) {
		check_num(stream_reader_next(&r, &l), LINE_BAD, __FILE__, line);
		check_said(message, __FILE__, line);
	}
	check_num(stream_reader_next(&r, &l), LINE_HEADER, __FILE__, line);
	check_num((int64_t)r.line, 3, __FILE__, line);
	check_num((int64_t)r.header.nmaps, 3, __FILE__, line);
	check_num(
	    stream_reader_next_stream(&r, &l), STREAM_OPENED, __FILE__, line);
	check_num((int64_t)r.header.nmaps, 1, __FILE__, line);
	check_num(r.ended, false, __FILE__, line);
	check_num(stream_reader_next(&r, &l), LINE_LOST, __FILE__, line);
	check_num(l.map, 0, __FILE__, line);
	check_num(stream_reader_next(&r, &l), LINE_END, __FILE__, line);
	close_reader(&r);
	buf_free(&all);
}

#define SECOND(cut, message)                                                   \
	second_is_read((cut), sizeof(cut) - 1, (message), __LINE__)

static void
another_header_begins_another_stream(void)
{
	SECOND("", NULL);
	SECOND("=", "run.skel:3: the stream was cut within this record");
	SECOND(
	    "=\x03\x01", "run.skel:3: the stream was cut within this record");
	SECOND("{\"@map\":\"rb\",\"p",
	    "run.skel:3: the stream ends within this line");
	SECOND("{\"@lost\":", "run.skel:3: the stream ends within this line");
	SECOND("{\"skel\":\"stream\",\"vers",
	    "run.skel:3: the stream ends within this line");
	SECOND("xyz", "run.skel:3: the stream ends within this line");
}

static void
what_is_no_header_begins_no_stream(void)
{
	struct buf out = { 0 };
	const char *header = "\"" ONE;

	/* A record whose bytes end like a header. */
	stream_write_record(&out, 1, 1, NULL, 0, header, strlen(header) - 1);
	line_is(out.data, out.len, LINE_RECORD, NULL, __LINE__);
	buf_free(&out);
	LINE("{\"@map\":\"rb\",\"a\":{\"skel\":\"stream\"}}\n", LINE_JSON);
	LINE("{\"@map\":\"rb\",\"a\":\"{\\\"skel\\\":1}\"}\n", LINE_JSON);
	LINE("{\"pid\":1,\"s\":\"\\\"skel\\\"\"}\n", LINE_JSON);
	/* jq -S sorts the keys. */
	LINE("{\"encoding\":\"json\",\"skel\":\"stream\"}\n", LINE_HEADER);
}

static void
a_stream_can_be_left_out(void)
{
	struct stream_line l;
	struct stream_reader r;

	CHECK_NUM(open_text(&r, THREE "{\"skel\":\"stream\",\"version\":9}\n"
				      "=zz\nnonsense\n{\"@end\":{}}\n{\"a\"\n"
				      "=zz" ONE "nonsense\n"),
	    STREAM_OPENED);
	CHECK_NUM(stream_reader_next(&r, &l), LINE_HEADER);
	CHECK_NUM(stream_reader_next_stream(&r, &l), STREAM_REFUSED);
	CHECK_SAID("run.skel:2: header: unknown version 9");
	for (int i = 0; i < 5; i++)
		CHECK_NUM(stream_reader_next(&r, &l), LINE_BAD);
	CHECK_NUM(r.bad, 0);
	CHECK_NUM(stream_reader_next(&r, &l), LINE_HEADER);
	CHECK_NUM(stream_reader_next_stream(&r, &l), STREAM_OPENED);
	CHECK_NUM(stream_reader_next(&r, &l), LINE_BAD);
	CHECK_NUM(r.bad, 1);
	close_reader(&r);
}

static void
bad_records_are_reported_with_their_number(void)
{
	struct buf out = { 0 };

	BAD("=\n", "run.skel:2: a record that is not encoded right (COBS)");
	BAD("=zz\n", "run.skel:2: a record that is not encoded right (COBS)");
	BAD("=\x0b\n",
	    "run.skel:2: a record of 0 bytes is too short for a time");
	stream_write_record(&out, 0, 1, NULL, 0, "1234567", 7);
	line_is(out.data, out.len, LINE_BAD,
	    "run.skel:2: record of map rb is 7 bytes, its type needs 8",
	    __LINE__);
	out.len = 0;
	stream_write_record(&out, 3, 1, NULL, 0, "12345678", 8);
	line_is(out.data, out.len, LINE_BAD,
	    "run.skel:2: a record of map number 3, which the header does not "
	    "have",
	    __LINE__);
	out.len = 0;
	stream_write_record(&out, 0, 1, NULL, 0, "123456789", 9);
	line_is(out.data, out.len, LINE_RECORD, NULL, __LINE__);
	line_is(out.data, out.len - 1, LINE_BAD,
	    "run.skel:2: the stream ends within this line", __LINE__);
	buf_free(&out);
}

static void
a_last_line_without_its_newline_is_cut_unless_it_is_whole(void)
{
	LINE("{\"pid\":18446744073709551615}", LINE_JSON);
	LINE("{\"s\":\"}{\\\"\"} ", LINE_JSON);
	LINE("{\"@end\":{\"records\":1,\"lost\":0}}", LINE_FINISH);
	BAD("{\"s\":\"}", "run.skel:2: the stream ends within this line");
	BAD("{\"a\":{\"b\":1}", "run.skel:2: the stream ends within this line");
	BAD("{\"a\":1}{", "run.skel:2: the stream ends within this line");
	BAD("x", "run.skel:2: the stream ends within this line");
}

/* A bad line before, between and after good ones. */
static void
reading_goes_on_after_a_bad_line(void)
{
	struct stream_line l;
	struct stream_reader r;

	CHECK_NUM(open_text(&r, THREE "{\"a\":1}\nbad\n{\"a\":2}\n=\n"
				      "{\"@end\":{}}\n"),
	    STREAM_OPENED);
	CHECK_NUM(stream_reader_next(&r, &l), LINE_JSON);
	CHECK_NUM(stream_reader_next(&r, &l), LINE_BAD);
	CHECK_NUM(stream_reader_next(&r, &l), LINE_JSON);
	CHECK(l.text_len == 7 && memcmp(l.text, "{\"a\":2}", 7) == 0);
	CHECK_NUM(stream_reader_next(&r, &l), LINE_BAD);
	CHECK_NUM(stream_reader_next(&r, &l), LINE_FINISH);
	CHECK_NUM(r.bad, 2);
	CHECK_SAID("run.skel:3: ");
	CHECK_SAID("run.skel:5: ");
	close_reader(&r);
}

/* Of many bad lines the first hundred are reported, of whatever kind they are.
 */
static void
a_flood_of_bad_lines_is_reported_in_part(void)
{
	static const char *const lines[] = { "bad\n", "{\"@lost\":7}\n",
		"{\"@lost\":{}}\n", "{\"@lost\":\n" };
	struct buf all = { 0 };
	struct stream_line l;
	struct stream_reader r;
	size_t reports = 0;

	buf_str(&all, THREE);
	for (size_t i = 0; i < 1000; i++)
		buf_str(&all, lines[i % nitems(lines)]);
	CHECK_NUM(open_bytes(&r, all.data, all.len), STREAM_OPENED);
	while (stream_reader_next(&r, &l) != LINE_END)
		CHECK_NUM(l.kind, LINE_BAD);
	CHECK_NUM(r.bad, 1000);
	for (const char *p = check_reports; *p != '\0'; p++)
		reports += *p == '\n';
	CHECK_NUM(reports, STREAM_BAD_SHOWN + 1);
	CHECK_SAID("run.skel:102: more than 100 bad lines");
	close_reader(&r);
	buf_free(&all);
}

static void
objects_without_a_header_are_ndjson(void)
{
	struct stream_line l;
	struct stream_reader r;

	CHECK_NUM(open_text(&r, "{\"pid\":1,\"meta\":{}}\n{\"pid\":2}\n=\x0b\n"
				"{\"@lost\":{\"map\":\"rb\",\"count\":1}}\n"
				"{\"@end\":{\"records\":2}}"),
	    STREAM_NDJSON);
	CHECK_NUM(r.header.nmaps, 0);
	CHECK_NUM(stream_reader_next(&r, &l), LINE_JSON);
	CHECK_NUM(r.line, 1);
	CHECK_NUM(l.text_len, 19);
	CHECK_NUM(stream_reader_next(&r, &l), LINE_JSON);
	CHECK_NUM(stream_reader_next(&r, &l), LINE_BAD);
	CHECK_SAID("run.skel:3: a binary record, but no header before it");
	CHECK_NUM(stream_reader_next(&r, &l), LINE_OTHER);
	CHECK_NUM(stream_reader_next(&r, &l), LINE_FINISH);
	CHECK_NUM(l.records, 2);
	CHECK_NUM(stream_reader_next(&r, &l), LINE_END);
	close_reader(&r);
}

/* Writes n bytes without a newline. */
static void
write_long(int fd, size_t n)
{
	struct buf b = { 0 };
	char part[65536];

	memset(part, 'x', sizeof(part));
	for (size_t done = 0; done < n; done += sizeof(part)) {
		buf_add(&b, part, sizeof(part));
		if (buf_write_fd(&b, fd) == -1)
			break;
	}
	buf_free(&b);
}

static void
write_str(int fd, const char *s)
{
	struct buf b = { 0 };

	buf_str(&b, s);
	CHECK_NUM(buf_write_fd(&b, fd), 0);
	buf_free(&b);
}

/* A line longer than the limit is one bad line and is not kept in memory. */
static void
a_line_that_is_too_long_is_skipped(void)
{
	const size_t n = (size_t)STREAM_LINE_MAX + (4 << 20);
	struct stream_line l;
	struct stream_reader r;
	int fds[2];
	pid_t pid;

	CHECK_NUM(pipe(fds), 0);
	fflush(NULL);
	if ((pid = fork()) == 0) {
		close(fds[0]);
		write_str(fds[1], THREE);
		write_long(fds[1], n);
		write_str(fds[1], "\n{\"a\":1}\n");
		write_long(fds[1], n);
		_exit(0);
	}
	close(fds[1]);
	check_forget();
	CHECK_NUM(stream_reader_open(&r, fds[0], "run.skel"), STREAM_OPENED);
	CHECK_NUM(stream_reader_next(&r, &l), LINE_BAD);
	CHECK_SAID("run.skel:2: a line longer than 67108864 bytes");
	CHECK_NUM(stream_reader_next(&r, &l), LINE_JSON);
	CHECK_NUM(r.line, 3);
	CHECK_NUM(stream_reader_next(&r, &l), LINE_BAD);
	CHECK_SAID("run.skel:4: a line longer than 67108864 bytes");
	CHECK_NUM(stream_reader_next(&r, &l), LINE_END);
	CHECK(r.input.in.cap <= 2 * (size_t)STREAM_LINE_MAX);
	close_reader(&r);
	CHECK_NUM(waitpid(pid, NULL, 0), pid);
}

/*
 * The lines are the same whatever pieces the bytes are read in.
 */

static void
a_line_is_ready_when_its_newline_is_there(void)
{
	struct stream_line l;
	struct stream_reader r;
	int fds[2];

	CHECK_NUM(pipe2(fds, O_NONBLOCK), 0);
	write_str(fds[1], THREE);
	CHECK_NUM(stream_reader_open(&r, fds[0], "run.skel"), STREAM_OPENED);
	CHECK(!stream_reader_is_ready(&r));
	CHECK_NUM(line_input_fill(&r.input), -1);
	CHECK_NUM(r.input.error, 0);
	for (const char *p = "{\"a\":1}"; *p != '\0'; p++) {
		CHECK_NUM(write(fds[1], p, 1), 1);
		CHECK_NUM(line_input_fill(&r.input), 1);
		CHECK(!stream_reader_is_ready(&r));
	}
	CHECK_NUM(write(fds[1], "\n{", 2), 2);
	CHECK_NUM(line_input_fill(&r.input), 1);
	CHECK(stream_reader_is_ready(&r));
	CHECK_NUM(stream_reader_next(&r, &l), LINE_JSON);
	CHECK_NUM(l.text_len, 7);
	CHECK(!stream_reader_is_ready(&r));
	close(fds[1]);
	CHECK_NUM(line_input_fill(&r.input), 0);
	CHECK(stream_reader_is_ready(&r));
	CHECK_NUM(stream_reader_next(&r, &l), LINE_BAD);
	CHECK(stream_reader_is_ready(&r));
	CHECK_NUM(stream_reader_next(&r, &l), LINE_END);
	close_reader(&r);
}

static void
a_failed_read_is_no_end(void)
{
	struct stream_line l;
	struct stream_reader r;
	int fd = open("/", O_RDONLY | O_CLOEXEC);

	check_forget();
	CHECK_NUM(stream_reader_open(&r, fd, "dir"), STREAM_REFUSED);
	CHECK_SAID("dir: Is a directory");
	CHECK_NUM(r.input.error, EISDIR);
	close_reader(&r);
	CHECK_NUM(open_text(&r, THREE), STREAM_OPENED);
	close(r.input.fd);
	r.input.fd = open("/", O_RDONLY | O_CLOEXEC);
	CHECK_NUM(stream_reader_next(&r, &l), LINE_END);
	CHECK_NUM(r.input.error, EISDIR);
	close_reader(&r);
}

/* So many records that the buffer is moved and grows. */
static void
many_records_come_back_in_order(void)
{
	enum { MANY = 20000 };
	struct buf out = { 0 };
	struct stream_line l;
	struct stream_reader r;
	char *big = calloc(1, 1 << 20);

	buf_str(&out, THREE);
	for (uint64_t i = 0; i < MANY; i++) {
		stream_write_record(&out, 0, i, NULL, 0, &i, sizeof(i));
		if (i % 5000 == 0)
			stream_write_record(&out, 1, i, NULL, 0, big, 1 << 20);
	}
	CHECK_NUM(open_bytes(&r, out.data, out.len), STREAM_OPENED);
	for (uint64_t i = 0; i < MANY; i++) {
		CHECK_NUM(stream_reader_next(&r, &l), LINE_RECORD);
		CHECK(l.time_ns == i && memcmp(l.data, &i, sizeof(i)) == 0);
		if (i % 5000 == 0) {
			CHECK_NUM(stream_reader_next(&r, &l), LINE_RECORD);
			CHECK_NUM(l.len, 1 << 20);
		}
	}
	CHECK_NUM(stream_reader_next(&r, &l), LINE_END);
	CHECK_STR(check_reports, "");
	close_reader(&r);
	buf_free(&out);
	free(big);
}

/* The kinds of a reader's lines, a word for each in *said. */
static void
say_record(struct buf *said, unsigned int map, uint64_t time_ns,
    const unsigned char *data, size_t len)
{
	buf_printf(said, "%u %" PRIu64 " %zu ", map, time_ns, len);
	buf_add(said, data, len);
}

/* Reads all lines, with or without batches. */
static void
read_all(struct buf *said, const struct buf *in, bool batches)
{
	struct stream_record records[STREAM_BATCH];
	struct stream_line l;
	struct stream_reader r;
	size_t n, most = 0;

	CHECK_NUM(open_bytes(&r, in->data, in->len), STREAM_OPENED);
	do {
		while (batches &&
		       (n = stream_reader_next_records(&r, records)) > 0) {
			most = n > most ? n : most;
			for (size_t i = 0; i < n; i++)
				say_record(said, records[i].map,
				    records[i].time_ns, records[i].data,
				    records[i].len);
		}
		stream_reader_next(&r, &l);
		if (l.kind == LINE_RECORD)
			say_record(said, l.map, l.time_ns, l.data, l.len);
		else
			buf_printf(said, "%d %lu;", l.kind, r.line);
	} while (l.kind != LINE_END);
	CHECK(!batches || most > 1);
	buf_printf(said, "%lu %lu", r.line, r.bad);
	close_reader(&r);
}

/* Records of every length and with newlines, and other or bad lines between
 * them: reading in batches gives the same as reading line by line. */
static void
batches_hold_the_same_records(void)
{
	static const char *const others[] = { "=\x05short\n", "=\xff\x01\n",
		"=\n", "\n", "{\"@lost\":{\"map\":\"rb\",\"count\":1}}\n",
		"{\"@map\":\"rb\"}\n", "=\x00\x09 23456789\n", "=\x0b\n",
		/* The record is cut short and the next line follows. */
		("=\x16\x01"
		 "b\n{\"@map\":\"abcdefghijklm\"}\n") };
	struct buf in = { 0 }, a = { 0 }, b = { 0 }, reports = { 0 };
	unsigned char bytes[40000];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 7 % 256);
	buf_str(&in, THREE);
	for (size_t i = 0; i < 3000; i++) {
		stream_write_record(&in, i % 3 == 1, i, NULL, 0, bytes + i % 11,
		    8 + (i % 97 == 0 ? i * 13 : i % 40));
		if (i % 29 == 0)
			buf_str(&in, others[i / 29 % nitems(others)]);
	}
	read_all(&a, &in, false);
	buf_str(&reports, check_reports);
	buf_chr(&reports, '\0');
	check_forget();
	read_all(&b, &in, true);
	CHECK_STR(check_reports, reports.data);
	CHECK(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
	buf_free(&in);
	buf_free(&a);
	buf_free(&b);
	buf_free(&reports);
}

int
main(void)
{
	every_line_goes_there_and_back();
	the_lines_are_those_of_the_manual();
	objects_are_told_apart();
	bad_lines_are_reported_with_their_number();
	a_step_changes_the_header();
	another_header_begins_another_stream();
	what_is_no_header_begins_no_stream();
	a_stream_can_be_left_out();
	bad_records_are_reported_with_their_number();
	a_last_line_without_its_newline_is_cut_unless_it_is_whole();
	reading_goes_on_after_a_bad_line();
	a_flood_of_bad_lines_is_reported_in_part();
	objects_without_a_header_are_ndjson();
	a_line_that_is_too_long_is_skipped();
	a_line_is_ready_when_its_newline_is_there();
	a_failed_read_is_no_end();
	many_records_come_back_in_order();
	batches_hold_the_same_records();
	return check_done();
}
