/*
 * What the mutators share.  A mutator changes an input of a target in a way
 * that fits its format; libFuzzer calls it in place of its own methods, which
 * LLVMFuzzerMutate() applies.  The same seed gives the same change.
 */
#ifndef SKEL_FUZZ_MUTATE_H
#define SKEL_FUZZ_MUTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

size_t LLVMFuzzerCustomMutator(
    uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

struct mutation {
	uint8_t *data;
	size_t size, max; /* of data, in bytes */
	uint64_t random;
};

/* A number below n, which is not 0. */
static inline size_t
mutate_random(struct mutation *m, size_t n)
{
	m->random = m->random * 6364136223846793005 + 1442695040888963407;
	return (size_t)(m->random >> 33) % n;
}

static inline uint64_t
mutate_get(const uint8_t *at, size_t bytes)
{
	uint64_t v = 0;

	memcpy(&v, at, bytes);
	return v;
}

static inline void
mutate_put(uint8_t *at, size_t bytes, uint64_t v)
{
	memcpy(at, &v, bytes);
}

/* A number at a border: of the field's size, of the input's, or near old. */
static inline uint64_t
mutate_border(struct mutation *m, uint64_t old)
{
	uint64_t power = (uint64_t)1 << mutate_random(m, 64);

	switch (mutate_random(m, 8)) {
	case 0:
		return mutate_random(m, 4);
	case 1:
		return m->size - mutate_random(m, 3);
	case 2:
		return power;
	case 3:
		return power - 1;
	case 4:
		return 0 - power;
	case 5:
		return old + 1 + mutate_random(m, 8);
	case 6:
		return old - 1 - mutate_random(m, 8);
	default:
		return mutate_random(m, m->size + 1);
	}
}

/* Changes the number of so many bytes at an offset, which may be beyond the
 * end. */
static inline void
mutate_number(struct mutation *m, uint64_t offset, size_t bytes)
{
	uint8_t *at = m->data + offset;

	if (offset <= m->size && bytes <= m->size - offset)
		mutate_put(at, bytes, mutate_border(m, mutate_get(at, bytes)));
}

#endif
