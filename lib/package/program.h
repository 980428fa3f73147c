/*
 * The keys of an element of a package's progs[]: the name of a program and
 * where it is attached.
 */
#ifndef SKEL_PACKAGE_PROGRAM_H
#define SKEL_PACKAGE_PROGRAM_H

#include "package/package.h"
#include "package/read.h"

extern const struct package_key package_program_keys[];
extern const struct package_program package_program_initial;

#endif
