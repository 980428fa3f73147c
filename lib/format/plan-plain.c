/*
 * PLAN_PLAIN: the reference loader's text, with its rows, its JSON for sampled
 * maps and its histograms.  One fault of it is mended: control bytes are shown
 * and not sent to the terminal.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "format/plan-column.h"
#include "layout/typed-json.h"

enum { NAME_WIDTH = 6 };

/* Whether records are shown as stacks; rows are shown if columns were chosen.
 */
static bool
shows_trace(const struct plan *p)
{
	return p->stacks.view != NULL && p->header != NULL &&
	       !plan_is_narrowed(p);
}

/* Whether records are shown as a key and a value, each a JSON object. */
static bool
shows_key_value(const struct plan *p)
{
	return p->header != NULL && !plan_is_narrowed(p) &&
	       p->header->maps[p->map].source == STREAM_SAMPLE;
}

/* The name by which the header shows a key or value that is no struct. */
static const char *
name_in_header(const struct plan *p, const struct field *root)
{
	return root->place.type == TYPE_NONE
		   ? root->name
		   : p->header->types.v[root->place.type].name;
}

void
plan_add_object(struct plan *p, const struct field *root)
{
	struct formatter *s = &p->formatter;
	bool first = true;

	if (field_place_is_struct(s->types, &root->place)) {
		formatter_add_object(s, &root->place, false);
		return;
	}
	formatter_add_text(s, "{");
	typed_json_write_key(&s->texts, name_in_header(p, root), &first);
	formatter_add_value(s, &root->place, STYLE_JSON);
	formatter_add_text(s, "}");
}

void
plan_add_key_and_value(struct plan *p)
{
	fields_add_roots(&p->columns, p->header, p->map);
	if (p->columns.n == 3)
		fields_remove(&p->columns, "values");
}

/* Add a key, a value or a member of a histogram's key block as a field.  In the
 * key block only structs are objects; texts there have no quotes. */
static void
add_plain_field(struct plan *p, const struct field *root)
{
	size_t opened;

	if (p->slots.v != NULL &&
	    !field_place_is_struct(p->formatter.types, &root->place)) {
		formatter_add_value(&p->formatter, &root->place, STYLE_VIS);
		return;
	}
	opened = formatter_open_field(&p->formatter, STYLE_VIS);
	plan_add_object(p, root);
	formatter_close_field(&p->formatter, opened);
}

/* Set the columns of a histogram's key block: the key, then the value's members
 * without the slots. */
static void
add_hist_columns(struct plan *p)
{
	struct fields all = { 0 }, *c = &p->columns;

	fields_add_roots(c, p->header, p->map);
	fields_remove(c, "value");
	fields_remove(c, "values");
	fields_add_selected(&all, p->header, p->map, NULL, 0, false);
	fields_remove(&all, "value.slots");
	fields_sort(&all);
	for (size_t i = 0; i < all.n && !c->failed; i++)
		if (strncmp(all.v[i].path, "value.", 6) == 0)
			fields_add(c, &all.v[i]);
	c->failed |= all.failed;
	fields_free(&all);
}

static void
compile_plain(struct plan *p)
{
	const struct plan_options *o = &p->options;

	p->formatter.reference = true;
	if (shows_trace(p)) {
		plan_compile_trace(p);
	} else if (!shows_key_value(p)) {
		fields_add_selected(&p->columns, p->header, p->map, o->columns,
		    o->ncolumns, false);
		if (!plan_is_narrowed(p))
			fields_sort_by_offset(&p->columns);
		plan_add_column_parts(p, NULL);
	} else {
		if (plan_find_slots(p))
			add_hist_columns(p);
		else
			plan_add_key_and_value(p);
		plan_report_no_slots(p);
		plan_add_column_parts(p, add_plain_field);
	}
}

static void
write_head_name(struct buf *out, const char *name)
{
	size_t start = out->len;

	text_write(out, name, strlen(name), STYLE_VIS);
	for (size_t i = start; i < out->len; i++)
		out->data[i] = (char)toupper((unsigned char)out->data[i]);
	while (out->len - start < NAME_WIDTH && !out->failed)
		buf_chr(out, ' ');
	buf_chr(out, ' ');
}

/* Append the names of a key or value: of its members, or of its type. */
static void
write_head_root(const struct plan *p, const struct field *root, struct buf *out)
{
	struct fields members = { 0 };

	if (!field_place_is_struct(&p->header->types, &root->place)) {
		write_head_name(out, name_in_header(p, root));
		return;
	}
	fields_add_members(&members, &p->header->types, &root->place);
	fields_sort_by_offset(&members);
	for (size_t i = 0; i < members.n; i++)
		write_head_name(out, members.v[i].name);
	out->failed |= members.failed;
	fields_free(&members);
}

