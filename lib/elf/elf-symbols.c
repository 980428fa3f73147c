#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "elf/elf-section.h"
#include "elf/elf-symbols.h"

enum {
	COUNT_MAX = 1 << 22, /* functions of a file that are kept */
	NESTED_MAX = 32,     /* symbols that may start within a function */
};

void
elf_symbols_free(struct elf_symbols *s)
{
	free(s->v);
	*s = (struct elf_symbols){ 0 };
}

static bool
is_function_symbol(const GElf_Sym *sym, const GElf_Shdr *section)
{
	switch (GELF_ST_TYPE(sym->st_info)) {
	case STT_FUNC:
	case STT_GNU_IFUNC:
		return true;
	case STT_NOTYPE: /* it may be written in assembly */
		return section->sh_flags & SHF_EXECINSTR;
	default:
		return false;
	}
}

/* Ranks the names of one address; the best is lowest: one with a size, global,
 * and with few underscores before it. */
static uint32_t
rank_symbol(const GElf_Sym *sym, const char *name)
{
	uint32_t r = (uint32_t)strspn(name, "_");

	if (GELF_ST_BIND(sym->st_info) == STB_WEAK)
		r += 1000;
	else if (GELF_ST_BIND(sym->st_info) != STB_GLOBAL)
		r += 2000;
	return sym->st_size == 0 ? r + 4000 : r;
}

/* The size of the function.  One without a size extends to the next function,
 * or to the end of its section. */
static uint64_t
get_function_size(const GElf_Sym *sym, const GElf_Shdr *section)
{
	uint64_t into = sym->st_value - section->sh_addr;

	if (sym->st_size != 0)
		return sym->st_size;
	return into < section->sh_size ? section->sh_size - into : 0;
}

/* Adds symbol number i if it is a function.  Returns 0, or -1 if memory ran
 * out.
 */
static int
add_symbol(
    struct elf_symbols *s, Elf *elf, Elf_Data *data, int i, size_t strings)
{
	GElf_Shdr section;
	GElf_Sym sym;
	const char *name;

	if (gelf_getsym(data, i, &sym) == NULL || sym.st_value == 0 ||
	    sym.st_shndx == SHN_UNDEF || sym.st_shndx >= SHN_LORESERVE ||
	    gelf_getshdr(elf_getscn(elf, sym.st_shndx), &section) == NULL ||
	    !is_function_symbol(&sym, &section))
		return 0;
	name = elf_strptr(elf, strings, sym.st_name);
	if (name == NULL || name[0] == '\0' || name[0] == '$')
		return 0;
	if (s->n == COUNT_MAX)
		return 0;
	if (!array_room(s->v, s->n, s->cap))
		return -1;
	s->v[s->n++] = (struct elf_symbol){ .addr = sym.st_value,
		.size = get_function_size(&sym, &section),
		.name = name,
		.rank = rank_symbol(&sym, name) };
	return 0;
}

static int
compare_symbols(const void *a, const void *b)
{
	const struct elf_symbol *l = a, *r = b;

	if (l->addr != r->addr)
		return l->addr < r->addr ? -1 : 1;
	if (l->rank != r->rank)
		return l->rank < r->rank ? -1 : 1;
	return strcmp(l->name, r->name);
}

/* Sorts the symbols and keeps the best name of each address. */
static void
sort_symbols(struct elf_symbols *s)
{
	size_t kept = 0;

	if (s->n > 0)
		qsort(s->v, s->n, sizeof(*s->v), compare_symbols);
	for (size_t i = 0; i < s->n; i++)
		if (kept == 0 || s->v[i].addr != s->v[kept - 1].addr)
			s->v[kept++] = s->v[i];
	s->n = kept;
}

size_t
elf_symbols_read(struct elf_symbols *s, Elf *elf, uint32_t type)
{
	GElf_Shdr header;
	Elf_Scn *scn = elf_section_find_type(elf, type, &header);
	Elf_Data *data = scn != NULL ? elf_getdata(scn, NULL) : NULL;
	size_t n, entry = gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT);

	elf_symbols_free(s);
	if (data == NULL || entry == 0)
		return 0;
	n = data->d_size / entry;
	for (size_t i = 1; i < n && i < INT32_MAX; i++)
		if (add_symbol(s, elf, data, (int)i, header.sh_link) == -1) {
			elf_symbols_free(s);
			return 0;
		}
	sort_symbols(s);
	return s->n;
}

const struct elf_symbol *
elf_symbols_find(const struct elf_symbols *s, uint64_t addr)
{
	size_t n = array_count_below(s->v, s->n, sizeof(*s->v), addr);

	for (size_t i = 0; i < NESTED_MAX && n > 0; i++) {
		const struct elf_symbol *f = &s->v[--n];

		if (addr - f->addr < f->size)
			return f;
	}
	return NULL;
}
