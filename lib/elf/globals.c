#include <gelf.h>
#include <stdbool.h>
#include <string.h>

#include "elf/elf-section.h"
#include "elf/globals.h"
#include "types/value.h"

enum {
	INITIAL_MAX =
	    4096, /* bytes of an initial value; longer ones are not shown */
	CHAIN_MAX = 64, /* typedefs and qualifiers in a row */
};

int
globals_open(struct globals *g, const struct bpf_elf *elf, struct types *types)
{
	GElf_Shdr h;

	*g = (struct globals){ .elf = elf, .types = types };
	g->symbols = elf_section_find_type(elf->elf, SHT_SYMTAB, &h);
	return elf->btf != NULL ? btf_import_open(&g->import, elf->btf, types)
				: 0;
}

void
globals_close(struct globals *g)
{
	btf_import_close(&g->import);
	*g = (struct globals){ 0 };
}

void
globals_enter(struct globals *g, const char *section)
{
	int id = -1;

	g->section = elf_section_find(g->elf->elf, section, SHT_NULL);
	if (g->elf->btf != NULL)
		id = btf__find_by_name_kind(
		    g->elf->btf, section, BTF_KIND_DATASEC);
	g->datasec = id > 0 ? btf__type_by_id(g->elf->btf, (uint32_t)id) : NULL;
}

/* The BTF id of the variable's type, or 0 if the section has no such variable.
 */
static uint32_t
find_variable_id(const struct globals *g, const char *variable)
{
	const struct btf_var_secinfo *at = NULL;

	if (g->datasec != NULL)
		at = btf_find_variable(g->elf->btf, g->datasec, variable);
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
	Elf_Data *data;
	const char *name;
	GElf_Shdr h;
	GElf_Sym sym;

	if (g->symbols == NULL || g->section == NULL ||
	    gelf_getshdr(g->symbols, &h) == NULL ||
	    (data = elf_getdata(g->symbols, NULL)) == NULL)
		return false;
	for (int i = 0; gelf_getsym(data, i, &sym) != NULL; i++) {
		if (sym.st_shndx != elf_ndxscn(g->section))
			continue;
		name = elf_strptr(g->elf->elf, h.sh_link, sym.st_name);
		if (name == NULL || strcmp(name, variable) != 0)
			continue;
		*offset = sym.st_value;
		return true;
	}
	return false;
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
