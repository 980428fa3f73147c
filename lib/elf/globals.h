/*
 * Globals: the variables of an ELF object as its BTF and its sections show
 * them, without the kernel: their types and what they are initialised to.
 */
#ifndef SKEL_ELF_GLOBALS_H
#define SKEL_ELF_GLOBALS_H

#include <jansson.h>
#include <libelf.h>
#include <stddef.h>

#include "elf/btf.h"
#include "types/types.h"

struct globals {
	struct types *types; /* borrowed */
	Elf *elf;            /* owned */
	struct btf *btf;     /* owned; NULL: the object has none */
	struct btf_import import;
	Elf_Scn *symbols; /* borrowed from elf, as section; or NULL */
	Elf_Scn *section; /* what globals_enter() found, or NULL */
	const struct btf_type *datasec; /* the same in BTF, borrowed; or NULL */
};

enum globals_found {
	GLOBALS_UNKNOWN, /* the BTF has no such variable */
	GLOBALS_VALUE,   /* a number, an enum, text or an array of them */
	GLOBALS_OTHER,   /* a struct, a pointer ... */
};

/* Read the size bytes of elf, which stay the caller's and in place; types
 * receives the types.  name is for reports.  Returns 0, or -1 reported. */
int globals_open(struct globals *g, unsigned char *elf, size_t size,
    struct types *types, const char *name);
void globals_close(struct globals *g);

/* The variables from here on are those of this section: ".bss". */
void globals_enter(struct globals *g, const char *section);

/* What the section's variable is; *type is set with GLOBALS_VALUE. */
enum globals_found globals_type(
    struct globals *g, const char *variable, uint32_t *type);

/* What the object sets the variable to: a new reference, or NULL when it does
 * not say or there is too much of it to show. */
json_t *globals_initial(
    const struct globals *g, const char *variable, uint32_t type);

#endif
