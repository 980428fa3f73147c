/*
 * Programs of a package: one element of progs[], with what the reference
 * loader and this one let it say of where the program goes.
 */
#ifndef SKEL_PACKAGE_PROGRAM_H
#define SKEL_PACKAGE_PROGRAM_H

#include "package/package.h"

/* Read obj, which is at where, into p.  Returns 0, or -1 after reporting. */
int package_program_read(
    struct package_program *p, json_t *obj, const char *where);

#endif
