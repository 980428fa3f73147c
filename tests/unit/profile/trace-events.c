/* trace-events.c: the lines of a trace, pairs, names, and what is bounded. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "profile/trace-events.h"

#define SECOND UINT64_C(1000000000)
#define DAY (86400 * SECOND)

/* What was appended, which is emptied then. */
static const char *
said(struct buf *out)
{
	static char text[4096];

	snprintf(text, sizeof(text), "%.*s", (int)out->len,
	    out->len > 0 ? out->data : "");
	out->len = 0;
	return text;
}

static struct trace_event
event(const char *name, uint64_t time_ns, uint64_t pid)
{
	return (struct trace_event){ .name = name,
		.name_len = strlen(name),
		.category = "m",
		.time_ns = time_ns,
		.pid = pid,
		.tid = pid,
		.args = "{}",
		.args_len = 2 };
}

static void
times_are_from_the_day_before(void)
{
	struct trace_events *t = trace_events_new();
	struct trace_event e = event("e", 5 * DAY + 1, 7);
	struct buf out = { 0 };

	trace_events_set_origin(t, 5 * DAY + 3);
	trace_events_set_origin(t, 1);
	CHECK(trace_events_is_empty(t));
	CHECK_NUM(trace_events_last(t), 5 * DAY + 3);
	trace_events_instant(t, &out, &e);
	CHECK_STR(said(&out),
	    "[\n{\"name\":\"e\",\"cat\":\"m\",\"ph\":\"i\",\"ts\":86400000000."
	    "001,\"pid\":7,\"tid\":7,\"s\":\"t\",\"args\":{}}\n");
	CHECK_NUM(trace_events_last(t), 5 * DAY + 1);
	/* Before it, and a duration that begins before 1970. */
	e.time_ns = 4 * DAY - 1;
	trace_events_instant(t, &out, &e);
	CHECK(strstr(said(&out), "\"ts\":-0.001,") != NULL);
	trace_events_slice(t, &out, &e, UINT64_MAX);
	CHECK(strstr(said(&out), "\"ts\":-345600000000.000,\"pid\":7,\"tid\":7,"
				 "\"dur\":345599999999.999,") != NULL);
	trace_events_finish(t, &out);
	CHECK_STR(said(&out), "]\n");
	trace_events_free(t);
	buf_free(&out);
}

static void
an_end_belongs_to_the_last_begin_of_its_thread(void)
{
	struct trace_events *t = trace_events_new();
	struct trace_event a = event("a", 10, 1), b = event("b", 20, 1);
	struct trace_event other = event("o", 15, 2), end = event("x", 35, 1);
	struct buf out = { 0 };

	trace_events_begin(t, &out, 0, &a);
	trace_events_begin(t, &out, 0, &other);
	trace_events_begin(t, &out, 1, &other);
	trace_events_begin(t, &out, 0, &b);
	CHECK_NUM(out.len, 0);
	CHECK(!trace_events_is_empty(t));
	trace_events_end(t, &out, 0, &end);
	CHECK_STR(said(&out),
	    "[\n{\"name\":\"b\",\"cat\":\"m\",\"ph\":\"X\",\"ts\":0.020,"
	    "\"pid\":1,\"tid\":1,\"dur\":0.015,\"args\":{\"begin\":{},\"end\":"
	    "{}}}\n");
	/* The times of two CPUs may be in the wrong order. */
	end.time_ns = 9;
	trace_events_end(t, &out, 0, &end);
	CHECK(strstr(said(&out), "\"name\":\"a\",\"cat\":\"m\",\"ph\":\"X\","
				 "\"ts\":0.010,\"pid\":1,\"tid\":1,"
				 "\"dur\":0.000,") != NULL);
	trace_events_end(t, &out, 0, &end);
	CHECK(strstr(said(&out), "\"ph\":\"i\"") != NULL);
	check_forget();
	trace_events_finish(t, &out);
	CHECK_SAID("--pair: 1 end without a begin\n"
		   "--pair: 2 begins without an end");
	CHECK(strstr(said(&out), "\"ph\":\"B\"") != NULL);
	trace_events_free(t);
	buf_free(&out);
}

