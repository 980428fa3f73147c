/*
 * The functions of an ELF file by its symbol tables, sorted.
 */
#ifndef SKEL_ELF_ELF_SYMBOLS_H
#define SKEL_ELF_ELF_SYMBOLS_H

#include <gelf.h>
#include <stddef.h>
#include <stdint.h>

struct elf_symbol {
	uint64_t addr, size;
	const char *name; /* borrowed from the Elf */
	uint32_t rank;    /* of those at one address the lowest is taken */
};

/* A zeroed one is empty. */
struct elf_symbols {
	struct elf_symbol *v; /* owned; by address, one for each */
	size_t n, cap;
};

void elf_symbols_free(struct elf_symbols *s);

/*
 * Take the functions of the table, SHT_SYMTAB or SHT_DYNSYM, of elf, which has
 * to outlive s, in place of those that were there.  Returns how many; 0 also
 * where it has no such table or memory ran out.
 */
size_t elf_symbols_read(struct elf_symbols *s, Elf *elf, uint32_t type);

/* The function that addr lies in, or NULL. */
const struct elf_symbol *elf_symbols_find(
    const struct elf_symbols *s, uint64_t addr);

#endif
