#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "infer/code-flow.h"

enum {
	WORK_MAX = 1 << 24,   /* for an object, about half a second */
	JOIN_WORK = 10,       /* as much as that many instructions */
	BLOCKS_MAX = 1 << 16, /* of a function */
	VISITS_MAX = 16,      /* after them nothing is known in a block */
	ROUNDS_MAX = 3,       /* to find what functions return */
};

bool
code_flow_is_helper(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == 0;
}

bool
code_flow_is_function(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) &&
	       insn->src_reg == BPF_PSEUDO_CALL;
}

bool
code_flow_is_wide(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_IMM | BPF_DW);
}

static bool
is_jump_class(const struct bpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_JMP ||
	       BPF_CLASS(insn->code) == BPF_JMP32;
}

static bool
is_jump(const struct bpf_insn *insn)
{
	return is_jump_class(insn) && BPF_OP(insn->code) != BPF_CALL &&
	       BPF_OP(insn->code) != BPF_EXIT;
}

static bool
ends_function(const struct bpf_insn *insn)
{
	return is_jump_class(insn) && BPF_OP(insn->code) == BPF_EXIT;
}

/* The instruction at k of the function that begins at bytes. */
static struct bpf_insn
read_instruction(const unsigned char *bytes, size_t k)
{
	struct bpf_insn insn;

	memcpy(&insn, bytes + k * sizeof(insn), sizeof(insn));
	return insn;
}

/* Sets *to to the instruction of f that the jump at i leads to, unless that is
 * outside of f. */
static bool
find_jump_target(const struct code_function *f, size_t i,
    const struct bpf_insn *insn, size_t *to)
{
	int64_t distance =
	    insn->code == (BPF_JMP32 | BPF_JA) ? insn->imm : insn->off;
	int64_t k = (int64_t)(i - f->first) + distance + 1;

	if (!is_jump(insn) || k < 0 || (uint64_t)k >= f->n)
		return false;
	*to = f->first + (size_t)k;
	return true;
}

/* Marks in block_of where the blocks of f begin. */
static void
mark_blocks(struct code_flow *w, const struct code_function *f)
{
	const unsigned char *bytes = code_bytes(w->code, f->first);
	size_t to;

	memset(w->block_of + f->first, 0, f->n * sizeof(*w->block_of));
	w->block_of[f->first] = 1;
	for (size_t k = 0; k < f->n; k++) {
		struct bpf_insn insn = read_instruction(bytes, k);

		if (code_flow_is_wide(&insn)) {
			k++;
			continue;
		}
		if (find_jump_target(f, f->first + k, &insn, &to))
			w->block_of[to] = 1;
		if (k + 1 < f->n && (is_jump(&insn) || ends_function(&insn)))
			w->block_of[f->first + k + 1] = 1;
	}
}

/* Divides f into its blocks.  Returns 0, or -1 after reporting that memory ran
 * out. */
static int
find_blocks(struct code_flow *w, const struct code_function *f)
{
	w->nblocks = 0;
	mark_blocks(w, f);
	for (size_t i = f->first; i < f->first + f->n; i++) {
		if (w->block_of[i] != 0) {
			if (!array_room(w->blocks, w->nblocks, w->blocks_cap))
				return report_nomem();
			w->blocks[w->nblocks++] =
			    (struct flow_block){ .first = i };
		}
		w->block_of[i] = (uint32_t)w->nblocks;
		w->blocks[w->nblocks - 1].n++;
	}
	return 0;
}

static void
swap_waiting(struct code_flow *w, size_t a, size_t b)
{
	uint32_t was = w->heap[a];

	w->heap[a] = w->heap[b];
	w->heap[b] = was;
}

/* Queues the block to be interpreted. */
static int
push_block(struct code_flow *w, size_t block)
{
	size_t at = w->nheap;

	if (w->blocks[block].waits)
		return 0;
	if (!array_room(w->heap, w->nheap, w->heap_cap))
		return report_nomem();
	w->blocks[block].waits = true;
	w->heap[w->nheap++] = (uint32_t)block;
	while (at > 0 && w->heap[(at - 1) / 2] > w->heap[at]) {
		swap_waiting(w, at, (at - 1) / 2);
		at = (at - 1) / 2;
	}
	return 0;
}

