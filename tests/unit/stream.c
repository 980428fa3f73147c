/* stream: the header, every kind of line, and what is done about the rest. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "cobs.h"
#include "doc.h"
#include "stream.h"
#include "util.h"

#define HEAD(rest)                                                             \
	"{\"skel\":\"stream\",\"version\":1,\"name\":\"x_bpf\","               \
	"\"encoding\":\"binary\",\"host\":\"h\",\"boot_id\":\"b\","            \
	"\"started\":\"s\"," rest "}\n"
#define SESSION(rest)                                                          \
	"{\"skel\":\"session\",\"version\":1,\"name\":\"x_bpf\","              \
	"\"encoding\":\"binary\",\"host\":\"h\",\"boot_id\":\"b\","            \
	"\"started\":\"s\"," rest "}\n"
#define SAMPLE                                                                 \
	"\"sample\":{\"interval\":1000,\"type\":\"log2_hist\","                \
	"\"unit\":\"usecs\",\"clear_map\":true}"
#define TYPES                                                                  \
	"\"types\":[{\"kind\":\"int\",\"name\":\"u32\",\"size\":4,"            \
	"\"signed\":false},{\"kind\":\"int\",\"name\":\"u64\",\"size\":8,"     \
	"\"signed\":false}]"
#define MAPS(maps) HEAD("\"maps\":[" maps "]," TYPES)
#define RINGBUF "{\"name\":\"rb\",\"source\":\"ringbuf\",\"value\":1}"
#define RAW "{\"name\":\"raw\",\"source\":\"perf\"}"
#define SAMPLED                                                                \
	"{\"name\":\"s\",\"source\":\"sample\",\"value\":0,\"key\":1,"         \
	"\"cpus\":2," SAMPLE "}"
/* Three maps: 8 bytes a record; raw; 8 bytes of key and 8 for each of 2 CPUs.
 */
#define THREE MAPS(RINGBUF "," RAW "," SAMPLED)

/* A reader of len bytes of text, from a file without a name. */
static enum stream_opening
open_bytes(struct stream_reader *r, const char *text, size_t len)
{
	int fd = memfd_create("run.skel", MFD_CLOEXEC);
	struct buf b = { 0 };

	buf_add(&b, text, len);
	if (buf_write_fd(&b, fd) == -1 || lseek(fd, 0, SEEK_SET) == -1)
		perror("run.skel");
	buf_free(&b);
	check_forget();
	return stream_open(r, fd, "run.skel");
}

static enum stream_opening
open_text(struct stream_reader *r, const char *text)
{
	return open_bytes(r, text, strlen(text));
}

static void
close_reader(struct stream_reader *r)
{
	int fd = r->fd;

	stream_close(r);
	close(fd);
}

/*
 * The header.
 */

/* A header line is read, and written as it was. */
static void
goes_there_and_back(const char *text, enum stream_opening want, int line)
{
	struct buf out = { 0 };
	struct stream_reader r;

	check_num(open_text(&r, text), want, __FILE__, line);
	check_str(check_reports, "", __FILE__, line);
	CHECK_NUM(stream_header_write(&r.header, &out), 0);
	buf_chr(&out, '\0');
	check_str(out.data, text, __FILE__, line);
	buf_free(&out);
	close_reader(&r);
}

#define THERE_AND_BACK(text, what) goes_there_and_back((text), (what), __LINE__)

static void
a_header_goes_there_and_back(void)
{
	THERE_AND_BACK(THREE, STREAM_OPENED);
	THERE_AND_BACK(HEAD("\"maps\":[],\"types\":[]"), STREAM_OPENED);
	THERE_AND_BACK(
	    MAPS("{\"name\":\"it\",\"source\":\"iter\",\"intepreter\":"
		 "{\"stack_trace\":{\"with_symbols\":false}}}"),
	    STREAM_OPENED);
	THERE_AND_BACK(
	    SESSION("\"dir\":\"/sys/fs/bpf/x\",\"detached\":true,"
		    "\"perf_buffer_pages\":8,\"poll_timeout_ms\":50,\"maps\":["
		    "{\"name\":\"rb\",\"source\":\"ringbuf\",\"value\":1,"
		    "\"pin\":\"/sys/fs/bpf/x/rb\"}]," TYPES),
	    STREAM_SESSION);
}

