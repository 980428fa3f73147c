#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/report.h"
#include "elf/elf-section.h"
#include "elf/globals.h"
#include "types/value.h"

enum {
	INITIAL_MAX =
	    4096, /* bytes of an initial value; longer ones are not shown */
	CHAIN_MAX = 64, /* typedefs and qualifiers in a row */
};

/* Reads the names of all symbols.  The first of a name in a section counts. */
static int
read_symbols(struct globals *g)
{
	GElf_Shdr h;
	Elf_Scn *table = elf_section_find_type(g->elf->elf, SHT_SYMTAB, &h);
	Elf_Data *data = table != NULL ? elf_getdata(table, NULL) : NULL;
	size_t n = data != NULL ? data->d_size / sizeof(Elf64_Sym) : 0;
	const char *name;
	GElf_Sym *sym;

	if ((g->symbol = calloc(n + 1, sizeof(*g->symbol))) == NULL)
		return report_nomem();
	for (size_t i = 0; i < n; i++) {
		sym = &g->symbol[i];
		if (gelf_getsym(data, (int)i, sym) == NULL)
			break;
		name = elf_strptr(g->elf->elf, h.sh_link, sym->st_name);
		if (name != NULL && name_table_add(&g->symbols, sym->st_shndx,
					name, (uint32_t)i) == -1)
			return -1;
	}
	return 0;
}

int
globals_open(struct globals *g, const struct bpf_elf *elf, struct types *types)
{
	*g = (struct globals){ .elf = elf, .types = types };
	if (elf_section_names(&g->sections, elf->elf) == -1 ||
	    read_symbols(g) == -1 ||
	    btf_variables_open(&g->variables, elf->btf) == -1)
		return -1;
	return elf->btf != NULL ? btf_import_open(&g->import, elf->btf, types)
				: 0;
}

void
globals_close(struct globals *g)
{
	btf_import_close(&g->import);
	btf_variables_close(&g->variables);
	name_table_free(&g->sections);
	name_table_free(&g->symbols);
	free(g->symbol);
	*g = (struct globals){ 0 };
}

void
globals_enter(struct globals *g, const char *section)
{
	uint32_t i = name_table_find(&g->sections, 0, section);

	g->section = i != NAME_NONE ? elf_getscn(g->elf->elf, i) : NULL;
	g->datasec = btf_variables_section(&g->variables, section);
}

/* The BTF id of the variable's type, or 0 if the section has no such variable.
 */
static uint32_t
find_variable_id(const struct globals *g, const char *variable)
{
	const struct btf_var_secinfo *at =
	    btf_variables_find(&g->variables, g->datasec, variable);

	return at != NULL ? btf__type_by_id(g->elf->btf, at->type)->type : 0;
}

/* Whether a variable of this BTF type can be set from text. */
static bool
can_be_set(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t;

	for (int hops = 0; hops < CHAIN_MAX; hops++) {
		if ((t = btf__type_by_id(btf, id)) == NULL)
			return false;
		if (btf_is_array(t))
			id = btf_array(t)->type;
		else if (btf_is_mod(t) || btf_is_typedef(t) ||
			 btf_is_type_tag(t))
			id = t->type;
		else
			return btf_is_int(t) || btf_is_any_enum(t) ||
			       btf_is_float(t);
	}
	return false;
}

enum globals_found
globals_type(struct globals *g, const char *variable, uint32_t *type)
{
	uint32_t id = find_variable_id(g, variable);

	if (id == 0)
		return GLOBALS_UNKNOWN;
	if (!can_be_set(g->elf->btf, id))
		return GLOBALS_OTHER;
	*type = btf_import(&g->import, id, variable);
	return *type != TYPE_NONE ? GLOBALS_VALUE : GLOBALS_OTHER;
}

/* Finds the offset of the variable in its section by its symbol.  Returns false
 * if there is no such symbol. */
static bool
find_variable_offset(
    const struct globals *g, const char *variable, uint64_t *offset)
{
	uint32_t i;

	if (g->section == NULL)
		return false;
	i = name_table_find(
	    &g->symbols, (uint32_t)elf_ndxscn(g->section), variable);
	if (i == NAME_NONE)
		return false;
	*offset = g->symbol[i].st_value;
	return true;
}

json_t *
globals_initial(const struct globals *g, const char *variable, uint32_t type)
{
	static const unsigned char zeros[INITIAL_MAX];
	uint64_t size = g->types->v[type].size, offset;
	const unsigned char *bytes = zeros;
	Elf_Data *data;

	if (size > INITIAL_MAX || !find_variable_offset(g, variable, &offset))
		return NULL;
	if ((data = elf_getdata(g->section, NULL)) == NULL ||
	    offset > data->d_size || size > data->d_size - offset)
		return NULL;
	/* libelf returns no bytes for .bss, which is full of zeros. */
	if (data->d_buf != NULL)
		bytes = (unsigned char *)data->d_buf + offset;
	return value_from_bytes(g->types, type, bytes, (size_t)size);
}
