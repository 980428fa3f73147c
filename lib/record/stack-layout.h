/*
 * Stacks: where the records of a map have theirs.  The map's "intepreter" says
 * {"stack_trace":{"field_map":{"pid":"tgid", ...},"with_symbols":true}}; a
 * field that field_map does not name has the name that it has there.  The
 * fields are members of the record, or of a sampled map's key or value.
 *
 * A stack is an array of 8-byte addresses with its size in bytes in another
 * member (kstack_sz, ustack_sz; absent: up to the first zero), or an integer of
 * 4 bytes, the id of a stack in a BPF_MAP_TYPE_STACK_TRACE map, negative where
 * the kernel had none to give.
 */
#ifndef SKEL_RECORD_STACK_LAYOUT_H
#define SKEL_RECORD_STACK_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/fields.h"
#include "stream/header.h"

enum stack_side { STACK_KERNEL, STACK_USER, STACK_SIDES };

enum { STACK_DEPTH_MAX = 4096 }; /* addresses that are taken of a stack */

enum stack_kind {
	STACK_ABSENT, /* the records have none on this side */
	STACK_ARRAY,  /* addresses */
	STACK_ID,     /* an id */
};

struct stack_field {
	enum stack_kind kind;
	struct field_place at;
	struct field_place
	    size;   /* STACK_ARRAY; type TYPE_NONE: there is none */
	size_t max; /* STACK_ARRAY: addresses that it has room for */
};

struct stack_layout {
	bool with_symbols;
	/* type TYPE_NONE: the records have no such field. */
	struct field_place pid, cpu, comm;
	struct stack_field sides[STACK_SIDES];
};

/*
 * Whether map number map of h has stacks, and where.  Returns 1 with *l set, 0
 * when its interpreter is another or it has none, or -1 after reporting what
 * in its interpreter does not fit its types ("map events: stack_trace: ...").
 */
int stack_layout_find(
    struct stack_layout *l, const struct stream_header *h, unsigned int map);

/* The member of a record of at least stream_record_size() bytes: the process,
 * 0 where the record does not say. */
uint64_t stack_layout_read_pid(const struct stack_layout *l,
    const struct types *t, const unsigned char *record);

/* STACK_ID: the id that is in the record. */
int32_t stack_layout_read_id(const struct stack_layout *l, enum stack_side side,
    const unsigned char *record);

/*
 * STACK_ARRAY: copy the addresses, at most max, innermost first, from the
 * record.  Returns how many; 0 also where the size is zero or negative.
 */
size_t stack_layout_read_addresses(const struct stack_layout *l,
    enum stack_side side, const struct types *t, const unsigned char *record,
    uint64_t *addrs, size_t max);

#endif
