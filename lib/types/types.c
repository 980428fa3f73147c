#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "base/text.h"
#include "base/utf8.h"
#include "types/types.h"

void
types_free_type(struct type *type)
{
	for (size_t i = 0; i < type->nmembers; i++) {
		free(type->members[i].name);
		free(type->members[i].help);
		kind_free(&type->members[i].as);
	}
	for (size_t i = 0; i < type->nconstants; i++)
		free(type->constants[i].name);
	free(type->members);
	free(type->constants);
	free(type->by_name);
	free(type->by_value);
	free(type->name);
	*type = (struct type){ 0 };
}

void
types_free(struct types *t)
{
	for (size_t i = 0; i < t->n; i++)
		types_free_type(&t->v[i]);
	free(t->v);
	name_table_free(&t->c_nodes);
	*t = (struct types){ 0 };
}

const char *
types_kind_name(enum type_kind kind)
{
	static const char *const names[] = {
		[TYPE_INT] = "int",
		[TYPE_BOOL] = "bool",
		[TYPE_CHAR] = "char",
		[TYPE_FLOAT] = "float",
		[TYPE_POINTER] = "pointer",
		[TYPE_ENUM] = "enum",
		[TYPE_ARRAY] = "array",
		[TYPE_STRUCT] = "struct",
		[TYPE_UNION] = "union",
		[TYPE_TYPEDEF] = "typedef",
	};

	return names[kind];
}

const struct type *
types_get(const struct types *t, uint32_t i)
{
	while (t->v[i].kind == TYPE_TYPEDEF)
		i = t->v[i].of;
	return &t->v[i];
}

bool
types_is_text(const struct types *t, uint32_t i)
{
	const struct type *type = types_get(t, i);

	return type->kind == TYPE_ARRAY &&
	       types_get(t, type->of)->kind == TYPE_CHAR;
}

/* The member that begins last; of several there, the last one.  NULL if the
 * struct has no members. */
static const struct type_member *
find_last_member(const struct type *type)
{
	const struct type_member *last = NULL;

	for (size_t i = 0; i < type->nmembers; i++)
		if (last == NULL || type->members[i].offset >= last->offset)
			last = &type->members[i];
	return last;
}

bool
types_find_last_array(
    const struct types *t, uint32_t type, uint32_t *array, uint64_t *offset)
{
	const struct type *at = types_get(t, type);
	const struct type_member *last;

	*offset = 0;
	/* Types nest at most TYPES_DEPTH_MAX deep. */
	while (
	    at->kind == TYPE_STRUCT && (last = find_last_member(at)) != NULL) {
		*offset += last->offset;
		type = last->type;
		at = types_get(t, type);
	}
	*array = type;
	return at->kind == TYPE_ARRAY && types_get(t, at->of)->size > 0;
}

const struct type_constant *
types_find_constant(const struct type *type, uint64_t value)
{
	size_t at;

	array_partition(
	    at, type->nconstants, type->by_value[at]->value < value);
	return at < type->nconstants && type->by_value[at]->value == value
		   ? type->by_value[at]
		   : NULL;
}

/* Compares a name with one of len bytes. */
static int
compare_name(const char *name, const char *wanted, size_t len)
{
	int order = strncmp(name, wanted, len);

	return order != 0 ? order : name[len] != '\0';
}

const struct type_constant *
types_find_constant_named(const struct type *type, const char *name, size_t len)
{
	size_t at;

	array_partition(at, type->nconstants,
	    compare_name(type->by_name[at]->name, name, len) < 0);
	return at < type->nconstants &&
		       compare_name(type->by_name[at]->name, name, len) == 0
		   ? type->by_name[at]
		   : NULL;
}

void
types_write_name(const struct types *t, uint32_t type, struct buf *out)
{
	uint32_t base = type;

	while (t->v[base].kind == TYPE_ARRAY)
		base = t->v[base].of;
	switch (t->v[base].kind) {
	case TYPE_ENUM:
	case TYPE_STRUCT:
	case TYPE_UNION:
	case TYPE_POINTER:
		buf_printf(out, "%s ", types_kind_name(t->v[base].kind));
		break;
	default:
		break;
	}
	buf_str(out, t->v[base].name);
	while (out->len > 0 && out->data[out->len - 1] == ' ')
		out->len--;
	for (; t->v[type].kind == TYPE_ARRAY; type = t->v[type].of)
		buf_printf(out, "[%" PRIu64 "]", t->v[type].count);
}

