/*
 * Finds the source line and the inlined functions of an address by DWARF.  The
 * compilation units of a file are indexed when it is opened, the functions of a
 * unit when an address in it is first searched for.
 *
 * No other files are opened, not even the .dwo files that a skeleton unit
 * names.
 */
#ifndef SKEL_LOOKUP_DWARF_INDEX_H
#define SKEL_LOOKUP_DWARF_INDEX_H

#include <elfutils/libdw.h>
#include <stddef.h>
#include <stdint.h>

#include "record/symbol-store.h"

struct dwarf_index;

/* Index dw, which is borrowed.  Returns NULL if it has no code or memory runs
 * out. */
struct dwarf_index *dwarf_index_new(Dwarf *dw);
void dwarf_index_free(struct dwarf_index *ix);

/*
 * Find the frames of an address, at most max: the inlined functions, innermost
 * first, then the function itself, the only one with an offset.  The symbol of
 * a function without a name is NULL.  Returns their number, 0 if nothing is
 * known; the strings are borrowed from dw.
 */
size_t dwarf_index_find(struct dwarf_index *ix, uint64_t addr,
    struct symbol_frame *frames, size_t max);

#endif
