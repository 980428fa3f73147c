/*
 * The global variables of a BPF object: their types, from its BTF, and their
 * initial values, from its sections.  Neither libbpf's object nor the kernel
 * is needed.
 */
#ifndef SKEL_ELF_GLOBALS_H
#define SKEL_ELF_GLOBALS_H

#include <jansson.h>

#include "elf/bpf-elf.h"
#include "elf/btf.h"
#include "types/types.h"

struct globals {
	const struct bpf_elf *elf; /* borrowed */
	struct types *types;       /* borrowed */
	struct btf_import import;  /* open if the object has BTF */
	Elf_Scn *symbols; /* borrowed from elf; NULL if there is none */
	/* What globals_enter() found, borrowed from elf; or NULL. */
	Elf_Scn *section;
	const struct btf_type *datasec;
};

enum globals_found {
	GLOBALS_UNKNOWN, /* the BTF has no such variable */
	GLOBALS_VALUE,   /* a number, an enum, text, or an array of these */
	GLOBALS_OTHER,   /* a struct, a pointer ... */
};

/* elf and types must outlive g; the types of the variables are added to types.
 * Returns 0, or -1 after reporting that memory ran out. */
int globals_open(
    struct globals *g, const struct bpf_elf *elf, struct types *types);
void globals_close(struct globals *g);

/* Selects the section whose variables the functions below look up: ".bss". */
void globals_enter(struct globals *g, const char *section);

/* Finds the type of the variable.  Sets *type to its index in types if the
 * result is GLOBALS_VALUE. */
enum globals_found globals_type(
    struct globals *g, const char *variable, uint32_t *type);

/* The initial value of the variable: a new reference, or NULL if the object
 * does not give one or it is too long to show. */
json_t *globals_initial(
    const struct globals *g, const char *variable, uint32_t type);

#endif
