/*
 * A list of the maps of a stream and of the members of their records, for
 * people, for scripts and for the completion of column names.
 */
#ifndef SKEL_FORMAT_FIELD_LIST_H
#define SKEL_FORMAT_FIELD_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "stream/header.h"

struct field_list_options {
	const char *const *maps; /* borrowed: only these maps */
	size_t nmaps;            /* 0: all */
	const char *const *as;   /* borrowed: those of --as, which the caller
				    applies to the header */
	size_t nas;
	bool json;      /* an object for each member; else a table */
	bool no_header; /* a table without the names of its columns */
};

/*
 * Append a line for each member that -c can name, in the order of the header.
 * In a table no cell of the first three columns (map, source and member) has a
 * blank, unless a name of the header has one.
 * Returns 0, or -1 after reporting that memory ran out.
 */
int field_list_write(const struct stream_header *h,
    const struct field_list_options *o, struct buf *out);

#endif