static void
a_new_header_says_where_and_when(void)
{
	struct stream_header h = { 0 };
	struct buf out = { 0 };
	struct stream_reader r;
	char host[256];

	CHECK_NUM(stream_header_init(&h, "x_bpf"), 0);
	CHECK(stream_header_add(&h, "rb") != NULL);
	CHECK(h.maps[0].value == TYPE_NONE && h.maps[0].key == TYPE_NONE);
	gethostname(host, sizeof(host));
	CHECK_STR(h.host, host);
	CHECK_NUM(strlen(h.boot_id), 36);
	CHECK_NUM(strlen(h.started), strlen("2026-11-22T14:48:00.123456789Z"));
	CHECK_NUM(stream_header_write(&h, &out), 0);
	CHECK_NUM(open_bytes(&r, out.data, out.len), STREAM_OPENED);
	CHECK_STR(r.header.started, h.started);
	close_reader(&r);
	for (int i = 1; i < STREAM_MAPS_MAX; i++)
		CHECK(stream_header_add(&h, "m") != NULL);
	check_forget();
	CHECK(stream_header_add(&h, "m") == NULL);
	CHECK_SAID("map m: a stream has at most 256 maps");
	buf_free(&out);
	stream_header_free(&h);
}

/* What is left out of a session's line is what a package leaves out. */
static void
a_session_has_defaults(void)
{
	struct stream_reader r;

	CHECK_NUM(open_text(&r, SESSION("\"dir\":\"/x\",\"maps\":[],"
					"\"types\":[]")),
	    STREAM_SESSION);
	CHECK_NUM(r.line, 1);
	CHECK_NUM(r.header.perf_buffer_pages, 64);
	CHECK_NUM(r.header.poll_timeout_ms, 100);
	CHECK(!r.header.detached);
	close_reader(&r);
}

/* Blanks before it, no newline after it. */
static void
a_header_may_stand_alone(void)
{
	struct stream_line l;
	struct stream_reader r;

	CHECK_NUM(open_text(&r, " \t{\"skel\":\"stream\",\"version\":1,"
				"\"name\":\"x\",\"encoding\":\"json\","
				"\"maps\":[],\"types\":[],\"new\":1}"),
	    STREAM_OPENED);
	CHECK_NUM(r.header.encoding, STREAM_JSON);
	CHECK_STR(r.header.host, "");
	CHECK_NUM(stream_next(&r, &l), LINE_END);
	close_reader(&r);
}

static void
sizes_come_from_the_types(void)
{
	struct stream_reader r;

	CHECK_NUM(open_text(&r, THREE), STREAM_OPENED);
	CHECK_NUM(stream_record_size(&r.header, 0), 8);
	CHECK_NUM(stream_record_size(&r.header, 1), 0);
	CHECK_NUM(stream_record_size(&r.header, 2), 8 + 2 * 8);
	CHECK_NUM(stream_key_size(&r.header, 0), 0);
	CHECK_NUM(stream_key_size(&r.header, 2), 8);
	close_reader(&r);
}

static void
refuses(const char *text, size_t len, const char *message, int line)
{
	struct stream_reader r;

	check_num(open_bytes(&r, text, len), STREAM_REFUSED, __FILE__, line);
	check_said(message, __FILE__, line);
	check_num((int64_t)r.header.nmaps, 0, __FILE__, line);
	/* One report, not one on top of another. */
	check_num(strcspn(check_reports, "\n") + 1 - strlen(check_reports), 0,
	    __FILE__, line);
	close_reader(&r);
}

#define REFUSES(text, message)                                                 \
	refuses((text), sizeof(text) - 1, (message), __LINE__)

