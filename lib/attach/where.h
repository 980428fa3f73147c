/*
 * The parser of "-a PROG=WHERE", with the table of the ways that it can name.
 */
#ifndef SKEL_ATTACH_WHERE_H
#define SKEL_ATTACH_WHERE_H

#include <stddef.h>

#include "attach/option.h"

/* Parse "PROG=WHERE", which w borrows.  Returns 0, or -1 after reporting.  Call
 * attach_where_free() after both. */
int attach_where_parse(struct attach_where *w, const char *text);

/* The name of the way with this index, such as "xdp", or NULL behind the last.
 */
const char *attach_where_way(size_t index);

#endif
