#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "base/util.h"
#include "elf/btf.h"
#include "elf/elf-section.h"
#include "infer/btf-records.h"

enum { CHAIN_MAX = 64 }; /* types that refer to one another in a row */

static const char *
get_type_name(const struct btf *btf, uint32_t id)
{
	return btf_name(btf, btf__type_by_id(btf, id)->name_off);
}

static int
compare_type_names(const void *a, const void *b, void *btf)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int order = strcmp(get_type_name(btf, x), get_type_name(btf, y));

	return order != 0 ? order : x < y ? -1 : x > y;
}

/* Sorts the variables and functions by their names. */
static int
index_names(struct btf_records *r)
{
	const struct btf_type *t;

	r->names = calloc(btf__type_cnt(r->btf), sizeof(*r->names));
	if (r->names == NULL)
		return report_nomem();
	for (uint32_t id = 1; id < btf__type_cnt(r->btf); id++) {
		t = btf__type_by_id(r->btf, id);
		if (btf_is_var(t) || btf_is_func(t))
			r->names[r->nnames++] = id;
	}
	if (r->nnames != 0)
		qsort_r(r->names, r->nnames, sizeof(*r->names),
		    compare_type_names, (void *)(uintptr_t)r->btf);
	return 0;
}

/* The variable or function of that name, or 0 if there is none or several. */
static uint32_t
find_declaration(const struct btf_records *r, const char *name)
{
	size_t low;

	array_partition(low, r->nnames,
	    strcmp(get_type_name(r->btf, r->names[low]), name) < 0);
	if (low == r->nnames ||
	    strcmp(get_type_name(r->btf, r->names[low]), name) != 0)
		return 0;
	if (low + 1 < r->nnames &&
	    strcmp(get_type_name(r->btf, r->names[low + 1]), name) == 0)
		return 0;
	return r->names[low];
}

static int
compare_record_places(const void *a, const void *b)
{
	const struct btf_record_place *x = a, *y = b;

	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Sorts the variables by their places, which their symbols give. */
static int
index_places(struct btf_records *r)
{
	Elf_Data *data = NULL;
	Elf_Scn *symbols;
	const char *name;
	GElf_Shdr sh;
	GElf_Sym sym;

	symbols = elf_section_find_type(r->elf->elf, SHT_SYMTAB, &sh);
	if (symbols != NULL)
		data = elf_getdata(symbols, NULL);
	for (int i = 0; data != NULL && gelf_getsym(data, i, &sym) != NULL;
	     i++) {
		if (GELF_ST_TYPE(sym.st_info) != STT_OBJECT)
			continue;
		name = elf_strptr(r->elf->elf, sh.sh_link, sym.st_name);
		if (name == NULL)
			continue;
		if (!array_room(r->places, r->nplaces, r->places_cap))
			return report_nomem();
		r->places[r->nplaces++] =
		    (struct btf_record_place){ .section = sym.st_shndx,
			    .offset = sym.st_value,
			    .name = name };
	}
	if (r->nplaces != 0)
		qsort(r->places, r->nplaces, sizeof(*r->places),
		    compare_record_places);
	return 0;
}

/* The id without qualifiers and, if typedefs is true, without typedefs. */
static uint32_t
skip_names(const struct btf *btf, uint32_t id, bool typedefs)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	for (int i = 0; i < CHAIN_MAX && t != NULL; i++) {
		if (!(btf_is_mod(t) && !btf_is_typedef(t)) &&
		    !(btf_is_typedef(t) && typedefs))
			break;
		id = t->type;
		t = btf__type_by_id(btf, id);
	}
	return id;
}

/* The types that were met and have not been looked into yet. */
struct own_types {
	struct btf_records *r; /* borrowed */
	bool *met;             /* owned: by id */
	uint32_t *waiting;     /* owned */
	size_t n, cap;
};

static int
meet_type(struct own_types *o, uint32_t id)
{
	id = skip_names(o->r->btf, id, false);
	if (id == 0 || o->met[id])
		return 0;
	if (!array_room(o->waiting, o->n, o->cap))
		return report_nomem();
	o->met[id] = true;
	o->waiting[o->n++] = id;
	return 0;
}

