#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "format/plan-column.h"
#include "layout/typed-json.h"

static const char host_head[] = "HOST";

bool
plan_is_narrowed(const struct plan *p)
{
	return p->options.ncolumns > 0;
}

void
plan_add_columns(struct plan *p)
{
	const struct plan_options *o = &p->options;
	enum field_texts *in_json = &p->formatter.kind_texts;

	p->columns.without_hidden = p->ops->instead;
	p->columns.texts = *in_json;
	if (p->ops->instead && *in_json != FIELD_TEXTS_NONE) {
		p->columns.texts = FIELD_TEXTS_INSTEAD;
		*in_json = FIELD_TEXTS_ALONE;
	}
	fields_add_selected(&p->columns, p->header, p->map, o->columns,
	    o->ncolumns, p->ops->deep);
}

bool
plan_is_text(const struct plan *p)
{
	return p->header != NULL && p->header->maps[p->map].text;
}

struct formatter_part
plan_end_part(struct plan *p, size_t from)
{
	return (struct formatter_part){ .from = from,
		.to = formatter_end_part(&p->formatter) };
}

void
plan_add_column_parts(
    struct plan *p, void (*add)(struct plan *p, const struct field *c))
{
	size_t from = formatter_end_part(&p->formatter);

	p->parts = calloc(p->columns.n + 1, sizeof(*p->parts));
	if (p->parts == NULL) {
		p->formatter.failed = true;
		return;
	}
	for (size_t i = 0; i < p->columns.n; i++) {
		const struct field *c = &p->columns.v[i];

		if (add != NULL)
			add(p, c);
		else if (!c->place.added)
			formatter_add_value(
			    &p->formatter, &c->place, p->ops->style);
		p->parts[i] = plan_end_part(p, from);
		from = p->parts[i].to;
	}
}

const struct json_value *
plan_column_cell(const struct plan *p, size_t i)
{
	return &p->row.cells[p->cells[i]];
}

/* Whether a column of a JSON record is a stack: by its place or, without types,
 * by its value. */
static bool
is_stack(const struct plan *p, size_t i)
{
	const struct field_place *at = &p->columns.v[i].place;

	return p->header == NULL
		   ? stack_view_is_stack(plan_column_cell(p, i))
		   : stack_view_side(p->stacks.view, at) != STACK_SIDES;
}

/* Whether the text of a cell depends on its type, and not on who wrote it. */
static bool
needs_type(const struct plan *p, size_t i)
{
	const struct json_value *cell = plan_column_cell(p, i);
	const struct type *type;

	if (p->header == NULL)
		return false;
	type = field_place_type(&p->header->types, &p->columns.v[i].place);
	return type != NULL && (cell->kind >= JSON_VALUE_ARRAY ||
				   (type->kind == TYPE_FLOAT &&
				       cell->kind == JSON_VALUE_SCALAR));
}

/* typed_json_enum_number() of a column in the reference loader's text. */
static const char *
find_unknown(const struct plan *p, size_t i, const struct json_value *cell)
{
	const struct type *type;

	if (p->header == NULL || !p->formatter.reference)
		return NULL;
	type = field_place_type(&p->header->types, &p->columns.v[i].place);
	return type != NULL ? typed_json_enum_number(type, cell) : NULL;
}

struct typed_json
plan_typed_json(const struct plan *p, const struct plan_input *rec)
{
	return (struct typed_json){ .types = &p->header->types,
		.reference = p->formatter.reference,
		.texts = p->formatter.kind_texts,
		.context = &p->kinds,
		.record_ns = rec->run.time_ns };
}

/* Append the text of a column's value. */
static void
write_json_text(struct plan *p, const struct plan_input *rec, size_t i)
{
	const struct typed_json j = plan_typed_json(p, rec);
	const struct text_cells *texts = &p->text_cells[i];
	const struct json_value *cells = p->row.cells,
				*value = plan_column_cell(p, i);

	if (!typed_json_write_text(rec->run.out, &j, &p->columns.v[i].place,
		value, texts->family != 0 ? &cells[texts->family] : NULL,
		texts->told != 0 ? &cells[texts->told] : NULL, p->ops->style))
		json_row_write_cell(
		    &p->row, value, rec->run.out, p->ops->style);
}

