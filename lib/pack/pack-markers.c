/*
 * The markers of other builders: variables that nothing uses, whose names
 * describe maps and types of the object.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "base/util.h"
#include "elf/btf.h"
#include "pack/pack-json.h"
#include "pack/pack-records.h"
#include "package/sample-option.h"

/* Inspektor Gadget separates the parts of a name by three underscores. */
#define SEPARATOR "___"
#define PARAMETER_MARKER "gadget_param_"
#define PARAMETER_TAG "__ig_param_"

/* Of the reference compiler. */
#define DUMMY_MARKER "__eunomia_dummy_"

enum { MARKER_PARTS = 3, MARKER_NAME_MAX = 256 };

/* A variable's name without its prefix, in parts. */
struct marker {
	const char *name; /* borrowed: the whole */
	char text[MARKER_NAME_MAX];
	char *part[MARKER_PARTS]; /* in text */
	size_t n;
};

static struct pack_map *
find_marked_map(const struct pack_records *r, const struct marker *k)
{
	for (size_t i = 0; i < r->e->nmaps; i++)
		if (strcmp(bpf_map__name(r->e->maps[i].bpf), k->part[1]) == 0)
			return &r->e->maps[i];
	report_notice("%s: %s: the object has no map %s", r->e->file, k->name,
	    k->part[1]);
	return NULL;
}

/* gadget_tracer_NAME___MAP___TYPE: the records of a buffer have this type. */
static int
apply_tracer(struct pack_records *r, const struct marker *k)
{
	struct pack_map *m = find_marked_map(r, k);
	char type[MARKER_NAME_MAX + sizeof("struct ")], reason[512];
	uint32_t id;

	if (m == NULL || m->record != 0 || !pack_is_buffer(m->bpf))
		return 0;
	snprintf(type, sizeof(type), "struct %s", k->part[2]);
	id = record_search_find(&r->types, k->part[2]);
	if (id == 0 || record_search_size(&r->types, id) == 0) {
		report_notice(
		    "%s: %s: the object has no %s", r->e->file, k->name, type);
		return 0;
	}
	snprintf(reason, sizeof(reason), "as %s says", k->name);
	return pack_records_set(r, m, id, reason);
}

/* gadget_mapiter_NAME___MAP: the keys and values of the map are the result. */
static int
apply_map_iterator(struct pack_records *r, const struct marker *k)
{
	struct pack_map *m = find_marked_map(r, k);

	if (m == NULL || m->sampled ||
	    !sample_option_allows(bpf_map__type(m->bpf)))
		return 0;
	report_notice("%s: map %s: sampled every second, as %s says",
	    r->e->file, bpf_map__name(m->bpf), k->name);
	return pack_set(m->json, "sample",
	    json_pack("{si}", "interval", SAMPLE_INTERVAL_MS));
}

static const struct {
	const char *prefix;
	size_t parts;
	int (*apply)(struct pack_records *r, const struct marker *k);
} marker_kinds[] = {
	{ "gadget_tracer_", 3, apply_tracer },
	{ "gadget_mapiter_", 2, apply_map_iterator },
	{ "gadget_topper_", 2, apply_map_iterator },
};

static void
split_marker(struct marker *k, const char *name, size_t prefix)
{
	char *next;

	*k = (struct marker){ .name = name };
	if (strlen(name + prefix) >= sizeof(k->text))
		return;
	memcpy(k->text, name + prefix, strlen(name + prefix) + 1);
	k->part[k->n++] = k->text;
	while (k->n < MARKER_PARTS &&
	       (next = strstr(k->part[k->n - 1], SEPARATOR)) != NULL) {
		*next = '\0';
		k->part[k->n++] = next + strlen(SEPARATOR);
	}
}

static int
apply_marker(struct pack_records *r, const char *name)
{
	struct marker k;

	for (size_t i = 0; i < nitems(marker_kinds); i++) {
		size_t n = strlen(marker_kinds[i].prefix);

		if (strncmp(name, marker_kinds[i].prefix, n) != 0)
			continue;
		split_marker(&k, name, n);
		if (k.n == marker_kinds[i].parts)
			return marker_kinds[i].apply(r, &k);
	}
	return 0;
}

