/*
 * Packing: a package made from an object file and its BTF alone
 * (skel-pack(1), reference.md section 2), the same bytes every time.
 */
#ifndef SKEL_PACK_H
#define SKEL_PACK_H

#include <stddef.h>

#include "buf.h"

/*
 * Append the package for the ELF object, one line of JSON.  file is its name,
 * from which obj_name is made ("x.bpf.o" gives "x_bpf") and for reports.
 * Returns 0, or -1 after reporting.
 */
int pack_object(
    const unsigned char *elf, size_t size, const char *file, struct buf *out);

#endif
