#include <signal.h>
#include <stddef.h>

#include "base/signals.h"
#include "base/util.h"

static volatile sig_atomic_t signals_any, signals_urgent;

static void
signals_note(int sig)
{
	signals_any = 1;
	if (sig != SIGINT)
		signals_urgent = 1;
}

int
signals_catch(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa = { .sa_handler = signals_note,
		.sa_flags = SA_RESETHAND };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old;

	for (size_t i = 0; i < nitems(signals); i++) {
		if (sigaction(signals[i], &sa, &old) == -1)
			return -1;
		if (signals[i] == SIGHUP && old.sa_handler == SIG_IGN &&
		    sigaction(SIGHUP, &ignore, NULL) == -1)
			return -1;
	}
	return sigaction(SIGPIPE, &ignore, NULL);
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
