#include <string.h>

#include "base/util.h"
#include "sql/engine.h"

/* The columns that every table of PostgreSQL has. */
static const char *const postgresql_taken[] = { "tableoid", "xmin", "cmin",
	"xmax", "cmax", "ctid", NULL };

static const struct sql_engine engines[] = {
	/* Columns of arrays whose names begin alike up to a dot would have to
	 * be of one length in each row, as those of a Nested. */
	{ SQL_CLICKHOUSE, "clickhouse", '`', true, false, false, 1 << 16,
	    1 << 16, NULL },
	{ SQL_POSTGRESQL, "postgresql", '"', false, false, true, 63, 1600,
	    postgresql_taken },
	{ SQL_SQLITE, "sqlite", '"', false, true, true, 1 << 16, 2000, NULL },
	{ SQL_DUCKDB, "duckdb", '"', false, true, true, 1 << 16, 1 << 16,
	    NULL },
};

const struct sql_engine *
sql_engine_find(const char *name, size_t len)
{
	for (size_t i = 0; i < nitems(engines); i++)
		if (strlen(engines[i].name) == len &&
		    memcmp(engines[i].name, name, len) == 0)
			return &engines[i];
	return NULL;
}

void
sql_engine_list(struct buf *out)
{
	size_t start = out->len;

	for (size_t i = 0; i < nitems(engines); i++)
		buf_list(out, start, engines[i].name);
}

void
sql_engine_quote(
    const struct sql_engine *e, const char *name, size_t n, struct buf *out)
{
	buf_chr(out, e->quote);
	for (size_t i = 0; i < n; i++) {
		if (name[i] == e->quote)
			buf_chr(out, e->quote);
		else if (name[i] == '\\' && e->backslash)
			buf_chr(out, '\\');
		buf_chr(out, name[i]);
	}
	buf_chr(out, e->quote);
}
