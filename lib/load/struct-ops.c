#include <bpf/btf.h>
#include <gelf.h>
#include <stdbool.h>
#include <string.h>

#include "base/util.h"
#include "elf/btf.h"
#include "elf/elf-section.h"
#include "elf/section-rename.h"
#include "load/struct-ops.h"

/* The sections of structs, and of their relocations. */
static const struct ops_section {
	const char *name, *relocations;
} ops_sections[] = {
	{ OPS_SECTION, ".rel" OPS_SECTION },
	{ OPS_LINK_SECTION, ".rel" OPS_LINK_SECTION },
};

/* The id in libbpf's BTF of a section of structs, which may have been renamed
 * (elf/section-rename.h); or a negative number. */
static int
find_ops_datasec(const struct btf *btf, const char *name)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_DATASEC);

	return id >= 0
		   ? id
		   : btf__find_by_name_kind(btf, OPS_SECTION, BTF_KIND_DATASEC);
}

/* The map of the struct variable at this offset of the section, or NULL. */
static struct bpf_map *
find_map_at(struct bpf_object *bpf, const char *name, uint64_t offset)
{
	const struct btf *btf = bpf_object__btf(bpf);
	const struct btf_var_secinfo *v;
	const struct btf_type *section;
	int id = -1;

	if (btf != NULL)
		id = find_ops_datasec(btf, name);
	if (id < 0)
		return NULL;
	section = btf__type_by_id(btf, (uint32_t)id);
	v = btf_var_secinfos(section);
	for (unsigned int i = 0; i < btf_vlen(section); i++) {
		const struct btf_type *var = btf__type_by_id(btf, v[i].type);

		if (var != NULL && offset >= v[i].offset &&
		    offset - v[i].offset < v[i].size)
			return bpf_object__find_map_by_name(
			    bpf, btf_name(btf, var->name_off));
	}
	return NULL;
}

/* Finds the offset in the section where its relocations want the address of the
 * program.  Returns false if there is none. */
static bool
find_relocation(
    Elf *elf, const char *section, const char *program, uint64_t *offset)
{
	Elf_Scn *relocations = elf_section_find(elf, section, SHT_NULL),
		*symbols;
	Elf_Data *data, *table;
	GElf_Shdr head, symbol_head;

	if (relocations == NULL || gelf_getshdr(relocations, &head) == NULL)
		return false;
	symbols = elf_getscn(elf, head.sh_link);
	if (symbols == NULL || gelf_getshdr(symbols, &symbol_head) == NULL)
		return false;
	data = elf_getdata(relocations, NULL);
	table = elf_getdata(symbols, NULL);
	for (int i = 0; data != NULL && table != NULL; i++) {
		const char *name;
		GElf_Rel r;
		GElf_Sym s;

		if (gelf_getrel(data, i, &r) == NULL ||
		    gelf_getsym(table, (int)GELF_R_SYM(r.r_info), &s) == NULL)
			return false;
		name = elf_strptr(elf, symbol_head.sh_link, s.st_name);
		if (name != NULL && strcmp(name, program) == 0) {
			*offset = r.r_offset;
			return true;
		}
	}
	return false;
}

struct bpf_map *
struct_ops_find_map(
    const struct package *package, struct bpf_object *bpf, const char *program)
{
	uint64_t offset;

	for (size_t i = 0; i < nitems(ops_sections); i++)
		if (find_relocation(package->object.elf,
			ops_sections[i].relocations, program, &offset))
			return find_map_at(bpf, ops_sections[i].name, offset);
	return NULL;
}

/* Whether a program of the struct is to be loaded. */
static bool
has_loaded_program(const struct package *package, struct bpf_object *bpf,
    const struct bpf_map *map)
{
	struct bpf_program *p;

	bpf_object__for_each_program (p, bpf)
		if (bpf_program__type(p) == BPF_PROG_TYPE_STRUCT_OPS &&
		    bpf_program__autoload(p) &&
		    struct_ops_find_map(package, bpf, bpf_program__name(p)) ==
			map)
			return true;
	return false;
}

void
struct_ops_drop_unused(const struct package *package, struct bpf_object *bpf)
{
	struct bpf_map *map;

	bpf_object__for_each_map (map, bpf) {
		if (bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS ||
		    has_loaded_program(package, bpf, map))
			continue;
		bpf_map__set_type(map, BPF_MAP_TYPE_ARRAY);
		bpf_map__set_autocreate(map, false);
	}
}
