#include <string.h>

#include "emit.h"
#include "stack-view.h"
#include "steps.h"

/* Of a value that is more than a call of emit.h: it keeps its registers to
 * itself, and put() is short where it is put in. */
#define APART __attribute__((noinline))

/* Texts between values are short: two wide copies do for nearly all of them.
 * There is room behind p, and behind the text (steps_end()). */
static inline char *
copy_text(char *p, const char *text, size_t n)
{
	memcpy(p, text, 16);
	if (__builtin_expect(n > 16, 0)) {
		memcpy(p + 16, text + 16, 16);
		if (n > 32)
			memcpy(p + 32, text + 32, n - 32);
	}
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

/* A bitfield lies in up to 17 bytes; those are all there are. */
static unsigned __int128
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

/* Any integer, with its sign carried to the end. */
static unsigned __int128
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

/* The same, of which 64 bits count. */
static inline uint64_t
load_low(const struct step *s, const unsigned char *at)
{
	if (s->bits != 0 || s->size == 16)
		return (uint64_t)load_any(s, at);
	return s->is_signed ? (uint64_t)load_i(at, s->size)
			    : load_u(at, s->size);
}

static char *
put_integer(char *p, const struct step *s, unsigned __int128 v)
{
	return s->is_signed ? emit_i128(p, (__int128)v) : emit_u128(p, v);
}

static char *APART
put_bits(char *p, const struct step *s, const unsigned char *at)
{
	return put_integer(p, s, load_bits(s, at));
}

static char *APART
put_sum(char *p, const struct steps *steps, const struct step *s,
    const unsigned char *at)
{
	unsigned __int128 sum = 0;

	for (size_t i = 0; i < steps->cpus; i++, at += steps->cpu_stride)
		sum += load_any(s, at);
	return put_integer(p, s, sum);
}

static inline char *
put_bool(char *p, const struct step *s, const unsigned char *at)
{
	bool v = s->size == 1 && s->bits == 0 ? *at != 0 : load_any(s, at) != 0;

	memcpy(p, v ? "true\0" : "false", 5);
	return p + (v ? 4 : 5);
}

static const struct enum_name *APART
search_name(const struct enum_names *e, uint64_t value)
{
	size_t low = 0, high = e->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (e->v[mid].value < value)
			low = mid + 1;
		else
			high = mid;
	}
	return low < e->n && e->v[low].value == value ? &e->v[low] : NULL;
}

static inline const struct enum_name *
find_name(const struct enum_names *e, uint64_t value)
{
	/* Most enums count from 0. */
	return value < e->counted ? &e->v[value] : search_name(e, value);
}

static char *APART
put_unknown(char *p, const struct step *s, const unsigned char *at)
{
	static const char unknown[] = "<UNKNOWN_VARIANT>(";

	memcpy(p, unknown, sizeof(unknown) - 1);
	p = put_integer(p + sizeof(unknown) - 1, s, load_any(s, at));
	*p = ')';
	return p + 1;
}

static inline char *
put_enum(char *p, const struct steps *steps, const struct step *s,
    const unsigned char *at)
{
	const struct enum_name *name =
	    find_name(&steps->enums[s->names], load_low(s, at));

	if (name == NULL)
		return put_unknown(p, s, at);
	return copy_text(p, steps->names.data + name->text, name->text_len);
}

static inline char *
put_float(char *p, const unsigned char *at)
{
	float v;

	memcpy(&v, at, sizeof(v));
	return emit_float(p, v);
}

static inline char *
put_widened(char *p, const unsigned char *at)
{
	float v;

	memcpy(&v, at, sizeof(v));
	return emit_double(p, (double)v);
}

static inline char *
put_double(char *p, const unsigned char *at)
{
	double v;

	memcpy(&v, at, sizeof(v));
	return emit_double(p, v);
}

