#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/report.h"
#include "dwarf/dwarf-list.h"
#include "dwarf/dwarf-places.h"
#include "dwarf/dwarf-type.h"
#include "dwarf/stack-size.h"

enum {
	LOCATIONS_MAX = 1 << 20,
	COMPARED_ENTRIES_MAX = 1 << 20, /* of types with equal names */
	OVERLAP_MAX = 1024, /* variables at one place that are compared */
	STACK_MAX = 512,    /* bytes that the kernel gives a function */
	FRAME_REGISTER = 10,
	REGISTERS = 11,
};

/* A type that locations have, so that the same type is one entry. */
struct place_type {
	struct hash_key key;
	uint32_t entry;
};

/* A part of the program that variables belong to. */
struct scope {
	uint32_t entry, end; /* entries */
	bool is_function;
	bool has_frame; /* its frame starts at r10 */
};

struct place_reader {
	struct dwarf_places *out; /* borrowed, as these */
	struct dwarf_info *d;
	const struct bpf_elf *elf;
	struct hash types; /* owned: struct place_type */
	struct scope scopes[DWARF_DEPTH_MAX];
	unsigned int depth;
	/* The function whose variables are read, its first location, and the
	 * end of the highest variable, in bytes from the lower end of its
	 * stack. */
	uint32_t function; /* an entry, or DWARF_NO_ENTRY */
	size_t first;
	int64_t highest;
	int64_t stack;     /* its bytes */
	uint64_t compared; /* entries that may still be */
	bool nomem;
};

/* The variable whose locations are read. */
struct variable {
	struct place_reader *r;
	const struct dwarf_unit *unit;
	uint32_t type, pointee; /* entries; DWARF_NO_ENTRY if of no use */
	const struct dwarf_span *expression; /* if it holds for all ranges */
};

/* An expression that consists of one operand. */
struct place {
	bool is_memory; /* the variable lies there, else it is the value */
	int64_t number, offset;
};

/* The entry that stands for all of the same kind, name, size and members in the
 * unit, in which functions may have structs of their own with equal names.
 * DWARF_NO_ENTRY for void, and for what has no size. */
static uint32_t
unify_type(struct place_reader *r, uint32_t entry)
{
	uint64_t size = dwarf_entry_size(r->d, entry);
	struct dwarf_attributes a;
	struct hash_key key = hash_start();
	struct place_type *t;

	if (entry == DWARF_NO_ENTRY || size == 0)
		return DWARF_NO_ENTRY;
	dwarf_attributes_read(r->d, entry, &a);
	if (a.name == NULL)
		return entry;
	hash_mix(&key, a.name, strlen(a.name));
	hash_mix(&key, &size, sizeof(size));
	hash_mix(&key, &r->d->entries[entry].tag, sizeof(uint16_t));
	hash_mix(&key, &r->d->entries[entry].unit, sizeof(uint16_t));
	if ((t = hash_find(&r->types, key)) == NULL) {
		if ((t = hash_add(&r->types, key)) == NULL) {
			r->nomem = true;
			return DWARF_NO_ENTRY;
		}
		t->entry = entry;
	}
	return dwarf_entries_equal(r->d, t->entry, entry, &r->compared)
		   ? t->entry
		   : entry;
}

static void
add_location(struct place_reader *r, enum dwarf_place place, int64_t number,
    uint32_t type, uint64_t low, uint64_t high)
{
	struct dwarf_places *p = r->out;

	if (type == DWARF_NO_ENTRY || p->n == LOCATIONS_MAX)
		return;
	if (!array_room(p->v, p->n, p->cap)) {
		r->nomem = true;
		return;
	}
	p->v[p->n++] = (struct dwarf_location){ .number = number,
		.low = low,
		.high = high,
		.type = type,
		.place = (unsigned char)place,
		.from_bottom = place != DWARF_REGISTER && number >= 0 };
}

static struct scope *
get_function(struct place_reader *r)
{
	for (unsigned int i = r->depth; i > 0; i--)
		if (r->scopes[i - 1].is_function)
			return &r->scopes[i - 1];
	return NULL;
}

