/*
 * What DWARF says of an address: the source line, and the functions that were
 * inlined there.  The units of a file are listed by address once, the
 * functions of a unit when an address in it is first asked for.
 *
 * No file but the given one is ever opened from here: not the .dwo files that
 * a skeleton unit names.
 */
#ifndef SKEL_SYMBOLIZE_DWARF_INDEX_H
#define SKEL_SYMBOLIZE_DWARF_INDEX_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/symbol-store.h"

struct dwarf_index;

/* An index of dw, borrowed.  NULL: no memory, or there is nothing in it. */
struct dwarf_index *dwarf_index_new(Dwarf *dw);
void dwarf_index_free(struct dwarf_index *ix);

/*
 * The frames of an address, the innermost first, at most max; the offset of
 * the last, the function that the code belongs to, counts from its entry;
 * offsets of inlined ones are not known.  A symbol is NULL where it has no
 * name.  Strings are dw's.  Returns how many; 0: nothing is known.
 */
size_t dwarf_index_find(struct dwarf_index *ix, uint64_t addr,
    struct symbol_frame *frames, size_t max);

#endif
