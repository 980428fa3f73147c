#include <bpf/libbpf.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/report.h"
#include "base/util.h"
#include "infer/helper-calls.h"
#include "record/stack-layout.h"
#include "session/stack-guess.h"

struct guess {
	const struct types *types; /* borrowed, as all here */
	const struct fields *fields;
	const struct object *object;
	bool has_ids; /* the object has a stack-trace map */
	bool plain_is_user, plain_is_known;
	const struct field *sides[STACK_SIDES];
	bool any_id;
};

/* Counts the stack-trace maps of the object. */
static size_t
count_stack_maps(const struct object *o)
{
	struct bpf_map *map;
	size_t n = 0;

	bpf_object__for_each_map (map, o->bpf)
		n += bpf_map__type(map) == BPF_MAP_TYPE_STACK_TRACE;
	return n;
}

static bool
is_id(const struct guess *g, const struct field *f)
{
	const struct type *t = field_place_type(g->types, &f->place);

	return t != NULL && t->kind == TYPE_INT && t->size == 4 &&
	       f->place.bits == 0 && f->place.cpus == FIELD_CPUS_ONE;
}

static bool
is_address_array(const struct guess *g, const struct field *f)
{
	const struct type *t = field_place_type(g->types, &f->place), *of;

	if (t == NULL || t->kind != TYPE_ARRAY || t->count == 0 ||
	    f->place.cpus != FIELD_CPUS_ONE)
		return false;
	of = types_get(g->types, t->of);
	return (of->kind == TYPE_INT || of->kind == TYPE_POINTER) &&
	       of->size == sizeof(uint64_t);
}

/* Whether a name speaks of a stack, and not of its size or of flags. */
static bool
names_stack(const char *name)
{
	static const char *const others[] = { "sz", "size", "len", "depth",
		"count", "cnt", "flag", "err", "_nr" };

	if (strstr(name, "stack") == NULL)
		return false;
	for (size_t i = 0; i < nitems(others); i++)
		if (strstr(name, others[i]) != NULL)
			return false;
	return true;
}

/* The side that a name contains; STACK_SIDES if it contains none. */
static enum stack_side
name_side(const char *name)
{
	if (strstr(name, "kern") != NULL || strstr(name, "kstack") != NULL ||
	    strstr(name, "k_stack") != NULL)
		return STACK_KERNEL;
	if (strstr(name, "user") != NULL || strstr(name, "ustack") != NULL ||
	    strstr(name, "u_stack") != NULL)
		return STACK_USER;
	return STACK_SIDES;
}

/* Whether all calls of bpf_get_stackid() in the code ask for user stacks. */
static int
find_plain_side(struct guess *g)
{
	const struct bpf_elf *elf = &g->object->package->object;
	struct helper_calls calls = { 0 };
	size_t user = 0, n = 0;

	/* Reading the code takes long, compared with its fields. */
	if (g->plain_is_known)
		return 0;
	if (helper_calls_open(&calls, elf) == -1)
		return -1;
	for (size_t i = 0; i < calls.n; i++) {
		const struct helper_call *c = &calls.v[i];

		if (c->helper != BPF_FUNC_get_stackid)
			continue;
		n++;
		user += c->argument[2].kind == CODE_CONSTANT &&
			(c->argument[2].offset & BPF_F_USER_STACK) != 0;
	}
	helper_calls_close(&calls);
	g->plain_is_user = n > 0 && user == n;
	g->plain_is_known = true;
	return 0;
}

static int
find_sides(struct guess *g)
{
	enum stack_side side;

	for (size_t i = 0; i < g->fields->n; i++) {
		const struct field *f = &g->fields->v[i];
		bool id = g->has_ids && is_id(g, f);

		if (!names_stack(f->name) || (!id && !is_address_array(g, f)))
			continue;
		side = name_side(f->name);
		if (side == STACK_SIDES && !id)
			continue;
		if (side == STACK_SIDES) {
			if (find_plain_side(g) == -1)
				return -1;
			side = g->plain_is_user ? STACK_USER : STACK_KERNEL;
		}
		if (g->sides[side] != NULL)
			continue;
		g->sides[side] = f;
		g->any_id |= id;
	}
	return 0;
}

static const struct field *
find_named_field(const struct guess *g, const char *name)
{
	for (size_t i = 0; i < g->fields->n; i++)
		if (strcmp(g->fields->v[i].name, name) == 0)
			return &g->fields->v[i];
	return NULL;
}

