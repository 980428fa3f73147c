/*
 * Steps: what a plan (format/plan.h) is made of.  Building turns types into a
 * flat list of steps, each with the text that stands before its value; running
 * walks the list over a record.
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
	/* Bytes: room for a record is made at once up to this, else step by
	 * step. */
	PROGRAM_AT_ONCE_MAX = 65536,
	/* Bytes of text before a value; longer ones take steps of their own,
	 * so that each is copied without a look at its length. */
	STEP_TEXT_MAX = 32,
};

enum step_op {
	STEP_END, /* of a part, and of a body */
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
	STEP_SUM,  /* an integer, added up over all CPUs */
	STEP_BOOL,
	STEP_ENUM,
	STEP_FLOAT,
	STEP_WIDENED, /* a float in the digits of a double */
	STEP_DOUBLE,
	STEP_STRING, /* count bytes of text */
	STEP_HEX,    /* all bytes to the end of the record */
	STEP_LINE,   /* the same as text */
	STEP_LOOP,   /* the body steps that follow, count times, "," between */
	STEP_CELL,   /* the body steps that follow, as JSON in one field */
	STEP_STACK,  /* a stack with its names, of side size */
};

struct program_run;
struct step;

/*
 * Write the text and the value of a step at p, where there is room for them
 * and TEXT_SLACK; base is where its offset counts from.  Returns where they
 * end.
 *
 * Most steps are run in chains: each goes on to the next by its last call,
 * which is a jump where the compiler makes it one.  Where it does not, there
 * are as many calls in each other as a chain has steps; each has its share of
 * PROGRAM_AT_ONCE_MAX.
 */
typedef char *step_put(char *p, const struct step *s, const unsigned char *base,
    const struct program_run *r);

struct step {
	/* What a record needs stands first, in a cache line; these four are
	 * set by program_finish(). */
	step_put *put;   /* NULL: needs room that only the record tells */
	step_put *chain; /* the same, and all up to the STEP_END */
	const struct step *next; /* behind the body */
	const char *text_at;
	size_t offset;
	uint32_t text_len;
	uint32_t count;
	const struct enum_names *enums; /* STEP_ENUM; set by program_finish() */
	uint8_t op;                     /* enum step_op */
	uint8_t size;                   /* bytes to load */
	bool is_signed;
	uint8_t bit_offset, bits; /* bits 0: no bitfield */
	uint8_t style;
	uint32_t text;  /* in steps.texts: stands before the value */
	uint32_t body;  /* steps that belong to this one, and their end */
	uint32_t names; /* STEP_ENUM: in steps.enums */
	size_t stride;  /* STEP_LOOP: bytes between elements */
	size_t most;    /* bytes that text and value can take, without body */
};

struct enum_name {
	uint64_t value;
	const char *text_at;     /* "NAME(3)"; set by program_finish() */
	uint32_t text, text_len; /* the same in steps.names */
};

struct enum_names {
	const struct type *type; /* borrowed */
	enum style style;
	size_t n;
	size_t counted;      /* so many are called 0, 1, 2 and so on */
	size_t most;         /* bytes of the longest, or of an unknown one */
	struct enum_name *v; /* owned; by value */
};

struct program {
	const struct types *types; /* borrowed */
	/* The values of a per-CPU map, cpu_stride bytes apart. */
	size_t cpus, cpu_stride;
	/* JSON as the reference loader's text has it: the keys of nested
	 * objects by the alphabet, with its two markers of the type; floats as
	 * the doubles that they are equal to. */
	bool reference;
	struct stack_view *stacks; /* borrowed; NULL: the map has none */

	struct step *v; /* owned */
	size_t n, cap;
	struct buf texts, names;
	size_t pending;           /* texts from here on wait for their step */
	struct enum_names *enums; /* owned */
	size_t nenums, enums_cap;
	unsigned int loops; /* that the next step is in */
	bool failed;        /* memory ran out */
};

void program_free(struct program *s);

/* Text that stands before the next value. */
void program_add_text(struct program *s, const char *text);
void program_add_styled_text(
    struct program *s, const char *text, enum style style);

/* A step that is no value of the record: a time. */
void program_add_step(struct program *s, enum step_op op);

/*
 * The value at p as JSON; or as a field of another style, where what nests is
 * compact JSON.
 */
void program_add_value(
    struct program *s, const struct field_place *p, enum style style);

/* "name":value for each, with commas before all but the first of an object
 * whose first is still to come. */
void program_add_members(
    struct program *s, const struct fields *members, bool *first);

/* What is added from here to program_close_field(), JSON, makes one field in
 * style. */
size_t program_open_field(struct program *s, enum style style);
void program_close_field(struct program *s, size_t opened);

/*
 * Give the waiting text a step of its own.  Returns how many steps there are
 * now, which is where the next part starts.
 */
size_t program_end_part(struct program *s);

/*
 * Building is done.  Returns 0, or -1 when memory ran out.
 */
int program_finish(struct program *s);

/* The most bytes that steps [from, to) write, or SIZE_MAX if that depends on
 * the record. */
size_t program_max_size(const struct program *s, size_t from, size_t to);

/* What the steps run over. */
struct program_run {
	const struct program *program;
	struct buf *out;
	struct buf *scratch; /* for fields that hold JSON */
	struct clock *clock;
	const unsigned char *data;
	size_t len;
	uint64_t time_ns;
};

/* program_run() where room is made step by step. */
void program_run_slowly(
    const struct program_run *r, const struct step *s, const struct step *end);

/*
 * Append what the steps [s, end) make of the record.  most is what
 * program_max_size() said of them.  Out of memory: out->failed.
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

/* Set put and chain by the rest of the step. */
void program_bind_step(struct step *s);

#endif