static void
a_wrong_header_is_refused(void)
{
	REFUSES(
	    "{\"skel\":\"flow\"}\n", "run.skel:1: header.skel: unknown skel");
	REFUSES("{\"skel\":\"stream\"}\n",
	    "run.skel:1: header: version is missing");
	REFUSES("{\"skel\":\"stream\",\"version\":2}\n",
	    "run.skel:1: header: unknown version 2 (this ");
	REFUSES("{\"skel\":\"stream\",\"version\":1}\n",
	    "run.skel:1: header: name is missing");
	REFUSES("{\"skel\":\"stream\",\"version\":1,\"name\":\"x\"}\n",
	    "run.skel:1: header: encoding is missing");
	REFUSES("{\"skel\":\"stream\",\"version\":1,\"name\":\"x\","
		"\"encoding\":\"xml\"}\n",
	    "run.skel:1: header.encoding: unknown encoding \"xml\"");
	REFUSES(HEAD("\"types\":[]"), "run.skel:1: maps is missing");
	REFUSES(HEAD("\"maps\":[]"), "run.skel:1: types is missing");
	REFUSES(HEAD("\"maps\":{},\"types\":[]"), "expected an array");
	REFUSES(HEAD("\"maps\":[7],\"types\":[]"),
	    "run.skel:1: maps[0]: expected an object, found a number");
	REFUSES(SESSION("\"maps\":[],\"types\":[]"), "dir is missing");
	REFUSES(SESSION("\"dir\":\"x\",\"maps\":[],\"types\":[]"),
	    "run.skel:1: header.dir: \"x\" is no absolute path");
	REFUSES(SESSION("\"dir\":\"/x\",\"maps\":[" RINGBUF "]," TYPES),
	    "run.skel:1: maps[0]: pin is missing");
	REFUSES(SESSION("\"dir\":\"/x\",\"maps\":[{\"name\":\"m\","
			"\"source\":\"perf\",\"pin\":\"m\"}]," TYPES),
	    "run.skel:1: maps[0].pin: \"m\" is no absolute path");
	REFUSES("{\"skel\":\"stream\",\"vers\n", "run.skel:1: not JSON: ");
	REFUSES("{\"skel\":\"stream\",\"vers", "run.skel:1: not JSON: ");
}

static void
a_wrong_map_is_refused(void)
{
	REFUSES(MAPS("{}"), "maps[0]: name is missing");
	REFUSES(MAPS("{\"name\":\"\"}"), "a map needs a name");
	REFUSES(MAPS(RINGBUF "," RINGBUF),
	    "run.skel:1: maps[1].name: there are two maps \"rb\"");
	REFUSES(MAPS("{\"name\":\"m\"}"), "maps[0]: source is missing");
	REFUSES(MAPS("{\"name\":\"m\",\"source\":\"tap\"}"),
	    "maps[0].source: unknown source \"tap\"");
	REFUSES(MAPS("{\"name\":\"m\",\"source\":\"perf\",\"value\":2}"),
	    "run.skel:1: maps[0].value: there is no type 2");
	REFUSES(MAPS("{\"name\":\"m\",\"source\":\"perf\",\"value\":-1}"),
	    "maps[0].value: expected a whole number");
	REFUSES(MAPS("{\"name\":\"m\",\"source\":\"perf\",\"key\":0}"),
	    "maps[0]: only a sampled map has a key");
	REFUSES(MAPS("{\"name\":\"m\",\"source\":\"perf\",\"cpus\":2}"),
	    "maps[0]: only a sampled map has cpus");
	REFUSES(MAPS("{\"name\":\"m\",\"source\":\"sample\"}"),
	    "maps[0]: sample is missing");
	REFUSES(MAPS("{\"name\":\"m\",\"source\":\"sample\",\"value\":0," SAMPLE
		     "}"),
	    "types for key and value, or for none");
	REFUSES(
	    MAPS("{\"name\":\"m\",\"source\":\"sample\",\"key\":0," SAMPLE "}"),
	    "types for key and value, or for none");
	REFUSES(MAPS("{\"name\":\"m\",\"source\":\"sample\",\"sample\":"
		     "{\"type\":\"hist\"}}"),
	    "maps[0].sample.type: unknown type \"hist\"");
	REFUSES(MAPS("{\"name\":\"m\",\"source\":\"sample\",\"key\":0,"
		     "\"value\":0,\"cpus\":65537," SAMPLE "}"),
	    "maps[0].cpus: 65537 is too large");
	REFUSES(MAPS("{\"name\":\"m\",\"source\":\"perf\",\"intepreter\":7}"),
	    "maps[0].intepreter: expected an object, found a number");
}

