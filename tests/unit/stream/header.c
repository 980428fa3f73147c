/* lib/stream/header: headers that are read and written, and those that are
 * refused. */
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "check.h"
#include "stream-text.h"
#include "stream/header.h"
#include "stream/reader.h"

/* Checks that a header line is read and written unchanged. */
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
	    HEAD("\"replaced_events\":[{\"program\":\"p\",\"event\":"
		 "\"cycles\",\"sampled\":\"cpu-clock\"}],\"maps\":[],"
		 "\"types\":[]"),
	    STREAM_OPENED);
	THERE_AND_BACK(HEAD("\"symbols\":\"follow\",\"maps\":[],\"types\":[]"),
	    STREAM_OPENED);
	THERE_AND_BACK(HEAD("\"clock\":{\"boottime\":1795934691896026257,"
			    "\"monotonic\":9223372036854775807},"
			    "\"maps\":[],\"types\":[]"),
	    STREAM_OPENED);
	THERE_AND_BACK(
	    MAPS("{\"name\":\"rb\",\"source\":\"ringbuf\",\"intepreter\":"
		 "{\"stack_trace\":{\"with_symbols\":false}}}"),
	    STREAM_OPENED);
	THERE_AND_BACK(
	    MAPS("{\"name\":\"it\",\"source\":\"iter\",\"text\":true},"
		 "{\"name\":\"re\",\"source\":\"iter\",\"value\":1,"
		 "\"sample\":{\"interval\":1000}}"),
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
	struct utsname machine;
	char host[256];

	CHECK_NUM(stream_header_init(&h, "x_bpf"), 0);
	CHECK(stream_header_add_map(&h, "rb") != NULL);
	CHECK(h.maps[0].value == TYPE_NONE && h.maps[0].key == TYPE_NONE);
	gethostname(host, sizeof(host));
	CHECK_STR(h.host, host);
	CHECK_NUM(strlen(h.boot_id), 36);
	CHECK_NUM(uname(&machine), 0);
	CHECK_STR(h.machine, machine.machine);
	CHECK_NUM(strlen(h.started), strlen("2026-11-22T14:48:00.123456789Z"));
	CHECK_NUM(stream_header_write(&h, &out), 0);
	CHECK_NUM(open_bytes(&r, out.data, out.len), STREAM_OPENED);
	CHECK_STR(r.header.started, h.started);
	CHECK_STR(r.header.machine, h.machine);
	close_reader(&r);
	for (int i = 1; i < STREAM_MAPS_MAX; i++)
		CHECK(stream_header_add_map(&h, "m") != NULL);
	check_forget();
	CHECK(stream_header_add_map(&h, "m") == NULL);
	CHECK_SAID("map m: a stream has at most 256 maps");
	buf_free(&out);
	stream_header_free(&h);
}

/* Keys that a session's line lacks have the defaults of a package. */
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

/* A header may have blanks before it and no newline after it. */
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
	CHECK_NUM(stream_reader_next(&r, &l), LINE_END);
	close_reader(&r);
}

