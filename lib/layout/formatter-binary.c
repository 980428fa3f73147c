/*
 * The values of binary forms, in STYLE_RAW: numbers are copied or take the
 * bytes of their column, and texts and arrays have their length in front.
 */
#include "base/varint.h"
#include "layout/formatter-steps.h"
#include "record/field-kind.h"
#include "record/stack-view.h"
#include "sql/column.h"

/* Add the number of elements, which is known. */
static void
add_count(struct formatter *s, size_t n)
{
	char text[VARINT_MAX];

	buf_add(&s->texts, text, (size_t)(write_varint(text, n) - text));
}

static void
push_number(struct formatter *s, const struct field_place *p,
    const struct sql_column *c)
{
	const struct type *type = field_place_type(s->types, p);
	struct step step = { .op = STEP_COPY,
		.offset = p->offset,
		.count = c->bytes,
		.size = (uint8_t)type->size,
		.is_signed = c->is_signed,
		.bit_offset = (uint8_t)p->bit_offset,
		.bits = (uint8_t)p->bits,
		.sums = p->cpus == FIELD_CPUS_SUM };

	if (c->kind == SQL_BOOL)
		step.op = STEP_TRUTH;
	else if (step.sums || step.bits != 0)
		step.op = STEP_NUMBER;
	formatter_push(s, step, 16);
}

static void push_value(struct formatter *s, const struct field_place *p,
    const struct sql_column *c);

/* Add an array of count elements of the type at p, stride bytes apart. */
static void
push_elements(struct formatter *s, const struct field_place *p,
    const struct sql_column *c, size_t count, size_t stride, bool is_last)
{
	struct sql_column element_column = *c;
	struct field_place element = *p;
	struct step step = { .op = STEP_ARRAY,
		.offset = p->offset,
		.count = (uint32_t)count,
		.stride = stride };
	size_t first;

	element_column.dimensions--;
	if (is_last) {
		step.op = STEP_LAST_ARRAY;
		step.whole = count == 0 ? SIZE_MAX : count * stride;
		step.element = stride;
	} else {
		add_count(s, count);
	}
	if (!is_last && element_column.dimensions == 0 &&
	    c->kind == SQL_INTEGER && stride == c->bytes) {
		step.op = STEP_COPY;
		step.count = (uint32_t)(count * stride);
		formatter_push(s, step, count * stride);
		return;
	}
	formatter_push(s, step, VARINT_MAX);
	first = s->n - !s->failed;
	element.offset = 0;
	s->loops++;
	push_value(s, &element, &element_column);
	s->loops--;
	formatter_close_field(s, first);
}

static void
push_value(struct formatter *s, const struct field_place *p,
    const struct sql_column *c)
{
	const struct type *type = field_place_type(s->types, p);
	struct field_place one = *p;

	if (c->dimensions == 0) {
		push_number(s, p, c);
	} else if (p->cpus == FIELD_CPUS_ALL) {
		one.cpus = FIELD_CPUS_ONE;
		push_elements(s, &one, c, s->cpus, s->cpu_stride, false);
	} else {
		one.type = type->of;
		push_elements(s, &one, c, type->count,
		    s->types->v[type->of].size, formatter_is_last_array(s, p));
	}
}

/* Add a text of at most some bytes that a step writes: that of a kind or an
 * enum. */
static void
push_counted(struct formatter *s, const struct field_place *p)
{
	size_t first;

	formatter_push(s, (struct step){ .op = STEP_COUNTED }, 0);
	first = s->n - !s->failed;
	formatter_add_text_value(s, p, STYLE_RAW);
	formatter_close_field(s, first);
	for (size_t i = first + 1; i < s->n && !s->failed; i++)
		s->v[first].most += s->v[i].most + VARINT_MAX;
}

/* Whether the text of a kind is made of a number, and not the value itself. */
static bool
makes_text(const struct formatter *s, const struct field_place *p)
{
	struct kind_form form;

	return field_kind_form(s->types, p, false, &form) && form.size != 0;
}

void
formatter_add_binary(struct formatter *s, const struct field_place *p)
{
	bool is_stack = s->stacks != NULL && p->type != TYPE_NONE &&
			stack_view_side(s->stacks, p) != STACK_SIDES;
	const struct sql_column column = sql_column_of(s->types, p, is_stack);
	const struct type *type = field_place_type(s->types, p);

	if (column.kind != SQL_TEXT && column.kind != SQL_JSON)
		push_value(s, p, &column);
	else if (p->shown != FIELD_VALUE
		     ? makes_text(s, p)
		     : type != NULL && !is_stack && type->kind == TYPE_ENUM &&
			   column.kind == SQL_TEXT)
		push_counted(s, p);
	else
		formatter_add_value(s, p, STYLE_RAW);
}
