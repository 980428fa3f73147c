#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/util.h"
#include "record/fields.h"

void
columns_free(struct columns *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->v[i].name);
		free(c->v[i].path);
	}
	free(c->v);
	*c = (struct columns){ 0 };
}

/* "parent.name", or name alone below "". */
static char *
join(const char *parent, const char *name)
{
	char *s;

	if (*parent == '\0')
		return strdup(name);
	return asprintf(&s, "%s.%s", parent, name) == -1 ? NULL : s;
}

/* Takes over name and path, NULL where memory ran out. */
static void
add(struct columns *c, char *name, char *path, const struct place *p)
{
	size_t cap = c->cap == 0 ? 16 : c->cap * 2;
	struct column *v = c->v;

	if (name == NULL || path == NULL)
		c->failed = true;
	if (!c->failed && c->n == c->cap) {
		v = reallocarray(c->v, cap, sizeof(*v));
		c->failed = v == NULL;
	}
	if (c->failed) {
		report_note_nomem();
		free(name);
		free(path);
		return;
	}
	if (c->n == c->cap)
		c->cap = cap;
	c->v = v;
	c->v[c->n++] = (struct column){ name, path, *p, strlen(name) };
}

void
columns_add(struct columns *c, const struct column *from)
{
	add(c, strdup(from->name), strdup(from->path), &from->place);
}

const struct type *
place_type(const struct types *t, const struct place *p)
{
	return p->type == TYPE_NONE ? NULL : types_get(t, p->type);
}

bool
place_is(const struct place *a, const struct place *b)
{
	return a->type != TYPE_NONE && a->type == b->type &&
	       a->offset == b->offset && a->bit_offset == b->bit_offset &&
	       a->bits == b->bits && a->cpus == b->cpus;
}

bool
place_is_struct(const struct types *t, const struct place *p)
{
	const struct type *type = place_type(t, p);

	return type != NULL && p->cpus != CPUS_ALL &&
	       (type->kind == TYPE_STRUCT || type->kind == TYPE_UNION);
}

void
columns_members(struct columns *c, const struct types *t, const struct place *p)
{
	const struct type *type = place_type(t, p);

	for (size_t i = 0; i < type->nmembers; i++) {
		const struct type_member *m = &type->members[i];
		struct place at = {
			.type = m->type,
			.offset = p->offset + m->offset,
			.bit_offset = m->bit_offset,
			.bits = m->bits,
			.cpus = p->cpus,
		};

		if (*m->name == '\0' && place_is_struct(t, &at))
			columns_members(c, t, &at);
		else
			add(c, strdup(m->name), strdup(m->name), &at);
	}
}

/* Whether the values of all CPUs add up: integers and structs and arrays of
 * nothing else. */
static bool
add_up(const struct types *t, uint32_t type)
{
	const struct type *v = types_get(t, type);

	switch (v->kind) {
	case TYPE_INT:
		return true;
	case TYPE_ARRAY:
		return add_up(t, v->of);
	case TYPE_STRUCT:
		for (size_t i = 0; i < v->nmembers; i++)
			if (!add_up(t, v->members[i].type))
				return false;
		return true;
	default:
		return false;
	}
}

static void
add_root(struct columns *c, const char *name, uint32_t type, size_t offset,
    enum place_cpus cpus)
{
	struct place p = { .type = type, .offset = offset, .cpus = cpus };

	add(c, strdup(name), strdup(name), &p);
}

static void
sampled_roots(
    struct columns *c, const struct stream_header *h, unsigned int map)
{
	const struct stream_map *m = &h->maps[map];
	size_t offset = stream_key_size(h, map);

	if (m->key != TYPE_NONE)
		add_root(c, "key", m->key, 0, CPUS_ONE);
	if (m->value == TYPE_NONE) {
		add_root(c, "raw", TYPE_NONE, offset, CPUS_ONE);
	} else if (m->cpus == 0) {
		add_root(c, "value", m->value, offset, CPUS_ONE);
	} else {
		if (add_up(&h->types, m->value))
			add_root(c, "value", m->value, offset, CPUS_SUM);
		add_root(c, "values", m->value, offset, CPUS_ALL);
	}
}

void
columns_roots(
    struct columns *c, const struct stream_header *h, unsigned int map)
{
	const struct stream_map *m = &h->maps[map];
	struct place p = { .type = m->value };

	if (m->source == STREAM_SAMPLE)
		sampled_roots(c, h, map);
	else if (place_is_struct(&h->types, &p))
		columns_members(c, &h->types, &p);
	else if (m->text)
		add(c, strdup("text"), strdup("text"),
		    &(struct place){ .type = TYPE_NONE, .text = true });
	else
		add_root(c, m->value == TYPE_NONE ? "raw" : "value", m->value,
		    0, CPUS_ONE);
}

