/*
 * Cursor: reads one JSON text from front to back without building a tree.
 *
 *	json_cursor_open(&c, text, len);
 *	if (json_cursor_enter(&c))
 *		while ((got = json_cursor_next_member(&c, &key)) == 1)
 *			if (!json_cursor_read(&c, &value))
 *				break;
 *
 * Values are pieces of the text, checked but not converted.  This is the one
 * reader of JSON records, of which there can be millions a second; packages,
 * headers and sessions become trees (base/json-doc.h).
 *
 * Nothing here allocates but the functions that append to a buffer, and nothing
 * reports: a caller finds in c->p how far the text was JSON.
 */
#ifndef SKEL_BASE_JSON_CURSOR_H
#define SKEL_BASE_JSON_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum {
	/* Arrays and objects inside each other, more than C types have. */
	JSON_CURSOR_DEPTH_MAX = 512,
};

enum json_value_kind {
	JSON_VALUE_ABSENT, /* there is no value */
	JSON_VALUE_SCALAR, /* a number, true, false or null */
	JSON_VALUE_STRING, /* the text includes the quotes and the escapes */
	JSON_VALUE_ARRAY,
	JSON_VALUE_OBJECT,
};

struct json_value {
	enum json_value_kind kind;
	const char *text; /* borrowed from what the cursor reads */
	size_t len;
};

struct json_cursor {
	const char *p; /* where it stands; after a failure, what is wrong */
	const char *end;
	unsigned int depth;
	bool first;  /* nothing was read yet of the enclosing array or object */
	bool spaced; /* blanks were passed outside of strings */
};

void json_cursor_open(struct json_cursor *c, const char *text, size_t len);

/* What kind of value begins at the cursor, judged by its first byte. */
enum json_value_kind json_cursor_kind(struct json_cursor *c);

/* Read the value at the cursor, whatever it holds, and move past it.  Returns
 * false if that is not JSON. */
bool json_cursor_read(struct json_cursor *c, struct json_value *v);

/*
 * Step into the object or the array at the cursor, then to its members or
 * elements one by one.  The next two functions return 1 with the cursor in
 * front of a value, which the caller reads or enters; 0 past the closing
 * bracket; or -1 if the text is not JSON.  key is a string with its quotes.
 */
bool json_cursor_enter(struct json_cursor *c);
int json_cursor_next_member(struct json_cursor *c, struct json_value *key);
int json_cursor_next_element(struct json_cursor *c);

/* Whether nothing but blanks is left. */
bool json_cursor_is_done(struct json_cursor *c);

/* The end of the string whose quote is at p, or of that part of it that is
 * JSON.
 */
const char *json_cursor_string_end(const char *p, const char *end);

/* Whether a string, its escapes resolved, is the same as text. */
bool json_value_is(const struct json_value *string, const char *text);

/*
 * Append a string to out without its quotes and escapes.  U+0000 and half a
 * surrogate pair become U+FFFD: no text of a record holds them.
 */
void json_value_decode(const struct json_value *string, struct buf *out);

/* The number in a scalar: 0 if it is negative or not whole, and UINT64_MAX if
 * it is larger than that. */
uint64_t json_value_u64(const struct json_value *v);

/* Append a value without the blanks between its parts. */
void json_value_write_compact(const struct json_value *v, struct buf *out);

/*
 * The same with strings spelled as this project does, without escapes but those
 * that they need, so that texts which differ only in spelling become equal.
 */
void json_value_respell(const struct json_value *v, struct buf *out);

#endif
