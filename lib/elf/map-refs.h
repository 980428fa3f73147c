/*
 * Which maps a program refers to, and which programs the initial values of maps
 * refer to, by the relocations of an object.
 */
#ifndef SKEL_ELF_MAP_REFS_H
#define SKEL_ELF_MAP_REFS_H

#include <gelf.h>

/* Called with the name of a map or a program, which is borrowed. */
typedef void map_refs_fn(void *ctx, const char *name);

/* Calls fn for each function in the initial value of a map, as those of a
 * BPF_MAP_TYPE_PROG_ARRAY; a name may come several times. */
void map_refs_read_values(Elf *elf, map_refs_fn *fn, void *ctx);

/* Calls fn for each map that the program refers to, itself or in the functions
 * of .text that it calls; a name may come several times. */
void map_refs_read_program(
    Elf *elf, const char *program, map_refs_fn *fn, void *ctx);

#endif
