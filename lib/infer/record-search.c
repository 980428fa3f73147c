#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "elf/btf.h"
#include "infer/program-functions.h"
#include "infer/record-search.h"

enum {
	WRITES_MAX = 1 << 14, /* calls that are read */
	ADDED_MAX = 256,      /* different types of variables */
	CHAIN_MAX = 64,       /* typedefs in a row */
	WORK_MAX = 1 << 24,   /* to find them: calls that are visited */
	COPIES_MAX = 256,     /* of one reservation that are asked for */
};

/* The types that what one call writes may have. */
struct candidates {
	uint32_t ids[RECORD_TYPES_MAX];
	size_t n;
	enum record_evidence evidence;
	const char *from; /* borrowed */
};

static const struct btf_type *
get_type(const struct record_search *t, uint32_t id)
{
	return btf__type_by_id(t->btf, id);
}

/* The id without qualifiers and typedefs, but for a typedef of a struct that
 * has no other name. */
static uint32_t
strip_names(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);
	uint32_t named = 0;

	for (int i = 0; i < CHAIN_MAX && type != NULL; i++) {
		if (!btf_is_mod(type) && !btf_is_typedef(type))
			break;
		if (btf_is_typedef(type))
			named = id;
		id = type->type;
		type = btf__type_by_id(btf, id);
	}
	if (type != NULL && named != 0 && btf_is_composite(type) &&
	    type->name_off == 0)
		return named;
	return id;
}

/* The type itself, below a typedef. */
static const struct btf_type *
get_bare_type(const struct record_search *t, uint32_t id)
{
	const struct btf_type *type = get_type(t, id);

	for (int i = 0; i < CHAIN_MAX && type != NULL &&
			(btf_is_mod(type) || btf_is_typedef(type));
	     i++)
		type = get_type(t, type->type);
	return type;
}

uint64_t
record_search_size(const struct record_search *t, uint32_t id)
{
	int64_t size = btf__resolve_size(t->btf, id);

	return size > 0 ? (uint64_t)size : 0;
}

static bool
is_struct(const struct record_search *t, uint32_t id)
{
	const struct btf_type *type = get_bare_type(t, id);

	return type != NULL && btf_is_composite(type);
}

/* Whether a record of the type may end before it does: after size bytes, within
 * its last member, an array. */
static bool
may_end_early(const struct record_search *t, uint32_t id, uint64_t size)
{
	const struct btf_type *type = get_bare_type(t, id), *last;
	const struct btf_member *m;

	if (type == NULL || !btf_is_struct(type) || btf_vlen(type) == 0)
		return false;
	m = &btf_members(type)[btf_vlen(type) - 1];
	last = get_bare_type(t, m->type);
	return last != NULL && btf_is_array(last) &&
	       size >= btf_member_bit_offset(type, btf_vlen(type) - 1) / 8 &&
	       (size <= type->size || btf_array(last)->nelems == 0);
}

/* Whether size bytes may have this type; size may be unknown, -1. */
static bool
may_have_type(const struct record_search *t, uint32_t id, int64_t size)
{
	uint64_t whole = record_search_size(t, id);

	if (whole == 0)
		return false;
	if (size < 0)
		return is_struct(t, id);
	return whole == (uint64_t)size || may_end_early(t, id, (uint64_t)size);
}

static void
add_candidate(const struct record_search *t, struct candidates *c, uint32_t id,
    int64_t size)
{
	if (id == 0 || !may_have_type(t, id, size))
		return;
	id = strip_names(t->btf, id);
	for (size_t i = 0; i < c->n; i++)
		if (c->ids[i] == id)
			return;
	if (c->n < RECORD_TYPES_MAX)
		c->ids[c->n++] = id;
}

/* The type of the DWARF in t->btf, to which it is added if necessary; 0 if BTF
 * cannot express it. */
static uint32_t
import_dwarf_type(struct record_search *t, dwarf_type type)
{
	struct report_held held;
	int id;

	for (size_t i = 0; i < t->nadded; i++)
		if (t->added[i].type == type)
			return t->added[i].id;
	if (t->nadded == ADDED_MAX ||
	    !array_room(t->added, t->nadded, t->added_cap))
		return 0;
	report_hold(&held);
	id = dwarf_type_add(t->dwarf, type, t->btf, "");
	report_release_held(&held, "");
	t->added[t->nadded++] = (struct record_dwarf_type){ .type = type,
		.id = id > 0 ? strip_names(t->btf, (uint32_t)id) : 0 };
	return t->added[t->nadded - 1].id;
}

