/*
 * Columns: what the forms share about the values that they show.
 */
#ifndef SKEL_FORMAT_PLAN_COLUMN_H
#define SKEL_FORMAT_PLAN_COLUMN_H

#include "format/plan-form.h"
#include "layout/paint.h"
#include "layout/typed-json.h"

/* Whether the command line chose the columns. */
bool plan_is_narrowed(const struct plan *p);

/* Add the columns of the form, as the options say. */
void plan_add_columns(struct plan *p);

/* End a part of the formatter that started at the step from. */
struct formatter_part plan_end_part(struct plan *p, size_t from);

/* Add a part for each column: by add() or, if that is NULL, its value in the
 * form's style. */
void plan_add_column_parts(
    struct plan *p, void (*add)(struct plan *p, const struct field *c));

/* The cell of a JSON record for column i. */
const struct json_value *plan_column_cell(const struct plan *p, size_t i);

/* How the values of JSON records are written. */
struct typed_json plan_typed_json(
    const struct plan *p, const struct plan_input *rec);

/* Append a record's value in column i. */
void plan_write_column(struct plan *p, const struct plan_input *rec, size_t i);

/* Append the columns as "pid = 5, comm = sh", after a blank if space is set and
 * there are any. */
void plan_write_key(struct plan *p, const struct plan_input *rec, bool space);

/* Append a record's time, in the style of the output or as the time of day; or,
 * if it has none, as many blanks as plan_time_width() says. */
void plan_write_time(const struct plan_input *rec);
unsigned int plan_time_width(const struct plan *p);

/* Paint the text from start on, if the table is painted. */
void plan_paint(
    const struct plan *p, struct buf *out, size_t start, enum paint what);

/* Make the cell of the host, if the table shows it, and take its columns from
 * the table's. */
void plan_set_host_cell(struct plan *p);

/* What is left for the table of a terminal's columns. */
unsigned int plan_table_columns(const struct plan *p, unsigned int width);

/* Append the cells of the host and of the map, as far as the table shows them,
 * between cell - 1 of the table and cell. */
void plan_write_names(const struct plan *p, struct buf *out, size_t cell);

/* Append the heads of all columns, without a newline. */
void plan_write_head(const struct plan *p, struct buf *out);

/* Append a record's time, its host and its map, as far as the table shows them.
 * Returns whether there is any of it. */
bool plan_write_start(const struct plan *p, const struct plan_input *rec);

/* The same at the start of a row of the table, for table_start().  Returns the
 * number of the cell that follows. */
size_t plan_start_row(
    const struct plan *p, const struct plan_input *rec, unsigned int *over);

#endif