/* The only buffer whose type is not known yet, or NULL. */
static struct pack_map *
find_only_open_map(const struct pack_records *r)
{
	struct pack_map *found = NULL;

	for (size_t i = 0; i < r->e->nmaps; i++) {
		if (!pack_is_buffer(r->e->maps[i].bpf) ||
		    r->e->maps[i].record != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = &r->e->maps[i];
	}
	return found;
}

/* The variable, by its BTF id, that the reference compiler adds for the struct
 * of the records; 0 if there is none or several. */
static uint32_t
find_only_dummy(const struct btf *btf, uint32_t n)
{
	const struct btf_type *t;
	uint32_t found = 0;

	for (uint32_t id = 1; id < n; id++) {
		t = btf__type_by_id(btf, id);
		if (!btf_is_var(t) ||
		    strncmp(btf_name(btf, t->name_off), DUMMY_MARKER,
			strlen(DUMMY_MARKER)) != 0)
			continue;
		if (found != 0)
			return 0;
		found = id;
	}
	return found;
}

/* __eunomia_dummy_TYPE_ptr: the records have the type that it points to. */
static int
apply_dummy(struct pack_records *r)
{
	const struct btf *btf = r->types.btf_records.btf;
	uint32_t dummy = find_only_dummy(btf, r->types.nown), id;
	struct pack_map *m = find_only_open_map(r);
	const struct btf_type *t;
	char reason[512];

	if (dummy == 0 || m == NULL)
		return 0;
	id = pack_skip_typedefs(btf, btf__type_by_id(btf, dummy)->type);
	t = btf__type_by_id(btf, id);
	if (!btf_is_ptr(t))
		return 0;
	id = pack_skip_typedefs(btf, t->type);
	if (record_search_size(&r->types, id) == 0)
		return 0;
	snprintf(
	    reason, sizeof(reason), "as %s says", pack_get_name(btf, dummy));
	return pack_records_set(r, m, id, reason);
}

int
pack_markers_apply(struct pack_records *r)
{
	const struct btf *btf = r->types.btf_records.btf;
	char name[MARKER_NAME_MAX];
	const struct btf_type *t;

	/* Types may be added meanwhile, which moves the names. */
	for (uint32_t id = 1; id < r->types.nown; id++) {
		t = btf__type_by_id(btf, id);
		if (!btf_is_var(t))
			continue;
		snprintf(name, sizeof(name), "%s", btf_name(btf, t->name_off));
		if (apply_marker(r, name) == -1)
			return -1;
	}
	return apply_dummy(r);
}

bool
pack_markers_has(const char *name)
{
	static const char *const prefixes[] = { PARAMETER_MARKER, PARAMETER_TAG,
		"gadget_tracer_", "gadget_mapiter_", "gadget_topper_",
		"gadget_snapshotter_", "gadget_profiler_",
		"__gadget_tracer_type_", "gadget_trace_type_" };

	for (size_t i = 0; i < nitems(prefixes); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

bool
pack_markers_are_in(const struct btf *btf)
{
	const struct btf_type *t;

	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		t = btf__type_by_id(btf, id);
		if (btf_is_var(t) &&
		    pack_markers_has(btf_name(btf, t->name_off)))
			return true;
	}
	return false;
}

static int
compare_marked(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The part of a variable's name that is the name of a parameter, or NULL. */
static const char *
get_marked_name(const char *name)
{
	static const char *const prefixes[] = { PARAMETER_MARKER,
		PARAMETER_TAG };

	for (size_t i = 0; i < nitems(prefixes); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return name + strlen(prefixes[i]);
	return NULL;
}

int
pack_marked_open(struct pack_marked *m, const struct btf *btf)
{
	const struct btf_type *t;
	const char *name;

	*m = (struct pack_marked){ .v = NULL };
	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		t = btf__type_by_id(btf, id);
		name = btf_is_var(t)
			   ? get_marked_name(btf_name(btf, t->name_off))
			   : NULL;
		if (name == NULL)
			continue;
		if (!array_room(m->v, m->n, m->cap))
			return report_nomem();
		m->v[m->n++] = name;
	}
	if (m->n != 0)
		qsort(m->v, m->n, sizeof(*m->v), compare_marked);
	return 0;
}

void
pack_marked_close(struct pack_marked *m)
{
	free(m->v);
	*m = (struct pack_marked){ .v = NULL };
}

bool
pack_marked_allows(const struct pack_marked *m, const char *name)
{
	return m->n == 0 || bsearch(&name, m->v, m->n, sizeof(*m->v),
				compare_marked) != NULL;
}
