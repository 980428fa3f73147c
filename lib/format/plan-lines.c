/*
 * The forms whose line is one part of the formatter: JSON, CSV and TSV; and the
 * raw bytes, which need no formatter.
 */
#include <stdio.h>
#include <string.h>

#include "format/plan-column.h"
#include "layout/typed-json.h"

static void
add_json_time(struct formatter *s, const struct time_style *style)
{
	const char *quote =
	    style != NULL && time_style_is_number(style) ? "" : "\"";

	formatter_add_text(s, ",\"@time\":");
	formatter_add_text(s, quote);
	formatter_add_step(s, style == NULL ? STEP_TIME_UTC : STEP_TIME);
	formatter_add_text(s, quote);
}

static void
compile_json(struct plan *p)
{
	const struct plan_options *o = &p->options;
	struct formatter *s = &p->formatter;
	bool first = o->bare && p->host == NULL;

	formatter_add_text(s, "{");
	if (!o->bare) {
		formatter_add_text(s, "\"@map\":\"");
		formatter_add_styled_text(s, p->map_name, STYLE_JSON);
		formatter_add_text(s, "\"");
	}
	if (p->host != NULL) {
		formatter_add_text(
		    s, o->bare ? "\"@host\":\"" : ",\"@host\":\"");
		formatter_add_styled_text(s, p->host, STYLE_JSON);
		formatter_add_text(s, "\"");
	}
	if (!o->bare && stream_header_needs_host_index(p->header, p->map)) {
		char index[32];

		snprintf(index, sizeof(index), ",\"@host_index\":\"%u\"",
		    p->header->maps[p->map].host);
		formatter_add_text(s, index);
	}
	if (plan_shows_time(p))
		add_json_time(s, o->time);
	if (!o->bare && plan_type_label(p) != NULL) {
		formatter_add_text(s, ",\"@type\":\"");
		formatter_add_styled_text(s, plan_type_label(p), STYLE_JSON);
		formatter_add_text(s, "\"");
	}
	if (!plan_is_narrowed(p))
		fields_add_roots(&p->columns, p->header, p->map);
	else
		plan_add_columns(p);
	plan_find_hist_json(p);
	plan_add_hist_members(p, &first);
	formatter_add_text(s, "}\n");
	p->line = plan_end_part(p, 0);
}

/* Append a member, "name":value, if the record has it. */
static void
write_json_member(struct plan *p, struct buf *out, const char *name,
    const struct json_value *cell, bool *first)
{
	if (cell->kind == JSON_VALUE_ABSENT)
		return;
	typed_json_write_key(out, name, first);
	json_row_write_cell(&p->row, cell, out, STYLE_JSON);
}

/* Append the time of a JSON record, as it came or in the style that was asked
 * for. */
static void
write_json_time(struct plan *p, const struct plan_input *rec, bool *first)
{
	const struct time_style *style = p->options.time;
	struct buf *out = rec->run.out;

	if (style == NULL || !rec->has_time) {
		write_json_member(
		    p, out, "@time", &p->row.cells[CELL_TIME], first);
		return;
	}
	typed_json_write_key(out, "@time", first);
	if (!time_style_is_number(style))
		buf_chr(out, '"');
	plan_write_time(rec);
	if (!time_style_is_number(style))
		buf_chr(out, '"');
}

/* Append the object with the chosen members only. */
static void
write_narrowed(struct plan *p, const struct plan_input *rec)
{
	struct buf *out = rec->run.out;
	bool first = true;

	buf_chr(out, '{');
	if (!p->options.bare)
		write_json_member(
		    p, out, "@map", &p->row.cells[CELL_MAP], &first);
	if (p->host != NULL) {
		typed_json_write_key(out, "@host", &first);
		buf_chr(out, '"');
		text_write(out, p->host, strlen(p->host), STYLE_JSON);
		buf_chr(out, '"');
	}
	if (!p->options.bare) {
		if (!p->options.no_time)
			write_json_time(p, rec, &first);
		if (p->type_cell != 0)
			write_json_member(p, out, "@type",
			    &p->row.cells[p->type_cell], &first);
	}
	for (size_t i = 0; i < p->columns.n; i++)
		write_json_member(p, out, p->columns.v[i].name,
		    plan_column_cell(p, i), &first);
	buf_str(out, "}\n");
}