/* Keeps the size of the stack of the range of code. */
static bool
measure_range(
    void *ctx, uint64_t low, uint64_t high, const struct dwarf_span *expression)
{
	struct place_reader *r = ctx;
	int64_t stack;

	(void)expression;
	if (low >> 32 != high >> 32 || !dwarf_budget_take(r->d, high - low))
		return false;
	stack = stack_size(
	    r->elf, (uint32_t)(low >> 32), (uint32_t)low, (uint32_t)high);
	if (stack > r->stack)
		r->stack = stack;
	return true;
}

/*
 * Ends the function whose variables were read: now the size of its stack is
 * known.  r10 is the upper end of the stack, but LLVM counts offsets as if it
 * were the lower one, as its frame pointer is elsewhere.  Other compilers count
 * from the upper end, so that offsets are negative.
 */
static void
end_function(struct place_reader *r)
{
	struct dwarf_attributes a;
	struct dwarf_location *at;

	r->stack = (r->highest + 7) & ~7;
	if (r->function != DWARF_NO_ENTRY && r->highest > 0) {
		dwarf_attributes_read(r->d, r->function, &a);
		dwarf_ranges_read(r->d,
		    &r->d->units[r->d->entries[r->function].unit], &a,
		    measure_range, r);
	}
	for (; r->first < r->out->n; r->first++) {
		at = &r->out->v[r->first];
		if (at->from_bottom)
			at->number -= r->stack;
	}
	r->highest = 0;
}

/* Adds a place on the stack where size bytes lie. */
static void
add_stack_location(struct place_reader *r, enum dwarf_place place,
    int64_t offset, uint32_t type, uint64_t size, uint64_t low, uint64_t high)
{
	if (offset > STACK_MAX || offset < -STACK_MAX || size > STACK_MAX)
		return;
	if (offset + (int64_t)size > r->highest && offset >= 0)
		r->highest = offset + (int64_t)size;
	add_location(r, place, offset, type, low, high);
}

/* Reads one operation: a register, in which the value is, or an offset from
 * one, where it lies.  Returns false if it is another. */
static bool
read_operand(struct place_reader *r, struct dwarf_cursor *c, struct place *p)
{
	unsigned int op = (unsigned int)dwarf_number(c, 1);
	const struct scope *function = get_function(r);

	*p = (struct place){ .is_memory = true };
	if (op >= DW_OP_reg0 && op < DW_OP_reg0 + REGISTERS) {
		p->number = op - DW_OP_reg0;
		p->is_memory = false;
		return !c->failed;
	}
	if (op >= DW_OP_breg0 && op < DW_OP_breg0 + REGISTERS)
		p->number = op - DW_OP_breg0;
	else if (op == DW_OP_fbreg && function != NULL && function->has_frame)
		p->number = FRAME_REGISTER;
	else
		return false;
	p->offset = dwarf_sleb(c);
	return !c->failed;
}

/* Reads what follows the first DW_OP_piece of a variable that begins at p.
 * Returns whether its other pieces lie there too, each behind the one before:
 * clang 17 and later follow the members of a struct one by one. */
static bool
read_pieces(
    struct place_reader *r, struct dwarf_cursor *c, const struct place *p)
{
	uint64_t bytes = dwarf_uleb(c);
	struct place next;

	while (!c->failed && bytes <= STACK_MAX && c->p != c->end) {
		if (!read_operand(r, c, &next) || !next.is_memory ||
		    next.number != p->number ||
		    next.offset != p->offset + (int64_t)bytes ||
		    dwarf_number(c, 1) != DW_OP_piece)
			return false;
		bytes += dwarf_uleb(c) & UINT32_MAX;
	}
	return !c->failed && c->p == c->end;
}

/* Reads an expression that is a register, or an offset from one.  Returns false
 * if it is another. */
static bool
read_place(struct place_reader *r, const struct dwarf_span *expression,
    struct place *p)
{
	struct dwarf_cursor c = dwarf_cursor_at(expression, 0);
	unsigned int op;

