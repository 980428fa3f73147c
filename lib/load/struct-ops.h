/*
 * struct_ops: kernel interfaces whose functions are BPF programs, such as a TCP
 * congestion control.  Each is a map to libbpf; which programs belong to it is
 * found in the relocations of the object.
 */
#ifndef SKEL_LOAD_STRUCT_OPS_H
#define SKEL_LOAD_STRUCT_OPS_H

#include <bpf/libbpf.h>
#include <gelf.h>
#include <stdbool.h>

#include "load/object-names.h"

/* Adds to n->ops the programs of all structs.  Returns 0, or -1 after
 * reporting. */
int struct_ops_read(struct object_names *n, Elf *elf, struct bpf_object *bpf);

/* The map of the struct_ops that the program of that name belongs to; NULL if
 * it belongs to none. */
struct bpf_map *struct_ops_find_map(
    const struct object_names *n, const char *program);

/*
 * Before bpf is loaded: leaves out the maps of structs of which a program is
 * not loaded.  libbpf 1.1 would look for the types of a struct without programs
 * in a BTF that it has not read, and since 1.4 it loads each program whose map
 * is made, whatever bpf_program__set_autoload() said, and no other.  Returns 0,
 * or -1 after reporting that memory ran out.
 */
int struct_ops_leave_out(struct object_names *n, struct bpf_object *bpf);

/* Whether the program was not to be loaded at struct_ops_leave_out(). */
bool struct_ops_is_left_out(const struct object_names *n, const char *program);

#endif
