/*
 * Programs: the flat lists of steps that plans (format/plan.h) run over
 * records.
 *
 * A program is built from types, by the functions program_add_*.  Each step is
 * a value of the record and the text in front of it.  program_finish() ends the
 * building, and program_run() writes a record.
 */
#ifndef SKEL_FORMAT_PROGRAM_H
#define SKEL_FORMAT_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/style.h"
#include "base/text.h"
#include "record/fields.h"
#include "types/types.h"

struct stack_view;

enum {
	/* Parts that write so many bytes at most get their room at once, others
	 * step by step. */
	PROGRAM_AT_ONCE_MAX = 65536,
	/* Bytes of text in front of a value.  Longer text is spread over steps
	 * of its own, so that wide copies need not look at its length. */
	STEP_TEXT_MAX = 32,
};

enum step_op {
	STEP_END, /* the end of a part or of a body */
	STEP_TEXT_ONLY,
	STEP_TIME_UTC,
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
	STEP_STRING, /* count bytes of text */
	STEP_HEX,    /* the rest of the record as hex digits */
	STEP_LINE,   /* the rest of the record as text */
	STEP_LOOP,   /* run the body count times, "," between */
	STEP_CELL,   /* run the body and escape its JSON as one field */
	STEP_STACK,  /* a stack with its symbols; size is the side */
};

struct program_run;
struct step;

/*
 * Write the text and the value of a step at p, where there is room for s->most
 * and TEXT_SLACK bytes.  The offset of the step counts from base.  Returns the
 * end of what was written.
 *
 * Steps are run in chains: the last thing a step does is to call the next one,
 * which the compiler turns into a jump.  Without tail-call optimisation the
 * stack grows with the number of steps, which PROGRAM_AT_ONCE_MAX bounds.
 */
typedef char *step_write(char *p, const struct step *s,
    const unsigned char *base, const struct program_run *r);

struct step {
	/* The members that running needs come first, in one cache line.
	 * program_finish() sets these four. */
	step_write *write;       /* NULL: its size depends on the record */
	step_write *chain;       /* this step and all up to STEP_END */
	const struct step *next; /* the step behind the body */
	const char *text_at;
	size_t offset;
	uint32_t text_len;
	uint32_t count;
	const struct enum_names *enums; /* set by program_finish() */
	uint8_t op;                     /* enum step_op */
	uint8_t size;                   /* bytes to load */
	bool is_signed;
	uint8_t bit_offset, bits; /* bits 0: no bitfield */
	uint8_t style;
	uint32_t text;  /* offset in program.texts */
	uint32_t body;  /* number of steps in it, with its STEP_END */
	uint32_t names; /* STEP_ENUM: index in program.enums */
	size_t stride;  /* STEP_LOOP: bytes between elements */
	size_t most;    /* bytes of text and value, without the body */
};

struct enum_name {
	uint64_t value;
	const char *text_at;     /* "NAME(3)"; set by program_finish() */
	uint32_t text, text_len; /* offset in program.names */
};

struct enum_names {
	const struct type *type; /* borrowed */
	enum style style;
	size_t n;
	size_t counted;      /* so many have the values 0, 1, 2 and so on */
	size_t most;         /* bytes of the longest, unknown ones included */
	struct enum_name *v; /* owned; sorted by value */
};

struct program {
	const struct types *types; /* borrowed */
	/* Per-CPU maps: the number of values, cpu_stride bytes apart. */
	size_t cpus, cpu_stride;
	/* JSON is that of the reference loader: see typed_json_write(). */
	bool reference;
	struct stack_view *stacks; /* borrowed; NULL: the map has none */

	struct step *v; /* owned */
	size_t n, cap;
	struct buf texts, names;
	size_t pending;           /* offset of the text that waits for a step */
	struct enum_names *enums; /* owned */
	size_t nenums, enums_cap;
	unsigned int loops; /* loops around the next step */
	bool failed;        /* memory ran out */
};

void program_free(struct program *s);

/* Add text in front of the next value. */
void program_add_text(struct program *s, const char *text);
void program_add_styled_text(
    struct program *s, const char *text, enum style style);

/* Add a step that is no field of the record: the time. */
void program_add_step(struct program *s, enum step_op op);

/*
 * Add the value at p: in STYLE_JSON as JSON, in other styles as a field, in
 * which nested values are JSON.
 */
void program_add_value(
    struct program *s, const struct field_place *p, enum style style);

/* Add "name":value for each member, with commas between them; *first says
 * whether the object has no member yet. */
void program_add_members(
    struct program *s, const struct fields *members, bool *first);

/* What is added between these two, JSON, is escaped as one field in style.  The
 * value that opening returns is for closing. */
size_t program_open_field(struct program *s, enum style style);
void program_close_field(struct program *s, size_t opened);

/*
 * End a part, with the text that still waits for a step.  Returns where the
 * next part starts: the number of steps.
 */
size_t program_end_part(struct program *s);

/* Finish the building.  Returns 0, or -1 when memory ran out. */
int program_finish(struct program *s);

/* The number of bytes that the steps [from, to) write at most, or SIZE_MAX if
 * it depends on the record. */
size_t program_max_size(const struct program *s, size_t from, size_t to);

/* A record that a program runs over, and where the text goes. */
struct program_run {
	const struct program *program;
	struct buf *out;
	struct buf *scratch; /* for fields that hold JSON */
	struct clock *clock;
	const unsigned char *data;
	size_t len;
	uint64_t time_ns;
};

/* What program_run() does for large parts: makes room step by step. */
void program_run_slowly(
    const struct program_run *r, const struct step *s, const struct step *end);

/*
 * Append what the steps [s, end) write of the record.  most is their
 * program_max_size().  If memory runs out, out->failed is set.
 */
static inline void
program_run(const struct program_run *r, const struct step *s,
    const struct step *end, size_t most)
{
	char *p;

	if (most > PROGRAM_AT_ONCE_MAX) {
		program_run_slowly(r, s, end);
		return;
	}
	if ((p = buf_room(r->out, TEXT_SLACK + most)) == NULL)
		return;
	p = s->chain(p, s, r->data, r);
	r->out->len = (size_t)(p - r->out->data);
}

/* Set the functions of a step, by its other members. */
void program_bind_step(struct step *s);

#endif
