#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

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
	if (is_another_request(sig)) {
		if (signals_last != NULL)
			signals_last();
		/* It takes effect when this handler returns. */
		signal(sig, SIG_DFL);
		raise(sig);
	}
	errno = error;
}

int
signals_catch(void)
{
	struct sigaction sa = { .sa_handler = signals_note };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old;

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
