/*
 * The lines of one input that wait for names, and how long they have waited.
 */
#ifndef SKEL_PRINTER_HELD_H
#define SKEL_PRINTER_HELD_H

#include "printer.h"

/*
 * Let the records of p->in wait for the names that the plans show, if its
 * header says that names follow.  Returns 0, or -1 after reporting that memory
 * ran out.
 */
int printer_open_held(struct printer *p);
void printer_close_held(struct printer *p);

/*
 * Keep a line, if it or those before it wait.  Returns whether it was kept;
 * what must not be printed before it has to be kept too.  If memory runs out,
 * the output has failed.
 */
bool printer_hold_line(struct printer *p, const struct stream_line *line);

/* How many of n records of one map, from the first on, can be printed at once.
 * None if the first has to be kept. */
size_t printer_count_ready(
    struct printer *p, const struct stream_record *records, size_t n);

/* For how many ms, at most most_ms, the input may be waited for: less if a
 * record may not wait longer. */
int printer_wait_ms(const struct printer *p, int most_ms);

/* Note that the input was waited for, for waited_ms at most. */
void printer_note_wait(struct printer *p, int waited_ms);

#endif
