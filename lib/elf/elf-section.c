#include <string.h>

#include "elf/elf-section.h"

Elf_Scn *
elf_section_find(Elf *elf, const char *name, GElf_Word type)
{
	Elf_Scn *section = NULL;
	const char *found;
	size_t names;
	GElf_Shdr h;

	if (elf_getshdrstrndx(elf, &names) != 0)
		return NULL;
	while ((section = elf_nextscn(elf, section)) != NULL) {
		if (gelf_getshdr(section, &h) == NULL ||
		    (type != SHT_NULL && h.sh_type != type))
			continue;
		found = elf_strptr(elf, names, h.sh_name);
		if (found != NULL && strcmp(found, name) == 0)
			return section;
	}
	return NULL;
}

Elf_Scn *
elf_section_find_type(Elf *elf, GElf_Word type, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section)) != NULL)
		if (gelf_getshdr(section, header) != NULL &&
		    header->sh_type == type)
			return section;
	return NULL;
}

int
elf_section_names(struct name_table *names, Elf *elf)
{
	Elf_Scn *section = NULL;
	const char *name;
	size_t strings;
	GElf_Shdr h;

	if (elf_getshdrstrndx(elf, &strings) != 0)
		return 0;
	while ((section = elf_nextscn(elf, section)) != NULL) {
		if (gelf_getshdr(section, &h) == NULL)
			continue;
		name = elf_strptr(elf, strings, h.sh_name);
		if (name != NULL && name_table_add(names, 0, name,
					(uint32_t)elf_ndxscn(section)) == -1)
			return -1;
	}
	return 0;
}
