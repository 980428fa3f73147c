/*
 * The plans of a query for all maps of a stream.
 */
#ifndef SKEL_QUERY_QUERY_PLANS_H
#define SKEL_QUERY_QUERY_PLANS_H

#include "query/query-plan.h"
#include "query/query.h"
#include "stream/header.h"

/* A zeroed one is closed. */
struct query_plans {
	struct query_plan **v; /* owned, by map */
	size_t n;
};

/*
 * Compile a query for a stream; both, and the names that its host told, or
 * NULL, are borrowed.  A member that no map has, or that can be compared in
 * none, is an error.  In JSON records members may be added, so that only the
 * second is one.  where begins reports: the name of the input.  Returns 0, or
 * -1 after reporting, with p closed.
 */
int query_plans_open(struct query_plans *p, const struct query *q,
    const struct stream_header *h, const struct name_store *names,
    const char *where);
void query_plans_close(struct query_plans *p);

/* The same again for open plans, when the header has another clock. */
int query_plans_renew(struct query_plans *p, const struct query *q,
    const struct stream_header *h, const struct name_store *names,
    const char *where);

/* Report a name that no JSON record had of those that the n plans saw: it may
 * be misspelt. */
void query_plans_report_unseen(struct query_plan *const *plans, size_t n,
    const struct query *q, const char *where);

#endif
