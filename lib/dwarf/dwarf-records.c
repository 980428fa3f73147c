#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "base/util.h"
#include "dwarf/dwarf-files.h"
#include "dwarf/dwarf-places.h"
#include "dwarf/dwarf-type-btf.h"
#include "dwarf/dwarf-type.h"

/* To find out which structs are the same, about a second. */
enum { COMPARED_ENTRIES_MAX = 1 << 22 };

/* A named type. */
struct type_name {
	const char *name; /* borrowed */
	uint32_t entry;
	uint16_t tag;
	bool declaration;
};

/* A struct or union that the program's own files declare, or the typedef of
 * one without a name. */
struct own_struct {
	uint64_t size;
	const char *name; /* borrowed */
	uint32_t entry;
};

struct dwarf_records {
	struct dwarf_info info;
	struct dwarf_places places;
	struct type_name *names; /* owned; sorted by name, tag and entry */
	size_t nnames, names_cap;
	struct own_struct *structs; /* owned; sorted by size, each once */
	size_t nstructs, structs_cap;
};

static uint32_t
get_entry(dwarf_type type)
{
	return type - 1;
}

static bool
is_struct_tag(int tag)
{
	return tag == DW_TAG_structure_type || tag == DW_TAG_union_type;
}

static int
add_type_name(
    struct dwarf_records *r, uint32_t entry, const struct dwarf_attributes *a)
{
	if (!array_room(r->names, r->nnames, r->names_cap))
		return report_nomem();
	r->names[r->nnames++] = (struct type_name){ .name = a->name,
		.entry = entry,
		.tag = r->info.entries[entry].tag,
		.declaration = a->declaration };
	return 0;
}

/* Adds the entry if it is a struct of the author's, or a typedef for one
 * without a name. */
static int
index_own_struct(
    struct dwarf_records *r, uint32_t entry, const struct dwarf_attributes *a)
{
	const struct dwarf_entry *e = &r->info.entries[entry];
	struct dwarf_attributes inner;
	uint64_t size;

	/* "task_struct___old" is what the author knows of a kernel's struct. */
	if (!dwarf_file_is_own(&r->info.units[e->unit], a->file) ||
	    strstr(a->name, "___") != NULL)
		return 0;
	if (e->tag == DW_TAG_typedef) {
		if (!is_struct_tag(dwarf_entry_tag(&r->info, a->type)))
			return 0;
		dwarf_attributes_read(&r->info, a->type, &inner);
		if (inner.name != NULL)
			return 0;
	} else if (!is_struct_tag(e->tag)) {
		return 0;
	}
	if ((size = dwarf_entry_size(&r->info, entry)) == 0)
		return 0;
	if (!array_room(r->structs, r->nstructs, r->structs_cap))
		return report_nomem();
	r->structs[r->nstructs++] = (struct own_struct){
		.size = size, .name = a->name, .entry = entry
	};
	return 0;
}

static int
index_type(struct dwarf_records *r, uint32_t entry)
{
	struct dwarf_attributes a;

	switch (r->info.entries[entry].tag) {
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_typedef:
	case DW_TAG_base_type:
		break;
	default:
		return 0;
	}
	dwarf_attributes_read(&r->info, entry, &a);
	if (a.name == NULL)
		return 0;
	if (add_type_name(r, entry, &a) == -1)
		return -1;
	return index_own_struct(r, entry, &a);
}

static int
compare_dwarf_names(const void *l, const void *r)
{
	const struct type_name *a = l, *b = r;
	int order = a->name != b->name ? strcmp(a->name, b->name) : 0;

	if (order != 0)
		return order;
	if (a->tag != b->tag)
		return a->tag < b->tag ? -1 : 1;
	if (a->declaration != b->declaration)
		return a->declaration ? 1 : -1;
	return a->entry < b->entry ? -1 : a->entry > b->entry;
}

static int
compare_structs(const void *l, const void *r)
{
	const struct own_struct *a = l, *b = r;
	int order;

	if (a->size != b->size)
		return a->size < b->size ? -1 : 1;
	order = a->name != b->name ? strcmp(a->name, b->name) : 0;
	if (order != 0)
		return order;
	return a->entry < b->entry ? -1 : a->entry > b->entry;
}

/* Drops structs that are declared like one before them of the same name, which
 * each source file has that includes the same header. */
static void
drop_equal_structs(struct dwarf_records *r)
{
	uint64_t left = COMPARED_ENTRIES_MAX;
	size_t kept = 0, same = 0;

	for (size_t i = 0; i < r->nstructs; i++) {
		const struct own_struct *s = &r->structs[i];
		bool equal = false;

		if (same == kept || r->structs[same].size != s->size ||
		    strcmp(r->structs[same].name, s->name) != 0)
			same = kept;
		for (size_t k = same; k < kept && k < same + DWARF_TYPES_MAX;
		     k++)
			equal =
			    equal || dwarf_entries_equal(&r->info,
					 r->structs[k].entry, s->entry, &left);
		if (!equal)
			r->structs[kept++] = *s;
	}
	r->nstructs = kept;
}

