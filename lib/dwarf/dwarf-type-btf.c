#include <dwarf.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/report.h"
#include "base/util.h"
#include "dwarf/dwarf-type-btf.h"
#include "dwarf/dwarf-type.h"
#include "elf/btf.h"
#include "types/types.h"

enum {
	ADDED_MAX = 1024, /* types that are added for one */
	ADDED_MEMBERS_MAX = 1 << 16,
	ADD_DEPTH_MAX = 32,    /* types that hold one another */
	MATCHED_MAX = 1 << 24, /* types and members compared in the BTF */
};

#define KIND_FLAG (1U << 31) /* in struct btf_type, info */

/* The types that were added, or found, for an entry. */
struct btf_addition {
	struct btf_match match;
	struct btf *btf;   /* borrowed: match.btf */
	const char *where; /* borrowed */
	uint32_t root;     /* the entry that is to be added */
	struct {
		uint32_t entry;
		int id;
	} done[ADDED_MAX];
	size_t ndone, nmembers;
	/* The BTF does not state which of its enums are signed, and one of them
	 * may be: no enum that says so may be added, because those that do not
	 * would become unsigned by it. */
	bool hides_signs;
	uint32_t index_type; /* of arrays, or 0 as long as none is known */
};

static int add_type_at(struct btf_addition *b, uint32_t entry, int depth);

/* Reports why the type cannot be added.  Returns -1. */
static int
refuse_type(const struct btf_addition *b, const char *why)
{
	struct buf name = { 0 };

	dwarf_entry_name(b->match.d, b->root, &name);
	if (!name.failed)
		report_error("%s: the type %.*s of the DWARF %s", b->where,
		    (int)name.len, name.data, why);
	buf_free(&name);
	return -1;
}

/* Passes on the result of a function of libbpf, which is negative if memory ran
 * out or an argument was wrong. */
static int
check_added(const struct btf_addition *b, int ret)
{
	return ret < 0 ? refuse_type(b, "cannot be written as BTF") : ret;
}

static int
add_base(struct btf_addition *b, const struct dwarf_attributes *a)
{
	uint64_t size;

	if (a->name == NULL || !dwarf_constant(&a->byte_size, &size) ||
	    size > 16)
		return refuse_type(b, "has a base type that BTF does not know");
	if (a->encoding.number == DW_ATE_float)
		return check_added(
		    b, btf__add_float(b->btf, a->name, (size_t)size));
	return check_added(b, btf__add_int(b->btf, a->name, (size_t)size,
				  btf_match_encoding(a->encoding.number)));
}

/* Finds or adds a type that refers to another: a pointer or a qualifier. */
static int
add_reference(struct btf_addition *b, unsigned int kind, int type)
{
	uint32_t id;

	if (type < 0)
		return -1;
	if ((id = btf_match_find_reference(&b->match, kind, (uint32_t)type)) !=
	    0)
		return (int)id;
	switch (kind) {
	case BTF_KIND_CONST:
		return check_added(b, btf__add_const(b->btf, type));
	case BTF_KIND_VOLATILE:
		return check_added(b, btf__add_volatile(b->btf, type));
	default:
		return check_added(b, btf__add_ptr(b->btf, type));
	}
}

/* Finds or adds the type that the elements of arrays are counted in. */
static int
set_index_type(struct btf_addition *b)
{
	static const char name[] = "__ARRAY_SIZE_TYPE__";
	uint32_t n = btf__type_cnt(b->btf);
	int id;

	for (uint32_t i = 1; i < n && b->index_type == 0; i++) {
		const struct btf_type *t = btf__type_by_id(b->btf, i);

		if (btf_is_array(t))
			b->index_type = btf_array(t)->index_type;
	}
	if (b->index_type != 0)
		return 0;
	id = check_added(b, btf__add_int(b->btf, name, sizeof(uint32_t), 0));
	if (id < 0)
		return -1;
	b->index_type = (uint32_t)id;
	return 0;
}

static int
add_array(struct btf_addition *b, uint32_t entry,
    const struct dwarf_attributes *a, int depth)
{
	struct dwarf_dimensions dims;
	uint32_t found;
	int id;

	if (!dwarf_dimensions_read(b->match.d, entry, &dims) || dims.n == 0)
		return refuse_type(b, "has an array of no known size");
	if ((id = add_type_at(b, a->type, depth + 1)) < 0 ||
	    set_index_type(b) == -1)
		return -1;
	for (unsigned int i = dims.n; i > 0; i--) {
		if (dims.v[i - 1] > TYPES_SIZE_MAX)
			return refuse_type(b, "is too large");
		found = btf_match_find_array(
		    &b->match, (uint32_t)id, (uint32_t)dims.v[i - 1]);
		id = found != 0 ? (int)found
				: check_added(b,
				      btf__add_array(b->btf, (int)b->index_type,
					  id, (uint32_t)dims.v[i - 1]));
		if (id < 0)
			return -1;
	}
	return id;
}