/* Adds the member for a key of field_map, unless it is called like the key. */
static int
add_name(json_t *names, const char *key, const struct field *f)
{
	if (f == NULL || strcmp(key, f->name) == 0)
		return 0;
	return json_object_set_new(names, key, json_string(f->name));
}

/* Adds the member with the size of the array f, if there is one. */
static int
add_size_name(const struct guess *g, json_t *names, const char *key,
    const struct field *f)
{
	static const char *const suffixes[] = { "_sz", "_size" };
	const struct field *size = NULL;
	char name[128];

	for (size_t i = 0; f != NULL && i < nitems(suffixes) && size == NULL;
	     i++) {
		snprintf(name, sizeof(name), "%s%s", f->name, suffixes[i]);
		size = find_named_field(g, name);
	}
	return add_name(names, key, size);
}

static int
add_names(const struct guess *g, json_t *names)
{
	const struct field *const *s = g->sides;
	const struct field *pid = find_named_field(g, "tgid");
	const struct field *comm = find_named_field(g, "comm");

	/* The process has the mappings; a "pid" beside it is of a thread. */
	if (pid == NULL)
		pid = find_named_field(g, "pid");
	if (comm == NULL && (comm = find_named_field(g, "name")) != NULL &&
	    !types_is_text(g->types, comm->place.type))
		comm = NULL;
	return add_name(names, "kstack", s[STACK_KERNEL]) == -1 ||
		       add_name(names, "ustack", s[STACK_USER]) == -1 ||
		       add_size_name(g, names, "kstack_sz", s[STACK_KERNEL]) ==
			   -1 ||
		       add_size_name(g, names, "ustack_sz", s[STACK_USER]) ==
			   -1 ||
		       add_name(names, "pid", pid) == -1 ||
		       add_name(names, "comm", comm) == -1
		   ? -1
		   : 0;
}

/* Whether the layout fits the types; only then the guess is kept. */
static bool
is_consistent(const struct stream_header *h, unsigned int map)
{
	struct stack_layout layout;
	struct report_held held;
	int got;

	report_hold(&held);
	got = stack_layout_find(&layout, h, map);
	report_release_held(&held, "");
	return got == 1;
}

static int
set_guess(struct stream_header *h, unsigned int map, const struct guess *g)
{
	struct stream_map *m = &h->maps[map];
	json_t *names = json_object();
	struct buf text = { 0 };

	if (names == NULL || add_names(g, names) == -1) {
		json_decref(names);
		return report_nomem();
	}
	m->interpreter = json_pack(
	    "{s{sosb}}", "stack_trace", "field_map", names, "with_symbols", 1);
	if (m->interpreter == NULL)
		return report_nomem();
	if (!is_consistent(h, map)) {
		json_decref(m->interpreter);
		m->interpreter = NULL;
		return 0;
	}
	for (size_t i = 0; i < STACK_SIDES; i++)
		if (g->sides[i] != NULL)
			buf_list(&text, 0, g->sides[i]->name);
	if (!text.failed)
		report_notice("%s: map %s: shown as stacks: %.*s",
		    g->object->package->name, m->name, (int)text.len,
		    text.data);
	buf_free(&text);
	return 0;
}

/* Ids of several maps cannot be told apart. */
static void
notice_several(const struct guess *g, const struct stream_map *m)
{
	for (size_t i = 0; i < g->fields->n; i++) {
		const struct field *f = &g->fields->v[i];

		if (!is_id(g, f) || !names_stack(f->name) ||
		    name_side(f->name) == STACK_SIDES)
			continue;
		report_notice("%s: map %s: %s may be a stack's id, but the "
			      "object has several stack-trace maps; "
			      "SKEL_STACK_MAP names the one",
		    g->object->package->name, m->name, f->name);
		return;
	}
}

int
stack_guess(struct stream_header *h, unsigned int map, const struct object *o)
{
	struct fields fields = { 0 };
	struct guess g = { .types = &h->types, .fields = &fields, .object = o };
	size_t nmaps = count_stack_maps(o);
	int ret = 0;

	g.has_ids = nmaps == 1;
	fields_add_selected(&fields, h, map, NULL, 0, false);
	if (fields.failed)
		ret = report_nomem();
	else if (find_sides(&g) == -1)
		ret = -1;
	else if (g.sides[STACK_KERNEL] != NULL || g.sides[STACK_USER] != NULL)
		ret = set_guess(h, map, &g);
	else if (nmaps > 1)
		notice_several(&g, &h->maps[map]);
	fields_free(&fields);
	return ret;
}