/* Append a column, or those below it. */
static void
add_flat(struct columns *c, const struct types *t, const struct column *from,
    bool deep)
{
	struct columns below = { 0 };

	if (!deep || !place_is_struct(t, &from->place)) {
		columns_add(c, from);
		return;
	}
	columns_members(&below, t, &from->place);
	for (size_t i = 0; i < below.n && !c->failed; i++) {
		struct column at = {
			.name = join(from->name, below.v[i].name),
			.path = join(from->path, below.v[i].path),
			.place = below.v[i].place,
		};

		if (at.name == NULL || at.path == NULL)
			c->failed = true;
		else
			add_flat(c, t, &at, deep);
		free(at.name);
		free(at.path);
	}
	c->failed |= below.failed;
	columns_free(&below);
}

/* The members of a sampled map's key or value without its name before them;
 * itself when it has none. */
static void
add_root_members(struct columns *c, const struct types *t,
    const struct column *root, bool deep)
{
	struct columns members = { 0 };

	if (!place_is_struct(t, &root->place)) {
		add_flat(c, t, root, deep);
		return;
	}
	columns_members(&members, t, &root->place);
	for (size_t i = 0; i < members.n && !c->failed; i++) {
		struct column at = members.v[i];

		at.path = join(root->name, at.name);
		if (at.path == NULL)
			c->failed = true;
		else
			add_flat(c, t, &at, deep);
		free(at.path);
	}
	c->failed |= members.failed;
	columns_free(&members);
}

void
columns_drop(struct columns *c, const char *path)
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
by_name(const void *a, const void *b)
{
	const struct column *x = a, *y = b;

	return strcmp(x->name, y->name);
}

void
columns_sort(struct columns *c)
{
	if (c->n > 1)
		qsort(c->v, c->n, sizeof(*c->v), by_name);
}

/* All columns of a map.  The values of each CPU stand beside their sum in JSON
 * alone, unless asked for. */
static void
select_all(struct columns *c, const struct stream_header *h, unsigned int map,
    bool deep)
{
	struct columns roots = { 0 };
	bool summed = false;

	columns_roots(&roots, h, map);
	for (size_t i = 0; i < roots.n; i++) {
		const struct column *root = &roots.v[i];

		summed |= root->place.cpus == CPUS_SUM;
		if (root->place.cpus == CPUS_ALL && summed)
			continue;
		if (h->maps[map].source == STREAM_SAMPLE)
			add_root_members(c, &h->types, root, deep);
		else
			add_flat(c, &h->types, root, deep);
	}
	c->failed |= roots.failed;
	columns_free(&roots);
}

/*
 * Find the rest of a path among level and below.  Returns whether it is there;
 * then *found owns its strings and the caller frees them.
 */
static bool
find(const struct types *t, const struct columns *level, const char *parent,
    const char *rest, struct column *found)
{
	size_t n = strcspn(rest, ".");
	bool there = false;

	for (size_t i = 0; i < level->n && !there; i++) {
		const struct column *at = &level->v[i];
		struct columns below = { 0 };
		char *path;

		if (strncmp(at->name, rest, n) != 0 || at->name[n] != '\0')
			continue;
		path = join(parent, at->name);
		if (rest[n] == '\0') {
			*found =
			    (struct column){ .path = path, .place = at->place };
			return true;
		}
		if (path != NULL && place_is_struct(t, &at->place)) {
			columns_members(&below, t, &at->place);
			there = find(t, &below, path, rest + n + 1, found);
			columns_free(&below);
		}
		free(path);
	}
	return there;
}

/* The same for a name as the command line has it. */
static bool
find_name(const struct stream_header *h, unsigned int map, const char *name,
    struct column *found)
{
	struct columns roots = { 0 }, members = { 0 };
	bool there;

	columns_roots(&roots, h, map);
	there = find(&h->types, &roots, "", name, found);
	for (size_t i = 0;
	     i < roots.n && !there && h->maps[map].source == STREAM_SAMPLE;
	     i++) {
		if (!place_is_struct(&h->types, &roots.v[i].place))
			continue;
		columns_members(&members, &h->types, &roots.v[i].place);
		there = find(&h->types, &members, roots.v[i].name, name, found);
		columns_free(&members);
	}
	columns_free(&roots);
	return there;
}

bool
columns_has(const struct stream_header *h, unsigned int map, const char *name)
{
	struct column found;

	if (!find_name(h, map, name, &found))
		return false;
	free(found.path);
	return true;
}

void
columns_select(struct columns *c, const struct stream_header *h,
    unsigned int map, const char *const *only, size_t n, bool deep)
{
	if (n == 0)
		select_all(c, h, map, deep);
	for (size_t i = 0; i < n && !c->failed; i++) {
		struct column found;

		if (!find_name(h, map, only[i], &found))
			continue;
		found.name = strdup(only[i]);
		if (found.name == NULL || found.path == NULL)
			c->failed = true;
		else
			add_flat(c, &h->types, &found, deep);
		free(found.name);
		free(found.path);
	}
}