static int
check_type_name(const char *name, const char *where)
{
	if (name == NULL) {
		report_error("%s: the name is missing", where);
		return -1;
	}
	/* Names become JSON strings. */
	if (!utf8_is_valid(name, strlen(name))) {
		report_error("%s: the name is not UTF-8", where);
		return -1;
	}
	return 0;
}

static int
check_type_scalar(const struct type *type, const char *where)
{
	/* Sizes are powers of two, so a sum of them is a set. */
	static const uint64_t sizes[] = {
		[TYPE_INT] = 1 + 2 + 4 + 8 + 16,
		[TYPE_BOOL] = 1 + 2 + 4 + 8,
		[TYPE_ENUM] = 1 + 2 + 4 + 8,
		[TYPE_CHAR] = 1,
		[TYPE_FLOAT] = 4 + 8,
		[TYPE_POINTER] = 4 + 8,
	};

	if ((type->size & (type->size - 1)) == 0 &&
	    (type->size & sizes[type->kind]) != 0)
		return 0;
	report_error("%s: %s \"%s\" of %" PRIu64
		     " bytes; no type of this kind has that size",
	    where, types_kind_name(type->kind), type->name, type->size);
	return -1;
}

static bool
constant_fits(const struct type *type, uint64_t value)
{
	unsigned int bits = (unsigned int)type->size * 8;
	uint64_t above;

	if (bits == 64)
		return true;
	/* The bits above those of the enum must repeat its sign. */
	above = value >> (bits - (type->is_signed ? 1 : 0));
	return above == 0 ||
	       (type->is_signed && above == UINT64_MAX >> (bits - 1));
}

static int
compare_names(const void *a, const void *b)
{
	const struct type_constant *x = *(const struct type_constant *const *)a;
	const struct type_constant *y = *(const struct type_constant *const *)b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : (x > y) - (x < y);
}

static int
compare_values(const void *a, const void *b)
{
	const struct type_constant *x = *(const struct type_constant *const *)a;
	const struct type_constant *y = *(const struct type_constant *const *)b;

	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return (x > y) - (x < y);
}

static int
sort_constants(struct type *type)
{
	size_t n = type->nconstants;

	free(type->by_name);
	free(type->by_value);
	type->by_name = calloc(n + 1, sizeof(*type->by_name));
	type->by_value = calloc(n + 1, sizeof(*type->by_value));
	if (type->by_name == NULL || type->by_value == NULL)
		return report_nomem();
	for (size_t i = 0; i < n; i++)
		type->by_name[i] = type->by_value[i] = &type->constants[i];
	qsort(type->by_name, n, sizeof(*type->by_name), compare_names);
	qsort(type->by_value, n, sizeof(*type->by_value), compare_values);
	return 0;
}

/* The columns of the longest "NAME(value)" of an enum. */
static size_t
measure_constants(const struct type *type)
{
	size_t columns = 0, n;
	char text[TEXT_I64_MAX];

	for (size_t i = 0; i < type->nconstants; i++) {
		const struct type_constant *c = &type->constants[i];
		const char *end = type->is_signed
				      ? text_i64(text, (int64_t)c->value)
				      : text_u64(text, c->value);

		n = utf8_columns(c->name, strlen(c->name)) +
		    (size_t)(end - text) + 2;
		columns = n > columns ? n : columns;
	}
	return columns;
}

static uint64_t
size_mask(const struct type *type)
{
	return UINT64_MAX >> (64 - type->size * 8);
}

/* Whether the values are 0, 1, 2 ... or 1, 2, 3 ..., as those of an enum that
 * counts. */
static bool
are_consecutive(const struct type *type)
{
	const struct type_constant *const *v = type->by_value;

	for (size_t i = 1; i < type->nconstants; i++)
		if (v[i]->value - v[i - 1]->value > 1)
			return false;
	return v[0]->value <= 1;
}

static bool
is_identifier(const char *name)
{
	return name[0] != '\0' &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] ==
		   '\0';
}

/*
 * The bits of an enum of bits: two of its constants at least are single bits,
 * and the others are combinations of such, or 0.  0 if it is none, or if text
 * in some form would have to escape its names.
 */
static uint64_t
find_bits(const struct type *type)
{
	uint64_t mask = size_mask(type), bits = 0, value;

	for (size_t i = 0; i < type->nconstants; i++) {
		value = type->constants[i].value & mask;
		if ((value & (value - 1)) == 0)
			bits |= value;
		if (!is_identifier(type->constants[i].name))
			return 0;
	}
	for (size_t i = 0; i < type->nconstants; i++)
		if ((type->constants[i].value & mask & ~bits) != 0)
			return 0;
	return (bits & (bits - 1)) == 0 || are_consecutive(type) ? 0 : bits;
}

