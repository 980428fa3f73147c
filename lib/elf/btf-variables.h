/*
 * The variables of an object's data sections, found by name.
 */
#ifndef SKEL_ELF_BTF_VARIABLES_H
#define SKEL_ELF_BTF_VARIABLES_H

#include <bpf/btf.h>
#include <stddef.h>

#include "types/name-table.h"

struct btf_variables {
	const struct btf *btf; /* borrowed; NULL: there are no variables */
	struct name_table names;
	/* All variables: those of one section after those of another. */
	const struct btf_var_secinfo **v; /* owned, the elements borrowed */
	size_t n;
};

/* Reads all data sections.  btf, which may be NULL, must outlive v.  Returns 0,
 * or -1 after reporting; v needs btf_variables_close() in both cases. */
int btf_variables_open(struct btf_variables *v, const struct btf *btf);
void btf_variables_close(struct btf_variables *v);

/* The BTF id of the data section of that name, or 0. */
uint32_t btf_variables_section(
    const struct btf_variables *v, const char *section);

/*
 * The variable of that name in the data section with this BTF id; NULL if there
 * is none.  Static variables of several files may share a name; one that is not
 * static comes before them.
 */
const struct btf_var_secinfo *btf_variables_find(
    const struct btf_variables *v, uint32_t section, const char *name);

#endif
