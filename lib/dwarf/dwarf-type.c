#include <dwarf.h>
#include <inttypes.h>
#include <string.h>

#include "dwarf/dwarf-type.h"

enum {
	POINTER_BYTES = 8,
	COMPARED_MAX = 1 << 14, /* entries that are compared for two types */
	NESTED_MAX = 16,        /* types that hold one another */
};

int
dwarf_entry_tag(const struct dwarf_info *d, uint32_t entry)
{
	return entry < d->n ? d->entries[entry].tag : 0;
}

static bool
is_qualifier(int tag)
{
	return tag == DW_TAG_const_type || tag == DW_TAG_volatile_type ||
	       tag == DW_TAG_restrict_type || tag == DW_TAG_atomic_type;
}

/* Follows qualifiers, and typedefs too if names is set.  The end of a longer
 * chain than there may be is void. */
static uint32_t
strip_chain(const struct dwarf_info *d, uint32_t entry, bool names)
{
	struct dwarf_attributes a;
	int tag;

	for (int i = 0; i < DWARF_CHAIN_MAX; i++) {
		tag = dwarf_entry_tag(d, entry);
		if (!is_qualifier(tag) && !(names && tag == DW_TAG_typedef))
			return entry;
		dwarf_attributes_read(d, entry, &a);
		entry = a.type;
	}
	return DWARF_NO_ENTRY;
}

uint32_t
dwarf_strip_qualifiers(const struct dwarf_info *d, uint32_t entry)
{
	return strip_chain(d, entry, false);
}

uint32_t
dwarf_strip_names(const struct dwarf_info *d, uint32_t entry)
{
	return strip_chain(d, entry, true);
}

uint32_t
dwarf_first_child(const struct dwarf_info *d, uint32_t entry)
{
	return entry + 1 < d->entries[entry].next ? entry + 1 : DWARF_NO_ENTRY;
}

uint32_t
dwarf_next_child(const struct dwarf_info *d, uint32_t parent, uint32_t child)
{
	uint32_t next = d->entries[child].next;

	return next < d->entries[parent].next ? next : DWARF_NO_ENTRY;
}

bool
dwarf_constant(const struct dwarf_value *v, uint64_t *number)
{
	struct dwarf_cursor c;

	*number = v->number;
	switch (v->kind) {
	case DWARF_CONSTANT:
	case DWARF_SIGNED_CONSTANT:
		return true;
	case DWARF_BLOCK:
		c = dwarf_cursor_at(&v->block, 0);
		if (dwarf_number(&c, 1) != DW_OP_plus_uconst)
			return false;
		*number = dwarf_uleb(&c);
		return !c.failed && c.p == c.end;
	default:
		return false;
	}
}

/* Sets the place of the member within its struct, in bits. */
static bool
set_bit_place(const struct dwarf_info *d, const struct dwarf_attributes *a,
    struct dwarf_member *m)
{
	uint64_t bytes, size, from_left;

	if (!dwarf_constant(&a->bit_size, &m->bit_size))
		m->bit_size = 0;
	if (dwarf_constant(&a->data_bit_offset, &m->bit_offset))
		return m->bit_offset <= UINT32_MAX && m->bit_size <= 64;
	if (!dwarf_constant(&a->member_offset, &bytes))
		bytes = 0;
	if (bytes > UINT32_MAX / 8 || m->bit_size > 64)
		return false;
	m->bit_offset = 8 * bytes;
	if (m->bit_size == 0 || !dwarf_constant(&a->bit_offset, &from_left))
		return true;
	/* Until version 3, counted from the most significant bit. */
	if (!dwarf_constant(&a->byte_size, &size))
		size = dwarf_entry_size(d, m->type);
	if (size > 8 || from_left > 8 * size ||
	    m->bit_size > 8 * size - from_left)
		return false;
	m->bit_offset += 8 * size - from_left - m->bit_size;
	return true;
}

bool
dwarf_member_read(
    const struct dwarf_info *d, uint32_t entry, struct dwarf_member *m)
{
	struct dwarf_attributes a;

	if (d->entries[entry].tag != DW_TAG_member)
		return false;
	dwarf_attributes_read(d, entry, &a);
	*m = (struct dwarf_member){ .name = a.name, .type = a.type };
	return set_bit_place(d, &a, m);
}

