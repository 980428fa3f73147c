#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/report.h"
#include "elf/btf.h"

/*
 * libbpf checks only that the record of each type lies within the BTF.  Not all
 * BTF has been through object-check, so every id and name is looked up anew
 * here, and a chain of references may be a circle.
 */

enum { CHAIN_MAX = TYPES_DEPTH_MAX, BPF_POINTER_SIZE = 8 };

const char *
btf_name(const struct btf *btf, uint32_t offset)
{
	const char *name = btf__name_by_offset(btf, offset);

	return name != NULL ? name : "";
}

/* Follows qualifiers, type tags and variables from the type *id, and changes
 * *id to the type that they qualify.  Returns NULL if there is none, or a
 * circle. */
static const struct btf_type *
skip_qualifiers(const struct btf *btf, uint32_t *id)
{
	const struct btf_type *t;

	for (int hops = 0; hops < CHAIN_MAX; hops++) {
		t = btf__type_by_id(btf, *id);
		if (t == NULL)
			return NULL;
		switch (btf_kind(t)) {
		case BTF_KIND_CONST:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_RESTRICT:
		case BTF_KIND_TYPE_TAG:
		case BTF_KIND_VAR:
			*id = t->type;
			continue;
		default:
			return t;
		}
	}
	return NULL;
}

bool
btf_tells_enum_signs(const struct btf *btf)
{
	uint32_t n = btf__type_cnt(btf);

	for (uint32_t id = 1; id < n; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);

		if (btf_is_enum64(t) || (btf_is_enum(t) && btf_kflag(t)))
			return true;
	}
	return false;
}

int
btf_import_open(
    struct btf_import *in, const struct btf *btf, struct types *types)
{
	*in = (struct btf_import){ .btf = btf, .types = types };
	in->tells_signs = btf_tells_enum_signs(btf);
	in->nindex = btf__type_cnt(btf);
	in->index = calloc(in->nindex, sizeof(*in->index));
	return in->index == NULL ? report_nomem() : 0;
}

void
btf_import_close(struct btf_import *in)
{
	free(in->index);
	*in = (struct btf_import){ 0 };
}

/* A BTF type and the type that is made from it. */
struct btf_node {
	const struct btf_import *in; /* borrowed, as t */
	const struct btf_type *t;
	struct type type; /* owned until types_add() */
};

/* The index of a type that has been imported. */
static uint32_t
find_imported(const struct btf_import *in, uint32_t id)
{
	skip_qualifiers(in->btf, &id);
	return in->index[id] - 1;
}

static void
set_int(struct btf_node *n)
{
	int encoding = btf_int_encoding(n->t);

	n->type.size = n->t->size;
	n->type.is_signed = (encoding & BTF_INT_SIGNED) != 0;
	if ((encoding & BTF_INT_BOOL) != 0)
		n->type.kind = TYPE_BOOL;
	else if (n->t->size == 1 && strcmp(n->type.name, "char") == 0)
		n->type.kind = TYPE_CHAR;
	else
		n->type.kind = TYPE_INT;
}

/* If the compiler does not tell, a negative constant makes an enum signed, as
 * in the reference loader. */
static bool
enum_is_signed(const struct btf_import *in, const struct btf_type *t)
{
	const struct btf_enum *e = btf_enum(t);

	if (in->tells_signs || btf_kflag(t))
		return btf_kflag(t);
	for (size_t i = 0; btf_is_enum(t) && i < btf_vlen(t); i++)
		if (e[i].val < 0)
			return true;
	return false;
}

static uint64_t
enum_value(const struct btf_type *t, size_t i, bool is_signed)
{
	if (btf_is_enum64(t))
		return btf_enum64_value(&btf_enum64(t)[i]);
	if (is_signed)
		return (uint64_t)(int64_t)btf_enum(t)[i].val;
	return (uint32_t)btf_enum(t)[i].val;
}

