/*
 * Reads one element of a package's progs[]: the name of a program and the keys
 * that say where it is attached.
 */
#ifndef SKEL_PACKAGE_PROGRAM_H
#define SKEL_PACKAGE_PROGRAM_H

#include "package/package.h"

/* Reads obj into p, which borrows its strings.  where is the path of obj in the
 * package.  Returns 0, or -1 after reporting. */
int package_program_read(
    struct package_program *p, json_t *obj, const char *where);

#endif