bool
dwarf_dimensions_read(
    const struct dwarf_info *d, uint32_t entry, struct dwarf_dimensions *dims)
{
	uint32_t child = dwarf_first_child(d, entry);
	struct dwarf_attributes a;
	unsigned int children = 0;
	uint64_t number;

	dims->n = 0;
	for (; child != DWARF_NO_ENTRY;
	     child = dwarf_next_child(d, entry, child)) {
		if (children++ == DWARF_CHAIN_MAX)
			return false;
		if (d->entries[child].tag != DW_TAG_subrange_type)
			continue;
		dwarf_attributes_read(d, child, &a);
		if (!dwarf_constant(&a.count, &number)) {
			/* GCC gives an array without elements no bound, or
			 * -1. */
			if (!dwarf_constant(&a.upper_bound, &number))
				number = UINT64_MAX;
			number++;
		}
		dims->v[dims->n++] = number;
	}
	return true;
}

/* The size of an array of elements of this size. */
static uint64_t
get_array_size(const struct dwarf_info *d, uint32_t entry, uint64_t size)
{
	struct dwarf_dimensions dims;

	if (!dwarf_dimensions_read(d, entry, &dims) || dims.n == 0)
		return 0;
	for (unsigned int i = 0; i < dims.n; i++)
		if (__builtin_mul_overflow(size, dims.v[i], &size))
			return 0;
	return size;
}

uint64_t
dwarf_entry_size(const struct dwarf_info *d, uint32_t entry)
{
	uint32_t arrays[DWARF_CHAIN_MAX];
	struct dwarf_attributes a;
	unsigned int narrays = 0;
	uint64_t size = 0;
	int tag;

	for (int i = 0; i < DWARF_CHAIN_MAX && entry != DWARF_NO_ENTRY; i++) {
		dwarf_attributes_read(d, entry, &a);
		tag = d->entries[entry].tag;
		if (a.declaration)
			return 0;
		if (dwarf_constant(&a.byte_size, &size) && size > 0)
			break;
		if (tag == DW_TAG_pointer_type) {
			size = POINTER_BYTES;
			break;
		}
		if (tag == DW_TAG_array_type)
			arrays[narrays++] = entry;
		else if (tag != DW_TAG_typedef && !is_qualifier(tag))
			break;
		entry = a.type;
	}
	while (narrays > 0)
		size = get_array_size(d, arrays[--narrays], size);
	return size;
}

/* Two types that are being compared, and how much may still be. */
struct comparison {
	const struct dwarf_info *d; /* borrowed */
	uint64_t budget;
};

static bool compare_types(
    struct comparison *c, uint32_t a, uint32_t b, int depth);

