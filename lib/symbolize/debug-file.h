/*
 * Debug files: what was stripped off a program, in a file of its own below
 * /usr/lib/debug or beside it.  They are looked for on this machine only, in
 * the process's root directory and in ours; no server is ever asked.
 */
#ifndef SKEL_SYMBOLIZE_DEBUG_FILE_H
#define SKEL_SYMBOLIZE_DEBUG_FILE_H

#include "elf/elf-handle.h"

/*
 * Open the debug file of the program, whose path is known (or NULL) as a
 * process sees it whose root directory is root (or -1).  Returns 0, or -1
 * when there is none.
 */
int debug_file_open(struct elf_handle *debug, const struct elf_handle *program,
    const char *path, int root);

/*
 * The file that dw's program, at path, shares parts with (dwz(1)).  Returns 0
 * with *shared set, or -1 when there is none to be had.
 */
int debug_file_shared(
    struct elf_handle *shared, Dwarf *dw, const char *path, int root);

#endif
