/*
 * Constants: what an operand stands for, beside the member that it is compared
 * with.  ENOENT is 2 beside an integer, and EXIT the number of that constant
 * beside an enum.
 */
#ifndef SKEL_QUERY_QUERY_CONSTANT_H
#define SKEL_QUERY_QUERY_CONSTANT_H

#include "query/query-test.h"

struct query_constant {
	bool is_number, is_address;
	bool either_sign; /* the negative number means the same */
	struct query_number number;
	struct query_addresses addresses;
};

/* Returns false if the operand is no constant for that member.  For
 * QUERY_CLASS_ANY it always is one, if only a text. */
bool query_constant_read(struct query_constant *c,
    const struct query_operand *o, const struct query_target *target);

/* Read "10.0.0.1", "10.0.0.0/8", "fe80::/10" or "01:02:03:04:05:06". */
bool query_constant_read_address(
    struct query_addresses *a, const char *text, size_t len);

/* The end of a message about an operand that is no constant: ": ...". */
const char *query_constant_wanted(const struct query_target *target);

#endif
