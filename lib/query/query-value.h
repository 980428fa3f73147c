/*
 * Values of a record, as comparisons take them.
 */
#ifndef SKEL_QUERY_QUERY_VALUE_H
#define SKEL_QUERY_QUERY_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/int128.h"

enum query_value_kind {
	QUERY_VALUE_NONE, /* it is not there, or nothing can be said of it */
	QUERY_VALUE_INT,
	QUERY_VALUE_REAL,
	QUERY_VALUE_TEXT,
	QUERY_VALUE_BYTES, /* of an address */
};

struct query_value {
	enum query_value_kind kind;
	struct int128 number;
	double real;
	/* Borrowed: the text, or the bytes of an address; those of a number of
	 * 4 bytes too, since it may be one. */
	const char *text;
	size_t len;
	/* Borrowed: the name of a number that the host told, or NULL. */
	const char *name;
	size_t name_len;
};

#endif
