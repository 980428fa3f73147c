/*
 * Formatters: the flat lists of steps that plans (format/plan.h) run over
 * records.  Each step writes a value of the record, and before it a fixed text.
 *
 * A formatter is built from types, by the functions formatter_add_*().
 * formatter_finish() completes it, and formatter_run() writes a record.
 */
#ifndef SKEL_LAYOUT_FORMATTER_H
#define SKEL_LAYOUT_FORMATTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/time-style.h"
#include "kinds/kind-text.h"
#include "layout/hist.h"
#include "record/fields.h"
#include "types/types.h"

struct hist_map;
struct stack_view;

enum {
	/* For a part that can write no more bytes than this, room is made once;
	 * for larger ones it is made step by step. */
	FORMATTER_AT_ONCE_MAX = 65536,
	/* Bytes of text in front of a value.  Longer text is spread over steps
	 * of its own, so that wide copies need not look at its length. */
	STEP_TEXT_MAX = 32,
};

enum step_op {
	STEP_END, /* the end of a part or of a body */
	STEP_TEXT_ONLY,
	STEP_TIME_UTC,
	STEP_TIME, /* in the style of the run */
	STEP_U8,
	STEP_U16,
	STEP_U32,
	STEP_U64,
	STEP_U128,
	STEP_I8,
	STEP_I16,
	STEP_I32,
	STEP_I64,
	STEP_I128,
	STEP_BITS, /* an integer bitfield */
	STEP_SUM,  /* an integer, the sum over all CPUs */
	STEP_BOOL,
	STEP_ENUM,
	STEP_FLOAT,
	STEP_WIDENED, /* a float, with the digits of a double */
	STEP_DOUBLE,
	STEP_SQL_FLOAT, /* where there is no number: nan, inf or -inf */
	STEP_SQL_DOUBLE,
	STEP_STRING, /* count bytes of text */
	/* Of binary forms: numbers are little-endian, and the number of bytes
	 * or elements comes before them (base/varint.h). */
	STEP_TIME_NS,    /* eight bytes */
	STEP_COPY,       /* count bytes of the record */
	STEP_NUMBER,     /* an integer of any kind, in count bytes */
	STEP_TRUTH,      /* a bool, in one byte */
	STEP_ARRAY,      /* run the body count times, without the number */
	STEP_LAST_ARRAY, /* as STEP_LAST_LOOP, with it */
	STEP_COUNTED,    /* the text that the body writes, with its length */
	STEP_HEX,        /* the rest of the record as hex digits */
	STEP_LINE,       /* the rest of the record as text */
	STEP_LOOP,       /* run the body count times, "," between */
	STEP_LAST_LOOP, /* the same, for the array in which a record may end: as
			   often as the record has elements */
	STEP_LAST_TEXT, /* the rest of the record up to a NUL: a flexible array
			   of char */
	STEP_CELL,      /* run the body and escape its JSON as one field */
	STEP_STACK,     /* a stack with its symbols; size is the side */
	/* The buckets of histograms: of count slots, or of a slot whose number
	 * is in a key. */
	STEP_BUCKETS,
	STEP_KEY_BUCKET,
	/* Texts of kinds. */
	STEP_IP4,
	STEP_ERRNO, /* of four bytes, with a sign */
	STEP_KIND,
	STEP_KIND_UNSAFE, /* one that must be escaped */
};

struct formatter_run;
struct step;

/*
 * Write the text and the value of a step at p, where there is room for s->most
 * and TEXT_SLACK bytes.  The offset of the step counts from base.  Returns the
 * end of what was written.
 *
 * Steps are run in chains: the last thing a step does is to call the next one,
 * which the compiler turns into a jump.  Without tail-call optimisation the
 * stack grows with the number of steps, which FORMATTER_AT_ONCE_MAX bounds.
 */
typedef char *step_write(char *p, const struct step *s,
    const unsigned char *base, const struct formatter_run *r);

