/*
 * Names: those of the tables or of the columns of a table, which an engine
 * takes for different ones.
 */
#ifndef SKEL_SQL_NAMES_H
#define SKEL_SQL_NAMES_H

#include "base/buf.h"
#include "base/hash.h"
#include "sql/engine.h"

struct sql_names {
	const struct sql_engine *engine; /* borrowed */
	struct hash used;
	struct buf scratch;
	bool failed; /* memory ran out */
};

/* Initialise with { .engine = engine }. */
void sql_names_free(struct sql_names *names);

/*
 * Append a name in quotes.  If it is too long for the engine it is cut, and if
 * the engine takes it for one that there was before, or has a column of that
 * name itself, it gets a number, "name_2".  The name "" becomes "_".
 */
void sql_names_add(struct sql_names *names, const char *name, struct buf *out);

#endif
