/*
 * What the functions that run steps share, in formatter-run.c and, for binary
 * forms, in formatter-binary-run.c: loading a step's value, writing its text.
 */
#ifndef SKEL_LAYOUT_FORMATTER_STEPS_H
#define SKEL_LAYOUT_FORMATTER_STEPS_H

#include <string.h>

#include "layout/formatter.h"

/* The functions of a step. */
struct step_functions {
	step_write *write, *chain;
};

/* formatter-binary-run.c: those of a step that only binary forms have. */
struct step_functions formatter_binary_step(const struct step *s);

/* formatter-buckets-run.c: those of STEP_BUCKETS and STEP_KEY_BUCKET. */
struct step_functions formatter_buckets_step(const struct step *s);

/* Whether it runs its body for each of several elements. */
static inline bool
formatter_is_loop(const struct step *s)
{
	return s->op == STEP_LOOP || s->op == STEP_LAST_LOOP ||
	       s->op == STEP_ARRAY || s->op == STEP_LAST_ARRAY;
}

/* Write a text of n bytes, STEP_TEXT_MAX at most, by two wide copies, which
 * read and write beyond its end: formatter_finish() and TEXT_SLACK leave room.
 */
static inline char *
write_short(char *p, const char *text, size_t n)
{
	memcpy(p, text, 16);
	memcpy(p + 16, text + 16, 16);
	return p + n;
}

static inline uint64_t
load_u(const unsigned char *at, unsigned int size)
{
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	switch (size) {
	case 1:
		memcpy(&u8, at, 1);
		return u8;
	case 2:
		memcpy(&u16, at, 2);
		return u16;
	case 4:
		memcpy(&u32, at, 4);
		return u32;
	default:
		memcpy(&u64, at, 8);
		return u64;
	}
}

static inline int64_t
load_i(const unsigned char *at, unsigned int size)
{
	unsigned int unused = 64 - size * 8;

	return (int64_t)(load_u(at, size) << unused) >> unused;
}

static inline unsigned __int128
load_128(const unsigned char *at)
{
	unsigned __int128 v;

	memcpy(&v, at, 16);
	return v;
}

/* A bitfield lies in up to 17 bytes; no byte after those may be read. */
static inline unsigned __int128
load_bits(const struct step *s, const unsigned char *at)
{
	unsigned int bytes = (s->bit_offset + s->bits + 7u) / 8;
	unsigned int unused = 128u - s->bits;
	unsigned __int128 v = 0;

	memcpy(&v, at, bytes < 16 ? bytes : 16);
	v >>= s->bit_offset;
	if (bytes == 17)
		v |= (unsigned __int128)at[16] << (128 - s->bit_offset);
	v <<= unused;
	return s->is_signed ? (unsigned __int128)((__int128)v >> unused)
			    : v >> unused;
}

/* Load any integer, extended by its sign to 128 bits. */
static inline unsigned __int128
load_any(const struct step *s, const unsigned char *at)
{
	if (s->bits != 0)
		return load_bits(s, at);
	if (s->size == 16)
		return load_128(at);
	if (s->is_signed)
		return (unsigned __int128)(__int128)load_i(at, s->size);
	return load_u(at, s->size);
}

static inline char *
write_text(char *p, const struct step *s)
{
	return write_short(p, s->text_at, s->text_len);
}

static inline unsigned __int128
load_sum(const struct step *s, const unsigned char *at,
    const struct formatter_run *r)
{
	unsigned __int128 sum = 0;

	for (size_t i = 0; i < r->formatter->cpus;
	     i++, at += r->formatter->cpu_stride)
		sum += load_any(s, at);
	return sum;
}

static inline char *
go_on(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	s = s->next;
	return s->chain(p, s, base, r);
}

/* The elements that the record has of the array in which it may end. */
static inline size_t
count_last_elements(const struct step *s, const struct formatter_run *r)
{
	size_t there = r->len > s->offset ? r->len - s->offset : 0;

	return there >= s->whole ? s->count
				 : (there + s->stride - s->element) / s->stride;
}

#endif
