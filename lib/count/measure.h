/*
 * Measures: what a row keeps for each column, how a record is added to it, and
 * how it becomes a value.
 */
#ifndef SKEL_COUNT_MEASURE_H
#define SKEL_COUNT_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "count/count-shape.h"
#include "count/member-load.h"
#include "count/sketch.h"

/* A number as columns compare and write it. */
struct measure_number {
	bool is_real;
	bool is_signed;
	unsigned __int128 whole;
	double real;
};

/* The bytes of a row for a column. */
size_t measure_state_size(const struct column *c);

/* Add the record to the state at p, which is zeroed at first, and the memory
 * that this took to *bytes.  Returns false if memory ran out. */
bool measure_add(const struct column *c, const struct counted_member *m,
    const struct member_load *l, void *p, const unsigned char *record,
    size_t *bytes);

/* Go on with real numbers where all were integers. */
void measure_make_real(const struct column *c, void *p, bool was_signed);

/* Release what a state owns. */
void measure_free(const struct column *c, void *p);

/* The value of a column that is no histogram. */
struct measure_number measure_get(
    const struct column *c, const struct counted_member *m, const void *p);

/* Write the value, of size bytes.  Returns false if it is more than they hold;
 * then they have the nearest value that there is. */
bool measure_write(const struct column *c, const struct counted_member *m,
    const void *p, unsigned char *to, size_t size);

/* Less than, equal to or greater than 0. */
int measure_compare(
    const struct measure_number *a, const struct measure_number *b);

#endif
