#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "count/copy-types.h"

/* What was copied, by index. */
struct copied {
	struct types *to;
	const struct types *from;
	uint32_t *index; /* owned; TYPE_NONE: not yet */
};

static uint32_t add_copy(const struct copied *c, uint32_t i);

/* Copy what is said of a member, and the enum that this needs. */
static int
copy_note(const struct copied *c, struct type_member *to,
    const struct type_member *from)
{
	to->as = from->as;
	to->as.arg = NULL;
	to->hidden = from->hidden;
	to->gauge = from->gauge;
	to->width = from->width;
	to->step = from->step;
	to->start = from->start;
	if ((from->as.arg != NULL &&
		(to->as.arg = strdup(from->as.arg)) == NULL) ||
	    (from->help != NULL && (to->help = strdup(from->help)) == NULL))
		return report_nomem();
	return from->as.kind == KIND_FLAGS &&
		       add_copy(c, from->as.flags) == TYPE_NONE
		   ? -1
		   : 0;
}

static int
copy_members(const struct copied *c, struct type *to, const struct type *from)
{
	to->members = calloc(from->nmembers + 1, sizeof(*to->members));
	if (to->members == NULL)
		return report_nomem();
	for (size_t i = 0; i < from->nmembers; i++) {
		const struct type_member *m = &from->members[i];
		struct type_member *copy = &to->members[i];

		*copy = (struct type_member){
			.name = strdup(m->name),
			.offset = m->offset,
			.bit_offset = m->bit_offset,
			.bits = m->bits,
		};
		to->nmembers++;
		if (copy->name == NULL)
			return report_nomem();
		if ((copy->type = add_copy(c, m->type)) == TYPE_NONE ||
		    copy_note(c, copy, m) == -1)
			return -1;
	}
	return 0;
}

static int
copy_constants(struct type *to, const struct type *from)
{
	to->constants = calloc(from->nconstants + 1, sizeof(*to->constants));
	if (to->constants == NULL)
		return report_nomem();
	for (size_t i = 0; i < from->nconstants; i++) {
		to->constants[i] = (struct type_constant){
			.name = strdup(from->constants[i].name),
			.value = from->constants[i].value,
		};
		to->nconstants++;
		if (to->constants[i].name == NULL)
			return report_nomem();
	}
	return 0;
}

static int
copy_parts(const struct copied *c, struct type *to, const struct type *from)
{
	switch (from->kind) {
	case TYPE_ARRAY:
	case TYPE_TYPEDEF:
		to->count = from->count;
		to->of = add_copy(c, from->of);
		return to->of == TYPE_NONE ? -1 : 0;
	case TYPE_STRUCT:
	case TYPE_UNION:
		return copy_members(c, to, from);
	case TYPE_ENUM:
		return copy_constants(to, from);
	default:
		return 0;
	}
}

/* The depth of types is bounded (TYPES_DEPTH_MAX), and so is this recursion. */
static uint32_t
add_copy(const struct copied *c, uint32_t i)
{
	const struct type *from = &c->from->v[i];
	struct type copy = { .kind = from->kind,
		.size = from->size,
		.is_signed = from->is_signed };

	if (c->index[i] != TYPE_NONE)
		return c->index[i];
	if ((copy.name = strdup(from->name)) == NULL) {
		report_nomem();
		return TYPE_NONE;
	}
	if (copy_parts(c, &copy, from) == -1) {
		types_free_type(&copy);
		return TYPE_NONE;
	}
	return c->index[i] = types_add(c->to, &copy, "types");
}

uint32_t
copy_types_add(struct types *to, const struct types *from, uint32_t type)
{
	struct copied c = { to, from,
		reallocarray(NULL, from->n, sizeof(uint32_t)) };
	uint32_t copy;

	if (c.index == NULL) {
		report_nomem();
		return TYPE_NONE;
	}
	for (size_t i = 0; i < from->n; i++)
		c.index[i] = TYPE_NONE;
	copy = add_copy(&c, type);
	free(c.index);
	return copy;
}

static bool
equal_members(const struct types *a, const struct type *x,
    const struct types *b, const struct type *y)
{
	if (x->nmembers != y->nmembers)
		return false;
	for (size_t i = 0; i < x->nmembers; i++) {
		const struct type_member *m = &x->members[i];
		const struct type_member *n = &y->members[i];

		if (strcmp(m->name, n->name) != 0 || m->offset != n->offset ||
		    m->bit_offset != n->bit_offset || m->bits != n->bits ||
		    !copy_types_equal(a, m->type, b, n->type))
			return false;
	}
	return true;
}

static bool
equal_constants(const struct type *x, const struct type *y)
{
	if (x->nconstants != y->nconstants)
		return false;
	for (size_t i = 0; i < x->nconstants; i++)
		if (x->constants[i].value != y->constants[i].value ||
		    strcmp(x->constants[i].name, y->constants[i].name) != 0)
			return false;
	return true;
}

/* The leaves of a type are bounded (TYPES_LEAVES_MAX), and so is this work. */
bool
copy_types_equal(
    const struct types *a, uint32_t i, const struct types *b, uint32_t j)
{
	const struct type *x = types_get(a, i), *y = types_get(b, j);

	if (x == y)
		return true;
	if (x->kind != y->kind || x->size != y->size ||
	    x->is_signed != y->is_signed)
		return false;
	switch (x->kind) {
	case TYPE_ARRAY:
		return x->count == y->count &&
		       copy_types_equal(a, x->of, b, y->of);
	case TYPE_STRUCT:
	case TYPE_UNION:
		return equal_members(a, x, b, y);
	case TYPE_ENUM:
		return equal_constants(x, y);
	default:
		return true;
	}
}