/* The structs of libbpf's usdt.bpf.h, the only header of it with maps. */
static bool
is_of_libbpf(const struct btf *btf, const struct btf_type *t)
{
	static const char prefix[] = "__bpf_usdt_";

	return strncmp(btf_name(btf, t->name_off), prefix, strlen(prefix)) == 0;
}

static int
add_own_struct(struct own_types *o, uint32_t id, uint32_t named)
{
	const struct btf_type *t = btf__type_by_id(o->r->btf, id);
	struct btf_records *r = o->r;

	if ((t->name_off == 0 && named == id) || is_of_libbpf(r->btf, t))
		return 0;
	if (!array_room(r->structs, r->nstructs, r->structs_cap))
		return report_nomem();
	r->structs[r->nstructs++] = (struct btf_record_struct){ .size = t->size,
		.id = t->name_off != 0 ? id : named };
	return 0;
}

/* Queues the types of which the type consists. */
static int
look_into_type(struct own_types *o, uint32_t named)
{
	const struct btf *btf = o->r->btf;
	uint32_t id = skip_names(btf, named, true);
	const struct btf_type *t = btf__type_by_id(btf, id);

	if (t != NULL && btf_is_array(t))
		return meet_type(o, btf_array(t)->type);
	if (t == NULL || !btf_is_composite(t))
		return 0;
	if (id != named && t->name_off != 0)
		return meet_type(o, id);
	if (add_own_struct(o, id, named) == -1)
		return -1;
	for (unsigned int i = 0; i < btf_vlen(t); i++)
		if (meet_type(o, btf_members(t)[i].type) == -1)
			return -1;
	return 0;
}

/* The type that the type of a variable points to, through arrays; or itself. */
static uint32_t
skip_pointer(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t;
	uint32_t at = id;

	for (int i = 0; i < CHAIN_MAX; i++) {
		at = skip_names(btf, at, true);
		t = btf__type_by_id(btf, at);
		if (t == NULL || !btf_is_array(t))
			break;
		at = btf_array(t)->type;
	}
	return t != NULL && btf_is_ptr(t) ? t->type : id;
}

/* The type of the member of a map's definition, which is a pointer to it. */
static uint32_t
find_definition(const struct btf *btf, uint32_t map, const char *member)
{
	const struct btf_type *t =
	    btf__type_by_id(btf, skip_names(btf, map, true));

	if (t == NULL || !btf_is_struct(t))
		return 0;
	for (unsigned int i = 0; i < btf_vlen(t); i++) {
		const struct btf_member *m = &btf_members(t)[i];
		const struct btf_type *p = btf__type_by_id(btf, m->type);

		if (strcmp(btf_name(btf, m->name_off), member) == 0)
			return btf_is_ptr(p) ? p->type : 0;
	}
	return 0;
}

static int
meet_variable(struct own_types *o, uint32_t variable, bool is_map)
{
	const struct btf *btf = o->r->btf;
	const struct btf_type *t = btf__type_by_id(btf, variable);

	if (!btf_is_var(t) || btf_var(t)->linkage == BTF_VAR_GLOBAL_EXTERN)
		return 0;
	if (is_map)
		return meet_type(o, find_definition(btf, t->type, "value"));
	return meet_type(o, skip_pointer(btf, t->type));
}

/* Meets the types of all variables, section by section. */
static int
meet_variables(struct own_types *o)
{
	const struct btf *btf = o->r->btf;
	const struct btf_type *t;
	bool is_map;

	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		t = btf__type_by_id(btf, id);
		if (!btf_is_datasec(t))
			continue;
		is_map = strcmp(get_type_name(btf, id), ".maps") == 0;
		for (unsigned int i = 0; i < btf_vlen(t); i++)
			if (meet_variable(
				o, btf_var_secinfos(t)[i].type, is_map) == -1)
				return -1;
	}
	return 0;
}

