#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/signals.h"
#include "keyboard.h"

static struct termios ordinary, keys;
static int terminal = -1;
static volatile sig_atomic_t started, continued;

/* In signal handlers too. */
static void
restore(void)
{
	int error = errno;

	if (started)
		tcsetattr(terminal, TCSANOW, &ordinary);
	started = 0;
	errno = error;
}

/* Have a signal do what it does by default, when its handler returns. */
static void
pass_on(int sig)
{
	restore();
	continued = 1;
	signal(sig, SIG_DFL);
	raise(sig);
}

/* Who stopped the process has restored the modes, as shells do. */
static void
note_continued(int sig)
{
	int error = errno;

	(void)sig;
	started = 0;
	continued = 1;
	signals_wake();
	errno = error;
}

static void
handle(int sig, void (*fn)(int))
{
	struct sigaction sa = { .sa_handler = fn }, old;

	if (sigaction(sig, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		sigaction(sig, &sa, NULL);
}

int
keyboard_open(void)
{
	terminal =
	    open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (terminal == -1)
		return -1;
	if (tcgetattr(terminal, &ordinary) == -1) {
		close(terminal);
		terminal = -1;
		return -1;
	}
	keys = ordinary;
	keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	keys.c_cc[VMIN] = 1;
	keys.c_cc[VTIME] = 0;
	return terminal;
}

void
keyboard_start(void)
{
	if (terminal == -1)
		return;
	signals_before_death(restore);
	handle(SIGTSTP, pass_on);
	handle(SIGQUIT, pass_on);
	handle(SIGCONT, note_continued);
	/* Before it is done, so that a signal in between undoes it.  In the
	 * background this stops the process. */
	started = 1;
	if (tcsetattr(terminal, TCSANOW, &keys) == -1)
		started = 0;
}

bool
keyboard_was_continued(void)
{
	if (!continued)
		return false;
	continued = 0;
	keyboard_start();
	return true;
}

bool
keyboard_read_quit(int *fd)
{
	char typed[64];
	ssize_t n;

	n = read(terminal, typed, sizeof(typed));
	if (n > 0)
		return memchr(typed, 'q', (size_t)n) != NULL ||
		       memchr(typed, 'Q', (size_t)n) != NULL;
	if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		/* The terminal is gone. */
		close(terminal);
		terminal = *fd = -1;
	}
	return false;
}

void
keyboard_close(void)
{
	restore();
	signals_before_death(NULL);
	if (terminal != -1)
		close(terminal);
	terminal = -1;
}