static void
a_record_that_is_too_large_is_refused(void)
{
	REFUSES(HEAD("\"maps\":[{\"name\":\"m\",\"source\":\"sample\","
		     "\"key\":0,\"value\":0,\"cpus\":3," SAMPLE "}],\"types\":"
		     "[{\"kind\":\"struct\",\"name\":\"s\",\"size\":16777216,"
		     "\"members\":[]}]"),
	    "run.skel:1: maps[0]: records of 67108864 bytes");
	REFUSES(HEAD("\"maps\":[{\"name\":\"m\",\"source\":\"sample\","
		     "\"key\":0,\"value\":0,\"cpus\":6000," SAMPLE "}],"
		     "\"types\":[{\"kind\":\"array\",\"name\":\"\",\"size\":0,"
		     "\"of\":1,\"count\":1000},{\"kind\":\"struct\",\"name\":"
		     "\"s\",\"size\":0,\"members\":[]}]"),
	    "run.skel:1: maps[0]: a record is too long as text");
}

/* Each map's type is within bounds, all of them together are not: a union of 16
 * unions, and so on five times, for 256 maps. */
static void
types_are_bounded_for_all_maps_together(void)
{
	struct buf text = { 0 };
	struct stream_reader r;

	for (size_t maps = 1; maps <= STREAM_MAPS_MAX; maps += 255) {
		text.len = 0;
		buf_str(&text, "{\"skel\":\"stream\",\"version\":1,\"name\":"
			       "\"x\",\"encoding\":\"binary\",\"maps\":[");
		for (size_t i = 0; i < maps; i++)
			buf_printf(&text,
			    "%s{\"name\":\"%zu\",\"source\":\"perf\","
			    "\"value\":0}",
			    i == 0 ? "" : ",", i);
		buf_str(&text, "],\"types\":[");
		for (int i = 0; i < 4; i++) {
			buf_printf(&text, "{\"kind\":\"union\",\"name\":\"u\","
					  "\"size\":1,\"members\":[");
			for (int k = 0; k < 16; k++)
				buf_printf(&text,
				    "%s{\"name\":\"m\",\"type\":%d,"
				    "\"offset\":0}",
				    k == 0 ? "" : ",", i + 1);
			buf_str(&text, "]},");
		}
		buf_str(&text, "{\"kind\":\"int\",\"name\":\"u8\","
			       "\"size\":1}]}\n");
		CHECK_NUM(open_bytes(&r, text.data, text.len),
		    maps == 1 ? STREAM_OPENED : STREAM_REFUSED);
		close_reader(&r);
	}
	CHECK_SAID("run.skel:1: the maps' types have too many members");
	buf_free(&text);
}

static void
more_than_256_maps_are_refused(void)
{
	struct buf text = { 0 };

	buf_str(&text, "{\"skel\":\"stream\",\"version\":1,\"name\":\"x\","
		       "\"encoding\":\"binary\",\"types\":[],\"maps\":[0");
	for (int i = 0; i < STREAM_MAPS_MAX; i++)
		buf_str(&text, ",0");
	buf_str(&text, "]}\n");
	refuses(text.data, text.len,
	    "run.skel:1: maps: 257 maps; at most 256 are read", __LINE__);
	buf_free(&text);
}

static void
what_is_no_stream_says_what_it_is(void)
{
	static const char package[] = "run.skel: this is a package; load it "
				      "first: skel-load";

	REFUSES("{\"bpf_object\":\"eJw\",\"bpf_object_size\":1,\"meta\":{}}",
	    package);
	REFUSES("{\"bpf_skel\":{}}\n", package);
	REFUSES("{\"meta\":{\"bpf_skel\":{}}}\n", package);
	REFUSES("{\n  \"bpf_object\": \"eJw\",\n  \"meta\": {}\n}\n", package);
	REFUSES("\177ELF\2\1\1", "run.skel: this is an ELF object; pack it "
				 "first: skel-pack");
	REFUSES("\177ELF", "run.skel: this is an ELF object; pack it first");
	REFUSES("\177EL", "run.skel: this is not a stream");
	REFUSES("  ", "run.skel: this is not a stream");
	REFUSES("\x1f\x8b\x08", "run.skel: this is not a stream");
	REFUSES("[1,2]\n", "run.skel: this is not a stream");
	REFUSES("\n", "run.skel: this is not a stream");
	REFUSES("=\x0b\n", "run.skel:1: a record, and no header before it");
	REFUSES("{\"a\":1\n", "run.skel:1: not JSON: ");
	REFUSES("{\n", "run.skel:1: not JSON: ");
}

