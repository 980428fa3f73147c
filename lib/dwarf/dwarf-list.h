/*
 * The lists of address ranges in DWARF: those of a block of code, and those in
 * which a variable is at some place.
 */
#ifndef SKEL_DWARF_LIST_H
#define SKEL_DWARF_LIST_H

#include "dwarf/dwarf-info.h"

/* Called for each range that is not empty; expression has no bytes where the
 * list is one of ranges alone.  Reading ends when it returns false. */
typedef bool dwarf_range_fn(void *ctx, uint64_t low, uint64_t high,
    const struct dwarf_span *expression);

/* Reads the ranges of the code of an entry: of its one range, or of its list.
 */
void dwarf_ranges_read(struct dwarf_info *d, const struct dwarf_unit *u,
    const struct dwarf_attributes *a, dwarf_range_fn *fn, void *ctx);

/* Reads the list of locations that v, which is no expression, refers to. */
void dwarf_locations_read(struct dwarf_info *d, const struct dwarf_unit *u,
    const struct dwarf_value *v, dwarf_range_fn *fn, void *ctx);

#endif
