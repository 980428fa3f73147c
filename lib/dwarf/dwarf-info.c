#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "dwarf/dwarf-form.h"
#include "dwarf/dwarf-info.h"

enum {
	BUDGET_PER_BYTE =
	    4, /* how often the same bytes may be read as tables */
	BUDGET_SPARE = 1 << 16,
	LONG_UNIT = 8, /* bytes of an offset in a unit of the 64-bit form */
	SIGNATURE_BYTES = 8,
	WORK_MAX = 1 << 26, /* attributes, a few seconds */
};
#define LONG_UNIT_MARK UINT32_MAX

bool
dwarf_budget_take(struct dwarf_info *d, uint64_t n)
{
	if (n > d->budget) {
		d->budget = 0;
		return false;
	}
	d->budget -= n;
	return true;
}

static enum dwarf_state
say_nomem(void)
{
	report_nomem();
	return DWARF_NO_MEMORY;
}

/* Reads the forms of one abbreviation. */
static enum dwarf_state
read_forms(struct dwarf_info *d, struct dwarf_abbrev *a, struct dwarf_cursor *c)
{
	struct dwarf_attribute_form f;
	uint64_t at, form;

	a->forms = (uint32_t)d->nforms;
	while (a->nforms <= DWARF_ATTRIBUTES_MAX) {
		at = dwarf_uleb(c);
		form = dwarf_uleb(c);
		if (c->failed)
			return DWARF_DAMAGED;
		if (at == 0 && form == 0)
			return DWARF_READ;
		f = (struct dwarf_attribute_form){
			.at = at <= UINT16_MAX ? (uint16_t)at : 0,
			.form = form <= UINT16_MAX ? (uint16_t)form : 0,
		};
		if (form == DW_FORM_implicit_const)
			f.constant = dwarf_sleb(c);
		if (!array_room(d->forms, d->nforms, d->forms_cap))
			return say_nomem();
		d->forms[d->nforms++] = f;
		a->nforms++;
	}
	return DWARF_DAMAGED;
}

static int
compare_abbrevs(const void *l, const void *r)
{
	const struct dwarf_abbrev *a = l, *b = r;

	return a->code < b->code ? -1 : a->code > b->code;
}

/* Reads the table of abbreviations at t->offset. */
static enum dwarf_state
read_abbrevs(struct dwarf_info *d, struct dwarf_abbrevs *t)
{
	struct dwarf_cursor c =
	    dwarf_cursor_at(&d->sections.v[DWARF_ABBREV], t->offset);
	enum dwarf_state state = DWARF_READ;
	struct dwarf_abbrev a;
	const unsigned char *start;
	bool sorted = true;

	t->first = (uint32_t)d->nabbrevs;
	for (t->n = 0;; t->n++) {
		start = c.p;
		a = (struct dwarf_abbrev){ .code = dwarf_uleb(&c) };
		if (!c.failed && a.code == 0)
			break;
		a.tag = (uint16_t)dwarf_uleb(&c);
		a.has_children = dwarf_number(&c, 1) != 0;
		if (c.failed)
			return DWARF_DAMAGED;
		if ((state = read_forms(d, &a, &c)) != DWARF_READ)
			return state;
		if (!dwarf_budget_take(d, (uint64_t)(c.p - start)))
			return DWARF_DAMAGED;
		if (!array_room(d->abbrevs, d->nabbrevs, d->abbrevs_cap))
			return say_nomem();
		if (t->n > 0 && d->abbrevs[d->nabbrevs - 1].code >= a.code)
			sorted = false;
		d->abbrevs[d->nabbrevs++] = a;
	}
	if (!sorted)
		qsort(d->abbrevs + t->first, t->n, sizeof(a), compare_abbrevs);
	return DWARF_READ;
}

/* Finds or reads the table of abbreviations of the unit. */
static enum dwarf_state
set_abbrevs(struct dwarf_info *d, struct dwarf_unit *u, uint64_t offset)
{
	for (size_t i = d->nunits; i > 0; i--) {
		if (d->units[i - 1].abbrevs.offset == offset) {
			u->abbrevs = d->units[i - 1].abbrevs;
			return DWARF_READ;
		}
	}
	u->abbrevs.offset = offset;
	return read_abbrevs(d, &u->abbrevs);
}

