/*
 * Sections of ELF files, by their names.
 */
#ifndef SKEL_ELF_ELF_SECTION_H
#define SKEL_ELF_ELF_SECTION_H

#include <gelf.h>

/* The first section of that name and type (SHT_NULL: any), or NULL. */
Elf_Scn *elf_section_find(Elf *elf, const char *name, GElf_Word type);

#endif
