/*
 * A slice of the kernel's BTF: the types that an object's CO-RE relocations
 * need.  The whole BTF has some megabytes, which libbpf copies twice and
 * searches once for each type; for most objects that is the longest part of
 * loading.
 */
#ifndef SKEL_LOAD_BTF_SLICE_H
#define SKEL_LOAD_BTF_SLICE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "elf/bpf-elf.h"
#include "load/core-relos.h"

/*
 * Appends to out a BTF with the types of btf that c's roots name and all types
 * that they hold by value; their pointers point to void.  btf has len bytes and
 * is aligned to 4.  Returns false if a root is not found, btf is malformed, or
 * memory ran out; nothing is reported.
 */
bool btf_slice_cut(
    struct buf *out, struct core_relos *c, const void *btf, size_t len);

/*
 * Writes the slice of the running kernel's BTF for the object to a file in
 * memory.  Returns its descriptor and sets *path, which the caller frees, or
 * returns -1 if the object needs the whole BTF or the slice cannot be made;
 * nothing is reported.
 */
int btf_slice_open(const struct bpf_elf *elf, char **path);

#endif
