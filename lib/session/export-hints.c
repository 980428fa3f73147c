#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "elf/btf-variables.h"
#include "elf/btf.h"
#include "elf/libbpf-log.h"
#include "infer/written-variable.h"
#include "package/sample-option.h"
#include "session/export-hints.h"

enum {
	HINTS_SHOWN = 8,
	HINT_DEPTH = 8,     /* typedefs, arrays and qualifiers in a row */
	SCORE_SLOTS = 8,    /* a histogram */
	SCORE_STRUCT = 4,   /* several numbers */
	SCORE_ADDRESS = -6, /* the key is an address: of what is under way */
	SCORE_SCRATCH = -6, /* room for one value of each CPU */
	SCORE_DELETED = -6, /* the program deletes keys: of what is under way */
	SCORE_FILLED = 3,   /* the program adds keys */
	SCORE_SECTION = 1,  /* it shows all variables at once */
};

struct hint {
	const char *name; /* borrowed */
	int score;
	size_t order; /* equal scores keep the order of the object */
	char what[96];
};

struct hints {
	const struct btf *btf;     /* borrowed, or NULL */
	const struct bpf_elf *elf; /* borrowed */
	struct helper_calls calls; /* in its code */
	struct written_variables written;
	struct btf_variables variables;
	struct hint *v; /* owned */
	size_t n, cap;
};

static const struct btf_type *
skip_to_type(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t =
	    btf != NULL ? btf__type_by_id(btf, id) : NULL;

	for (int i = 0; i < HINT_DEPTH && t != NULL &&
			(btf_is_mod(t) || btf_is_typedef(t));
	     i++)
		t = btf__type_by_id(btf, t->type);
	return t;
}

static bool
has_slots(const struct btf *btf, const struct btf_type *t)
{
	const struct btf_member *m = btf_members(t);

	for (unsigned int i = 0; i < btf_vlen(t); i++)
		if (strcmp(btf_name(btf, m[i].name_off), "slots") == 0)
			return true;
	return false;
}

/* Rates how likely a value of the type is a result. */
static int
score_type(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = skip_to_type(btf, id);

	for (int i = 0; i < HINT_DEPTH && t != NULL && btf_is_array(t); i++)
		t = skip_to_type(btf, btf_array(t)->type);
	if (t == NULL || !btf_is_composite(t))
		return 0;
	return has_slots(btf, t) ? SCORE_SLOTS : SCORE_STRUCT;
}

static struct hint *
new_hint(struct hints *h, const char *name, int score)
{
	if (!array_room(h->v, h->n, h->cap)) {
		report_nomem();
		return NULL;
	}
	h->v[h->n] =
	    (struct hint){ .name = name, .score = score, .order = h->n };
	return &h->v[h->n++];
}

/* Whether the map is only a place for a record that is being put together. */
static bool
is_scratch(const struct bpf_map *map)
{
	return bpf_map__type(map) == BPF_MAP_TYPE_PERCPU_ARRAY &&
	       bpf_map__max_entries(map) == 1;
}

/* Rates the map by the calls of the program. */
static int
score_calls(const struct hints *h, const char *map)
{
	bool filled = false, deleted = false;

	for (size_t i = 0; i < h->calls.n; i++) {
		const struct helper_call *c = &h->calls.v[i];

		if (c->argument[0].kind != CODE_MAP ||
		    strcmp(c->argument[0].map, map) != 0)
			continue;
		filled |= c->helper == BPF_FUNC_map_update_elem;
		deleted |= c->helper == BPF_FUNC_map_delete_elem;
	}
	return (filled ? SCORE_FILLED : 0) + (deleted ? SCORE_DELETED : 0);
}