static inline char *
put_style(char *p, const unsigned char *text, size_t n, unsigned int style)
{
	switch (style) {
	case STYLE_JSON:
		return emit_json(p, text, n);
	case STYLE_CSV:
		return emit_csv(p, text, n);
	case STYLE_TSV:
		return emit_tsv(p, text, n);
	default:
		return emit_vis(p, text, n);
	}
}

/* The value of a step that has no body, and whose room was known before. */
static inline __attribute__((always_inline)) char *
put(const struct run *r, const struct step *s, const unsigned char *at, char *p)
{
	switch ((enum step_op)s->op) {
	case STEP_TIME_UTC:
		return clock_utc(r->clock, p, r->time_ns);
	case STEP_TIME_LOCAL:
		return clock_local(r->clock, p, r->time_ns);
	case STEP_U8:
		return emit_u64(p, load_u(at, 1));
	case STEP_U16:
		return emit_u64(p, load_u(at, 2));
	case STEP_U32:
		return emit_u64(p, load_u(at, 4));
	case STEP_U64:
		return emit_u64(p, load_u(at, 8));
	case STEP_U128:
		return emit_u128(p, load_128(at));
	case STEP_I8:
		return emit_i64(p, load_i(at, 1));
	case STEP_I16:
		return emit_i64(p, load_i(at, 2));
	case STEP_I32:
		return emit_i64(p, load_i(at, 4));
	case STEP_I64:
		return emit_i64(p, load_i(at, 8));
	case STEP_I128:
		return emit_i128(p, (__int128)load_128(at));
	case STEP_BITS:
		return put_bits(p, s, at);
	case STEP_SUM:
		return put_sum(p, r->steps, s, at);
	case STEP_BOOL:
		return put_bool(p, s, at);
	case STEP_ENUM:
		return put_enum(p, r->steps, s, at);
	case STEP_FLOAT:
		return put_float(p, at);
	case STEP_WIDENED:
		return put_widened(p, at);
	case STEP_DOUBLE:
		return put_double(p, at);
	case STEP_STRING:
		return put_style(p, at, s->count, s->style);
	case STEP_TEXT_ONLY:
	case STEP_HEX:
	case STEP_LINE:
	case STEP_LOOP:
	case STEP_CELL:
	case STEP_STACK:
		break;
	}
	return p;
}

/*
 * Walk the steps [s, end) over the record at base and write at p, where there
 * is room for all of it.  Returns where it stopped.
 */
static char *
walk(const struct run *r, const struct step *s, const struct step *end,
    const unsigned char *base, char *p)
{
	const unsigned char *at;

	for (; s < end; s++) {
		p = copy_text(p, s->text_at, s->text_len);
		at = base + s->offset;
		if (__builtin_expect(s->op != STEP_LOOP, 1)) {
			p = put(r, s, at, p);
			continue;
		}
		for (uint32_t i = 0; i < s->count; i++, at += s->stride) {
			if (i > 0)
				*p++ = ',';
			p = walk(r, s + 1, s + 1 + s->body, at, p);
		}
		s += s->body;
	}
	return p;
}

/* Room at p, which lies in out, for so many bytes and the slack.  Returns p
 * where it is then, or NULL. */
static char *
room(struct buf *out, char *p, size_t bytes)
{
	out->len = (size_t)(p - out->data);
	return buf_room(out, bytes + EMIT_SLACK);
}

static char *
put_hex(const struct run *r, const struct step *s, char *p)
{
	size_t n = s->offset < r->len ? r->len - s->offset : 0;

	p = room(r->out, p, 2 * n);
	return p == NULL ? NULL : emit_hex(p, r->data + r->len - n, n);
}

static char *
put_stack(const struct run *r, const struct step *s, char *p)
{
	struct stack_view *stacks = r->steps->stacks;

	r->out->len = (size_t)(p - r->out->data);
	stack_view_read(stacks, (enum stack_side)s->size, r->data);
	stack_view_put(stacks, r->out, (enum step_style)s->style);
	return buf_room(r->out, EMIT_SLACK);
}

