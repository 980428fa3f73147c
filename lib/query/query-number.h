/*
 * Numbers as filters compare them: exactly.  An integer of 128 bits, a decimal
 * fraction and a double are less than, equal to or greater than each other by
 * their values, whatever their signs and types are.
 */
#ifndef SKEL_QUERY_QUERY_NUMBER_H
#define SKEL_QUERY_QUERY_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/int128.h"

/*
 * A number is at least floor and, if fraction is set, more than that, but less
 * than floor + 1; then real tells two of the same floor apart.  A number beyond
 * 128 bits has the last floor on its side, and a fraction.
 */
struct query_number {
	struct int128 floor;
	bool fraction;
	double real; /* the nearest double */
};

/* The least and the greatest integer that a member can be, -2^127 and
 * 2^128 - 1. */
extern const struct int128 query_number_least, query_number_greatest;

struct query_number query_number_from_int(struct int128 v);

/* Of a finite number. */
struct query_number query_number_from_real(double v);

/* Returns less than, equal to or greater than 0. */
int query_number_compare_ints(struct int128 a, struct int128 b);
int query_number_compare(
    const struct query_number *a, const struct query_number *b);

/* v + 1 and v - 1, which do not leave the range above. */
struct int128 query_number_next(struct int128 v);
struct int128 query_number_previous(struct int128 v);

/*
 * Parse len bytes of text, all of them: "-12", "0x1f", "017", "1.5e3".  Where
 * plain is set only decimal digits count, as in JSON.  The number is
 * multiplied by factor.  Returns false if it is none.
 */
bool query_number_parse(struct query_number *n, const char *text, size_t len,
    bool plain, uint64_t factor);

struct query_number query_number_negate(const struct query_number *n);
struct query_number query_number_divide(
    const struct query_number *n, uint64_t divisor);

/* The next greater double, or the next less one; an infinity has none. */
double query_number_above(double v);
double query_number_below(double v);

/*
 * The greatest double that is at most the number, and the least that is at
 * least it.  They differ if no double is equal to it.  A fraction counts as the
 * double nearest to its decimal text or, if single is set, the float.
 */
void query_number_bounds(
    const struct query_number *n, bool single, double *below, double *above);

#endif
