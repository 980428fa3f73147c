#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "infer/code-flow.h"
#include "infer/helper-calls.h"

enum {
	CALLS_MAX = 1 << 16, /* of helpers, of functions, and stores */
	PASSES_MAX = 8,      /* of functions that are called with a pointer */
};

/* The reading of an object's code. */
struct reading {
	struct code code;
	struct code_flow flow;
	struct helper_calls *calls; /* borrowed: the result */
	uint8_t *writes; /* owned: by function, bit n if it writes to where its
			    parameter n points */
};

static struct code_value
make_value(const struct reading *r, struct state_value v)
{
	static const enum code_value_kind kinds[] = {
		[STATE_UNKNOWN] = CODE_UNKNOWN,
		[STATE_CONSTANT] = CODE_CONSTANT,
		[STATE_MAP] = CODE_MAP,
		[STATE_MAP_VALUE] = CODE_MAP_VALUE,
		[STATE_GLOBAL] = CODE_GLOBAL,
		[STATE_STACK] = CODE_STACK,
		[STATE_RESERVATION] = CODE_RESERVATION,
		[STATE_DYNPTR] = CODE_UNKNOWN,
		[STATE_PARAMETER] = CODE_PARAMETER,
		[STATE_SHIFTED] = CODE_UNKNOWN,
	};
	struct code_value c = {
		.kind = kinds[v.kind], .inexact = v.inexact, .offset = v.offset
	};

	if (v.kind == STATE_MAP || v.kind == STATE_MAP_VALUE)
		c.map = code_symbol_name(&r->code, v.number);
	else if (v.kind == STATE_GLOBAL)
		c.section = v.number;
	else if (v.kind == STATE_RESERVATION)
		c.call = code_place(&r->code, v.number);
	else if (v.kind == STATE_PARAMETER)
		c.number = v.number;
	return c;
}

/* The place of v on the stack, as an offset from r10; 0 if it has none. */
static int16_t
find_spilled(const struct code_state *s, struct state_value v)
{
	for (int i = 0; i < STATE_SLOTS; i++)
		if (state_value_equals(v, s->slot[i]))
			return (int16_t)(-(i + 1) * (int)sizeof(uint64_t));
	return 0;
}

static void
set_call_arguments(const struct reading *r, const struct code_state *s,
    struct code_value argument[], uint16_t registers[], int16_t spilled[])
{
	for (int i = 0; s != NULL && i < CODE_ARGUMENTS; i++) {
		struct state_value v = s->reg[BPF_REG_1 + i];

		argument[i] = make_value(r, v);
		if (v.kind == STATE_UNKNOWN || v.inexact)
			continue;
		spilled[i] = find_spilled(s, v);
		for (int n = 0; n < BPF_REG_10; n++)
			if (state_value_equals(v, s->reg[n]))
				registers[i] |= (uint16_t)(1u << n);
	}
}

static int
add_helper_call(struct reading *r, const struct code_function *f, size_t i,
    const struct bpf_insn *insn, const struct code_state *s)
{
	struct helper_calls *c = r->calls;
	struct helper_call *call;

	if (c->n >= CALLS_MAX) {
		c->incomplete = true;
		return 0;
	}
	if (!array_room(c->v, c->n, c->cap))
		return report_nomem();
	call = &c->v[c->n++];
	*call = (struct helper_call){ .place = code_place(&r->code, i),
		.start = code_place(&r->code, f->first),
		.function = f->name,
		.helper = (uint32_t)insn->imm,
		.reached = s != NULL };
	set_call_arguments(
	    r, s, call->argument, call->registers, call->spilled);
	return 0;
}

/* Adds a call of another function.  s is NULL if the arguments are not known:
 * then only the address of the function may have been taken. */
static int
add_function_call(struct reading *r, const struct code_function *f, size_t i,
    const struct code_state *s)
{
	struct code_reference to = code_reference(&r->code, i);
	struct helper_calls *c = r->calls;
	struct function_call *call;

	if (to.kind != REFERS_TO_CODE)
		return 0;
	if (c->nfunctions >= CALLS_MAX) {
		c->incomplete = true;
		return 0;
	}
	if (!array_room(c->functions, c->nfunctions, c->functions_cap))
		return report_nomem();
	call = &c->functions[c->nfunctions++];
	*call = (struct function_call){ .place = code_place(&r->code, i),
		.callee = code_place(&r->code, to.number),
		.start = code_place(&r->code, f->first),
		.function = f->name };
	set_call_arguments(
	    r, s, call->argument, call->registers, call->spilled);
	return 0;
}

