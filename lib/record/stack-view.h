/*
 * Views: the stacks of a map's records with their names, one stack at a time,
 * from the bytes of a record or from a record that is JSON already; and the
 * forms in which one fits into a field.
 */
#ifndef SKEL_RECORD_STACK_VIEW_H
#define SKEL_RECORD_STACK_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "record/json-row.h"
#include "record/stack-layout.h"
#include "record/symbol-store.h"

/* A function that an address of the stack lies in. */
struct stack_frame {
	uint64_t addr;
	bool inlined; /* the next is the function it is inlined in */
	struct symbol_frame frame; /* symbol NULL: not known */
	/* JSON: where the strings start in the view's text, plus one. */
	size_t symbol_at, file_at;
};

enum stack_state {
	STACK_NONE, /* the record has no stack on this side */
	STACK_FRAMES,
	STACK_UNKNOWN, /* an id, and no "@stack" line told of it */
};

enum {
	/* Bytes of names in one stack; from there on its addresses only. */
	STACK_NAMES_MAX = 4 << 20,
	STACK_FRAMES_MAX = 1 << 16, /* functions in one stack */
};

struct stack_view {
	const struct stream_header *header; /* borrowed; NULL: JSON records
					       whose types nobody knows */
	unsigned int map;
	const struct symbol_store *symbols; /* borrowed, or NULL */
	struct stack_layout layout;

	/* The stack that was read last, innermost first. */
	enum stack_state state;
	int32_t id;            /* STACK_UNKNOWN */
	struct stack_frame *v; /* owned; its strings are the store's or below */
	size_t n, cap;
	bool failed; /* memory ran out */

	size_t names;            /* bytes of them */
	uint64_t *addrs;         /* owned: room for STACK_DEPTH_MAX */
	struct json_row row;     /* of a frame that is JSON */
	struct buf text, folded; /* its strings; a field to be escaped */
};

/*
 * The view of a map's stacks; *v is NULL where it has none, or none that fit
 * its types, which is reported.  h NULL: for JSON records without types.
 * Returns 0, or -1 when memory ran out: that is not reported.
 */
int stack_view_new(struct stack_view **v, const struct stream_header *h,
    unsigned int map, const struct symbol_store *symbols);
void stack_view_free(struct stack_view *v);

/* Which stack lies at a place, or STACK_SIDES. */
enum stack_side stack_view_side(
    const struct stack_view *v, const struct field_place *p);

/* Read a stack from a record's bytes. */
void stack_view_read(
    struct stack_view *v, enum stack_side side, const unsigned char *record);

/* The same for the addresses alone: how many, borrowed until the next call. */
size_t stack_view_addresses(struct stack_view *v, enum stack_side side,
    const unsigned char *record, const uint64_t **addrs);

/* Read one from the cell of a record in JSON, where it is an array of
 * {"addr":...} or of addresses, or an id. */
void stack_view_read_json(struct stack_view *v, const struct json_value *cell);

/* Whether a cell looks like one, for records of which no header tells. */
bool stack_view_is_stack(const struct json_value *cell);

/*
 * Append the stack that was read.  JSON: an array of {addr, symbol, offset,
 * file, line}, or the id that is unknown.  In any other style one field, the
 * outermost function first: main;f;g.
 */
void stack_view_write(struct stack_view *v, struct buf *out, enum style style);

/* The functions alone, the outermost first, with end behind each; unknown is
 * what stands for those without a name, or NULL for their addresses. */
void stack_view_write_functions(const struct stack_view *v, struct buf *out,
    const char *unknown, const char *end);

/* Append n bytes of a name so that neither the ; between names nor the blank
 * before a count, nor the end of a line is mistaken. */
void stack_view_write_name(struct buf *out, const char *name, size_t n);

#endif