static int
check_type_constants(struct type *type, const char *where)
{
	for (size_t i = 0; i < type->nconstants; i++) {
		if (check_type_name(type->constants[i].name, where) == -1)
			return -1;
		if (!constant_fits(type, type->constants[i].value)) {
			report_error("%s: the value of %s does not fit %" PRIu64
				     " bytes",
			    where, type->constants[i].name, type->size);
			return -1;
		}
	}
	type->name_columns = measure_constants(type);
	if (type->nconstants == 0)
		return 0;
	if (sort_constants(type) == -1)
		return -1;
	type->bits = find_bits(type);
	return 0;
}

/* The node at an index that another node has, or NULL after reporting. */
static const struct type *
referred_type(const struct types *t, uint32_t of, const char *where)
{
	if (of < t->n)
		return &t->v[of];
	report_error("%s: there is no type %" PRIu32, where, of);
	return NULL;
}

static int
check_type_bits(
    const struct types *t, const struct type_member *m, const char *where)
{
	const struct type *type = types_get(t, m->type);

	if (type->kind != TYPE_INT && type->kind != TYPE_BOOL &&
	    type->kind != TYPE_CHAR && type->kind != TYPE_ENUM) {
		report_error("%s: %s is a bitfield of kind %s; only int, bool, "
			     "char and enum can be one",
		    where, m->name, types_kind_name(type->kind));
		return -1;
	}
	if (m->bit_offset > 7) {
		report_error("%s: the bitfield %s starts at bit %" PRIu32
			     " of its byte, which has 8",
		    where, m->name, m->bit_offset);
		return -1;
	}
	if (m->bits > type->size * 8) {
		report_error("%s: the bitfield %s has %" PRIu32
			     " bits, but its type has %" PRIu64 " bytes",
		    where, m->name, m->bits, type->size);
		return -1;
	}
	return 0;
}

static int
check_type_member(const struct types *t, const struct type *type,
    const struct type_member *m, const char *where)
{
	const struct type *of;
	uint64_t bits;

	if (check_type_name(m->name, where) == -1 ||
	    (of = referred_type(t, m->type, where)) == NULL)
		return -1;
	if (m->bits != 0 && check_type_bits(t, m, where) == -1)
		return -1;
	bits = m->bits != 0 ? m->bit_offset + (uint64_t)m->bits : of->size * 8;
	if (m->offset > type->size || m->offset * 8 + bits > type->size * 8) {
		report_error("%s: %s ends past the %" PRIu64 " bytes of the %s",
		    where, m->name, type->size, types_kind_name(type->kind));
		return -1;
	}
	return 0;
}

static int
check_type_array(
    const struct type *type, const struct type *of, const char *where)
{
	if ((of->size == 0 && type->size == 0) ||
	    (of->size != 0 && type->size % of->size == 0 &&
		type->size / of->size == type->count))
		return 0;
	report_error("%s: %" PRIu64 " bytes are not %" PRIu64
		     " elements of %" PRIu64 " bytes",
	    where, type->size, type->count, of->size);
	return -1;
}

/* Bytes of text around a struct and a member, without their names. */
enum { STRUCT_TEXT = 48, MEMBER_TEXT = 4 };

/* The cost of a value, in numbers wide enough to be compared with the bounds.
 */
struct type_cost {
	uint64_t depth, leaves, names, text;
};

static int
set_type_cost(struct type *type, const struct type_cost *c, const char *where)
{
	const char *what = NULL;

	if (c->depth > TYPES_DEPTH_MAX)
		what = "is nested too deeply";
	else if (c->leaves > TYPES_LEAVES_MAX || c->names > TYPES_NAMES_MAX)
		what = "has too many members";
	else if (c->text > TYPES_TEXT_MAX)
		what = "is too long as text";
	if (what != NULL) {
		report_error("%s: %s \"%s\" %s", where,
		    types_kind_name(type->kind), type->name, what);
		return -1;
	}
	type->depth = (uint32_t)c->depth;
	type->leaves = (uint32_t)c->leaves;
	type->name_bytes = (uint32_t)c->names;
	type->text_bytes = (uint32_t)c->text;
	return 0;
}

