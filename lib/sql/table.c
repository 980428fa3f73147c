#include <string.h>

#include "base/report.h"
#include "sql/table.h"

int
sql_tables_parse(struct sql_tables *s, const char *arg)
{
	size_t n = strcspn(arg, ":");
	const struct sql_engine *engine = sql_engine_find(arg, n);
	struct buf list = { 0 };

	if (engine == NULL) {
		sql_engine_list(&list);
		report_error("--sql: no engine \"%.*s\"; there are %.*s",
		    (int)n, arg, (int)list.len, list.data);
		buf_free(&list);
		return -1;
	}
	if (arg[n] == '\0' || arg[n + 1] == '\0' || arg[n + 1] == '.' ||
	    arg[strlen(arg) - 1] == '.') {
		report_error("--sql=%s: the name of the table is missing, as "
			     "in --sql=%s:events",
		    arg, engine->name);
		return -1;
	}
	*s = (struct sql_tables){
		.engine = engine, .table = arg + n + 1, .names.engine = engine
	};
	return 0;
}

void
sql_tables_free(struct sql_tables *s)
{
	sql_names_free(&s->names);
}

void
sql_table_begin(struct sql_table *t, struct sql_tables *s, const char *map,
    const char *label, struct buf *out)
{
	const char *table = s->table, *dot = strchr(table, '.');
	struct buf name = { 0 };

	*t = (struct sql_table){ .tables = s,
		.out = out,
		.start = out->len,
		.columns.engine = s->engine };
	buf_str(out, "CREATE TABLE ");
	if (dot != NULL) {
		sql_engine_quote(s->engine, table, (size_t)(dot - table), out);
		buf_chr(out, '.');
		table = dot + 1;
	}
	buf_str(&name, table);
	if (map != NULL) {
		buf_chr(&name, '_');
		buf_str(&name, map);
	}
	if (map != NULL && label != NULL) {
		buf_chr(&name, '_');
		buf_str(&name, label);
	}
	buf_chr(&name, '\0');
	if (name.failed)
		out->failed = true;
	else
		sql_names_add(&s->names, name.data, out);
	buf_str(out, " (");
	buf_free(&name);
}

static void
add_name(struct sql_table *t, const char *name)
{
	buf_str(t->out, t->ncolumns++ == 0 ? "\n\t" : ",\n\t");
	sql_names_add(&t->columns, name, t->out);
	buf_chr(t->out, ' ');
}

void
sql_table_add(struct sql_table *t, const char *name,
    const struct sql_column *column, bool nullable)
{
	add_name(t, name);
	sql_column_write(t->tables->engine, column, nullable, t->out);
}

void
sql_table_add_time(struct sql_table *t, const char *name,
    const struct time_style *style, bool nullable)
{
	add_name(t, name);
	sql_column_write_time(t->tables->engine, style, nullable, t->out);
	/* ClickHouse sorts by no column that has a NULL. */
	if (!nullable)
		sql_engine_quote(
		    t->tables->engine, name, strlen(name), &t->order);
}

/* What ClickHouse has to know of each table. */
static void
write_order(const struct sql_table *t)
{
	buf_str(t->out, " ENGINE = MergeTree ORDER BY ");
	if (t->order.len > 0)
		buf_add(t->out, t->order.data, t->order.len);
	else
		buf_str(t->out, "tuple()");
}

int
sql_table_end(struct sql_table *t)
{
	const struct sql_engine *e = t->tables->engine;
	int ret = -1;

	buf_str(t->out, "\n)");
	if (e->dialect == SQL_CLICKHOUSE)
		write_order(t);
	buf_str(t->out, ";\n");
	t->out->failed |= t->columns.failed || t->order.failed;
	if (t->out->failed) {
		report_nomem();
	} else if (t->ncolumns == 0) {
		report_error("--sql: the records have no columns");
	} else if (t->ncolumns > e->names_max) {
		report_error("--sql: a table of %s has at most %zu columns, "
			     "and the records have %zu; choose some with -c",
		    e->name, e->names_max, t->ncolumns);
	} else {
		ret = 0;
	}
	if (ret == -1)
		t->out->len = t->start;
	sql_names_free(&t->columns);
	buf_free(&t->order);
	return ret;
}
