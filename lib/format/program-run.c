#include <string.h>

#include "base/ascii-run.h"
#include "base/decimal8.h"
#include "base/text.h"
#include "format/program.h"
#include "record/stack-view.h"

/* Of a value that is more than a call of emit.h: it keeps its registers to
 * itself, and put() is short where it is put in. */
#define APART __attribute__((noinline))

/* Write n bytes of text ahead of their end: nearly all are short, and two wide
 * copies do.  There is room behind p, and behind the text (program_finish()).
 */
static inline char *
put_short(char *p, const char *text, size_t n)
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

/*
 * The functions of the steps.  Each writes the text first.
 */

static inline char *
put_text(char *p, const struct step *s)
{
	return put_short(p, s->text_at, s->text_len);
}

static char *
put_text_only(char *p, const struct step *s, const unsigned char *base,
    const struct program_run *r)
{
	(void)base;
	(void)r;
	return put_text(p, s);
}

static char *
put_utc(char *p, const struct step *s, const unsigned char *base,
    const struct program_run *r)
{
	(void)base;
	return clock_utc(r->clock, put_text(p, s), r->time_ns);
}

/* A function that reads its value at the step's offset, and nothing else. */
#define PUT(name, emit)                                                        \
	static char *name(char *p, const struct step *s,                       \
	    const unsigned char *base, const struct program_run *r)            \
	{                                                                      \
		const unsigned char *at = base + s->offset;                    \
                                                                               \
		(void)r;                                                       \
		p = put_text(p, s);                                            \
		return emit;                                                   \
	}

PUT(put_u8, text_u64(p, load_u(at, 1)))
PUT(put_u16, text_u64(p, load_u(at, 2)))
PUT(put_u32, text_u64(p, load_u(at, 4)))
PUT(put_u64, text_u64(p, load_u(at, 8)))
PUT(put_u128, text_u128(p, load_128(at)))
PUT(put_i8, text_i64(p, load_i(at, 1)))
PUT(put_i16, text_i64(p, load_i(at, 2)))
PUT(put_i32, text_i64(p, load_i(at, 4)))
PUT(put_i64, text_i64(p, load_i(at, 8)))
PUT(put_i128, text_i128(p, (__int128)load_128(at)))
PUT(put_json, text_json(p, at, s->count))
PUT(put_csv, text_csv(p, at, s->count))
PUT(put_tsv, text_tsv(p, at, s->count))
PUT(put_vis, text_vis(p, at, s->count))

/*
 * Copy text of n bytes, ASCII_RUN_WIDE or more, most of which are plain and end
 * among the first.  Returns its end, or NULL where it is another.
 */
static inline char *
emit_plain(char *p, const unsigned char *at, size_t n, char a, char b)
{
	size_t run = ascii_run_copy_wide(p, at, a, b);

	if (run == ASCII_RUN_WIDE && n >= 2 * ASCII_RUN_WIDE)
		run += ascii_run_copy_wide(
		    p + ASCII_RUN_WIDE, at + ASCII_RUN_WIDE, a, b);
	return run < n && at[run] == '\0' ? p + run : NULL;
}

static inline char *
emit_wide(char *p, const unsigned char *at, size_t n, char a, char b,
    char *(*emit)(char *, const unsigned char *, size_t))
{
	char *end = emit_plain(p, at, n, a, b);

	return end != NULL ? end : emit(p, at, n);
}

PUT(put_wide_json, emit_wide(p, at, s->count, '"', '\\', text_json))
PUT(put_wide_csv, emit_wide(p, at, s->count, '"', ',', text_csv))
PUT(put_wide_tsv, emit_wide(p, at, s->count, '\\', '\\', text_tsv))
PUT(put_wide_vis, emit_wide(p, at, s->count, 0x7f, 0x7f, text_vis))

static char *
emit_integer(char *p, const struct step *s, unsigned __int128 v)
{
	return s->is_signed ? text_i128(p, (__int128)v) : text_u128(p, v);
}

