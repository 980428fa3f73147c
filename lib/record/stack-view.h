/*
 * Stack view: reads one stack after another from the records of a map, binary
 * or JSON, looks up its symbols, and writes it as the value of a field.
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

/* A function that contains an address of the stack. */
struct stack_frame {
	uint64_t addr;
	bool inlined;              /* into the function of the next frame */
	struct symbol_frame frame; /* its symbol is NULL if unknown */
	/* JSON records: offsets of the strings in the view's text, plus 1. */
	size_t symbol_at, file_at;
};

enum stack_state {
	STACK_NONE, /* the record has none */
	STACK_FRAMES,
	STACK_UNKNOWN, /* an id for which no "@stack" line came */
};

enum {
	/* Bytes of names in one stack; frames beyond have addresses only. */
	STACK_NAMES_MAX = 4 << 20,
	STACK_FRAMES_MAX = 1 << 16, /* functions in one stack */
};

struct stack_view {
	const struct stream_header *header; /* borrowed; NULL: JSON records
					       without types */
	unsigned int map;
	const struct symbol_store *symbols; /* borrowed, or NULL */
	struct stack_layout layout;

	/* The last stack that was read, the innermost function first. */
	enum stack_state state;
	int32_t id;            /* STACK_UNKNOWN */
	struct stack_frame *v; /* owned; strings are in symbols or in text */
	size_t n, cap;
	bool failed; /* memory ran out */

	size_t names;        /* bytes of the names in v */
	uint64_t *addrs;     /* owned: room for STACK_DEPTH_MAX */
	struct json_row row; /* a frame of a JSON record */
	struct buf text,
	    folded; /* strings from JSON; a field before escaping */
};

/*
 * Make a view for the stacks of map number map of h; h NULL makes one for JSON
 * records without types.  *v is NULL if the map has no stacks, or none that fit
 * its types, which is reported.  Returns 0, or -1 without a report when memory
 * ran out.  h and symbols must outlive the view.
 */
int stack_view_new(struct stack_view **v, const struct stream_header *h,
    unsigned int map, const struct symbol_store *symbols);
void stack_view_free(struct stack_view *v);

/* Which stack is at a place of the record; STACK_SIDES if none. */
enum stack_side stack_view_side(
    const struct stack_view *v, const struct field_place *p);

/* Read a stack of a binary record. */
void stack_view_read(
    struct stack_view *v, enum stack_side side, const unsigned char *record);

/* Read its addresses only.  Returns how many there are; *addrs is borrowed
 * until the next call. */
size_t stack_view_addresses(struct stack_view *v, enum stack_side side,
    const unsigned char *record, const uint64_t **addrs);

/* Read a stack of a JSON record: an array of {"addr":...} or of addresses, or
 * an id whose stack is unknown. */
void stack_view_read_json(struct stack_view *v, const struct json_value *cell);

/* Whether a value looks like a stack, for records without types: an array of
 * objects that have the member addr. */
bool stack_view_is_stack(const struct json_value *cell);

/*
 * Append the stack that was read: in STYLE_JSON an array of objects with addr,
 * symbol, offset, file and line; in other styles a field with the outermost
 * function first, "main;f;g".  A stack that is unknown is its id.
 */
void stack_view_write(struct stack_view *v, struct buf *out, enum style style);

/* Append the functions, the outermost first, each followed by end.  Functions
 * without a name are written as unknown or, if that is NULL, as addresses. */
void stack_view_write_functions(const struct stack_view *v, struct buf *out,
    const char *unknown, const char *end);

/* Append a name of n bytes.  Characters that separate names, counts and lines
 * of folded stacks are replaced. */
void stack_view_write_name(struct buf *out, const char *name, size_t n);

#endif
