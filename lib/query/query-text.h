/*
 * Texts of values by their kinds, as skel-fmt has them in NAME_text, and the
 * names that the host of the records told, for comparisons with these.
 */
#ifndef SKEL_QUERY_QUERY_TEXT_H
#define SKEL_QUERY_QUERY_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "kinds/kind-text.h"
#include "query/query-value.h"
#include "record/fields.h"

/* A zeroed one is of a value without such a text. */
struct query_text {
	struct kind_form form;
	const struct kind_context *context; /* borrowed */
	struct buf room;                    /* for the last text */
};

/* Set the kind of the value at a place; context is borrowed.  Returns whether
 * it has a text.  If memory runs out, t->room.failed is set. */
bool query_text_open(struct query_text *t, const struct types *types,
    const struct field_place *p, const struct kind_context *context);

/* The same for a time in ns since 1970. */
void query_text_open_time(
    struct query_text *t, const struct kind_context *context);
void query_text_close(struct query_text *t);

/* What a value needs beside itself: the family of KIND_IP, or the process of
 * KIND_USYM; and its text in the JSON of the record, or NULL. */
struct query_beside {
	uint64_t family;
	const char *told;
	size_t told_len;
};

/* Whether the address is one of 4 bytes. */
bool query_text_is_ip4(
    const struct query_text *t, const struct query_value *v, uint64_t family);

/* Make a number or an address its text.  A number whose name was not told
 * becomes none. */
void query_text_write(struct query_text *t, struct query_value *v,
    const struct query_beside *beside);

/* Set the name of a number, or none. */
void query_text_find_name(const struct query_text *t, struct query_value *v,
    const struct query_beside *beside);

#endif