/* The first block that waits; there must be one. */
static struct flow_block *
pop_block(struct code_flow *w)
{
	struct flow_block *b = &w->blocks[w->heap[0]];
	size_t at = 0, child;

	w->heap[0] = w->heap[--w->nheap];
	while ((child = 2 * at + 1) < w->nheap) {
		if (child + 1 < w->nheap && w->heap[child + 1] < w->heap[child])
			child++;
		if (w->heap[at] <= w->heap[child])
			break;
		swap_waiting(w, at, child);
		at = child;
	}
	b->waits = false;
	return b;
}

static void
do_work(struct code_flow *w, uint64_t work)
{
	w->work = work < w->work ? w->work - work : 0;
}

/* Joins s with the state before the block that instruction i begins. */
static int
enter_block(struct code_flow *w, size_t i, const struct code_state *s)
{
	size_t number = w->block_of[i] - 1;
	struct flow_block *b = &w->blocks[number];
	struct code_state *known;

	do_work(w, JOIN_WORK);
	if (b->state == 0) {
		if (!array_room(w->states, w->nstates, w->states_cap))
			return report_nomem();
		w->states[w->nstates] = *s;
		b->state = ++w->nstates;
		return push_block(w, number);
	}
	known = &w->states[b->state - 1];
	if (!code_state_join(known, s))
		return 0;
	if (++b->visits >= VISITS_MAX) {
		memset(known, 0, sizeof(*known));
		known->reg[BPF_REG_10].kind = STATE_STACK;
	}
	return push_block(w, number);
}

static struct state_value
load_address(const struct code *code, size_t i, const struct bpf_insn *insn)
{
	struct state_value v = { .kind = STATE_UNKNOWN };
	struct code_reference r = code_reference(code, i);

	if (r.number > STATE_NUMBER_MAX)
		return v;
	if (r.kind == REFERS_TO_MAP) {
		v.kind = STATE_MAP;
		v.number = r.number & STATE_NUMBER_MAX;
	} else if (r.kind == REFERS_TO_DATA && r.offset >= 0 &&
		   r.offset <= INT32_MAX) {
		v.kind = STATE_GLOBAL;
		v.number = r.number & STATE_NUMBER_MAX;
		v.offset = (int32_t)r.offset;
	} else if (r.kind == REFERS_TO_NOTHING && code->symbol[i] == 0 &&
		   insn[1].imm == 0 && insn[0].imm >= 0) {
		v.kind = STATE_CONSTANT;
		v.offset = insn[0].imm;
	}
	return v;
}

/* Whether the helper's result is a pointer to a value of its first argument, a
 * map; or NULL. */
static bool
finds_value(uint32_t helper)
{
	switch (helper) {
	case BPF_FUNC_map_lookup_elem:
	case BPF_FUNC_map_lookup_percpu_elem:
	case BPF_FUNC_sk_storage_get:
	case BPF_FUNC_task_storage_get:
	case BPF_FUNC_inode_storage_get:
	case BPF_FUNC_get_local_storage:
	case 210: /* BPF_FUNC_cgrp_storage_get, since 6.2 */
		return true;
	default:
		return false;
	}
}

static struct state_value
find_helper_result(struct code_state *s, size_t i, uint32_t helper)
{
	struct state_value v = { .kind = STATE_UNKNOWN }, *slot;

	if (finds_value(helper) && s->reg[BPF_REG_1].kind == STATE_MAP) {
		v.kind = STATE_MAP_VALUE;
		v.number = s->reg[BPF_REG_1].number;
	} else if (helper == BPF_FUNC_ringbuf_reserve) {
		v.kind = STATE_RESERVATION;
		v.number = i & STATE_NUMBER_MAX;
	} else if (helper == BPF_FUNC_dynptr_data &&
		   (slot = code_state_slot(s, s->reg[BPF_REG_1])) != NULL &&
		   slot->kind == STATE_DYNPTR) {
		v.kind = STATE_RESERVATION;
		v.number = slot->number;
		v = state_value_move(v, s->reg[BPF_REG_2], false);
	}
	return v;
}