static void
add_dwarf_candidates(struct record_search *t, struct candidates *c,
    const dwarf_type *types, size_t n, int64_t size)
{
	for (size_t i = 0; i < n && i < DWARF_TYPES_MAX; i++)
		if (size < 0 ||
		    dwarf_type_size(t->dwarf, types[i]) >= (uint64_t)size)
			add_candidate(
			    t, c, import_dwarf_type(t, types[i]), size);
}

/* Adds the types of the variables that the DWARF knows at a place. */
static void
ask_dwarf(struct record_search *t, struct candidates *c, struct code_place at,
    enum dwarf_place place, int64_t number, int64_t size)
{
	dwarf_type types[DWARF_TYPES_MAX];
	size_t n;

	if (t->dwarf == NULL)
		return;
	n = dwarf_records_at(
	    t->dwarf, at.section, at.offset, place, number, types);
	add_dwarf_candidates(t, c, types, n, size);
}

static void
ask_registers(struct record_search *t, struct candidates *c,
    struct code_place at, uint16_t registers, int16_t spilled, int64_t size)
{
	for (int r = 0; r < BPF_REG_10; r++)
		if (registers & (1u << r))
			ask_dwarf(t, c, at, DWARF_REGISTER, r, size);
	if (spilled != 0)
		ask_dwarf(t, c, at, DWARF_SPILLED, spilled, size);
}

/* The number of the first copy of a reservation. */
static size_t
find_first_copy(const struct helper_calls *c, struct code_place call)
{
	size_t low;

	array_partition(
	    low, c->ncopies, code_place_compare(c->copies[low].call, call) < 0);
	return low;
}

static void
ask_copies(struct record_search *t, struct candidates *c,
    struct code_place reservation, int64_t size)
{
	const struct helper_calls *calls = &t->calls;
	size_t first = find_first_copy(calls, reservation);

	for (size_t i = first;
	     i < calls->ncopies && i < first + COPIES_MAX &&
	     code_place_compare(calls->copies[i].call, reservation) == 0;
	     i++) {
		const struct reservation_copy *copy = &calls->copies[i];

		ask_dwarf(t, c, copy->at,
		    copy->number < 0 ? DWARF_SPILLED : DWARF_REGISTER,
		    copy->number, size);
	}
}

/* A variable in a section may be an array of records. */
static void
ask_global(struct record_search *t, struct candidates *c,
    const struct code_value *v, int64_t size)
{
	uint32_t id = 0;
	const struct btf_type *type;

	if (v->offset >= 0)
		id = btf_records_variable(
		    &t->btf_records, v->section, (uint64_t)v->offset);
	type = id != 0 ? get_bare_type(t, id) : NULL;
	if (type != NULL && btf_is_array(type) &&
	    is_struct(t, btf_array(type)->type))
		id = btf_array(type)->type;
	add_candidate(t, c, id, size);
}

/* Drops the candidates for which better is false, if it is true for one. */
static void
keep_better(const struct record_search *t, struct candidates *c,
    bool (*better)(const struct record_search *, uint32_t, int64_t),
    int64_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		if (better(t, c->ids[i], size))
			c->ids[n++] = c->ids[i];
	if (n != 0)
		c->n = n;
}

static bool
has_exact_size(const struct record_search *t, uint32_t id, int64_t size)
{
	return record_search_size(t, id) == (uint64_t)size;
}

static bool
is_any_struct(const struct record_search *t, uint32_t id, int64_t size)
{
	(void)size;
	return is_struct(t, id);
}

/* Finds the types of the variables that w writes. */
static void
find_variables(
    struct record_search *t, const struct helper_write *w, struct candidates *c)
{
	const struct helper_shape *shape = helper_shape_find(w->call->helper);
	const struct code_value *v;

	c->evidence = RECORD_OF_VARIABLE;
	c->from = w->function;
	if (shape->data != 0) {
		v = &w->call->argument[shape->data - 1];
		ask_registers(t, c, w->call->place,
		    w->call->registers[shape->data - 1],
		    w->call->spilled[shape->data - 1], w->size);
		if (v->kind == CODE_PARAMETER && v->offset == 0 && !v->inexact)
			add_candidate(t, c,
			    btf_records_parameter(
				&t->btf_records, w->call->function, v->number),
			    w->size);
	}
	ask_registers(t, c, w->at, w->registers, w->spilled, w->size);
	if (w->data.kind == CODE_RESERVATION && w->data.offset == 0)
		ask_copies(t, c, w->data.call, w->size);
	else if (w->data.kind == CODE_STACK && !w->data.inexact)
		ask_dwarf(t, c, w->at, DWARF_STACK, w->data.offset, w->size);
	else if (w->data.kind == CODE_GLOBAL)
		ask_global(t, c, &w->data, w->size);
	if (w->size >= 0)
		keep_better(t, c, has_exact_size, w->size);
	keep_better(t, c, is_any_struct, w->size);
}

