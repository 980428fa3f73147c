/*
 * JSON values: what one member has in a record of JSON, as the bytes that a
 * binary record would have, and which type holds all values of a member of
 * which no type is known.
 */
#ifndef SKEL_COUNT_JSON_VALUE_H
#define SKEL_COUNT_JSON_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/json-cursor.h"
#include "count/counted-member.h"
#include "query/query-member.h"

enum { JSON_VALUE_TEXT_MAX = 4096 }; /* bytes of a text, with its NUL */

/* What the values of a member were so far. */
struct json_guess {
	bool seen, is_bool, is_int, is_real, is_text;
	bool is_negative; /* some integer */
	bool is_large;    /* some is larger than a signed one of 64 bits */
	bool is_wide;     /* some has more than 64 bits */
	bool is_inexact;  /* some is no double */
};

/* A value, which borrows from the text of the record or from scratch. */
struct json_found {
	struct query_value value;
	bool is_bool;
};

/* Take the value in a cell, of a member of no known type.  Objects and arrays
 * are text.  Returns false if there is none, or it is null. */
bool json_value_find(struct json_found *v, struct query_member *scratch,
    const struct json_value *cell);

/* Let the class and the size of a member hold a value beside those before.
 * is_key: no two numbers may become one.  Returns whether it has changed. */
bool json_value_guess(struct json_guess *g, struct counted_member *m,
    const struct json_found *v, bool is_key);

/* Take what a member of such a class has at from, as json_value_write() wrote
 * it. */
void json_value_load(struct json_found *v, const struct counted_member *m,
    const unsigned char *from);

/* Write a value as the bytes of a member.  Returns false if it does not have
 * them. */
bool json_value_write(const struct counted_member *m, unsigned char *to,
    const struct json_found *v);

/* Prepare to take values of a member whose type is known. */
void json_value_prepare(
    struct query_member *taken, const struct counted_member *m);

/* Take the value in a cell and write it as the bytes of a member whose type is
 * known.  name is for reports.  Returns false if it is no such value. */
bool json_value_store(struct query_member *taken,
    const struct counted_member *m, unsigned char *to,
    const struct json_value *cell, const char *name);

#endif
