#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/ascii-run.h"
#include "base/decimal8.h"
#include "base/text.h"
#include "base/varint.h"
#include "layout/formatter-steps.h"
#include "record/stack-view.h"

/* For functions that are seldom called: inlined, they would make their callers
 * save registers. */
#define APART __attribute__((noinline))

/*
 * step_NAME() is the step_write function of a kind of step: it writes the text,
 * then the value.  chain_NAME() does so too and then goes on to the next step.
 * write_NAME() writes a text or a value for both.
 */

static char *
step_text_only(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	(void)base;
	(void)r;
	return write_text(p, s);
}

static char *
step_utc(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	(void)base;
	return clock_utc(r->clock, write_text(p, s), r->time_ns);
}

static char *
step_time(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	(void)base;
	return time_style_write(r->time, write_text(p, s), r->time_ns);
}

/* Defines a function whose value is all at the offset of the step. */
#define STEP_WRITER(name, write_value)                                         \
	static char *name(char *p, const struct step *s,                       \
	    const unsigned char *base, const struct formatter_run *r)          \
	{                                                                      \
		const unsigned char *at = base + s->offset;                    \
                                                                               \
		(void)r;                                                       \
		p = write_text(p, s);                                          \
		return write_value;                                            \
	}

STEP_WRITER(step_u8, text_u64(p, load_u(at, 1)))
STEP_WRITER(step_u16, text_u64(p, load_u(at, 2)))
STEP_WRITER(step_u32, text_u64(p, load_u(at, 4)))
STEP_WRITER(step_u64, text_u64(p, load_u(at, 8)))
STEP_WRITER(step_u128, text_u128(p, load_128(at)))
STEP_WRITER(step_i8, text_i64(p, load_i(at, 1)))
STEP_WRITER(step_i16, text_i64(p, load_i(at, 2)))
STEP_WRITER(step_i32, text_i64(p, load_i(at, 4)))
STEP_WRITER(step_i64, text_i64(p, load_i(at, 8)))
STEP_WRITER(step_i128, text_i128(p, (__int128)load_128(at)))
STEP_WRITER(step_json, text_json(p, at, s->count))
STEP_WRITER(step_csv, text_csv(p, at, s->count))
STEP_WRITER(step_tsv, text_tsv(p, at, s->count))
STEP_WRITER(step_vis, text_vis(p, at, s->count))

/*
 * Copy a text from a field of n bytes, at least ASCII_RUN_WIDE, if it is ASCII
 * without a and b and ends early, as most do.  Returns its end, or NULL.
 */
static inline char *
write_ascii(char *p, const unsigned char *at, size_t n, char a, char b)
{
	size_t run = ascii_run_copy_wide(p, at, a, b);

	if (run == ASCII_RUN_WIDE && n >= 2 * ASCII_RUN_WIDE)
		run += ascii_run_copy_wide(
		    p + ASCII_RUN_WIDE, at + ASCII_RUN_WIDE, a, b);
	return run < n && at[run] == '\0' ? p + run : NULL;
}

static inline char *
write_wide(char *p, const unsigned char *at, size_t n, char a, char b,
    char *(*emit)(char *, const unsigned char *, size_t))
{
	char *end = write_ascii(p, at, n, a, b);

	return end != NULL ? end : emit(p, at, n);
}

STEP_WRITER(step_wide_json, write_wide(p, at, s->count, '"', '\\', text_json))
STEP_WRITER(
    step_wide_csv, text_is_csv_null(at, s->count)
		       ? text_csv(p, at, s->count)
		       : write_wide(p, at, s->count, '"', ',', text_csv))
STEP_WRITER(step_wide_tsv, write_wide(p, at, s->count, '\\', '\\', text_tsv))
STEP_WRITER(step_wide_vis, write_wide(p, at, s->count, 0x7f, 0x7f, text_vis))

static char *
write_integer(char *p, const struct step *s, unsigned __int128 v)
{
	return s->is_signed ? text_i128(p, (__int128)v) : text_u128(p, v);
}

