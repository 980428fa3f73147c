/*
 * struct_ops: kernel interfaces whose functions are BPF programs, such as a TCP
 * congestion control.  Each is a map to libbpf; which programs belong to it is
 * found in the relocations of the object.
 */
#ifndef SKEL_LOAD_STRUCT_OPS_H
#define SKEL_LOAD_STRUCT_OPS_H

#include <bpf/libbpf.h>
#include <gelf.h>

#include "load/object-names.h"

/* Adds to n->ops the programs of all structs.  Returns 0, or -1 after
 * reporting. */
int struct_ops_read(struct object_names *n, Elf *elf, struct bpf_object *bpf);

/* The map of the struct_ops that the program of that name belongs to; NULL if
 * it belongs to none. */
struct bpf_map *struct_ops_find_map(
    const struct object_names *n, const char *program);

/* Before bpf is loaded: leaves out the maps of structs none of whose programs
 * is loaded.  libbpf 1.1 would look for their types in a BTF that it has not
 * read.  Returns 0, or -1 after reporting that memory ran out. */
int struct_ops_drop_unused(
    const struct object_names *n, struct bpf_object *bpf);

#endif
