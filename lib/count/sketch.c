#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/nomem.h"
#include "count/sketch.h"

/* Of a double, 52 bits are the mantissa. */
enum { BUCKET_SHIFT = 52 - SKETCH_PART_BITS };

void
sketch_free(struct sketch *s)
{
	free(s->above.v);
	free(s->below.v);
	*s = (struct sketch){ 0 };
}

size_t
sketch_bytes(const struct sketch *s)
{
	return ((size_t)s->above.n + s->below.n) * sizeof(uint64_t);
}

/* The bucket of a number above zero. */
static inline uint32_t
find_bucket(double number)
{
	uint64_t bits;

	memcpy(&bits, &number, sizeof(bits));
	return (uint32_t)(bits >> BUCKET_SHIFT);
}

/* The least number in a bucket. */
static double
bucket_start(uint32_t bucket)
{
	uint64_t bits = (uint64_t)bucket << BUCKET_SHIFT;
	double start;

	memcpy(&start, &bits, sizeof(start));
	return start;
}

/* Make buckets from first up to end, all of which there are within these bounds
 * but for the lowest ones, whose counts go to the first. */
static bool
resize_side(struct sketch_side *s, uint32_t first, uint32_t end)
{
	uint64_t *v = calloc(end - first, sizeof(*v));

	if (v == NULL) {
		nomem_note();
		return false;
	}
	for (uint32_t i = 0; i < s->n; i++)
		v[s->first + i < first ? 0 : s->first + i - first] += s->v[i];
	free(s->v);
	*s = (struct sketch_side){ v, first, end - first };
	return true;
}

/* Make room for a bucket, and for those of the same power of two. */
static bool
grow_side(struct sketch_side *s, uint32_t bucket)
{
	uint32_t first = bucket & ~(uint32_t)(SKETCH_PARTS - 1);
	uint32_t end = first + SKETCH_PARTS;

	if (s->n > 0 && s->first < first)
		first = s->first;
	if (s->n > 0 && s->first + s->n > end)
		end = s->first + s->n;
	if (end - first > SKETCH_BUCKETS_MAX)
		first = end - SKETCH_BUCKETS_MAX;
	if (s->n > 0 && first == s->first && end == s->first + s->n)
		return true;
	return resize_side(s, first, end);
}

static bool
add_to_side(struct sketch_side *s, double number)
{
	uint32_t bucket = find_bucket(number);

	if (bucket - s->first >= s->n && !grow_side(s, bucket))
		return false;
	s->v[bucket < s->first ? 0 : bucket - s->first]++;
	return true;
}

bool
sketch_add(struct sketch *s, double number)
{
	if (number == 0)
		s->zeros++;
	else if (isinf(number))
		++*(number > 0 ? &s->infinite_above : &s->infinite_below);
	else if (number > 0 ? !add_to_side(&s->above, number)
			    : !add_to_side(&s->below, -number))
		return false;
	if (s->n == 0 || number < s->least)
		s->least = number;
	if (s->n == 0 || number > s->greatest)
		s->greatest = number;
	s->n++;
	return true;
}

/* Numbers of 2^53 and more are integers already. */
static double
whole_part(double v)
{
	return v < 0x1p53 ? (double)(uint64_t)v : v;
}

/* The number that stands for those in a bucket. */
static double
bucket_middle(uint32_t bucket, bool whole)
{
	double start = bucket_start(bucket), end = bucket_start(bucket + 1);

	if (!whole)
		return start + (end - start) / 2;
	/* The greatest integer in it is below its end. */
	return end - start <= 1 ? whole_part(start)
				: whole_part(start + (end - 1 - start) / 2);
}

/* The number at a rank, counted from the one farthest from zero. */
static double
find_in_side(const struct sketch_side *s, uint64_t rank, bool whole)
{
	for (uint32_t i = s->n; i-- > 0;) {
		if (rank < s->v[i])
			return bucket_middle(s->first + i, whole);
		rank -= s->v[i];
	}
	return 0;
}

static uint64_t
count_side(const struct sketch_side *s)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < s->n; i++)
		n += s->v[i];
	return n;
}

double
sketch_quantile(const struct sketch *s, double q, bool whole)
{
	uint64_t below = count_side(&s->below), rank;
	double number;

	if (s->n == 0)
		return 0;
	rank = (uint64_t)(q * (double)(s->n - 1));
	if (rank >= s->n - 1)
		return s->greatest;
	if (rank == 0)
		return s->least;
	if (rank < s->infinite_below)
		return -INFINITY;
	if (s->n - 1 - rank < s->infinite_above)
		return INFINITY;
	below += s->infinite_below;
	if (rank < below)
		number =
		    -find_in_side(&s->below, rank - s->infinite_below, whole);
	else if (rank < below + s->zeros)
		number = 0;
	else
		number = find_in_side(
		    &s->above, s->n - 1 - rank - s->infinite_above, whole);
	return number < s->least      ? s->least
	       : number > s->greatest ? s->greatest
				      : number;
}