static void
nothing_is_empty(void)
{
	struct stream_reader r;

	CHECK_NUM(open_text(&r, ""), STREAM_EMPTY);
	CHECK_STR(check_reports, "");
	close_reader(&r);
}

/* A first line of n bytes that begins with head. */
static void
refuses_long(const char *head, size_t n, const char *message)
{
	char *text = malloc(n);

	memset(text, ' ', n);
	memcpy(text, head, strlen(head));
	refuses(text, n, message, __LINE__);
	free(text);
}

static void
a_header_without_an_end_is_refused(void)
{
	size_t n = STREAM_HEADER_MAX + (1 << 20);

	refuses_long(
	    "{", n, "run.skel:1: the header is longer than 16777216 bytes");
	refuses_long("{\"bpf_object\":\"", n, "this is a package");
}

/* Every byte of a header set to others: opened or refused, and the sanitizers
 * see to it that nothing else happens. */
static void
a_corrupted_header_does_no_harm(void)
{
	static const char values[] = "09{}[],:\"\\ \xff\x01-e";
	size_t len = strlen(THREE), refused = 0;
	char *copy = strdup(THREE);

	for (size_t i = 0; i < len; i++) {
		for (size_t k = 0; k < sizeof(values); k++) {
			struct stream_reader r;
			enum stream_opening what;

			copy[i] = values[k];
			what = open_bytes(&r, copy, len);
			refused += what == STREAM_REFUSED;
			CHECK((what == STREAM_REFUSED) ==
			      (check_reports[0] != '\0'));
			close_reader(&r);
		}
		copy[i] = THREE[i];
	}
	CHECK(refused > len);
	free(copy);
}

/*
 * The lines.
 */