STEP_WRITER(step_bits, write_integer(p, s, load_bits(s, at)))

static char *
step_sum(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	return write_integer(
	    write_text(p, s), s, load_sum(s, base + s->offset, r));
}

static inline char *
write_bool(char *p, bool v)
{
	memcpy(p, v ? "true\0" : "false", 5);
	return p + (v ? 4 : 5);
}

STEP_WRITER(step_bool, write_bool(p, *at != 0))
STEP_WRITER(step_odd_bool, write_bool(p, load_any(s, at) != 0))

static const struct enum_name *APART
search_name(const struct enum_names *e, uint64_t value)
{
	size_t low;

	array_partition(low, e->n, e->v[low].value < value);
	return low < e->n && e->v[low].value == value ? &e->v[low] : NULL;
}

/* Write "RD|WR(3)", with the bits that have no name as a number. */
static char *
write_enum_bits(char *p, const struct step *s, unsigned __int128 value)
{
	unsigned int width = s->bits != 0 ? s->bits : s->size * 8U;
	uint64_t left = (uint64_t)value & UINT64_MAX >> (64 - width);
	const struct enum_names *e = s->enums;
	const char *start = p;

	for (size_t i = 0; i < e->nbits; i++) {
		if ((left & e->bit[i].value) == 0)
			continue;
		left &= ~e->bit[i].value;
		if (p != start)
			*p++ = '|';
		memcpy(p, e->bit[i].text_at, e->bit[i].text_len);
		p += e->bit[i].text_len;
	}
	if (left != 0 && p != start)
		*p++ = '|';
	if (left != 0)
		p += sprintf(p, "%#" PRIx64, left);
	else if (p == start)
		*p++ = '0';
	*p++ = '(';
	p = write_integer(p, s, value);
	*p = ')';
	return p + 1;
}

static char *APART
write_odd_enum(char *p, const struct step *s, const unsigned char *at)
{
	static const char unknown[] = "<UNKNOWN_VARIANT>(";
	unsigned __int128 value = load_any(s, at);
	const struct enum_name *name = search_name(s->enums, (uint64_t)value);

	if (name != NULL) {
		memcpy(p, name->text_at, name->text_len);
		return p + name->text_len;
	}
	if (s->enums->nbits > 0)
		return write_enum_bits(p, s, value);
	memcpy(p, unknown, sizeof(unknown) - 1);
	p = write_integer(p + sizeof(unknown) - 1, s, value);
	*p = ')';
	return p + 1;
}

/* The name of an enum of four bytes with small values and short names, as most
 * are; otherwise NULL. */
static inline const struct enum_name *
find_name(const struct step *s, const unsigned char *at)
{
	uint64_t value = load_u(at, 4);
	const struct enum_name *name;

	if (value >= s->enums->dense)
		return NULL;
	name = &s->enums->v[value];
	return name->text_len <= STEP_TEXT_MAX ? name : NULL;
}

static inline char *
write_enum(char *p, const struct step *s, const unsigned char *at)
{
	const struct enum_name *name = find_name(s, at);

	return name == NULL ? write_odd_enum(p, s, at)
			    : write_short(p, name->text_at, name->text_len);
}

STEP_WRITER(step_enum, write_enum(p, s, at))
STEP_WRITER(step_odd_enum, write_odd_enum(p, s, at))