static int
add_store(struct reading *r, uint32_t section, int64_t offset)
{
	struct helper_calls *c = r->calls;
	struct global_store *last =
	    c->nstores != 0 ? &c->stores[c->nstores - 1] : NULL;

	if (offset < 0 || (last != NULL && last->section == section &&
			      last->offset == (uint64_t)offset))
		return 0;
	if (c->nstores >= CALLS_MAX) {
		c->incomplete = true;
		return 0;
	}
	if (!array_room(c->stores, c->nstores, c->stores_cap))
		return report_nomem();
	c->stores[c->nstores++] = (struct global_store){ .section = section,
		.offset = (uint64_t)offset };
	return 0;
}

/* Notes that the function writes to the place to which v points. */
static int
note_store(
    struct reading *r, const struct code_function *f, struct state_value v)
{
	if (v.kind == STATE_PARAMETER)
		r->writes[f - r->code.functions] |= (uint8_t)(1u << v.number);
	return v.kind == STATE_GLOBAL ? add_store(r, v.number, v.offset) : 0;
}

/* The register through which a helper of the kernel writes to memory that is
 * given to it; 0 if it does not write. */
static int
get_written_register(uint32_t helper)
{
	switch (helper) {
	case BPF_FUNC_probe_read:
	case BPF_FUNC_probe_read_str:
	case BPF_FUNC_probe_read_user:
	case BPF_FUNC_probe_read_kernel:
	case BPF_FUNC_probe_read_user_str:
	case BPF_FUNC_probe_read_kernel_str:
	case BPF_FUNC_get_current_comm:
	case BPF_FUNC_copy_from_user:
	case BPF_FUNC_copy_from_user_task:
	case BPF_FUNC_snprintf:
	case BPF_FUNC_snprintf_btf:
	case BPF_FUNC_dynptr_read:
		return BPF_REG_1;
	case BPF_FUNC_get_stack:
	case BPF_FUNC_get_task_stack:
	case BPF_FUNC_d_path:
	case BPF_FUNC_perf_prog_read_value:
	case BPF_FUNC_read_branch_records:
	case BPF_FUNC_map_pop_elem:
	case BPF_FUNC_map_peek_elem:
		return BPF_REG_2;
	case BPF_FUNC_skb_load_bytes:
	case BPF_FUNC_skb_load_bytes_relative:
	case BPF_FUNC_xdp_load_bytes:
	case BPF_FUNC_perf_event_read_value:
	case BPF_FUNC_get_ns_current_pid_tgid:
		return BPF_REG_3;
	case BPF_FUNC_strtol:
	case BPF_FUNC_strtoul:
		return BPF_REG_4;
	default:
		return 0;
	}
}

/* Notes that, after the instruction at i, number has a copy of v if that is the
 * address of a reservation. */
static int
add_copy(struct reading *r, size_t i, struct state_value v, int number)
{
	struct helper_calls *c = r->calls;
	struct reservation_copy *copy;

	if (v.kind != STATE_RESERVATION || v.inexact || v.offset != 0)
		return 0;
	if (c->ncopies >= CALLS_MAX) {
		c->incomplete = true;
		return 0;
	}
	if (!array_room(c->copies, c->ncopies, c->copies_cap))
		return report_nomem();
	copy = &c->copies[c->ncopies++];
	copy->call = code_place(&r->code, v.number);
	copy->at = code_place(&r->code, i);
	copy->at.offset += sizeof(struct bpf_insn);
	copy->number = (int16_t)number;
	return 0;
}

static int
see_copy(struct reading *r, size_t i, const struct bpf_insn *insn,
    const struct code_state *s)
{
	if (insn->src_reg >= STATE_REGISTERS)
		return 0;
	if (insn->code == (BPF_ALU64 | BPF_MOV | BPF_X))
		return add_copy(r, i, s->reg[insn->src_reg], insn->dst_reg);
	if (insn->code == (BPF_STX | BPF_MEM | BPF_DW) &&
	    insn->dst_reg == BPF_REG_10 && insn->off < 0)
		return add_copy(r, i, s->reg[insn->src_reg], insn->off);
	return 0;
}

static int
see_call(struct reading *r, const struct code_function *f, size_t i,
    const struct bpf_insn *insn, const struct code_state *s)
{
	int written;

	if (code_flow_is_function(insn))
		return add_function_call(r, f, i, s);
	if (!code_flow_is_helper(insn))
		return 0;
	if (s != NULL && insn->imm == BPF_FUNC_ringbuf_reserve &&
	    add_copy(r, i,
		(struct state_value){
		    .kind = STATE_RESERVATION, .number = i & STATE_NUMBER_MAX },
		BPF_REG_0) == -1)
		return -1;
	written = get_written_register((uint32_t)insn->imm);
	if (s != NULL && written != 0 &&
	    note_store(r, f, s->reg[written]) == -1)
		return -1;
	return add_helper_call(r, f, i, insn, s);
}

