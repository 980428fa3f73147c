/*
 * Global variables that a program writes, which hold its state or results, and
 * not what its user sets.
 */
#ifndef SKEL_INFER_WRITTEN_VARIABLE_H
#define SKEL_INFER_WRITTEN_VARIABLE_H

#include <stdbool.h>

#include "elf/bpf-elf.h"
#include "infer/helper-calls.h"
#include "types/name-table.h"

/* A zeroed one is closed. */
struct written_variables {
	const struct bpf_elf *elf; /* borrowed */
	struct name_table sections;
	struct name_table names; /* by the number of their section */
};

/*
 * Finds the variables to which code of the object stores, wholly or in part.
 * calls is what helper_calls_open() found in the object, and is only for the
 * call; elf must outlive w.  Returns 0, or -1 after reporting; w is closed
 * then.
 */
int written_variables_open(struct written_variables *w,
    const struct helper_calls *calls, const struct bpf_elf *elf);
void written_variables_close(struct written_variables *w);

/* Whether the variable of this name in the section of this name is one. */
bool written_variables_have(const struct written_variables *w,
    const char *section, const char *variable);

#endif
