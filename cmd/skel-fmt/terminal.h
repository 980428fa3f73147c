/*
 * The terminal that text is written to: the size of its window, and word of a
 * change of that.
 */
#ifndef SKEL_TERMINAL_H
#define SKEL_TERMINAL_H

#include <stdbool.h>

struct window {
	unsigned int rows, columns;
};

/* Store the size of the window of fd; what the terminal does not know is that
 * of 24 rows of 80 columns.  Returns false if fd is no terminal: then both are
 * 0. */
bool terminal_window(int fd, struct window *w);

/* Whether fd is a terminal that knows escape sequences, by TERM. */
bool terminal_knows_sequences(int fd);

/* Whether colours may be written to fd: to a terminal that is not said to have
 * none (NO_COLOR, TERM). */
bool terminal_has_color(int fd);

/* Have a change of the window (SIGWINCH) interrupt blocking system calls.
 * Returns 0, or -1 with errno set. */
int terminal_catch_resize(void);

/* Whether the window has changed since this was called before. */
bool terminal_was_resized(void);

#endif
