/*
 * Interprets the functions of an object, one after the other, on what is known
 * of their values (code-state.h).  Only helper-calls.c uses it.
 */
#ifndef SKEL_INFER_CODE_FLOW_H
#define SKEL_INFER_CODE_FLOW_H

#include "infer/code-state.h"
#include "infer/code.h"

/* Instructions of one function that are always run together. */
struct flow_block {
	size_t first, n;
	size_t state; /* number of the one before it, plus 1; 0: not reached */
	unsigned int visits;
	bool waits; /* to be interpreted again */
};

/* Zeroed, it is closed. */
struct code_flow {
	const struct code *code;     /* borrowed */
	struct state_value *returns; /* owned: by function, its result */
	bool *called;                /* owned: by function, if others call it */
	uint64_t work;               /* that may still be done */
	bool incomplete;             /* something was given up */
	/* Owned, of the function that is interpreted: */
	uint32_t *block_of; /* by instruction of the object, plus 1 */
	struct flow_block *blocks;
	size_t nblocks, blocks_cap;
	struct code_state *states;
	size_t nstates, states_cap;
	uint32_t *heap; /* the blocks that wait, the first one on top */
	size_t nheap, heap_cap;
	struct state_value result; /* at all exits so far */
	bool exits;
};

/* code must outlive w.  Returns 0, or -1 after reporting that memory ran out;
 * w is closed then. */
int code_flow_open(struct code_flow *w, const struct code *code);
void code_flow_close(struct code_flow *w);

/*
 * Interprets all functions of code, until no more becomes known of
 * their results.  Then calls see for each instruction of each function with the
 * state before it, or with NULL if no path leads there; the second half of an
 * instruction that loads 64 bits is left out.  see returns 0, or -1 to stop.
 * Returns 0, or -1 after see did or after reporting that memory ran out.
 */
typedef int code_flow_see_fn(void *ctx, const struct code_function *f, size_t i,
    const struct bpf_insn *insn, const struct code_state *s);
int code_flow_run(struct code_flow *w, code_flow_see_fn *see, void *ctx);

/* Whether insn calls a helper, or another function of the object. */
bool code_flow_is_helper(const struct bpf_insn *insn);
bool code_flow_is_function(const struct bpf_insn *insn);

/* Whether insn is the first half of one that loads 64 bits. */
bool code_flow_is_wide(const struct bpf_insn *insn);

#endif
