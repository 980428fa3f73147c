/*
 * The plans of one input: which maps and columns are shown, and how.
 */
#ifndef SKEL_PRINTER_PLANS_H
#define SKEL_PRINTER_PLANS_H

#include "printer.h"

/* Whether -m asks for a map; without -m all are shown. */
bool printer_wants_map(const struct printer *p, const char *map);

/*
 * Make the plans of the maps in the header of p->in; a map that is not shown
 * has none.  Returns 0, or -1 after reporting: a map or column of the command
 * line that does not exist, or no stacks for --folded.
 */
int printer_open_plans(struct printer *p);

/* Find a map of JSON records without types; NULL if it is new. */
struct untyped_map *printer_find_untyped(struct printer *p, const char *map);

/*
 * Add such a map, whose first record is the len bytes at text.  Returns NULL
 * with *wrong_at set if that is no JSON object, as plan_new_untyped() does, or
 * with *wrong_at 0 after reporting that memory ran out.
 */
struct untyped_map *printer_add_untyped(struct printer *p, const char *map,
    const char *text, size_t len, size_t *wrong_at);

/* --folded: check that some map without types has stacks.  Returns 0, or -1
 * after reporting that none has. */
int printer_check_untyped(const struct printer *p);

/* Free the plans and the symbols. */
void printer_close_plans(struct printer *p);

/* Report that there is nothing for a heat map.  Returns -1. */
int printer_report_no_histograms(const struct printer *p);

#endif
