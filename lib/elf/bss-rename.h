/*
 * Renames the sections .bss.* of an object.  libbpf makes a map of .bss and of
 * each .data.*, but ignores .bss.* and then refuses the programs that use it.
 * Under the new name libbpf sees a .data.* full of zeros, which is the same to
 * the programs.
 */
#ifndef SKEL_ELF_BSS_RENAME_H
#define SKEL_ELF_BSS_RENAME_H

#include "base/buf.h"
#include "elf/bpf-elf.h"

#define BSS_PREFIX ".bss."
#define BSS_RENAMED ".data" /* stands before the old name: ".data.bss.x" */

/*
 * Writes a copy of the object with each .bss.* renamed to out, which stays
 * empty if the object has no such section or libbpf could not open it anyway.
 * The caller frees out.  Returns 0, or -1 after reporting that memory ran out,
 * and frees out then.
 */
int bss_rename(const struct bpf_elf *elf, struct buf *out);

#endif
