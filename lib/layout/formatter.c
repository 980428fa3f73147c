#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "base/util.h"
#include "layout/formatter-steps.h"
#include "layout/typed-json.h"
#include "record/field-kind.h"
#include "record/stack-view.h"

/* "<UNKNOWN_VARIANT>(", a number, ")" */
enum { UNKNOWN_MAX = 18 + TEXT_I64_MAX + 1 };

/* "0x", 16 digits, "(", a number, ")": after the names of bits */
enum { BITS_REST_MAX = 19 + TEXT_I64_MAX + 1 };

void
formatter_free(struct formatter *s)
{
	for (size_t i = 0; i < s->nenums; i++) {
		free(s->enums[i].v);
		free(s->enums[i].bit);
	}
	free(s->enums);
	free(s->kinds);
	free(s->hists);
	free(s->kind_text);
	hash_free(&s->enum_places);
	free(s->v);
	buf_free(&s->texts);
	buf_free(&s->names);
	*s = (struct formatter){ 0 };
}

static int
compare_enum_names(const void *a, const void *b)
{
	const struct enum_name *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	/* If two constants have one value, the first in the source is used. */
	return x->text < y->text ? -1 : 1;
}

/* Add "NAME(3)" to the names. */
static struct enum_name
name_constant(struct formatter *s, const struct type *type,
    const struct type_constant *c, enum style style)
{
	struct enum_name name = { .value = c->value,
		.text = (uint32_t)s->names.len };
	struct buf text = { 0 };

	if (type->is_signed)
		buf_printf(
		    &text, "%s(%" PRId64 ")", c->name, (int64_t)c->value);
	else
		buf_printf(&text, "%s(%" PRIu64 ")", c->name, c->value);
	text_write(&s->names, text.data, text.len, style);
	s->failed |= text.failed || s->names.failed;
	buf_free(&text);
	name.text_len = (uint32_t)(s->names.len - name.text);
	return name;
}

/* The constant of a bit, which may be the sign of a signed enum. */
static const struct type_constant *
find_bit(const struct type *type, uint64_t bit)
{
	uint64_t negative = -bit;
	const struct type_constant *c = types_find_constant(type, bit);

	return c != NULL ? c : types_find_constant(type, negative);
}

/* Add the names of an enum of bits. */
static void
name_bits(struct formatter *s, struct enum_names *e)
{
	size_t most = BITS_REST_MAX;
	uint64_t left = e->type->bits;

	e->bit = calloc(64, sizeof(*e->bit));
	if (e->bit == NULL) {
		s->failed = true;
		return;
	}
	for (; left != 0; left &= left - 1) {
		struct enum_name *bit = &e->bit[e->nbits++];
		const struct type_constant *c;

		bit->value = left & -left;
		c = find_bit(e->type, bit->value);
		bit->text = (uint32_t)s->names.len;
		bit->text_len = (uint32_t)strlen(c->name);
		buf_add(&s->names, c->name, bit->text_len);
		most += bit->text_len + 1;
	}
	s->failed |= s->names.failed;
	if (most > e->most)
		e->most = most;
}

struct enum_place {
	struct hash_key key;
	uint32_t index;
};

/* Find the names of an enum in this style, or add them.  Returns their index.
 */
static uint32_t
find_enum_names(struct formatter *s, uint32_t type, enum style style)
{
	const struct type *t = types_get(s->types, type);
	const struct hash_key key = { (uintptr_t)t, style };
	struct enum_place *place;
	struct enum_names *e;

	s->enum_places.size = sizeof(*place);
	if ((place = hash_find(&s->enum_places, key)) != NULL)
		return place->index;
	if (!array_room(s->enums, s->nenums, s->enums_cap) ||
	    (place = hash_add(&s->enum_places, key)) == NULL) {
		s->failed = true;
		return 0;
	}
	place->index = (uint32_t)s->nenums;
	e = &s->enums[s->nenums];
	*e = (struct enum_names){ .type = t,
		.style = style,
		.n = t->nconstants,
		.most = UNKNOWN_MAX };
	e->v = calloc(t->nconstants + 1, sizeof(*e->v));
	if (e->v == NULL) {
		s->failed = true;
		return 0;
	}
	for (size_t i = 0; i < t->nconstants; i++) {
		e->v[i] = name_constant(s, t, &t->constants[i], style);
		if (e->v[i].text_len > e->most)
			e->most = e->v[i].text_len;
	}
	if (t->bits != 0 && !s->reference)
		name_bits(s, e);
	qsort(e->v, e->n, sizeof(*e->v), compare_enum_names);
	while (e->dense < e->n && e->v[e->dense].value == e->dense)
		e->dense++;
	return (uint32_t)s->nenums++;
}

