/*
 * Decides which types the records of a map, or of an iterator program, have, by
 * the calls that write them: the type of the variable that is written; that of
 * the values of the map in which the data lies; or the one struct of the size
 * that is written among those that the program itself declares.
 *
 * Nothing is guessed: where two types are possible, both are named and none is
 * chosen.
 */
#ifndef SKEL_INFER_RECORD_SEARCH_H
#define SKEL_INFER_RECORD_SEARCH_H

#include <bpf/btf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwarf/dwarf-records.h"
#include "elf/bpf-elf.h"
#include "infer/btf-records.h"
#include "infer/helper-calls.h"

enum record_evidence {
	RECORD_OF_VARIABLE, /* of function from */
	RECORD_OF_MAP,      /* a value of map from */
	RECORD_OF_SIZE,     /* the only struct of its size */
};

struct record_type {
	uint32_t id;  /* in the BTF of struct record_search; not a typedef,
			 except of a struct without a name */
	int64_t size; /* of what is written, in bytes; -1 if it varies */
	enum record_evidence evidence;
	const char *from; /* borrowed */
};

enum record_state {
	RECORDS_NONE,    /* nothing is written */
	RECORDS_KNOWN,   /* the types: one, or several of different sizes */
	RECORDS_SEVERAL, /* the types that it may be */
	RECORDS_UNKNOWN, /* function writes something; the types, if there
			    are some, are written by others */
};

enum { RECORD_TYPES_MAX = 16 };

struct record_decision {
	enum record_state state;
	struct record_type types[RECORD_TYPES_MAX];
	size_t ntypes;
	const char *function; /* borrowed: what cannot be decided is there */
	int64_t size;         /* of what it writes; -1 if it varies */
};

enum record_buffer { RECORD_RING, RECORD_PERF, RECORD_BUFFERS };

/* A type of the DWARF in the BTF. */
struct record_dwarf_type {
	dwarf_type type;
	uint32_t id;
};

/* Zeroed, it is closed. */
struct record_search {
	const struct bpf_elf *elf; /* borrowed */
	struct helper_calls calls;
	struct helper_write *writes; /* owned; sorted by map */
	size_t nwrites, writes_cap;
	struct btf_records btf_records;
	struct dwarf_records *dwarf; /* owned, or NULL */
	enum dwarf_state dwarf_state;
	struct btf *btf; /* owned: that of the object, and types of the DWARF */
	uint32_t nown;   /* ids below it are those of the object */
	struct record_dwarf_type *added; /* owned: what was added to btf */
	size_t nadded, added_cap;
	/* What is written to buffers that are not known, once it was asked for.
	 */
	struct record_decision unknown[RECORD_BUFFERS];
	bool has_unknown;
	uint64_t work; /* that may still be done for iterators */
};

/* elf, which must have BTF, must outlive t.  Returns 0, or -1 after reporting
 * that memory ran out; t is closed then. */
int record_search_open(struct record_search *t, const struct bpf_elf *elf);
void record_search_close(struct record_search *t);

/* Decide about the records of a map, or about those that the iterator program,
 * a function of that name, writes to its output. */
int record_search_map(
    struct record_search *t, const char *map, struct record_decision *d);
int record_search_iterator(
    struct record_search *t, const char *program, struct record_decision *d);

/* The type with this name in C, "struct event" or "event_t" or "event", of the
 * BTF or the DWARF; 0 if there is none. */
uint32_t record_search_find(struct record_search *t, const char *name);

/* The size in bytes of a type of t->btf; 0 if it has none. */
uint64_t record_search_size(const struct record_search *t, uint32_t id);

/*
 * Adds a type of t->btf to btf, that of the object, unless it came from there.
 * Returns its id there, or 0 after reporting "where: ...".
 */
uint32_t record_search_add(const struct record_search *t, uint32_t id,
    struct btf *btf, const char *where);

#endif