static void
add_map_hint(struct hints *h, const struct bpf_map *map)
{
	uint32_t key_id = bpf_map__btf_key_type_id(map);
	uint32_t value_id = bpf_map__btf_value_type_id(map);
	const struct btf_type *key = skip_to_type(h->btf, key_id);
	char *k, *v;
	int score = score_type(h->btf, value_id);
	struct hint *hint;

	if (key != NULL && btf_is_composite(key))
		score += SCORE_STRUCT;
	if (key != NULL && btf_is_ptr(key))
		score += SCORE_ADDRESS;
	if (is_scratch(map))
		score += SCORE_SCRATCH;
	score += score_calls(h, bpf_map__name(map));
	if ((hint = new_hint(h, bpf_map__name(map), score)) == NULL)
		return;
	k = key_id == 0 ? NULL : btf_declaration(h->btf, key_id);
	v = value_id == 0 ? NULL : btf_declaration(h->btf, value_id);
	snprintf(hint->what, sizeof(hint->what), "%s of %s by %s",
	    libbpf_map_type_name(bpf_map__type(map)), v != NULL ? v : "bytes",
	    k != NULL ? k : "bytes");
	free(k);
	free(v);
}

/* Adds a hint for a whole section, whose variables are the hints from first on,
 * if there are several. */
static void
add_section_hint(struct hints *h, const struct package_section *s, size_t first)
{
	size_t n = h->n - first;
	struct hint *hint;
	int score = 0;

	for (size_t i = first; i < h->n; i++)
		if (h->v[i].score > score)
			score = h->v[i].score;
	if (n < 2 ||
	    (hint = new_hint(h, s->name, score + SCORE_SECTION)) == NULL)
		return;
	snprintf(
	    hint->what, sizeof(hint->what), "the %zu variables together", n);
}

static void
add_variable_hints(struct hints *h, const struct package_section *s)
{
	const struct btf_var_secinfo *at;
	size_t first = h->n;
	struct hint *hint;
	uint32_t id = btf_variables_section(&h->variables, s->name);

	if (id == 0)
		return;
	for (size_t i = 0; i < s->nvariables; i++) {
		const struct package_variable *v = &s->variables[i];
		const struct btf_type *t;

		at = btf_variables_find(&h->variables, id, v->name);
		if (at == NULL ||
		    !written_variables_have(&h->written, s->name, v->name))
			continue;
		t = skip_to_type(
		    h->btf, btf__type_by_id(h->btf, at->type)->type);
		if (t == NULL || btf_is_ptr(t))
			continue;
		hint = new_hint(h, v->name,
		    score_type(
			h->btf, btf__type_by_id(h->btf, at->type)->type));
		if (hint == NULL)
			return;
		snprintf(
		    hint->what, sizeof(hint->what), "variable, %s", v->type);
	}
	add_section_hint(h, s, first);
}

static int
compare_hints(const void *a, const void *b)
{
	const struct hint *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static void
report_hints(const struct package *p, const struct hints *h, bool prints)
{
	if (h->n == 0 && prints)
		return;
	if (h->n == 0) {
		report_notice("%s: nothing to export: it has neither records "
			      "nor maps or variables that could be sampled",
		    p->name);
		return;
	}
	qsort(h->v, h->n, sizeof(*h->v), compare_hints);
	report_notice("%s: %s may be in:", p->name,
	    prints ? "nothing to export but what it prints; more results"
		   : "nothing to export; its results");
	for (size_t i = 0; i < h->n && i < HINTS_SHOWN; i++)
		report_notice(
		    "  --sample %-20s %s", h->v[i].name, h->v[i].what);
	if (h->n > HINTS_SHOWN)
		report_notice("  and %zu more", h->n - HINTS_SHOWN);
}

void
export_hints(const struct package *p, const struct object *o, bool prints)
{
	struct hints h = { .btf = bpf_object__btf(o->bpf), .elf = &p->object };
	struct bpf_map *map;

	if (helper_calls_open(&h.calls, h.elf) == -1)
		return;
	if (btf_variables_open(&h.variables, h.btf) == -1 ||
	    written_variables_open(&h.written, &h.calls, h.elf) == -1) {
		btf_variables_close(&h.variables);
		helper_calls_close(&h.calls);
		return;
	}
	bpf_object__for_each_map (map, o->bpf)
		if (!bpf_map__is_internal(map) &&
		    sample_option_allows(bpf_map__type(map)))
			add_map_hint(&h, map);
	for (size_t i = 0; i < p->nsections; i++)
		add_variable_hints(&h, &p->sections[i]);
	report_hints(p, &h, prints);
	written_variables_close(&h.written);
	btf_variables_close(&h.variables);
	helper_calls_close(&h.calls);
	free(h.v);
}
