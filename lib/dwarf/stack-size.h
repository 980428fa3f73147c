/*
 * Measures the stack of a function of a BPF program, from its instructions,
 * since no debug information has it.
 */
#ifndef SKEL_DWARF_STACK_SIZE_H
#define SKEL_DWARF_STACK_SIZE_H

#include <stdint.h>

#include "elf/bpf-elf.h"

/*
 * The bytes below r10 that the instructions from low up to high, offsets in the
 * section, read, write or point to, rounded up to a multiple of 8; 0 if there
 * are no such instructions.
 */
int64_t stack_size(
    const struct bpf_elf *elf, uint32_t section, uint32_t low, uint32_t high);

#endif