/* Data in a value of a map has the type of the value. */
static void
find_map_value(
    struct record_search *t, const struct helper_write *w, struct candidates *c)
{
	if (w->data.kind != CODE_MAP_VALUE || w->data.inexact ||
	    w->data.offset != 0)
		return;
	c->evidence = RECORD_OF_MAP;
	c->from = w->data.map;
	add_candidate(
	    t, c, btf_records_map_value(&t->btf_records, w->data.map), w->size);
}

/* Without DWARF, the structs of the BTF that belong to the program have to do.
 */
static void
find_structs_of_size(
    struct record_search *t, const struct helper_write *w, struct candidates *c)
{
	dwarf_type types[DWARF_TYPES_MAX];
	uint32_t ids[BTF_RECORDS_MAX];
	size_t n;

	if (w->size <= 0)
		return;
	c->evidence = RECORD_OF_SIZE;
	c->from = w->function;
	if (t->dwarf != NULL) {
		n = dwarf_records_of_size(t->dwarf, (uint64_t)w->size, types);
		add_dwarf_candidates(t, c, types, n, w->size);
		return;
	}
	n = btf_records_of_size(&t->btf_records, (uint64_t)w->size, ids);
	for (size_t i = 0; i < n && i < BTF_RECORDS_MAX; i++)
		add_candidate(t, c, ids[i], w->size);
}

/* Whether the struct or union whole begins with a member of the type id.  Of a
 * union's members, only the first one is looked into. */
static bool
begins_with(const struct record_search *t, uint32_t whole, uint32_t id)
{
	const struct btf_type *type;
	unsigned int n;

	for (int i = 0; i < CHAIN_MAX; i++) {
		whole = strip_names(t->btf, whole);
		type = get_bare_type(t, whole);
		if (whole == id || type == NULL)
			return whole == id;
		n = btf_is_composite(type) ? btf_vlen(type) : 0;
		for (unsigned int k = 0; btf_is_union(type) && k < n; k++)
			if (strip_names(t->btf, btf_members(type)[k].type) ==
			    id)
				return true;
		if (btf_is_array(type))
			whole = btf_array(type)->type;
		else if (n != 0)
			whole = btf_members(type)->type;
		else
			return false;
	}
	return false;
}

/* Drops the structs of w's size that cannot be what is written because that is
 * the beginning of a larger struct. */
static void
drop_beginnings(
    struct record_search *t, const struct helper_write *w, struct candidates *c)
{
	struct helper_write any = *w;
	struct candidates whole = { .n = 0 };
	size_t n;

	any.size = -1;
	find_variables(t, &any, &whole);
	find_map_value(t, &any, &whole);
	for (size_t i = 0; i < whole.n; i++) {
		if (record_search_size(t, whole.ids[i]) <= (uint64_t)w->size)
			continue;
		for (size_t k = n = 0; k < c->n; k++)
			if (begins_with(t, whole.ids[i], c->ids[k]))
				c->ids[n++] = c->ids[k];
		c->n = n;
		c->evidence = RECORD_OF_VARIABLE;
	}
}

/* Adds a type to the decision; of one that it has already, what is written may
 * now vary in size. */
static void
add_decided(struct record_decision *d, const struct candidates *c, size_t i,
    int64_t size)
{
	for (size_t k = 0; k < d->ntypes; k++) {
		if (d->types[k].id != c->ids[i])
			continue;
		if (d->types[k].size != size)
			d->types[k].size = -1;
		return;
	}
	if (d->ntypes == RECORD_TYPES_MAX) {
		d->state = RECORDS_UNKNOWN;
		return;
	}
	d->types[d->ntypes++] = (struct record_type){ .id = c->ids[i],
		.size = size,
		.evidence = c->evidence,
		.from = c->from };
}

