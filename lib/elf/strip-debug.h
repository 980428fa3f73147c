/*
 * Removes the debug information of a BPF object, which is many times as large
 * as the program itself, and which no loader reads.
 */
#ifndef SKEL_ELF_STRIP_DEBUG_H
#define SKEL_ELF_STRIP_DEBUG_H

#include <stddef.h>

#include "base/buf.h"

/*
 * Appends the object of size bytes, which has passed bpf_elf_open(), to out
 * with its DWARF sections and their relocations emptied: so the numbers of
 * sections and symbols stay as they are.  Appends nothing if the object is not
 * laid out as a compiler does it.  Returns 0, or -1 after reporting that memory
 * ran out.
 */
int strip_debug(const unsigned char *bytes, size_t size, struct buf *out);

#endif
