#include <dwarf.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/util.h"
#include "lookup/dwarf-index.h"

enum {
	UNITS_MAX = 1 << 20,  /* units of a file */
	RANGES_MAX = 1 << 22, /* address ranges, of units or of functions */
	DIES_MAX = 1 << 22,   /* entries read to index a unit */
	INNER_MAX = 1 << 18,  /* entries read to find one address */
	DEPTH_MAX = 32,       /* of nested namespaces, classes and blocks */
	OVERLAP_MAX = 16,     /* ranges that may begin within another */
};

struct range {
	uint64_t low, high;
	uint64_t what; /* the number of a unit, or the offset of a DIE */
};

struct ranges {
	struct range *v; /* owned; sorted by address */
	size_t n, cap;
	bool failed; /* memory ran out */
};

struct unit {
	Dwarf_Die die;
	struct ranges functions;
	bool indexed;
	bool skeleton; /* its functions are in a .dwo file */
};

struct dwarf_index {
	Dwarf *dw;          /* borrowed */
	struct unit *units; /* owned */
	size_t n, cap;
	struct ranges ranges;
	size_t budget; /* entries that may still be read */
};

static void
add_ranges(struct ranges *r, Dwarf_Die *die, uint64_t what)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t offset = 0;

	for (size_t i = 0; i < RANGES_MAX; i++) {
		offset = dwarf_ranges(die, offset, &base, &low, &high);
		if (offset <= 0 || r->n == RANGES_MAX || r->failed)
			return;
		/* Code that the linker discarded has address 0. */
		if (low == 0 || low >= high)
			continue;
		r->failed = !array_room(r->v, r->n, r->cap);
		if (!r->failed)
			r->v[r->n++] = (struct range){ low, high, what };
	}
}

static int
compare_ranges(const void *a, const void *b)
{
	const struct range *l = a, *r = b;

	if (l->low != r->low)
		return l->low < r->low ? -1 : 1;
	/* The search goes backwards, so it finds the narrower range first. */
	return l->high > r->high ? -1 : l->high < r->high;
}

static void
sort_ranges(struct ranges *r)
{
	if (r->n > 0)
		qsort(r->v, r->n, sizeof(*r->v), compare_ranges);
}

static const struct range *
find_range(const struct ranges *r, uint64_t addr)
{
	size_t n = array_count_below(r->v, r->n, sizeof(*r->v), addr);

	for (size_t i = 0; i < OVERLAP_MAX && n > 0; i++)
		if (addr < r->v[--n].high)
			return &r->v[n];
	return NULL;
}

/* Index the units.  Not all compilers write .debug_aranges, which would list
 * them.  Returns 0, or -1 if memory runs out. */
static int
index_units(struct dwarf_index *ix)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Half version;
	struct unit *u;
	uint8_t type;
	Dwarf_Die die;

	while (ix->n < UNITS_MAX && !ix->ranges.failed &&
	       dwarf_get_units(ix->dw, cu, &cu, &version, &type, &die, NULL) ==
		   0) {
		if (type != DW_UT_compile && type != DW_UT_skeleton)
			continue;
		if (!array_room(ix->units, ix->n, ix->cap))
			return -1;
		u = &ix->units[ix->n];
		*u = (struct unit){ .die = die,
			.skeleton = type == DW_UT_skeleton };
		add_ranges(&ix->ranges, &u->die, ix->n++);
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
	if (index_units(ix) == -1 || ix->ranges.n == 0) {
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

/* Whether entries with this tag contain functions, as a class does. */
static bool
contains_functions(int tag)
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

/* Go to the next sibling of an entry.  The budget ends chains of siblings that
 * form a circle.  Returns false at the end. */
static bool
next_sibling(struct dwarf_index *ix, Dwarf_Die *die)
{
	if (ix->budget == 0)
		return false;
	ix->budget--;
	return dwarf_siblingof(die, die) == 0;
}

/* Add the functions below parent to r. */
static void
index_functions(
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
		else if (contains_functions(tag))
			index_functions(ix, r, &die, depth + 1);
	} while (next_sibling(ix, &die));
}

/* Find the function of a unit that contains addr. */
static bool
find_function(
    struct dwarf_index *ix, struct unit *u, uint64_t addr, Dwarf_Die *die)
{
	const struct range *r;

	if (u->skeleton)
		return false;
	if (!u->indexed) {
		u->indexed = true;
		ix->budget = DIES_MAX;
		index_functions(ix, &u->functions, &u->die, 0);
		sort_ranges(&u->functions);
	}
	r = find_range(&u->functions, addr);
	return r != NULL && dwarf_offdie(ix->dw, r->what, die) != NULL;
}

/* Find the first inlined function or block in parent that contains addr. */
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
	} while (next_sibling(ix, inner));
	return false;
}

/* Set v to the function and those that are inlined into each other at addr, the
 * innermost last, at most max.  Returns how many. */
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

/* The name as in the symbol tables, else as in the source; or NULL. */
static const char *
function_name(Dwarf_Die *die)
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

/* Set file and line of f to the call that was inlined. */
static void
set_call_site(struct unit *u, Dwarf_Die *die, struct symbol_frame *f)
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

/* Set file and line of f to the source of addr. */
static void
set_source_line(struct unit *u, uint64_t addr, struct symbol_frame *f)
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
	set_source_line(u, addr, &at);
	if (find_function(ix, u, addr, &function))
		n = find_inlined(ix, &function, addr, chain,
		    max < SYMBOL_STORE_INLINES_MAX ? max
						   : SYMBOL_STORE_INLINES_MAX);
	for (; n > 1; n--) {
		at.symbol = function_name(&chain[n - 1]);
		frames[out++] = at;
		set_call_site(u, &chain[n - 1], &at);
	}
	at.symbol = n == 1 ? function_name(&function) : NULL;
	if (n == 1 && dwarf_entrypc(&function, &entry) == 0 && entry <= addr) {
		at.has_offset = true;
		at.offset = addr - entry;
	}
	if (n == 0 && at.file == NULL)
		return 0;
	frames[out++] = at;
	return out;
}
