/*
 * Global variables that a program writes, which hold its state or results, and
 * not what its user sets.
 */
#ifndef SKEL_INFER_WRITTEN_VARIABLE_H
#define SKEL_INFER_WRITTEN_VARIABLE_H

#include <stdbool.h>

#include "elf/bpf-elf.h"
#include "infer/helper-calls.h"

/* Whether code of the object stores to the variable of this name in the section
 * of this name, or to a part of it.  calls is what helper_calls_open() found in
 * the object. */
bool written_variable(const struct helper_calls *calls,
    const struct bpf_elf *elf, const char *section, const char *variable);

#endif
