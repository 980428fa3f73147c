/*
 * Stack layout: which members of a map's records hold stacks.
 *
 * The "intepreter" of such a map (the package format spells it so) is
 * {"stack_trace":{"field_map":{"pid":"tgid", ...},"with_symbols":true}}.  It
 * needs the fields pid, cpu_id, comm, kstack, ustack, kstack_sz and ustack_sz;
 * field_map names the member for each whose name differs.  In sampled maps they
 * are members of the key or of the value.
 *
 * A stack is either an array of 8-byte addresses, whose size in bytes is in
 * another member (without one the stack ends before the first zero), or a
 * 4-byte integer: the id of a stack in a BPF_MAP_TYPE_STACK_TRACE map, or a
 * negative number if the kernel could not collect the stack.
 */
#ifndef SKEL_RECORD_STACK_LAYOUT_H
#define SKEL_RECORD_STACK_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/fields.h"
#include "stream/header.h"

enum stack_side { STACK_KERNEL, STACK_USER, STACK_SIDES };

enum { STACK_DEPTH_MAX = 4096 }; /* addresses that are read of a stack */

enum stack_kind {
	STACK_ABSENT, /* the records have no stack on this side */
	STACK_ARRAY,  /* addresses */
	STACK_ID,     /* an id */
};

struct stack_field {
	enum stack_kind kind;
	struct field_place at;
	struct field_place
	    size;   /* STACK_ARRAY; of TYPE_NONE if there is none */
	size_t max; /* STACK_ARRAY: addresses that it has room for */
};

struct stack_layout {
	bool with_symbols;
	/* Of type TYPE_NONE if the records have no such member. */
	struct field_place pid, cpu, comm;
	struct stack_field sides[STACK_SIDES];
};

/*
 * Find the layout of map number map of h.  Returns 1 with *l set; 0 if the map
 * has no interpreter "stack_trace"; or -1 after reporting what in the
 * interpreter does not fit the types of the records.
 */
int stack_layout_find(
    struct stack_layout *l, const struct stream_header *h, unsigned int map);

/* The process of a record, which has at least stream_record_size() bytes; 0 if
 * the records have no such member. */
uint64_t stack_layout_read_pid(const struct stack_layout *l,
    const struct types *t, const unsigned char *record);

/* STACK_ID: the id in a record. */
int32_t stack_layout_read_id(const struct stack_layout *l, enum stack_side side,
    const unsigned char *record);

/*
 * STACK_ARRAY: copy at most max addresses from a record, the innermost first.
 * Returns how many there are: none if the size is zero, or negative, which is
 * an error number of the kernel.
 */
size_t stack_layout_read_addresses(const struct stack_layout *l,
    enum stack_side side, const struct types *t, const unsigned char *record,
    uint64_t *addrs, size_t max);

#endif
