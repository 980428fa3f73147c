#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "record/stack-layout.h"
#include "session/export-stacks.h"

static bool
is_stack_map(const struct bpf_map *map)
{
	return bpf_map__type(map) == BPF_MAP_TYPE_STACK_TRACE;
}

/* Returns the object's only stack-trace map; or NULL after reporting that there
 * is none, or that the package has to name one of several. */
static const struct bpf_map *
find_single_stack_map(const struct object *o, const char *where)
{
	const struct bpf_map *found = NULL;
	struct buf names = { 0 };
	struct bpf_map *map;
	size_t n = 0;

	bpf_object__for_each_map (map, o->bpf) {
		if (!is_stack_map(map))
			continue;
		found = map;
		n++;
		buf_list(&names, 0, bpf_map__name(map));
	}
	if (n == 0)
		report_error("%s: the records have stack ids, but the "
			     "object has no stack-trace map",
		    where);
	else if (n > 1 && names.failed)
		report_nomem();
	else if (n > 1)
		report_error("%s: the object has several stack-trace maps; "
			     "set \"stacks\" to one of: %.*s",
		    where, (int)names.len, names.data);
	buf_free(&names);
	return n == 1 ? found : NULL;
}

int
export_stacks(struct stream_header *h, unsigned int map, const struct object *o)
{
	struct stream_map *m = &h->maps[map];
	const struct bpf_map *stacks;
	struct stack_layout layout;
	const char *name = NULL;
	char where[512];
	int got = stack_layout_find(&layout, h, map);

	if (got != 1 || (layout.sides[STACK_KERNEL].kind != STACK_ID &&
			    layout.sides[STACK_USER].kind != STACK_ID))
		return got == -1 ? -1 : 0;
	snprintf(where, sizeof(where), "%s: map %s: stack_trace",
	    o->package->name, m->name);
	if (json_doc_get_string(json_object_get(m->interpreter, "stack_trace"),
		"stacks", &name, where) == -1)
		return -1;
	stacks = name == NULL ? find_single_stack_map(o, where)
			      : object_names_map(&o->names, name);
	if (name != NULL && (stacks == NULL || !is_stack_map(stacks))) {
		report_error("%s: the object has no stack-trace map called "
			     "%s",
		    where, name);
		return -1;
	}
	if (stacks == NULL)
		return -1;
	m->stacks = strdup(bpf_map__name(stacks));
	return m->stacks != NULL ? 0 : report_nomem();
}
