#include "sql/column.h"

/* The bytes of the smallest integer with that many bits. */
static unsigned int
bytes_for(unsigned int bits)
{
	unsigned int bytes = 1;

	while (bytes * 8 < bits)
		bytes *= 2;
	return bytes;
}

/* A value of any type but structs.  in_array: strings and null are JSON's
 * there, so that what is written as one of these has no column but SQL_JSON. */
static struct sql_column
column_of_type(const struct types *t, uint32_t id, bool in_array)
{
	const struct type *type = types_get(t, id);
	struct sql_column c = { .kind = SQL_JSON };

	switch (type->kind) {
	case TYPE_INT:
	case TYPE_CHAR:
	case TYPE_POINTER:
		if (in_array && type->size > 8)
			break;
		c.kind = SQL_INTEGER;
		c.bytes = (unsigned int)type->size;
		c.is_signed = type->is_signed && type->kind != TYPE_POINTER;
		break;
	case TYPE_BOOL:
		c.kind = SQL_BOOL;
		break;
	case TYPE_FLOAT:
		if (in_array)
			break;
		c.kind = SQL_FLOAT;
		c.bytes = type->size == 4 ? 4 : 8;
		break;
	case TYPE_ENUM:
		if (!in_array)
			c.kind = SQL_TEXT;
		break;
	case TYPE_ARRAY:
		if (types_is_text(t, id)) {
			if (!in_array)
				c.kind = SQL_TEXT;
			break;
		}
		c = column_of_type(t, type->of, true);
		if (c.kind != SQL_JSON)
			c.dimensions++;
		break;
	default:
		break;
	}
	return c;
}

struct sql_column
sql_column_of(const struct types *t, const struct field_place *p, bool is_stack)
{
	struct sql_column c = { .kind = SQL_TEXT };

	if (p->type == TYPE_NONE || p->shown != FIELD_VALUE || is_stack)
		return c;
	if (p->cpus == FIELD_CPUS_ALL) {
		c = column_of_type(t, p->type, true);
		if (c.kind != SQL_JSON)
			c.dimensions++;
		return c;
	}
	c = column_of_type(t, p->type, false);
	if (c.kind != SQL_INTEGER)
		return c;
	/* A sum of 64-bit numbers needs more. */
	if (p->cpus == FIELD_CPUS_SUM && c.dimensions == 0)
		c.bytes = 16;
	else if (p->cpus == FIELD_CPUS_SUM)
		c = (struct sql_column){ .kind = SQL_JSON };
	else if (p->bits != 0)
		c.bytes = bytes_for(p->bits);
	return c;
}

/* The names of integers by their bytes, 1, 2, 4, 8 and 16, unsigned first. */
static const char *const integers[][2][5] = {
	[SQL_CLICKHOUSE] = { { "UInt8", "UInt16", "UInt32", "UInt64",
				 "UInt128" },
	    { "Int8", "Int16", "Int32", "Int64", "Int128" } },
	[SQL_POSTGRESQL] = { { "smallint", "integer", "bigint", "numeric(20)",
				 "numeric(39)" },
	    { "smallint", "smallint", "integer", "bigint", "numeric(39)" } },
	/* A number beyond those of 64 bits with a sign would become a float. */
	[SQL_SQLITE] = { { "INTEGER", "INTEGER", "INTEGER", "TEXT", "TEXT" },
	    { "INTEGER", "INTEGER", "INTEGER", "INTEGER", "TEXT" } },
	[SQL_DUCKDB] = { { "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
			     "UHUGEINT" },
	    { "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT" } },
};

static const char *const bools[] = {
	[SQL_CLICKHOUSE] = "Bool",
	[SQL_POSTGRESQL] = "boolean",
	[SQL_SQLITE] = "TEXT",
	[SQL_DUCKDB] = "BOOLEAN",
};

