#include <string.h>

#include "base/report.h"
#include "base/util.h"
#include "count/copy-types.h"
#include "count/counted-member.h"
#include "record/fields.h"

static int
set_constant(struct counted_member *m, const char *text)
{
	*m = (struct counted_member){ .class = MEMBER_TEXT,
		.type = TYPE_NONE,
		.size = strlen(text) + 1,
		.constant = text };
	return 1;
}

static void
set_class(struct counted_member *m, const struct type *type)
{
	m->size = (size_t)type->size;
	m->is_signed = type->is_signed && type->kind != TYPE_POINTER;
	switch (type->kind) {
	case TYPE_FLOAT:
		m->class = MEMBER_FLOAT;
		break;
	case TYPE_BOOL:
		m->class = MEMBER_BOOL;
		break;
	case TYPE_ENUM:
		m->class = MEMBER_ENUM;
		break;
	case TYPE_ARRAY:
	case TYPE_STRUCT:
	case TYPE_UNION:
		m->class = MEMBER_BYTES;
		break;
	default:
		m->class = MEMBER_INT;
	}
}

/* A text that goes on to the end of the record. */
static void
set_tail(struct counted_member *m)
{
	m->class = MEMBER_TEXT;
	m->type = TYPE_NONE;
	m->size = MEMBER_TAIL_TEXT;
	m->tail = true;
}

/* Set the sum of all CPUs.  Returns whether there is one number to add. */
static bool
set_sum(
    struct counted_member *m, const struct stream_header *h, unsigned int map)
{
	const struct stream_map *source = &h->maps[map];

	if (m->class != MEMBER_INT)
		return false;
	m->cpus = (size_t)source->cpus;
	m->stride = round_up_8((size_t)h->types.v[source->value].size);
	m->type = TYPE_NONE;
	m->cpu_size = m->size;
	if (m->size < sizeof(uint64_t))
		m->size = sizeof(uint64_t);
	return true;
}

static int
report_uncounted(const struct stream_header *h, unsigned int map,
    const char *name, const char *why)
{
	report_error("map %s: %s %s", h->maps[map].name, name, why);
	return -1;
}

/* Whether it is an array of bytes of which it is said that it is text. */
static bool
is_known_text(const struct types *t, const struct counted_member *m)
{
	const struct type *type = types_get(t, m->type);

	return (m->kind == KIND_TEXT || m->kind == KIND_UTF8) &&
	       type->kind == TYPE_ARRAY && types_get(t, type->of)->size == 1;
}

static int
set_place(struct counted_member *m, const struct stream_header *h,
    unsigned int map, const char *name, const struct field_place *at)
{
	const struct type *type = field_place_type(&h->types, at);

	*m = (struct counted_member){ .types = &h->types,
		.note = at->member,
		.kind = at->kind,
		.type = at->type,
		.offset = at->offset,
		.bit_offset = at->bit_offset,
		.bits = at->bits };
	if (at->cpus == FIELD_CPUS_ALL)
		return report_uncounted(
		    h, map, name, "is not one value, but one for each CPU");
	if (type == NULL && !at->text)
		return report_uncounted(h, map, name, "has no type");
	if (type == NULL) {
		set_tail(m);
		return 1;
	}
	set_class(m, type);
	if (type->kind == TYPE_ARRAY && type->count == 0 &&
	    !types_is_text(&h->types, at->type))
		return report_uncounted(h, map, name, "has no fixed size");
	if (types_is_text(&h->types, at->type) || is_known_text(&h->types, m)) {
		m->class = MEMBER_TEXT;
		if (type->count == 0)
			set_tail(m);
	}
	if (at->cpus == FIELD_CPUS_SUM && !set_sum(m, h, map))
		return report_uncounted(h, map, name,
		    "is one value for each CPU; name an integer in it");
	return 1;
}