static int
compare_own_structs(const void *a, const void *b)
{
	const struct btf_record_struct *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static int
index_structs(struct btf_records *r)
{
	struct own_types o = { .r = r };
	int ret;

	o.met = calloc(btf__type_cnt(r->btf), sizeof(*o.met));
	if (o.met == NULL)
		return report_nomem();
	ret = meet_variables(&o);
	while (ret == 0 && o.n != 0)
		ret = look_into_type(&o, o.waiting[--o.n]);
	if (r->nstructs != 0)
		qsort(r->structs, r->nstructs, sizeof(*r->structs),
		    compare_own_structs);
	free(o.met);
	free(o.waiting);
	return ret;
}

int
btf_records_open(struct btf_records *r, const struct bpf_elf *elf)
{
	*r = (struct btf_records){ .elf = elf, .btf = elf->btf };
	if (index_names(r) == 0 && index_places(r) == 0 &&
	    index_structs(r) == 0)
		return 0;
	btf_records_close(r);
	return -1;
}

void
btf_records_close(struct btf_records *r)
{
	free(r->names);
	free(r->places);
	free(r->structs);
	*r = (struct btf_records){ 0 };
}

uint32_t
btf_records_variable(
    const struct btf_records *r, uint32_t section, uint64_t offset)
{
	const struct btf_record_place key = {
		.section = section, .offset = offset, .name = ""
	};
	size_t low;
	uint32_t id;

	array_partition(
	    low, r->nplaces, compare_record_places(&r->places[low], &key) < 0);
	if (low == r->nplaces || r->places[low].section != section ||
	    r->places[low].offset != offset)
		return 0;
	id = find_declaration(r, r->places[low].name);
	return id != 0 && btf_is_var(btf__type_by_id(r->btf, id))
		   ? btf__type_by_id(r->btf, id)->type
		   : 0;
}

uint32_t
btf_records_map_value(const struct btf_records *r, const char *map)
{
	uint32_t id = find_declaration(r, map);

	if (id == 0 || !btf_is_var(btf__type_by_id(r->btf, id)))
		return 0;
	return find_definition(
	    r->btf, btf__type_by_id(r->btf, id)->type, "value");
}

uint32_t
btf_records_parameter(
    const struct btf_records *r, const char *function, uint32_t number)
{
	uint32_t id = find_declaration(r, function);
	const struct btf_type *t = id != 0 ? btf__type_by_id(r->btf, id) : NULL;

	if (t == NULL || !btf_is_func(t))
		return 0;
	t = btf__type_by_id(r->btf, t->type);
	if (!btf_is_func_proto(t) || number == 0 || number > btf_vlen(t))
		return 0;
	id = skip_names(r->btf, btf_params(t)[number - 1].type, true);
	t = btf__type_by_id(r->btf, id);
	return t != NULL && btf_is_ptr(t) ? t->type : 0;
}

/* Whether the keyword, or none, can name a type of this kind. */
static bool
has_keyword(const struct btf_type *t, const char *keyword)
{
	switch (btf_kind(t)) {
	case BTF_KIND_STRUCT:
		return strcmp(keyword, "struct ") == 0;
	case BTF_KIND_UNION:
		return strcmp(keyword, "union ") == 0;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return strcmp(keyword, "enum ") == 0;
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_INT:
	case BTF_KIND_FLOAT:
		return keyword[0] == '\0';
	default:
		return false;
	}
}

/* The type with this keyword and this name. */
static uint32_t
find_type(const struct btf *btf, const char *keyword, const char *name)
{
	const struct btf_type *t;

	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		t = btf__type_by_id(btf, id);
		if (has_keyword(t, keyword) &&
		    strcmp(btf_name(btf, t->name_off), name) == 0)
			return id;
	}
	return 0;
}

uint32_t
btf_records_find(const struct btf *btf, const char *name)
{
	static const char *const keywords[] = { "struct ", "union ", "enum " };
	const char *keyword = "";
	uint32_t id;

	for (size_t i = 0; i < nitems(keywords); i++)
		if (strncmp(name, keywords[i], strlen(keywords[i])) == 0)
			keyword = keywords[i];
	id = find_type(btf, keyword, name + strlen(keyword));
	return id == 0 && keyword[0] == '\0' ? find_type(btf, "struct ", name)
					     : id;
}

size_t
btf_records_of_size(const struct btf_records *r, uint64_t size, uint32_t *ids)
{
	size_t low, n = 0;

	array_partition(low, r->nstructs, r->structs[low].size < size);
	for (; low < r->nstructs && r->structs[low].size == size; low++) {
		if (n < BTF_RECORDS_MAX)
			ids[n] = r->structs[low].id;
		n++;
	}
	return n;
}
