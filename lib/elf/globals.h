/*
 * The global variables of a BPF object: their types, from its BTF, and their
 * initial values, from its sections.  Neither libbpf's object nor the kernel
 * is needed.
 */
#ifndef SKEL_ELF_GLOBALS_H
#define SKEL_ELF_GLOBALS_H

#include <gelf.h>
#include <jansson.h>

#include "elf/bpf-elf.h"
#include "elf/btf-variables.h"
#include "elf/btf.h"
#include "types/name-table.h"
#include "types/types.h"

struct globals {
	const struct bpf_elf *elf; /* borrowed */
	struct types *types;       /* borrowed */
	struct btf_import import;  /* open if the object has BTF */
	struct btf_variables variables;
	/* The names of sections, and of the symbols in each of them. */
	struct name_table sections, symbols;
	GElf_Sym *symbol; /* owned: all symbols, by the numbers in symbols */
	/* What globals_enter() found, borrowed from elf, or NULL; and the BTF
	 * id of its variables, or 0. */
	Elf_Scn *section;
	uint32_t datasec;
};

enum globals_found {
	GLOBALS_UNKNOWN, /* the BTF has no such variable */
	GLOBALS_VALUE,   /* a number, an enum, text, or an array of these */
	GLOBALS_OTHER,   /* a struct, a pointer ... */
};

/* elf and types must outlive g; the types of the variables are added to types.
 * Returns 0, or -1 after reporting; g needs globals_close() in both cases. */
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
