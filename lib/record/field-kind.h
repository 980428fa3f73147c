/*
 * The text that a field has by its kind (kinds/kind-text.h), beside its value.
 */
#ifndef SKEL_RECORD_FIELD_KIND_H
#define SKEL_RECORD_FIELD_KIND_H

#include "base/buf.h"
#include "base/json-cursor.h"
#include "kinds/kind-text.h"
#include "record/fields.h"

enum { FIELD_KIND_BYTES = 16 }; /* of any value but of text */

/*
 * Whether a value has a text of its kind; then *form is set.  Values that are
 * text already, as enums, have none, nor have those of all CPUs.
 */
bool field_kind_form(const struct types *t, const struct field_place *p,
    bool is_short, struct kind_form *form);

/*
 * Take the value at p from the JSON of a record: as a number, or as bytes in
 * the given room.  Returns false if v is no such value.
 */
bool field_kind_read_json(const struct types *t, const struct field_place *p,
    const struct json_value *v, unsigned char bytes[FIELD_KIND_BYTES],
    struct kind_value *out);

/* Append the bytes in a JSON array, of a value of KIND_TEXT or KIND_UTF8, up to
 * a zero.  Returns false if it is no array of bytes. */
bool field_kind_read_text(const struct json_value *v, struct buf *out);

/* The number in a JSON value, also in that of an enum, "NAME(3)", as two's
 * complement.  Returns whether there is one. */
bool field_kind_read_number(const struct json_value *v, uint64_t *out);

#endif