static int
index_dwarf_types(struct dwarf_records *r)
{
	for (uint32_t i = 0; i < r->info.n; i++)
		if (index_type(r, i) == -1)
			return -1;
	if (r->nnames > 0)
		qsort(r->names, r->nnames, sizeof(*r->names),
		    compare_dwarf_names);
	if (r->nstructs > 0)
		qsort(r->structs, r->nstructs, sizeof(*r->structs),
		    compare_structs);
	drop_equal_structs(r);
	return 0;
}

struct dwarf_records *
dwarf_records_open(const struct bpf_elf *elf, enum dwarf_state *state)
{
	struct dwarf_records *r = calloc(1, sizeof(*r));

	if (r == NULL) {
		report_nomem();
		*state = DWARF_NO_MEMORY;
		return NULL;
	}
	if ((*state = dwarf_info_open(&r->info, elf)) == DWARF_READ &&
	    (dwarf_files_read(&r->info) == -1 || index_dwarf_types(r) == -1 ||
		dwarf_places_open(&r->places, &r->info, elf) == -1))
		*state = DWARF_NO_MEMORY;
	if (*state == DWARF_READ)
		return r;
	dwarf_records_close(r);
	return NULL;
}

void
dwarf_records_close(struct dwarf_records *r)
{
	if (r == NULL)
		return;
	dwarf_places_close(&r->places);
	dwarf_info_close(&r->info);
	free(r->names);
	free(r->structs);
	free(r);
}

const char *
dwarf_state_text(enum dwarf_state state)
{
	static const char *const texts[] = {
		[DWARF_READ] = "the object has DWARF",
		[DWARF_NONE] = "the object has no DWARF",
		[DWARF_COMPRESSED] = "the object's DWARF is compressed",
		[DWARF_TOO_LARGE] = "the object's DWARF is too large",
		[DWARF_DAMAGED] = "the object's DWARF cannot be read",
		[DWARF_NO_MEMORY] = "memory ran out",
	};

	return texts[state];
}

size_t
dwarf_records_at(const struct dwarf_records *r, uint32_t section,
    uint64_t offset, enum dwarf_place place, int64_t number, dwarf_type *types)
{
	size_t n = 0;

	if (offset <= UINT32_MAX)
		n = dwarf_places_find(&r->places,
		    DWARF_ADDRESS(section, offset), place, number, types);
	for (size_t i = 0; i < n; i++)
		types[i]++;
	return n;
}

size_t
dwarf_records_of_size(
    const struct dwarf_records *r, uint64_t size, dwarf_type *types)
{
	size_t low, n = 0;

	array_partition(low, r->nstructs, r->structs[low].size < size);
	for (; low + n < r->nstructs && r->structs[low + n].size == size; n++) {
		if (n == DWARF_TYPES_MAX)
			break;
		types[n] = r->structs[low + n].entry + 1;
	}
	return n;
}

/* The tag that the keyword before *name stands for, which is skipped; 0 if
 * there is none. */
static int
skip_keyword(const char **name)
{
	static const struct {
		const char *word;
		int tag;
	} keywords[] = {
		{ "struct ", DW_TAG_structure_type },
		{ "union ", DW_TAG_union_type },
		{ "enum ", DW_TAG_enumeration_type },
	};

	for (size_t i = 0; i < nitems(keywords); i++) {
		size_t len = strlen(keywords[i].word);

		if (strncmp(*name, keywords[i].word, len) != 0)
			continue;
		*name += len;
		*name += strspn(*name, " ");
		return keywords[i].tag;
	}
	return 0;
}

/* The first name with this text and tag. */
static const struct type_name *
find_type_name(const struct dwarf_records *r, const char *name, int tag)
{
	const struct type_name key = { .name = name, .tag = (uint16_t)tag };
	size_t low;

	array_partition(
	    low, r->nnames, compare_dwarf_names(&r->names[low], &key) < 0);
	if (low == r->nnames || r->names[low].tag != tag ||
	    strcmp(r->names[low].name, name) != 0)
		return NULL;
	return &r->names[low];
}

dwarf_type
dwarf_records_find(const struct dwarf_records *r, const char *name)
{
	int tag = skip_keyword(&name);
	const struct type_name *found;

	found = find_type_name(r, name, tag != 0 ? tag : DW_TAG_typedef);
	if (found == NULL && tag == 0)
		found = find_type_name(r, name, DW_TAG_base_type);
	return found != NULL ? found->entry + 1 : DWARF_NO_TYPE;
}

uint64_t
dwarf_type_size(const struct dwarf_records *r, dwarf_type type)
{
	return dwarf_entry_size(&r->info, get_entry(type));
}

void
dwarf_type_name(const struct dwarf_records *r, dwarf_type type, struct buf *out)
{
	dwarf_entry_name(&r->info, get_entry(type), out);
}

bool
dwarf_types_equal(const struct dwarf_records *r, dwarf_type a, dwarf_type b)
{
	uint64_t left = COMPARED_ENTRIES_MAX;

	return dwarf_entries_equal(&r->info, get_entry(a), get_entry(b), &left);
}

int
dwarf_type_add(const struct dwarf_records *r, dwarf_type type, struct btf *btf,
    const char *where)
{
	return dwarf_entry_add(&r->info, get_entry(type), btf, where);
}
