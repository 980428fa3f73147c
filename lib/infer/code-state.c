#include <string.h>

#include "infer/code-state.h"

enum {
	SLOT_BYTES = 8,
	ATOMIC_LOAD = 0x100, /* in the kernel since 6.15: BPF_LOAD_ACQ */
};

static const struct state_value value_unknown = { .kind = STATE_UNKNOWN };

void
code_state_start(struct code_state *s)
{
	memset(s, 0, sizeof(*s));
	for (uint32_t r = BPF_REG_1; r <= BPF_REG_5; r++) {
		s->reg[r].kind = STATE_PARAMETER;
		s->reg[r].number = r & 7;
	}
	s->reg[BPF_REG_10].kind = STATE_STACK;
}

static bool
has_same_base(struct state_value a, struct state_value b)
{
	return a.kind == b.kind && a.number == b.number;
}

bool
state_value_equals(struct state_value a, struct state_value b)
{
	return has_same_base(a, b) && a.inexact == b.inexact &&
	       a.offset == b.offset;
}

static bool
is_null(struct state_value v)
{
	return v.kind == STATE_CONSTANT && v.offset == 0;
}

static bool
is_pointer(struct state_value v)
{
	return v.kind == STATE_MAP || v.kind == STATE_MAP_VALUE ||
	       v.kind == STATE_GLOBAL || v.kind == STATE_STACK ||
	       v.kind == STATE_RESERVATION;
}

/* Each value that a join changes is changed a few times at most: from NULL to a
 * pointer, to one with an unknown distance, to unknown. */
struct state_value
state_value_join(struct state_value a, struct state_value b)
{
	if (state_value_equals(a, b))
		return a;
	if (is_null(a) && is_pointer(b))
		return b;
	if (is_null(b) && is_pointer(a))
		return a;
	if (!has_same_base(a, b) ||
	    !(is_pointer(a) || a.kind == STATE_PARAMETER))
		return value_unknown;
	a.inexact = 1;
	return a;
}

static bool
join_values(struct state_value *a, const struct state_value *b, size_t n)
{
	bool changed = false;

	for (size_t i = 0; i < n; i++) {
		struct state_value v = state_value_join(a[i], b[i]);

		changed |= !state_value_equals(v, a[i]);
		a[i] = v;
	}
	return changed;
}

bool
code_state_join(struct code_state *s, const struct code_state *other)
{
	bool registers = join_values(s->reg, other->reg, STATE_REGISTERS);
	bool slots = join_values(s->slot, other->slot, STATE_SLOTS);

	return registers || slots;
}

static struct state_value
new_constant(int64_t n)
{
	struct state_value v = { .kind = STATE_CONSTANT };

	if (n < INT32_MIN || n > INT32_MAX)
		return value_unknown;
	v.offset = (int32_t)n;
	return v;
}

struct state_value
state_value_move(struct state_value v, struct state_value distance, bool back)
{
	int64_t to;

	if (!is_pointer(v) && v.kind != STATE_PARAMETER)
		return value_unknown;
	if (distance.kind != STATE_CONSTANT || v.inexact) {
		v.inexact = 1;
		return v;
	}
	to = back ? (int64_t)v.offset - distance.offset
		  : (int64_t)v.offset + distance.offset;
	if (to < INT32_MIN || to > INT32_MAX)
		return value_unknown;
	v.offset = (int32_t)to;
	return v;
}

struct state_value *
code_state_slot(struct code_state *s, struct state_value v)
{
	int64_t i = -((int64_t)v.offset / SLOT_BYTES) - 1;

	if (v.kind != STATE_STACK || v.inexact || v.offset % SLOT_BYTES != 0)
		return NULL;
	return i >= 0 && i < STATE_SLOTS ? &s->slot[i] : NULL;
}

/* Forgets the slots that size bytes from v on lie in. */
static void
overwrite_slots(struct code_state *s, struct state_value v, int size)
{
	int64_t first = v.offset, end = first + size;

	for (int i = 0; i < STATE_SLOTS; i++) {
		int64_t slot = -(int64_t)(i + 1) * SLOT_BYTES;

		if (first < slot + SLOT_BYTES && slot < end)
			s->slot[i] = value_unknown;
	}
}

void
code_state_expose(struct code_state *s, struct state_value v)
{
	if (v.kind != STATE_STACK)
		return;
	/* The verifier lets nobody change a pointer on the stack and use it. */
	for (int i = 0; i < STATE_SLOTS; i++)
		if (s->slot[i].kind == STATE_CONSTANT &&
		    (v.inexact ||
			-(i + 1) * SLOT_BYTES + SLOT_BYTES > v.offset))
			s->slot[i] = value_unknown;
}

static int
get_access_size(uint8_t code)
{
	switch (BPF_SIZE(code)) {
	case BPF_B:
		return 1;
	case BPF_H:
		return 2;
	case BPF_W:
		return 4;
	default:
		return SLOT_BYTES;
	}
}

static struct state_value
add_distance(struct state_value v, int16_t offset)
{
	return state_value_move(v, new_constant(offset), false);
}

/* Stores what into memory at to. */
static void
store_in_slot(struct code_state *s, struct state_value to, int size,
    struct state_value what)
{
	struct state_value *slot = code_state_slot(s, to);

	if (to.kind != STATE_STACK)
		return;
	if (to.inexact) {
		code_state_expose(s, to);
		return;
	}
	overwrite_slots(s, to, size);
	if (slot != NULL && size == SLOT_BYTES)
		*slot = what;
}

