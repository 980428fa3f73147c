/*
 * Packing: a package made from an object file and its BTF alone
 * (skel-pack(1)), the same bytes every time.
 */
#ifndef SKEL_PACKAGE_PACK_H
#define SKEL_PACKAGE_PACK_H

#include <stddef.h>

#include "base/buf.h"

/*
 * Append the package for the ELF object, one line of JSON.  file is its name
 * for reports; obj_name is the name that the package gives to the object, or
 * NULL to make it from file's ("x.bpf.o" gives "x_bpf").
 * Returns 0, or -1 after reporting.
 */
int pack_object(const unsigned char *elf, size_t size, const char *file,
    const char *obj_name, struct buf *out);

#endif