static int
set_enum(struct btf_node *n)
{
	struct type *type = &n->type;
	size_t count = btf_vlen(n->t);

	type->kind = TYPE_ENUM;
	type->size = n->t->size;
	type->is_signed = enum_is_signed(n->in, n->t);
	if (count == 0)
		return 0;
	type->constants = calloc(count, sizeof(*type->constants));
	if (type->constants == NULL)
		return report_nomem();
	for (size_t i = 0; i < count; i++) {
		uint32_t name = btf_is_enum64(n->t)
				    ? btf_enum64(n->t)[i].name_off
				    : btf_enum(n->t)[i].name_off;
		char *copy = strdup(btf_name(n->in->btf, name));

		if (copy == NULL)
			return report_nomem();
		type->constants[type->nconstants++] =
		    (struct type_constant){ copy,
			    enum_value(n->t, i, type->is_signed) };
	}
	return 0;
}

/*
 * The width of a member in bits if it is a bitfield, or else 0.  If the struct
 * does not have the flag for bitfields, the integer type itself gives the width
 * and may shift the value by *shift bits.
 */
static uint32_t
get_bit_width(const struct btf_node *n, uint32_t i, uint32_t *shift)
{
	uint32_t id = btf_members(n->t)[i].type;
	const struct btf_type *of = skip_qualifiers(n->in->btf, &id);

	*shift = 0;
	if (btf_kflag(n->t))
		return btf_member_bitfield_size(n->t, i);
	for (int hops = 0; of != NULL && btf_is_typedef(of) && hops < CHAIN_MAX;
	     hops++) {
		id = of->type;
		of = skip_qualifiers(n->in->btf, &id);
	}
	if (of == NULL)
		return 0;
	if (btf_is_int(of) &&
	    (btf_int_offset(of) != 0 || btf_int_bits(of) != of->size * 8)) {
		*shift = btf_int_offset(of);
		return btf_int_bits(of);
	}
	if (btf_member_bit_offset(n->t, i) % 8 == 0)
		return 0;
	/* types_add() refuses all other types that start within a byte. */
	return btf_is_int(of) || btf_is_any_enum(of) ? of->size * 8 : 1;
}

static int
set_members(struct btf_node *n)
{
	struct type *type = &n->type;
	const struct btf_member *members = btf_members(n->t);
	size_t count = btf_vlen(n->t);
	uint32_t shift;
	uint64_t bit;

	type->kind = btf_is_union(n->t) ? TYPE_UNION : TYPE_STRUCT;
	type->size = n->t->size;
	if (count == 0)
		return 0;
	type->members = calloc(count, sizeof(*type->members));
	if (type->members == NULL)
		return report_nomem();
	for (uint32_t i = 0; i < count; i++) {
		struct type_member *m = &type->members[i];

		m->name = strdup(btf_name(n->in->btf, members[i].name_off));
		if (m->name == NULL)
			return report_nomem();
		type->nmembers++;
		m->type = find_imported(n->in, members[i].type);
		m->bits = get_bit_width(n, i, &shift);
		bit = (uint64_t)btf_member_bit_offset(n->t, i) + shift;
		m->offset = bit / 8;
		m->bit_offset = m->bits != 0 ? (uint32_t)(bit % 8) : 0;
	}
	return 0;
}

/* Fills in n->type.  Returns 0, or -1 after reporting that memory ran out. */
static int
set_type(struct btf_node *n)
{
	const struct types *types = n->in->types;
	const struct btf_type *t = n->t;
	struct type *type = &n->type;

	type->name = strdup(btf_name(n->in->btf, t->name_off));
	if (type->name == NULL)
		return report_nomem();
	switch (btf_kind(t)) {
	case BTF_KIND_INT:
		set_int(n);
		return 0;
	case BTF_KIND_FLOAT:
		type->kind = TYPE_FLOAT;
		type->size = t->size;
		return 0;
	case BTF_KIND_PTR:
		type->kind = TYPE_POINTER;
		type->size = btf__pointer_size(n->in->btf);
		if (type->size == 0)
			type->size = BPF_POINTER_SIZE;
		return 0;
	case BTF_KIND_ARRAY:
		type->kind = TYPE_ARRAY;
		type->of = find_imported(n->in, btf_array(t)->type);
		type->count = btf_array(t)->nelems;
		/* At most 2^32 * 2^24 bytes: no overflow. */
		type->size = type->count * types->v[type->of].size;
		return 0;
	case BTF_KIND_TYPEDEF:
		type->kind = TYPE_TYPEDEF;
		type->of = find_imported(n->in, t->type);
		type->size = types->v[type->of].size;
		return 0;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return set_enum(n);
	default:
		return set_members(n);
	}
}