static void
add_quote(struct formatter *s, enum style style)
{
	if (style == STYLE_JSON)
		formatter_add_text(s, "\"");
}

static void
push_quoted(
    struct formatter *s, struct step step, size_t most, enum style style)
{
	add_quote(s, style);
	formatter_push(s, step, most);
	add_quote(s, style);
}

static enum step_op
integer_op(const struct step *step)
{
	static const uint8_t ops[2][17] = {
		{ [1] = STEP_U8,
		    [2] = STEP_U16,
		    [4] = STEP_U32,
		    [8] = STEP_U64,
		    [16] = STEP_U128 },
		{ [1] = STEP_I8,
		    [2] = STEP_I16,
		    [4] = STEP_I32,
		    [8] = STEP_I64,
		    [16] = STEP_I128 },
	};

	return ops[step->is_signed][step->size];
}

static void
push_integer(struct formatter *s, struct step step, const struct field_place *p,
    enum style style)
{
	step.op = p->cpus == FIELD_CPUS_SUM ? STEP_SUM
		  : step.bits != 0          ? STEP_BITS
					    : integer_op(&step);
	/* Readers of JSON have no 128-bit numbers: these are strings. */
	if (step.size == 16)
		push_quoted(s, step, TEXT_128_MAX, style);
	else
		formatter_push(s, step, TEXT_128_MAX);
}

bool
formatter_is_last_array(const struct formatter *s, const struct field_place *p)
{
	return s->last_array != TYPE_NONE && s->loops == 0 &&
	       p->offset == s->last_offset &&
	       field_place_type(s->types, p) ==
		   types_get(s->types, s->last_array);
}

static void
push_array(struct formatter *s, const struct field_place *p, size_t count,
    size_t stride, bool is_last)
{
	struct field_place element = *p;
	struct step step = { .op = STEP_LOOP,
		.offset = p->offset,
		.count = (uint32_t)count,
		.stride = stride };
	size_t first;

	if (is_last) {
		step.op = STEP_LAST_LOOP;
		step.whole = count == 0 ? SIZE_MAX : count * stride;
		/* A text may end early, a number may not. */
		step.element = types_is_text(s->types, p->type) ? 1 : stride;
	}
	formatter_add_text(s, "[");
	formatter_push(s, step, 0);
	first = s->n - !s->failed;
	element.offset = 0;
	s->loops++;
	formatter_add_value(s, &element, STYLE_JSON);
	s->loops--;
	formatter_close_field(s, first);
	formatter_add_text(s, "]");
}

/* Add a member of an object, and the text beside it. */
static void
add_member(struct formatter *s, const struct field *f, bool *first)
{
	bool has_text = f->place.has_text && !f->place.text_is_hidden &&
			f->place.shown == FIELD_VALUE &&
			s->kind_texts != FIELD_TEXTS_NONE;
	struct field_place text = f->place;

	if (!has_text || s->kind_texts == FIELD_TEXTS_BESIDE) {
		typed_json_write_key(&s->texts, f->name, first);
		formatter_add_value(s, &f->place, STYLE_JSON);
	}
	if (!has_text)
		return;
	typed_json_write_text_key(&s->texts, f->name, first);
	text.shown = FIELD_TEXT_BESIDE;
	formatter_add_value(s, &text, STYLE_JSON);
}

void
formatter_add_members(
    struct formatter *s, const struct fields *members, bool *first)
{
	for (size_t i = 0; i < members->n && !s->failed; i++)
		add_member(s, &members->v[i], first);
	s->failed |= members->failed;
}

void
formatter_add_object(
    struct formatter *s, const struct field_place *p, bool markers)
{
	char keys[][24] = { REFERENCE_TYPE_KEY, REFERENCE_NAME_KEY };
	struct fields members = { 0 };
	bool first = true;

	for (size_t i = 0; markers && i < nitems(keys); i++)
		fields_add(&members, &(struct field){ .name = keys[i],
					 .path = keys[i],
					 .place.type = TYPE_NONE });
	fields_add_members(&members, s->types, p);
	if (s->reference)
		fields_sort(&members);
	formatter_add_text(s, "{");
	for (size_t i = 0; i < members.n && !s->failed; i++) {
		const struct field *f = &members.v[i];

		if (f->place.type != TYPE_NONE) {
			add_member(s, f, &first);
			formatter_add_buckets(s, &members, f);
			continue;
		}
		typed_json_write_key(&s->texts, f->name, &first);
		typed_json_write_marker(
		    &s->texts, f->name, field_place_type(s->types, p));
	}
	formatter_add_text(s, "}");
	s->failed |= members.failed;
	fields_free(&members);
}

