/*
 * The values of a program's global variables: conversion between the text of an
 * argument, the JSON of a package and the bytes in a section, checked against
 * the range of the type.  Integers in JSON are those of base/int128.h.
 *
 * where names the variable in reports: "x.json: min_duration_ns".
 */
#ifndef SKEL_TYPES_VALUE_H
#define SKEL_TYPES_VALUE_H

#include <jansson.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/nomem.h"
#include "types/types.h"

/*
 * Convert the text of an argument to JSON that fits the type.  Integers may be
 * decimal, hex (0x) or octal (0) with a sign; constants of enums a name or a
 * number; bools true/false, yes/no, on/off or 1/0; strings for char arrays must
 * leave room for a NUL; other arrays are lists, "1,2,3", which may be shorter.
 * Enum constants become numbers, and a string that is not UTF-8 an array of its
 * bytes, because JSON has no such string.
 * Returns a new reference, or NULL after reporting
 * "--pid: 70000 does not fit unsigned short: 0 to 65535".
 */
json_t *value_from_text(
    const struct types *t, uint32_t type, const char *text, const char *where);

/*
 * Names in a literal that stand for a number, as "if:eth0".  find() sets *out
 * and returns 1; or 0 if word is no such name, or -1 after reporting.
 */
struct value_names {
	int (*find)(
	    void *ctx, const char *word, const char *where, int64_t *out);
	void *ctx;
};

/*
 * Convert a literal to JSON that fits the type: text as value_from_text() has
 * it, and structs, "{pid=1,at={x=2,y=3}}", arrays, "[1,2]", and strings in
 * quotes, "\"a,b\"", as in JSON.  In place of "=" there may be ":", and names
 * of members may be in quotes, so that the JSON of a record is a literal too.
 * An array of bytes may be as many hex digits after "0x".  names may be NULL.
 * Returns a new reference, or NULL after reporting.
 */
json_t *value_from_literal(const struct types *t, uint32_t type,
    const char *text, const struct value_names *names, const char *where);

/*
 * Find the member of the struct or union with this name of len bytes, also in
 * anonymous ones inside it.  Returns NULL if there is none.
 */
const struct type_member *value_find_member(
    const struct types *t, uint32_t type, const char *name, size_t len);

/*
 * Store v as the type at out, whose size must be that of the type.  What v does
 * not contain, such as missing members of a struct or the end of an array,
 * keeps its bytes.  Strings are padded with zeros; they must leave room for a
 * NUL, except in a member of a struct, which the kernel may have filled to its
 * end. Enum constants are "NAME", "NAME(3)" or a number.  In objects, keys that
 * start with "@" or "__EUNOMIA_" are ignored, and other unknown keys are
 * errors. Returns 0, or -1 after reporting.
 */
int value_to_bytes(const struct types *t, uint32_t type, const json_t *v,
    unsigned char *out, size_t size, const char *where);

/* Convert bytes to JSON, to show the initial value of a global as its default.
 * Returns a new reference, or NULL without a report if JSON has no such value
 * or memory runs out; nomem_count() counts the latter. */
json_t *value_from_bytes(const struct types *t, uint32_t type,
    const unsigned char *bytes, size_t size);

/* Append v as a person would type it. */
void value_to_text(const json_t *v, struct buf *out);

#endif
