/*
 * Columns: what the values of a field are to an engine, so that none of them is
 * rounded or cut.  The text of a value is that of the forms CSV and TSV.
 */
#ifndef SKEL_SQL_COLUMN_H
#define SKEL_SQL_COLUMN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/time-style.h"
#include "record/fields.h"
#include "sql/engine.h"

enum sql_kind {
	SQL_INTEGER, /* of 1, 2, 4, 8 or 16 bytes */
	SQL_BOOL,
	SQL_FLOAT, /* of 4 or 8 bytes */
	SQL_TEXT,
	SQL_JSON, /* an array or object as JSON */
	SQL_TIME, /* of the record: nanoseconds since 1970 */
};

struct sql_column {
	enum sql_kind kind;
	unsigned int bytes;
	bool is_signed;
	/* It is an array of such values, of so many dimensions; at most
	 * TYPES_DEPTH_MAX. */
	unsigned int dimensions;
};

/* The column of the field at p; is_stack says that it is shown as a stack. */
struct sql_column sql_column_of(
    const struct types *t, const struct field_place *p, bool is_stack);

/* Append its type.  nullable: there may be rows without a value. */
void sql_column_write(const struct sql_engine *e, const struct sql_column *c,
    bool nullable, struct buf *out);

/* Append the type of the time of a record; style is NULL or how it is written,
 * which is not TIME_NONE. */
void sql_column_write_time(const struct sql_engine *e,
    const struct time_style *style, bool nullable, struct buf *out);

#endif