/* Append a part of the record without its blanks. */
static void
write_without_blanks(
    const struct plan *p, struct buf *out, const char *text, const char *end)
{
	const struct json_value part = { JSON_VALUE_OBJECT, text,
		(size_t)(end - text) };

	if (p->row.spaced)
		json_value_write_compact(&part, out);
	else
		buf_add(out, part.text, part.len);
}

/* Whether a value of the record is that of a cell. */
static bool
is_cell(const struct plan *p, uint32_t cell, const struct json_value *value)
{
	const struct json_value *v = &p->row.cells[cell];

	return v->kind != JSON_VALUE_ABSENT && v->text == value->text;
}

/* Whether the value is the record's map, host, time or type. */
static bool
is_about_record(const struct plan *p, const struct json_value *value)
{
	return is_cell(p, CELL_MAP, value) || is_cell(p, CELL_TIME, value) ||
	       (p->type_cell != 0 && is_cell(p, p->type_cell, value)) ||
	       (p->host_in_json != 0 &&
		   (is_cell(p, p->host_in_json, value) ||
		       is_cell(p, p->host_index_in_json, value)));
}

static int
has_cell(const struct plan *p, uint32_t cell)
{
	return p->row.cells[cell].kind != JSON_VALUE_ABSENT;
}

/*
 * Append the record with another time or without one, or without its map, its
 * host, its time and its type.  They nearly always come first; what follows the
 * last of them is copied in one piece.
 */
static void
write_changed(struct plan *p, const struct plan_input *rec)
{
	bool bare = p->options.bare;
	int left =
	    has_cell(p, CELL_TIME) + (bare && has_cell(p, CELL_MAP)) +
	    (bare && p->type_cell != 0 && has_cell(p, p->type_cell)) +
	    (bare && p->host_in_json != 0 && has_cell(p, p->host_in_json));
	struct buf *out = rec->run.out;
	struct json_value key, value;
	struct json_cursor c;
	char before = '{';

	json_cursor_open(&c, rec->text, rec->text_len);
	json_cursor_enter(&c);
	while (json_cursor_next_member(&c, &key) == 1) {
		if (left == 0) {
			buf_chr(out, before);
			write_without_blanks(p, out, key.text, c.end);
			buf_chr(out, '\n');
			return;
		}
		json_cursor_read(&c, &value);
		if (bare ? is_about_record(p, &value)
			 : is_cell(p, CELL_TIME, &value)) {
			left--;
			if (plan_shows_time(p)) {
				bool first = before == '{';

				if (first)
					buf_chr(out, '{');
				write_json_time(p, rec, &first);
				before = ',';
			}
			continue;
		}
		buf_chr(out, before);
		write_without_blanks(p, out, key.text, c.p);
		before = ',';
	}
	buf_str(out, before == '{' ? "{}\n" : "}\n");
}

/* JSON records are passed on as they came, without the blanks between their
 * parts. */
static void
record_json(struct plan *p, const struct plan_input *rec)
{
	struct buf *out = rec->run.out;

	if (plan_is_narrowed(p)) {
		write_narrowed(p, rec);
	} else if (!plan_shows_time(p) || p->options.time != NULL) {
		write_changed(p, rec);
	} else {
		write_without_blanks(
		    p, out, rec->text, rec->text + rec->text_len);
		buf_chr(out, '\n');
	}
}

const struct plan_ops plan_json_ops = {
	.compile = compile_json,
	.lines = true,
	.record = record_json,
	.traits.adds_columns = true,
	.style = STYLE_JSON,
	.kinds = true,
	.respells = true,
};

/* CSV and TSV: what separates fields, and what ends a line. */
static const char *
field_separator(const struct plan *p)
{
	return p->ops->style == STYLE_CSV ? "," : "\t";
}

static const char *
field_line_end(const struct plan *p)
{
	return p->ops->style == STYLE_CSV ? "\r\n" : "\n";
}

/* Whether something is before the first column. */
static bool
has_start(const struct plan *p)
{
	return !p->options.bare || p->host != NULL;
}

