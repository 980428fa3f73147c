/*
 * Adds types of DWARF to BTF.
 */
#ifndef SKEL_DWARF_TYPE_BTF_H
#define SKEL_DWARF_TYPE_BTF_H

#include <bpf/btf.h>

#include "dwarf/btf-match.h"
#include "dwarf/dwarf-info.h"

/* As dwarf_type_add(), for an entry. */
int dwarf_entry_add(const struct dwarf_info *d, uint32_t entry, struct btf *btf,
    const char *where);

#endif