/* Add a value of any type but arrays and structs. */
static void
push_scalar(struct formatter *s, const struct field_place *p,
    const struct type *type, enum style style)
{
	struct step step = {
		.size = (uint8_t)type->size,
		.is_signed = type->is_signed,
		.bit_offset = (uint8_t)p->bit_offset,
		.bits = (uint8_t)p->bits,
		.offset = p->offset,
	};

	switch (type->kind) {
	case TYPE_BOOL:
		step.op = STEP_BOOL;
		formatter_push(s, step, sizeof("false"));
		break;
	case TYPE_FLOAT:
		if (s->sql && style != STYLE_JSON) {
			step.op =
			    type->size != 4 ? STEP_SQL_DOUBLE : STEP_SQL_FLOAT;
			formatter_push(s, step, TEXT_FLOAT_MAX);
			break;
		}
		step.op = type->size != 4 ? STEP_DOUBLE
			  : s->reference  ? STEP_WIDENED
					  : STEP_FLOAT;
		formatter_push(s, step, TEXT_FLOAT_MAX);
		break;
	case TYPE_ENUM:
		step.op = STEP_ENUM;
		step.names = find_enum_names(s, p->type, style);
		if (!s->failed)
			push_quoted(s, step, s->enums[step.names].most, style);
		break;
	default:
		step.is_signed &= type->kind != TYPE_POINTER;
		push_integer(s, step, p, style);
		break;
	}
}

/* Add a stack if there is one at p.  Inside of loops offsets count from an
 * element, so that a place there is none of the record's. */
static bool
push_stack(struct formatter *s, const struct field_place *p, enum style style)
{
	enum stack_side side;

	if (s->stacks == NULL || s->loops > 0)
		return false;
	side = stack_view_side(s->stacks, p);
	if (side == STACK_SIDES)
		return false;
	formatter_push(s,
	    (struct step){ .op = STEP_STACK,
		.size = (uint8_t)side,
		.style = (uint8_t)style },
	    0);
	return true;
}

static enum step_op
kind_op(const struct kind_form *form)
{
	if (form->kind == KIND_IP4)
		return STEP_IP4;
	if (form->kind == KIND_ERRNO && form->size == 4 && form->is_signed)
		return STEP_ERRNO;
	return kind_is_unsafe(form->kind) ? STEP_KIND_UNSAFE : STEP_KIND;
}

/* Add the text of a value's kind. */
static void
push_kind(struct formatter *s, const struct field_place *p, enum style style)
{
	struct formatter_kind kind = { .family_offset = p->family_offset,
		.family_size = p->family_size };
	struct step step = { .offset = p->offset,
		.style = (uint8_t)style,
		.bit_offset = (uint8_t)p->bit_offset,
		.bits = p->cpus == FIELD_CPUS_ONE ? (uint8_t)p->bits : 0,
		.names = (uint32_t)s->nkinds };
	size_t most;

	if (!field_kind_form(s->types, p, style == STYLE_VIS, &kind.form) ||
	    !array_room(s->kinds, s->nkinds, s->kinds_cap)) {
		s->failed = true;
		return;
	}
	kind.words = kind_words_get(kind.form.kind, KIND_ARCH_UNKNOWN);
	s->kinds[s->nkinds++] = kind;
	step.size = kind.form.size;
	step.is_signed = kind.form.is_signed;
	if (kind.form.size == 0) {
		step.op = STEP_STRING;
		step.count = (uint32_t)field_place_type(s->types, p)->size;
		push_quoted(s, step, TEXT_ESCAPED_MAX(step.count), style);
		return;
	}
	step.op = kind_op(&kind.form);
	step.sums = p->cpus == FIELD_CPUS_SUM;
	most = kind_text_max(&kind.form);
	if (step.op == STEP_KIND_UNSAFE) {
		if (most > s->kind_most)
			s->kind_most = most;
		most = TEXT_ESCAPED_MAX(most);
	}
	push_quoted(s, step, most < TEXT_128_MAX ? TEXT_128_MAX : most, style);
}

void
formatter_add_text_value(
    struct formatter *s, const struct field_place *p, enum style style)
{
	if (p->shown != FIELD_VALUE)
		push_kind(s, p, style);
	else
		push_scalar(s, p, field_place_type(s->types, p), style);
}

