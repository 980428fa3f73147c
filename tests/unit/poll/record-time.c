/* lib/poll/record-time: which member is the time of a record, and its value. */
#include <stdlib.h>

#include "check.h"
#include "poll/record-time.h"
#include "stream-text.h"

#define U64 "{\"kind\":\"int\",\"name\":\"u64\",\"size\":8,\"signed\":false}"
#define U32 "{\"kind\":\"int\",\"name\":\"u32\",\"size\":4,\"signed\":false}"
#define WITH(members)                                                          \
	HEAD("\"maps\":[{\"name\":\"rb\",\"source\":\"ringbuf\",\"value\":2}," \
	     "{\"name\":\"raw\",\"source\":\"ringbuf\"}],\"types\":[" U32      \
	     "," U64 ",{\"kind\":\"struct\",\"name\":\"e\",\"size\":24,"       \
	     "\"members\":[" members "]}]")
#define MEMBER(name, type, offset, more)                                       \
	"{\"name\":\"" name "\",\"type\":" type ",\"offset\":" offset more "}"
#define PID MEMBER("pid", "0", "0", "")

static const struct clock_offsets known = { true, 1000, 2000 };

/* The record: pid, 7 at byte 8, and 9 at byte 16. */
static const uint64_t record[] = { 1, 7, 9 };

static void
check_time(const char *header, const struct clock_offsets *offsets, size_t len,
    uint64_t want, int line)
{
	struct record_time *times;
	struct stream_reader r;

	check_forget();
	check_num(open_text(&r, header), STREAM_OPENED, __FILE__, line);
	times = record_times_new(&r.header, offsets);
	check_num((int64_t)record_time_get(&times[0], 5, record, len),
	    (int64_t)want, __FILE__, line);
	/* The other map has no time. */
	CHECK_NUM(record_time_get(&times[1], 5, record, sizeof(record)), 5);
	free(times);
	close_reader(&r);
}

#define TIME(members, want)                                                    \
	check_time(                                                            \
	    WITH(PID "," members), &known, sizeof(record), (want), __LINE__)

static void
the_kind_says_what_clock_it_is(void)
{
	TIME(MEMBER("at", "1", "8", ""), 5);
	TIME(MEMBER("at", "1", "8", ",\"time\":true"), 2007);
	TIME(MEMBER("at", "1", "8", ",\"time\":true,\"as\":\"ktime\""), 2007);
	TIME(
	    MEMBER("at", "1", "8", ",\"time\":true,\"as\":\"boottime\""), 1007);
	TIME(MEMBER("at", "1", "16", ",\"time\":true,\"as\":\"realtime\""), 9);
	CHECK_STR(check_reports, "");
}

static void
the_first_that_can_be_is_the_time(void)
{
	TIME(MEMBER("a", "1", "8", ",\"time\":true") "," MEMBER(
		 "b", "1", "16", ",\"time\":true"),
	    2007);
	CHECK_STR(check_reports, "");
	TIME(MEMBER("a", "0", "8", ",\"time\":true") "," MEMBER(
		 "b", "1", "16", ",\"time\":true"),
	    2009);
	CHECK_SAID("map rb: a is no 64-bit integer, and so not the time");
	TIME(MEMBER(
		 "a", "1", "8", ",\"time\":true,\"bit_offset\":0,\"bits\":40"),
	    5);
	CHECK_SAID("map rb: a is no 64-bit integer");
}

static void
what_has_no_time_keeps_that_of_the_poll(void)
{
	static const struct clock_offsets none = { .known = false };
	static const uint64_t zeros[] = { 1, 0, 0 };
	const char *at8 =
	    WITH(PID "," MEMBER("at", "1", "8", ",\"time\":true"));
	const char *real = WITH(PID
	    "," MEMBER("at", "1", "8", ",\"time\":true,\"as\":\"realtime\""));
	struct clock_offsets offsets = known;
	struct record_time *times;
	struct stream_reader r;

	check_time(at8, &known, 16, 2007, __LINE__);
	check_time(at8, &known, 15, 5, __LINE__);
	check_time(at8, &known, 0, 5, __LINE__);
	check_time(at8, &none, sizeof(record), 5, __LINE__);
	check_time(real, &none, sizeof(record), 7, __LINE__);
	CHECK_NUM(open_text(&r, at8), STREAM_OPENED);
	times = record_times_new(&r.header, &offsets);
	CHECK_NUM(record_time_get(&times[0], 5, zeros, sizeof(zeros)), 5);
	/* The clock steps. */
	offsets.monotonic = 4000;
	CHECK_NUM(record_time_get(&times[0], 5, record, sizeof(record)), 4007);
	free(times);
	close_reader(&r);
}

int
main(void)
{
	the_kind_says_what_clock_it_is();
	the_first_that_can_be_is_the_time();
	what_has_no_time_keeps_that_of_the_poll();
	return check_done();
}