static inline float
load_float(const unsigned char *at)
{
	float v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static inline double
load_double(const unsigned char *at)
{
	double v;

	memcpy(&v, at, sizeof(v));
	return v;
}

/* A float as databases read it. */
static char *
write_sql_double(char *p, double v, bool is_single)
{
	if (isfinite(v))
		return is_single ? text_float(p, (float)v) : text_double(p, v);
	return stpcpy(p, isnan(v) ? "nan" : v > 0 ? "inf" : "-inf");
}

STEP_WRITER(step_sql_float, write_sql_double(p, (double)load_float(at), true))
STEP_WRITER(step_sql_double, write_sql_double(p, load_double(at), false))
STEP_WRITER(step_float, text_float(p, load_float(at)))
STEP_WRITER(step_widened, text_double(p, (double)load_float(at)))
STEP_WRITER(step_double, text_double(p, load_double(at)))

/*
 * Texts of kinds.
 */

STEP_WRITER(step_ip4, kind_text_ip4(p, at))

/* Writes the text of a kind, before it is escaped. */
static char *APART
write_kind(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	const struct formatter_kind *k = s->kind;
	const unsigned char *at = base + s->offset;
	struct kind_value v = { .bytes = at, .record_ns = r->time_ns };
	unsigned __int128 number;

	if (!kind_has_bytes(k->form.kind)) {
		number = s->sums ? load_sum(s, at, r) : load_any(s, at);
		/* A sum of many values may be too large for a kind. */
		if (s->is_signed ? (__int128)number != (int64_t)number
				 : number > UINT64_MAX)
			return write_integer(p, s, number);
		v.number = (uint64_t)number;
	}
	if (k->family_size != 0)
		v.family = load_u(base + k->family_offset, k->family_size);
	if (k->form.kind == KIND_USYM)
		v.pid = v.family;
	return kind_text_write(p, &k->form, &v, r->formatter->context);
}

static char *
step_kind(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	return write_kind(write_text(p, s), s, base, r);
}

/* Write an error number: success and descriptors are numbers, negative ones
 * nearly always names.  Returns NULL if it is neither. */
static inline char *
write_errno(char *p, const struct step *s, const unsigned char *base)
{
	uint32_t v = (uint32_t)load_u(base + s->offset, 4);
	const struct kind_words *words = &s->kind->words;

	if (v < DECIMAL8_END)
		return decimal8_write(p, v);
	if (-v >= words->n || words->v[-v].len == 0)
		return NULL;
	return write_short(p, words->v[-v].text, words->v[-v].len);
}

static char *
step_errno(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	char *end = write_errno(write_text(p, s), s, base);

	return end != NULL ? end : step_kind(p, s, base, r);
}

static char *
step_kind_unsafe(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	static char *(*const escape[])(
	    char *, const unsigned char *, size_t) = {
		[STYLE_JSON] = text_json,
		[STYLE_CSV] = text_csv,
		[STYLE_TSV] = text_tsv,
		[STYLE_VIS] = text_vis,
		[STYLE_RAW] = text_raw,
	};
	char *raw = r->formatter->kind_text, *end;

	end = write_kind(raw, s, base, r);
	return escape[s->style](
	    write_text(p, s), (unsigned char *)raw, (size_t)(end - raw));
}

static char *
step_loop(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	const unsigned char *at = base + s->offset;

	p = write_text(p, s);
	for (uint32_t i = 0; i < s->count; i++, at += s->stride) {
		if (i > 0)
			*p++ = ',';
		p = s[1].chain(p, s + 1, at, r);
	}
	return p;
}

static char *
step_last_loop(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	const unsigned char *at = base + s->offset;
	size_t n = count_last_elements(s, r);

	p = write_text(p, s);
	for (size_t i = 0; i < n; i++, at += s->stride) {
		if (i > 0)
			*p++ = ',';
		p = s[1].chain(p, s + 1, at, r);
	}
	return p;
}

static char *
step_end(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	(void)s;
	(void)base;
	(void)r;
	return p;
}

/*
 * Chains.  They leave rare values to the functions above, so that they need no
 * stack frame themselves.
 */

static char *APART
chain_any(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	return go_on(s->write(p, s, base, r), s, base, r);
}

static char *
chain_text_only(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	return go_on(write_text(p, s), s, base, r);
}

static char *
chain_utc(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	if (!clock_keeps_utc(r->clock, r->time_ns))
		return chain_any(p, s, base, r);
	return go_on(clock_write_kept(r->clock, write_text(p, s)), s, base, r);
}

/* As unsigned, negative numbers are large and go to chain_any(). */
#define CHAIN_INTEGER(name, load, size)                                        \
	static char *name(char *p, const struct step *s,                       \
	    const unsigned char *base, const struct formatter_run *r)          \
	{                                                                      \
		uint64_t v = (uint64_t)load(base + s->offset, size);           \
                                                                               \
		if (v >= DECIMAL8_END)                                         \
			return chain_any(p, s, base, r);                       \
		p = decimal8_write(write_text(p, s), (uint32_t)v);             \
		return go_on(p, s, base, r);                                   \
	}

CHAIN_INTEGER(chain_u8, load_u, 1)
CHAIN_INTEGER(chain_u16, load_u, 2)
CHAIN_INTEGER(chain_u32, load_u, 4)
CHAIN_INTEGER(chain_u64, load_u, 8)
CHAIN_INTEGER(chain_i8, load_i, 1)
CHAIN_INTEGER(chain_i16, load_i, 2)
CHAIN_INTEGER(chain_i32, load_i, 4)
CHAIN_INTEGER(chain_i64, load_i, 8)

static char *
chain_bool(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	p = write_bool(write_text(p, s), base[s->offset] != 0);
	return go_on(p, s, base, r);
}

static char *
chain_enum(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	const struct enum_name *name = find_name(s, base + s->offset);

	if (name == NULL)
		return chain_any(p, s, base, r);
	p = write_short(write_text(p, s), name->text_at, name->text_len);
	return go_on(p, s, base, r);
}

static char *
chain_ip4(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	p = kind_text_ip4(write_text(p, s), base + s->offset);
	return go_on(p, s, base, r);
}

static char *
chain_errno(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	char *end = write_errno(write_text(p, s), s, base);

	if (end == NULL)
		return chain_any(p, s, base, r);
	return go_on(end, s, base, r);
}

#define CHAIN_WIDE(name, a, b)                                                 \
	static char *name(char *p, const struct step *s,                       \
	    const unsigned char *base, const struct formatter_run *r)          \
	{                                                                      \
		const unsigned char *at = base + s->offset;                    \
		char *end = write_ascii(write_text(p, s), at, s->count, a, b); \
                                                                               \
		if (end == NULL)                                               \
			return chain_any(p, s, base, r);                       \
		return go_on(end, s, base, r);                                 \
	}

CHAIN_WIDE(chain_wide_json, '"', '\\')
CHAIN_WIDE(chain_plain_csv, '"', ',')
CHAIN_WIDE(chain_wide_tsv, '\\', '\\')
CHAIN_WIDE(chain_wide_vis, 0x7f, 0x7f)

static char *
chain_wide_csv(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	return text_is_csv_null(base + s->offset, s->count)
		   ? chain_any(p, s, base, r)
		   : chain_plain_csv(p, s, base, r);
}

void
formatter_bind_step(struct step *s)
{
	static const struct step_functions strings[][2] = {
		[STYLE_JSON] = { { step_json, chain_any },
		    { step_wide_json, chain_wide_json } },
		[STYLE_CSV] = { { step_csv, chain_any },
		    { step_wide_csv, chain_wide_csv } },
		[STYLE_TSV] = { { step_tsv, chain_any },
		    { step_wide_tsv, chain_wide_tsv } },
		[STYLE_VIS] = { { step_vis, chain_any },
		    { step_wide_vis, chain_wide_vis } },
	};
	static const struct step_functions bools[] = {
		{ step_odd_bool, chain_any }, { step_bool, chain_bool }
	};
	static const struct step_functions enums[] = {
		{ step_odd_enum, chain_any }, { step_enum, chain_enum }
	};
	static const struct step_functions others[] = {
		[STEP_END] = { step_end, step_end },
		[STEP_TEXT_ONLY] = { step_text_only, chain_text_only },
		[STEP_TIME_UTC] = { step_utc, chain_utc },
		[STEP_TIME] = { step_time, chain_any },
		[STEP_U8] = { step_u8, chain_u8 },
		[STEP_U16] = { step_u16, chain_u16 },
		[STEP_U32] = { step_u32, chain_u32 },
		[STEP_U64] = { step_u64, chain_u64 },
		[STEP_U128] = { step_u128, chain_any },
		[STEP_I8] = { step_i8, chain_i8 },
		[STEP_I16] = { step_i16, chain_i16 },
		[STEP_I32] = { step_i32, chain_i32 },
		[STEP_I64] = { step_i64, chain_i64 },
		[STEP_I128] = { step_i128, chain_any },
		[STEP_BITS] = { step_bits, chain_any },
		[STEP_SUM] = { step_sum, chain_any },
		[STEP_FLOAT] = { step_float, chain_any },
		[STEP_WIDENED] = { step_widened, chain_any },
		[STEP_DOUBLE] = { step_double, chain_any },
		[STEP_SQL_FLOAT] = { step_sql_float, chain_any },
		[STEP_SQL_DOUBLE] = { step_sql_double, chain_any },
		[STEP_LOOP] = { step_loop, chain_any },
		[STEP_LAST_LOOP] = { step_last_loop, chain_any },
		/* The size of STEP_HEX, STEP_LINE, STEP_LAST_TEXT, STEP_CELL
		 * and STEP_STACK depends on the record. */
		[STEP_STACK] = { NULL, NULL },
		[STEP_IP4] = { step_ip4, chain_ip4 },
		[STEP_ERRNO] = { step_errno, chain_errno },
		[STEP_KIND] = { step_kind, chain_any },
		[STEP_KIND_UNSAFE] = { step_kind_unsafe, chain_any },
	};

	const struct step_functions binary = formatter_binary_step(s);
	const struct step_functions buckets = formatter_buckets_step(s);
	const struct step_functions *f =
	    binary.write != NULL                                ? &binary
	    : s->op == STEP_BUCKETS || s->op == STEP_KEY_BUCKET ? &buckets
	    : s->op == STEP_STRING
		? &strings[s->style][s->count >= ASCII_RUN_WIDE]
	    : s->op == STEP_BOOL ? &bools[s->size == 1 && s->bits == 0]
	    : s->op == STEP_ENUM ? &enums[s->size == 4 && s->bits == 0]
				 : &others[s->op];

	s->write = f->write;
	s->chain = f->chain;
}

/* Make room for the given bytes and the slack at p, which is in out.  Returns
 * p, moved if out was, or NULL when memory ran out. */
static char *
make_room(struct buf *out, char *p, size_t bytes)
{
	out->len = (size_t)(p - out->data);
	return buf_room(out, bytes + TEXT_SLACK);
}

static char *
write_hex_step(const struct formatter_run *r, const struct step *s, char *p)
{
	size_t n = s->offset < r->len ? r->len - s->offset : 0;

	p = make_room(r->out, p, 2 * n);
	return p == NULL ? NULL : text_hex(p, r->data + r->len - n, n);
}

static char *
write_stack_step(const struct formatter_run *r, const struct step *s, char *p)
{
	struct stack_view *stacks = r->formatter->stacks;

	r->out->len = (size_t)(p - r->out->data);
	stack_view_read(stacks, (enum stack_side)s->size, r->data);
	stack_view_write(stacks, r->out, (enum style)s->style);
	return buf_room(r->out, TEXT_SLACK);
}

static char *
write_last_text_step(
    const struct formatter_run *r, const struct step *s, char *p)
{
	size_t at = s->offset < r->len ? s->offset : r->len;

	r->out->len = (size_t)(p - r->out->data);
	text_write(r->out, r->data + at, r->len - at, (enum style)s->style);
	return buf_room(r->out, TEXT_SLACK);
}

static char *
write_line_step(const struct formatter_run *r, const struct step *s, char *p)
{
	size_t at = s->offset < r->len ? s->offset : r->len;

	r->out->len = (size_t)(p - r->out->data);
	text_write_line(
	    r->out, r->data + at, r->len - at, (enum style)s->style);
	return buf_room(r->out, TEXT_SLACK);
}

/* Run a step whose size depends on the record. */
static char *
write_varying_value(
    const struct formatter_run *r, const struct step *s, char *p)
{
	switch (s->op) {
	case STEP_HEX:
		return write_hex_step(r, s, p);
	case STEP_LINE:
		return write_line_step(r, s, p);
	case STEP_LAST_TEXT:
		return write_last_text_step(r, s, p);
	default:
		return write_stack_step(r, s, p);
	}
}

/* The same after its text.  In STYLE_RAW the length comes first. */
static char *
write_varying_step(const struct formatter_run *r, const struct step *s, char *p)
{
	struct buf *out = r->out;
	size_t start = (size_t)(p - out->data);

	p = write_varying_value(r, s, p);
	if (p == NULL || s->style != STYLE_RAW)
		return p;
	out->len = (size_t)(p - out->data);
	buf_count(out, start);
	return buf_room(out, TEXT_SLACK);
}

/* Run steps, each of which makes its own room at p, which is in r->out.
 * Returns the end of what was written, or NULL when memory ran out. */
static char *
run_steps(const struct formatter_run *r, const struct step *s,
    const struct step *end, const unsigned char *base, char *p)
{
	const unsigned char *at;
	bool is_loop, separated;
	size_t n;

	for (; s != end && p != NULL; s = s->next) {
		if ((p = make_room(r->out, p, s->most)) == NULL)
			break;
		is_loop = formatter_is_loop(s);
		if (!is_loop && s->write != NULL) {
			p = s->write(p, s, base, r);
			continue;
		}
		p = write_text(p, s);
		if (!is_loop) {
			p = write_varying_step(r, s, p);
			continue;
		}
		at = base + s->offset;
		n = s->op == STEP_LOOP || s->op == STEP_ARRAY
			? s->count
			: count_last_elements(s, r);
		separated = s->op == STEP_LOOP || s->op == STEP_LAST_LOOP;
		if (s->op == STEP_LAST_ARRAY)
			p = write_varint(p, n);
		for (size_t i = 0; i < n && p != NULL; i++) {
			if (i > 0 && separated)
				*p++ = ','; /* at most into the slack */
			p = run_steps(r, s + 1, s->next, at, p);
			at += s->stride;
		}
	}
	return p;
}

/* Run the body of a STEP_CELL: its JSON goes to the scratch buffer first. */
static char *
write_cell_step(const struct formatter_run *r, const struct step *s, char *p)
{
	struct buf *scratch = r->scratch;
	struct formatter_run inner = *r;
	char *q;

	p = make_room(r->out, p, s->most);
	if (p == NULL)
		return NULL;
	p = write_text(p, s);
	inner.out = scratch;
	scratch->len = 0;
	q = buf_room(scratch, TEXT_SLACK);
	if (q != NULL)
		q = run_steps(&inner, s + 1, s->next, r->data, q);
	if (q == NULL) {
		r->out->failed = true;
		return NULL;
	}
	scratch->len = (size_t)(q - scratch->data);
	if (s->style == STYLE_RAW)
		p = write_varint(p, scratch->len);
	r->out->len = (size_t)(p - r->out->data);
	text_write(r->out, scratch->data, scratch->len, (enum style)s->style);
	return buf_room(r->out, TEXT_SLACK);
}

/* Run steps among which there may be STEP_CELL, which do not nest. */
static char *
run_fields(const struct formatter_run *r, const struct step *s,
    const struct step *end, char *p)
{
	for (; s != end && p != NULL; s = s->next) {
		if (s->op == STEP_CELL)
			p = write_cell_step(r, s, p);
		else
			p = run_steps(r, s, s->next, r->data, p);
	}
	return p;
}

void
formatter_run_slowly(
    const struct formatter_run *r, const struct step *s, const struct step *end)
{
	char *p = buf_room(r->out, TEXT_SLACK);

	if (p != NULL)
		p = run_fields(r, s, end, p);
	if (p != NULL)
		r->out->len = (size_t)(p - r->out->data);
}
