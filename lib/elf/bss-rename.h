/*
 * Sections .bss.*: libbpf makes a map of .bss and of each .data.*, but passes
 * .bss.* over and then refuses the programs that use it.  Renamed, it is a
 * .data.* of zeros to libbpf and the same to the program.
 */
#ifndef SKEL_ELF_BSS_RENAME_H
#define SKEL_ELF_BSS_RENAME_H

#include <stddef.h>

#include "base/buf.h"

#define BSS_PREFIX ".bss."
#define BSS_RENAMED ".data" /* goes before it: ".data.bss.x" */

/*
 * Put a copy of the ELF object with each .bss.* renamed into out, which stays
 * empty when there is none, or when this is no object that libbpf could open.
 * out is the caller's to free.  Returns 0, or -1 after reporting, and out is
 * freed.
 */
int bss_rename(const unsigned char *elf, size_t size, struct buf *out);

#endif