/* Only one word says that names follow; a later version may have others. */
static void
names_follow_where_the_header_says_so(void)
{
	static const struct {
		const char *header;
		bool follow;
	} cases[] = {
		{ HEAD("\"maps\":[],\"types\":[]"), false },
		{ HEAD("\"symbols\":\"follow\",\"maps\":[],\"types\":[]"),
		    true },
		{ HEAD("\"symbols\":\"later\",\"maps\":[],\"types\":[]"),
		    false },
		{ HEAD("\"symbols\":{\"x\":1},\"maps\":[],\"types\":[]"),
		    false },
		{ HEAD("\"symbols\":null,\"maps\":[],\"types\":[]"), false },
	};
	struct stream_reader r;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CHECK_NUM(open_text(&r, cases[i].header), STREAM_OPENED);
		CHECK_NUM(r.header.symbols_follow, cases[i].follow);
		CHECK_STR(check_reports, "");
		close_reader(&r);
	}
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
	/* There is one message, not several about the same error. */
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
	REFUSES("{\"skel\":\"stream\",\"version\":3}\n",
	    "run.skel:1: header: unknown version 3 (this ");
	REFUSES("{\"skel\":\"stream\",\"version\":1}\n",
	    "run.skel:1: header: name is missing");
	REFUSES("{\"skel\":\"stream\",\"version\":1,\"name\":\"x\"}\n",
	    "run.skel:1: header: encoding is missing");
	REFUSES("{\"skel\":\"stream\",\"version\":1,\"name\":\"x\","
		"\"encoding\":\"xml\"}\n",
	    "run.skel:1: header.encoding: unknown encoding \"xml\"");
	REFUSES(HEAD("\"clock\":7,\"maps\":[],\"types\":[]"),
	    "run.skel:1: header.clock: expected an object, found a number");
	REFUSES(HEAD("\"clock\":{\"boottime\":-1,\"monotonic\":2},\"maps\":[],"
		     "\"types\":[]"),
	    "run.skel:1: header.clock.boottime: expected a whole number from");
	REFUSES(HEAD("\"types\":[]"), "run.skel:1: maps is missing");
	REFUSES(HEAD("\"maps\":[]"), "run.skel:1: types is missing");
	REFUSES(HEAD("\"maps\":{},\"types\":[]"), "expected an array");
	REFUSES(HEAD("\"maps\":[7],\"types\":[]"),
	    "run.skel:1: maps[0]: expected an object, found a number");
	REFUSES(SESSION("\"maps\":[],\"types\":[]"), "dir is missing");
	REFUSES(SESSION("\"dir\":\"x\",\"maps\":[],\"types\":[]"),
	    "run.skel:1: header.dir: \"x\" is not an absolute path");
	REFUSES(SESSION("\"dir\":\"/x\",\"maps\":[" RINGBUF "]," TYPES),
	    "run.skel:1: maps[0]: pin is missing");
	REFUSES(SESSION("\"dir\":\"/x\",\"maps\":[{\"name\":\"m\","
			"\"source\":\"perf\",\"pin\":\"m\"}]," TYPES),
	    "run.skel:1: maps[0].pin: \"m\" is not an absolute path");
	REFUSES("{\"skel\":\"stream\",\"vers\n", "run.skel:1: not JSON: ");
	REFUSES("{\"skel\":\"stream\",\"vers", "run.skel:1: not JSON: ");
}

