/*
 * Renames sections of an object that libbpf does not read under their own
 * names.
 *
 * libbpf makes a map of .bss and of each .data.*, but ignores .bss.* and then
 * refuses the programs that use it.  Under the new name libbpf sees a .data.*
 * full of zeros, which is the same to the programs.
 *
 * libbpf before 1.2 ignores .struct_ops.link, whose structs are those of
 * .struct_ops that ask to be attached by links, as attach/struct-ops.c does
 * with all of them where the kernel has such links.
 */
#ifndef SKEL_ELF_SECTION_RENAME_H
#define SKEL_ELF_SECTION_RENAME_H

#include "base/buf.h"
#include "elf/bpf-elf.h"

#define BSS_PREFIX ".bss."
#define BSS_RENAMED ".data" /* stands before the old name: ".data.bss.x" */

#define OPS_SECTION ".struct_ops"
#define OPS_LINK_SECTION ".struct_ops.link"

/*
 * Writes a copy of the object with these sections renamed to out, which stays
 * empty if the object has no such section or libbpf could not open it anyway.
 * The caller frees out.  Returns 0, or -1 after reporting that memory ran out,
 * and frees out then.
 */
int section_rename(const struct bpf_elf *elf, struct buf *out);

#endif