/* Adds t to the table; the types that it holds have been imported. */
static uint32_t
add_btf_type(struct btf_import *in, const struct btf_type *t, const char *where)
{
	struct btf_node n = { .in = in, .t = t };

	if (set_type(&n) == 0)
		return types_add(in->types, &n.type, where);
	types_free_type(&n.type);
	return TYPE_NONE;
}

/* Why there are no values of type t; NULL if there are. */
static const char *
why_no_values(const struct btf_type *t)
{
	switch (btf_kind(t)) {
	case BTF_KIND_UNKN:
		return "void has no value";
	case BTF_KIND_FWD:
		return "it is declared, but not defined";
	case BTF_KIND_INT:
	case BTF_KIND_PTR:
	case BTF_KIND_ARRAY:
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPEDEF:
		return NULL;
	default:
		return "a value cannot have this type";
	}
}

/* The number of BTF types of which t consists: those of its members, of its
 * elements, or the one that a typedef names. */
static size_t
count_parts(const struct btf_type *t)
{
	if (btf_is_composite(t))
		return btf_vlen(t);
	return btf_is_array(t) || btf_is_typedef(t);
}

/* The BTF id of the k-th of them. */
static uint32_t
get_part_id(const struct btf_type *t, size_t k)
{
	if (btf_is_composite(t))
		return btf_members(t)[k].type;
	return btf_is_array(t) ? btf_array(t)->type : t->type;
}

/* Imports the types of which the type consists, then the type. */
static uint32_t
import_at_depth(
    struct btf_import *in, uint32_t id, const char *where, unsigned int depth)
{
	const struct btf_type *t = skip_qualifiers(in->btf, &id);
	const char *why;

	if (t == NULL || id >= in->nindex) {
		report_error("%s: there is no BTF type %" PRIu32, where, id);
		return TYPE_NONE;
	}
	if (in->index[id] != 0)
		return in->index[id] - 1;
	why = depth > TYPES_DEPTH_MAX ? "nested too deeply" : why_no_values(t);
	if (why != NULL) {
		report_error("%s: BTF type %" PRIu32 " \"%s\": %s", where, id,
		    btf_name(in->btf, t->name_off), why);
		return TYPE_NONE;
	}
	for (size_t k = 0; k < count_parts(t); k++)
		if (import_at_depth(in, get_part_id(t, k), where, depth + 1) ==
		    TYPE_NONE)
			return TYPE_NONE;
	in->index[id] = add_btf_type(in, t, where) + 1;
	return in->index[id] - 1;
}

uint32_t
btf_import(struct btf_import *in, uint32_t id, const char *where)
{
	return import_at_depth(in, id, where, 0);
}

const struct btf_var_secinfo *
btf_find_variable(
    const struct btf *btf, const struct btf_type *section, const char *name)
{
	const struct btf_var_secinfo *at = btf_var_secinfos(section);
	const struct btf_var_secinfo *found = NULL;

	for (size_t i = 0; i < btf_vlen(section); i++, at++) {
		const struct btf_type *t = btf__type_by_id(btf, at->type);

		if (t == NULL || !btf_is_var(t) ||
		    strcmp(btf_name(btf, t->name_off), name) != 0)
			continue;
		if (btf_var(t)->linkage != BTF_VAR_STATIC)
			return at;
		if (found == NULL)
			found = at;
	}
	return found;
}
