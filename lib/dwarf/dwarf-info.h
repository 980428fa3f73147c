/*
 * The entries of .debug_info (DIEs): a list of all, in their order, and the
 * attributes of one, decoded on request.
 *
 * Versions 2 to 5 of DWARF are read, as the DWARF standard describes them.
 */
#ifndef SKEL_DWARF_INFO_H
#define SKEL_DWARF_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwarf/dwarf-cursor.h"
#include "dwarf/dwarf-sections.h"

enum {
	DWARF_NAME_MAX = 256,    /* bytes of a name: longer ones are none */
	DWARF_STRING_MAX = 4096, /* of any string, such as a path */
	DWARF_ENTRIES_MAX = 1 << 20,
	DWARF_UNITS_MAX = 1 << 12,
	DWARF_DEPTH_MAX = 256,     /* entries in one another */
	DWARF_ATTRIBUTES_MAX = 64, /* of one entry */
	DWARF_CHAIN_MAX = 32, /* typedefs, qualifiers and arrays in a row */
};

#define DWARF_NO_ENTRY UINT32_MAX

struct dwarf_attribute_form {
	uint16_t at, form;
	int64_t constant; /* for DW_FORM_implicit_const */
};

struct dwarf_abbrev {
	uint64_t code;
	uint16_t tag, nforms;
	bool has_children;
	uint32_t forms; /* the first of them in struct dwarf_info */
};

/* The abbreviations at one offset of .debug_abbrev, sorted by their code. */
struct dwarf_abbrevs {
	uint64_t offset;
	uint32_t first, n; /* in struct dwarf_info */
};

struct dwarf_unit {
	uint64_t start, end; /* of its entries, in .debug_info */
	uint64_t header;     /* where it starts; references count from here */
	uint16_t version;
	unsigned char offset_bytes;  /* 4 or 8 */
	unsigned char address_bytes; /* 4 or 8 */
	struct dwarf_abbrevs abbrevs;
	/* Of its first entry. */
	uint64_t str_offsets_base, addr_base, loclists_base, rnglists_base;
	uint64_t low_pc, lines; /* lines: UINT64_MAX if it has none */
	bool *is_foreign;       /* owned: by number of a file */
	size_t nfiles;
};

struct dwarf_entry {
	uint32_t offset; /* in .debug_info */
	uint32_t next;   /* the first entry after those below this one */
	uint16_t tag, unit;
};

struct dwarf_info {
	struct dwarf_sections sections; /* owned */
	struct dwarf_unit *units;       /* owned, as all here */
	size_t nunits, units_cap;
	struct dwarf_abbrev *abbrevs;
	size_t nabbrevs, abbrevs_cap;
	struct dwarf_attribute_form *forms;
	size_t nforms, forms_cap;
	struct dwarf_entry *entries;
	size_t n, cap;
	/* Bytes of tables that may still be read.  Each is read once, unless
	 * units refer to parts of the same bytes. */
	uint64_t budget;
	/* Owned: attributes that may still be decoded, of all entries, however
	 * often these refer to one another. */
	uint64_t *work;
};

enum dwarf_value_kind {
	DWARF_ABSENT, /* or not understood */
	DWARF_CONSTANT,
	DWARF_SIGNED_CONSTANT,
	DWARF_ADDRESS_VALUE,
	DWARF_SECTION_OFFSET,
	DWARF_LIST_INDEX, /* into a table of lists */
	DWARF_REFERENCE,  /* number: an offset in .debug_info */
	DWARF_BLOCK,      /* or an expression */
	DWARF_TEXT,
};

struct dwarf_value {
	enum dwarf_value_kind kind;
	uint64_t number;
	struct dwarf_span block;
	const char *text; /* borrowed; NULL if longer than it may be */
};

/* The attributes of an entry that this room uses.  Zeroed, one is absent. */
struct dwarf_attributes {
	const char *name;      /* borrowed; NULL if it has none */
	uint32_t type, origin; /* entries; DWARF_NO_ENTRY if absent */
	bool declaration;
	uint64_t file; /* number of the file that declares it; 0 if unknown */
	struct dwarf_value byte_size, bit_size, bit_offset, data_bit_offset,
	    member_offset, encoding, constant, count, upper_bound, location,
	    low_pc, high_pc, ranges, frame_base;
	/* Of units. */
	struct dwarf_value str_offsets_base, addr_base, loclists_base,
	    rnglists_base, lines;
};

/* Reads the sections and lists the entries.  elf must outlive d.  Returns
 * DWARF_READ, or why not, and d is closed then. */
enum dwarf_state dwarf_info_open(
    struct dwarf_info *d, const struct bpf_elf *elf);
void dwarf_info_close(struct dwarf_info *d);

/* Decodes the attributes of an entry.  All are absent when more were decoded
 * than any compiler gives a reason for. */
void dwarf_attributes_read(
    const struct dwarf_info *d, uint32_t entry, struct dwarf_attributes *a);

/* The entry at this offset, or DWARF_NO_ENTRY. */
uint32_t dwarf_entry_find(const struct dwarf_info *d, uint64_t offset);

/* Subtracts the n bytes of a table from the budget; false if it is used up. */
bool dwarf_budget_take(struct dwarf_info *d, uint64_t n);

#endif
