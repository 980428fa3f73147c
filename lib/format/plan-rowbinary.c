/*
 * ClickHouse's RowBinary: the columns of a record one after another, without
 * names, separators or ends, in the types that plan_declare() gives them there.
 * https://clickhouse.com/docs/interfaces/formats/RowBinary
 *
 * Integers and floats are little-endian, a text has its length in front and an
 * array its number of elements, both as base/varint.h writes them; a time is
 * the nanoseconds since 1970 in eight bytes.  A column that can be without a
 * value, as those of JSON records can but arrays and the map, has a byte in
 * front: 0, or 1 if there is none.
 */
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/varint.h"
#include "format/plan-column.h"

/* Add a text that is the same in each row, with its length in front. */
static void
add_constant(struct formatter *s, const char *text)
{
	char count[VARINT_MAX];

	buf_add(&s->texts, count,
	    (size_t)(write_varint(count, strlen(text)) - count));
	formatter_add_text(s, text);
}

static void
layout_row(struct plan *p)
{
	struct formatter *s = &p->formatter;

	if (!p->options.bare)
		add_constant(s, p->map_name);
	if (p->host != NULL)
		add_constant(s, p->host);
	if (plan_shows_time(p))
		formatter_push(s, (struct step){ .op = STEP_TIME_NS }, 8);
	for (size_t i = 0; i < p->columns.n; i++)
		if (!p->columns.v[i].place.added)
			formatter_add_binary(s, &p->columns.v[i].place);
	p->line = plan_end_part(p, 0);
}

/* What tells tables apart; it is never printed. */
static void
head_row(const struct plan *p, struct buf *out)
{
	const struct sql_engine *e = sql_engine_find("clickhouse", 10);
	struct sql_column column;

	for (size_t i = 0; i < p->columns.n; i++) {
		column = plan_sql_column(p, i);
		buf_str(out, p->columns.v[i].name);
		buf_chr(out, ' ');
		sql_column_write(e, &column, plan_has_nulls(p), out);
		buf_chr(out, '\n');
	}
}

/* Append v in the bytes of a column, if it holds it. */
static bool
write_integer(struct buf *out, const struct sql_column *c, bool negative,
    unsigned __int128 v)
{
	unsigned int bits = c->bytes * 8;
	unsigned __int128 most = ~(unsigned __int128)0 >> (128 - bits);

	if (c->is_signed)
		most = (most >> 1) + negative;
	if ((negative && !c->is_signed && v != 0) || v > most)
		return false;
	v = negative ? -v : v;
	buf_add(out, &v, c->bytes);
	return true;
}

/* Append a number of digits, "12", "-3" or, of 128 bits, with quotes. */
static bool
write_digits(
    struct buf *out, const struct sql_column *c, const char *text, size_t len)
{
	bool negative = len > 0 && *text == '-';
	unsigned __int128 v = 0;
	size_t i = negative;

