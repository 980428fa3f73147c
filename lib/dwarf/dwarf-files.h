/*
 * The source files of a unit: tells those that the program's author wrote from
 * those of the kernel, libbpf, the compiler and the system.
 */
#ifndef SKEL_DWARF_FILES_H
#define SKEL_DWARF_FILES_H

#include "dwarf/dwarf-info.h"

/* Reads the names of the files of all units.  A table that is damaged gives as
 * many as could be read.  Returns 0, or -1 after reporting that memory ran
 * out. */
int dwarf_files_read(struct dwarf_info *d);

/* Whether file number n of the unit is known to be the author's. */
bool dwarf_file_is_own(const struct dwarf_unit *u, uint64_t n);

/* Whether a header in this directory ("" if unknown) is one of the kernel's,
 * libbpf's, the compiler's, the system's or ours. */
bool dwarf_file_is_foreign(const char *directory, const char *name);

#endif