struct step {
	/* The members that running needs come first, in one cache line.
	 * formatter_finish() sets these four. */
	step_write *write;       /* NULL: its size depends on the record */
	step_write *chain;       /* this step and all up to STEP_END */
	const struct step *next; /* the step after the body */
	const char *text_at;
	size_t offset;
	uint32_t text_len;
	uint32_t count;
	union { /* set by formatter_finish() */
		const struct enum_names *enums;
		const struct formatter_kind *kind;
		const struct formatter_hist *hist;
	};
	uint8_t op;   /* enum step_op */
	uint8_t size; /* bytes to load */
	bool is_signed;
	bool sums;                /* of a kind: the sum over all CPUs */
	uint8_t bit_offset, bits; /* bits 0: no bitfield */
	uint8_t style;
	uint32_t text;  /* offset in formatter.texts */
	uint32_t body;  /* number of steps in it, with its STEP_END */
	uint32_t names; /* index in formatter.enums, .kinds or .hists */
	size_t stride;  /* STEP_LOOP: bytes between elements */
	size_t most;    /* bytes of text and value, without the body */
	/* STEP_LAST_LOOP: bytes of the whole array, SIZE_MAX if it is flexible,
	 * and the bytes that suffice for an element. */
	size_t whole, element;
};

struct enum_name {
	uint64_t value;
	const char *text_at;     /* "NAME(3)"; set by formatter_finish() */
	uint32_t text, text_len; /* offset in formatter.names */
};

struct enum_names {
	const struct type *type; /* borrowed */
	enum style style;
	size_t n;
	size_t dense;        /* the first ones, whose values are 0, 1, 2, ... */
	size_t most;         /* bytes of the longest, unknown ones included */
	struct enum_name *v; /* owned; sorted by value */
	/* Of an enum of bits: the names of these alone, sorted by value. Owned;
	 * there are none in the text of the reference loader. */
	struct enum_name *bit;
	size_t nbits;
};

/* What a step of a kind needs to know; family is that of KIND_IP, or
 * the process of KIND_USYM. */
struct formatter_kind {
	struct kind_form form;
	struct kind_words words; /* STEP_ERRNO */
	size_t family_offset;
	uint8_t family_size; /* 0: there is none */
};

/* What the steps of buckets need to know. */
struct formatter_hist {
	struct hist_scale scale;
	size_t n;          /* STEP_BUCKETS: slots */
	struct step count; /* STEP_KEY_BUCKET: how to load the count */
};

struct formatter {
	const struct types *types; /* borrowed */
	/* Borrowed: what texts of kinds need; NULL if there are none. */
	const struct kind_context *context;
	/* Which of NAME and NAME_text are added: all values and all texts,
	 * values only, or texts in place of values that have one. */
	enum field_texts kind_texts;
	/* Per-CPU maps: the number of values, cpu_stride bytes apart. */
	size_t cpus, cpu_stride;
	/* JSON is that of the reference loader: see typed_json_write(). */
	bool reference;
	bool sql;                  /* fields are for databases */
	struct stack_view *stacks; /* borrowed; NULL: the map has none */
	/* The array in which a record may end, and where it is; TYPE_NONE if
	 * there is none. */
	uint32_t last_array;
	uint64_t last_offset;

	struct step *v; /* owned */
	size_t n, cap;
	struct buf texts, names;
	size_t pending;           /* offset of the text that waits for a step */
	struct enum_names *enums; /* owned */
	size_t nenums, enums_cap;
	struct hash enum_places;      /* their indexes, by type and style */
	struct formatter_kind *kinds; /* owned */
	size_t nkinds, kinds_cap;
	/* Borrowed: members of objects that hold slots get buckets; NULL: they
	 * do not. */
	const struct hist_map *hist_map;
	struct formatter_hist *hists; /* owned */
	size_t nhists, hists_cap;
	char *kind_text;    /* owned: a text before it is escaped */
	size_t kind_most;   /* bytes of the longest such text */
	unsigned int loops; /* loops around the next step */
	bool failed;        /* memory ran out */
};

