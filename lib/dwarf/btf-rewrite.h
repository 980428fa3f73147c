/*
 * Replaces the section .BTF of an object, so that the types that were added to
 * its BTF are in the file.
 */
#ifndef SKEL_DWARF_BTF_REWRITE_H
#define SKEL_DWARF_BTF_REWRITE_H

#include <bpf/btf.h>

#include "base/buf.h"
#include "elf/bpf-elf.h"

/*
 * Writes a copy of the object to out in which the section .BTF holds btf: that
 * of the object, elf->btf, to which types were only added at the end.  The
 * sections after it move; all else stays: symbols, relocations, .BTF.ext.  The
 * same arguments give the same bytes.  out must be empty; the caller frees it.
 * Returns 0, or -1 after reporting "where: ..." if the sections overlap or
 * memory ran out.
 */
int btf_rewrite(const struct bpf_elf *elf, const struct btf *btf,
    struct buf *out, const char *where);

#endif
