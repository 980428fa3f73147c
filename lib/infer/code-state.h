/*
 * The state of the analysis at one place in a function: the known values of its
 * registers and its stack, and the effect of an instruction on them.  Only
 * helper-calls.c and code-flow.c use it.
 */
#ifndef SKEL_INFER_CODE_STATE_H
#define SKEL_INFER_CODE_STATE_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

enum state_kind {
	STATE_UNKNOWN,
	STATE_CONSTANT,
	STATE_MAP,       /* number: of its symbol */
	STATE_MAP_VALUE, /* the same */
	STATE_GLOBAL,    /* number: of the section */
	STATE_STACK,
	STATE_RESERVATION, /* number: of the instruction that made it */
	STATE_DYNPTR,      /* the same; only in a slot of the stack */
	STATE_PARAMETER,   /* number: of the register */
	STATE_SHIFTED,     /* a parameter, 32 bits to the left */
};

/* Small, because there are many. */
struct state_value {
	uint32_t kind : 4;
	uint32_t inexact : 1; /* the pointer was moved by an unknown distance */
	uint32_t number : 27;
	int32_t offset; /* before that; of a constant: its value */
};

enum {
	STATE_REGISTERS = 11,
	STATE_SLOTS = 64, /* of 8 bytes; the first is that at r10 - 8 */
	STATE_NUMBER_MAX = (1 << 27) - 1,
};

/* Zeroed, nothing is known. */
struct code_state {
	struct state_value reg[STATE_REGISTERS];
	struct state_value slot[STATE_SLOTS];
};

/* Sets s to the state at the start of a function. */
void code_state_start(struct code_state *s);

bool state_value_equals(struct state_value a, struct state_value b);

/* The value that stands for either of the two. */
struct state_value state_value_join(struct state_value a, struct state_value b);

/* Keeps in s what it and other agree on.  Returns whether s changed. */
bool code_state_join(struct code_state *s, const struct code_state *other);

/* v, moved by the distance or, if it is not known, by an unknown one. */
struct state_value state_value_move(
    struct state_value v, struct state_value distance, bool back);

/*
 * Applies an instruction that only computes, loads or stores; the two that load
 * 64 bits, jumps and calls are for the caller.  If it writes to memory, returns
 * the pointer that it writes to, else STATE_UNKNOWN.
 */
struct state_value code_state_apply(
    struct code_state *s, const struct bpf_insn *insn);

/* Forgets the numbers on the stack from the place that v points to upwards,
 * which a function may change that is called with v. */
void code_state_expose(struct code_state *s, struct state_value v);

/* The slot that v points to, or NULL. */
struct state_value *code_state_slot(struct code_state *s, struct state_value v);

#endif
