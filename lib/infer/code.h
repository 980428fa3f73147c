/*
 * The instructions of a BPF object: all sections of code behind one another,
 * the functions that they consist of, and what relocations refer to.
 */
#ifndef SKEL_INFER_CODE_H
#define SKEL_INFER_CODE_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/bpf-elf.h"

/* A place in the code. */
struct code_place {
	uint32_t section; /* index in the ELF file */
	uint64_t offset;  /* bytes from the start of the section */
};

/* Instructions are numbered through all sections; sizes count them. */
struct code_section {
	uint32_t index; /* in the ELF file */
	size_t first, n;
	const unsigned char *bytes; /* borrowed from the Elf */
};

/* From the start of a function to that of the next one. */
struct code_function {
	const char *name; /* borrowed from the Elf; "" if it has no symbol */
	size_t first, n;
};

enum code_reference_kind {
	REFERS_TO_NOTHING, /* or to something that the object does not define */
	REFERS_TO_MAP,     /* number: of its symbol */
	REFERS_TO_DATA,    /* number: of the section; offset in it */
	REFERS_TO_CODE,    /* number: of the instruction */
};

struct code_reference {
	enum code_reference_kind kind;
	size_t number;
	int64_t offset;
};

/* Zeroed, it has no instructions. */
struct code {
	const struct bpf_elf *elf;     /* borrowed */
	struct code_section *sections; /* owned; in the order of the file */
	size_t nsections, sections_cap;
	struct code_function *functions; /* owned; sorted */
	size_t nfunctions, functions_cap;
	uint32_t *symbol;  /* owned: by instruction: of its relocation, or 0 */
	size_t n;          /* instructions */
	Elf_Data *symbols; /* borrowed from the Elf; NULL if there are none */
	size_t nsymbols;
	size_t names;    /* section of the symbols' names */
	uint32_t maps;   /* index of section .maps; 0 if there is none */
	bool incomplete; /* there is more code than is read */
};

/* elf, which must have been opened by bpf_elf_open(), must outlive c.  Returns
 * 0, or -1 after reporting that memory ran out; c is empty then. */
int code_open(struct code *c, const struct bpf_elf *elf);
void code_close(struct code *c);

/* The bytes of instruction i and of those after it in its section, which may
 * not be aligned. */
const unsigned char *code_bytes(const struct code *c, size_t i);
struct bpf_insn code_instruction(const struct code *c, size_t i);
struct code_place code_place(const struct code *c, size_t i);

/* The number of the instruction at a place of the code. */
size_t code_number(const struct code *c, struct code_place place);

/* The function that contains instruction i. */
const struct code_function *code_function(const struct code *c, size_t i);

/* The target of the instructions at i: two that load 64 bits, or the call of
 * another function. */
struct code_reference code_reference(const struct code *c, size_t i);

/* The name of the symbol, "" if it has none. */
const char *code_symbol_name(const struct code *c, size_t symbol);

/* The order of two places: less than, equal to or greater than 0. */
int code_place_compare(struct code_place a, struct code_place b);

#endif
