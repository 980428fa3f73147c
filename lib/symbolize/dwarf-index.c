#include <dwarf.h>
#include <stdlib.h>

#include "base/addr-search.h"
#include "base/array.h"
#include "base/util.h"
#include "symbolize/dwarf-index.h"

enum {
	UNITS_MAX = 1 << 20,  /* units that are listed of a file */
	RANGES_MAX = 1 << 22, /* ranges of addresses, of units or functions */
	DIES_MAX = 1 << 22,   /* entries that are looked at in a unit */
	INNER_MAX = 1 << 18,  /* the same for one address in a function */
	DEPTH_MAX = 32,       /* namespaces, classes and blocks in another */
	OVERLAP_MAX = 16,     /* ranges that may begin within another */
};

struct range {
	uint64_t low, high;
	uint64_t what; /* a unit's number, or the offset of a function */
};

struct ranges {
	struct range *v; /* owned; by address */
	size_t n, cap;
	bool failed; /* memory ran out */
};

struct unit {
	Dwarf_Die die;
	struct ranges functions;
	bool listed;
	bool skeleton; /* its functions are in a .dwo file */
};

struct dwarf_index {
	Dwarf *dw;          /* borrowed */
	struct unit *units; /* owned */
	size_t n, cap;
	struct ranges ranges;
	size_t budget; /* entries that may still be looked at */
};

static void
add_range(struct ranges *r, uint64_t low, uint64_t high, uint64_t what)
{
	if (low >= high || r->n == RANGES_MAX || r->failed)
		return;
	if (!array_room(r->v, r->n, r->cap)) {
		r->failed = true;
		return;
	}
	r->v[r->n++] = (struct range){ .low = low, .high = high, .what = what };
}

static void
add_ranges(struct ranges *r, Dwarf_Die *die, uint64_t what)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t offset = 0;

	for (size_t i = 0; i < RANGES_MAX; i++) {
		offset = dwarf_ranges(die, offset, &base, &low, &high);
		if (offset <= 0)
			return;
		/* What the linker threw away begins at 0. */
		if (low != 0)
			add_range(r, low, high, what);
	}
}

static int
compare(const void *a, const void *b)
{
	const struct range *l = a, *r = b;

	if (l->low != r->low)
		return l->low < r->low ? -1 : 1;
	/* The narrower one behind: it is found first. */
	return l->high > r->high ? -1 : l->high < r->high;
}

static void
sort_ranges(struct ranges *r)
{
	if (r->n > 0)
		qsort(r->v, r->n, sizeof(*r->v), compare);
}

static const struct range *
find_range(const struct ranges *r, uint64_t addr)
{
	size_t n = addr_search(r->v, r->n, sizeof(*r->v), addr);

	for (size_t i = 0; i < OVERLAP_MAX && n > 0; i++)
		if (addr < r->v[--n].high)
			return &r->v[n];
	return NULL;
}

static int
add_unit(struct dwarf_index *ix, const Dwarf_Die *die, uint8_t type)
{
	struct unit *u;

	if (!array_room(ix->units, ix->n, ix->cap))
		return -1;
	u = &ix->units[ix->n];
	*u = (struct unit){ .die = *die, .skeleton = type == DW_UT_skeleton };
	add_ranges(&ix->ranges, &u->die, ix->n++);
	return 0;
}

/* .debug_aranges would list them too, but not all compilers write it. */
static int
list_units(struct dwarf_index *ix)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Half version;
	uint8_t type;
	Dwarf_Die die;

	while (ix->n < UNITS_MAX && !ix->ranges.failed &&
	       dwarf_get_units(ix->dw, cu, &cu, &version, &type, &die, NULL) ==
		   0) {
		if (type != DW_UT_compile && type != DW_UT_skeleton)
			continue;
		if (add_unit(ix, &die, type) == -1)
			return -1;
	}
	sort_ranges(&ix->ranges);
	return ix->ranges.failed ? -1 : 0;
}

struct dwarf_index *
dwarf_index_new(Dwarf *dw)
{
	struct dwarf_index *ix = calloc(1, sizeof(*ix));

	if (ix == NULL)
		return NULL;
	ix->dw = dw;
	if (list_units(ix) == -1 || ix->ranges.n == 0) {
		dwarf_index_free(ix);
		return NULL;
	}
	return ix;
}

void
dwarf_index_free(struct dwarf_index *ix)
{
	if (ix == NULL)
		return;
	for (size_t i = 0; i < ix->n; i++)
		free(ix->units[i].functions.v);
	free(ix->units);
	free(ix->ranges.v);
	free(ix);
}

/* What functions are found in; those of a class stand in it if they are
 * defined there. */
static bool
holds_functions(int tag)
{
	switch (tag) {
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
		return true;
	default:
		return false;
	}
}

/* Move on to the next entry of the same parent.  Siblings may be chained in a
 * circle, so there is a budget. */
static bool
next(struct dwarf_index *ix, Dwarf_Die *die)
{
	if (ix->budget == 0)
		return false;
	ix->budget--;
	return dwarf_siblingof(die, die) == 0;
}

static void
list_functions(
    struct dwarf_index *ix, struct ranges *r, Dwarf_Die *parent, int depth)
{
	Dwarf_Die die;
	int tag;

