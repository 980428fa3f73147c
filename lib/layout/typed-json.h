/*
 * Typed JSON: writes a value of a JSON record as its type defines, so that it
 * becomes the same text as the value's bytes would, however the program that
 * wrote the record spelled it.
 */
#ifndef SKEL_LAYOUT_TYPED_JSON_H
#define SKEL_LAYOUT_TYPED_JSON_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/json-cursor.h"
#include "kinds/kind-text.h"
#include "layout/hist-buckets.h"
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

/* How values are written. */
struct typed_json {
	const struct types *types; /* borrowed */
	/* As the reference loader has it: with its markers in nested objects,
	 * and floats as the doubles that they are equal to. */
	bool reference;
	enum field_texts texts;             /* of members, as in a formatter */
	const struct kind_context *context; /* borrowed: what texts need */
	uint64_t record_ns;
	/* Borrowed: typed_json_respell_texts() adds buckets to the slots of the
	 * value; NULL: it does not. */
	const struct hist_map *hist_map;
	bool sums; /* set inside: of values that are sums of all CPUs' */
};

/*
 * Append v, a value of the field at p: members in the order of the type, those
 * that v lacks left out; numbers and texts as our own programs write them.
 */
void typed_json_write(struct buf *out, const struct typed_json *j,
    const struct field_place *p, const struct json_value *v);

/* The same in the reference loader's form, where the object itself, which is a
 * struct or union, has no markers: a key or value of a map. */
void typed_json_write_object(struct buf *out, const struct typed_json *j,
    const struct field_place *p, const struct json_value *v);

/*
 * Append an object as it is, but with the texts of the members that have one,
 * and without those that were there: v is a record, of which roots are the
 * fields, or any object.  Other members are kept.
 */
void typed_json_respell_texts(struct buf *out, const struct typed_json *j,
    const struct fields *roots, const struct json_value *v);

/*
 * Append the text of the kind of v, the value at p, in a style and without
 * quotes.  family is that of KIND_IP, or NULL; told is the text that the record
 * has, or NULL: it counts where v is absent, or a number whose name is not
 * known here.  Returns whether there is a text.
 */
bool typed_json_write_text(struct buf *out, const struct typed_json *j,
    const struct field_place *p, const struct json_value *v,
    const struct json_value *family, const struct json_value *told,
    enum style style);

/* The name of an enum's value without a constant, in the reference loader's
 * text. */
#define TYPED_JSON_UNKNOWN "<UNKNOWN_VARIANT>"

/* If v is the text of several bits of an enum of bits, "RD|WR(3)", where that
 * of the reference loader has no names: what follows the names.  Otherwise
 * NULL. */
const char *typed_json_enum_number(
    const struct type *type, const struct json_value *v);

#endif
