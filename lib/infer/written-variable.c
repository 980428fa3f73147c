#include <gelf.h>

#include "elf/elf-section.h"
#include "infer/written-variable.h"

/* Whether one of the stores, which are sorted, is to a byte of the symbol. */
static bool
is_stored(const struct helper_calls *calls, const GElf_Sym *sym)
{
	size_t from = 0, to = calls->nstores;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		const struct global_store *s = &calls->stores[middle];

		if (s->section < sym->st_shndx ||
		    (s->section == sym->st_shndx && s->offset < sym->st_value))
			from = middle + 1;
		else
			to = middle;
	}
	return from < calls->nstores &&
	       calls->stores[from].section == sym->st_shndx &&
	       calls->stores[from].offset - sym->st_value < sym->st_size;
}

static int
add_stored_symbols(
    struct written_variables *w, const struct helper_calls *calls)
{
	GElf_Shdr h;
	Elf_Scn *symbols = elf_section_find_type(w->elf->elf, SHT_SYMTAB, &h);
	Elf_Data *data;
	const char *name;
	GElf_Sym sym;

	if (symbols == NULL || (data = elf_getdata(symbols, NULL)) == NULL)
		return 0;
	for (int i = 0; gelf_getsym(data, i, &sym) != NULL; i++) {
		if (GELF_ST_TYPE(sym.st_info) == STT_SECTION ||
		    !is_stored(calls, &sym))
			continue;
		name = elf_strptr(w->elf->elf, h.sh_link, sym.st_name);
		if (name == NULL)
			continue;
		if (name_table_add(&w->names, sym.st_shndx, name, 0) == -1)
			return -1;
	}
	return 0;
}

int
written_variables_open(struct written_variables *w,
    const struct helper_calls *calls, const struct bpf_elf *elf)
{
	*w = (struct written_variables){ .elf = elf };
	if (elf_section_names(&w->sections, elf->elf) == 0 &&
	    add_stored_symbols(w, calls) == 0)
		return 0;
	written_variables_close(w);
	return -1;
}

void
written_variables_close(struct written_variables *w)
{
	name_table_free(&w->sections);
	name_table_free(&w->names);
	*w = (struct written_variables){ 0 };
}

bool
written_variables_have(const struct written_variables *w, const char *section,
    const char *variable)
{
	uint32_t at = name_table_find(&w->sections, 0, section);

	return at != NAME_NONE &&
	       name_table_find(&w->names, at, variable) != NAME_NONE;
}
