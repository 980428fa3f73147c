/*
 * Finds the variables of a program: the one that a register points to, or that
 * lies at a slot of the stack, while an instruction is executed.
 */
#ifndef SKEL_DWARF_PLACES_H
#define SKEL_DWARF_PLACES_H

#include "dwarf/dwarf-info.h"
#include "dwarf/dwarf-records.h"

struct dwarf_location {
	int64_t number;      /* of the register, or bytes from r10 */
	uint64_t low, high;  /* addresses of the code (dwarf-sections.h) */
	uint64_t reach;      /* the highest high so far, at the same place */
	uint32_t type;       /* an entry: of the data at the place */
	unsigned char place; /* enum dwarf_place */
	bool from_bottom;    /* while reading: number is not from r10 yet */
};

/* Zeroed, there are none. */
struct dwarf_places {
	struct dwarf_location *v; /* owned; sorted by place and low */
	size_t n, cap;
};

/* Reads the locations of all variables.  elf is that of d.  Returns 0, or -1
 * after reporting that memory ran out; p is empty then. */
int dwarf_places_open(
    struct dwarf_places *p, struct dwarf_info *d, const struct bpf_elf *elf);
void dwarf_places_close(struct dwarf_places *p);

/* Writes the different entries of the types at a place to types, at most
 * DWARF_TYPES_MAX, and returns their number. */
size_t dwarf_places_find(const struct dwarf_places *p, uint64_t address,
    enum dwarf_place place, int64_t number, uint32_t *types);

#endif
