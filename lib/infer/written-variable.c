#include <gelf.h>
#include <string.h>

#include "base/report.h"
#include "elf/elf-section.h"
#include "infer/written-variable.h"

static struct hash_key
make_name_key(
    const struct written_variables *w, uint64_t section, const char *name)
{
	struct hash_key key = w->first;

	hash_mix(&key, &section, sizeof(section));
	hash_mix(&key, name, strlen(name));
	return key;
}

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
	struct hash_key key;
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
		key = make_name_key(w, sym.st_shndx, name);
		if (hash_find(&w->names, key) == NULL &&
		    hash_add(&w->names, key) == NULL)
			return report_nomem();
	}
	return 0;
}

int
written_variables_open(struct written_variables *w,
    const struct helper_calls *calls, const struct bpf_elf *elf)
{
	*w = (struct written_variables){ .elf = elf };
	w->names.size = sizeof(struct hash_key);
	if (hash_random(&w->first) == -1)
		return -1;
	w->names.seed = w->first.a;
	if (add_stored_symbols(w, calls) == 0)
		return 0;
	written_variables_close(w);
	return -1;
}

void
written_variables_close(struct written_variables *w)
{
	hash_free(&w->names);
	*w = (struct written_variables){ 0 };
}

bool
written_variables_have(const struct written_variables *w, const char *section,
    const char *variable)
{
	Elf_Scn *at = elf_section_find(w->elf->elf, section, SHT_NULL);

	return at != NULL && w->names.n > 0 &&
	       hash_find(&w->names,
		   make_name_key(w, elf_ndxscn(at), variable)) != NULL;
}
