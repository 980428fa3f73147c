#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "record/stack-layout.h"
#include "session/export-stacks.h"

static bool
has_stack_ids(const struct stack_layout *l)
{
	return l->sides[STACK_KERNEL].kind == STACK_ID ||
	       l->sides[STACK_USER].kind == STACK_ID;
}

static bool
is_stack_map(const struct bpf_map *map)
{
	return bpf_map__type(map) == BPF_MAP_TYPE_STACK_TRACE;
}

/* Reads the name of the stack-trace map from the interpreter; NULL if it names
 * none. */
static int
read_stack_map_name(
    const struct stream_map *m, const char **name, const char *where)
{
	*name = NULL;
	return json_doc_get_string(
	    json_object_get(m->interpreter, "stack_trace"), "stacks", name,
	    where);
}

/* Reports that the package has to name the stack-trace map.  Returns -1. */
static int
report_no_single_stack_map(const struct object *o, const char *where)
{
	struct buf names = { 0 };
	struct bpf_map *map;

	bpf_object__for_each_map (map, o->bpf)
		if (is_stack_map(map))
			buf_list(&names, 0, bpf_map__name(map));
	if (names.failed)
		report_nomem();
	else if (names.len == 0)
		report_error("%s: the records have stack ids, but the "
			     "object has no stack-trace map",
		    where);
	else
		report_error("%s: the object has several stack-trace maps; "
			     "set \"stacks\" to one of: %.*s",
		    where, (int)names.len, names.data);
	buf_free(&names);
	return -1;
}

/* Returns the object's stack-trace map if there is exactly one, else NULL. */
static const struct bpf_map *
find_single_stack_map(const struct object *o)
{
	const struct bpf_map *only = NULL;
	struct bpf_map *map;

	bpf_object__for_each_map (map, o->bpf) {
		if (!is_stack_map(map))
			continue;
		if (only != NULL)
			return NULL;
		only = map;
	}
	return only;
}

int
export_stacks(struct stream_header *h, unsigned int map, const struct object *o)
{
	struct stream_map *m = &h->maps[map];
	const struct bpf_map *stacks;
	struct stack_layout layout;
	char where[512];
	const char *name;
	int got = stack_layout_find(&layout, h, map);

	if (got != 1 || !has_stack_ids(&layout))
		return got == -1 ? -1 : 0;
	snprintf(where, sizeof(where), "%s: map %s: stack_trace",
	    o->package->name, m->name);
	if (read_stack_map_name(m, &name, where) == -1)
		return -1;
	stacks = name == NULL ? find_single_stack_map(o)
			      : bpf_object__find_map_by_name(o->bpf, name);
	if (name != NULL && (stacks == NULL || !is_stack_map(stacks))) {
		report_error("%s: the object has no stack-trace map called "
			     "%s",
		    where, name);
		return -1;
	}
	if (stacks == NULL)
		return report_no_single_stack_map(o, where);
	m->stacks = strdup(bpf_map__name(stacks));
	return m->stacks != NULL ? 0 : report_nomem();
}
