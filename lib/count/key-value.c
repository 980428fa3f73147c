#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "count/key-value.h"

void
key_copy_free(struct key_copy *k)
{
	free(k->mask);
	free(k->texts);
	*k = (struct key_copy){ 0 };
}

/* Set the bits of a bitfield, which begins in the first byte. */
static void
mask_bits(unsigned char *mask, const struct type_member *m)
{
	for (uint32_t i = m->bit_offset; i < m->bit_offset + m->bits; i++)
		mask[i / 8] |= (unsigned char)(1 << i % 8);
}

static int
add_text(struct key_copy *k, size_t offset, size_t size)
{
	if (!array_room(k->texts, k->ntexts, k->texts_cap))
		return report_nomem();
	k->texts[k->ntexts++] = (struct key_text){ offset, size };
	return 0;
}

static int mask_value(struct key_copy *k, const struct types *t, uint32_t index,
    size_t offset, bool in_union);

static int
mask_members(struct key_copy *k, const struct types *t, const struct type *type,
    size_t offset, bool in_union)
{
	for (size_t i = 0; i < type->nmembers; i++) {
		const struct type_member *m = &type->members[i];
		size_t at = offset + (size_t)m->offset;

		if (m->bits != 0)
			mask_bits(k->mask + at, m);
		else if (mask_value(k, t, m->type, at,
			     in_union || type->kind == TYPE_UNION) == -1)
			return -1;
	}
	return 0;
}

/* The depth of types is bounded (TYPES_DEPTH_MAX), and so is this recursion;
 * its steps are no more than the bytes of the value. */
static int
mask_value(struct key_copy *k, const struct types *t, uint32_t index,
    size_t offset, bool in_union)
{
	const struct type *type = types_get(t, index), *of;

	if (type->kind == TYPE_STRUCT || type->kind == TYPE_UNION)
		return mask_members(k, t, type, offset, in_union);
	if (type->kind == TYPE_ARRAY && !types_is_text(t, index)) {
		of = types_get(t, type->of);
		for (uint64_t i = 0; of->size > 0 && i < type->count; i++)
			if (mask_value(k, t, type->of,
				offset + (size_t)(i * of->size),
				in_union) == -1)
				return -1;
		return 0;
	}
	memset(k->mask + offset, 0xff, (size_t)type->size);
	/* What is text in one member of a union may be a number in another. */
	if (type->kind == TYPE_ARRAY && !in_union)
		return add_text(k, offset, (size_t)type->size);
	return 0;
}

int
key_copy_init(struct key_copy *k, const struct types *t, uint32_t type)
{
	size_t whole = 0;

	*k = (struct key_copy){ .size = (size_t)types_get(t, type)->size };
	if ((k->mask = calloc(1, k->size + 1)) == NULL)
		return report_nomem();
	if (mask_value(k, t, type, 0, false) == -1) {
		key_copy_free(k);
		return -1;
	}
	while (whole < k->size && k->mask[whole] == 0xff)
		whole++;
	if (whole == k->size) {
		free(k->mask);
		k->mask = NULL;
	}
	return 0;
}

void
key_copy_run(
    const struct key_copy *k, unsigned char *to, const unsigned char *from)
{
	if (k->mask == NULL)
		memcpy(to, from, k->size);
	for (size_t i = 0; k->mask != NULL && i < k->size; i++)
		to[i] = from[i] & k->mask[i];
	for (size_t i = 0; i < k->ntexts; i++) {
		unsigned char *text = to + k->texts[i].offset;
		size_t size = k->texts[i].size;
		size_t len = strnlen((const char *)text, size);

		memset(text + len, 0, size - len);
	}
}

/* An integer of up to 16 bytes, or some bits of up to 17. */
static unsigned __int128
load_bits(const unsigned char *p, unsigned int shift, unsigned int bits)
{
	unsigned int bytes = (shift + bits + 7) / 8;
	unsigned __int128 v = 0;

	memcpy(&v, p, bytes < sizeof(v) ? bytes : sizeof(v));
	v >>= shift;
	if (bytes > sizeof(v))
		v |= (unsigned __int128)p[sizeof(v)] << (128 - shift);
	return v << (128 - bits);
}

/* The numbers are at the upper end of 128 bits, which keeps their order. */
static int
compare_whole(unsigned __int128 a, unsigned __int128 b, bool is_signed)
{
	if (is_signed)
		return ((__int128)a > (__int128)b) -
		       ((__int128)a < (__int128)b);
	return (a > b) - (a < b);
}

static double
load_real(const unsigned char *p, size_t size)
{
	float single;
	double wide;

	if (size == sizeof(single)) {
		memcpy(&single, p, sizeof(single));
		return (double)single;
	}
	memcpy(&wide, p, sizeof(wide));
	return wide;
}

static int
compare_real(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(b) - isnan(a);
	return (a > b) - (a < b);
}

static int
compare_members(const struct types *t, const struct type *type,
    const unsigned char *a, const unsigned char *b)
{
	int order = 0;

	for (size_t i = 0; i < type->nmembers && order == 0; i++) {
		const struct type_member *m = &type->members[i];
		const unsigned char *x = a + m->offset, *y = b + m->offset;

		if (m->bits == 0) {
			order = key_value_compare(t, m->type, x, y);
			continue;
		}
		order = compare_whole(load_bits(x, m->bit_offset, m->bits),
		    load_bits(y, m->bit_offset, m->bits),
		    types_get(t, m->type)->is_signed);
	}
	return order;
}

static int
compare_elements(const struct types *t, const struct type *type,
    const unsigned char *a, const unsigned char *b)
{
	size_t size = (size_t)types_get(t, type->of)->size;
	int order = 0;

	for (uint64_t i = 0; i < type->count && order == 0; i++)
		order =
		    key_value_compare(t, type->of, a + i * size, b + i * size);
	return order;
}

int
key_value_compare(const struct types *t, uint32_t index, const unsigned char *a,
    const unsigned char *b)
{
	const struct type *type = types_get(t, index);

	switch (type->kind) {
	case TYPE_FLOAT:
		return compare_real(load_real(a, (size_t)type->size),
		    load_real(b, (size_t)type->size));
	case TYPE_STRUCT:
		return compare_members(t, type, a, b);
	case TYPE_ARRAY:
		if (!types_is_text(t, index))
			return compare_elements(t, type, a, b);
		return memcmp(a, b, (size_t)type->size);
	case TYPE_UNION:
		return memcmp(a, b, (size_t)type->size);
	default:
		return compare_whole(
		    load_bits(a, 0, (unsigned int)type->size * 8),
		    load_bits(b, 0, (unsigned int)type->size * 8),
		    type->is_signed && type->kind != TYPE_POINTER);
	}
}
