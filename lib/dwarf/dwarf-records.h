/*
 * Answers questions about the records of a BPF object from its DWARF: the type
 * of the variable that a register points to, the structs of a size, a type by
 * its name; and adds such a type to BTF.
 *
 * Everything is indexed once, when the DWARF is opened; a question then costs a
 * binary search.  Work and memory grow linearly with the size of the sections,
 * whatever is in them: each entry is decoded a bounded number of times, and
 * what is too large, too deep or circular is left out.
 */
#ifndef SKEL_DWARF_RECORDS_H
#define SKEL_DWARF_RECORDS_H

#include <bpf/btf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "elf/bpf-elf.h"

struct dwarf_records;

/* A type: valid until dwarf_records_close(), equal only for the same entry of
 * the DWARF. */
typedef uint32_t dwarf_type;
#define DWARF_NO_TYPE 0

enum dwarf_state {
	DWARF_READ,
	DWARF_NONE,       /* the object has no DWARF: built without -g, or
			     stripped */
	DWARF_COMPRESSED, /* its sections are compressed */
	DWARF_TOO_LARGE,  /* more entries than are read */
	DWARF_DAMAGED,    /* or of an unknown version */
	DWARF_NO_MEMORY,  /* reported */
};

/*
 * Reads and indexes the DWARF of an object.  elf must outlive the result.
 * Returns NULL, with the reason in *state, if the state is not DWARF_READ; only
 * DWARF_NO_MEMORY is reported.
 */
struct dwarf_records *dwarf_records_open(
    const struct bpf_elf *elf, enum dwarf_state *state);
void dwarf_records_close(struct dwarf_records *r);

/* Why there is no DWARF, for a message: "the object has no DWARF", ... */
const char *dwarf_state_text(enum dwarf_state state);

/* A place that holds the address of data, or the data itself. */
enum dwarf_place {
	DWARF_REGISTER, /* its address is in register number, 0 to 10 */
	DWARF_STACK,    /* it lies at r10 + number */
	DWARF_SPILLED,  /* its address is stored at r10 + number */
};

enum { DWARF_TYPES_MAX = 16 }; /* different types that one place can have */

/*
 * Finds the types of the data at a place, as the variables say that are there
 * when the instruction at this byte of the section is reached: for a register,
 * the types that these variables point to.  Qualifiers are stripped, typedefs
 * are not; void, and what has no size, is left out.  Variables of inlined
 * functions count like all others, and those of one type as one.  Writes at
 * most DWARF_TYPES_MAX types and returns their number.
 */
size_t dwarf_records_at(const struct dwarf_records *r, uint32_t section,
    uint64_t offset, enum dwarf_place place, int64_t number, dwarf_type *types);

/*
 * Finds the structs and unions of a size that the program's own files declare:
 * not vmlinux.h, nor the headers of libbpf, Linux, clang and skel.  A struct
 * without a name counts if a typedef names it.  Types of the same name, size
 * and members are one.  Writes at most DWARF_TYPES_MAX types and returns their
 * number.
 */
size_t dwarf_records_of_size(
    const struct dwarf_records *r, uint64_t size, dwarf_type *types);

/* The type of that name, in any file: "struct event", "union u", "enum e", or
 * "event_t" for a typedef or a base type.  One with members comes before a
 * forward declaration.  Returns DWARF_NO_TYPE if there is none. */
dwarf_type dwarf_records_find(const struct dwarf_records *r, const char *name);

/* The size in bytes; 0 for a type without one. */
uint64_t dwarf_type_size(const struct dwarf_records *r, dwarf_type type);

/* Appends the type's name in C to out: "struct event", "event_t"; "struct
 * {...}" if it has none. */
void dwarf_type_name(
    const struct dwarf_records *r, dwarf_type type, struct buf *out);

/* Whether two types have the same name, size and members. */
bool dwarf_types_equal(
    const struct dwarf_records *r, dwarf_type a, dwarf_type b);

/*
 * Adds the type, and all that it holds by value, to btf.  A pointer becomes a
 * pointer to void, so that no further types follow.  A type that btf has
 * already, with the same name, size and members, is not added again.  Returns
 * its id, or -1 after reporting "where: ..." if BTF cannot express it (a class,
 * a member of unknown size ...), it is too large, or memory ran out; btf may
 * hold some unused types then.
 */
int dwarf_type_add(const struct dwarf_records *r, dwarf_type type,
    struct btf *btf, const char *where);

#endif
