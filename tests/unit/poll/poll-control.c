/* lib/poll/poll-control: other threads pause and end a poller, here one without
 * maps. */
#include <pthread.h>
#include <signal.h>

#include "check.h"
#include "poll/poll-control.h"
#include "poll/poller.h"

static struct poll_control control;

static int
count_flush(void *ctx)
{
	(*(int *)ctx)++;
	return 0;
}

static const struct poll_sink sink = { .flush = count_flush };

static void *
run(void *ctx)
{
	return (void *)(intptr_t)poller_run(ctx);
}

static enum poller_end
join(pthread_t thread)
{
	void *end;

	pthread_join(thread, &end);
	return (enum poller_end)(intptr_t)end;
}

static void
test_end_before(struct poller *p)
{
	poll_control_end(&control);
	poll_control_end(&control);
	CHECK_NUM(poller_run(p), POLLER_STOPPED);
	CHECK(!poll_control_is_ended(&control));
}

static void
test_end_from_a_thread(struct poller *p)
{
	pthread_t thread;

	pthread_create(&thread, NULL, run, p);
	poll_control_end(&control);
	CHECK_NUM(join(thread), POLLER_STOPPED);
}

static void
test_end_while_paused(struct poller *p)
{
	pthread_t thread;

	poll_control_pause(&control, true);
	pthread_create(&thread, NULL, run, p);
	CHECK(poll_control_is_paused(&control));
	poll_control_end(&control);
	CHECK_NUM(join(thread), POLLER_STOPPED);
	poll_control_pause(&control, false);
	CHECK(!poll_control_is_paused(&control));
}

static void
end_by_signal(int sig)
{
	(void)sig;
	poll_control_end(&control);
}

static void
test_end_by_a_signal(struct poller *p)
{
	struct sigaction sa = { .sa_handler = end_by_signal };
	pthread_t thread;

	sigaction(SIGUSR1, &sa, NULL);
	pthread_create(&thread, NULL, run, p);
	pthread_kill(thread, SIGUSR1);
	CHECK_NUM(join(thread), POLLER_STOPPED);
}

int
main(void)
{
	const struct stream_header header = { 0 };
	const struct poller_options options = {
		.out_fd = -1,
		.in_fd = -1,
		.poll_timeout_ms = 1000,
		.control = &control,
	};
	struct poller *p;
	int flushes = 0;

	CHECK_NUM(poll_control_open(&control), 0);
	p = poller_open(&header, NULL, &options, &sink, &flushes);
	CHECK(p != NULL);
	if (p != NULL) {
		test_end_before(p);
		test_end_from_a_thread(p);
		test_end_while_paused(p);
		test_end_by_a_signal(p);
		CHECK(flushes > 0);
	}
	poller_close(p);
	poll_control_close(&control);
	return check_done();
}
