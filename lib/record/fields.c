#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/nomem.h"
#include "base/report.h"
#include "base/util.h"
#include "record/field-kind.h"
#include "record/fields.h"

void
fields_free(struct fields *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->v[i].name);
		free(c->v[i].path);
	}
	free(c->v);
	*c = (struct fields){ 0 };
}

/* Return a new string "parent.name", or "name" if parent is empty. */
static char *
join_path(const char *parent, const char *name)
{
	char *s;

	if (*parent == '\0')
		return strdup(name);
	return asprintf(&s, "%s.%s", parent, name) == -1 ? NULL : s;
}

/* Append a field that owns name and path; NULL means that memory ran out. */
static void
add_field(struct fields *c, char *name, char *path, const struct field_place *p)
{
	if (name == NULL || path == NULL)
		c->failed = true;
	if (!c->failed)
		c->failed = !array_room(c->v, c->n, c->cap);
	if (c->failed) {
		nomem_note();
		free(name);
		free(path);
		return;
	}
	c->v[c->n++] = (struct field){ name, path, *p, strlen(name) };
}

void
fields_add(struct fields *c, const struct field *from)
{
	add_field(c, strdup(from->name), strdup(from->path), &from->place);
}

const struct type *
field_place_type(const struct types *t, const struct field_place *p)
{
	return p->type == TYPE_NONE ? NULL : types_get(t, p->type);
}

uint64_t
field_place_load(const struct types *t, const struct field_place *p,
    const unsigned char *record)
{
	uint64_t v = 0;

	/* All supported machines are little-endian. */
	memcpy(&v, record + p->offset, (size_t)types_get(t, p->type)->size);
	return v;
}

bool
field_place_equals(const struct field_place *a, const struct field_place *b)
{
	return a->type != TYPE_NONE && a->type == b->type &&
	       a->offset == b->offset && a->bit_offset == b->bit_offset &&
	       a->bits == b->bits && a->cpus == b->cpus;
}

bool
field_place_is_struct(const struct types *t, const struct field_place *p)
{
	const struct type *type = field_place_type(t, p);

	return type != NULL && p->cpus != FIELD_CPUS_ALL &&
	       (type->kind == TYPE_STRUCT || type->kind == TYPE_UNION);
}

/* Sets where the member is that the kind of another one needs. */
static bool
set_family(struct field_place *p, const struct types *t,
    const struct type *around, const char *name, size_t offset)
{
	for (size_t i = 0; i < around->nmembers; i++) {
		const struct type_member *m = &around->members[i];
		const struct type *type = types_get(t, m->type);

		if (strcmp(m->name, name) != 0 || m->bits != 0 ||
		    type->size > sizeof(uint64_t))
			continue;
		p->family_offset = offset + m->offset;
		p->family_size = (uint8_t)type->size;
		return true;
	}
	return false;
}

struct field_place
field_place_of_member(const struct types *t, const struct type *around,
    const struct type_member *m, size_t offset)
{
	struct field_place at = {
		.type = m->type,
		.offset = offset + m->offset,
		.bit_offset = m->bit_offset,
		.bits = m->bits,
		.member = m,
		.kind = m->as.kind,
	};

	if (at.kind == KIND_FLAGS)
		at.flags = &t->v[m->as.flags];
	if (at.kind == KIND_IP)
		set_family(&at, t, around, m->as.arg, offset);
	/* Threads share the addresses of their process. */
	if (at.kind == KIND_USYM && !set_family(&at, t, around, "tgid", offset))
		set_family(&at, t, around, "pid", offset);
	return at;
}

static void
add_members(
    struct fields *c, const struct types *t, const struct field_place *p)
{
	const struct type *type = field_place_type(t, p);

	for (size_t i = 0; i < type->nmembers; i++) {
		const struct type_member *m = &type->members[i];
		struct field_place at =
		    field_place_of_member(t, type, m, p->offset);

		at.cpus = p->cpus;
		if (*m->name == '\0' && field_place_is_struct(t, &at))
			add_members(c, t, &at);
		else
			add_field(c, strdup(m->name), strdup(m->name), &at);
	}
}