	if (!read_operand(r, &c, p))
		return false;
	if (c.p == c.end)
		return true;
	op = (unsigned int)dwarf_number(&c, 1);
	if (op == DW_OP_piece)
		return p->is_memory && p->offset <= STACK_MAX &&
		       p->offset >= -STACK_MAX && read_pieces(r, &c, p);
	/* The sum is not where the variable lies, but its value. */
	if (op != DW_OP_stack_value || !p->is_memory)
		return false;
	p->is_memory = false;
	return !c.failed && c.p == c.end &&
	       (p->number == FRAME_REGISTER || p->offset == 0);
}

/* Adds the place that an expression gives a variable in a range of code. */
static bool
add_place(
    void *ctx, uint64_t low, uint64_t high, const struct dwarf_span *expression)
{
	const struct variable *v = ctx;
	struct place_reader *r = v->r;
	uint64_t size;
	struct place p;

	if (v->expression != NULL)
		expression = v->expression;
	if (!read_place(r, expression, &p))
		return true;
	if (p.number != FRAME_REGISTER) {
		if (!p.is_memory)
			add_location(
			    r, DWARF_REGISTER, p.number, v->pointee, low, high);
		else if (p.offset == 0)
			add_location(
			    r, DWARF_REGISTER, p.number, v->type, low, high);
		return !r->nomem;
	}
	if (p.is_memory) {
		size = dwarf_entry_size(r->d, v->type);
		add_stack_location(
		    r, DWARF_STACK, p.offset, v->type, size, low, high);
		add_stack_location(
		    r, DWARF_SPILLED, p.offset, v->pointee, size, low, high);
	} else {
		size = dwarf_entry_size(r->d, v->pointee);
		add_stack_location(
		    r, DWARF_STACK, p.offset, v->pointee, size, low, high);
	}
	return !r->nomem;
}

/* The attributes of the entry, whose type may be with what it is a copy of. */
static void
read_variable(
    const struct dwarf_info *d, uint32_t entry, struct dwarf_attributes *a)
{
	struct dwarf_attributes origin;

	dwarf_attributes_read(d, entry, a);
	for (int i = 0; a->type == DWARF_NO_ENTRY && i < DWARF_CHAIN_MAX &&
			a->origin != DWARF_NO_ENTRY;
	     i++) {
		dwarf_attributes_read(d, a->origin, &origin);
		a->type = origin.type;
		a->origin = origin.origin;
	}
}

static void
add_variable_places(struct place_reader *r, uint32_t entry)
{
	struct variable v = { .r = r,
		.unit = &r->d->units[r->d->entries[entry].unit] };
	struct dwarf_attributes a, pointer, scope;
	uint32_t bare;

	read_variable(r->d, entry, &a);
	if (a.location.kind == DWARF_ABSENT || r->depth == 0)
		return;
	v.type = unify_type(r, dwarf_strip_qualifiers(r->d, a.type));
	v.pointee = DWARF_NO_ENTRY;
	bare = dwarf_strip_names(r->d, a.type);
	if (dwarf_entry_tag(r->d, bare) == DW_TAG_pointer_type) {
		dwarf_attributes_read(r->d, bare, &pointer);
		v.pointee =
		    unify_type(r, dwarf_strip_qualifiers(r->d, pointer.type));
	}
	if (a.location.kind != DWARF_BLOCK) {
		dwarf_locations_read(r->d, v.unit, &a.location, add_place, &v);
		return;
	}
	v.expression = &a.location.block;
	dwarf_attributes_read(r->d, r->scopes[r->depth - 1].entry, &scope);
	dwarf_ranges_read(r->d, v.unit, &scope, add_place, &v);
}

/* Whether the frame that a function's variables are counted from is r10. */
static bool
has_plain_frame(const struct dwarf_value *base)
{
	return base->kind == DWARF_BLOCK && base->block.n == 1 &&
	       base->block.v[0] == DW_OP_reg0 + FRAME_REGISTER;
}