PUT(put_bits, emit_integer(p, s, load_bits(s, at)))

static char *
put_sum(char *p, const struct step *s, const unsigned char *base,
    const struct program_run *r)
{
	const unsigned char *at = base + s->offset;
	unsigned __int128 sum = 0;

	for (size_t i = 0; i < r->program->cpus;
	     i++, at += r->program->cpu_stride)
		sum += load_any(s, at);
	return emit_integer(put_text(p, s), s, sum);
}

static inline char *
emit_bool(char *p, bool v)
{
	memcpy(p, v ? "true\0" : "false", 5);
	return p + (v ? 4 : 5);
}

PUT(put_bool, emit_bool(p, *at != 0))
PUT(put_odd_bool, emit_bool(p, load_any(s, at) != 0))

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

static char *APART
emit_unknown(char *p, const struct step *s, const unsigned char *at)
{
	static const char unknown[] = "<UNKNOWN_VARIANT>(";

	memcpy(p, unknown, sizeof(unknown) - 1);
	p = emit_integer(p + sizeof(unknown) - 1, s, load_any(s, at));
	*p = ')';
	return p + 1;
}

static char *APART
emit_odd_enum(char *p, const struct step *s, const unsigned char *at)
{
	const struct enum_name *name = search_name(s->enums, load_low(s, at));

	if (name == NULL)
		return emit_unknown(p, s, at);
	memcpy(p, name->text_at, name->text_len);
	return p + name->text_len;
}

/* Most enums have four bytes, count from 0 and have short names.  NULL where
 * that does not hold. */
static inline const struct enum_name *
find_name(const struct step *s, const unsigned char *at)
{
	uint64_t value = load_u(at, 4);
	const struct enum_name *name;

	if (value >= s->enums->counted)
		return NULL;
	name = &s->enums->v[value];
	return name->text_len <= STEP_TEXT_MAX ? name : NULL;
}

static inline char *
emit_enum(char *p, const struct step *s, const unsigned char *at)
{
	const struct enum_name *name = find_name(s, at);

	return name == NULL ? emit_odd_enum(p, s, at)
			    : put_short(p, name->text_at, name->text_len);
}

PUT(put_enum, emit_enum(p, s, at))
PUT(put_odd_enum, emit_odd_enum(p, s, at))

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

PUT(put_float, text_float(p, load_float(at)))
PUT(put_widened, text_double(p, (double)load_float(at)))
PUT(put_double, text_double(p, load_double(at)))

static char *
put_loop(char *p, const struct step *s, const unsigned char *base,
    const struct program_run *r)
{
	const unsigned char *at = base + s->offset;

	p = put_text(p, s);
	for (uint32_t i = 0; i < s->count; i++, at += s->stride) {
		if (i > 0)
			*p++ = ',';
		p = s[1].chain(p, s + 1, at, r);
	}
	return p;
}

static char *
put_end(char *p, const struct step *s, const unsigned char *base,
    const struct program_run *r)
{
	(void)s;
	(void)base;
	(void)r;
	return p;
}

/*
 * The same in chains.  What is seldom is left to the function above, so that
 * nothing has to be kept over a call where there is none.
 */

static inline char *
go_on(char *p, const struct step *s, const unsigned char *base,
    const struct program_run *r)
{
	s = s->next;
	return s->chain(p, s, base, r);
}

static char *APART
chain_any(char *p, const struct step *s, const unsigned char *base,
    const struct program_run *r)
{
	return go_on(s->put(p, s, base, r), s, base, r);
}

static char *
chain_text_only(char *p, const struct step *s, const unsigned char *base,
    const struct program_run *r)
{
	return go_on(put_text(p, s), s, base, r);
}

static char *
chain_utc(char *p, const struct step *s, const unsigned char *base,
    const struct program_run *r)
{
	if (!clock_keeps_utc(r->clock, r->time_ns))
		return chain_any(p, s, base, r);
	return go_on(clock_write_kept(r->clock, put_text(p, s)), s, base, r);
}