/* Bytes may be room for a struct of their size, so that is a candidate too. */
static void
add_structs_in_bytes(
    struct record_search *t, const struct helper_write *w, struct candidates *c)
{
	const struct btf_type *type = get_bare_type(t, c->ids[0]);
	struct candidates before = *c;

	if (c->n != 1 || type == NULL || !btf_is_array(type) ||
	    record_search_size(t, btf_array(type)->type) != 1)
		return;
	find_structs_of_size(t, w, c);
	c->evidence = before.evidence;
	c->from = before.from;
}

/* Adds what one call writes to the decision. */
static void
decide_write(struct record_search *t, const struct helper_write *w,
    struct record_decision *d)
{
	struct candidates c = { .n = 0 };

	find_variables(t, w, &c);
	if (c.n == 0)
		find_map_value(t, w, &c);
	if (c.n == 0) {
		find_structs_of_size(t, w, &c);
		if (c.n != 0)
			drop_beginnings(t, w, &c);
	} else {
		add_structs_in_bytes(t, w, &c);
	}
	if (d->state == RECORDS_NONE)
		d->state = RECORDS_KNOWN;
	if (c.n == 0 || (c.n > 1 && d->state != RECORDS_UNKNOWN)) {
		d->state = c.n == 0 ? RECORDS_UNKNOWN : RECORDS_SEVERAL;
		d->function = w->function;
		d->size = w->size;
	}
	for (size_t i = 0; i < c.n; i++)
		add_decided(d, &c, i, w->size);
}

/* Records of several types can be told apart if each has a size of its own. */
static bool
differ_in_size(const struct record_search *t, const struct record_decision *d)
{
	for (size_t i = 0; i < d->ntypes; i++) {
		if (d->types[i].size < 0 ||
		    !has_exact_size(t, d->types[i].id, d->types[i].size))
			return false;
		for (size_t k = 0; k < i; k++)
			if (d->types[k].size == d->types[i].size)
				return false;
	}
	return true;
}

static void
finish_decision(const struct record_search *t, struct record_decision *d)
{
	if (d->state == RECORDS_KNOWN && d->ntypes > 1 && !differ_in_size(t, d))
		d->state = RECORDS_SEVERAL;
}

