/*
 * Analyses the instructions of a BPF object: lists every call of a helper with
 * the arguments that are known, and the global variables that are written.
 *
 * Each function is interpreted on values like "the map rb", "8 bytes into the
 * reservation that call 3 made", "12" or "unknown", through moves, spills to
 * the stack and branches; where branches join, what they do not agree on is
 * unknown, but for a pointer that one of them sets to NULL.  Work and memory
 * are bounded, whatever the instructions are.
 */
#ifndef SKEL_INFER_HELPER_CALLS_H
#define SKEL_INFER_HELPER_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/bpf-elf.h"
#include "infer/code.h"

enum code_value_kind {
	CODE_UNKNOWN,
	CODE_CONSTANT,    /* offset: the number */
	CODE_MAP,         /* the map itself; map */
	CODE_MAP_VALUE,   /* the value of an element of map, looked up */
	CODE_GLOBAL,      /* a variable; section, offset in it */
	CODE_STACK,       /* offset from r10, negative, in this function */
	CODE_RESERVATION, /* of bpf_ringbuf_reserve() at call */
	CODE_PARAMETER,   /* that the function was called with; number 1 to 5 */
};

struct code_value {
	enum code_value_kind kind;
	/* A pointer was moved by an unknown distance; offset is from before
	 * that, so it still identifies one variable of several. */
	bool inexact;
	int64_t offset;
	const char *map;  /* borrowed from the Elf */
	uint32_t section; /* index in the ELF file */
	uint32_t number;  /* of the parameter */
	struct code_place call;
};

enum { CODE_ARGUMENTS = 5 }; /* a helper has at most: r1 to r5 */

struct helper_call {
	struct code_place place; /* of the call instruction */
	struct code_place start; /* of the function that it is in */
	const char *function;    /* borrowed from the Elf; "" if it has none */
	uint32_t helper;         /* number, as enum bpf_func_id */
	bool reached;            /* false: no path was found that leads here */
	struct code_value argument[CODE_ARGUMENTS]; /* r1 first */
	/* Where else each argument's pointer is, with the same offset: bit n
	 * for rn, as the compiler keeps variables in r6 to r9. */
	uint16_t registers[CODE_ARGUMENTS];
	/* And where on the stack, as an offset from r10; 0: nowhere. */
	int16_t spilled[CODE_ARGUMENTS];
};

/* A call of another function of the object. */
struct function_call {
	struct code_place place, start; /* as above */
	struct code_place callee;       /* its start */
	const char *function;           /* the caller; borrowed from the Elf */
	struct code_value argument[CODE_ARGUMENTS];
	uint16_t registers[CODE_ARGUMENTS]; /* as above */
	int16_t spilled[CODE_ARGUMENTS];
};

/* A place from which on a register or the stack has the address of a
 * reservation. */
struct reservation_copy {
	struct code_place call; /* that made the reservation */
	struct code_place at;   /* the instruction before which it is there */
	int16_t number;         /* of the register; or, negative, the offset
				   from r10 */
};

/* A variable to which the program may write. */
struct global_store {
	uint32_t section; /* index in the ELF file */
	uint64_t offset;  /* in the section, of the first byte written */
};

/* Zeroed, there are none. */
struct helper_calls {
	struct helper_call *v; /* owned; in the order of their places */
	size_t n, cap;
	struct function_call *functions; /* owned; in order of callee */
	size_t nfunctions, functions_cap;
	struct global_store *stores; /* owned; sorted, each once */
	size_t nstores, stores_cap;
	/* Owned; in the order in which the calls stand. */
	struct reservation_copy *copies;
	size_t ncopies, copies_cap;
	bool incomplete; /* a limit was reached: some values are unknown that
			    could be known */
};

/* elf, which must have been opened by bpf_elf_open(), must outlive c.  Returns
 * 0, or -1 after reporting that memory ran out; c is empty then. */
int helper_calls_open(struct helper_calls *c, const struct bpf_elf *elf);
void helper_calls_close(struct helper_calls *c);

/* The arguments of a helper that passes data of the program to its user. */
struct helper_shape {
	uint32_t helper;
	bool reserves; /* the result is where the data will be written */
	/* Numbers of arguments, 1 to 5; 0: it has none. */
	unsigned char map, data, size;
};

/* The shape of the helper with this number; NULL if it passes no data. */
const struct helper_shape *helper_shape_find(uint32_t helper);

/* One way by which data is passed: a call of such a helper, in a function that
 * may have been called with the data. */
struct helper_write {
	const struct helper_call *call; /* borrowed */
	const char *map; /* that is written to; NULL if unknown or none */
	int64_t size;    /* constant, in bytes; -1 if unknown */
	struct code_value data;  /* in the function that at is in */
	struct code_place at;    /* the call that passes data on, of the helper
				    or of the function that calls it */
	struct code_place start; /* of the function that at is in */
	const char *function;    /* its name; borrowed */
	uint16_t registers;      /* that hold data at that place */
	int16_t spilled;         /* where on the stack, or 0 */
};

enum { HELPER_WRITES_MAX = 64 };

/*
 * Finds the ways to the call of a helper that has a shape: one, or one for each
 * caller if map, size or data are parameters of the function.  Writes them to
 * w, which has room for HELPER_WRITES_MAX, and returns their number, at least
 * 1; where there are more callers than that, their parameters are unknown.
 */
size_t helper_calls_writes(const struct helper_calls *c,
    const struct helper_call *call, struct helper_write *w);

#endif
