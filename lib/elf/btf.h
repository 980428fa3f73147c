/*
 * Imports types from BTF, the type information of a BPF object, into a type
 * table (types/types.h).  libbpf reads the BTF.
 *
 * The kernel's Documentation/bpf/btf.rst describes the format.
 */
#ifndef SKEL_ELF_BTF_H
#define SKEL_ELF_BTF_H

#include <bpf/btf.h>
#include <stdint.h>

#include "types/types.h"

/* Imports types from one BTF into one table, each of them once. */
struct btf_import {
	const struct btf *btf; /* borrowed */
	struct types *types;   /* borrowed */
	uint32_t *index;       /* owned: by BTF id: index in types + 1, or 0 */
	size_t nindex;
	bool tells_signs; /* enums without the flag are unsigned */
};

/* btf and types must outlive in.  Returns 0, or -1 after reporting that memory
 * ran out. */
int btf_import_open(
    struct btf_import *in, const struct btf *btf, struct types *types);
void btf_import_close(struct btf_import *in);

/*
 * Imports the BTF type id and all types that it holds by value.  const,
 * volatile, restrict and type tags are skipped, typedefs are kept.  Returns its
 * index in the table, or TYPE_NONE after reporting "where: ..." if there is no
 * such id or a record cannot hold the type (void, a function, a forward
 * declaration, a struct larger than TYPES_SIZE_MAX ...).
 */
uint32_t btf_import(struct btf_import *in, uint32_t id, const char *where);

/*
 * The C declaration of the type, as bpftool prints the type of a variable:
 * "char[100]", "struct event *", "unsigned int"; const and volatile are
 * stripped, typedef names are kept.  A pointer to a function is "void *", a
 * type without a name is "struct {...}".  Returns a string to free, or NULL
 * after reporting that memory ran out.
 */
char *btf_declaration(const struct btf *btf, uint32_t id);

/*
 * Finds the variable of that name in the data section; NULL if there is none.
 * Static variables of several files may share a name; one that is not static
 * comes before them.
 */
const struct btf_var_secinfo *btf_find_variable(
    const struct btf *btf, const struct btf_type *section, const char *name);

/* Whether the compiler says which enums are signed: one of them has the flag,
 * or 64 bits, which came with the flag.  clang before 15 does not. */
bool btf_tells_enum_signs(const struct btf *btf);

/* The name at the offset, or "" if there is none.  libbpf's own function
 * returns NULL for an offset past the end. */
const char *btf_name(const struct btf *btf, uint32_t offset);

#endif