/* Not inlined: plan_write_column() stays short for binary records, which are
 * the most. */
static void __attribute__((noinline))
write_json_column(struct plan *p, const struct plan_input *rec, size_t i)
{
	struct buf *out = rec->run.out;
	enum style style = p->ops->style;
	const struct json_value *cell = plan_column_cell(p, i);
	struct buf *text = &p->scratch;
	const char *number = find_unknown(p, i, cell);
	struct typed_json j;

	if (p->text_cells != NULL && p->columns.v[i].place.shown != FIELD_VALUE)
		write_json_text(p, rec, i);
	else if (number != NULL)
		buf_printf(out, TYPED_JSON_UNKNOWN "%.*s",
		    (int)(cell->text + cell->len - 1 - number), number);
	else if (plan_is_text(p) && cell->kind == JSON_VALUE_STRING) {
		json_row_decode(&p->row, cell);
		text_write_line(
		    out, p->row.scratch.data, p->row.scratch.len, style);
	} else if (p->stacks.view != NULL && style != STYLE_JSON &&
		   is_stack(p, i)) {
		stack_view_read_json(p->stacks.view, cell);
		stack_view_write(p->stacks.view, out, style);
	} else if (style != STYLE_JSON && needs_type(p, i)) {
		j = plan_typed_json(p, rec);
		text->len = 0;
		typed_json_write(text, &j, &p->columns.v[i].place, cell);
		text_write(out, text->data, text->len, style);
		out->failed |= text->failed;
	} else {
		json_row_write_cell(&p->row, cell, out, style);
	}
}

void
plan_write_column(struct plan *p, const struct plan_input *rec, size_t i)
{
	const struct formatter_part *part;

	if (rec->is_json) {
		write_json_column(p, rec, i);
		return;
	}
	part = &p->parts[i];
	formatter_run(&rec->run, part->first, part->end, part->most);
}

unsigned int
plan_time_width(const struct plan *p)
{
	return p->options.time != NULL ? time_style_width(p->options.time)
				       : CLOCK_LOCAL_LEN;
}

/* In the style that was asked for. */
static void __attribute__((noinline))
write_styled_time(const struct plan_input *rec)
{
	struct time_style *style = rec->run.time;
	struct buf *out = rec->run.out;
	char *p = buf_room(out, TIME_STYLE_MAX);

	if (p == NULL)
		return;
	if (rec->has_time)
		out->len =
		    (size_t)(time_style_write(style, p, rec->run.time_ns) -
			     out->data);
	else
		buf_blanks(out, time_style_width(style));
}

void
plan_write_time(const struct plan_input *rec)
{
	struct buf *out = rec->run.out;
	char *p;

	if (rec->run.time != NULL) {
		write_styled_time(rec);
		return;
	}
	if ((p = buf_room(out, CLOCK_LOCAL_LEN)) == NULL)
		return;
	if (rec->has_time)
		clock_local(rec->run.clock, p, rec->run.time_ns);
	else
		memset(p, ' ', CLOCK_LOCAL_LEN);
	out->len += CLOCK_LOCAL_LEN;
}

void
plan_paint(const struct plan *p, struct buf *out, size_t start, enum paint what)
{
	if (p->options.color)
		paint_from(out, start, what);
}

/* The columns of the cell of the host. */
static unsigned int
host_columns(const struct plan *p)
{
	unsigned int wide = p->options.host_columns;

	if (wide == 0) {
		struct buf name = { 0 };

		text_write(&name, p->host, strlen(p->host), STYLE_VIS);
		if (!name.failed && name.len > 0)
			wide = (unsigned int)utf8_columns(name.data, name.len);
		buf_free(&name);
	}
	if (wide < sizeof(host_head) - 1)
		wide = sizeof(host_head) - 1;
	return wide < PLAN_HOST_COLUMNS_MAX ? wide : PLAN_HOST_COLUMNS_MAX;
}