/* Where the time ends, with the blank after it. */
static size_t
time_end(const struct plan *p)
{
	size_t width = plan_time_width(p);

	if (p->options.no_time)
		return 0;
	return (width < 4 ? 4 : width) + 1;
}

static void
head_plain(const struct plan *p, struct buf *out)
{
	if (p->slots.v != NULL || shows_trace(p))
		return;
	if (!p->options.no_time) {
		buf_str(out, "TIME");
		buf_blanks(out, time_end(p) - 4);
	}
	for (size_t i = 0; i < p->columns.n; i++) {
		if (shows_key_value(p))
			write_head_root(p, &p->columns.v[i], out);
		else
			write_head_name(out, p->columns.v[i].name);
	}
	buf_chr(out, '\n');
}

/* Write a JSON cell as an object: {"u32":5}, or the members of a struct. */
static void
write_cell_object(struct plan *p, const struct field *root,
    const struct json_value *cell, struct buf *out)
{
	const struct types *t = &p->header->types;
	const struct typed_json j = { .types = t, .reference = true };
	struct buf *json = &p->scratch;
	bool first = true;

	json->len = 0;
	if (cell->kind != JSON_VALUE_ABSENT &&
	    field_place_is_struct(t, &root->place)) {
		typed_json_write_object(json, &j, &root->place, cell);
	} else {
		buf_chr(json, '{');
		typed_json_write_key(json, name_in_header(p, root), &first);
		if (cell->kind != JSON_VALUE_ABSENT)
			typed_json_write(json, &j, &root->place, cell);
		buf_chr(json, '}');
	}
	text_write(out, json->data, json->len, STYLE_VIS);
	out->failed |= json->failed;
}

/* Append the key block and the histogram, with an empty line after each; a
 * histogram without counts is empty. */
static void
write_plain_hist(struct plan *p, const struct plan_input *rec)
{
	struct buf *out = rec->run.out;
	struct hist h;

	for (size_t i = 0; i < p->columns.n; i++) {
		const struct field *c = &p->columns.v[i];

		text_write(out, c->name, strlen(c->name), STYLE_VIS);
		buf_str(out, strcmp(c->path, "key") == 0 ? " =  " : " = ");
		if (rec->is_json &&
		    field_place_is_struct(&p->header->types, &c->place))
			write_cell_object(p, c, plan_column_cell(p, i), out);
		else
			plan_write_column(p, rec, i);
		buf_chr(out, '\n');
	}
	h = plan_read_slots(p, rec);
	buf_chr(out, '\n');
	p->graph_offset = out->len;
	hist_write(&h, out);
	buf_chr(out, '\n');
}

static void
write_key_value(struct plan *p, const struct plan_input *rec)
{
	struct buf *out = rec->run.out;

	if (!p->options.no_time)
		plan_write_time(rec);
	for (size_t i = 0; i < p->columns.n; i++) {
		const struct field *c = &p->columns.v[i];

		if (i > 0 || !p->options.no_time)
			buf_chr(out, ' ');
		if (rec->is_json)
			write_cell_object(p, c, plan_column_cell(p, i), out);
		else
			plan_write_column(p, rec, i);
	}
	buf_chr(out, '\n');
}

/* Append a row.  A value starts below its name, or one space after a longer
 * value before it. */
static void
write_plain_row(struct plan *p, const struct plan_input *rec)
{
	struct buf *out = rec->run.out;
	size_t row = out->len, head = time_end(p), end, width;

	if (!p->options.no_time) {
		plan_write_time(rec);
		buf_chr(out, ' ');
	}
	for (size_t i = 0; i < p->columns.n; i++) {
		end = out->len - row;
		buf_blanks(out, end < head ? head - end : end > 0);
		plan_write_column(p, rec, i);
		width = p->columns.v[i].name_len;
		head += (width < NAME_WIDTH ? NAME_WIDTH : width) + 1;
	}
	buf_chr(out, '\n');
}

static void
record_plain(struct plan *p, const struct plan_input *rec)
{
	if (shows_trace(p))
		plan_write_trace(p, rec);
	else if (p->slots.v != NULL)
		write_plain_hist(p, rec);
	else if (shows_key_value(p))
		write_key_value(p, rec);
	else
		write_plain_row(p, rec);
}

const struct plan_ops plan_plain_ops = {
	.compile = compile_plain,
	.head = head_plain,
	.record = record_plain,
	.traits.heads_first = true,
	.style = STYLE_VIS,
};
