#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/signals.h"
#include "terminal.h"

enum { ROWS = 24, COLUMNS = 80 };

static volatile sig_atomic_t resized;

bool
terminal_window(int fd, struct window *w)
{
	struct winsize size;

	*w = (struct window){ 0 };
	if (!isatty(fd))
		return false;
	if (ioctl(fd, TIOCGWINSZ, &size) == -1)
		size.ws_row = size.ws_col = 0;
	w->rows = size.ws_row != 0 ? size.ws_row : ROWS;
	w->columns = size.ws_col != 0 ? size.ws_col : COLUMNS;
	return true;
}

bool
terminal_knows_sequences(int fd)
{
	const char *term = getenv("TERM");

	return term != NULL && strcmp(term, "dumb") != 0 && isatty(fd);
}

bool
terminal_has_color(int fd)
{
	const char *none = getenv("NO_COLOR");

	return (none == NULL || *none == '\0') && terminal_knows_sequences(fd);
}

static void
note_resize(int sig)
{
	int error = errno;

	(void)sig;
	resized = 1;
	signals_wake();
	errno = error;
}

int
terminal_catch_resize(void)
{
	struct sigaction sa = { .sa_handler = note_resize };

	return sigaction(SIGWINCH, &sa, NULL);
}

bool
terminal_was_resized(void)
{
	bool was = resized != 0;

	resized = 0;
	return was;
}
