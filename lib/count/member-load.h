/*
 * Loads: how the number in one member is read from a record, compiled once for
 * a map.  Records have at least the bytes of their type.
 */
#ifndef SKEL_COUNT_MEMBER_LOAD_H
#define SKEL_COUNT_MEMBER_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "count/counted-member.h"

enum load_op {
	LOAD_U8,
	LOAD_U16,
	LOAD_U32,
	LOAD_U64,
	LOAD_I8,
	LOAD_I16,
	LOAD_I32,
	LOAD_I64,
	LOAD_128,
	LOAD_SWAPPED, /* of size bytes, the first of which counts most */
	LOAD_BITS,
	LOAD_CPUS, /* the sum of all CPUs */
	LOAD_BOOL,
	LOAD_FLOAT,
	LOAD_DOUBLE,
};

struct member_load {
	enum load_op op, each; /* each: of one CPU */
	bool is_signed;
	uint32_t bit_offset, bits;
	size_t offset;
	size_t size; /* LOAD_BOOL, LOAD_SWAPPED: bytes */
	size_t cpus, stride;
};

/* Compile the load of a member that is a number. */
struct member_load member_load_new(const struct counted_member *m);

/* The less usual loads of member_load_integer(). */
unsigned __int128 member_load_other(
    const struct member_load *l, const unsigned char *at);

/* Load an integer, extended to 128 bits by its sign if it has one. */
static inline unsigned __int128
member_load_integer(const struct member_load *l, const unsigned char *record)
{
	const unsigned char *at = record + l->offset;
	uint64_t u64;
	uint32_t u32;
	int32_t i32;

	switch (l->op) {
	case LOAD_U32:
		memcpy(&u32, at, sizeof(u32));
		return u32;
	case LOAD_I32:
		memcpy(&i32, at, sizeof(i32));
		return (unsigned __int128)(__int128)i32;
	case LOAD_U64:
		memcpy(&u64, at, sizeof(u64));
		return u64;
	default:
		return member_load_other(l, at);
	}
}

/* Load a floating-point number. */
static inline double
member_load_real(const struct member_load *l, const unsigned char *record)
{
	float number;
	double wide;

	if (l->op == LOAD_DOUBLE) {
		memcpy(&wide, record + l->offset, sizeof(wide));
		return wide;
	}
	memcpy(&number, record + l->offset, sizeof(number));
	return (double)number;
}

#endif
