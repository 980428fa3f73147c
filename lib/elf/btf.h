/*
 * BTF: the type information of an ELF object, read by libbpf, turned into
 * types (types.h).
 *
 * BTF is described in the kernel's Documentation/bpf/btf.rst.
 */
#ifndef SKEL_ELF_BTF_H
#define SKEL_ELF_BTF_H

#include <bpf/btf.h>
#include <stdint.h>

#include "types/types.h"

/* Takes types out of one BTF into one table, each of them once. */
struct btf_import {
	const struct btf *btf; /* borrowed */
	struct types *types;   /* borrowed */
	uint32_t *index;       /* owned: BTF id to index + 1, or 0 */
	size_t nindex;
};

/* Returns 0, or -1 when memory ran out. */
int btf_import_open(
    struct btf_import *in, const struct btf *btf, struct types *types);
void btf_import_close(struct btf_import *in);

/*
 * The index in the table of the BTF type id, with all that it needs.
 * const, volatile, restrict and type tags are skipped, typedefs kept.
 * Returns TYPE_NONE after reporting "where: ..." when there is no such id or
 * it is nothing that a record can hold (void, a function, a forward
 * declaration, a struct larger than TYPES_SIZE_MAX ...).
 */
uint32_t btf_import(struct btf_import *in, uint32_t id, const char *where);

/*
 * The C declaration of the type as bpftool prints a variable's type: const and
 * volatile stripped, "char[100]", "struct event *", "unsigned int", typedef
 * names kept.  A pointer to a function is "void *", a type without a name
 * "struct {...}".  Returns a string to free, or NULL when memory ran out.
 */
char *btf_declaration(const struct btf *btf, uint32_t id);

/*
 * Where the variable of that name lies in the data section, or NULL.  Statics
 * may share a name with others; one that is not static goes before them.
 */
const struct btf_var_secinfo *btf_variable(
    const struct btf *btf, const struct btf_type *section, const char *name);

/* The name at the offset, "" where there is none: never NULL, as libbpf's own
 * is for an offset past the end. */
const char *btf_name(const struct btf *btf, uint32_t offset);

#endif