	if (depth == DEPTH_MAX || dwarf_child(parent, &die) != 0)
		return;
	do {
		tag = dwarf_tag(&die);
		if (tag == DW_TAG_subprogram)
			add_ranges(r, &die, dwarf_dieoffset(&die));
		else if (holds_functions(tag))
			list_functions(ix, r, &die, depth + 1);
	} while (next(ix, &die));
}

/* The function of a unit that addr lies in. */
static bool
find_function(
    struct dwarf_index *ix, struct unit *u, uint64_t addr, Dwarf_Die *die)
{
	const struct range *r;

	if (u->skeleton)
		return false;
	if (!u->listed) {
		u->listed = true;
		ix->budget = DIES_MAX;
		list_functions(ix, &u->functions, &u->die, 0);
		sort_ranges(&u->functions);
	}
	r = find_range(&u->functions, addr);
	return r != NULL && dwarf_offdie(ix->dw, r->what, die) != NULL;
}

/* The first of the entries in parent, inlined functions and blocks, that addr
 * lies in. */
static bool
find_inner(
    struct dwarf_index *ix, Dwarf_Die *parent, uint64_t addr, Dwarf_Die *inner)
{
	int tag;

	if (dwarf_child(parent, inner) != 0)
		return false;
	do {
		tag = dwarf_tag(inner);
		if ((tag == DW_TAG_inlined_subroutine ||
			tag == DW_TAG_lexical_block) &&
		    dwarf_haspc(inner, addr) == 1)
			return true;
	} while (next(ix, inner));
	return false;
}

/* The function's entry, then those inlined into each other at addr: at most
 * max, the innermost last. */
static size_t
find_inlined(struct dwarf_index *ix, Dwarf_Die *function, uint64_t addr,
    Dwarf_Die *v, size_t max)
{
	Dwarf_Die at = *function, inner;
	size_t n = 0;

	v[n++] = at;
	ix->budget = INNER_MAX;
	for (size_t i = 0; i < 2 * SYMBOL_STORE_INLINES_MAX && n < max; i++) {
		if (!find_inner(ix, &at, addr, &inner))
			break;
		at = inner;
		if (dwarf_tag(&at) == DW_TAG_inlined_subroutine)
			v[n++] = at;
	}
	return n;
}

/* As the symbol tables have it, where that is said. */
static const char *
name_of(Dwarf_Die *die)
{
	static const unsigned int names[] = { DW_AT_linkage_name,
		DW_AT_MIPS_linkage_name, DW_AT_name };
	Dwarf_Attribute attr;
	const char *name;

	for (size_t i = 0; i < nitems(names); i++) {
		name = dwarf_formstring(
		    dwarf_attr_integrate(die, names[i], &attr));
		if (name != NULL && name[0] != '\0')
			return name;
	}
	return NULL;
}

/* Where the call stood that was inlined. */
static void
call_site(struct unit *u, Dwarf_Die *die, struct symbol_frame *f)
{
	Dwarf_Attribute attr;
	Dwarf_Word file, line;
	Dwarf_Files *files;
	size_t n;

	f->file = NULL;
	f->line = 0;
	if (dwarf_formudata(dwarf_attr(die, DW_AT_call_file, &attr), &file) ==
		0 &&
	    dwarf_getsrcfiles(&u->die, &files, &n) == 0 && file < n)
		f->file = dwarf_filesrc(files, (size_t)file, NULL, NULL);
	if (f->file != NULL &&
	    dwarf_formudata(dwarf_attr(die, DW_AT_call_line, &attr), &line) ==
		0)
		f->line = line;
}

/* Where the code at addr stands. */
static void
source_line(struct unit *u, uint64_t addr, struct symbol_frame *f)
{
	Dwarf_Line *row = dwarf_getsrc_die(&u->die, addr);
	int line;

	f->file = row != NULL ? dwarf_linesrc(row, NULL, NULL) : NULL;
	f->line = 0;
	if (f->file != NULL && dwarf_lineno(row, &line) == 0 && line > 0)
		f->line = (uint64_t)line;
}

size_t
dwarf_index_find(struct dwarf_index *ix, uint64_t addr,
    struct symbol_frame *frames, size_t max)
{
	const struct range *r = find_range(&ix->ranges, addr);
	Dwarf_Die chain[SYMBOL_STORE_INLINES_MAX], function;
	struct symbol_frame at = { .symbol = NULL };
	Dwarf_Addr entry;
	struct unit *u;
	size_t n = 0, out = 0;

	if (r == NULL || max == 0)
		return 0;
	u = &ix->units[r->what];
	source_line(u, addr, &at);
	if (find_function(ix, u, addr, &function))
		n = find_inlined(ix, &function, addr, chain,
		    max < SYMBOL_STORE_INLINES_MAX ? max
						   : SYMBOL_STORE_INLINES_MAX);
	for (; n > 1; n--) {
		at.symbol = name_of(&chain[n - 1]);
		frames[out++] = at;
		call_site(u, &chain[n - 1], &at);
	}
	at.symbol = n == 1 ? name_of(&function) : NULL;
	if (n == 1 && dwarf_entrypc(&function, &entry) == 0 && entry <= addr) {
		at.has_offset = true;
		at.offset = addr - entry;
	}
	if (n == 0 && at.file == NULL)
		return 0;
	frames[out++] = at;
	return out;
}
