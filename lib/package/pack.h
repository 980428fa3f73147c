/*
 * Makes a package from an object file and its BTF alone (skel-pack(1)).  The
 * same object always gives the same bytes.
 */
#ifndef SKEL_PACKAGE_PACK_H
#define SKEL_PACKAGE_PACK_H

#include <stddef.h>

#include "base/buf.h"

/*
 * Appends the package for the ELF object, one line of JSON, to out.  file
 * stands for the object in reports; obj_name is the name that the package gives
 * to the object, or NULL to make it from file ("x.bpf.o" gives "x_bpf").
 * Returns 0, or -1 after reporting what is wrong.
 */
int pack_object(const unsigned char *elf, size_t size, const char *file,
    const char *obj_name, struct buf *out);

#endif
