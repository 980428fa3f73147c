/*
 * Engines: the databases for which the table of a stream can be declared, and
 * how each of them spells names.
 */
#ifndef SKEL_SQL_ENGINE_H
#define SKEL_SQL_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum sql_dialect {
	SQL_CLICKHOUSE,
	SQL_POSTGRESQL,
	SQL_SQLITE,
	SQL_DUCKDB,
};

struct sql_engine {
	enum sql_dialect dialect;
	const char *name;
	char quote;       /* around names; within them it is doubled */
	bool backslash;   /* within names it begins an escape */
	bool folds_case;  /* names that differ only in case are the same */
	bool has_dots;    /* a dot in a name is a character like others */
	size_t name_max;  /* bytes of a name; it ends there unseen */
	size_t names_max; /* columns of a table */
	/* Names that no column can have, up to a NULL; or NULL. */
	const char *const *taken;
};

/* The engine of that name of len bytes, or NULL. */
const struct sql_engine *sql_engine_find(const char *name, size_t len);

/* Append the names of all, "clickhouse, postgresql, ...". */
void sql_engine_list(struct buf *out);

/* Append a name of n bytes in quotes. */
void sql_engine_quote(
    const struct sql_engine *e, const char *name, size_t n, struct buf *out);

#endif