static const char *const floats[][2] = {
	[SQL_CLICKHOUSE] = { "Float32", "Float64" },
	[SQL_POSTGRESQL] = { "real", "double precision" },
	[SQL_SQLITE] = { "REAL", "REAL" },
	[SQL_DUCKDB] = { "FLOAT", "DOUBLE" },
};

static const char *const texts[] = {
	[SQL_CLICKHOUSE] = "String",
	[SQL_POSTGRESQL] = "text",
	[SQL_SQLITE] = "TEXT",
	[SQL_DUCKDB] = "VARCHAR",
};

static const char *const jsons[] = {
	[SQL_CLICKHOUSE] = "String",
	[SQL_POSTGRESQL] = "json",
	[SQL_SQLITE] = "TEXT",
	[SQL_DUCKDB] = "JSON",
};

/* Times as RFC 3339, as seconds with nine digits after the point, and as
 * nanoseconds; and seconds since another time. */
static const char *const times[][4] = {
	[SQL_CLICKHOUSE] = { "DateTime64(9, 'UTC')", "DateTime64(9, 'UTC')",
	    "DateTime64(9, 'UTC')", "Decimal(38, 9)" },
	[SQL_POSTGRESQL] = { "text", "numeric(38, 9)", "bigint",
	    "numeric(38, 9)" },
	[SQL_SQLITE] = { "TEXT", "TEXT", "INTEGER", "TEXT" },
	[SQL_DUCKDB] = { "TIMESTAMP_NS", "DECIMAL(38, 9)", "BIGINT",
	    "DECIMAL(38, 9)" },
};

static const char *
scalar_name(const struct sql_engine *e, const struct sql_column *c)
{
	unsigned int log2 = 0;

	switch (c->kind) {
	case SQL_INTEGER:
		while (1U << log2 < c->bytes)
			log2++;
		return integers[e->dialect][c->is_signed][log2];
	case SQL_BOOL:
		return bools[e->dialect];
	case SQL_FLOAT:
		return floats[e->dialect][c->bytes == 8];
	case SQL_JSON:
		return jsons[e->dialect];
	case SQL_TIME:
		return times[e->dialect][0];
	default:
		return texts[e->dialect];
	}
}

/* Append a type, of which ClickHouse says that it has a NULL.  The others have
 * one in every column. */
static void
write_type(const struct sql_engine *e, const char *type, bool nullable,
    struct buf *out)
{
	nullable &= e->dialect == SQL_CLICKHOUSE;
	buf_str(out, nullable ? "Nullable(" : "");
	buf_str(out, type);
	buf_str(out, nullable ? ")" : "");
}

void
sql_column_write(const struct sql_engine *e, const struct sql_column *c,
    bool nullable, struct buf *out)
{
	if (c->dimensions == 0) {
		write_type(e, scalar_name(e, c), nullable, out);
	} else if (e->dialect == SQL_CLICKHOUSE) {
		for (unsigned int i = 0; i < c->dimensions; i++)
			buf_str(out, "Array(");
		buf_str(out, scalar_name(e, c));
		for (unsigned int i = 0; i < c->dimensions; i++)
			buf_chr(out, ')');
	} else if (e->dialect == SQL_DUCKDB) {
		buf_str(out, scalar_name(e, c));
		for (unsigned int i = 0; i < c->dimensions; i++)
			buf_str(out, "[]");
	} else {
		buf_str(out, jsons[e->dialect]);
	}
}

void
sql_column_write_time(const struct sql_engine *e,
    const struct time_style *style, bool nullable, struct buf *out)
{
	enum time_form form = style == NULL ? TIME_ISO : style->form;
	const char *type = texts[e->dialect];

	if (form == TIME_ISO)
		type = times[e->dialect][0];
	else if (form == TIME_UNIX)
		type = times[e->dialect][1];
	else if (form == TIME_NS)
		type = times[e->dialect][2];
	else if (form == TIME_DELTA)
		type = times[e->dialect][3];
	write_type(e, type, nullable, out);
}
