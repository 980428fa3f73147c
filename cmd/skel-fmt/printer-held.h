/*
 * The lines of one input that wait for names.
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

#endif
