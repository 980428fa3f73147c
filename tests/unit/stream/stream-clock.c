/* lib/stream/stream-clock: offsets in JSON, steps, and the measurement. */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/json-doc.h"
#include "check.h"
#include "stream/stream-clock.h"

enum { STEP = 5000 };

static const struct clock_offsets some = {
	.known = true,
	.boottime = 1000000,
	.monotonic = 2000000,
};

static void
a_clock_is_read_and_written(void)
{
	static const char *const good[] = {
		"{\"boottime\":0,\"monotonic\":9223372036854775807}",
		"{\"boottime\":1795934691896026257,\"monotonic\":7}",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct clock_offsets o = { 0 };
		struct buf out = { 0 };
		json_t *json = json_doc_parse(good[i], strlen(good[i]), "c", 0);

		CHECK_NUM(stream_clock_parse(&o, json, "c"), 0);
		json_decref(json);
		CHECK(o.known);
		json = stream_clock_to_json(&o);
		CHECK_NUM(json_doc_write(json, &out), 0);
		json_decref(json);
		buf_chr(&out, '\0');
		CHECK_STR(out.data, good[i]);
		buf_free(&out);
	}
}

static void
other_numbers_are_refused(void)
{
	static const struct {
		const char *text, *said;
	} bad[] = {
		{ "{\"boottime\":1}", "c: monotonic is missing" },
		{ "{\"boottime\":-1,\"monotonic\":1}",
		    "c.boottime: expected a whole number from 0" },
		{ "{\"boottime\":1,\"monotonic\":9223372036854775808}",
		    "c.monotonic: 9223372036854775808 is too large" },
		{ "{\"boottime\":1.5,\"monotonic\":1}",
		    "c.boottime: expected a whole number from 0" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct clock_offsets o = some;
		json_t *json =
		    json_doc_parse(bad[i].text, strlen(bad[i].text), "c", 0);

		check_forget();
		CHECK_NUM(stream_clock_parse(&o, json, "c"), -1);
		CHECK_SAID(bad[i].said);
		CHECK_NUM(o.boottime, some.boottime);
		json_decref(json);
	}
}

/* What differs by no more than the error of the measurements is no step. */
static void
steps_are_larger_than_errors(void)
{
	struct clock_offsets other = some;

	CHECK(!stream_clock_has_stepped(&some, &other, 0));
	other.boottime += STEP;
	CHECK(stream_clock_has_stepped(&some, &other, STEP - 1));
	CHECK(stream_clock_has_stepped(&other, &some, STEP - 1));
	CHECK(!stream_clock_has_stepped(&some, &other, STEP));
	CHECK(!stream_clock_has_stepped(&other, &some, STEP));
	/* A suspension: the monotonic clock alone falls behind. */
	other = some;
	other.monotonic += STEP;
	CHECK(stream_clock_has_stepped(&some, &other, STEP - 1));
	other.known = false;
	CHECK(!stream_clock_has_stepped(&some, &other, 0));
	CHECK(!stream_clock_has_stepped(&other, &some, 0));
}

static void
check_measured(const struct stream_clock *c, uint64_t now)
{
	uint64_t measured = c->offsets.boottime + now, real = clock_now();

	CHECK(c->offsets.known);
	CHECK(c->error_ns > 0 && c->error_ns < CLOCK_SECOND);
	/* Some time has passed between the readings. */
	CHECK(measured <= real + c->error_ns);
	CHECK(measured + CLOCK_SECOND > real);
}

static uint64_t
boottime(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * CLOCK_SECOND + (uint64_t)t.tv_nsec;
}

static void
the_clock_is_measured(void)
{
	struct stream_clock c;

	stream_clock_open(&c);
	check_measured(&c, boottime() - (uint64_t)c.boottime_added);
	/* Nobody sets it meanwhile. */
	CHECK(!stream_clock_update(&c));
	/* As if it had been set since. */
	c.offsets.boottime -= CLOCK_SECOND;
	CHECK(stream_clock_update(&c));
	check_measured(&c, boottime() - (uint64_t)c.boottime_added);
	CHECK(!stream_clock_update(&c));
}

/* Programs in the kernel do not see the time namespace of their loader. */
static void
a_time_namespace_does_not_matter(void)
{
	static const char added[] = "boottime 5000 0\nmonotonic 300 5\n";
	struct stream_clock outside, inside;
	FILE *f;
	pid_t pid;
	int status;

	stream_clock_open(&outside);
	if (unshare(CLONE_NEWTIME) == -1 ||
	    (f = fopen("/proc/self/timens_offsets", "we")) == NULL) {
		puts("no time namespace can be made here");
		return;
	}
	CHECK(fputs(added, f) >= 0 && fclose(f) == 0);
	if ((pid = fork()) == 0) {
		stream_clock_open(&inside);
		CHECK_NUM(inside.boottime_added - outside.boottime_added,
		    5000 * (int64_t)CLOCK_SECOND);
		CHECK(!stream_clock_has_stepped(
		    &outside.offsets, &inside.offsets, CLOCK_SECOND / 10));
		_exit(check_done());
	}
	CHECK_NUM(waitpid(pid, &status, 0), pid);
	CHECK_NUM(status, 0);
}

int
main(void)
{
	a_clock_is_read_and_written();
	other_numbers_are_refused();
	steps_are_larger_than_errors();
	the_clock_is_measured();
	a_time_namespace_does_not_matter();
	return check_done();
}
