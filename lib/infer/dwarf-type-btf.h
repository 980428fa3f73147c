/*
 * Adds types of DWARF to BTF.
 */
#ifndef SKEL_INFER_DWARF_TYPE_BTF_H
#define SKEL_INFER_DWARF_TYPE_BTF_H

#include <bpf/btf.h>

#include "infer/btf-match.h"
#include "infer/dwarf-info.h"

/* As dwarf_type_add(), for an entry. */
int dwarf_entry_add(const struct dwarf_info *d, uint32_t entry, struct btf *btf,
    const char *where);

#endif
