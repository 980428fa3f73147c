/* The table of a database for the rows that a plan writes. */
#include "format/plan-column.h"
#include "sql/table.h"

struct sql_column
plan_sql_column(const struct plan *p, size_t i)
{
	const struct field_place *at = &p->columns.v[i].place;
	bool is_stack = p->stacks.view != NULL && p->header != NULL &&
			stack_view_side(p->stacks.view, at) != STACK_SIDES;

	if (p->header == NULL)
		return (struct sql_column){ .kind = SQL_TEXT };
	return sql_column_of(&p->header->types, at, is_stack);
}

bool
plan_has_nulls(const struct plan *p)
{
	return p->header == NULL || p->header->encoding == STREAM_JSON;
}

int
plan_declare(
    const struct plan *p, struct sql_tables *s, bool is_only, struct buf *out)
{
	const struct sql_column text = { .kind = SQL_TEXT };
	bool nulls = plan_has_nulls(p);
	struct sql_column column;
	struct sql_table t;

	sql_table_begin(
	    &t, s, is_only ? NULL : p->map_name, plan_type_label(p), out);
	if (!p->options.bare)
		sql_table_add(&t, "@map", &text, false);
	if (p->host != NULL)
		sql_table_add(&t, "@host", &text, false);
	if (plan_shows_time(p))
		sql_table_add_time(&t, "@time", p->options.time, nulls);
	for (size_t i = 0; i < p->columns.n; i++) {
		column = plan_sql_column(p, i);
		sql_table_add(&t, p->columns.v[i].name, &column, nulls);
	}
	return sql_table_end(&t);
}