static void
the_oldest_begin_is_given_up_when_too_many_wait(void)
{
	struct trace_events *t = trace_events_new();
	struct trace_event e = event("e", 1, 0);
	struct buf out = { 0 };

	for (e.pid = 0; e.pid < TRACE_OPEN_MAX; e.pid++)
		trace_events_begin(t, &out, 0, &e);
	CHECK_NUM(out.len, 0);
	trace_events_begin(t, &out, 0, &e);
	CHECK(
	    strstr(said(&out), "\"ph\":\"B\",\"ts\":0.001,\"pid\":0,") != NULL);
	/* It ends as one without a begin, the next one does not. */
	e.pid = 0;
	trace_events_end(t, &out, 0, &e);
	CHECK(strstr(said(&out), "\"ph\":\"i\"") != NULL);
	e.pid = 1;
	trace_events_end(t, &out, 0, &e);
	CHECK(strstr(said(&out), "\"ph\":\"X\"") != NULL);
	trace_events_free(t);
	buf_free(&out);
}

static void
names_are_written_when_they_change(void)
{
	struct trace_events *t = trace_events_new();
	struct buf out = { 0 };

	trace_events_name(t, &out, 7, 8, NULL, "sh", 2);
	CHECK_STR(said(&out),
	    "[\n{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":7,\"tid\":8,"
	    "\"args\":{\"name\":\"sh\"}}\n,{\"name\":\"process_name\",\"ph\":"
	    "\"M\",\"pid\":7,\"tid\":8,\"args\":{\"name\":\"sh\"}}\n");
	trace_events_name(t, &out, 7, 8, NULL, "sh", 2);
	CHECK_NUM(out.len, 0);
	/* Another thread does not name the process, its first one does. */
	trace_events_name(t, &out, 7, 9, NULL, "w", 1);
	CHECK(strstr(said(&out), "process_name") == NULL);
	trace_events_name(t, &out, 7, 7, NULL, "\"\n", 2);
	CHECK(strstr(said(&out),
		  "process_name\",\"ph\":\"M\",\"pid\":7,\"tid\":7,\"args\":{"
		  "\"name\":\"\\\"\\n\"}}\n") != NULL);
	trace_events_free(t);
	buf_free(&out);
}

static void
hosts_have_numbers_and_are_in_names(void)
{
	struct trace_events *t = trace_events_new();
	struct buf out = { 0 };

	CHECK_NUM(trace_events_add_host(t, "a", "1"), 0);
	CHECK_NUM(trace_events_add_host(t, "b", "1"), 1);
	CHECK_NUM(trace_events_add_host(t, "a", "2"), 2);
	CHECK_NUM(trace_events_add_host(t, "", ""), 3);
	CHECK_NUM(trace_events_add_host(t, "b", "1"), 1);
	/* A process without a name is called by its host alone, and only until
	 * it has one. */
	trace_events_name(t, &out, 7, 7, "a\"", "", 0);
	CHECK_STR(said(&out),
	    "[\n{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":7,\"tid\":7,"
	    "\"args\":{\"name\":\"a\\\"\"}}\n");
	trace_events_name(t, &out, 7, 7, "a\"", "sh", 2);
	CHECK(strstr(said(&out), "{\"name\":\"a\\\": sh\"}") != NULL);
	trace_events_name(t, &out, 7, 7, "a\"", "", 0);
	CHECK_NUM(out.len, 0);
	trace_events_lost(t, &out, "m\"", "h\"", 2);
	CHECK(
	    strstr(said(&out), "\"args\":{\"map\":\"m\\\"\",\"host\":\"h\\\"\","
			       "\"count\":2}}\n") != NULL);
	trace_events_lost(t, &out, "m", NULL, 0);
	CHECK_NUM(out.len, 0);
	trace_events_free(t);
	buf_free(&out);
}

static void
pairs_are_parsed(void)
{
	struct trace_events *t = trace_events_new();
	struct trace_pair *pairs;

	CHECK_NUM(trace_events_add_pair(t, "a.b:1=-2"), 0);
	CHECK_NUM(trace_events_add_pair(t, "x=y:z"), 0);
	check_forget();
	CHECK_NUM(trace_events_add_pair(t, "x:=y"), -1);
	CHECK_NUM(trace_events_add_pair(t, "x"), -1);
	CHECK_NUM(trace_events_pairs(t, &pairs), 2);
	CHECK_STR(pairs[0].member, "a.b");
	CHECK_STR(pairs[0].begin, "1");
	CHECK_STR(pairs[0].end, "-2");
	CHECK(pairs[1].member == NULL);
	CHECK_STR(pairs[1].end, "y:z");
	trace_events_free(t);
}

int
main(void)
{
	times_are_from_the_day_before();
	an_end_belongs_to_the_last_begin_of_its_thread();
	the_oldest_begin_is_given_up_when_too_many_wait();
	names_are_written_when_they_change();
	hosts_have_numbers_and_are_in_names();
	pairs_are_parsed();
	return check_done();
}