static int
compare_strings(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Whether a name, with the suffix of texts, is among the sorted ones. */
static bool
has_text_name(
    const char *const *sorted, size_t n, const char *name, bool *nomem)
{
	char *wanted;
	bool there;

	if (asprintf(&wanted, "%s" FIELD_TEXT_SUFFIX, name) == -1) {
		*nomem = true;
		return false;
	}
	there = bsearch(&wanted, sorted, n, sizeof(*sorted), compare_strings) !=
		NULL;
	free(wanted);
	return there;
}

/* Set which of the fields from first on, members of one struct, have a text: a
 * member of the program that has the name of a text wins. */
static void
mark_texts(struct fields *c, const struct types *t, size_t first)
{
	const char **sorted = NULL;
	size_t n = c->n - first;
	struct kind_form form;

	for (size_t i = first; i < c->n && !c->failed; i++) {
		struct field_place *p = &c->v[i].place;

		if (!field_kind_form(t, p, false, &form))
			continue;
		if (sorted == NULL) {
			sorted = calloc(n, sizeof(*sorted));
			if (sorted == NULL) {
				c->failed = true;
				return;
			}
			for (size_t k = 0; k < n; k++)
				sorted[k] = c->v[first + k].name;
			qsort(sorted, n, sizeof(*sorted), compare_strings);
		}
		p->has_text = true;
		p->text_is_hidden =
		    has_text_name(sorted, n, c->v[i].name, &c->failed);
	}
	free(sorted);
}

void
fields_add_members(
    struct fields *c, const struct types *t, const struct field_place *p)
{
	size_t first = c->n;

	add_members(c, t, p);
	mark_texts(c, t, first);
}

/* Whether the values of all CPUs can be added: integers, and arrays and structs
 * that hold integers only. */
static bool
can_be_summed(const struct types *t, uint32_t type)
{
	const struct type *v = types_get(t, type);

	switch (v->kind) {
	case TYPE_INT:
		return true;
	case TYPE_ARRAY:
		return can_be_summed(t, v->of);
	case TYPE_STRUCT:
		for (size_t i = 0; i < v->nmembers; i++)
			if (!can_be_summed(t, v->members[i].type))
				return false;
		return true;
	default:
		return false;
	}
}

static void
add_root_field(struct fields *c, const char *name, uint32_t type, size_t offset,
    enum field_cpus cpus)
{
	struct field_place p = { .type = type, .offset = offset, .cpus = cpus };

	add_field(c, strdup(name), strdup(name), &p);
}

static void
add_sampled_roots(
    struct fields *c, const struct stream_header *h, unsigned int map)
{
	const struct stream_map *m = &h->maps[map];
	size_t offset = stream_key_size(h, map);

	if (m->key != TYPE_NONE)
		add_root_field(c, "key", m->key, 0, FIELD_CPUS_ONE);
	if (m->value == TYPE_NONE) {
		add_root_field(c, "raw", TYPE_NONE, offset, FIELD_CPUS_ONE);
	} else if (m->cpus == 0) {
		add_root_field(c, "value", m->value, offset, FIELD_CPUS_ONE);
	} else {
		if (can_be_summed(&h->types, m->value))
			add_root_field(
			    c, "value", m->value, offset, FIELD_CPUS_SUM);
		add_root_field(c, "values", m->value, offset, FIELD_CPUS_ALL);
	}
}

void
fields_add_roots(
    struct fields *c, const struct stream_header *h, unsigned int map)
{
	const struct stream_map *m = &h->maps[map];
	struct field_place p = { .type = m->value };

	if (m->source == STREAM_SAMPLE)
		add_sampled_roots(c, h, map);
	else if (field_place_is_struct(&h->types, &p))
		fields_add_members(c, &h->types, &p);
	else if (m->text)
		add_field(c, strdup("text"), strdup("text"),
		    &(struct field_place){ .type = TYPE_NONE, .text = true });
	else
		add_root_field(c, m->value == TYPE_NONE ? "raw" : "value",
		    m->value, 0, FIELD_CPUS_ONE);
}

static void add_flat_field(struct fields *c, const struct types *t,
    const struct field *from, const char *prefix, bool split, bool deep);

/* Append the text of a value as a field of its own. */
static void
add_text_field(struct fields *c, const struct field *from)
{
	struct field_place at = from->place;
	char *name, *path;

	at.shown = FIELD_TEXT_BESIDE;
	if (asprintf(&name, "%s" FIELD_TEXT_SUFFIX, from->name) == -1)
		name = NULL;
	if (asprintf(&path, "%s" FIELD_TEXT_SUFFIX, from->path) == -1)
		path = NULL;
	add_field(c, name, path, &at);
}

/* Append a value that has a text, as c->texts says. */
static void
add_with_text(struct fields *c, const struct types *t, const struct field *from,
    bool deep)
{
	struct field value = *from;

	value.place.has_text = false;
	if (c->texts == FIELD_TEXTS_INSTEAD) {
		value = *from;
		value.place.shown = FIELD_TEXT;
		fields_add(c, &value);
		return;
	}
	if (c->texts == FIELD_TEXTS_BESIDE)
		add_flat_field(c, t, &value, value.name, deep, deep);
	add_text_field(c, from);
}

static bool
shows_text(const struct fields *c, const struct field_place *p)
{
	return p->has_text && p->shown == FIELD_VALUE &&
	       (c->texts == FIELD_TEXTS_INSTEAD ||
		   (c->texts != FIELD_TEXTS_NONE && !p->text_is_hidden));
}

/*
 * Append a field or, if it is a struct and split is set, its members, whose
 * names get the prefix.  deep splits the members too.
 */
static void
add_flat_field(struct fields *c, const struct types *t,
    const struct field *from, const char *prefix, bool split, bool deep)
{
	struct fields below = { 0 };

	if (c->without_hidden && from->place.member != NULL &&
	    from->place.member->hidden)
		return;
	if (shows_text(c, &from->place)) {
		add_with_text(c, t, from, deep);
		return;
	}
	if (!split || !field_place_is_struct(t, &from->place)) {
		fields_add(c, from);
		return;
	}
	fields_add_members(&below, t, &from->place);
	for (size_t i = 0; i < below.n && !c->failed; i++) {
		struct field at = {
			.name = join_path(prefix, below.v[i].name),
			.path = join_path(from->path, below.v[i].path),
			.place = below.v[i].place,
		};

		if (at.name == NULL || at.path == NULL)
			c->failed = true;
		else
			add_flat_field(c, t, &at, at.name, deep, deep);
		free(at.name);
		free(at.path);
	}
	c->failed |= below.failed;
	fields_free(&below);
}

void
fields_remove(struct fields *c, const char *path)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (strcmp(c->v[i].path, path) != 0) {
			c->v[n++] = c->v[i];
			continue;
		}
		free(c->v[i].name);
		free(c->v[i].path);
	}
	c->n = n;
}

