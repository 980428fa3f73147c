/*
 * The types among the entries of DWARF.  All functions are given an entry that
 * exists, or DWARF_NO_ENTRY, which is void, and end on circles.
 */
#ifndef SKEL_DWARF_TYPE_H
#define SKEL_DWARF_TYPE_H

#include "base/buf.h"
#include "dwarf/dwarf-info.h"

struct dwarf_member {
	const char *name; /* borrowed; NULL if it has none */
	uint32_t type;    /* an entry, or DWARF_NO_ENTRY */
	uint64_t bit_offset;
	uint64_t bit_size; /* 0 if it is no bitfield */
};

/* The numbers of elements of an array, the outermost first. */
struct dwarf_dimensions {
	uint64_t v[DWARF_CHAIN_MAX]; /* 0 if unknown */
	unsigned int n;
};

/* The tag of the entry; 0 for void. */
int dwarf_entry_tag(const struct dwarf_info *d, uint32_t entry);

/* The type without const, volatile and the like, or without typedefs too. */
uint32_t dwarf_strip_qualifiers(const struct dwarf_info *d, uint32_t entry);
uint32_t dwarf_strip_names(const struct dwarf_info *d, uint32_t entry);

/* The size in bytes; 0 if it has none or it is too large for 64 bits. */
uint64_t dwarf_entry_size(const struct dwarf_info *d, uint32_t entry);

/* Reads a number that may be an expression which adds one; false if v has none.
 */
bool dwarf_constant(const struct dwarf_value *v, uint64_t *number);

/* Reads the member that the entry is; false if it is none, or lies where no
 * member can. */
bool dwarf_member_read(
    const struct dwarf_info *d, uint32_t entry, struct dwarf_member *m);

/* Reads the dimensions of an array; false if it has too many. */
bool dwarf_dimensions_read(
    const struct dwarf_info *d, uint32_t entry, struct dwarf_dimensions *dims);

/* The first child of the entry and the one after another; DWARF_NO_ENTRY at the
 * end. */
uint32_t dwarf_first_child(const struct dwarf_info *d, uint32_t entry);
uint32_t dwarf_next_child(
    const struct dwarf_info *d, uint32_t parent, uint32_t child);

/* Whether both have the same name, size and members.  Pointers are all equal.
 * *left, of how many entries may still be compared, is reduced; without any,
 * only an entry and itself are equal. */
bool dwarf_entries_equal(
    const struct dwarf_info *d, uint32_t a, uint32_t b, uint64_t *left);

/* Appends the name in C: "struct event", "event_t", "char[16]". */
void dwarf_entry_name(
    const struct dwarf_info *d, uint32_t entry, struct buf *out);

#endif