static void
layout_fields(struct plan *p)
{
	const struct plan_options *o = &p->options;
	struct formatter *s = &p->formatter;

	if (!o->bare)
		formatter_add_styled_text(s, p->map_name, p->ops->style);
	if (p->host != NULL) {
		formatter_add_text(s, o->bare ? "" : field_separator(p));
		formatter_add_styled_text(s, p->host, p->ops->style);
	}
	if (plan_shows_time(p)) {
		formatter_add_text(s, field_separator(p));
		formatter_add_step(
		    s, o->time == NULL ? STEP_TIME_UTC : STEP_TIME);
	}
	for (size_t i = 0; i < p->columns.n; i++) {
		if (i > 0 || has_start(p))
			formatter_add_text(s, field_separator(p));
		if (!p->columns.v[i].place.added)
			formatter_add_value(
			    s, &p->columns.v[i].place, p->ops->style);
	}
	formatter_add_text(s, field_line_end(p));
	p->line = plan_end_part(p, 0);
}

static void
head_fields(const struct plan *p, struct buf *out)
{
	if (!p->options.bare)
		buf_str(out, "@map");
	if (p->host != NULL) {
		buf_str(out, p->options.bare ? "" : field_separator(p));
		buf_str(out, "@host");
	}
	if (plan_shows_time(p)) {
		buf_str(out, field_separator(p));
		buf_str(out, "@time");
	}
	for (size_t i = 0; i < p->columns.n; i++) {
		const char *name = p->columns.v[i].name;

		if (i > 0 || has_start(p))
			buf_str(out, field_separator(p));
		text_write(out, name, strlen(name), p->ops->style);
	}
	buf_str(out, field_line_end(p));
}

/* What there is not in a field. */
static void
write_null(const struct plan *p, struct buf *out)
{
	buf_str(out, p->options.sql ? "\\N" : "");
}

/* A JSON record may lack a value, or have null, which is no text. */
static void
write_field(struct plan *p, const struct plan_input *rec, size_t i)
{
	const struct json_value *cell = plan_column_cell(p, i);
	bool absent = cell->kind == JSON_VALUE_ABSENT ||
		      (cell->kind == JSON_VALUE_SCALAR && *cell->text == 'n');
	size_t start = rec->run.out->len;

	if (!absent || !p->options.sql ||
	    p->columns.v[i].place.shown != FIELD_VALUE)
		plan_write_column(p, rec, i);
	if (absent && rec->run.out->len == start)
		write_null(p, rec->run.out);
}

static void
write_field_time(struct plan *p, const struct plan_input *rec)
{
	if (p->row.cells[CELL_TIME].kind == JSON_VALUE_ABSENT)
		write_null(p, rec->run.out);
	else if (p->options.time != NULL && rec->has_time)
		plan_write_time(rec);
	else
		json_row_write_cell(&p->row, &p->row.cells[CELL_TIME],
		    rec->run.out, p->ops->style);
}

static void
record_fields(struct plan *p, const struct plan_input *rec)
{
	struct buf *out = rec->run.out;

	if (!p->options.bare)
		text_write(
		    out, p->map_name, strlen(p->map_name), p->ops->style);
	if (p->host != NULL) {
		buf_str(out, p->options.bare ? "" : field_separator(p));
		text_write(out, p->host, strlen(p->host), p->ops->style);
	}
	if (plan_shows_time(p)) {
		buf_str(out, field_separator(p));
		write_field_time(p, rec);
	}
	for (size_t i = 0; i < p->columns.n; i++) {
		if (i > 0 || has_start(p))
			buf_str(out, field_separator(p));
		write_field(p, rec, i);
	}
	buf_str(out, field_line_end(p));
}

const struct plan_ops plan_csv_ops = {
	.compile = plan_add_columns,
	.layout = layout_fields,
	.head = head_fields,
	.lines = true,
	.record = record_fields,
	.traits.adds_columns = true,
	.style = STYLE_CSV,
	.kinds = true,
	.deep = true,
};

const struct plan_ops plan_tsv_ops = {
	.compile = plan_add_columns,
	.layout = layout_fields,
	.head = head_fields,
	.lines = true,
	.record = record_fields,
	.traits.adds_columns = true,
	.style = STYLE_TSV,
	.kinds = true,
	.deep = true,
};

/* The newline after a line of text is not part of its record. */
static void
record_raw(struct plan *p, const struct plan_input *rec)
{
	buf_add(rec->run.out, rec->run.data, rec->run.len);
	if (plan_is_text(p))
		buf_chr(rec->run.out, '\n');
}

const struct plan_ops plan_raw_ops = {
	.record = record_raw,
	.traits.binary_only = true,
};