static int
compare_field_names(const void *a, const void *b)
{
	const struct field *x = a, *y = b;

	return strcmp(x->name, y->name);
}

void
fields_sort(struct fields *c)
{
	if (c->n > 1)
		qsort(c->v, c->n, sizeof(*c->v), compare_field_names);
}

static int
compare_places(const void *a, const void *b)
{
	const struct field_place *x = &((const struct field *)a)->place;
	const struct field_place *y = &((const struct field *)b)->place;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return (x->bit_offset > y->bit_offset) -
	       (x->bit_offset < y->bit_offset);
}

void
fields_sort_by_offset(struct fields *c)
{
	/* This sort is stable: the members of a union keep their order. */
	if (c->n > 1 &&
	    mergesort(c->v, c->n, sizeof(*c->v), compare_places) == -1)
		c->failed = true;
}

static int
compare_names(const void *a, const void *b)
{
	const struct field *x = *(struct field *const *)a;
	const struct field *y = *(struct field *const *)b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : (x > y) - (x < y);
}

static void
set_field_name(struct fields *c, struct field *f, char *name)
{
	if (name == NULL) {
		c->failed = true;
		return;
	}
	free(f->name);
	f->name = name;
	f->name_len = strlen(name);
}

/* Rename n fields of one name to their paths or, if these are all the same, but
 * for the first by numbers. */
