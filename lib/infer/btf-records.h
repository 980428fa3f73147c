/*
 * Finds the types of an object's records in its BTF alone, for objects without
 * DWARF (dwarf-records.h).
 *
 * The BTF has the global variables and maps of a program, and their types.  It
 * has neither the variables on the stack nor the file that declares a struct.
 */
#ifndef SKEL_INFER_BTF_RECORDS_H
#define SKEL_INFER_BTF_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#include "elf/bpf-elf.h"

/* A variable in a section, by its symbol. */
struct btf_record_place {
	uint32_t section;
	uint64_t offset;
	const char *name; /* borrowed from the Elf */
};

/* A struct or union of the program. */
struct btf_record_struct {
	uint64_t size;
	uint32_t id;
};

/* Zeroed, it is closed. */
struct btf_records {
	const struct bpf_elf *elf; /* borrowed */
	const struct btf *btf;     /* borrowed from elf */
	uint32_t *names; /* owned: variables and functions, sorted by name */
	size_t nnames;
	struct btf_record_place *places; /* owned; sorted */
	size_t nplaces, places_cap;
	struct btf_record_struct *structs; /* owned; sorted by size and id */
	size_t nstructs, structs_cap;
};

/* elf, which must have BTF, must outlive r.  Returns 0, or -1 after reporting
 * that memory ran out; r is closed then. */
int btf_records_open(struct btf_records *r, const struct bpf_elf *elf);
void btf_records_close(struct btf_records *r);

/* The functions return the BTF id of a type, or 0 if there is none. */

/* The type of the variable that begins at this byte of the section. */
uint32_t btf_records_variable(
    const struct btf_records *r, uint32_t section, uint64_t offset);

/* The type of the values of the map, if its definition gives it. */
uint32_t btf_records_map_value(const struct btf_records *r, const char *map);

/* The type to which this parameter of the function, from 1, points. */
uint32_t btf_records_parameter(
    const struct btf_records *r, const char *function, uint32_t number);

/* The type of that name: "struct event", "union u", "enum e"; or "event_t", a
 * typedef or a base type or, if there is none, a struct. */
uint32_t btf_records_find(const struct btf *btf, const char *name);

enum { BTF_RECORDS_MAX = 16 };

/*
 * Finds the structs and unions of a size that variables and the values of maps
 * of the program consist of or, if they are pointers, point to.  A typedef
 * stands for a struct without a name.  Writes at most BTF_RECORDS_MAX ids and
 * returns how many there are.
 */
size_t btf_records_of_size(
    const struct btf_records *r, uint64_t size, uint32_t *ids);

#endif
