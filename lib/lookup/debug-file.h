/*
 * Separate debug files: debug information that was stripped off a program, in
 * a file below /usr/lib/debug or beside the program.  They are searched for on
 * this machine only, in the root directory of the process and in ours; no
 * debuginfod server is asked.
 */
#ifndef SKEL_LOOKUP_DEBUG_FILE_H
#define SKEL_LOOKUP_DEBUG_FILE_H

#include <elfutils/libdw.h>

#include "elf/elf-handle.h"

/*
 * Open the debug file of a program.  path, or NULL, is the program's path for a
 * process whose root directory is root, or -1.  Returns 0, or -1 if there is no
 * debug file.
 */
int debug_file_open(struct elf_handle *debug, const struct elf_handle *program,
    const char *path, int root);

/*
 * Open the file with the debug information that dwz(1) moved out of several
 * files, dw's among them; path and root as above.  Returns 0, or -1 if it
 * cannot be found.
 */
int debug_file_shared(
    struct elf_handle *shared, Dwarf *dw, const char *path, int root);

#endif