/* A member whose type is in the BTF. */
struct added_member {
	struct dwarf_member m;
	int type;
};

/* Whether the member lies within a struct of that many bytes. */
static bool
fits_in_struct(
    struct btf_addition *b, const struct added_member *f, uint64_t size)
{
	int64_t bytes = btf__resolve_size(b->btf, (uint32_t)f->type);
	uint64_t bits;

	if (bytes < 0 || (uint64_t)bytes > size)
		return false;
	bits = 8 * (uint64_t)bytes;
	if (f->m.bit_size > bits)
		return false;
	if (f->m.bit_size != 0)
		bits = f->m.bit_size;
	return f->m.bit_offset <= 8 * size &&
	       bits <= 8 * size - f->m.bit_offset;
}

/* Adds the types of the members, and sets *n to their number.  Returns the
 * members, to free, or NULL after reporting. */
static struct added_member *
add_member_types(
    struct btf_addition *b, uint32_t entry, uint64_t size, size_t *n, int depth)
{
	const struct dwarf_info *d = b->match.d;
	uint32_t first = dwarf_first_child(d, entry), child;
	struct added_member *v;
	size_t count = 1;

	for (child = first; child != DWARF_NO_ENTRY;
	     child = dwarf_next_child(d, entry, child))
		count += d->entries[child].tag == DW_TAG_member;
	*n = 0;
	if ((b->nmembers += count) > ADDED_MEMBERS_MAX) {
		refuse_type(b, "has too many members");
		return NULL;
	}
	if ((v = calloc(count, sizeof(*v))) == NULL) {
		report_nomem();
		return NULL;
	}
	for (child = first; child != DWARF_NO_ENTRY;
	     child = dwarf_next_child(d, entry, child)) {
		if (d->entries[child].tag != DW_TAG_member)
			continue;
		if (!dwarf_member_read(d, child, &v[*n].m)) {
			refuse_type(b, "has a member at no known place");
			break;
		}
		v[*n].type = add_type_at(b, v[*n].m.type, depth + 1);
		if (v[*n].type < 0)
			break;
		if (!fits_in_struct(b, &v[*n], size)) {
			refuse_type(
			    b, "has a member that does not lie within it");
			break;
		}
		++*n;
	}
	if (child == DWARF_NO_ENTRY)
		return v;
	free(v);
	return NULL;
}

static int
add_struct(struct btf_addition *b, uint32_t entry,
    const struct dwarf_attributes *a, int depth)
{
	bool is_union = b->match.d->entries[entry].tag == DW_TAG_union_type;
	struct added_member *v;
	uint64_t size;
	size_t n;
	int id;

	if (a->declaration || !dwarf_constant(&a->byte_size, &size))
		return refuse_type(b, "is only declared");
	if (size > TYPES_SIZE_MAX)
		return refuse_type(b, "is too large");
	if ((v = add_member_types(b, entry, size, &n, depth)) == NULL)
		return -1;
	id = is_union ? btf__add_union(b->btf, a->name, (uint32_t)size)
		      : btf__add_struct(b->btf, a->name, (uint32_t)size);
	for (size_t i = 0; i < n && id >= 0; i++)
		if (btf__add_field(b->btf, v[i].m.name, v[i].type,
			(uint32_t)v[i].m.bit_offset,
			(uint32_t)v[i].m.bit_size) < 0)
			id = -1;
	free(v);
	return check_added(b, id);
}

/* Adds the constants to the enum that was added last. */
static int
add_enumerators(struct btf_addition *b, uint32_t entry, bool wide)
{
	const struct dwarf_info *d = b->match.d;
	uint32_t child = dwarf_first_child(d, entry);
	struct dwarf_attributes a;
	int ret;

	for (; child != DWARF_NO_ENTRY;
	     child = dwarf_next_child(d, entry, child)) {
		if (d->entries[child].tag != DW_TAG_enumerator)
			continue;
		if (b->nmembers++ >= ADDED_MEMBERS_MAX)
			return refuse_type(b, "has too many members");
		dwarf_attributes_read(d, child, &a);
		if (a.name == NULL)
			return refuse_type(
			    b, "has an enum constant without a name");
		ret = wide ? btf__add_enum64_value(
				 b->btf, a.name, a.constant.number)
			   : btf__add_enum_value(
				 b->btf, a.name, (int64_t)a.constant.number);
		if (check_added(b, ret) < 0)
			return -1;
	}
	return 0;
}

/* Whether one of the constants is negative, or the type that the enum is
 * stored as has a sign. */
