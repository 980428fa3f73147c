/*
 * The functions in the symbol table of an ELF file, sorted by address.
 */
#ifndef SKEL_ELF_ELF_SYMBOLS_H
#define SKEL_ELF_ELF_SYMBOLS_H

#include <gelf.h>
#include <stddef.h>
#include <stdint.h>

struct elf_symbol {
	uint64_t addr, size;
	const char *name; /* borrowed from the Elf */
	uint32_t rank;    /* of several at one address, the lowest is kept */
};

/* A zeroed one is empty. */
struct elf_symbols {
	struct elf_symbol *v; /* owned; sorted, one for each address */
	size_t n, cap;
};

void elf_symbols_free(struct elf_symbols *s);

/*
 * Reads the functions of the symbol table of this type, SHT_SYMTAB or
 * SHT_DYNSYM, into s, whose earlier content is freed.  elf must outlive s.
 * Returns the number of functions, 0 also if there is no such table or memory
 * ran out.
 */
size_t elf_symbols_read(struct elf_symbols *s, Elf *elf, uint32_t type);

/* The function that contains addr, or NULL. */
const struct elf_symbol *elf_symbols_find(
    const struct elf_symbols *s, uint64_t addr);

#endif
