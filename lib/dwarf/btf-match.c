#include <dwarf.h>
#include <string.h>

#include "dwarf/btf-match.h"
#include "dwarf/dwarf-type.h"

enum { MATCH_DEPTH_MAX = 16 };

static bool match_type(
    struct btf_match *m, uint32_t entry, uint32_t id, int depth);

static bool
take_budget(struct btf_match *m, uint64_t n)
{
	if (n > m->budget) {
		m->budget = 0;
		return false;
	}
	m->budget -= n;
	return true;
}

int
btf_match_encoding(uint64_t encoding)
{
	switch (encoding) {
	case DW_ATE_boolean:
		return BTF_INT_BOOL;
	case DW_ATE_signed:
	case DW_ATE_signed_char:
		return BTF_INT_SIGNED;
	default:
		return 0;
	}
}

/* Whether the name, which may be NULL, is that at the offset. */
static bool
match_name(const struct btf_match *m, const char *name, uint32_t offset)
{
	const char *other = btf__name_by_offset(m->btf, offset);

	return strcmp(name != NULL ? name : "", other != NULL ? other : "") ==
	       0;
}

static uint32_t
strip_btf_qualifiers(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	for (int i = 0; i < DWARF_CHAIN_MAX && t != NULL && btf_is_mod(t); i++)
		t = btf__type_by_id(btf, id = t->type);
	return id;
}

static bool
match_base(const struct dwarf_attributes *a, const struct btf_type *t)
{
	if (a->encoding.number == DW_ATE_float)
		return btf_is_float(t);
	return btf_is_int(t) && btf_int_offset(t) == 0 &&
	       btf_int_bits(t) == t->size * 8 &&
	       btf_int_encoding(t) == btf_match_encoding(a->encoding.number);
}

static bool
match_array(struct btf_match *m, uint32_t entry, uint32_t id, int depth)
{
	const struct btf_type *t;
	struct dwarf_dimensions dims;
	struct dwarf_attributes a;

	if (!dwarf_dimensions_read(m->d, entry, &dims) || dims.n == 0)
		return false;
	for (unsigned int i = 0; i < dims.n; i++) {
		t = btf__type_by_id(m->btf, id);
		if (!btf_is_array(t) || btf_array(t)->nelems != dims.v[i])
			return false;
		id = btf_array(t)->type;
	}
	dwarf_attributes_read(m->d, entry, &a);
	return match_type(m, a.type, id, depth + 1);
}

static bool
match_members(
    struct btf_match *m, uint32_t entry, const struct btf_type *t, int depth)
{
	uint32_t child = dwarf_first_child(m->d, entry);
	struct dwarf_member field;
	unsigned int n = 0;

	for (; child != DWARF_NO_ENTRY;
	     child = dwarf_next_child(m->d, entry, child)) {
		if (!take_budget(m, 1))
			return false;
		if (m->d->entries[child].tag != DW_TAG_member)
			continue;
		if (n == btf_vlen(t) ||
		    !dwarf_member_read(m->d, child, &field) ||
		    !match_name(m, field.name, btf_members(t)[n].name_off) ||
		    field.bit_offset != btf_member_bit_offset(t, n) ||
		    field.bit_size != btf_member_bitfield_size(t, n) ||
		    !match_type(
			m, field.type, btf_members(t)[n].type, depth + 1))
			return false;
		n++;
	}
	return n == btf_vlen(t);
}

static bool
match_enumerators(struct btf_match *m, uint32_t entry, const struct btf_type *t)
{
	uint32_t child = dwarf_first_child(m->d, entry);
	struct dwarf_attributes a;
	unsigned int n = 0;
	uint32_t name;
	bool equal;

	for (; child != DWARF_NO_ENTRY;
	     child = dwarf_next_child(m->d, entry, child)) {
		if (!take_budget(m, 1))
			return false;
		if (m->d->entries[child].tag != DW_TAG_enumerator)
			continue;
		if (n == btf_vlen(t))
			return false;
		dwarf_attributes_read(m->d, child, &a);
		if (btf_is_enum64(t)) {
			name = btf_enum64(t)[n].name_off;
			equal = btf_enum64_value(&btf_enum64(t)[n]) ==
				a.constant.number;
		} else {
			name = btf_enum(t)[n].name_off;
			equal = (uint32_t)btf_enum(t)[n].val ==
				(uint32_t)a.constant.number;
		}
		if (!equal || !match_name(m, a.name, name))
			return false;
		n++;
	}
	return n == btf_vlen(t);
}