static void
a_wrong_map_is_refused(void)
{
	REFUSES(MAPS("{}"), "maps[0]: name is missing");
	REFUSES(MAPS("{\"name\":\"\"}"), "a map needs a name");
	REFUSES(MAPS(SAMPLED "," SAMPLED),
	    "run.skel:1: maps[1].name: there are two maps \"s\", which are "
	    "not a ring or perf buffer");
	REFUSES(HEAD("\"replaced_events\":{},\"maps\":[],\"types\":[]"),
	    "run.skel:1: header.replaced_events: expected an array, found an "
	    "object");
	REFUSES(MAPS("{\"name\":\"m\"}"), "maps[0]: source is missing");
	REFUSES(MAPS("{\"name\":\"m\",\"source\":\"tap\"}"),
	    "maps[0].source: unknown source \"tap\"");
	REFUSES(MAPS("{\"name\":\"m\",\"source\":\"perf\",\"value\":2}"),
	    "run.skel:1: maps[0].value: there is no type number 2");
	REFUSES(MAPS("{\"name\":\"m\",\"source\":\"perf\",\"value\":-1}"),
	    "maps[0].value: expected a whole number");
	REFUSES(MAPS("{\"name\":\"m\",\"source\":\"perf\",\"key\":0}"),
	    "maps[0]: only a sampled map can have a key");
	REFUSES(MAPS("{\"name\":\"m\",\"source\":\"perf\",\"cpus\":2}"),
	    "maps[0]: only a sampled map can have cpus");
	REFUSES(MAPS("{\"name\":\"m\",\"source\":\"sample\"}"),
	    "maps[0]: sample is missing");
	REFUSES(MAPS("{\"name\":\"m\",\"source\":\"sample\",\"value\":0," SAMPLE
		     "}"),
	    "types for both key and value, or for neither");
	REFUSES(
	    MAPS("{\"name\":\"m\",\"source\":\"sample\",\"key\":0," SAMPLE "}"),
	    "types for both key and value, or for neither");
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
a_text_that_is_none_is_refused(void)
{
	REFUSES(MAPS("{\"name\":\"m\",\"source\":\"ringbuf\",\"text\":true}"),
	    "run.skel:1: maps[0]: only an iterator can have text");
	REFUSES(MAPS("{\"name\":\"m\",\"source\":\"iter\",\"text\":true,"
		     "\"value\":1}"),
	    "run.skel:1: maps[0]: it has both text and a type");
	REFUSES(MAPS("{\"name\":\"m\",\"source\":\"iter\"}"),
	    "run.skel:1: maps[0]: an iterator needs text or a type");
	REFUSES(MAPS("{\"name\":\"m\",\"source\":\"iter\",\"text\":1}"),
	    "run.skel:1: maps[0].text: expected true or false, found");
	REFUSES(MAPS("{\"name\":\"m\",\"source\":\"iter\",\"text\":true,"
		     "\"sample\":{}}"),
	    "run.skel:1: maps[0].sample: interval is missing");
}

static void
a_record_that_is_too_large_is_refused(void)
{
	REFUSES(HEAD("\"maps\":[{\"name\":\"m\",\"source\":\"sample\","
		     "\"key\":0,\"value\":0,\"cpus\":3," SAMPLE "}],\"types\":"
		     "[{\"kind\":\"struct\",\"name\":\"s\",\"size\":16777216,"
		     "\"members\":[]}]"),
	    "run.skel:1: maps[0]: its records have 67108864 bytes, the maximum "
	    "is 33554432");
	REFUSES(HEAD("\"maps\":[{\"name\":\"m\",\"source\":\"sample\","
		     "\"key\":0,\"value\":0,\"cpus\":6000," SAMPLE "}],"
		     "\"types\":[{\"kind\":\"array\",\"name\":\"\",\"size\":0,"
		     "\"of\":1,\"count\":1000},{\"kind\":\"struct\",\"name\":"
		     "\"s\",\"size\":0,\"members\":[]}]"),
	    "run.skel:1: maps[0]: its records are too long as text");
}

/* Each map's type is within the bounds, but all of them together are not: a
 * union of 16 unions, five levels deep.  Of four maps it has too many members,
 * of 256 too many bytes of names as well. */
static void
types_are_bounded_for_all_maps_together(void)
{
	static const size_t counts[] = { 1, 3, 4, STREAM_MAPS_MAX };
	struct buf text = { 0 };
	struct stream_reader r;

	for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++) {
		size_t maps = counts[k];

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
			for (int m = 0; m < 16; m++)
				buf_printf(&text,
				    "%s{\"name\":\"m\",\"type\":%d,"
				    "\"offset\":0}",
				    m == 0 ? "" : ",", i + 1);
			buf_str(&text, "]},");
		}
		buf_str(&text, "{\"kind\":\"int\",\"name\":\"u8\","
			       "\"size\":1}]}\n");
		CHECK_NUM(open_bytes(&r, text.data, text.len),
		    maps <= 3 ? STREAM_OPENED : STREAM_REFUSED);
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
	    "run.skel:1: maps: there are 257 maps, the maximum is 256",
	    __LINE__);
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
	REFUSES("\x1f\x8b\x08", "run.skel: the gzip data ends early");
	REFUSES("\x1f\x9d\x90", "run.skel: this is not a stream");
	REFUSES("[1,2]\n", "run.skel: this is not a stream");
	REFUSES("\n", "run.skel: this is not a stream");
	REFUSES("=\x0b\n",
	    "run.skel:1: this is a record, but its stream's header is missing");
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

/* Makes a first line of n bytes that begins with head. */
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

/* Sets every byte of a header to others.  The header is read or refused; the
 * sanitizers find other errors. */
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

int
main(void)
{
	a_header_goes_there_and_back();
	a_new_header_says_where_and_when();
	a_session_has_defaults();
	a_header_may_stand_alone();
	names_follow_where_the_header_says_so();
	sizes_come_from_the_types();
	a_wrong_header_is_refused();
	a_wrong_map_is_refused();
	a_text_that_is_none_is_refused();
	a_record_that_is_too_large_is_refused();
	types_are_bounded_for_all_maps_together();
	more_than_256_maps_are_refused();
	what_is_no_stream_says_what_it_is();
	nothing_is_empty();
	a_header_without_an_end_is_refused();
	a_corrupted_header_does_no_harm();
	return check_done();
}