void
formatter_add_value(
    struct formatter *s, const struct field_place *p, enum style style)
{
	const struct type *type = field_place_type(s->types, p);
	struct field_place one = *p;
	size_t opened;

	if (s->failed)
		return;
	if (p->shown != FIELD_VALUE) {
		push_kind(s, p, style);
		return;
	}
	if (push_stack(s, p, style))
		return;
	one.cpus = FIELD_CPUS_ONE;
	if (type == NULL) {
		push_quoted(s,
		    (struct step){ .op = p->text ? STEP_LINE : STEP_HEX,
			.style = (uint8_t)style,
			.offset = p->offset },
		    0, style);
	} else if (type->kind == TYPE_ARRAY && type->size == 0 &&
		   formatter_is_last_array(s, p) &&
		   types_is_text(s->types, p->type)) {
		push_quoted(s,
		    (struct step){ .op = STEP_LAST_TEXT,
			.style = (uint8_t)style,
			.offset = p->offset },
		    0, style);
	} else if (p->cpus != FIELD_CPUS_ALL && type->kind == TYPE_ARRAY &&
		   types_is_text(s->types, p->type)) {
		push_quoted(s,
		    (struct step){ .op = STEP_STRING,
			.style = (uint8_t)style,
			.offset = p->offset,
			.count = (uint32_t)type->size },
		    TEXT_ESCAPED_MAX(type->size), style);
	} else if (p->cpus != FIELD_CPUS_ALL && type->kind != TYPE_ARRAY &&
		   !field_place_is_struct(s->types, p)) {
		push_scalar(s, p, type, style);
	} else if (style != STYLE_JSON) {
		opened = formatter_open_field(s, style);
		formatter_add_value(s, p, STYLE_JSON);
		formatter_close_field(s, opened);
	} else if (p->cpus == FIELD_CPUS_ALL) {
		push_array(s, &one, s->cpus, s->cpu_stride, false);
	} else if (type->kind == TYPE_ARRAY) {
		one = *p;
		one.type = type->of;
		push_array(s, &one, type->count, s->types->v[type->of].size,
		    formatter_is_last_array(s, p));
	} else {
		formatter_add_object(s, p, s->reference);
	}
}

int
formatter_finish(struct formatter *s)
{
	static const char padding[TEXT_SLACK];

	formatter_end_part(s);
	/* write_short() reads beyond the end of a text. */
	buf_add(&s->texts, padding, sizeof(padding));
	buf_add(&s->names, padding, sizeof(padding));
	s->failed |= s->texts.failed || s->names.failed;
	s->kind_text = malloc(s->kind_most + TEXT_SLACK);
	if (s->failed || s->kind_text == NULL)
		return -1;
	for (size_t i = 0; i < s->nenums; i++) {
		struct enum_names *e = &s->enums[i];

		for (size_t k = 0; k < e->n; k++)
			e->v[k].text_at = s->names.data + e->v[k].text;
		for (size_t k = 0; k < e->nbits; k++)
			e->bit[k].text_at = s->names.data + e->bit[k].text;
	}
	for (struct step *step = s->v; step < s->v + s->n; step++) {
		formatter_bind_step(step);
		step->next = step + 1 + step->body;
		step->text_at = s->texts.data + step->text;
		if (step->op >= STEP_IP4)
			step->kind = &s->kinds[step->names];
		else if (step->op >= STEP_BUCKETS)
			step->hist = &s->hists[step->names];
		else if (s->nenums > 0)
			step->enums = &s->enums[step->names];
	}
	return 0;
}

/* Whether what a step writes at most depends on the length of the record. */
static bool
size_varies(const struct step *step)
{
	switch (step->op) {
	case STEP_HEX:
	case STEP_LINE:
	case STEP_LAST_TEXT:
	case STEP_CELL:
	case STEP_STACK:
		return true;
	default:
		return (step->op == STEP_LAST_LOOP ||
			   step->op == STEP_LAST_ARRAY) &&
		       step->whole == SIZE_MAX;
	}
}

size_t
formatter_max_size(const struct formatter *s, size_t from, size_t to)
{
	size_t most = 0, body;

	for (size_t i = from; i < to; i += 1 + s->v[i].body) {
		const struct step *step = &s->v[i];

		most += step->most;
		if (size_varies(step))
			return SIZE_MAX;
		if (!formatter_is_loop(step))
			continue;
		body = formatter_max_size(s, i + 1, i + 1 + step->body);
		if (body == SIZE_MAX ||
		    __builtin_mul_overflow(step->count, body + 1, &body) ||
		    __builtin_add_overflow(most, body, &most))
			return SIZE_MAX;
	}
	return most;
}
