/*
 * Tests: the constants of one comparison, for what the member is that they are
 * compared with.  All comparisons with constants become sets: "< 5" is that of
 * the numbers up to 4.
 */
#ifndef SKEL_QUERY_QUERY_TEST_H
#define SKEL_QUERY_QUERY_TEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "kinds/kind-text.h"
#include "query/query-value.h"
#include "query/query.h"
#include "types/kind.h"
#include "types/types.h"

enum query_class {
	QUERY_CLASS_INT,
	QUERY_CLASS_REAL,
	QUERY_CLASS_TEXT,
	QUERY_CLASS_BYTES, /* an address */
	QUERY_CLASS_ANY,   /* of JSON without types */
};

/* What a member is. */
struct query_target {
	enum query_class class;
	enum kind kind;
	size_t size;               /* bytes */
	const struct type *type;   /* borrowed: to find constants; or NULL */
	const struct type *flags;  /* of KIND_FLAGS */
	const struct types *types; /* borrowed: all of the stream */
	const struct kind_context *kinds; /* borrowed, or NULL */
	bool has_text;                    /* of its kind, which ~ compares */
	bool has_name;                    /* told by the host of the records */
};

struct query_ints {
	struct int128 low, high;
};

struct query_reals {
	double low, high;
};

struct query_texts {
	const char *low, *high; /* borrowed; NULL: no bound */
	size_t low_len, high_len;
	bool above_low, below_high; /* without the bound itself */
};

/* The addresses of len bytes from one to another. */
struct query_addresses {
	unsigned char low[16], high[16];
	size_t len;
};

struct query_test {
	struct query_ints *ints; /* owned; sorted, and apart */
	size_t nints, ints_cap;
	struct query_reals *reals; /* owned */
	size_t nreals, reals_cap;
	struct query_texts *texts; /* owned */
	size_t ntexts, texts_cap;
	struct query_addresses *addresses; /* owned */
	size_t naddresses, addresses_cap;
	struct query_regex *regex; /* borrowed, or NULL */
	bool negate;
	bool loose;            /* QUERY_CLASS_ANY */
	bool numbers, strings; /* what kinds of values it can be of */
};

/*
 * Make the test of a term for a member.  Returns 0; or -1 if they cannot be
 * compared, with the reason in why, "it is text; put 5 in quotes", or when
 * memory ran out (why->failed).  t is to be freed in any case.
 */
int query_test_make(struct query_test *t, const struct query_term *term,
    const struct query_target *target, struct buf *why);
void query_test_free(struct query_test *t);

/* Returns 1 if the comparison is true, 0 if it is false, or -1 if there is no
 * value that can be compared. */
int query_test_run(const struct query_test *t, const struct query_value *v);

#endif