/* A line of every kind, written and read again. */
static void
every_line_goes_there_and_back(void)
{
	static const enum stream_line_kind kinds[] = { LINE_RECORD, LINE_RECORD,
		LINE_RECORD, LINE_LOST, LINE_SAMPLED, LINE_ERROR, LINE_FINISH };
	const uint64_t time = 0x0a0b0c0d0a0a0a0aULL, most = UINT64_MAX;
	unsigned char bytes[24];
	struct stream_line lines[nitems(kinds)];
	struct buf out = { 0 };
	struct stream_reader r;

	memset(bytes, '\n', sizeof(bytes));
	CHECK_NUM(open_text(&r, THREE), STREAM_OPENED);
	buf_str(&out, THREE);
	stream_put_record(&out, 0, time, NULL, 0, bytes, 8);
	stream_put_record(&out, 2, time, bytes, 8, bytes, 16);
	stream_put_record(&out, 1, time, NULL, 0, NULL, 0);
	stream_put_lost(&out, &r.header, 1, most);
	stream_put_sampled(&out, &r.header, 2, 3, most - 1);
	stream_put_error(&out, &r.header, 0, "a \"b\"\n");
	stream_put_end(&out, most, 12);
	close_reader(&r);

	CHECK_NUM(open_bytes(&r, out.data, out.len), STREAM_OPENED);
	for (size_t i = 0; i < nitems(kinds); i++) {
		struct stream_line *l = &lines[i];

		CHECK_NUM(r.ended, false);
		CHECK_NUM(stream_next(&r, l), kinds[i]);
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
	CHECK_NUM(stream_next(&r, &lines[0]), LINE_END);
	CHECK_NUM(lines[0].kind, LINE_END);
	CHECK_NUM(lines[1].map, 2);
	CHECK_NUM(lines[1].len, 24);
	CHECK_NUM(lines[2].map, 1);
	CHECK_NUM(lines[2].len, 0);
	CHECK(lines[3].map == 1 && lines[3].count == most);
	CHECK(lines[4].map == 2 && lines[4].round == 3 &&
	      lines[4].keys == most - 1);
	CHECK_NUM(lines[5].map, 0);
	CHECK(lines[6].records == most && lines[6].lost == 12);
	CHECK_NUM(r.bad, 0);
	CHECK_STR(check_reports, "");
	close_reader(&r);
	buf_free(&out);
}

/* The bytes of the lines are those of the design. */
static void
the_lines_are_those_of_the_manual(void)
{
	static const char record[] = "=\x06\x01\x01\x02\x03\x04\x05\x06\x07\x08"
				     "ab\n";
	static const char control[] =
	    "{\"@lost\":{\"map\":\"rb\",\"count\":12}}\n"
	    "{\"@sampled\":{\"map\":\"s\",\"round\":3,\"keys\":5}}\n"
	    "{\"@error\":{\"map\":\"rb\",\"message\":\"m\"}}\n"
	    "{\"@end\":{\"records\":1042,\"lost\":12}}\n";
	struct buf out = { 0 };
	struct stream_reader r;

	CHECK_NUM(open_text(&r, THREE), STREAM_OPENED);
	stream_put_record(&out, 1, 0x0807060504030201ULL, "a", 1, "b", 1);
	CHECK_NUM(out.len, sizeof(record) - 1);
	CHECK(memcmp(out.data, record, out.len) == 0);
	out.len = 0;
	stream_put_lost(&out, &r.header, 0, 12);
	stream_put_sampled(&out, &r.header, 2, 3, 5);
	stream_put_error(&out, &r.header, 0, "m");
	stream_put_end(&out, 1042, 12);
	buf_chr(&out, '\0');
	CHECK_STR(out.data, control);
	buf_free(&out);
	close_reader(&r);
}

/* text follows the header of three maps: its one line is of the kind. */
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
	check_num(stream_next(&r, &l), want, __FILE__, line);
	check_num((int64_t)r.bad, want == LINE_BAD, __FILE__, line);
	if (message != NULL)
		check_said(message, __FILE__, line);
	else
		check_str(check_reports, "", __FILE__, line);
	check_num(stream_next(&r, &l), LINE_END, __FILE__, line);
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
	LINE("{\"@lost\":{\"map\":\"s\",\"count\":1,\"new\":2}}\n", LINE_LOST);
}

static void
bad_lines_are_reported_with_their_number(void)
{
	BAD("\n", "run.skel:2: an empty line");
	BAD("  \n", "run.skel:2: an empty line");
	BAD("hello\n", "run.skel:2: neither a record nor a JSON object");
	BAD(" =\x0b\n", "run.skel:2: neither a record nor a JSON object");
	BAD(THREE, "run.skel:2: a second header: the rest is another stream");
	BAD("{\"@lost\":{\"map\":\"rb\"\n", "run.skel:2: not JSON: ");
	BAD("{\"@lost\":7}\n",
	    "run.skel:2: @lost: expected an object, found a number");
	BAD("{\"@lost\":{\"count\":1}}\n", "run.skel:2: @lost: map is missing");
	BAD("{\"@lost\":{\"map\":\"zz\"}}\n",
	    "run.skel:2: @lost: no map \"zz\" in the header");
	BAD("{\"@lost\":{\"map\":\"rb\",\"count\":-1}}\n",
	    "run.skel:2: @lost.count: expected a whole number from 0");
	BAD("{\"@error\":{\"map\":\"rb\",\"message\":7}}\n",
	    "run.skel:2: @error.message: expected a string");
}

