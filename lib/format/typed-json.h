/*
 * Typed JSON: writes a value of a JSON record as its type defines, so that it
 * becomes the same text as the value's bytes would, however the program that
 * wrote the record spelled it.
 */
#ifndef SKEL_FORMAT_TYPED_JSON_H
#define SKEL_FORMAT_TYPED_JSON_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/json-cursor.h"
#include "record/fields.h"
#include "types/types.h"

/* Names of the members that the reference loader adds to nested objects: what
 * kind of type it is, and its name. */
#define REFERENCE_TYPE_KEY "__EUNOMIA_TYPE"
#define REFERENCE_NAME_KEY "__EUNOMIA_TYPE_NAME"

/* Append "name": with a comma before it unless *first, which becomes false. */
void typed_json_write_key(struct buf *out, const char *name, bool *first);

/* The same for the text beside a value: "name_text":. */
void typed_json_write_text_key(struct buf *out, const char *name, bool *first);

/* Append the value of the marker with that name in a struct or union. */
void typed_json_write_marker(
    struct buf *out, const char *name, const struct type *type);

/*
 * Append v, a value of the field at p: members in the order of the type, those
 * that v lacks left out; numbers and texts as our own programs write them.
 * reference: as the reference loader has it, with its markers in nested objects
 * and floats as the doubles that they are equal to.
 */
void typed_json_write(struct buf *out, const struct types *t,
    const struct field_place *p, const struct json_value *v, bool reference);

/* The same in the reference loader's form, where the object itself, which is a
 * struct or union, has no markers: a key or value of a map. */
void typed_json_write_object(struct buf *out, const struct types *t,
    const struct field_place *p, const struct json_value *v);

/* The name of an enum's value without a constant, in the reference loader's
 * text. */
#define TYPED_JSON_UNKNOWN "<UNKNOWN_VARIANT>"

/* If v is the text of several bits of an enum of bits, "RD|WR(3)", where that
 * of the reference loader has no names: what follows the names.  Otherwise
 * NULL. */
const char *typed_json_enum_number(
    const struct type *type, const struct json_value *v);

#endif