int
counted_member_find(struct counted_member *m, const struct stream_header *h,
    unsigned int map, const char *name)
{
	const struct stream_map *source = &h->maps[map];
	struct field_place at;

	if (strcmp(name, "@map") == 0)
		return set_constant(m, source->name);
	if (strcmp(name, "@host") == 0)
		return set_constant(m, stream_header_host(h, map));
	if (strcmp(name, "@type") == 0 && source->label != NULL)
		return set_constant(m, source->label);
	if (!fields_find(h, map, name, &at))
		return 0;
	return set_place(m, h, map, name, &at);
}

void
counted_member_measure(struct counted_member *m)
{
	if (m->kind < KIND_PORT_BE || m->kind > KIND_BE64 || m->cpus != 0)
		return;
	m->class = MEMBER_INT;
	m->type = TYPE_NONE;
	m->kind = KIND_NONE;
	m->is_signed = false;
	m->swapped = true;
}

void
counted_member_suggest(
    struct suggest *s, const struct stream_header *h, unsigned int map)
{
	struct fields all = { 0 };

	fields_add_selected(&all, h, map, NULL, 0, true);
	for (size_t i = 0; i < all.n; i++)
		suggest_offer(s, all.v[i].name);
	fields_free(&all);
}

static bool
is_integer(const struct counted_member *m)
{
	return m->class == MEMBER_INT || m->class == MEMBER_ENUM ||
	       m->class == MEMBER_BOOL;
}

static bool
has_same_type(const struct counted_member *a, const struct counted_member *b)
{
	if ((a->type == TYPE_NONE) != (b->type == TYPE_NONE))
		return false;
	return a->type == TYPE_NONE ||
	       copy_types_equal(a->types, a->type, b->types, b->type);
}

bool
counted_member_same(
    const struct counted_member *a, const struct counted_member *b)
{
	return a->class == b->class && a->size == b->size &&
	       a->is_signed == b->is_signed && has_same_type(a, b);
}

/* The size of an integer that holds both: of different signs, it is larger than
 * the unsigned one. */
static size_t
widen_integer(const struct counted_member *a, const struct counted_member *b)
{
	const struct counted_member *no_sign = a->is_signed ? b : a;
	size_t size = a->size > b->size ? a->size : b->size;

	if (a->is_signed != b->is_signed && size == no_sign->size)
		size *= 2;
	return size;
}

/* Whether both are said to be of the same kind. */
static bool
has_same_kind(const struct counted_member *a, const struct counted_member *b)
{
	const char *x, *y;

	if (a->kind != b->kind)
		return false;
	if (a->kind != KIND_IP && a->kind != KIND_FLAGS)
		return true;
	x = a->note->as.arg;
	y = b->note->as.arg;
	return x != NULL && y != NULL && strcmp(x, y) == 0;
}

bool
counted_member_is_swapped(const struct counted_member *m)
{
	return m->kind >= KIND_IP4 && m->kind <= KIND_BE64;
}

bool
counted_member_widen(
    struct counted_member *to, const struct counted_member *from)
{
	if (from->absent)
		return true;
	if (to->absent) {
		*to = *from;
		return true;
	}
	if (!has_same_kind(to, from))
		to->kind = KIND_NONE;
	if (counted_member_same(to, from))
		return true;
	if (is_integer(to) && is_integer(from)) {
		to->size = widen_integer(to, from);
		to->is_signed |= from->is_signed;
		to->class = MEMBER_INT;
		to->type = TYPE_NONE;
		return to->size <= 16;
	}
	if (to->class != from->class || to->class == MEMBER_BYTES)
		return false;
	if (from->size > to->size)
		to->size = from->size;
	to->type = TYPE_NONE;
	return true;
}

const char *
counted_member_class(const struct counted_member *m)
{
	static const char *const kinds[] = { "an integer", "an enum", "a bool",
		"a floating-point number", "a text", "an array or struct" };

	return kinds[m->class];
}
