/*
 * The forms that attributes of DWARF are written in.
 */
#ifndef SKEL_INFER_DWARF_FORM_H
#define SKEL_INFER_DWARF_FORM_H

#include "infer/dwarf-info.h"

/* Reads one attribute of the unit at c.  An unknown form fails c.  Without d,
 * which may be NULL, the value is skipped: nothing is looked up for it. */
struct dwarf_value dwarf_form_read(const struct dwarf_info *d,
    const struct dwarf_unit *u, struct dwarf_cursor *c,
    const struct dwarf_attribute_form *f);

#endif