/* A negative number is a large one here. */
#define CHAIN_INTEGER(name, load, size)                                        \
	static char *name(char *p, const struct step *s,                       \
	    const unsigned char *base, const struct program_run *r)            \
	{                                                                      \
		uint64_t v = (uint64_t)load(base + s->offset, size);           \
                                                                               \
		if (v >= DECIMAL8_END)                                         \
			return chain_any(p, s, base, r);                       \
		p = decimal8_write(put_text(p, s), (uint32_t)v);               \
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
    const struct program_run *r)
{
	p = emit_bool(put_text(p, s), base[s->offset] != 0);
	return go_on(p, s, base, r);
}

static char *
chain_enum(char *p, const struct step *s, const unsigned char *base,
    const struct program_run *r)
{
	const struct enum_name *name = find_name(s, base + s->offset);

	if (name == NULL)
		return chain_any(p, s, base, r);
	p = put_short(put_text(p, s), name->text_at, name->text_len);
	return go_on(p, s, base, r);
}

#define CHAIN_WIDE(name, a, b)                                                 \
	static char *name(char *p, const struct step *s,                       \
	    const unsigned char *base, const struct program_run *r)            \
	{                                                                      \
		const unsigned char *at = base + s->offset;                    \
		char *end = emit_plain(put_text(p, s), at, s->count, a, b);    \
                                                                               \
		if (end == NULL)                                               \
			return chain_any(p, s, base, r);                       \
		return go_on(end, s, base, r);                                 \
	}

CHAIN_WIDE(chain_wide_json, '"', '\\')
CHAIN_WIDE(chain_wide_csv, '"', ',')
CHAIN_WIDE(chain_wide_tsv, '\\', '\\')
CHAIN_WIDE(chain_wide_vis, 0x7f, 0x7f)

struct functions {
	step_put *put, *chain;
};

static struct functions
find_functions(const struct step *s)
{
	static const struct functions strings[][2] = {
		[STYLE_JSON] = { { put_json, chain_any },
		    { put_wide_json, chain_wide_json } },
		[STYLE_CSV] = { { put_csv, chain_any },
		    { put_wide_csv, chain_wide_csv } },
		[STYLE_TSV] = { { put_tsv, chain_any },
		    { put_wide_tsv, chain_wide_tsv } },
		[STYLE_VIS] = { { put_vis, chain_any },
		    { put_wide_vis, chain_wide_vis } },
	};
	static const struct functions bools[] = { { put_odd_bool, chain_any },
		{ put_bool, chain_bool } };
	static const struct functions enums[] = { { put_odd_enum, chain_any },
		{ put_enum, chain_enum } };
	static const struct functions others[] = {
		[STEP_END] = { put_end, put_end },
		[STEP_TEXT_ONLY] = { put_text_only, chain_text_only },
		[STEP_TIME_UTC] = { put_utc, chain_utc },
		[STEP_U8] = { put_u8, chain_u8 },
		[STEP_U16] = { put_u16, chain_u16 },
		[STEP_U32] = { put_u32, chain_u32 },
		[STEP_U64] = { put_u64, chain_u64 },
		[STEP_U128] = { put_u128, chain_any },
		[STEP_I8] = { put_i8, chain_i8 },
		[STEP_I16] = { put_i16, chain_i16 },
		[STEP_I32] = { put_i32, chain_i32 },
		[STEP_I64] = { put_i64, chain_i64 },
		[STEP_I128] = { put_i128, chain_any },
		[STEP_BITS] = { put_bits, chain_any },
		[STEP_SUM] = { put_sum, chain_any },
		[STEP_FLOAT] = { put_float, chain_any },
		[STEP_WIDENED] = { put_widened, chain_any },
		[STEP_DOUBLE] = { put_double, chain_any },
		[STEP_LOOP] = { put_loop, chain_any },
		/* The last: of these the record tells the room. */
		[STEP_STACK] = { NULL, NULL },
	};

	switch (s->op) {
	case STEP_STRING:
		return strings[s->style][s->count >= ASCII_RUN_WIDE];
	case STEP_BOOL:
		return bools[s->size == 1 && s->bits == 0];
	case STEP_ENUM:
		return enums[s->size == 4 && s->bits == 0];
	default:
		return others[s->op];
	}
}

