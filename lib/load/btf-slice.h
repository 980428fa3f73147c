/*
 * Slices: the part of the kernel's BTF that an object refers to.  The whole of
 * it is some megabytes, which libbpf copies twice and searches once for each
 * type; of most objects that is what loading takes longest.
 */
#ifndef SKEL_LOAD_BTF_SLICE_H
#define SKEL_LOAD_BTF_SLICE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "load/core-relos.h"

/*
 * Cut those of BTF's types that c's roots name, and all that they hold by
 * value, out of the len bytes at btf, aligned to 4; pointers point to void
 * then.  out gets BTF.  Returns false where a root is not there, where btf is
 * not what it should be, or memory ran out.
 */
bool btf_slice_cut(
    struct buf *out, struct core_relos *c, const void *btf, size_t len);

/*
 * The slice of the running kernel's BTF for the object in elf, which has
 * passed the gate, in a file in memory whose path, to free, becomes *path.
 * Returns its descriptor, or -1 where the whole is needed or none can be had;
 * nothing is reported.
 */
int btf_slice_open(const unsigned char *elf, size_t size, char **path);

#endif
