#include "count/member-load.h"

static enum load_op
integer_op(size_t size, bool is_signed)
{
	switch (size) {
	case 1:
		return is_signed ? LOAD_I8 : LOAD_U8;
	case 2:
		return is_signed ? LOAD_I16 : LOAD_U16;
	case 4:
		return is_signed ? LOAD_I32 : LOAD_U32;
	case 8:
		return is_signed ? LOAD_I64 : LOAD_U64;
	default:
		return LOAD_128;
	}
}

struct member_load
member_load_new(const struct counted_member *m)
{
	struct member_load l = { .op = integer_op(m->size, m->is_signed),
		.is_signed = m->is_signed,
		.bit_offset = m->bit_offset,
		.bits = m->bits,
		.offset = m->offset,
		.cpus = m->cpus,
		.stride = m->stride };

	if (m->class == MEMBER_FLOAT)
		l.op = m->size == sizeof(float) ? LOAD_FLOAT : LOAD_DOUBLE;
	else if (m->class == MEMBER_BOOL && m->bits == 0)
		l.op = LOAD_BOOL;
	else if (m->bits != 0)
		l.op = LOAD_BITS;
	else if (m->swapped)
		l.op = LOAD_SWAPPED;
	l.size = m->size;
	if (m->cpus == 0)
		return l;
	l.each =
	    m->bits != 0 ? LOAD_BITS : integer_op(m->cpu_size, m->is_signed);
	l.op = LOAD_CPUS;
	return l;
}

/* A bitfield lies in up to 17 bytes; no byte after those may be read. */
static unsigned __int128
load_bits(const struct member_load *l, const unsigned char *at)
{
	unsigned int bytes = (l->bit_offset + l->bits + 7) / 8;
	unsigned int unused = 128 - l->bits;
	unsigned __int128 v = 0;

	memcpy(&v, at, bytes < 16 ? bytes : 16);
	v >>= l->bit_offset;
	if (bytes == 17)
		v |= (unsigned __int128)at[16] << (128 - l->bit_offset);
	v <<= unused;
	return l->is_signed ? (unsigned __int128)((__int128)v >> unused)
			    : v >> unused;
}

static unsigned __int128
load_wide(const unsigned char *at)
{
	unsigned __int128 v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static unsigned __int128
load_small(enum load_op op, const unsigned char *at)
{
	uint64_t v = 0;
	int shift = 0;

	switch (op) {
	case LOAD_U8:
	case LOAD_I8:
		memcpy(&v, at, 1);
		shift = op == LOAD_I8 ? 56 : 0;
		break;
	case LOAD_U16:
	case LOAD_I16:
		memcpy(&v, at, 2);
		shift = op == LOAD_I16 ? 48 : 0;
		break;
	case LOAD_U32:
	case LOAD_I32:
		memcpy(&v, at, 4);
		shift = op == LOAD_I32 ? 32 : 0;
		break;
	default:
		memcpy(&v, at, 8);
		if (op != LOAD_I64)
			return v;
	}
	if (shift == 0 && op != LOAD_I64)
		return v;
	return (unsigned __int128)(__int128)((int64_t)(v << shift) >> shift);
}

static unsigned __int128
load_cpus(const struct member_load *l, const unsigned char *at)
{
	struct member_load each = *l;
	unsigned __int128 sum = 0;

	each.op = l->each;
	for (size_t i = 0; i < l->cpus; i++, at += l->stride)
		sum += member_load_other(&each, at);
	return sum;
}

unsigned __int128
member_load_other(const struct member_load *l, const unsigned char *at)
{
	unsigned char any = 0;
	uint64_t number = 0;

	switch (l->op) {
	case LOAD_SWAPPED:
		memcpy(&number, at, l->size);
		return __builtin_bswap64(number) >> (64 - l->size * 8);
	case LOAD_128:
		return load_wide(at);
	case LOAD_BITS:
		return load_bits(l, at);
	case LOAD_CPUS:
		return load_cpus(l, at);
	case LOAD_BOOL:
		for (size_t i = 0; i < l->size; i++)
			any |= at[i];
		return any != 0;
	default:
		return load_small(l->op, at);
	}
}