void formatter_free(struct formatter *s);

/* Add text in front of the next value. */
void formatter_add_text(struct formatter *s, const char *text);
void formatter_add_styled_text(
    struct formatter *s, const char *text, enum style style);

/* Add a step that is no field of the record: the time. */
void formatter_add_step(struct formatter *s, enum step_op op);

/*
 * Add the value at p: in STYLE_JSON as JSON, in other styles as a field, in
 * which nested values are JSON.
 */
void formatter_add_value(
    struct formatter *s, const struct field_place *p, enum style style);

/* Add it for a binary form, as ClickHouse's RowBinary has a column of
 * sql_column_of(); texts are in STYLE_RAW, with their length in front. */
void formatter_add_binary(struct formatter *s, const struct field_place *p);

/* For formatter_add_binary(): append a step, after the text that waits, whose
 * value takes at most so many bytes; and the text of a kind or an enum. */
struct step *formatter_push(
    struct formatter *s, struct step step, size_t value_most);
void formatter_add_text_value(
    struct formatter *s, const struct field_place *p, enum style style);

/* Whether a place is the array in which a record may end. */
bool formatter_is_last_array(
    const struct formatter *s, const struct field_place *p);

/* Add "name":value for each member, with commas between them, and texts as
 * s->kind_texts says; *first says whether the object has no member yet. */
void formatter_add_members(
    struct formatter *s, const struct fields *members, bool *first);

/* Add a struct or union as a JSON object; with the reference loader's markers
 * if markers is set. */
void formatter_add_object(
    struct formatter *s, const struct field_place *p, bool markers);

/* Add the buckets of a member, among those of an object, if it holds slots.
 * Those of a slot whose number is at a place of the key. */
void formatter_add_buckets(
    struct formatter *s, const struct fields *members, const struct field *f);
void formatter_add_key_bucket(struct formatter *s, const struct hist_map *map,
    const struct field_place *bucket, const struct field_place *count);

/* What is added between these two, JSON, is escaped as one field in style.  The
 * value that opening returns is for closing. */
size_t formatter_open_field(struct formatter *s, enum style style);
void formatter_close_field(struct formatter *s, size_t opened);

/*
 * End a part, with the text that still waits for a step.  Returns where the
 * next part starts: the number of steps.
 */
size_t formatter_end_part(struct formatter *s);

/* Finish the building.  Returns 0, or -1 when memory ran out. */
int formatter_finish(struct formatter *s);

/* The number of bytes that the steps [from, to) write at most, or SIZE_MAX if
 * it depends on the record. */
size_t formatter_max_size(const struct formatter *s, size_t from, size_t to);

/* A record that a formatter runs over, and where the text goes. */
struct formatter_run {
	const struct formatter *formatter;
	struct buf *out;
	struct buf *scratch; /* for fields that hold JSON */
	struct clock *clock;
	struct time_style *time; /* NULL: each form has its own */
	const unsigned char *data;
	size_t len;
	uint64_t time_ns;
};

/* What formatter_run() does for large parts: makes room step by step. */
void formatter_run_slowly(const struct formatter_run *r, const struct step *s,
    const struct step *end);

/*
 * Append what the steps [s, end) write of the record.  most is their
 * formatter_max_size().  If memory runs out, out->failed is set.
 */
static inline void
formatter_run(const struct formatter_run *r, const struct step *s,
    const struct step *end, size_t most)
{
	char *p;

	if (most > FORMATTER_AT_ONCE_MAX) {
		formatter_run_slowly(r, s, end);
		return;
	}
	if ((p = buf_room(r->out, TEXT_SLACK + most)) == NULL)
		return;
	p = s->chain(p, s, r->data, r);
	r->out->len = (size_t)(p - r->out->data);
}

/* Set the functions of a step, by its other members. */
void formatter_bind_step(struct step *s);

#endif