static const struct dwarf_abbrev *
find_abbrev(
    const struct dwarf_info *d, const struct dwarf_unit *u, uint64_t code)
{
	const struct dwarf_abbrev key = { .code = code };
	const struct dwarf_abbrev *v;

	if (u->abbrevs.n == 0)
		return NULL;
	v = d->abbrevs + u->abbrevs.first;
	/* Compilers number them from 1. */
	if (code <= u->abbrevs.n && code > 0 && v[code - 1].code == code)
		return &v[code - 1];
	return bsearch(&key, v, u->abbrevs.n, sizeof(*v), compare_abbrevs);
}

/* Skips what only units of this type have in their headers. */
static bool
skip_unit_header(
    const struct dwarf_unit *u, unsigned int type, struct dwarf_cursor *c)
{
	switch (type) {
	case DW_UT_compile:
	case DW_UT_partial:
		return true;
	case DW_UT_skeleton:
	case DW_UT_split_compile:
		return dwarf_skip(c, SIGNATURE_BYTES) != NULL;
	case DW_UT_type:
	case DW_UT_split_type:
		return dwarf_skip(c, SIGNATURE_BYTES + u->offset_bytes) != NULL;
	default:
		return false;
	}
}

/* Reads the header of the unit at c, which is moved to its end. */
static enum dwarf_state
read_unit_header(
    struct dwarf_info *d, struct dwarf_unit *u, struct dwarf_cursor *c)
{
	const unsigned char *base = d->sections.v[DWARF_INFO].v;
	unsigned int type = DW_UT_compile;
	struct dwarf_cursor in;
	uint64_t len, abbrevs;

	u->header = (uint64_t)(c->p - base);
	u->offset_bytes = 4;
	if ((len = dwarf_number(c, 4)) == LONG_UNIT_MARK) {
		u->offset_bytes = LONG_UNIT;
		len = dwarf_number(c, LONG_UNIT);
	}
	in = *c;
	if (dwarf_skip(c, len) == NULL)
		return DWARF_DAMAGED;
	in.end = c->p;
	u->version = (uint16_t)dwarf_number(&in, 2);
	if (u->version >= 5) {
		type = (unsigned int)dwarf_number(&in, 1);
		u->address_bytes = (unsigned char)dwarf_number(&in, 1);
		abbrevs = dwarf_number(&in, u->offset_bytes);
	} else {
		abbrevs = dwarf_number(&in, u->offset_bytes);
		u->address_bytes = (unsigned char)dwarf_number(&in, 1);
	}
	if (u->version < 2 || u->version > 5 || in.failed ||
	    (u->address_bytes != 4 && u->address_bytes != 8) ||
	    !skip_unit_header(u, type, &in))
		return DWARF_DAMAGED;
	u->start = (uint64_t)(in.p - base);
	u->end = (uint64_t)(in.end - base);
	return set_abbrevs(d, u, abbrevs);
}

/* The list of entries while that of one unit is added. */
struct entry_walk {
	struct dwarf_info *d;
	struct dwarf_unit *unit;
	struct dwarf_cursor c;
	uint32_t parents[DWARF_DEPTH_MAX]; /* entries */
	unsigned int depth;
};

/* Skips the attributes of an entry. */
static void
skip_attributes(struct entry_walk *w, const struct dwarf_abbrev *a)
{
	for (unsigned int i = 0; i < a->nforms && !w->c.failed; i++)
		dwarf_form_read(
		    NULL, w->unit, &w->c, &w->d->forms[a->forms + i]);
}

/* Adds the entry at the cursor, or ends a list of children. */
static enum dwarf_state
add_entry(struct entry_walk *w)
{
	struct dwarf_info *d = w->d;
	const struct dwarf_abbrev *a;
	struct dwarf_entry e = {
		.offset = (uint32_t)(w->c.p - d->sections.v[DWARF_INFO].v),
		.unit = (uint16_t)d->nunits,
	};
	uint64_t code = dwarf_uleb(&w->c);

	if (code == 0 && !w->c.failed) {
		if (w->depth > 0)
			d->entries[w->parents[--w->depth]].next =
			    (uint32_t)d->n;
		return DWARF_READ;
	}
	if (w->c.failed || (a = find_abbrev(d, w->unit, code)) == NULL)
		return DWARF_DAMAGED;
	if (d->n == DWARF_ENTRIES_MAX)
		return DWARF_TOO_LARGE;
	if (!array_room(d->entries, d->n, d->cap))
		return say_nomem();
	e.tag = a->tag;
	e.next = (uint32_t)d->n + 1;
	skip_attributes(w, a);
	if (w->c.failed || (a->has_children && w->depth == DWARF_DEPTH_MAX))
		return DWARF_DAMAGED;
	if (a->has_children)
		w->parents[w->depth++] = (uint32_t)d->n;
	d->entries[d->n++] = e;
	return DWARF_READ;
}

