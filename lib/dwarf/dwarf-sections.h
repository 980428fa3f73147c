/*
 * The DWARF sections of a BPF object, relocated.
 *
 * An object is not linked yet, so references between these sections, and
 * addresses, are still to be filled in by its relocations.  As each section of
 * code starts at 0, an address also gets the index of its section.
 */
#ifndef SKEL_DWARF_SECTIONS_H
#define SKEL_DWARF_SECTIONS_H

#include "dwarf/dwarf-cursor.h"
#include "dwarf/dwarf-records.h"
#include "elf/bpf-elf.h"

enum dwarf_section {
	DWARF_INFO,
	DWARF_ABBREV,
	DWARF_STR,
	DWARF_LINE_STR,
	DWARF_STR_OFFSETS,
	DWARF_ADDR,
	DWARF_LOCLISTS,
	DWARF_LOC,
	DWARF_RNGLISTS,
	DWARF_RANGES,
	DWARF_LINE,
	DWARF_SECTIONS,
};

/* Zeroed, all are empty. */
struct dwarf_sections {
	struct dwarf_span v[DWARF_SECTIONS]; /* of the object, or of a copy */
	unsigned char *copy[DWARF_SECTIONS]; /* owned; NULL without relocations
					      */
};

/* The address of a byte in a section of code, as the sections have it. */
#define DWARF_ADDRESS(section, offset) ((uint64_t)(section) << 32 | (offset))

/* elf must outlive s.  Returns DWARF_READ, or why there is no DWARF to read,
 * and s is empty then. */
enum dwarf_state dwarf_sections_open(
    struct dwarf_sections *s, const struct bpf_elf *elf);
void dwarf_sections_close(struct dwarf_sections *s);

#endif