static void
rename_run(struct fields *c, struct field *const *run, size_t n)
{
	size_t renamed = 0;
	char *name;

	for (size_t i = 0; i < n; i++)
		if (strcmp(run[i]->name, run[i]->path) != 0) {
			set_field_name(c, run[i], strdup(run[i]->path));
			renamed++;
		}
	for (size_t i = 1; i < n && renamed == 0; i++) {
		if (asprintf(&name, "%s_%zu", run[i]->path, i + 1) == -1)
			name = NULL;
		set_field_name(c, run[i], name);
	}
}

/* Rename the fields that have a name which is in sorted more than once. Returns
 * whether there are any. */
static bool
rename_same(struct fields *c, struct field *const *sorted)
{
	bool any = false;

	for (size_t i = 0, end; i < c->n; i = end) {
		end = i + 1;
		while (end < c->n &&
		       strcmp(sorted[i]->name, sorted[end]->name) == 0)
			end++;
		if (end - i == 1)
			continue;
		any = true;
		rename_run(c, sorted + i, end - i);
	}
	return any;
}

void
fields_make_unique(struct fields *c)
{
	/* By paths, then by numbers, and again if such a name is taken. */
	enum { ROUNDS = 4 };
	struct field **sorted = calloc(c->n + 1, sizeof(struct field *));
	bool any = c->n > 1;

	if (sorted == NULL) {
		c->failed = true;
		return;
	}
	for (int round = 0; round < ROUNDS && any && !c->failed; round++) {
		for (size_t i = 0; i < c->n; i++)
			sorted[i] = &c->v[i];
		qsort(sorted, c->n, sizeof(*sorted), compare_names);
		any = rename_same(c, sorted);
	}
	free(sorted);
}

/* Append all fields of a map.  The values of all CPUs are left out if there is
 * a sum of them. */
static void
add_all_fields(struct fields *c, const struct stream_header *h,
    unsigned int map, bool deep)
{
	struct fields roots = { 0 };
	bool summed = false;

	fields_add_roots(&roots, h, map);
	for (size_t i = 0; i < roots.n; i++) {
		const struct field *root = &roots.v[i];

		summed |= root->place.cpus == FIELD_CPUS_SUM;
		if (root->place.cpus == FIELD_CPUS_ALL && summed)
			continue;
		/* The members of a key or value have their own names. */
		if (h->maps[map].source == STREAM_SAMPLE)
			add_flat_field(c, &h->types, root, "", true, deep);
		else
			add_flat_field(
			    c, &h->types, root, root->name, deep, deep);
	}
	c->failed |= roots.failed;
	fields_free(&roots);
}

/* Find the value whose text a name is, among the fields of one level.  Returns
 * as find_path() does. */
static bool
find_text(const struct fields *level, const char *parent, const char *name,
    struct field *found)
{
	size_t n = strlen(name), suffix = strlen(FIELD_TEXT_SUFFIX);

	if (n <= suffix || strcmp(name + n - suffix, FIELD_TEXT_SUFFIX) != 0)
		return false;
	for (size_t i = 0; i < level->n; i++) {
		const struct field *at = &level->v[i];

		if (!at->place.has_text || at->place.text_is_hidden ||
		    at->name_len != n - suffix ||
		    strncmp(at->name, name, n - suffix) != 0)
			continue;
		*found = (struct field){ .path = join_path(parent, name),
			.place = at->place };
		found->place.shown = FIELD_TEXT_BESIDE;
		return true;
	}
	return false;
}