/* Adds the entries of the unit. */
static enum dwarf_state
add_unit_entries(struct dwarf_info *d, struct dwarf_unit *u)
{
	struct entry_walk w = { .d = d,
		.unit = u,
		.c = dwarf_cursor_at(&d->sections.v[DWARF_INFO], u->start) };
	enum dwarf_state state = DWARF_READ;

	w.c.end = d->sections.v[DWARF_INFO].v + u->end;
	while (state == DWARF_READ && w.c.p < w.c.end)
		state = add_entry(&w);
	while (w.depth > 0)
		d->entries[w.parents[--w.depth]].next = (uint32_t)d->n;
	return state;
}

/* Keeps the attributes of the first entry, which hold for the whole unit. */
static void
set_unit_bases(struct dwarf_info *d, struct dwarf_unit *u, uint32_t entry)
{
	/* A table of version 5 starts after its header. */
	unsigned int header = u->offset_bytes == LONG_UNIT ? 16 : 8;
	struct dwarf_attributes a;

	u->str_offsets_base = u->version < 5 ? 0 : header;
	u->addr_base = header;
	u->lines = UINT64_MAX;
	/* An index means nothing before the bases are known. */
	for (int i = 0; i < 2; i++) {
		dwarf_attributes_read(d, entry, &a);
		if (a.str_offsets_base.kind != DWARF_ABSENT)
			u->str_offsets_base = a.str_offsets_base.number;
		if (a.addr_base.kind != DWARF_ABSENT)
			u->addr_base = a.addr_base.number;
		if (a.loclists_base.kind != DWARF_ABSENT)
			u->loclists_base = a.loclists_base.number;
		if (a.rnglists_base.kind != DWARF_ABSENT)
			u->rnglists_base = a.rnglists_base.number;
		if (a.low_pc.kind == DWARF_ADDRESS_VALUE)
			u->low_pc = a.low_pc.number;
		if (a.lines.kind != DWARF_ABSENT)
			u->lines = a.lines.number;
	}
}

static enum dwarf_state
add_unit(struct dwarf_info *d, struct dwarf_cursor *c)
{
	uint32_t first = (uint32_t)d->n;
	struct dwarf_unit u = { 0 };
	enum dwarf_state state;

	if (d->nunits == DWARF_UNITS_MAX)
		return DWARF_TOO_LARGE;
	if ((state = read_unit_header(d, &u, c)) != DWARF_READ ||
	    (state = add_unit_entries(d, &u)) != DWARF_READ)
		return state;
	if (!array_room(d->units, d->nunits, d->units_cap))
		return say_nomem();
	d->units[d->nunits++] = u;
	if (d->n > first)
		set_unit_bases(d, &d->units[d->nunits - 1], first);
	return DWARF_READ;
}

enum dwarf_state
dwarf_info_open(struct dwarf_info *d, const struct bpf_elf *elf)
{
	enum dwarf_state state;
	struct dwarf_cursor c;

	*d = (struct dwarf_info){ 0 };
	if ((state = dwarf_sections_open(&d->sections, elf)) != DWARF_READ)
		return state;
	for (int i = 0; i < DWARF_SECTIONS; i++)
		d->budget += BUDGET_PER_BYTE * d->sections.v[i].n;
	d->budget += BUDGET_SPARE;
	if ((d->work = malloc(sizeof(*d->work))) == NULL)
		state = say_nomem();
	else
		*d->work = WORK_MAX;
	c = dwarf_cursor_at(&d->sections.v[DWARF_INFO], 0);
	while (state == DWARF_READ && c.p < c.end)
		state = add_unit(d, &c);
	if (state != DWARF_READ)
		dwarf_info_close(d);
	return state;
}

