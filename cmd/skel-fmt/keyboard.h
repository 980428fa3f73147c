/*
 * The keyboard of a screen that is redrawn: keys come one by one and are not
 * shown.  Its terminal gets back its ordinary modes however the process ends,
 * but for SIGKILL, and while it is stopped.
 *
 * There is one for the process, since its signals are.
 */
#ifndef SKEL_KEYBOARD_H
#define SKEL_KEYBOARD_H

#include <stdbool.h>

/*
 * Open the terminal that controls the process and catch the signals that stop
 * and continue it; modes are not changed yet.  Returns the descriptor, or -1 if
 * there is none: then there are no keys.
 */
int keyboard_open(void);

/* Have keys come one by one. */
void keyboard_start(void);

/* Whether the process was stopped and continued since this was called before;
 * then keys come one by one again, and the screen has to be drawn. */
bool keyboard_was_continued(void);

/* Read the keys that were typed.  Returns whether one of them is q, or Q.  If
 * the terminal is gone, *fd becomes -1. */
bool keyboard_read_quit(int *fd);

/* Give back the ordinary modes. */
void keyboard_close(void);

#endif
