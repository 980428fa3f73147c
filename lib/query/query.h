/*
 * Queries: expressions over the members of a record, as
 *
 *	pid > 1 && comm ~ "^ba" || ret == -ENOENT
 *
 * A query is parsed once, and then compiled for each map of a stream
 * (query-plan.h).  Here it is a list of comparisons in their order.  Each says
 * which one follows it if it is true, and which one if it is false; these come
 * later in the list, so that every way through it ends.
 *
 * skel-grep(1) describes the language.
 */
#ifndef SKEL_QUERY_QUERY_H
#define SKEL_QUERY_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "query/query-number.h"
#include "query/query-regex.h"
#include "query/query-token.h"

enum {
	QUERY_LEN_MAX = 65536,   /* bytes of an expression */
	QUERY_TERMS_MAX = 1024,  /* comparisons */
	QUERY_VALUES_MAX = 8192, /* constants in them */
	QUERY_DEPTH_MAX = 100,   /* parentheses and "!" around each other */
	QUERY_SHOWN_MAX = 100,   /* bytes of a name in a report */
};

enum query_operand_kind {
	QUERY_NAME,   /* a member, or a constant that has a name */
	QUERY_NUMBER, /* with its unit */
	QUERY_STRING, /* text in quotes, an address, or "-NAME" */
};

enum query_unit { QUERY_NO_UNIT, QUERY_DURATION, QUERY_SIZE };

struct query_operand {
	enum query_operand_kind kind;
	char *text; /* owned */
	size_t len;
	size_t at;                  /* where it is in the expression */
	struct query_number number; /* of a QUERY_NUMBER: in ns or bytes */
	enum query_unit unit;
	/* Of a QUERY_STRING that is a time: in ns since 1970.  A time without a
	 * zone is of the zone in which the query was parsed. */
	bool is_time;
	int64_t time_ns;
};

/* A constant, or a range of them. */
struct query_interval {
	struct query_operand low, high;
	bool is_range; /* otherwise there is no high */
};

/* Behind the last comparison. */
enum query_outcome { QUERY_TRUE = QUERY_TERMS_MAX, QUERY_FALSE };

struct query_term {
	/* QUERY_EQ, QUERY_LT, ..., QUERY_MATCH, QUERY_IN; QUERY_WORD: the
	 * member alone */
	enum query_token_kind op;
	bool negate; /* of QUERY_EQ and QUERY_MATCH: != and !~ */
	size_t at;
	struct query_operand member; /* QUERY_NAME */
	struct query_interval *set;  /* owned */
	size_t nset, set_cap;
	struct query_regex *regex; /* owned */
	size_t if_true, if_false;  /* of a term, or an outcome */
};

struct query {
	struct query_term *terms; /* owned */
	size_t n, cap;
	size_t values; /* constants in all of them */
	struct query_budget budget;
};

/* Parse an expression.  Returns NULL after reporting what is wrong and where:
 * "expression:8: expected ...". */
struct query *query_parse(const char *text);
void query_free(struct query *q);

/* Whether any of its constants may be a time. */
bool query_has_times(const struct query *q);

/* How many texts its regular expressions gave up. */
unsigned long query_given_up(const struct query *q);

#endif
