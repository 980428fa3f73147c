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

bool
formatter_add_binary(struct formatter *s, const struct field_place *p)
{
	struct sql_column column;
	bool is_stack =
	    s->stacks != NULL && stack_view_side(s->stacks, p) != STACK_SIDES;

	if (p->type == TYPE_NONE || is_stack)
		return false;
	if (p->shown != FIELD_VALUE) {
		if (!makes_text(s, p))
			return false;
		push_counted(s, p);
		return true;
	}
	column = sql_column_of(s->types, p, false);
	if (column.kind == SQL_TEXT &&
	    field_place_type(s->types, p)->kind == TYPE_ENUM)
		push_counted(s, p);
	else if (column.kind == SQL_TEXT || column.kind == SQL_JSON)
		return false;
	else
		push_value(s, p, &column);
	return true;
}

/*
 * Running them.
 */

static char *
step_string(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	const unsigned char *at = base + s->offset;
	size_t n = strnlen((const char *)at, s->count);

	(void)r;
	p = write_varint(write_text(p, s), n);
	memcpy(p, at, n);
	return p + n;
}

static char *
chain_string(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	return go_on(step_string(p, s, base, r), s, base, r);
}

static char *
step_time_ns(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	(void)base;
	p = write_text(p, s);
	memcpy(p, &r->time_ns, 8);
	return p + 8;
}

static char *
chain_time_ns(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	return go_on(step_time_ns(p, s, base, r), s, base, r);
}

static char *
step_copy(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	(void)r;
	p = write_text(p, s);
	memcpy(p, base + s->offset, s->count);
	return p + s->count;
}

static char *
chain_copy(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	return go_on(step_copy(p, s, base, r), s, base, r);
}

/* The sizes of most members, as moves of that size. */
#define CHAIN_COPY(name, size)                                                 \
	static char *name(char *p, const struct step *s,                       \
	    const unsigned char *base, const struct formatter_run *r)          \
	{                                                                      \
		p = write_text(p, s);                                          \
		memcpy(p, base + s->offset, size);                             \
		return go_on(p + (size), s, base, r);                          \
	}

CHAIN_COPY(chain_copy_1, 1)
CHAIN_COPY(chain_copy_2, 2)
CHAIN_COPY(chain_copy_4, 4)
CHAIN_COPY(chain_copy_8, 8)

static char *
step_number(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	const unsigned char *at = base + s->offset;
	unsigned __int128 v = s->sums ? load_sum(s, at, r) : load_any(s, at);

	p = write_text(p, s);
	memcpy(p, &v, s->count);
	return p + s->count;
}

static char *
chain_number(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	return go_on(step_number(p, s, base, r), s, base, r);
}

static char *
step_truth(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	(void)r;
	p = write_text(p, s);
	*p = load_any(s, base + s->offset) != 0;
	return p + 1;
}

static char *
chain_truth(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	return go_on(step_truth(p, s, base, r), s, base, r);
}

static char *
write_elements(char *p, const struct step *s, size_t n,
    const unsigned char *base, const struct formatter_run *r)
{
	const unsigned char *at = base + s->offset;

	for (size_t i = 0; i < n; i++, at += s->stride)
		p = s[1].chain(p, s + 1, at, r);
	return p;
}

static char *
step_array(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	return write_elements(write_text(p, s), s, s->count, base, r);
}

static char *
chain_array(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	return go_on(step_array(p, s, base, r), s, base, r);
}

static char *
step_last_array(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	size_t n = count_last_elements(s, r);

	p = write_varint(write_text(p, s), n);
	return write_elements(p, s, n, base, r);
}

static char *
chain_last_array(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	return go_on(step_last_array(p, s, base, r), s, base, r);
}

static char *
step_counted(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	char *start = write_text(p, s);
	/* Nearly always the length is one byte. */
	char *end = s[1].chain(start + 1, s + 1, base, r);
	size_t n = (size_t)(end - start) - 1;

	if (n < 0x80) {
		*start = (char)n;
		return end;
	}
	memmove(start, start + 1, n);
	return insert_varint(start, start + n);
}

static char *
chain_counted(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	return go_on(step_counted(p, s, base, r), s, base, r);
}

struct step_functions
formatter_binary_step(const struct step *s)
{
	static const struct step_functions copies[] = {
		[1] = { step_copy, chain_copy_1 },
		[2] = { step_copy, chain_copy_2 },
		[4] = { step_copy, chain_copy_4 },
		[8] = { step_copy, chain_copy_8 },
	};
	const struct step_functions none = { 0 };

	switch (s->op) {
	case STEP_STRING:
		return s->style == STYLE_RAW
			   ? (struct step_functions){ step_string,
				     chain_string }
			   : none;
	case STEP_TIME_NS:
		return (struct step_functions){ step_time_ns, chain_time_ns };
	case STEP_COPY:
		if (s->count < sizeof(copies) / sizeof(copies[0]) &&
		    copies[s->count].write != NULL)
			return copies[s->count];
		return (struct step_functions){ step_copy, chain_copy };
	case STEP_NUMBER:
		return (struct step_functions){ step_number, chain_number };
	case STEP_TRUTH:
		return (struct step_functions){ step_truth, chain_truth };
	case STEP_ARRAY:
		return (struct step_functions){ step_array, chain_array };
	case STEP_LAST_ARRAY:
		return (
		    struct step_functions){ step_last_array, chain_last_array };
	case STEP_COUNTED:
		return (struct step_functions){ step_counted, chain_counted };
	default:
		return none;
	}
}
