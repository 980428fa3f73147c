#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "elf/elf-section.h"
#include "elf/globals.h"
#include "elf/libbpf-log.h"
#include "elf/object-check.h"
#include "types/value.h"

enum {
	INITIAL_MAX = 4096, /* bytes of an initial value that is shown */
	CHAIN_MAX = 64,     /* typedefs of typedefs */
};

static Elf_Scn *
find_symbols(Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr h;

	while ((section = elf_nextscn(elf, section)) != NULL)
		if (gelf_getshdr(section, &h) != NULL &&
		    h.sh_type == SHT_SYMTAB)
			return section;
	return NULL;
}

/* What libbpf dislikes about it is forgotten: no BTF is no fault here, the
 * types' names in the package do as well. */
static struct btf *
read_btf(Elf *elf)
{
	Elf_Scn *section = elf_section_find(elf, BTF_ELF_SEC, SHT_NULL);
	Elf_Data *data = section != NULL ? elf_getdata(section, NULL) : NULL;
	struct btf *btf;

	if (data == NULL || data->d_buf == NULL || data->d_size > UINT32_MAX)
		return NULL;
	btf = btf__new(data->d_buf, (uint32_t)data->d_size);
	libbpf_log_clear();
	return btf;
}

int
globals_open(struct globals *g, unsigned char *elf, size_t size,
    struct types *types, const char *name)
{
	bool has_btf;

	*g = (struct globals){ .types = types };
	if (gate_check(elf, size, name, &has_btf) == -1)
		return -1;
	elf_version(EV_CURRENT);
	if ((g->elf = elf_memory((char *)elf, size)) == NULL) {
		report_error("%s: %s", name, elf_errmsg(-1));
		return -1;
	}
	g->symbols = find_symbols(g->elf);
	if (has_btf)
		g->btf = read_btf(g->elf);
	if (g->btf == NULL || btf_import_open(&g->import, g->btf, types) == 0)
		return 0;
	globals_close(g);
	return -1;
}

void
globals_close(struct globals *g)
{
	if (g->btf != NULL)
		btf_import_close(&g->import);
	btf__free(g->btf);
	elf_end(g->elf);
	*g = (struct globals){ 0 };
}

void
globals_enter(struct globals *g, const char *section)
{
	int id = -1;

	g->section = elf_section_find(g->elf, section, SHT_NULL);
	if (g->btf != NULL)
		id = btf__find_by_name_kind(g->btf, section, BTF_KIND_DATASEC);
	g->datasec = id > 0 ? btf__type_by_id(g->btf, (uint32_t)id) : NULL;
}

/* The type id of the section's variable, or 0. */
static uint32_t
variable_type(const struct globals *g, const char *variable)
{
	const struct btf_var_secinfo *at = NULL;

	if (g->datasec != NULL)
		at = btf_variable(g->btf, g->datasec, variable);
	return at != NULL ? btf__type_by_id(g->btf, at->type)->type : 0;
}

/* Whether text can set a variable of the BTF type. */
static bool
is_value(const struct btf *btf, uint32_t id)
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
	uint32_t id = variable_type(g, variable);

	if (id == 0)
		return GLOBALS_UNKNOWN;
	if (!is_value(g->btf, id))
		return GLOBALS_OTHER;
	*type = btf_import(&g->import, id, variable);
	return *type != TYPE_NONE ? GLOBALS_VALUE : GLOBALS_OTHER;
}

/* Where in the section the variable is; false if no symbol says so. */
static bool
find_offset(const struct globals *g, const char *variable, uint64_t *offset)
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
		name = elf_strptr(g->elf, h.sh_link, sym.st_name);
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

	if (size > INITIAL_MAX || !find_offset(g, variable, &offset))
		return NULL;
	if ((data = elf_getdata(g->section, NULL)) == NULL ||
	    offset > data->d_size || size > data->d_size - offset)
		return NULL;
	/* .bss has a size and no bytes. */
	if (data->d_buf != NULL)
		bytes = (unsigned char *)data->d_buf + offset;
	return value_from_bytes(g->types, type, bytes, (size_t)size);
}