static struct state_value
find_function_result(
    const struct code_flow *w, const struct code_state *s, size_t i)
{
	struct code_reference r = code_reference(w->code, i);
	struct state_value v = { .kind = STATE_UNKNOWN }, moved = v;
	const struct code_function *f;

	if (r.kind != REFERS_TO_CODE)
		return v;
	f = code_function(w->code, r.number);
	if (f->first != r.number)
		return v;
	v = w->returns[f - w->code->functions];
	if (v.kind != STATE_PARAMETER)
		return v;
	moved.kind = STATE_CONSTANT;
	moved.offset = v.offset;
	if (v.inexact)
		moved.kind = STATE_UNKNOWN;
	else if (v.offset == 0)
		return s->reg[v.number];
	return state_value_move(s->reg[v.number], moved, false);
}

static void
apply_call(const struct code_flow *w, struct code_state *s, size_t i,
    const struct bpf_insn *insn)
{
	struct state_value result = { .kind = STATE_UNKNOWN }, *slot;
	struct state_value fourth = s->reg[BPF_REG_4];

	if (code_flow_is_helper(insn))
		result = find_helper_result(s, i, (uint32_t)insn->imm);
	else if (code_flow_is_function(insn))
		result = find_function_result(w, s, i);
	for (int r = BPF_REG_1; r <= BPF_REG_5; r++) {
		code_state_expose(s, s->reg[r]);
		s->reg[r] = (struct state_value){ .kind = STATE_UNKNOWN };
	}
	s->reg[BPF_REG_0] = result;
	if (!code_flow_is_helper(insn) ||
	    insn->imm != BPF_FUNC_ringbuf_reserve_dynptr ||
	    (slot = code_state_slot(s, fourth)) == NULL)
		return;
	*slot = (struct state_value){ .kind = STATE_DYNPTR,
		.number = i & STATE_NUMBER_MAX };
}

/* Applies the instruction at i, of which insn has both halves, to s.  Returns
 * the number of instructions that it takes. */
static size_t
apply_instruction(const struct code_flow *w, struct code_state *s, size_t i,
    const struct bpf_insn insn[2])
{
	uint8_t class = BPF_CLASS(insn->code);

	if (code_flow_is_wide(insn)) {
		if (insn->dst_reg < BPF_REG_10)
			s->reg[insn->dst_reg] = load_address(w->code, i, insn);
		return 2;
	}
	if (insn->code == (BPF_JMP | BPF_CALL)) {
		apply_call(w, s, i, insn);
	} else if (class == BPF_LD) {
		/* Reading a packet by its old instructions. */
		memset(s->reg, 0, BPF_REG_6 * sizeof(s->reg[0]));
	} else if (!is_jump_class(insn)) {
		code_state_apply(s, insn);
	}
	return 1;
}

static void
read_both_halves(
    const struct code_flow *w, size_t i, size_t end, struct bpf_insn insn[2])
{
	insn[0] = code_instruction(w->code, i);
	insn[1] = (struct bpf_insn){ 0 };
	if (code_flow_is_wide(insn) && i + 1 < end)
		insn[1] = code_instruction(w->code, i + 1);
}

static void
note_result(struct code_flow *w, const struct code_state *s)
{
	w->result = w->exits ? state_value_join(w->result, s->reg[BPF_REG_0])
			     : s->reg[BPF_REG_0];
	w->exits = true;
}

/* Interprets a block, and joins the state after it with that before each block
 * that may follow. */
static int
run_block(
    struct code_flow *w, const struct code_function *f, struct flow_block *b)
{
	struct code_state s = w->states[b->state - 1];
	size_t end = b->first + b->n, to;
	struct bpf_insn insn[2] = { { 0 } };

	for (size_t i = b->first; i < end;) {
		read_both_halves(w, i, f->first + f->n, insn);
		i += apply_instruction(w, &s, i, insn);
	}
	do_work(w, b->n);
	if (ends_function(insn)) {
		note_result(w, &s);
		return 0;
	}
	if (find_jump_target(f, end - 1, insn, &to) &&
	    enter_block(w, to, &s) == -1)
		return -1;
	if (end >= f->first + f->n ||
	    (is_jump(insn) && BPF_OP(insn->code) == BPF_JA))
		return 0;
	return enter_block(w, end, &s);
}

/* Computes the state before each block of f.  If that is too much work, nothing
 * is known in the function. */
