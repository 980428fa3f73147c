/*
 * struct_ops: structs of functions that the kernel takes from a program, each
 * a map to libbpf.  The object alone says which program is in which.
 */
#ifndef SKEL_LOAD_STRUCT_OPS_H
#define SKEL_LOAD_STRUCT_OPS_H

#include <bpf/libbpf.h>

#include "package/package.h"

/* The map of the struct that has this program, or NULL.  Borrowed. */
struct bpf_map *struct_ops_map(
    const struct package *package, struct bpf_object *bpf, const char *program);

/* Before loading: take out the maps of structs of which no program is loaded;
 * libbpf 1.1 would look for types that it has not read then. */
void struct_ops_drop_unused(
    const struct package *package, struct bpf_object *bpf);

#endif