void
plan_set_host_cell(struct plan *p)
{
	unsigned int wide;
	struct buf cell = { 0 };

	if (p->host == NULL || plan_is_text(p))
		return;
	wide = host_columns(p);
	table_fill_text(&cell, p->host, wide);
	p->host_cell_len = cell.len;
	buf_chr(&cell, '\0');
	p->table.failed |= cell.failed;
	p->host_cell = cell.data;
	p->table.terminal = plan_table_columns(p, p->options.width);
}

unsigned int
plan_table_columns(const struct plan *p, unsigned int width)
{
	unsigned int wide = p->host_cell != NULL ? host_columns(p) + 1 : 0;

	return width == 0 ? 0 : width > wide ? width - wide : 1;
}

static void
write_names(const struct plan *p, struct buf *out)
{
	size_t start = out->len;

	if (p->host_cell != NULL)
		buf_str(out, p->host_cell);
	if (p->host_cell != NULL && p->map_cell != NULL)
		buf_chr(out, ' ');
	if (p->map_cell != NULL)
		buf_str(out, p->map_cell);
	plan_paint(p, out, start, PAINT_MAP);
}

void
plan_write_names(const struct plan *p, struct buf *out, size_t cell)
{
	if (p->host_cell == NULL && p->map_cell == NULL)
		return;
	if (cell > 0)
		buf_chr(out, ' ');
	write_names(p, out);
	if (cell == 0)
		buf_chr(out, ' ');
}

void
plan_write_head(const struct plan *p, struct buf *out)
{
	const struct table *t = &p->table;
	size_t cell = 0;
	unsigned int over = 0;

	if (plan_shows_time(p))
		table_head_cell(t, cell++, out, &over);
	if (cell > 0 && (p->host_cell != NULL || p->map_cell != NULL))
		buf_chr(out, ' ');
	if (p->host_cell != NULL)
		table_fill_text(out, host_head, host_columns(p));
	if (p->host_cell != NULL && p->map_cell != NULL)
		buf_chr(out, ' ');
	if (p->map_cell != NULL)
		buf_str(out, p->map_cell);
	if (cell == 0 && (p->host_cell != NULL || p->map_cell != NULL))
		buf_chr(out, ' ');
	for (; cell < t->n; cell++)
		table_head_cell(t, cell, out, &over);
}

bool
plan_write_start(const struct plan *p, const struct plan_input *rec)
{
	struct buf *out = rec->run.out;
	size_t start = out->len;

	if (plan_shows_time(p)) {
		plan_write_time(rec);
		plan_paint(p, out, start, PAINT_TIME);
	}
	if (p->host_cell == NULL && p->map_cell == NULL)
		return out->len > start;
	if (out->len > start)
		buf_chr(out, ' ');
	write_names(p, out);
	return true;
}

size_t
plan_start_row(
    const struct plan *p, const struct plan_input *rec, unsigned int *over)
{
	struct buf *out = rec->run.out;
	size_t cell = 0, start;

	if (plan_shows_time(p)) {
		start = table_start(cell, out);
		plan_write_time(rec);
		table_cell(&p->table, cell++, out, start, over);
		plan_paint(p, out, start, PAINT_TIME);
	}
	plan_write_names(p, out, cell);
	return cell;
}

void
plan_write_key(struct plan *p, const struct plan_input *rec, bool space)
{
	struct buf *out = rec->run.out;
	bool any = false;

	for (size_t i = 0; i < p->columns.n; i++) {
		const char *name = p->columns.v[i].name;
		size_t start = out->len, from;

		if (space || any)
			buf_str(out, any ? ", " : " ");
		text_write(out, name, strlen(name), STYLE_VIS);
		buf_str(out, " = ");
		from = out->len;
		plan_write_column(p, rec, i);
		/* An absent value is left out. */
		if (out->len == from)
			out->len = start;
		else
			any = true;
	}
}

void
plan_measure_part(const struct plan *p, struct formatter_part *part)
{
	const struct formatter *s = &p->formatter;

	part->first = s->v + part->from;
	part->end = s->v + part->to;
	part->most = formatter_max_size(s, part->from, part->to);
}