static bool
is_signed_enum(const struct dwarf_info *d, uint32_t entry, uint32_t type)
{
	uint32_t base = dwarf_strip_names(d, type);
	uint32_t child = dwarf_first_child(d, entry);
	struct dwarf_attributes a;

	if (base != DWARF_NO_ENTRY) {
		dwarf_attributes_read(d, base, &a);
		return btf_match_encoding(a.encoding.number) == BTF_INT_SIGNED;
	}
	for (; child != DWARF_NO_ENTRY;
	     child = dwarf_next_child(d, entry, child)) {
		dwarf_attributes_read(d, child, &a);
		if (a.constant.kind == DWARF_SIGNED_CONSTANT &&
		    (int64_t)a.constant.number < 0)
			return true;
	}
	return false;
}

static int
add_enum(
    struct btf_addition *b, uint32_t entry, const struct dwarf_attributes *a)
{
	uint64_t size;
	bool wide;
	int id;

	if (!dwarf_constant(&a->byte_size, &size) || size > 8)
		return refuse_type(b, "has an enum of no known size");
	wide = size == 8;
	if (wide && b->hides_signs)
		return check_added(
		    b, btf__add_int(b->btf, "unsigned long", 8, 0));
	if (wide)
		id = btf__add_enum64(b->btf, a->name, (uint32_t)size,
		    is_signed_enum(b->match.d, entry, a->type));
	else
		id = btf__add_enum(b->btf, a->name, (uint32_t)size);
	if (check_added(b, id) < 0 || add_enumerators(b, entry, wide) == -1)
		return -1;
	if (b->hides_signs)
		((struct btf_type *)btf__type_by_id(b->btf, (uint32_t)id))
		    ->info &= ~KIND_FLAG;
	return id;
}

static int
add_typedef(struct btf_addition *b, const struct dwarf_attributes *a, int depth)
{
	int type = add_type_at(b, a->type, depth + 1);

	if (type < 0)
		return -1;
	return check_added(b, btf__add_typedef(b->btf, a->name, type));
}

/* Adds the type that the entry is; what it holds is added before it. */
static int
add_entry_type(struct btf_addition *b, uint32_t entry, int depth)
{
	struct dwarf_attributes a;

	dwarf_attributes_read(b->match.d, entry, &a);
	switch (b->match.d->entries[entry].tag) {
	case DW_TAG_base_type:
		return add_base(b, &a);
	case DW_TAG_pointer_type:
		return add_reference(b, BTF_KIND_PTR, 0);
	case DW_TAG_array_type:
		return add_array(b, entry, &a, depth);
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
		return add_struct(b, entry, &a, depth);
	case DW_TAG_enumeration_type:
		return add_enum(b, entry, &a);
	case DW_TAG_typedef:
		return add_typedef(b, &a, depth);
	case DW_TAG_const_type:
		return add_reference(
		    b, BTF_KIND_CONST, add_type_at(b, a.type, depth + 1));
	case DW_TAG_volatile_type:
		return add_reference(
		    b, BTF_KIND_VOLATILE, add_type_at(b, a.type, depth + 1));
	case DW_TAG_restrict_type:
	case DW_TAG_atomic_type:
		return add_type_at(b, a.type, depth + 1);
	default:
		return refuse_type(b, "holds what BTF has no type for");
	}
}

/* Finds the type in the BTF, or adds it.  Returns its id, or -1 after
 * reporting. */
static int
add_type_at(struct btf_addition *b, uint32_t entry, int depth)
{
	int id;

	if (entry == DWARF_NO_ENTRY)
		return refuse_type(b, "holds a member without a type");
	for (size_t i = 0; i < b->ndone; i++)
		if (b->done[i].entry == entry)
			return b->done[i].id;
	if (depth == ADD_DEPTH_MAX)
		return refuse_type(b, "holds itself, or too many others");
	id = (int)btf_match_find(&b->match, entry);
	if (id == 0 && (id = add_entry_type(b, entry, depth)) < 0)
		return -1;
	if (b->ndone == ADDED_MAX)
		return refuse_type(b, "holds too many others");
	b->done[b->ndone].entry = entry;
	b->done[b->ndone++].id = id;
	return id;
}

/* Whether the BTF has an enum that may be signed, and no enum with the flag
 * that states it. */
static bool
hides_enum_signs(const struct btf *btf)
{
	uint32_t n = btf__type_cnt(btf);

	if (btf_tells_enum_signs(btf))
		return false;
	for (uint32_t id = 1; id < n; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);

		for (unsigned int i = 0; btf_is_enum(t) && i < btf_vlen(t); i++)
			if (btf_enum(t)[i].val < 0)
				return true;
	}
	return false;
}

int
dwarf_entry_add(const struct dwarf_info *d, uint32_t entry, struct btf *btf,
    const char *where)
{
	struct btf_addition *b = calloc(1, sizeof(*b));
	int id;

	if (b == NULL)
		return report_nomem();
	b->match =
	    (struct btf_match){ .d = d, .btf = btf, .budget = MATCHED_MAX };
	b->btf = btf;
	b->where = where;
	b->root = entry;
	b->hides_signs = hides_enum_signs(btf);
	id = add_type_at(b, entry, 0);
	free(b);
	return id;
}
