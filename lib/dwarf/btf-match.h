/*
 * Finds types of DWARF in BTF, which has many of them because the compiler
 * wrote both.
 */
#ifndef SKEL_DWARF_BTF_MATCH_H
#define SKEL_DWARF_BTF_MATCH_H

#include <bpf/btf.h>
#include <stdbool.h>
#include <stdint.h>

#include "dwarf/dwarf-info.h"

/* Comparisons of DWARF with BTF.  budget is the number of types and members
 * that may still be compared; when none are left, nothing matches. */
struct btf_match {
	const struct dwarf_info *d; /* borrowed */
	const struct btf *btf;      /* borrowed */
	uint64_t budget;
};

/* The id of the type in the BTF with the name, the size and the members of the
 * entry, which must be a named type; 0 if there is none.  Pointers to whatever
 * are equal, and qualifiers do not count. */
uint32_t btf_match_find(struct btf_match *m, uint32_t entry);

/* The id of a type of this kind that refers to another, such as a pointer or a
 * const; 0 if there is none. */
uint32_t btf_match_find_reference(
    struct btf_match *m, unsigned int kind, uint32_t type);

/* The id of an array of n elements; 0 if there is none. */
uint32_t btf_match_find_array(struct btf_match *m, uint32_t type, uint32_t n);

/* The encoding of an integer in BTF for the DW_ATE_ constant. */
int btf_match_encoding(uint64_t encoding);

#endif
