/* lib/base/signals: which signals are a request to end, and which end at once.
 */
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/output.h"
#include "base/signals.h"
#include "check.h"

/* A second within which two signals are one is longer than any test takes. */
static void
let_half_a_second_pass(void)
{
	const struct timespec half = { .tv_nsec = 600000000 };

	nanosleep(&half, NULL);
}

/* Runs what in a process of its own that catches signals.  Returns the number
 * of the signal that ended it, or 0 if it came to its end. */
static int
run_apart(void (*what)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		what();
		_exit(check_done());
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	if (WIFSIGNALED(status))
		return WTERMSIG(status);
	CHECK_NUM(WEXITSTATUS(status), 0);
	return 0;
}

static void
one_interrupt(void)
{
	CHECK_NUM(signals_catch(), 0);
	CHECK(!signals_stop());
	raise(SIGINT);
	CHECK(signals_stop() && !signals_stop_at_once());
}

/* A signal that comes just before a wait ends it all the same. */
static void
before_a_wait(void)
{
	struct pollfd p = { .fd = -1, .events = POLLIN };
	struct output out;

	CHECK_NUM(signals_wake_fd(), -1);
	CHECK_NUM(signals_catch(), 0);
	CHECK_NUM(output_open(&out, STDOUT_FILENO, "stdout"), 0);
	p.fd = signals_wake_fd();
	CHECK_NUM(poll(&p, 1, 0), 0);
	raise(SIGTERM);
	CHECK_NUM(poll(&p, 1, 0), 1);
	CHECK_NUM(output_wait(&out, -1, -1), 0);
	CHECK(signals_stop());
	CHECK_NUM(poll(&p, 1, 0), 0);
	signals_wake();
	CHECK_NUM(output_wait(&out, -1, -1), 0);
	CHECK_NUM(output_close(&out), 0);
}

/* The descriptor is in the place of none that the caller closed. */
static void
without_standard_input(void)
{
	close(STDIN_FILENO);
	CHECK_NUM(signals_catch(), 0);
	CHECK(signals_wake_fd() > STDERR_FILENO);
	CHECK_NUM(close(STDIN_FILENO), -1);
}

static void
one_termination(void)
{
	CHECK_NUM(signals_catch(), 0);
	raise(SIGTERM);
	CHECK(signals_stop() && signals_stop_at_once());
}

static void
one_hangup(void)
{
	CHECK_NUM(signals_catch(), 0);
	raise(SIGHUP);
	CHECK(signals_stop() && signals_stop_at_once());
}

/* timeout(1) signals its child and then the group. */
static void
each_twice_at_once(void)
{
	CHECK_NUM(signals_catch(), 0);
	raise(SIGINT);
	raise(SIGINT);
	CHECK(!signals_stop_at_once());
	raise(SIGHUP);
	raise(SIGHUP);
	raise(SIGTERM);
	raise(SIGTERM);
}

static void
interrupts_apart(void)
{
	CHECK_NUM(signals_catch(), 0);
	raise(SIGINT);
	let_half_a_second_pass();
	raise(SIGTERM);
	CHECK(signals_stop());
	raise(SIGINT);
}

static void
hangup_under_nohup(void)
{
	signal(SIGHUP, SIG_IGN);
	/* A shell does this to background jobs, which Ctrl-C shall not end; who
	 * sends one to us by kill(1) means it. */
	signal(SIGINT, SIG_IGN);
	CHECK_NUM(signals_catch(), 0);
	raise(SIGHUP);
	CHECK(!signals_stop());
	raise(SIGINT);
	CHECK(signals_stop());
}

static void
write_without_reader(void)
{
	int ends[2];

	CHECK_NUM(signals_catch(), 0);
	CHECK_NUM(pipe(ends), 0);
	close(ends[0]);
	CHECK_NUM(write(ends[1], "x", 1), -1);
	CHECK(!signals_stop());
}

int
main(void)
{
	CHECK_NUM(run_apart(one_interrupt), 0);
	CHECK_NUM(run_apart(before_a_wait), 0);
	CHECK_NUM(run_apart(without_standard_input), 0);
	CHECK_NUM(run_apart(one_termination), 0);
	CHECK_NUM(run_apart(one_hangup), 0);
	CHECK_NUM(run_apart(each_twice_at_once), 0);
	CHECK_NUM(run_apart(interrupts_apart), SIGINT);
	CHECK_NUM(run_apart(hangup_under_nohup), 0);
	CHECK_NUM(run_apart(write_without_reader), 0);
	return check_done();
}