static void
bad_records_are_reported_with_their_number(void)
{
	struct buf out = { 0 };

	BAD("=\n", "run.skel:2: a record whose bytes are not stuffed right");
	BAD("=zz\n", "run.skel:2: a record whose bytes are not stuffed right");
	BAD("=\x0b\n", "run.skel:2: a record of 0 bytes has no time");
	stream_put_record(&out, 0, 1, NULL, 0, "1234567", 7);
	line_is(out.data, out.len, LINE_BAD,
	    "run.skel:2: record of map rb is 7 bytes, its type needs 8",
	    __LINE__);
	out.len = 0;
	stream_put_record(&out, 3, 1, NULL, 0, "12345678", 8);
	line_is(out.data, out.len, LINE_BAD,
	    "run.skel:2: a record of map number 3, and no such map", __LINE__);
	out.len = 0;
	stream_put_record(&out, 0, 1, NULL, 0, "123456789", 9);
	line_is(out.data, out.len, LINE_RECORD, NULL, __LINE__);
	line_is(out.data, out.len - 1, LINE_BAD,
	    "run.skel:2: cut off in the middle of a line", __LINE__);
	buf_free(&out);
}

static void
a_last_line_without_its_newline_is_cut_unless_it_is_whole(void)
{
	LINE("{\"pid\":18446744073709551615}", LINE_JSON);
	LINE("{\"s\":\"}{\\\"\"} ", LINE_JSON);
	LINE("{\"@end\":{\"records\":1,\"lost\":0}}", LINE_FINISH);
	BAD("{\"s\":\"}", "run.skel:2: cut off in the middle of a line");
	BAD("{\"a\":{\"b\":1}", "run.skel:2: cut off in the middle of a line");
	BAD("{\"a\":1}{", "run.skel:2: cut off in the middle of a line");
	BAD("x", "run.skel:2: cut off in the middle of a line");
}

/* A bad line between good ones, in each place. */
static void
reading_goes_on_after_a_bad_line(void)
{
	struct stream_line l;
	struct stream_reader r;

	CHECK_NUM(open_text(&r, THREE "{\"a\":1}\nbad\n{\"a\":2}\n=\n"
				      "{\"@end\":{}}\n"),
	    STREAM_OPENED);
	CHECK_NUM(stream_next(&r, &l), LINE_JSON);
	CHECK_NUM(stream_next(&r, &l), LINE_BAD);
	CHECK_NUM(stream_next(&r, &l), LINE_JSON);
	CHECK(l.text_len == 7 && memcmp(l.text, "{\"a\":2}", 7) == 0);
	CHECK_NUM(stream_next(&r, &l), LINE_BAD);
	CHECK_NUM(stream_next(&r, &l), LINE_FINISH);
	CHECK_NUM(r.bad, 2);
	CHECK_SAID("run.skel:3: ");
	CHECK_SAID("run.skel:5: ");
	close_reader(&r);
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
	CHECK_NUM(stream_next(&r, &l), LINE_JSON);
	CHECK_NUM(r.line, 1);
	CHECK_NUM(l.text_len, 19);
	CHECK_NUM(stream_next(&r, &l), LINE_JSON);
	CHECK_NUM(stream_next(&r, &l), LINE_BAD);
	CHECK_SAID("run.skel:3: a binary record, and no header names its map");
	CHECK_NUM(stream_next(&r, &l), LINE_OTHER);
	CHECK_NUM(stream_next(&r, &l), LINE_FINISH);
	CHECK_NUM(l.records, 2);
	CHECK_NUM(stream_next(&r, &l), LINE_END);
	close_reader(&r);
}

/* Write n bytes that are no newline. */
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

/* Longer than any line may be: one bad line, and not kept. */
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
	CHECK_NUM(stream_open(&r, fds[0], "run.skel"), STREAM_OPENED);
	CHECK_NUM(stream_next(&r, &l), LINE_BAD);
	CHECK_SAID("run.skel:2: a line longer than 67108864 bytes");
	CHECK_NUM(stream_next(&r, &l), LINE_JSON);
	CHECK_NUM(r.line, 3);
	CHECK_NUM(stream_next(&r, &l), LINE_BAD);
	CHECK_SAID("run.skel:4: a line longer than 67108864 bytes");
	CHECK_NUM(stream_next(&r, &l), LINE_END);
	CHECK(r.in.cap <= 2 * (size_t)STREAM_LINE_MAX);
	close_reader(&r);
	CHECK_NUM(waitpid(pid, NULL, 0), pid);
}

/*
 * The bytes: however they come, the lines are the same.
 */

