/*
 * What a printer does for a table on a terminal: header lines stay in sight,
 * widths follow the window, and with several maps each row names its own.
 */
#ifndef SKEL_PRINTER_SCREEN_H
#define SKEL_PRINTER_SCREEN_H

#include "printer.h"

/* Lay out the plans for the window and the maps that are shown.  If memory runs
 * out, the output has failed. */
void printer_lay_out(struct printer *p);

/* Follow a change of the window. */
void printer_follow_window(struct printer *p);

/* Whether the rows of a plan say of which map they are. */
bool printer_rows_name_map(const struct printer *p, const struct plan *plan);

/* Print the header line of such a plan, unless it is in sight, or what else
 * parts the row that follows from the one before; at first without a row. */
void printer_screen_head(
    struct printer *p, const struct plan *plan, bool before_row);

#endif