/*
 * Find the rest of a path, "b.c" of "a.b.c", in the fields of one level and
 * below. Returns whether it is there; then found->path is a string that the
 * caller frees, or NULL when memory ran out.
 */
static bool
find_path(const struct types *t, const struct fields *level, const char *parent,
    const char *rest, struct field *found)
{
	size_t n = strcspn(rest, ".");
	bool there = false;

	for (size_t i = 0; i < level->n && !there; i++) {
		const struct field *at = &level->v[i];
		struct fields below = { 0 };
		char *path;

		if (strncmp(at->name, rest, n) != 0 || at->name[n] != '\0')
			continue;
		path = join_path(parent, at->name);
		if (rest[n] == '\0') {
			*found =
			    (struct field){ .path = path, .place = at->place };
			return true;
		}
		if (path != NULL && field_place_is_struct(t, &at->place)) {
			fields_add_members(&below, t, &at->place);
			there = find_path(t, &below, path, rest + n + 1, found);
			fields_free(&below);
		}
		free(path);
	}
	if (!there && rest[n] == '\0')
		there = find_text(level, parent, rest, found);
	return there;
}

/* Find a field by a name from the command line.  Returns as find_path() does.
 */
static bool
find_by_name(const struct stream_header *h, unsigned int map, const char *name,
    struct field *found)
{
	struct fields roots = { 0 }, members = { 0 };
	bool there;

	fields_add_roots(&roots, h, map);
	there = find_path(&h->types, &roots, "", name, found);
	for (size_t i = 0;
	     i < roots.n && !there && h->maps[map].source == STREAM_SAMPLE;
	     i++) {
		if (!field_place_is_struct(&h->types, &roots.v[i].place))
			continue;
		fields_add_members(&members, &h->types, &roots.v[i].place);
		there = find_path(
		    &h->types, &members, roots.v[i].name, name, found);
		fields_free(&members);
	}
	fields_free(&roots);
	return there;
}

bool
fields_find(const struct stream_header *h, unsigned int map, const char *name,
    struct field_place *place)
{
	struct field found;

	if (!find_by_name(h, map, name, &found))
		return false;
	free(found.path);
	*place = found.place;
	return true;
}

struct type_member *
fields_find_member(struct stream_header *h, unsigned int map, const char *name)
{
	struct field_place place;

	if (!fields_find(h, map, name, &place))
		return NULL;
	/* It is in the header, which the caller may change. */
	return (struct type_member *)(uintptr_t)place.member;
}

bool
fields_has(const struct stream_header *h, unsigned int map, const char *name)
{
	struct field_place unused;

	return fields_find(h, map, name, &unused);
}

/* Append a field that was named: it is not left out, nor is a text added that
 * was not asked for. */
static void
add_named_field(
    struct fields *c, const struct types *t, struct field *named, bool deep)
{
	bool without_hidden = c->without_hidden;

	c->without_hidden = false;
	if (c->texts == FIELD_TEXTS_BESIDE)
		named->place.has_text &= named->place.shown != FIELD_VALUE;
	add_flat_field(c, t, named, named->name, deep, deep);
	c->without_hidden = without_hidden;
}

void
fields_add_selected(struct fields *c, const struct stream_header *h,
    unsigned int map, const char *const *only, size_t n, bool deep)
{
	if (n == 0)
		add_all_fields(c, h, map, deep);
	if (n == 0 && deep)
		fields_make_unique(c);
	for (size_t i = 0; i < n && !c->failed; i++) {
		struct field found;

		if (!find_by_name(h, map, only[i], &found))
			continue;
		found.name = strdup(only[i]);
		if (found.name == NULL || found.path == NULL)
			c->failed = true;
		else
			add_named_field(c, &h->types, &found, deep);
		free(found.name);
		free(found.path);
	}
}