static int
run_function(struct code_flow *w, const struct code_function *f)
{
	struct code_state start;

	w->nstates = w->nheap = 0;
	w->exits = false;
	w->result = (struct state_value){ .kind = STATE_UNKNOWN };
	if (find_blocks(w, f) == -1)
		return -1;
	code_state_start(&start);
	if (w->nblocks <= BLOCKS_MAX && enter_block(w, f->first, &start) == -1)
		return -1;
	while (w->nheap != 0 && w->work != 0)
		if (run_block(w, f, pop_block(w)) == -1)
			return -1;
	if (w->nheap == 0 && w->nblocks <= BLOCKS_MAX)
		return 0;
	w->incomplete = true;
	w->result = (struct state_value){ .kind = STATE_UNKNOWN };
	for (size_t i = 0; i < w->nblocks; i++)
		w->blocks[i].state = 0;
	return 0;
}

/* Calls see for the instructions of the function that was just interpreted. */
static int
see_function(struct code_flow *w, const struct code_function *f,
    code_flow_see_fn *see, void *ctx)
{
	struct code_state s;
	struct bpf_insn insn[2];

	for (size_t n = 0; n < w->nblocks; n++) {
		const struct flow_block *b = &w->blocks[n];

		if (b->state != 0)
			s = w->states[b->state - 1];
		for (size_t i = b->first; i < b->first + b->n;) {
			read_both_halves(w, i, f->first + f->n, insn);
			if (see(ctx, f, i, insn, b->state != 0 ? &s : NULL) ==
			    -1)
				return -1;
			if (b->state != 0)
				i += apply_instruction(w, &s, i, insn);
			else
				i += code_flow_is_wide(insn) ? 2 : 1;
		}
	}
	return 0;
}

/* Whether the caller can know the result of a function. */
static struct state_value
get_returned(const struct code_flow *w)
{
	struct state_value v = w->result;

	if (v.kind == STATE_STACK || v.kind == STATE_SHIFTED)
		v = (struct state_value){ .kind = STATE_UNKNOWN };
	return v;
}

/* Interprets all functions once.  Sets *known if more is known of their results
 * than before. */
static int
find_returns(struct code_flow *w, bool *known)
{
	*known = false;
	for (size_t k = 0; k < w->code->nfunctions; k++) {
		if (run_function(w, &w->code->functions[k]) == -1)
			return -1;
		if (!w->called[k] ||
		    state_value_equals(w->returns[k], get_returned(w)))
			continue;
		w->returns[k] = get_returned(w);
		*known = true;
	}
	return 0;
}

/* Notes which functions others call. */
static void
find_called(struct code_flow *w)
{
	struct code_reference r;
	struct bpf_insn insn;

	for (size_t i = 0; i < w->code->n; i++) {
		insn = code_instruction(w->code, i);
		if (!code_flow_is_function(&insn))
			continue;
		r = code_reference(w->code, i);
		if (r.kind == REFERS_TO_CODE)
			w->called[code_function(w->code, r.number) -
				  w->code->functions] = true;
	}
}

int
code_flow_run(struct code_flow *w, code_flow_see_fn *see, void *ctx)
{
	bool known = true;

	find_called(w);
	for (int round = 0; known && round < ROUNDS_MAX; round++)
		if (find_returns(w, &known) == -1)
			return -1;
	for (size_t k = 0; k < w->code->nfunctions; k++) {
		const struct code_function *f = &w->code->functions[k];

		if (run_function(w, f) == -1 ||
		    see_function(w, f, see, ctx) == -1)
			return -1;
	}
	return 0;
}

int
code_flow_open(struct code_flow *w, const struct code *code)
{
	*w = (struct code_flow){ .code = code, .work = WORK_MAX };
	w->returns = calloc(code->nfunctions + 1, sizeof(*w->returns));
	w->block_of = calloc(code->n + 1, sizeof(*w->block_of));
	w->called = calloc(code->nfunctions + 1, sizeof(*w->called));
	if (w->returns != NULL && w->block_of != NULL && w->called != NULL)
		return 0;
	code_flow_close(w);
	return report_nomem();
}

void
code_flow_close(struct code_flow *w)
{
	free(w->returns);
	free(w->block_of);
	free(w->called);
	free(w->blocks);
	free(w->states);
	free(w->heap);
	*w = (struct code_flow){ 0 };
}
