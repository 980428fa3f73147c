#include "dwarf/dwarf-list.h"
#include "dwarf/dwarf-form.h"

/* The kinds of entries in a list of version 5, for both of its numberings. */
enum list_kind {
	LIST_UNKNOWN,
	LIST_END,
	LIST_BASE_INDEX,
	LIST_START_END_INDEX,
	LIST_START_LENGTH_INDEX,
	LIST_OFFSETS,
	LIST_DEFAULT, /* wherever no other entry applies */
	LIST_BASE,
	LIST_START_END,
	LIST_START_LENGTH,
};

/* By number: DW_RLE_ and DW_LLE_. */
static const unsigned char range_kinds[] = { LIST_END, LIST_BASE_INDEX,
	LIST_START_END_INDEX, LIST_START_LENGTH_INDEX, LIST_OFFSETS, LIST_BASE,
	LIST_START_END, LIST_START_LENGTH };
static const unsigned char location_kinds[] = { LIST_END, LIST_BASE_INDEX,
	LIST_START_END_INDEX, LIST_START_LENGTH_INDEX, LIST_OFFSETS,
	LIST_DEFAULT, LIST_BASE, LIST_START_END, LIST_START_LENGTH };

/* A list while it is read. */
struct range_list {
	struct dwarf_info *d; /* borrowed, as all here */
	const struct dwarf_unit *unit;
	struct dwarf_cursor c;
	bool has_expressions;
	uint64_t base;
	dwarf_range_fn *fn;
	void *ctx;
};

/* Reads the expression of the entry, if it has one, and passes it on.  Returns
 * whether to read on. */
static bool
end_entry(struct range_list *l, uint64_t low, uint64_t high, uint64_t len)
{
	struct dwarf_span expression = { .n = (size_t)len };

	expression.v = dwarf_skip(&l->c, len);
	if (l->c.failed)
		return false;
	return low >= high || l->fn(l->ctx, low, high, &expression);
}

static uint64_t
read_address(struct range_list *l)
{
	return dwarf_number(&l->c, l->unit->address_bytes);
}

static uint64_t
read_indexed_address(struct range_list *l)
{
	uint64_t address = 0, index = dwarf_uleb(&l->c);

	if (!dwarf_address_find(l->d, l->unit, index, &address))
		l->c.failed = true;
	return address;
}

/* Reads one entry of version 5.  Returns whether to read on. */
static bool
read_entry(struct range_list *l, enum list_kind kind)
{
	uint64_t low = 0, high = 0;

	switch (kind) {
	case LIST_BASE_INDEX:
		l->base = read_indexed_address(l);
		return !l->c.failed;
	case LIST_BASE:
		l->base = read_address(l);
		return !l->c.failed;
	case LIST_START_END_INDEX:
		low = read_indexed_address(l);
		high = read_indexed_address(l);
		break;
	case LIST_START_LENGTH_INDEX:
		low = read_indexed_address(l);
		high = low + dwarf_uleb(&l->c);
		break;
	case LIST_OFFSETS:
		low = l->base + dwarf_uleb(&l->c);
		high = l->base + dwarf_uleb(&l->c);
		break;
	case LIST_START_END:
		low = read_address(l);
		high = read_address(l);
		break;
	case LIST_START_LENGTH:
		low = read_address(l);
		high = low + dwarf_uleb(&l->c);
		break;
	case LIST_DEFAULT:
		break;
	default:
		return false;
	}
	return end_entry(
	    l, low, high, l->has_expressions ? dwarf_uleb(&l->c) : 0);
}

static void
read_new_list(struct range_list *l)
{
	const unsigned char *kinds =
	    l->has_expressions ? location_kinds : range_kinds;
	size_t n =
	    l->has_expressions ? sizeof(location_kinds) : sizeof(range_kinds);
	const unsigned char *start;
	uint64_t kind;

	do {
		start = l->c.p;
		kind = dwarf_number(&l->c, 1);
		if (l->c.failed || kind >= n || !read_entry(l, kinds[kind]))
			return;
	} while (dwarf_budget_take(l->d, (uint64_t)(l->c.p - start)));
}

/* Reads pairs of addresses: of offsets from the base, or a new base. */
static void
read_old_list(struct range_list *l)
{
	uint64_t mark = l->unit->address_bytes == 8 ? UINT64_MAX : UINT32_MAX;
	const unsigned char *start;
	uint64_t low, high;

	do {
		start = l->c.p;
		low = read_address(l);
		high = read_address(l);
		if (l->c.failed || (low == 0 && high == 0))
			return;
		if (low == mark)
			l->base = high;
		else if (!end_entry(l, l->base + low, l->base + high,
			     l->has_expressions ? dwarf_number(&l->c, 2) : 0))
			return;
	} while (dwarf_budget_take(l->d, (uint64_t)(l->c.p - start)));
}

/* Sets the cursor to the list that v refers to. */
static void
find_list(struct range_list *l, enum dwarf_section section, uint64_t base,
    const struct dwarf_value *v)
{
	const struct dwarf_span *span = &l->d->sections.v[section];
	uint64_t offset = v->number;

	if (v->kind == DWARF_LIST_INDEX) {
		/* The unit's base is that of a table of offsets from there. */
		l->c = dwarf_cursor_at(span, base);
		if (offset > UINT32_MAX)
			l->c.failed = true;
		dwarf_skip(&l->c, offset * l->unit->offset_bytes);
		offset = base + dwarf_number(&l->c, l->unit->offset_bytes);
		if (l->c.failed)
			return;
	}
	l->c = dwarf_cursor_at(span, offset);
}

/* Whether v refers to a list.  Until version 3, offsets were constants. */
static bool
refers_to_list(const struct dwarf_value *v)
{
	return v->kind == DWARF_LIST_INDEX || v->kind == DWARF_SECTION_OFFSET ||
	       v->kind == DWARF_CONSTANT;
}

void
dwarf_ranges_read(struct dwarf_info *d, const struct dwarf_unit *u,
    const struct dwarf_attributes *a, dwarf_range_fn *fn, void *ctx)
{
	struct range_list l = {
		.d = d, .unit = u, .base = u->low_pc, .fn = fn, .ctx = ctx
	};
	const struct dwarf_span none = { NULL, 0 };
	uint64_t low = a->low_pc.number, high = a->high_pc.number;

	if (a->low_pc.kind == DWARF_ADDRESS_VALUE &&
	    a->high_pc.kind != DWARF_ABSENT) {
		if (a->high_pc.kind != DWARF_ADDRESS_VALUE)
			high += low;
		if (low < high)
			fn(ctx, low, high, &none);
	} else if (refers_to_list(&a->ranges) && u->version >= 5) {
		find_list(&l, DWARF_RNGLISTS, u->rnglists_base, &a->ranges);
		read_new_list(&l);
	} else if (refers_to_list(&a->ranges)) {
		find_list(&l, DWARF_RANGES, 0, &a->ranges);
		read_old_list(&l);
	}
}

void
dwarf_locations_read(struct dwarf_info *d, const struct dwarf_unit *u,
    const struct dwarf_value *v, dwarf_range_fn *fn, void *ctx)
{
	struct range_list l = { .d = d,
		.unit = u,
		.has_expressions = true,
		.base = u->low_pc,
		.fn = fn,
		.ctx = ctx };

	if (!refers_to_list(v))
		return;
	if (u->version >= 5) {
		find_list(&l, DWARF_LOCLISTS, u->loclists_base, v);
		read_new_list(&l);
	} else {
		find_list(&l, DWARF_LOC, 0, v);
		read_old_list(&l);
	}
}