/* Whether the size of the entry is that of t, a type which has one. */
static bool
match_size(const struct dwarf_attributes *a, const struct btf_type *t)
{
	uint64_t size;

	return dwarf_constant(&a->byte_size, &size) && size == t->size;
}

/* Whether the entry and t, without qualifiers, are of the same kind, name and
 * size, and have the same members. */
static bool
match_bare_type(struct btf_match *m, uint32_t entry, uint32_t id, int depth)
{
	const struct btf_type *t = btf__type_by_id(m->btf, id);
	struct dwarf_attributes a;

	dwarf_attributes_read(m->d, entry, &a);
	switch (m->d->entries[entry].tag) {
	case DW_TAG_pointer_type:
		return btf_is_ptr(t);
	case DW_TAG_array_type:
		return match_array(m, entry, id, depth);
	case DW_TAG_base_type:
		return match_base(&a, t) && match_size(&a, t) &&
		       match_name(m, a.name, t->name_off);
	case DW_TAG_structure_type:
		return btf_is_struct(t) && match_size(&a, t) &&
		       match_name(m, a.name, t->name_off) &&
		       match_members(m, entry, t, depth);
	case DW_TAG_union_type:
		return btf_is_union(t) && match_size(&a, t) &&
		       match_name(m, a.name, t->name_off) &&
		       match_members(m, entry, t, depth);
	case DW_TAG_enumeration_type:
		return btf_is_any_enum(t) && match_size(&a, t) &&
		       match_name(m, a.name, t->name_off) &&
		       match_enumerators(m, entry, t);
	case DW_TAG_typedef:
		return btf_is_typedef(t) &&
		       match_name(m, a.name, t->name_off) &&
		       match_type(m, a.type, t->type, depth + 1);
	default:
		return false;
	}
}

static bool
match_type(struct btf_match *m, uint32_t entry, uint32_t id, int depth)
{
	entry = dwarf_strip_qualifiers(m->d, entry);
	id = strip_btf_qualifiers(m->btf, id);
	if (entry == DWARF_NO_ENTRY || id == 0 || depth == MATCH_DEPTH_MAX ||
	    !take_budget(m, 1))
		return false;
	return match_bare_type(m, entry, id, depth);
}

uint32_t
btf_match_find(struct btf_match *m, uint32_t entry)
{
	uint32_t n = btf__type_cnt(m->btf);
	const struct btf_type *t;
	struct dwarf_attributes a;

	dwarf_attributes_read(m->d, entry, &a);
	if (a.name == NULL || !take_budget(m, n))
		return 0;
	for (uint32_t id = 1; id < n; id++) {
		t = btf__type_by_id(m->btf, id);
		if (t->name_off != 0 && !btf_is_mod(t) &&
		    match_name(m, a.name, t->name_off) &&
		    match_bare_type(m, entry, id, 0))
			return id;
	}
	return 0;
}

uint32_t
btf_match_find_reference(struct btf_match *m, unsigned int kind, uint32_t type)
{
	uint32_t n = btf__type_cnt(m->btf);
	const struct btf_type *t;

	if (!take_budget(m, n))
		return 0;
	for (uint32_t id = 1; id < n; id++) {
		t = btf__type_by_id(m->btf, id);
		if (btf_kind(t) == kind && t->type == type)
			return id;
	}
	return 0;
}

uint32_t
btf_match_find_array(struct btf_match *m, uint32_t type, uint32_t nelems)
{
	uint32_t n = btf__type_cnt(m->btf);
	const struct btf_type *t;

	if (!take_budget(m, n))
		return 0;
	for (uint32_t id = 1; id < n; id++) {
		t = btf__type_by_id(m->btf, id);
		if (btf_is_array(t) && btf_array(t)->type == type &&
		    btf_array(t)->nelems == nelems)
			return id;
	}
	return 0;
}
