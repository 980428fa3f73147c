#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/util.h"
#include "format/field-list.h"
#include "record/fields.h"
#include "stream/header-words.h"

enum {
	LIST_MAP,
	LIST_SOURCE,
	LIST_MEMBER,
	LIST_TYPE,
	LIST_KIND,
	LIST_UNIT,
	LIST_HELP,
	LIST_COLUMNS
};

/* By column: the head of the table, and the key of the object. */
static const struct {
	const char *head, *key;
} list_columns[LIST_COLUMNS] = {
	[LIST_MAP] = { "MAP", "map" },
	[LIST_SOURCE] = { "SOURCE", "source" },
	[LIST_MEMBER] = { "MEMBER", "member" },
	[LIST_TYPE] = { "TYPE", "type" },
	[LIST_KIND] = { "KIND", "kind" },
	[LIST_UNIT] = { "UNIT", "unit" },
	[LIST_HELP] = { "HELP", "help" },
};

/* What is listed, and where to. */
struct field_list {
	const struct stream_header *header;
	const struct field_list_options *options;
	struct buf *out;
	struct buf cell, safe;
	size_t widths[LIST_COLUMNS];
	unsigned int map;
};

typedef void list_line(struct field_list *l, const struct field *f);

static bool
is_listed(const struct field_list_options *o, const char *map)
{
	for (size_t i = 0; i < o->nmaps; i++)
		if (strcmp(o->maps[i], map) == 0)
			return true;
	return o->nmaps == 0;
}

/* Whether a member is a number, or an array of numbers. */
static bool
is_numeric(const struct types *t, const struct field_place *at)
{
	const struct type *type = field_place_type(t, at);

	while (type != NULL && type->kind == TYPE_ARRAY)
		type = types_get(t, type->of);
	return type != NULL &&
	       (type->kind == TYPE_INT || type->kind == TYPE_FLOAT);
}

/* The unit of a quantity or of a point in time, "" for other kinds. */
static const char *
unit_of_kind(enum kind kind)
{
	switch (kind) {
	case KIND_KTIME:
	case KIND_BOOTTIME:
	case KIND_REALTIME:
		return kind_name(KIND_NS);
	default:
		return kind_is_quantity(kind) ? kind_name(kind) : "";
	}
}

/* The unit of its kind or else of what a map counts, which is that of the
 * numbers in its value. */
static const char *
find_unit(const struct field_list *l, const struct field *f)
{
	const struct stream_map *m = &l->header->maps[l->map];

	return m->source == STREAM_SAMPLE &&
		       strcmp(m->unit, STREAM_NO_UNIT) != 0 &&
		       strncmp(f->path, "value", 5) == 0 &&
		       is_numeric(&l->header->types, &f->place) &&
		       f->place.kind == KIND_NONE
		   ? m->unit
		   : unit_of_kind(f->place.kind);
}

static void
write_kind(const struct member_kind *k, struct buf *out)
{
	char *text = k->kind == KIND_NONE ? NULL : kind_spell(k);

	if (text != NULL)
		buf_str(out, text);
	else if (k->kind != KIND_NONE)
		out->failed = true;
	free(text);
}

/* Set l->cell to the text of a column, which is empty if there is none. */
static void
read_cell(struct field_list *l, const struct field *f, int column)
{
	const struct stream_map *m = &l->header->maps[l->map];
	const struct type_member *member = f->place.member;
	struct buf *cell = &l->cell;

	cell->len = 0;
	switch (column) {
	case LIST_MAP:
		buf_str(cell, m->name);
		break;
	case LIST_SOURCE:
		buf_str(cell, stream_sources[m->source]);
		break;
	case LIST_MEMBER:
		buf_str(cell, f->name);
		break;
	case LIST_TYPE:
		if (f->place.type != TYPE_NONE)
			types_write_name(
			    &l->header->types, f->place.type, cell);
		break;
	case LIST_KIND:
		if (member != NULL)
			write_kind(&member->as, cell);
		break;
	case LIST_UNIT:
		buf_str(cell, find_unit(l, f));
		break;
	case LIST_HELP:
		if (member != NULL && member->help != NULL)
			buf_str(cell, member->help);
		break;
	default:
		break;
	}
}

/* Set l->safe to it as a terminal may show it, "-" if it is empty. */
static void
read_safe_cell(struct field_list *l, const struct field *f, int column)
{
	read_cell(l, f, column);
	if (l->cell.len == 0)
		buf_chr(&l->cell, '-');
	l->safe.len = 0;
	if (!l->cell.failed)
		text_write(&l->safe, l->cell.data, l->cell.len, STYLE_VIS);
}

static void
measure_line(struct field_list *l, const struct field *f)
{
	for (int i = 0; i < LIST_COLUMNS; i++) {
		size_t columns;

		read_safe_cell(l, f, i);
		columns = l->safe.len == 0
			      ? 0
			      : utf8_columns(l->safe.data, l->safe.len);
		if (columns > l->widths[i])
			l->widths[i] = columns;
	}
}

static void
write_cell(struct field_list *l, int column, const char *text, size_t len)
{
	size_t columns = utf8_columns(text, len);

	buf_add(l->out, text, len);
	if (column + 1 < LIST_COLUMNS)
		buf_blanks(l->out, l->widths[column] + 1 - columns);
	else
		buf_chr(l->out, '\n');
}

static void
write_line(struct field_list *l, const struct field *f)
{
	for (int i = 0; i < LIST_COLUMNS; i++) {
		read_safe_cell(l, f, i);
		if (l->safe.len > 0)
			write_cell(l, i, l->safe.data, l->safe.len);
	}
}

static void
write_object(struct field_list *l, const struct field *f)
{
	char separator = '{';

	for (int i = 0; i < LIST_COLUMNS; i++) {
		read_cell(l, f, i);
		if (l->cell.len == 0)
			continue;
		buf_chr(l->out, separator);
		buf_printf(l->out, "\"%s\":\"", list_columns[i].key);
		text_write(l->out, l->cell.data, l->cell.len, STYLE_JSON);
		buf_chr(l->out, '"');
		separator = ',';
	}
	buf_str(l->out, "}\n");
}

/* Call fn for each member of the maps that are listed. */
static void
each_member(struct field_list *l, list_line *fn)
{
	const struct stream_header *h = l->header;
	struct fields fields;

	for (l->map = 0; l->map < h->nmaps; l->map++) {
		if (!is_listed(l->options, h->maps[l->map].name) ||
		    stream_header_is_alike(h, l->map))
			continue;
		fields = (struct fields){ 0 };
		fields_add_selected(&fields, h, l->map, NULL, 0, true);
		for (size_t i = 0; i < fields.n && !fields.failed; i++)
			fn(l, &fields.v[i]);
		l->out->failed |= fields.failed;
		fields_free(&fields);
	}
}

int
field_list_write(const struct stream_header *h,
    const struct field_list_options *o, struct buf *out)
{
	struct field_list l = { .header = h, .options = o, .out = out };

	if (o->json) {
		each_member(&l, write_object);
	} else {
		for (int i = 0; i < LIST_COLUMNS && !o->no_header; i++)
			l.widths[i] = strlen(list_columns[i].head);
		each_member(&l, measure_line);
		for (int i = 0; i < LIST_COLUMNS && !o->no_header; i++)
			write_cell(&l, i, list_columns[i].head,
			    strlen(list_columns[i].head));
		each_member(&l, write_line);
	}
	out->failed |= l.cell.failed || l.safe.failed;
	buf_free(&l.cell);
	buf_free(&l.safe);
	return out->failed ? report_nomem() : 0;
}
