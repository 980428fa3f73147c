/*
 * Members that a query names, in one map: where they are in a record and in
 * its JSON, and what they are.
 */
#ifndef SKEL_QUERY_QUERY_MEMBER_H
#define SKEL_QUERY_QUERY_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "query/query-test.h"
#include "query/query-text.h"
#include "query/query-value.h"
#include "record/fields.h"
#include "stream/header.h"

enum query_source {
	QUERY_FIELD,
	QUERY_TIME, /* @time */
	QUERY_MAP,  /* @map: the same for all records of the map */
	QUERY_TYPE, /* @type */
	QUERY_HOST, /* @host */
};

struct query_member {
	enum query_source source;
	struct query_target target;
	struct field_place place;
	enum query_class stored; /* what it is in the record, if as_text */
	struct query_text kind;
	bool as_text;            /* as the text of its kind */
	bool with_name;          /* with the name that the host told */
	bool is_signed, swapped; /* swapped: of network order */
	bool as_name;            /* an enum as the name of its constant */
	bool to_end;             /* text up to the end of the record */
	bool one_bool;           /* 1 for anything but 0 */
	size_t cpus, stride;     /* of a sum over all CPUs */
	size_t end;              /* bytes that a record must have for it */
	size_t number_size;      /* of an address, each number in its JSON */
	/* Owned: the path of the JSON value that it is in, as
	 * json_row_add() takes it; and where it is in there, "[3].b". */
	char *path;
	const char *rest; /* borrowed, or rest_owned */
	char *rest_owned;
	const char *text;   /* borrowed: of @map, @type and @host */
	struct buf scratch; /* a value that has to be kept */
};

/*
 * Find a member of a map.  name and what kinds need are borrowed.  Returns 1; 0
 * if the map has no such member; or -1 if it has one that cannot be compared,
 * with the reason in why, or when memory ran out (why->failed).
 */
int query_member_find(struct query_member *m, const struct stream_header *h,
    unsigned int map, const char *name, const struct kind_context *kinds,
    struct buf *why);

/* The same for JSON without types, where every name may be a member. */
int query_member_set_untyped(struct query_member *m, const char *name,
    const struct kind_context *kinds, struct buf *why);
void query_member_free(struct query_member *m);

/*
 * Find the path of a value beside the member in the JSON of a record, of the
 * same struct; without a name that of its own text, NAME_text.  Both are owned.
 * Returns whether there is one; if memory runs out, why->failed is set.
 */
bool query_member_find_beside(const struct query_member *m, const char *name,
    char **path, char **rest, struct buf *why);

/* What it is in the record. */
static inline enum query_class
query_member_class(const struct query_member *m)
{
	return m->as_text ? m->stored : m->target.class;
}

/* The name of the member that the text of this one needs, or NULL. */
const char *query_member_family(const struct query_member *m);

/* Make what was read what it is compared as. */
void query_member_convert(struct query_member *m, struct query_value *v,
    const struct query_beside *beside);

/* Read its value from a binary record.  What v refers to is in the record or in
 * the member. */
void query_member_load(struct query_member *m, struct query_value *v,
    uint64_t time_ns, const unsigned char *record, size_t len);

#endif