static int
compare_map_names(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

static enum record_buffer
find_buffer(uint32_t helper)
{
	return helper == BPF_FUNC_ringbuf_output ||
		       helper == BPF_FUNC_ringbuf_reserve ||
		       helper == BPF_FUNC_ringbuf_reserve_dynptr
		   ? RECORD_RING
		   : RECORD_PERF;
}

/* Decides what the calls write to buffers that are not known, which may be any;
 * they come first.  A map that was looked up in another is none of them. */
static void
decide_unknown_maps(struct record_search *t)
{
	for (size_t i = 0; i < t->nwrites && t->writes[i].map == NULL; i++) {
		const struct helper_write *w = &t->writes[i];
		uint32_t helper = w->call->helper;
		unsigned int map = helper_shape_find(helper)->map;

		if (map != 0 &&
		    w->call->argument[map - 1].kind != CODE_MAP_VALUE)
			decide_write(t, w, &t->unknown[find_buffer(helper)]);
	}
	t->has_unknown = true;
}

/* Adds the types of what is written to buffers that are not known. */
static void
add_unknown_maps(
    struct record_search *t, uint32_t helper, struct record_decision *d)
{
	const struct record_decision *u = &t->unknown[find_buffer(helper)];

	if (!t->has_unknown)
		decide_unknown_maps(t);
	for (size_t i = 0; i < u->ntypes; i++) {
		const struct record_type *type = &u->types[i];
		const struct candidates c = { .ids = { type->id },
			.n = 1,
			.evidence = type->evidence,
			.from = type->from };

		add_decided(d, &c, 0, type->size);
	}
}

int
record_search_map(
    struct record_search *t, const char *map, struct record_decision *d)
{
	size_t low, first;

	*d = (struct record_decision){ .size = -1 };
	array_partition(
	    low, t->nwrites, compare_map_names(t->writes[low].map, map) < 0);
	first = low;
	for (; low < t->nwrites &&
	       compare_map_names(t->writes[low].map, map) == 0;
	     low++)
		decide_write(t, &t->writes[low], d);
	if (d->state == RECORDS_KNOWN)
		add_unknown_maps(t, t->writes[first].call->helper, d);
	finish_decision(t, d);
	return 0;
}

/* Collects what the calls write, up to a limit. */
static int
collect_writes(struct record_search *t)
{
	struct helper_write w[HELPER_WRITES_MAX];
	size_t n;

	for (size_t i = 0; i < t->calls.n; i++) {
		const struct helper_call *call = &t->calls.v[i];

		if (!call->reached || helper_shape_find(call->helper) == NULL)
			continue;
		n = helper_calls_writes(&t->calls, call, w);
		for (size_t k = 0; k < n && t->nwrites < WRITES_MAX; k++) {
			if (!array_room(t->writes, t->nwrites, t->writes_cap))
				return report_nomem();
			t->writes[t->nwrites++] = w[k];
		}
	}
	return 0;
}

static int
compare_writes(const void *a, const void *b)
{
	const struct helper_write *x = a, *y = b;
	int order = compare_map_names(x->map, y->map);

	if (order == 0)
		order = code_place_compare(x->call->place, y->call->place);
	return order != 0 ? order : code_place_compare(x->at, y->at);
}

/* Makes the BTF to which types can be added that may not be needed. */
static int
copy_btf(struct record_search *t)
{
	const void *bytes;
	uint32_t size;

	bytes = btf__raw_data(t->elf->btf, &size);
	if (bytes != NULL)
		t->btf = btf__new(bytes, size);
	t->nown = btf__type_cnt(t->elf->btf);
	return t->btf != NULL ? 0 : report_nomem();
}

int
record_search_open(struct record_search *t, const struct bpf_elf *elf)
{
	*t = (struct record_search){ .elf = elf, .work = WORK_MAX };
	if (helper_calls_open(&t->calls, elf) == -1 ||
	    btf_records_open(&t->btf_records, elf) == -1 || copy_btf(t) == -1 ||
	    collect_writes(t) == -1)
		goto fail;
	t->dwarf = dwarf_records_open(elf, &t->dwarf_state);
	if (t->dwarf == NULL && t->dwarf_state == DWARF_NO_MEMORY)
		goto fail;
	if (t->nwrites != 0)
		qsort(
		    t->writes, t->nwrites, sizeof(*t->writes), compare_writes);
	return 0;
fail:
	record_search_close(t);
	return -1;
}

void
record_search_close(struct record_search *t)
{
	helper_calls_close(&t->calls);
	btf_records_close(&t->btf_records);
	dwarf_records_close(t->dwarf);
	btf__free(t->btf);
	free(t->writes);
	free(t->added);
	*t = (struct record_search){ 0 };
}

int
record_search_iterator(
    struct record_search *t, const char *program, struct record_decision *d)
{
	struct program_functions p = { .n = 0 };

	*d = (struct record_decision){ .size = -1 };
	if (t->work == 0)
		return 0;
	program_functions_find(&p, &t->calls, program, &t->work);
	if (program_functions_print(&p, &t->calls))
		return 0;
	for (size_t i = 0; i < t->nwrites; i++) {
		const struct helper_write *w = &t->writes[i];

		if (w->call->helper == BPF_FUNC_seq_write &&
		    program_functions_have(&p, w->call->start) &&
		    program_functions_have(&p, w->start))
			decide_write(t, w, d);
	}
	finish_decision(t, d);
	/* What is no struct is text. */
	for (size_t i = 0; i < d->ntypes; i++)
		if (!is_struct(t, d->types[i].id))
			d->state = RECORDS_NONE;
	return 0;
}

uint32_t
record_search_find(struct record_search *t, const char *name)
{
	uint32_t id = btf_records_find(t->btf_records.btf, name);
	char *as_struct;
	dwarf_type type;

	if (id != 0 || t->dwarf == NULL)
		return strip_names(t->btf, id);
	type = dwarf_records_find(t->dwarf, name);
	if (type == DWARF_NO_TYPE && strchr(name, ' ') == NULL &&
	    asprintf(&as_struct, "struct %s", name) != -1) {
		type = dwarf_records_find(t->dwarf, as_struct);
		free(as_struct);
	}
	return type != DWARF_NO_TYPE ? import_dwarf_type(t, type) : 0;
}

uint32_t
record_search_add(const struct record_search *t, uint32_t id, struct btf *btf,
    const char *where)
{
	int added;

	if (id < t->nown)
		return id;
	for (size_t i = 0; i < t->nadded; i++) {
		if (t->added[i].id != id)
			continue;
		added = dwarf_type_add(t->dwarf, t->added[i].type, btf, where);
		return added > 0 ? strip_names(btf, (uint32_t)added) : 0;
	}
	return 0;
}
