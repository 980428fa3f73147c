/*
 * The forms that attributes of DWARF are written in.
 */
#ifndef SKEL_DWARF_FORM_H
#define SKEL_DWARF_FORM_H

#include "dwarf/dwarf-info.h"

/* Reads one attribute of the unit at c.  An unknown form fails c.  Without d,
 * which may be NULL, the value is skipped: nothing is looked up for it. */
struct dwarf_value dwarf_form_read(const struct dwarf_info *d,
    const struct dwarf_unit *u, struct dwarf_cursor *c,
    const struct dwarf_attribute_form *f);

/* The address at an index of the unit's table; false if there is none. */
bool dwarf_address_find(const struct dwarf_info *d, const struct dwarf_unit *u,
    uint64_t index, uint64_t *address);

#endif