/* The atomic operations read what was there into a register. */
static void
apply_atomic(struct code_state *s, const struct bpf_insn *insn)
{
	if (insn->imm == ATOMIC_LOAD)
		s->reg[insn->dst_reg] = value_unknown;
	if (insn->imm == BPF_CMPXCHG)
		s->reg[BPF_REG_0] = value_unknown;
	else if ((insn->imm & BPF_FETCH) && insn->src_reg < BPF_REG_10)
		s->reg[insn->src_reg] = value_unknown;
}

static struct state_value
apply_store(struct code_state *s, const struct bpf_insn *insn)
{
	struct state_value to = add_distance(s->reg[insn->dst_reg], insn->off);
	int size = get_access_size(insn->code);

	if (BPF_CLASS(insn->code) == BPF_ST) {
		store_in_slot(s, to, size, new_constant(insn->imm));
	} else if (BPF_MODE(insn->code) == BPF_ATOMIC) {
		store_in_slot(s, to, size, value_unknown);
		apply_atomic(s, insn);
	} else {
		store_in_slot(s, to, size, s->reg[insn->src_reg]);
	}
	return to;
}

static void
apply_load(struct code_state *s, const struct bpf_insn *insn)
{
	struct state_value from =
	    add_distance(s->reg[insn->src_reg], insn->off);
	struct state_value *slot = code_state_slot(s, from);

	s->reg[insn->dst_reg] =
	    slot != NULL && get_access_size(insn->code) == SLOT_BYTES &&
		    BPF_MODE(insn->code) == BPF_MEM
		? *slot
		: value_unknown;
}

/* The results of arithmetic on numbers of 64 bits; not all, only what compilers
 * leave to the program. */
static struct state_value
compute(uint8_t operation, int64_t a, int64_t b)
{
	uint64_t x = (uint64_t)a, y = (uint64_t)b;

	switch (operation) {
	case BPF_ADD:
		return new_constant((int64_t)(x + y));
	case BPF_SUB:
		return new_constant((int64_t)(x - y));
	case BPF_MUL:
		return new_constant((int64_t)(x * y));
	case BPF_AND:
		return new_constant((int64_t)(x & y));
	case BPF_OR:
		return new_constant((int64_t)(x | y));
	case BPF_LSH:
		return new_constant((int64_t)(x << (y & 63)));
	case BPF_RSH:
		return new_constant((int64_t)(x >> (y & 63)));
	case BPF_ARSH:
		return new_constant(a >> (y & 63));
	default:
		return value_unknown;
	}
}

/* Numbers of 32 bits are extended by two shifts. */
static struct state_value
shift_parameter(struct state_value v, uint8_t operation, struct state_value by)
{
	bool left = operation == BPF_LSH;

	if (by.kind != STATE_CONSTANT || by.offset != 32 || v.inexact)
		return value_unknown;
	if (v.kind == STATE_PARAMETER && left)
		v.kind = STATE_SHIFTED;
	else if (v.kind == STATE_SHIFTED && !left)
		v.kind = STATE_PARAMETER;
	else
		return value_unknown;
	return v;
}

static struct state_value
add_values(struct state_value a, struct state_value b)
{
	bool second =
	    is_pointer(b) || (b.kind == STATE_PARAMETER && !is_pointer(a));

	/* Either of two parameters may be the pointer. */
	if (second && (is_pointer(a) || (a.kind == STATE_PARAMETER &&
					    b.kind == STATE_PARAMETER)))
		return value_unknown;
	return second ? state_value_move(b, a, false)
		      : state_value_move(a, b, false);
}

static struct state_value
combine(struct state_value a, uint8_t operation, struct state_value b)
{
	if (operation == BPF_MOV)
		return b;
	if (a.kind == STATE_CONSTANT && b.kind == STATE_CONSTANT)
		return compute(operation, a.offset, b.offset);
	switch (operation) {
	case BPF_ADD:
		return add_values(a, b);
	case BPF_SUB:
		return is_pointer(b) ? value_unknown
				     : state_value_move(a, b, true);
	case BPF_LSH:
	case BPF_RSH:
	case BPF_ARSH:
		return shift_parameter(a, operation, b);
	default:
		return value_unknown;
	}
}

/* The lower 32 bits of a value, extended with zeros. */
static struct state_value
truncate(struct state_value v)
{
	if (v.kind == STATE_CONSTANT && v.offset >= 0)
		return v;
	return v.kind == STATE_PARAMETER && !v.inexact && v.offset == 0
		   ? v
		   : value_unknown;
}

static void
apply_arithmetic(struct code_state *s, const struct bpf_insn *insn)
{
	struct state_value *to = &s->reg[insn->dst_reg], from;
	uint8_t operation = BPF_OP(insn->code);

	from = BPF_SRC(insn->code) == BPF_X ? s->reg[insn->src_reg]
					    : new_constant(insn->imm);
	/* A move with an offset extends a sign or changes the address space. */
	if (operation == BPF_END || operation == BPF_NEG ||
	    (operation == BPF_MOV && insn->off != 0))
		*to = value_unknown;
	else if (BPF_CLASS(insn->code) == BPF_ALU64)
		*to = combine(*to, operation, from);
	else
		*to =
		    truncate(combine(truncate(*to), operation, truncate(from)));
}

struct state_value
code_state_apply(struct code_state *s, const struct bpf_insn *insn)
{
	if (insn->dst_reg >= STATE_REGISTERS ||
	    insn->src_reg >= STATE_REGISTERS)
		return value_unknown;
	switch (BPF_CLASS(insn->code)) {
	case BPF_ST:
	case BPF_STX:
		return apply_store(s, insn);
	case BPF_LDX:
		apply_load(s, insn);
		break;
	case BPF_ALU:
	case BPF_ALU64:
		apply_arithmetic(s, insn);
		break;
	default:
		break;
	}
	/* The frame pointer cannot be changed. */
	s->reg[BPF_REG_10] = (struct state_value){ .kind = STATE_STACK };
	return value_unknown;
}
