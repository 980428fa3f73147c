/*
 * Sketches: the distribution of numbers in bounded memory, of which quantiles
 * are asked.  They are those of "DDSketch: A Fast and Fully-Mergeable Quantile
 * Sketch with Relative-Error Guarantees" (Masson, Rim and Lee, PVLDB 12(12),
 * 2019), with buckets that divide each power of two into SKETCH_PARTS equal
 * parts, so that a bucket is found in the bits of the number.
 *
 * The value that is returned for a quantile differs from one that was added at
 * that rank by 1/128 of it at most.  Integers below 64, and the least and the
 * greatest number, are exact.  When numbers span more than SKETCH_BUCKETS_MAX
 * buckets, which are 32 powers of two, those nearest to zero share one.
 */
#ifndef SKEL_COUNT_SKETCH_H
#define SKEL_COUNT_SKETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SKETCH_PART_BITS = 6,
	SKETCH_PARTS = 1 << SKETCH_PART_BITS,
	SKETCH_BUCKETS_MAX = 32 * SKETCH_PARTS,
};

/* Buckets of numbers of one sign, by their distance from zero. */
struct sketch_side {
	uint64_t *v;    /* owned: counts */
	uint32_t first; /* the number of the bucket v[0] */
	uint32_t n;
};

/* Initialise with { 0 }. */
struct sketch {
	struct sketch_side above, below; /* zero */
	uint64_t zeros, n;
	uint64_t infinite_below; /* so many are -INFINITY */
	uint64_t infinite_above;
	double least, greatest;
};

void sketch_free(struct sketch *s);

/* Add a number, which is not NaN.  Returns false, with the sketch as it was, if
 * memory runs out, which is not reported. */
bool sketch_add(struct sketch *s, double number);

/* The bytes that it has allocated. */
size_t sketch_bytes(const struct sketch *s);

/* The number at rank q * (n - 1), rounded down, of those that were added, q
 * being from 0 to 1; 0 if there are none.  whole says that they are integers.
 */
double sketch_quantile(const struct sketch *s, double q, bool whole);

#endif
