#include <gelf.h>
#include <string.h>

#include "elf/elf-section.h"
#include "infer/written-variable.h"

/* Finds the symbol of the variable in a section.  Returns false if there is
 * none. */
static bool
find_variable_symbol(const struct bpf_elf *elf, size_t section,
    const char *variable, GElf_Sym *sym)
{
	GElf_Shdr h;
	Elf_Scn *symbols = elf_section_find_type(elf->elf, SHT_SYMTAB, &h);
	Elf_Data *data;
	const char *name;

	if (symbols == NULL || (data = elf_getdata(symbols, NULL)) == NULL)
		return false;
	for (int i = 0; gelf_getsym(data, i, sym) != NULL; i++) {
		if (sym->st_shndx != section)
			continue;
		name = elf_strptr(elf->elf, h.sh_link, sym->st_name);
		if (name != NULL && strcmp(name, variable) == 0)
			return true;
	}
	return false;
}

bool
written_variable(const struct helper_calls *calls, const struct bpf_elf *elf,
    const char *section, const char *variable)
{
	Elf_Scn *at = elf_section_find(elf->elf, section, SHT_NULL);
	GElf_Sym sym;
	size_t index;

	if (at == NULL)
		return false;
	index = elf_ndxscn(at);
	if (!find_variable_symbol(elf, index, variable, &sym))
		return false;
	for (size_t i = 0; i < calls->nstores; i++) {
		const struct global_store *s = &calls->stores[i];

		if (s->section == index && s->offset >= sym.st_value &&
		    s->offset - sym.st_value < sym.st_size)
			return true;
	}
	return false;
}
