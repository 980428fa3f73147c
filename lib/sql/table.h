/*
 * Tables: the statement CREATE TABLE for the rows that a form of output writes.
 */
#ifndef SKEL_SQL_TABLE_H
#define SKEL_SQL_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/time-style.h"
#include "sql/column.h"
#include "sql/engine.h"
#include "sql/names.h"

/* The tables of a stream. */
struct sql_tables {
	const struct sql_engine *engine;
	const char *table; /* borrowed */
	struct sql_names names;
};

/* A table that is being declared. */
struct sql_table {
	struct sql_tables *tables; /* borrowed */
	struct buf *out;           /* borrowed */
	size_t start;              /* where it begins in out */
	struct sql_names columns;
	size_t ncolumns;
	struct buf order; /* the column by which it is sorted; or empty */
};

/* Parse "ENGINE:TABLE", where TABLE may be DATABASE.TABLE; arg is borrowed.
 * Returns 0, or -1 after reporting. */
int sql_tables_parse(struct sql_tables *s, const char *arg);
void sql_tables_free(struct sql_tables *s);

/*
 * Begin a table.  map is NULL for that of the only map; otherwise it is added
 * to the name, and so is label unless that is NULL.
 */
void sql_table_begin(struct sql_table *t, struct sql_tables *s, const char *map,
    const char *label, struct buf *out);

/* Add a column, or that of the time of records. */
void sql_table_add(struct sql_table *t, const char *name,
    const struct sql_column *column, bool nullable);
void sql_table_add_time(struct sql_table *t, const char *name,
    const struct time_style *style, bool nullable);

/*
 * Complete the table.  Returns 0, or -1 after reporting that the engine has no
 * table of so many columns, or that memory ran out; then nothing of it is in
 * the output.
 */
int sql_table_end(struct sql_table *t);

#endif
