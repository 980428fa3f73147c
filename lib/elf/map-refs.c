#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "elf/elf-section.h"
#include "elf/map-refs.h"

#define MAPS_SECTION ".maps"

/* The symbols of an object. */
struct ref_symbols {
	Elf *elf;        /* borrowed, as all here */
	Elf_Data *table; /* NULL: there are none */
	size_t strings;  /* the section of their names */
	size_t n;
	size_t maps, text; /* the sections of maps and functions; or 0 */
};

static size_t
section_index(Elf *elf, const char *name)
{
	Elf_Scn *section = elf_section_find(elf, name, SHT_NULL);

	return section != NULL ? elf_ndxscn(section) : 0;
}

static void
open_symbols(struct ref_symbols *s, Elf *elf)
{
	GElf_Shdr h;
	Elf_Scn *section = elf_section_find_type(elf, SHT_SYMTAB, &h);

	*s = (struct ref_symbols){ .elf = elf };
	if (section == NULL || h.sh_entsize == 0)
		return;
	s->table = elf_getdata(section, NULL);
	s->strings = h.sh_link;
	s->n = s->table != NULL ? s->table->d_size / h.sh_entsize : 0;
	s->maps = section_index(elf, MAPS_SECTION);
	s->text = section_index(elf, ".text");
}

/* The name of symbol number i, which is written to *symbol; or NULL. */
static const char *
symbol_name(const struct ref_symbols *s, size_t i, GElf_Sym *symbol)
{
	if (i >= s->n || gelf_getsym(s->table, (int)i, symbol) == NULL)
		return NULL;
	return elf_strptr(s->elf, s->strings, symbol->st_name);
}

/* The relocations of the section with this index, or NULL. */
static Elf_Data *
find_relocations(const struct ref_symbols *s, size_t of)
{
	Elf_Scn *section = NULL;
	GElf_Shdr h;

	while (of != 0 && (section = elf_nextscn(s->elf, section)) != NULL)
		if (gelf_getshdr(section, &h) != NULL && h.sh_type == SHT_REL &&
		    h.sh_info == of)
			return elf_getdata(section, NULL);
	return NULL;
}

/* Calls fn for the maps that relocations from begin to end of the section refer
 * to.  Returns whether one refers to .text. */
static bool
read_maps(const struct ref_symbols *s, size_t section, uint64_t begin,
    uint64_t end, map_refs_fn *fn, void *ctx)
{
	Elf_Data *relocations = find_relocations(s, section);
	bool calls = false;
	const char *name;
	GElf_Sym symbol;
	GElf_Rel r;

	for (int i = 0;
	     relocations != NULL && gelf_getrel(relocations, i, &r) != NULL;
	     i++) {
		if (r.r_offset < begin || r.r_offset >= end ||
		    (name = symbol_name(s, GELF_R_SYM(r.r_info), &symbol)) ==
			NULL)
			continue;
		if (symbol.st_shndx != 0 && symbol.st_shndx == s->maps)
			fn(ctx, name);
		calls |= symbol.st_shndx != 0 && symbol.st_shndx == s->text;
	}
	return calls;
}

void
map_refs_read_program(Elf *elf, const char *program, map_refs_fn *fn, void *ctx)
{
	struct ref_symbols s;
	const char *name;
	GElf_Sym symbol;

	open_symbols(&s, elf);
	for (size_t i = 0; i < s.n; i++) {
		name = symbol_name(&s, i, &symbol);
		if (name == NULL || GELF_ST_TYPE(symbol.st_info) != STT_FUNC ||
		    strcmp(name, program) != 0)
			continue;
		if (read_maps(&s, symbol.st_shndx, symbol.st_value,
			symbol.st_value + symbol.st_size, fn, ctx))
			read_maps(&s, s.text, 0, UINT64_MAX, fn, ctx);
		return;
	}
}

void
map_refs_read_values(Elf *elf, map_refs_fn *fn, void *ctx)
{
	Elf_Data *relocations;
	struct ref_symbols s;
	const char *name;
	GElf_Sym symbol;
	GElf_Rel r;

	open_symbols(&s, elf);
	relocations = find_relocations(&s, s.maps);
	for (int i = 0;
	     relocations != NULL && gelf_getrel(relocations, i, &r) != NULL;
	     i++) {
		name = symbol_name(&s, GELF_R_SYM(r.r_info), &symbol);
		if (name != NULL && GELF_ST_TYPE(symbol.st_info) == STT_FUNC)
			fn(ctx, name);
	}
}
