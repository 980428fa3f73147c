/*
 * Finds sections of ELF files by their names.
 */
#ifndef SKEL_ELF_ELF_SECTION_H
#define SKEL_ELF_ELF_SECTION_H

#include <gelf.h>

#include "types/name-table.h"

/* The first section of that name and type; SHT_NULL stands for any type.
 * Returns NULL if there is none. */
Elf_Scn *elf_section_find(Elf *elf, const char *name, GElf_Word type);

/* The first section of that type, whose header is written to *header; or NULL.
 */
Elf_Scn *elf_section_find_type(Elf *elf, GElf_Word type, GElf_Shdr *header);

/* Adds the names of all sections, with their numbers.  Returns 0, or -1 after
 * reporting. */
int elf_section_names(struct name_table *names, Elf *elf);

#endif
