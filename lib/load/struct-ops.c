#include <bpf/btf.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
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

/* The structs of a section, in the order of their places. */
struct ops_structs {
	const struct btf *btf;     /* borrowed */
	struct btf_var_secinfo *v; /* owned */
	size_t n;
};

static int
compare_places(const void *a, const void *b)
{
	const struct btf_var_secinfo *x = a, *y = b;

	return (x->offset > y->offset) - (x->offset < y->offset);
}

/* Returns 0, or -1 after reporting that memory ran out. */
static int
read_structs(
    struct ops_structs *structs, const struct btf *btf, const char *section)
{
	const struct btf_type *t;
	int id = btf != NULL ? find_ops_datasec(btf, section) : -1;

	*structs = (struct ops_structs){ .btf = btf };
	if (id < 0)
		return 0;
	t = btf__type_by_id(btf, (uint32_t)id);
	structs->v = calloc(btf_vlen(t) + 1U, sizeof(*structs->v));
	if (structs->v == NULL)
		return report_nomem();
	structs->n = btf_vlen(t);
	memcpy(
	    structs->v, btf_var_secinfos(t), structs->n * sizeof(*structs->v));
	qsort(structs->v, structs->n, sizeof(*structs->v), compare_places);
	return 0;
}

/* The name of the struct at this offset of the section, or NULL. */
static const char *
find_struct(const struct ops_structs *structs, uint64_t offset)
{
	const struct btf_var_secinfo *v;
	const struct btf_type *var;
	size_t at;

	array_partition(at, structs->n, structs->v[at].offset <= offset);
	if (at == 0)
		return NULL;
	v = &structs->v[at - 1];
	var = btf__type_by_id(structs->btf, v->type);
	return var != NULL && offset - v->offset < v->size
		   ? btf_name(structs->btf, var->name_off)
		   : NULL;
}

/* Adds the programs whose addresses the relocations want in the structs.
 * Returns 0, or -1 after reporting. */
static int
read_relocations(struct object_names *n, Elf *elf, Elf_Scn *relocations,
    const struct ops_structs *structs)
{
	Elf_Data *data, *table;
	GElf_Shdr head, symbol_head;
	const char *program, *name;
	Elf_Scn *symbols;
	uint32_t map;
	GElf_Rel r;
	GElf_Sym s;

	if (relocations == NULL || gelf_getshdr(relocations, &head) == NULL)
		return 0;
	symbols = elf_getscn(elf, head.sh_link);
	if (symbols == NULL || gelf_getshdr(symbols, &symbol_head) == NULL)
		return 0;
	data = elf_getdata(relocations, NULL);
	table = elf_getdata(symbols, NULL);
	for (int i = 0; data != NULL && table != NULL; i++) {
		if (gelf_getrel(data, i, &r) == NULL ||
		    gelf_getsym(table, (int)GELF_R_SYM(r.r_info), &s) == NULL)
			break;
		program = elf_strptr(elf, symbol_head.sh_link, s.st_name);
		name = find_struct(structs, r.r_offset);
		map = name != NULL ? name_table_find(&n->maps, 0, name)
				   : NAME_NONE;
		if (program != NULL && map != NAME_NONE &&
		    name_table_add(&n->ops, 0, program, map) == -1)
			return -1;
	}
	return 0;
}

int
struct_ops_read(struct object_names *n, Elf *elf, struct bpf_object *bpf)
{
	const struct btf *btf = bpf_object__btf(bpf);
	struct ops_structs structs;
	int ret = 0;

	for (size_t i = 0; i < nitems(ops_sections) && ret == 0; i++) {
		Elf_Scn *relocations = elf_section_find(
		    elf, ops_sections[i].relocations, SHT_NULL);

		if (relocations == NULL)
			continue;
		if (read_structs(&structs, btf, ops_sections[i].name) == -1)
			return -1;
		ret = read_relocations(n, elf, relocations, &structs);
		free(structs.v);
	}
	return ret;
}

struct bpf_map *
struct_ops_find_map(const struct object_names *n, const char *program)
{
	uint32_t i = name_table_find(&n->ops, 0, program);

	return i != NAME_NONE ? n->map[i] : NULL;
}

bool
struct_ops_is_left_out(const struct object_names *n, const char *program)
{
	return name_table_find(&n->left_out, 0, program) != NAME_NONE;
}

/* Adds the names of the structs to two tables: those that have a program which
 * is loaded, and those that have one which is not. */
static int
note_structs(struct object_names *n, struct bpf_object *bpf,
    struct name_table *used, struct name_table *partial)
{
	struct bpf_program *p;
	struct bpf_map *map;
	const char *name;
	int ret = 0;

	bpf_object__for_each_program (p, bpf) {
		name = bpf_program__name(p);
		if (bpf_program__type(p) != BPF_PROG_TYPE_STRUCT_OPS ||
		    (map = struct_ops_find_map(n, name)) == NULL)
			continue;
		if (bpf_program__autoload(p))
			ret = name_table_add(used, 0, bpf_map__name(map), 0);
		else if ((ret = name_table_add(&n->left_out, 0, name, 0)) == 0)
			ret = name_table_add(partial, 0, bpf_map__name(map), 0);
		if (ret == -1)
			break;
	}
	return ret;
}

int
struct_ops_leave_out(struct object_names *n, struct bpf_object *bpf)
{
	struct name_table used = { 0 }, partial = { 0 };
	int ret = note_structs(n, bpf, &used, &partial);
	struct bpf_map *map;

	bpf_object__for_each_map (map, bpf) {
		const char *name = bpf_map__name(map);
		bool unused;

		if (ret == -1 || bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS)
			continue;
		unused = name_table_find(&used, 0, name) == NAME_NONE;
		if (unused)
			bpf_map__set_type(map, BPF_MAP_TYPE_ARRAY);
		if (unused || name_table_find(&partial, 0, name) != NAME_NONE)
			bpf_map__set_autocreate(map, false);
	}
	name_table_free(&used);
	name_table_free(&partial);
	return ret;
}
