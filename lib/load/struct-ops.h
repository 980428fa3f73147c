/*
 * struct_ops: kernel interfaces whose functions are BPF programs, such as a TCP
 * congestion control.  Each is a map to libbpf; which programs belong to it is
 * found in the relocations of the object.
 */
#ifndef SKEL_LOAD_STRUCT_OPS_H
#define SKEL_LOAD_STRUCT_OPS_H

#include <bpf/libbpf.h>

#include "package/package.h"

/* The map of the struct that this program belongs to, borrowed from bpf; or
 * NULL. */
struct bpf_map *struct_ops_find_map(
    const struct package *package, struct bpf_object *bpf, const char *program);

/* Before bpf is loaded: leaves out the maps of structs none of whose programs
 * is loaded.  libbpf 1.1 would look for their types in a BTF that it has not
 * read. */
void struct_ops_drop_unused(
    const struct package *package, struct bpf_object *bpf);

#endif