static int
check_type_reference(
    const struct types *t, struct type *type, const char *where)
{
	const struct type *of = referred_type(t, type->of, where);
	struct type_cost c;

	if (of == NULL)
		return -1;
	c = (struct type_cost){ of->depth + 1, of->leaves, of->name_bytes,
		of->text_bytes };
	if (type->kind == TYPE_ARRAY) {
		if (type->count > TYPES_TEXT_MAX) {
			report_error("%s: an array of %" PRIu64
				     " elements is too large",
			    where, type->count);
			return -1;
		}
		if (check_type_array(type, of, where) == -1)
			return -1;
		c.text = 2 + type->count * of->text_bytes;
	} else if (type->size != of->size) {
		report_error("%s: typedef \"%s\" of %" PRIu64
			     " bytes for a type of %" PRIu64 " bytes",
		    where, type->name, type->size, of->size);
		return -1;
	}
	return set_type_cost(type, &c, where);
}

/*
 * A struct counts as one member itself, because otherwise nested empty structs
 * could double the work at each level for free.
 * No sum overflows: a header has room for at most 2^24 members, and each adds
 * at most 2^28 * 2^10 and the length of a name.
 */
static int
check_type_members(const struct types *t, struct type *type, const char *where)
{
	struct type_cost c = { .leaves = 1, .text = STRUCT_TEXT };

	c.text += strlen(type->name);
	for (size_t i = 0; i < type->nmembers; i++) {
		const struct type_member *m = &type->members[i];
		const struct type *of;
		size_t name;

		if (check_type_member(t, type, m, where) == -1)
			return -1;
		of = &t->v[m->type];
		name = strlen(m->name);
		if (c.depth < of->depth)
			c.depth = of->depth;
		c.leaves += of->leaves;
		c.names += of->name_bytes + (name + 1) * (uint64_t)of->leaves;
		c.text += of->text_bytes + name + MEMBER_TEXT;
		if (c.names > TYPES_NAMES_MAX)
			break;
	}
	c.depth++;
	return set_type_cost(type, &c, where);
}

/* The bytes of text that a scalar may need: for its digits, and its longest
 * name or all of its bits. */
static uint64_t
scalar_text(const struct type *type)
{
	size_t longest = 0, n;

	for (size_t i = 0; i < type->nconstants; i++) {
		n = strlen(type->constants[i].name);
		if (type->bits != 0)
			longest += n + 1;
		else if (n > longest)
			longest = n;
	}
	return longest + 3 * type->size + 4;
}

int
types_check(struct types *t, uint32_t i, const char *where)
{
	struct type *type = &t->v[i];

	if (check_type_name(type->name, where) == -1)
		return -1;
	if (type->size > TYPES_SIZE_MAX) {
		report_error("%s: %s \"%s\" of %" PRIu64
			     " bytes is too large; at most %d are read",
		    where, types_kind_name(type->kind), type->name, type->size,
		    TYPES_SIZE_MAX);
		return -1;
	}
	switch (type->kind) {
	case TYPE_ARRAY:
	case TYPE_TYPEDEF:
		return check_type_reference(t, type, where);
	case TYPE_STRUCT:
	case TYPE_UNION:
		return check_type_members(t, type, where);
	default:
		break;
	}
	if (check_type_scalar(type, where) == -1 ||
	    check_type_constants(type, where) == -1)
		return -1;
	return set_type_cost(type,
	    &(struct type_cost){ .leaves = 1, .text = scalar_text(type) },
	    where);
}

uint32_t
types_add(struct types *t, struct type *type, const char *where)
{
	struct type *added;

	if (t->n >= TYPES_MAX || !array_room(t->v, t->n, t->cap)) {
		if (t->n >= TYPES_MAX)
			report_error(
			    "%s: more than %d types", where, TYPES_MAX);
		else
			report_nomem();
		types_free_type(type);
		return TYPE_NONE;
	}
	added = &t->v[t->n];
	*added = *type;
	*type = (struct type){ 0 };
	if (types_check(t, (uint32_t)t->n, where) == -1) {
		types_free_type(added);
		return TYPE_NONE;
	}
	return (uint32_t)t->n++;
}

uint32_t
types_add_bytes(struct types *t, uint64_t size, const char *where)
{
	struct type array = { .kind = TYPE_ARRAY, .size = size, .count = size };
	struct type number = { .kind = TYPE_INT, .size = size };
	bool is_number = size == 1 || size == 2 || size == 4 || size == 8;
	uint32_t of;

	if (!is_number)
		number.size = 1;
	if (asprintf(&number.name, "u%u", (unsigned int)number.size * 8) ==
	    -1) {
		report_nomem();
		return TYPE_NONE;
	}
	of = types_add(t, &number, where);
	if (is_number || of == TYPE_NONE)
		return of;
	array.of = of;
	if ((array.name = strdup("")) == NULL) {
		report_nomem();
		return TYPE_NONE;
	}
	return types_add(t, &array, where);
}