static char *
put_line(const struct run *r, const struct step *s, char *p)
{
	size_t at = s->offset < r->len ? s->offset : r->len;

	r->out->len = (size_t)(p - r->out->data);
	steps_line(
	    r->out, r->data + at, r->len - at, (enum step_style)s->style);
	return buf_room(r->out, EMIT_SLACK);
}

/* The same, where each step makes its own room at p, which lies in r->out.
 * Returns NULL when memory ran out. */
static char *
walk_slowly(const struct run *r, const struct step *s, const struct step *end,
    const unsigned char *base, char *p)
{
	const unsigned char *at;

	for (; s < end && p != NULL; s += 1 + s->body) {
		if ((p = room(r->out, p, s->most)) == NULL)
			break;
		if (s->op != STEP_LOOP && s->op != STEP_HEX &&
		    s->op != STEP_LINE && s->op != STEP_STACK) {
			p = walk(r, s, s + 1, base, p);
			continue;
		}
		p = copy_text(p, s->text_at, s->text_len);
		if (s->op != STEP_LOOP) {
			p = s->op == STEP_HEX    ? put_hex(r, s, p)
			    : s->op == STEP_LINE ? put_line(r, s, p)
						 : put_stack(r, s, p);
			continue;
		}
		at = base + s->offset;
		for (uint32_t i = 0; i < s->count && p != NULL; i++) {
			if (i > 0)
				*p++ = ','; /* into the slack at most */
			p = walk_slowly(r, s + 1, s + 1 + s->body, at, p);
			at += s->stride;
		}
	}
	return p;
}

/* JSON in a field: written to the scratch buffer first, then escaped. */
static char *
put_cell(const struct run *r, const struct step *s, char *p)
{
	struct buf *scratch = r->scratch;
	struct run inner = *r;
	char *q;

	p = room(r->out, p, s->most);
	if (p == NULL)
		return NULL;
	p = copy_text(p, s->text_at, s->text_len);
	inner.out = scratch;
	scratch->len = 0;
	q = buf_room(scratch, EMIT_SLACK);
	if (q != NULL)
		q = walk_slowly(&inner, s + 1, s + 1 + s->body, r->data, q);
	if (q == NULL) {
		r->out->failed = true;
		return NULL;
	}
	scratch->len = (size_t)(q - scratch->data);
	p = room(r->out, p, EMIT_TEXT_MAX(scratch->len));
	if (p == NULL)
		return NULL;
	return put_style(
	    p, (const unsigned char *)scratch->data, scratch->len, s->style);
}

/* Fields may hold JSON, but no field is in another. */
static char *
walk_fields(
    const struct run *r, const struct step *s, const struct step *end, char *p)
{
	for (; s < end && p != NULL; s += 1 + s->body) {
		if (s->op == STEP_CELL)
			p = put_cell(r, s, p);
		else
			p = walk_slowly(r, s, s + 1 + s->body, r->data, p);
	}
	return p;
}

/* Room is made step by step. */
static void APART
run_slowly(const struct run *r, const struct step *s, const struct step *end)
{
	char *p = buf_room(r->out, EMIT_SLACK);

	if (p != NULL)
		p = walk_fields(r, s, end, p);
	if (p != NULL)
		r->out->len = (size_t)(p - r->out->data);
}

char *APART
steps_put(const struct run *r, size_t at, char *p)
{
	const struct step *s = r->steps->v + at;

	p = copy_text(p, s->text_at, s->text_len);
	return put(r, s, r->data + s->offset, p);
}

void
steps_run(const struct run *r, size_t from, size_t to, size_t most)
{
	const struct step *s = r->steps->v + from, *end = r->steps->v + to;
	char *p;

	if (most > STEPS_AT_ONCE) {
		run_slowly(r, s, end);
		return;
	}
	if ((p = buf_room(r->out, EMIT_SLACK + most)) == NULL)
		return;
	p = s + 1 == end ? steps_put(r, from, p) : walk(r, s, end, r->data, p);
	r->out->len = (size_t)(p - r->out->data);
}
