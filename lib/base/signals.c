#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/signals.h"
#include "base/util.h"

enum { SAME_REQUEST_MS = 500 };

/* The signals, and when each came first: milliseconds of CLOCK_MONOTONIC, or 0.
 * Only the handler of that signal uses its time, and it does not interrupt
 * itself. */
static struct {
	const int number;
	volatile int64_t first;
} signals[] = { { .number = SIGINT }, { .number = SIGTERM },
	{ .number = SIGHUP } };

static volatile sig_atomic_t signals_any, signals_urgent;
static void (*volatile signals_last)(void);
static int wake_fd = -1;

/* Of a signal that came before, returns whether that was another request. */
static bool
is_another_request(int sig)
{
	struct timespec now;
	int64_t ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 1;
	for (size_t i = 0; i < nitems(signals); i++) {
		if (signals[i].number != sig)
			continue;
		if (signals[i].first != 0)
			return ms - signals[i].first > SAME_REQUEST_MS;
		signals[i].first = ms;
	}
	return false;
}

static void
signals_note(int sig)
{
	int error = errno;

	signals_any = 1;
	if (sig != SIGINT)
		signals_urgent = 1;
	signals_wake();
	if (is_another_request(sig)) {
		if (signals_last != NULL)
			signals_last();
		/* It takes effect when this handler returns. */
		signal(sig, SIG_DFL);
		raise(sig);
	}
	errno = error;
}

/* Open the descriptor, not in the place of a standard one that is closed. */
static int
open_wake_fd(void)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	if (fd >= 0 && fd <= STDERR_FILENO) {
		wake_fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		close(fd);
	} else {
		wake_fd = fd;
	}
	return wake_fd == -1 ? -1 : 0;
}

int
signals_wake_fd(void)
{
	return wake_fd;
}

void
signals_clear_wake(void)
{
	uint64_t unused;

	/* It fails if it was cleared already. */
	(void)!read(wake_fd, &unused, sizeof(unused));
}

void
signals_wake(void)
{
	const uint64_t one = 1;

	/* It fails only if it is readable already. */
	(void)!write(wake_fd, &one, sizeof(one));
}

int
signals_catch(void)
{
	struct sigaction sa = { .sa_handler = signals_note };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old;

	if (wake_fd == -1 && open_wake_fd() == -1)
		return -1;
	for (size_t i = 0; i < nitems(signals); i++) {
		int number = signals[i].number;

		if (sigaction(number, &sa, &old) == -1)
			return -1;
		if (number == SIGHUP && old.sa_handler == SIG_IGN &&
		    sigaction(SIGHUP, &ignore, NULL) == -1)
			return -1;
	}
	return sigaction(SIGPIPE, &ignore, NULL);
}

void
signals_before_death(void (*fn)(void))
{
	signals_last = fn;
}

static void
signals_ignore(int sig)
{
	(void)sig;
}

void
signals_catch_file_limit(void)
{
	/* A handler, and not SIG_IGN, which programs would inherit. */
	struct sigaction sa = { .sa_handler = signals_ignore }, old;

	if (sigaction(SIGXFSZ, NULL, &old) == 0 && old.sa_handler == SIG_DFL)
		sigaction(SIGXFSZ, &sa, NULL);
}

static volatile sig_atomic_t signals_request;

static void
signals_note_request(int sig)
{
	int error = errno;

	(void)sig;
	signals_request = 1;
	signals_wake();
	errno = error;
}

int
signals_catch_request(void)
{
	struct sigaction sa = { .sa_handler = signals_note_request };

	return sigaction(SIGUSR1, &sa, NULL);
}

bool
signals_take_request(void)
{
	if (!signals_request)
		return false;
	signals_request = 0;
	return true;
}

bool
signals_stop(void)
{
	return signals_any != 0;
}

bool
signals_stop_at_once(void)
{
	return signals_urgent != 0;
}
