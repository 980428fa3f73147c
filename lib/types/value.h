/*
 * Values: what a program's global is set to, between the text of an argument,
 * the JSON of a package and the bytes in a section.  All ranges are checked
 * against the type.  Whole numbers that need more than 64 bits are strings of
 * digits in JSON.
 *
 * where names the variable in reports: "x.json: min_duration_ns".
 */
#ifndef SKEL_TYPES_VALUE_H
#define SKEL_TYPES_VALUE_H

#include <jansson.h>
#include <stddef.h>

#include "base/buf.h"
#include "types/types.h"

/*
 * text as JSON fit for the type: integers in decimal, hex (0x) and octal (0),
 * with a sign; enums by name or number; true/false, yes/no, on/off, 1/0 for
 * bool; float and double; text for char arrays, which must leave room for its
 * NUL; "1,2,3" for arrays, shorter ones leave the rest zero.  Enums become
 * numbers, and text that is not UTF-8 an array of its bytes.
 * Returns a new reference, or NULL after reporting
 * "--pid: 70000 does not fit unsigned short: 0 to 65535".
 */
json_t *value_from_text(
    const struct types *t, uint32_t type, const char *text, const char *where);

/*
 * The bytes of v as type, into size bytes at out, which is the size of the
 * type.  Whatever v does not say (members of a struct that it lacks, the end
 * of an array) keeps the bytes that are there; text is padded with zeros, and
 * must leave room for its NUL except in a member of a struct, which a kernel
 * may have filled to its end.  Enums: "NAME", "NAME(3)" or a number.  Keys
 * that start with "@" or "__EUNOMIA_" are skipped, other unknown ones refused.
 * Returns 0, or -1 after reporting.
 */
int value_to_bytes(const struct types *t, uint32_t type, const json_t *v,
    unsigned char *out, size_t size, const char *where);

/* The other way, for showing an ELF's initial value as a default: a new
 * reference, or NULL when the type has no such value (reported: no). */
json_t *value_from_bytes(const struct types *t, uint32_t type,
    const unsigned char *bytes, size_t size);

/* v as a person would type it: appended to out. */
void value_to_text(const json_t *v, struct buf *out);

#endif