void
dwarf_info_close(struct dwarf_info *d)
{
	for (size_t i = 0; i < d->nunits; i++)
		free(d->units[i].is_foreign);
	free(d->units);
	free(d->abbrevs);
	free(d->forms);
	free(d->entries);
	free(d->work);
	dwarf_sections_close(&d->sections);
	*d = (struct dwarf_info){ 0 };
}

uint32_t
dwarf_entry_find(const struct dwarf_info *d, uint64_t offset)
{
	size_t i;

	array_partition(i, d->n, d->entries[i].offset < offset);
	return i < d->n && d->entries[i].offset == offset ? (uint32_t)i
							  : DWARF_NO_ENTRY;
}

/* The member of a that keeps this attribute's value; NULL if none does. */
static struct dwarf_value *
get_attribute_member(struct dwarf_attributes *a, unsigned int at)
{
	switch (at) {
	case DW_AT_byte_size:
		return &a->byte_size;
	case DW_AT_bit_size:
		return &a->bit_size;
	case DW_AT_bit_offset:
		return &a->bit_offset;
	case DW_AT_data_bit_offset:
		return &a->data_bit_offset;
	case DW_AT_data_member_location:
		return &a->member_offset;
	case DW_AT_encoding:
		return &a->encoding;
	case DW_AT_const_value:
		return &a->constant;
	case DW_AT_count:
		return &a->count;
	case DW_AT_upper_bound:
		return &a->upper_bound;
	case DW_AT_location:
		return &a->location;
	case DW_AT_low_pc:
		return &a->low_pc;
	case DW_AT_high_pc:
		return &a->high_pc;
	case DW_AT_ranges:
		return &a->ranges;
	case DW_AT_frame_base:
		return &a->frame_base;
	case DW_AT_str_offsets_base:
		return &a->str_offsets_base;
	case DW_AT_addr_base:
		return &a->addr_base;
	case DW_AT_loclists_base:
		return &a->loclists_base;
	case DW_AT_rnglists_base:
		return &a->rnglists_base;
	case DW_AT_stmt_list:
		return &a->lines;
	default:
		return NULL;
	}
}

static uint32_t
get_reference(const struct dwarf_info *d, const struct dwarf_value *v)
{
	return v->kind == DWARF_REFERENCE ? dwarf_entry_find(d, v->number)
					  : DWARF_NO_ENTRY;
}

static void
set_attribute(const struct dwarf_info *d, struct dwarf_attributes *a,
    unsigned int at, const struct dwarf_value *v)
{
	struct dwarf_value *member = get_attribute_member(a, at);

	if (member != NULL) {
		*member = *v;
		return;
	}
	switch (at) {
	case DW_AT_name:
		if (v->text != NULL && v->text[0] != '\0' &&
		    strnlen(v->text, DWARF_NAME_MAX) < DWARF_NAME_MAX)
			a->name = v->text;
		break;
	case DW_AT_type:
		a->type = get_reference(d, v);
		break;
	case DW_AT_abstract_origin:
	case DW_AT_specification:
		a->origin = get_reference(d, v);
		break;
	case DW_AT_declaration:
		a->declaration = v->number != 0;
		break;
	case DW_AT_decl_file:
		a->file = v->number;
		break;
	}
}

void
dwarf_attributes_read(
    const struct dwarf_info *d, uint32_t entry, struct dwarf_attributes *a)
{
	const struct dwarf_entry *e = &d->entries[entry];
	const struct dwarf_unit *u = &d->units[e->unit];
	struct dwarf_cursor c =
	    dwarf_cursor_at(&d->sections.v[DWARF_INFO], e->offset);
	const struct dwarf_abbrev *abbrev = find_abbrev(d, u, dwarf_uleb(&c));
	const struct dwarf_attribute_form *f;
	struct dwarf_value v;

	*a = (struct dwarf_attributes){ .type = DWARF_NO_ENTRY,
		.origin = DWARF_NO_ENTRY };
	if (abbrev == NULL || *d->work < abbrev->nforms)
		return;
	*d->work -= abbrev->nforms;
	for (unsigned int i = 0; i < abbrev->nforms; i++) {
		f = &d->forms[abbrev->forms + i];
		v = dwarf_form_read(d, u, &c, f);
		if (c.failed)
			return;
		set_attribute(d, a, f->at, &v);
	}
}