void
program_bind_step(struct step *s)
{
	struct functions f = find_functions(s);

	s->put = f.put;
	s->chain = f.chain;
}

/* Room at p, which lies in out, for so many bytes and the slack.  Returns p
 * where it is then, or NULL. */
static char *
room(struct buf *out, char *p, size_t bytes)
{
	out->len = (size_t)(p - out->data);
	return buf_room(out, bytes + TEXT_SLACK);
}

static char *
put_hex(const struct program_run *r, const struct step *s, char *p)
{
	size_t n = s->offset < r->len ? r->len - s->offset : 0;

	p = room(r->out, p, 2 * n);
	return p == NULL ? NULL : text_hex(p, r->data + r->len - n, n);
}

static char *
put_stack(const struct program_run *r, const struct step *s, char *p)
{
	struct stack_view *stacks = r->program->stacks;

	r->out->len = (size_t)(p - r->out->data);
	stack_view_read(stacks, (enum stack_side)s->size, r->data);
	stack_view_write(stacks, r->out, (enum style)s->style);
	return buf_room(r->out, TEXT_SLACK);
}

static char *
put_line(const struct program_run *r, const struct step *s, char *p)
{
	size_t at = s->offset < r->len ? s->offset : r->len;

	r->out->len = (size_t)(p - r->out->data);
	style_write_line(
	    r->out, r->data + at, r->len - at, (enum style)s->style);
	return buf_room(r->out, TEXT_SLACK);
}

/* The same, where each step makes its own room at p, which lies in r->out.
 * Returns NULL when memory ran out. */
static char *
walk_slowly(const struct program_run *r, const struct step *s,
    const struct step *end, const unsigned char *base, char *p)
{
	const unsigned char *at;

	for (; s != end && p != NULL; s = s->next) {
		if ((p = room(r->out, p, s->most)) == NULL)
			break;
		if (s->op != STEP_LOOP && s->put != NULL) {
			p = s->put(p, s, base, r);
			continue;
		}
		p = put_text(p, s);
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
			p = walk_slowly(r, s + 1, s->next, at, p);
			at += s->stride;
		}
	}
	return p;
}

/* JSON in a field: written to the scratch buffer first, then escaped. */
static char *
put_cell(const struct program_run *r, const struct step *s, char *p)
{
	struct buf *scratch = r->scratch;
	struct program_run inner = *r;
	char *q;

	p = room(r->out, p, s->most);
	if (p == NULL)
		return NULL;
	p = put_text(p, s);
	inner.out = scratch;
	scratch->len = 0;
	q = buf_room(scratch, TEXT_SLACK);
	if (q != NULL)
		q = walk_slowly(&inner, s + 1, s->next, r->data, q);
	if (q == NULL) {
		r->out->failed = true;
		return NULL;
	}
	scratch->len = (size_t)(q - scratch->data);
	r->out->len = (size_t)(p - r->out->data);
	style_write(r->out, scratch->data, scratch->len, (enum style)s->style);
	return buf_room(r->out, TEXT_SLACK);
}

/* Fields may hold JSON, but no field is in another. */
static char *
walk_fields(const struct program_run *r, const struct step *s,
    const struct step *end, char *p)
{
	for (; s != end && p != NULL; s = s->next) {
		if (s->op == STEP_CELL)
			p = put_cell(r, s, p);
		else
			p = walk_slowly(r, s, s->next, r->data, p);
	}
	return p;
}

void
program_run_slowly(
    const struct program_run *r, const struct step *s, const struct step *end)
{
	char *p = buf_room(r->out, TEXT_SLACK);

	if (p != NULL)
		p = walk_fields(r, s, end, p);
	if (p != NULL)
		r->out->len = (size_t)(p - r->out->data);
}