static int
see_instruction(void *ctx, const struct code_function *f, size_t i,
    const struct bpf_insn *insn, const struct code_state *s)
{
	struct reading *r = ctx;
	struct code_state after;

	if (insn->code == (BPF_JMP | BPF_CALL))
		return see_call(r, f, i, insn, s);
	/* The address of a function, which a helper will call. */
	if (code_flow_is_wide(insn))
		return add_function_call(r, f, i, NULL);
	if (s == NULL)
		return 0;
	if (see_copy(r, i, insn, s) == -1)
		return -1;
	if (BPF_CLASS(insn->code) != BPF_ST && BPF_CLASS(insn->code) != BPF_STX)
		return 0;
	after = *s;
	return note_store(r, f, code_state_apply(&after, insn));
}

static int
compare_copies(const void *a, const void *b)
{
	const struct reservation_copy *x = a, *y = b;
	int order = code_place_compare(x->call, y->call);

	return order != 0 ? order : code_place_compare(x->at, y->at);
}

static int
compare_function_calls(const void *a, const void *b)
{
	const struct function_call *x = a, *y = b;
	int order = code_place_compare(x->callee, y->callee);

	return order != 0 ? order : code_place_compare(x->place, y->place);
}

static int
compare_stores(const void *a, const void *b)
{
	const struct global_store *x = a, *y = b;

	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static size_t
find_function_number(const struct reading *r, struct code_place place)
{
	size_t i = code_number(&r->code, place);

	return (size_t)(code_function(&r->code, i) - r->code.functions);
}

/* Notes that a caller writes where its callee does.  Returns 1 if that is new,
 * 0 if it was known, or -1. */
static int
note_callee_stores(struct reading *r, const struct function_call *call)
{
	uint8_t writes = r->writes[find_function_number(r, call->callee)];
	uint8_t *mine = &r->writes[find_function_number(r, call->start)];
	uint8_t before = *mine;

	for (int n = 1; n <= CODE_ARGUMENTS; n++) {
		const struct code_value *v = &call->argument[n - 1];

		if (!(writes & (1u << n)))
			continue;
		if (v->kind == CODE_PARAMETER)
			*mine |= (uint8_t)(1u << v->number);
		else if (v->kind == CODE_GLOBAL &&
			 add_store(r, v->section, v->offset) == -1)
			return -1;
	}
	return *mine != before;
}

static int
note_all_callee_stores(struct reading *r)
{
	bool more = true;
	int ret;

	for (int pass = 0; more && pass < PASSES_MAX; pass++) {
		more = false;
		for (size_t i = 0; i < r->calls->nfunctions; i++) {
			ret = note_callee_stores(r, &r->calls->functions[i]);
			if (ret == -1)
				return -1;
			more |= ret == 1;
		}
	}
	return 0;
}

static void
sort_stores(struct helper_calls *c)
{
	size_t n = 0;

	if (c->nstores == 0)
		return;
	qsort(c->stores, c->nstores, sizeof(*c->stores), compare_stores);
	for (size_t i = 0; i < c->nstores; i++)
		if (n == 0 ||
		    compare_stores(&c->stores[n - 1], &c->stores[i]) != 0)
			c->stores[n++] = c->stores[i];
	c->nstores = n;
}

static int
read_code(struct reading *r)
{
	struct helper_calls *c = r->calls;

	r->writes = calloc(r->code.nfunctions + 1, sizeof(*r->writes));
	if (r->writes == NULL)
		return report_nomem();
	if (code_flow_run(&r->flow, see_instruction, r) == -1)
		return -1;
	if (c->nfunctions != 0)
		qsort(c->functions, c->nfunctions, sizeof(*c->functions),
		    compare_function_calls);
	if (c->ncopies != 0)
		qsort(
		    c->copies, c->ncopies, sizeof(*c->copies), compare_copies);
	if (note_all_callee_stores(r) == -1)
		return -1;
	sort_stores(c);
	c->incomplete |= r->code.incomplete || r->flow.incomplete;
	return 0;
}

int
helper_calls_open(struct helper_calls *c, const struct bpf_elf *elf)
{
	struct reading r = { .calls = c };
	int ret = -1;

	*c = (struct helper_calls){ 0 };
	if (code_open(&r.code, elf) == 0 &&
	    code_flow_open(&r.flow, &r.code) == 0)
		ret = read_code(&r);
	code_flow_close(&r.flow);
	code_close(&r.code);
	free(r.writes);
	if (ret == -1)
		helper_calls_close(c);
	return ret;
}

void
helper_calls_close(struct helper_calls *c)
{
	free(c->v);
	free(c->functions);
	free(c->stores);
	free(c->copies);
	*c = (struct helper_calls){ 0 };
}
