/*
 * Values of JSON records, as comparisons take them.
 */
#ifndef SKEL_QUERY_QUERY_CELL_H
#define SKEL_QUERY_QUERY_CELL_H

#include "base/json-cursor.h"
#include "query/query-member.h"

/*
 * Read the value of a member from the JSON value that its path leads to.  What
 * v refers to is in the text of the cell or in the member; or beside it, for a
 * member whose kind needs that.
 */
void query_cell_load(struct query_member *m, struct query_value *v,
    const struct json_value *cell);
void query_cell_load_beside(struct query_member *m, struct query_value *v,
    const struct json_value *cell, const struct query_beside *beside);

/* Follow "[3].b[1]" from a value on.  Returns whether it leads to one. */
bool query_cell_find(struct json_value *v, const char *rest);

#endif