	if (i == len)
		return false;
	for (; i < len; i++) {
		unsigned int digit = (unsigned int)(text[i] - '0');

		if (digit > 9 || v > (~(unsigned __int128)0 - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	return write_integer(out, c, negative, v);
}

static bool
write_real(
    struct buf *out, const struct sql_column *c, const struct json_value *v)
{
	char text[64], *end;
	double wide;
	float narrow;

	if (v->len >= sizeof(text) || v->kind != JSON_VALUE_SCALAR)
		return false;
	memcpy(text, v->text, v->len);
	text[v->len] = '\0';
	/* The nearest float, which that of the nearest double may not be. */
	narrow = strtof(text, &end);
	wide = strtod(text, &end);
	if (end == text || *end != '\0')
		return false;
	if (c->bytes == 4)
		buf_add(out, &narrow, 4);
	else
		buf_add(out, &wide, 8);
	return true;
}

/* Append one value that is no text.  Returns false, with nothing appended, if
 * the column does not hold it. */
static bool
write_scalar(
    struct buf *out, const struct sql_column *c, const struct json_value *v)
{
	bool quoted = v->kind == JSON_VALUE_STRING;

	switch (c->kind) {
	case SQL_INTEGER:
		return write_digits(
		    out, c, v->text + quoted, v->len - 2 * quoted);
	case SQL_FLOAT:
		return write_real(out, c, v);
	default:
		if (v->kind != JSON_VALUE_SCALAR ||
		    (*v->text != 't' && *v->text != 'f'))
			return false;
		buf_chr(out, *v->text == 't');
		return true;
	}
}

static bool
write_json_array(
    struct buf *out, const struct sql_column *c, const struct json_value *v)
{
	struct sql_column element = *c;
	size_t start = out->len, n = 0;
	struct json_cursor cursor;
	struct json_value one;
	struct buf count = { 0 };
	char *p;

	if (c->dimensions == 0)
		return write_scalar(out, c, v);
	if (v->kind != JSON_VALUE_ARRAY)
		return false;
	element.dimensions--;
	json_cursor_open(&cursor, v->text, v->len);
	if (!json_cursor_enter(&cursor))
		return false;
	while (json_cursor_next_element(&cursor) == 1) {
		if (!json_cursor_read(&cursor, &one) ||
		    !write_json_array(out, &element, &one)) {
			out->len = start;
			return false;
		}
		n++;
	}
	if ((p = buf_room(&count, VARINT_MAX)) == NULL ||
	    buf_room(out, VARINT_MAX) == NULL) {
		out->failed = true;
		return true;
	}
	count.len = (size_t)(write_varint(p, n) - p);
	memmove(
	    out->data + start + count.len, out->data + start, out->len - start);
	memcpy(out->data + start, count.data, count.len);
	out->len += count.len;
	buf_free(&count);
	return true;
}

/* A text: what the other forms write in this column. */
static void
write_json_string(
    struct plan *p, const struct plan_input *rec, size_t i, bool absent)
{
	struct buf *out = rec->run.out;
	size_t start = out->len;

	buf_chr(out, 0);
	plan_write_column(p, rec, i);
	if (out->failed)
		return;
	if (absent && out->len == start + 1)
		out->data[start] = 1;
	else
		buf_count(out, start + 1);
}

/* Say once of a column that it holds no such value. */
static void
report_value(struct plan *p, size_t i, const struct json_value *cell)
{
	if (p->misfit)
		return;
	p->misfit = true;
	report_notice("map %s: %s is no value of the type of %s: %.*s%s; it "
		      "is left out, as all such are",
	    p->map_name, cell->kind == JSON_VALUE_STRING ? "a text" : "this",
	    p->columns.v[i].name, (int)(cell->len < 40 ? cell->len : 40),
	    cell->text, cell->len < 40 ? "" : "...");
}

static void
write_json_cell(struct plan *p, const struct plan_input *rec, size_t i)
{
	const struct json_value *cell = plan_column_cell(p, i);
	bool absent = cell->kind == JSON_VALUE_ABSENT ||
		      (cell->kind == JSON_VALUE_SCALAR && *cell->text == 'n');
	struct sql_column column = plan_sql_column(p, i);
	struct buf *out = rec->run.out;
	size_t start = out->len;

	if (column.kind == SQL_TEXT || column.kind == SQL_JSON) {
		if (absent && p->columns.v[i].place.shown == FIELD_VALUE)
			buf_chr(out, 1);
		else
			write_json_string(p, rec, i, absent);
		return;
	}
	if (column.dimensions == 0)
		buf_chr(out, 0);
	if (!absent && write_json_array(out, &column, cell))
		return;
	if (!absent)
		report_value(p, i, cell);
	out->len = start;
	buf_chr(out, column.dimensions == 0);
}

static void
write_constant(struct buf *out, const char *text)
{
	size_t start = out->len;

	buf_str(out, text);
	buf_count(out, start);
}

/* A JSON record. */
static void
record_row(struct plan *p, const struct plan_input *rec)
{
	struct buf *out = rec->run.out;

	if (!p->options.bare)
		write_constant(out, p->map_name);
	if (p->host != NULL)
		write_constant(out, p->host);
	if (plan_shows_time(p)) {
		buf_chr(out, !rec->has_time);
		if (rec->has_time)
			buf_add(out, &rec->run.time_ns, 8);
	}
	for (size_t i = 0; i < p->columns.n; i++)
		write_json_cell(p, rec, i);
}

const struct plan_ops plan_rowbinary_ops = {
	.compile = plan_add_columns,
	.layout = layout_row,
	.head = head_row,
	.lines = true,
	.record = record_row,
	.traits.adds_columns = true,
	.traits.one_table = true,
	.style = STYLE_RAW,
	.kinds = true,
	.deep = true,
};
