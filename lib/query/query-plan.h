/*
 * Plans: a query compiled for one map into a flat list of steps, which runs
 * over binary records, and over JSON records too.  Nothing is looked up by its
 * name for a record, and nothing is allocated but for texts with escapes.
 */
#ifndef SKEL_QUERY_QUERY_PLAN_H
#define SKEL_QUERY_QUERY_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kinds/name-store.h"
#include "query/query.h"
#include "stream/header.h"

struct query_plan; /* opaque */

/* Why a term can not be compared in a map, or NULL where it can: then the
 * comparison is false for all of its records. */
struct query_obstacle {
	bool any;
	char *why; /* owned; NULL: the map has no such member */
};

/*
 * Compile a query for a map of the header; both, and the names that the host
 * told, or NULL, are borrowed.  In obstacles,
 * which has an element for each term, it sets those that have one; the caller
 * frees why.  In JSON records there may be members that the types lack, so
 * that these are no obstacle if json is set.  Returns NULL when memory ran out.
 */
struct query_plan *query_plan_new(const struct query *q,
    const struct stream_header *h, unsigned int map,
    const struct name_store *names, bool json,
    struct query_obstacle *obstacles);

/* Whether it compares names that the host told. */
bool query_plan_needs_names(const struct query_plan *p);

/* The same for JSON records without types. */
struct query_plan *query_plan_new_untyped(const struct query *q);
void query_plan_free(struct query_plan *p);

/* Whether the query is true for a record. */
bool query_plan_run(struct query_plan *p, uint64_t time_ns,
    const unsigned char *record, size_t len);

/* The same for a JSON record, one object of len bytes at text.  Returns 1 or 0;
 * or -1 if it is no JSON, with the column where it ceases to be in *wrong_at.
 */
int query_plan_run_json(
    struct query_plan *p, const char *text, size_t len, size_t *wrong_at);

/* Whether the member of a term of the query may be one that JSON records have
 * beside their types, and no record had it that query_plan_run_json() saw. */
bool query_plan_is_unseen(const struct query_plan *p, size_t term);

/* Keeps what a plan of the same query and map has seen so far. */
void query_plan_keep_seen(struct query_plan *p, const struct query_plan *from);

/* The names that the first JSON records without types had, beside those of the
 * query: "pid, comm".  Borrowed. */
const char *query_plan_others(struct query_plan *p);

#endif
