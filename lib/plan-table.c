/* Tables for people; histograms where the map is one. */
#include <string.h>

#include "emit.h"
#include "plan-form.h"
#include "util.h"

enum {
	FLOAT_WIDTH = 12,
	SHORT_INT = 7,  /* a pid, an errno */
	LONG_INT = 12,  /* a duration, a count */
	CELL_WIDTH = 24 /* an array as JSON */
};

/* The digits of an integer of so many bits, with its sign. */
static unsigned int
digits_of(unsigned int bits, bool is_signed)
{
	char text[EMIT_128_MAX];
	unsigned __int128 most = ~(unsigned __int128)0;

	if (bits == 0 || bits > 128)
		bits = 128;
	most >>= 128 - (bits - is_signed);
	if (bits == is_signed)
		most = 0;
	return (unsigned int)(emit_u128(text, most) - text) + is_signed;
}

static void
add_integer(struct table *t, const char *name, const struct type *type,
    const struct place *at)
{
	unsigned int bits = (unsigned int)type->size * 8, width, least;
	bool is_signed = type->is_signed && type->kind != TYPE_POINTER;

	if (at->cpus == CPUS_SUM)
		bits = bits < 64 ? 64 : bits;
	else if (at->bits != 0)
		bits = at->bits;
	width = digits_of(bits, is_signed);
	least = width > LONG_INT && bits <= 64    ? LONG_INT
		: width > SHORT_INT && bits <= 32 ? SHORT_INT
						  : width;
	if (type->kind == TYPE_POINTER)
		least = width;
	table_add(t, name, true, width, least);
}

static void
add_text(struct table *t, const char *name, size_t width)
{
	unsigned int w = width > 4096 ? 4096 : (unsigned int)width;

	table_add(t, name, false, w, w < TABLE_TEXT_MIN ? w : TABLE_TEXT_MIN);
}

/* The longest NAME(value) of an enum. */
static size_t
enum_width(const struct type *type)
{
	size_t width = 0, n;
	char text[EMIT_I64_MAX];

	for (size_t i = 0; i < type->nconstants; i++) {
		const struct type_constant *c = &type->constants[i];
		const char *end = type->is_signed
				      ? emit_i64(text, (int64_t)c->value)
				      : emit_u64(text, c->value);

		n = utf8_columns(c->name, strlen(c->name)) +
		    (size_t)(end - text) + 2;
		width = n > width ? n : width;
	}
	return width;
}

static void
add_column(struct table *t, const struct types *types, const struct column *c)
{
	const struct type *type = place_type(types, &c->place);

	if (type == NULL || c->place.cpus == CPUS_ALL) {
		add_text(t, c->name, CELL_WIDTH);
		return;
	}
	switch (type->kind) {
	case TYPE_INT:
	case TYPE_CHAR:
	case TYPE_POINTER:
		add_integer(t, c->name, type, &c->place);
		break;
	case TYPE_FLOAT:
		table_add(t, c->name, true, FLOAT_WIDTH, FLOAT_WIDTH);
		break;
	case TYPE_BOOL:
		add_text(t, c->name, sizeof("false") - 1);
		break;
	case TYPE_ENUM:
		add_text(t, c->name, enum_width(type));
		break;
	default:
		/* The last byte of text is its NUL. */
		add_text(t, c->name,
		    !types_is_text(types, c->place.type) ? CELL_WIDTH
		    : type->size > 1                     ? type->size - 1
							 : 1);
		break;
	}
}

static void
compile_table(struct plan *p)
{
	const struct plan_options *o = &p->options;

	columns_select(
	    &p->columns, p->header, p->map, o->columns, o->ncolumns, true);
	if (plan_find_slots(p))
		columns_drop(&p->columns, "value.slots");
	if (!o->bare)
		table_add(
		    &p->table, "time", false, CLOCK_LOCAL_LEN, CLOCK_LOCAL_LEN);
	for (size_t i = 0; i < p->columns.n; i++)
		add_column(&p->table, &p->header->types, &p->columns.v[i]);
	if (!p->table.failed)
		table_fit(&p->table);
	plan_column_parts(p, STYLE_VIS);
}

static void
head_table(const struct plan *p, struct buf *out)
{
	if (p->slots.v == NULL)
		table_head(&p->table, out);
}

static void
put_time(struct buf *out, const struct run *r)
{
	char *p = buf_room(out, CLOCK_LOCAL_LEN);

	if (p != NULL)
		out->len =
		    (size_t)(clock_local(r->clock, p, r->time_ns) - out->data);
}

/* The time and the key, the picture, what it says, and a blank line. */
static void
record_hist(struct plan *p, const struct run *r)
{
	struct hist h;

	if (!p->options.bare)
		put_time(r->out, r);
	for (size_t i = 0; i < p->columns.n; i++) {
		const struct part *part = &p->parts[i];

		if (i > 0)
			buf_chr(r->out, ',');
		if (i > 0 || !p->options.bare)
			buf_chr(r->out, ' ');
		steps_style(r->out, p->columns.v[i].name,
		    strlen(p->columns.v[i].name), STYLE_VIS);
		buf_str(r->out, " = ");
		steps_run(r, part->from, part->to, part->most);
	}
	buf_chr(r->out, '\n');
	plan_read_slots(p, r->data);
	h = plan_hist(p);
	hist_write(&h, r->out);
	hist_summary(&h, r->out);
	buf_chr(r->out, '\n');
}

static void
record_table(struct plan *p, const struct run *r)
{
	unsigned int over = 0;
	size_t cell = 0, start = r->out->len;

	if (p->slots.v != NULL) {
		record_hist(p, r);
		return;
	}
	if (!p->options.bare) {
		put_time(r->out, r);
		table_cell(&p->table, cell++, r->out, start, &over);
	}
	for (size_t i = 0; i < p->columns.n; i++) {
		const struct part *part = &p->parts[i];

		start = r->out->len;
		steps_run(r, part->from, part->to, part->most);
		table_cell(&p->table, cell++, r->out, start, &over);
	}
	buf_chr(r->out, '\n');
}

const struct form form_table = {
	.compile = compile_table,
	.head = head_table,
	.record = record_table,
	.round = "\n",
};