static bool
equal_names(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
equal_values(const struct dwarf_value *a, const struct dwarf_value *b)
{
	return (a->kind == DWARF_ABSENT) == (b->kind == DWARF_ABSENT) &&
	       a->number == b->number;
}

/* Compares two children: members, constants or dimensions. */
static bool
compare_children(struct comparison *c, uint32_t a, uint32_t b, int depth)
{
	struct dwarf_attributes l, r;
	struct dwarf_member m, n;

	if (c->budget == 0 || c->d->entries[a].tag != c->d->entries[b].tag)
		return false;
	c->budget--;
	if (c->d->entries[a].tag == DW_TAG_member)
		return dwarf_member_read(c->d, a, &m) &&
		       dwarf_member_read(c->d, b, &n) &&
		       equal_names(m.name, n.name) &&
		       m.bit_offset == n.bit_offset &&
		       m.bit_size == n.bit_size &&
		       compare_types(c, m.type, n.type, depth + 1);
	dwarf_attributes_read(c->d, a, &l);
	dwarf_attributes_read(c->d, b, &r);
	return equal_names(l.name, r.name) &&
	       equal_values(&l.constant, &r.constant) &&
	       equal_values(&l.count, &r.count) &&
	       equal_values(&l.upper_bound, &r.upper_bound);
}

static bool
is_compared_child(int tag)
{
	return tag == DW_TAG_member || tag == DW_TAG_enumerator ||
	       tag == DW_TAG_subrange_type;
}

/* The next child from entry on that is a part of the type. */
static uint32_t
skip_to_compared(struct comparison *c, uint32_t parent, uint32_t child)
{
	while (child != DWARF_NO_ENTRY && c->budget > 0 &&
	       !is_compared_child(c->d->entries[child].tag)) {
		c->budget--;
		child = dwarf_next_child(c->d, parent, child);
	}
	return child;
}

static bool
compare_all_children(struct comparison *c, uint32_t a, uint32_t b, int depth)
{
	uint32_t i = skip_to_compared(c, a, dwarf_first_child(c->d, a));
	uint32_t k = skip_to_compared(c, b, dwarf_first_child(c->d, b));

	while (i != DWARF_NO_ENTRY && k != DWARF_NO_ENTRY) {
		if (!compare_children(c, i, k, depth))
			return false;
		i = skip_to_compared(c, a, dwarf_next_child(c->d, a, i));
		k = skip_to_compared(c, b, dwarf_next_child(c->d, b, k));
	}
	return i == k && c->budget > 0;
}

static bool
compare_types(struct comparison *c, uint32_t a, uint32_t b, int depth)
{
	struct dwarf_attributes l, r;
	int tag;

	a = dwarf_strip_qualifiers(c->d, a);
	b = dwarf_strip_qualifiers(c->d, b);
	if (a == b)
		return true;
	tag = dwarf_entry_tag(c->d, a);
	if (tag != dwarf_entry_tag(c->d, b) || tag == 0 ||
	    depth == NESTED_MAX || c->budget == 0)
		return false;
	c->budget--;
	if (tag == DW_TAG_pointer_type)
		return true;
	dwarf_attributes_read(c->d, a, &l);
	dwarf_attributes_read(c->d, b, &r);
	if (!equal_names(l.name, r.name) ||
	    !equal_values(&l.byte_size, &r.byte_size) ||
	    !equal_values(&l.encoding, &r.encoding) ||
	    l.declaration != r.declaration)
		return false;
	if ((tag == DW_TAG_typedef || tag == DW_TAG_array_type) &&
	    !compare_types(c, l.type, r.type, depth + 1))
		return false;
	return compare_all_children(c, a, b, depth);
}

bool
dwarf_entries_equal(
    const struct dwarf_info *d, uint32_t a, uint32_t b, uint64_t *left)
{
	uint64_t most = *left < COMPARED_MAX ? *left : COMPARED_MAX;
	struct comparison c = { .d = d, .budget = most };
	bool equal = compare_types(&c, a, b, 0);

	*left -= most - c.budget;
	return equal;
}

/* The keyword before the name of a type with this tag. */
static const char *
get_keyword(int tag)
{
	switch (tag) {
	case DW_TAG_structure_type:
		return "struct ";
	case DW_TAG_union_type:
		return "union ";
	case DW_TAG_enumeration_type:
		return "enum ";
	default:
		return "";
	}
}

static void
add_dimensions(const struct dwarf_info *d, uint32_t array, struct buf *out)
{
	struct dwarf_dimensions dims;

	if (!dwarf_dimensions_read(d, array, &dims))
		dims.n = 0;
	for (unsigned int i = 0; i < dims.n; i++)
		buf_printf(out, "[%" PRIu64 "]", dims.v[i]);
}

void
dwarf_entry_name(const struct dwarf_info *d, uint32_t entry, struct buf *out)
{
	uint32_t arrays[DWARF_CHAIN_MAX];
	struct dwarf_attributes a;
	unsigned int narrays = 0;
	const char *suffix = "";
	int tag;

	entry = dwarf_strip_qualifiers(d, entry);
	if (dwarf_entry_tag(d, entry) == DW_TAG_pointer_type) {
		dwarf_attributes_read(d, entry, &a);
		entry = dwarf_strip_qualifiers(d, a.type);
		suffix = " *";
	}
	while ((tag = dwarf_entry_tag(d, entry)) == DW_TAG_array_type &&
	       narrays < DWARF_CHAIN_MAX) {
		arrays[narrays++] = entry;
		dwarf_attributes_read(d, entry, &a);
		entry = dwarf_strip_qualifiers(d, a.type);
	}
	if (entry != DWARF_NO_ENTRY)
		dwarf_attributes_read(d, entry, &a);
	buf_str(out, get_keyword(tag));
	if (entry != DWARF_NO_ENTRY && a.name != NULL)
		buf_str(out, a.name);
	else
		buf_str(out, get_keyword(tag)[0] != '\0' ? "{...}" : "void");
	buf_str(out, suffix);
	for (unsigned int i = 0; i < narrays; i++)
		add_dimensions(d, arrays[i], out);
}