static void
a_line_is_ready_when_its_newline_is_there(void)
{
	struct stream_line l;
	struct stream_reader r;
	int fds[2];

	CHECK_NUM(pipe2(fds, O_NONBLOCK), 0);
	write_str(fds[1], THREE);
	CHECK_NUM(stream_open(&r, fds[0], "run.skel"), STREAM_OPENED);
	CHECK(!stream_ready(&r));
	CHECK_NUM(stream_fill(&r), -1);
	CHECK_NUM(r.error, 0);
	for (const char *p = "{\"a\":1}"; *p != '\0'; p++) {
		CHECK_NUM(write(fds[1], p, 1), 1);
		CHECK_NUM(stream_fill(&r), 1);
		CHECK(!stream_ready(&r));
	}
	CHECK_NUM(write(fds[1], "\n{", 2), 2);
	CHECK_NUM(stream_fill(&r), 1);
	CHECK(stream_ready(&r));
	CHECK_NUM(stream_next(&r, &l), LINE_JSON);
	CHECK_NUM(l.text_len, 7);
	CHECK(!stream_ready(&r));
	close(fds[1]);
	CHECK_NUM(stream_fill(&r), 0);
	CHECK(stream_ready(&r));
	CHECK_NUM(stream_next(&r, &l), LINE_BAD);
	CHECK(stream_ready(&r));
	CHECK_NUM(stream_next(&r, &l), LINE_END);
	close_reader(&r);
}

static void
a_failed_read_is_no_end(void)
{
	struct stream_line l;
	struct stream_reader r;
	int fd = open("/", O_RDONLY | O_CLOEXEC);

	check_forget();
	CHECK_NUM(stream_open(&r, fd, "dir"), STREAM_REFUSED);
	CHECK_SAID("dir: Is a directory");
	CHECK_NUM(r.error, EISDIR);
	close_reader(&r);
	CHECK_NUM(open_text(&r, THREE), STREAM_OPENED);
	close(r.fd);
	r.fd = open("/", O_RDONLY | O_CLOEXEC);
	CHECK_NUM(stream_next(&r, &l), LINE_END);
	CHECK_NUM(r.error, EISDIR);
	close_reader(&r);
}

/* Many records, so that the buffer is moved and grows; each comes back. */
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
		stream_put_record(&out, 0, i, NULL, 0, &i, sizeof(i));
		if (i % 5000 == 0)
			stream_put_record(&out, 1, i, NULL, 0, big, 1 << 20);
	}
	CHECK_NUM(open_bytes(&r, out.data, out.len), STREAM_OPENED);
	for (uint64_t i = 0; i < MANY; i++) {
		CHECK_NUM(stream_next(&r, &l), LINE_RECORD);
		CHECK(l.time_ns == i && memcmp(l.data, &i, sizeof(i)) == 0);
		if (i % 5000 == 0) {
			CHECK_NUM(stream_next(&r, &l), LINE_RECORD);
			CHECK_NUM(l.len, 1 << 20);
		}
	}
	CHECK_NUM(stream_next(&r, &l), LINE_END);
	CHECK_STR(check_reports, "");
	close_reader(&r);
	buf_free(&out);
	free(big);
}

int
main(void)
{
	a_header_goes_there_and_back();
	a_new_header_says_where_and_when();
	a_session_has_defaults();
	a_header_may_stand_alone();
	sizes_come_from_the_types();
	a_wrong_header_is_refused();
	a_wrong_map_is_refused();
	a_record_that_is_too_large_is_refused();
	types_are_bounded_for_all_maps_together();
	more_than_256_maps_are_refused();
	what_is_no_stream_says_what_it_is();
	nothing_is_empty();
	a_header_without_an_end_is_refused();
	a_corrupted_header_does_no_harm();
	every_line_goes_there_and_back();
	the_lines_are_those_of_the_manual();
	objects_are_told_apart();
	bad_lines_are_reported_with_their_number();
	bad_records_are_reported_with_their_number();
	a_last_line_without_its_newline_is_cut_unless_it_is_whole();
	reading_goes_on_after_a_bad_line();
	objects_without_a_header_are_ndjson();
	a_line_that_is_too_long_is_skipped();
	a_line_is_ready_when_its_newline_is_there();
	a_failed_read_is_no_end();
	many_records_come_back_in_order();
	return check_done();
}