/* Enters the scope that the entry is, if it has code. */
static void
enter_scope(struct place_reader *r, uint32_t entry)
{
	struct scope s = { .entry = entry, .end = r->d->entries[entry].next };
	struct dwarf_attributes a;

	dwarf_attributes_read(r->d, entry, &a);
	if (r->depth == DWARF_DEPTH_MAX ||
	    (a.low_pc.kind == DWARF_ABSENT && a.ranges.kind == DWARF_ABSENT))
		return;
	s.is_function = r->d->entries[entry].tag == DW_TAG_subprogram;
	if (s.is_function) {
		end_function(r);
		r->function = entry;
	}
	s.has_frame = has_plain_frame(&a.frame_base);
	r->scopes[r->depth++] = s;
}

static void
read_entry_places(struct place_reader *r, uint32_t entry)
{
	while (r->depth > 0 && r->scopes[r->depth - 1].end <= entry)
		r->depth--;
	switch (r->d->entries[entry].tag) {
	case DW_TAG_subprogram:
	case DW_TAG_inlined_subroutine:
	case DW_TAG_lexical_block:
		enter_scope(r, entry);
		break;
	case DW_TAG_variable:
	case DW_TAG_formal_parameter:
		add_variable_places(r, entry);
		break;
	}
}

/* Compares places by kind and number. */
static int
compare_numbers(const struct dwarf_location *a, const struct dwarf_location *b)
{
	if (a->place != b->place)
		return a->place < b->place ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

static int
compare_locations(const void *l, const void *r)
{
	const struct dwarf_location *a = l, *b = r;
	int order = compare_numbers(a, b);

	if (order != 0)
		return order;
	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	return a->type < b->type ? -1 : a->type > b->type;
}

static void
sort_locations(struct dwarf_places *p)
{
	struct dwarf_location *at;

	if (p->n == 0)
		return;
	qsort(p->v, p->n, sizeof(*p->v), compare_locations);
	for (size_t i = 0; i < p->n; i++) {
		at = &p->v[i];
		at->reach = at->high;
		if (i > 0 && compare_numbers(at - 1, at) == 0 &&
		    at[-1].reach > at->reach)
			at->reach = at[-1].reach;
	}
}

int
dwarf_places_open(
    struct dwarf_places *p, struct dwarf_info *d, const struct bpf_elf *elf)
{
	struct place_reader r = { .out = p,
		.d = d,
		.elf = elf,
		.types = { .size = sizeof(struct place_type) },
		.compared = COMPARED_ENTRIES_MAX,
		.function = DWARF_NO_ENTRY };

	*p = (struct dwarf_places){ 0 };
	for (uint32_t i = 0; i < d->n && !r.nomem; i++)
		read_entry_places(&r, i);
	end_function(&r);
	hash_free(&r.types);
	sort_locations(p);
	if (!r.nomem)
		return 0;
	dwarf_places_close(p);
	return report_nomem();
}

void
dwarf_places_close(struct dwarf_places *p)
{
	free(p->v);
	*p = (struct dwarf_places){ 0 };
}

static bool
is_not_after(const struct dwarf_location *l, const struct dwarf_location *key)
{
	int order = compare_numbers(l, key);

	return order < 0 || (order == 0 && l->low <= key->low);
}

/* The number of locations that are before this place and address, or begin
 * there. */
static size_t
count_before(const struct dwarf_places *p, const struct dwarf_location *key)
{
	size_t n;

	array_partition(n, p->n, is_not_after(&p->v[n], key));
	return n;
}

static bool
is_listed(const uint32_t *types, size_t n, uint32_t type)
{
	for (size_t i = 0; i < n; i++)
		if (types[i] == type)
			return true;
	return false;
}

size_t
dwarf_places_find(const struct dwarf_places *p, uint64_t address,
    enum dwarf_place place, int64_t number, uint32_t *types)
{
	const struct dwarf_location key = { .place = (unsigned char)place,
		.number = number,
		.low = address },
				    *at;
	size_t i = count_before(p, &key), found = 0;

	for (int steps = 0; steps < OVERLAP_MAX && i > 0; steps++) {
		at = &p->v[--i];
		if (compare_numbers(at, &key) != 0 || at->reach <= address)
			break;
		if (at->high <= address || is_listed(types, found, at->type))
			continue;
		types[found++] = at->type;
		if (found == DWARF_TYPES_MAX)
			break;
	}
	return found;
}
