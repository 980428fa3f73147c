/*
 * The programs and maps of an object that libbpf has opened, found by name.
 * libbpf's own functions compare with every one of them.
 */
#ifndef SKEL_LOAD_OBJECT_NAMES_H
#define SKEL_LOAD_OBJECT_NAMES_H

#include <bpf/libbpf.h>

#include "types/name-table.h"

struct object_names {
	struct name_table programs, maps;
	/* Of programs: the map of their struct; see struct_ops_read(). */
	struct name_table ops;
	/* Those of them that are not loaded, since struct_ops_leave_out(). */
	struct name_table left_out;
	struct bpf_program **program; /* owned, the elements borrowed */
	struct bpf_map **map;
};

/* Reads the names in bpf.  Returns 0, or -1 after reporting; n needs
 * object_names_close() in both cases. */
int object_names_open(struct object_names *n, struct bpf_object *bpf);
void object_names_close(struct object_names *n);

/* The program, or the map, of that name; NULL if there is none. */
struct bpf_program *object_names_program(
    const struct object_names *n, const char *name);
struct bpf_map *object_names_map(
    const struct object_names *n, const char *name);

#endif
