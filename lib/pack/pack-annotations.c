#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-doc.h"
#include "base/report.h"
#include "base/util.h"
#include "elf/btf-tags.h"
#include "pack/pack-annotations.h"
#include "pack/pack-json.h"
#include "package/read.h"
#include "stream/header-words.h"
#include "types/name-table.h"
#include "types/types.h"
#include "types/value.h"

/* The types of variables whose default is given, imported once. */
struct annotation_types {
	struct types types;
	struct btf_import import; /* open if set */
	bool set;
};

struct annotation {
	const struct btf *btf; /* borrowed, as all here */
	struct annotation_types *types;
	const struct name_table *names; /* of maps and programs, by place */
	struct pack_target *targets;    /* all of them */
	struct pack_target *target;     /* that the annotation is on */
	uint32_t id;                    /* BTF id of target */
	const char *key, *value;
	const char *where; /* "x.o: hists: skel:sample=1000" */
};

/* Applies an annotation.  Returns 0, or -1 after reporting. */
typedef int annotation_fn(const struct annotation *n);

static int
set_text(json_t *obj, const char *key, json_t *value, const char *where)
{
	if (value == NULL) {
		if (errno == ENOMEM)
			return report_nomem();
		report_error("%s: not UTF-8 text", where);
		return -1;
	}
	return pack_set(obj, key, value);
}

/* The object under key, which is added if it is missing.  Borrowed; NULL after
 * reporting that memory ran out. */
static json_t *
get_or_add_object(json_t *obj, const char *key)
{
	json_t *v = json_object_get(obj, key);

	if (v != NULL)
		return v;
	if (json_object_set_new(obj, key, json_object()) == -1) {
		report_nomem();
		return NULL;
	}
	return json_object_get(obj, key);
}

static int
set_in(const struct annotation *n, const char *object, const char *key,
    json_t *value)
{
	json_t *obj = get_or_add_object(n->target->json, object);

	if (obj == NULL) {
		json_decref(value);
		return -1;
	}
	return set_text(obj, key, value, n->where);
}

static int
set_argument(const struct annotation *n)
{
	return set_in(n, "cmdarg", n->key, json_string(n->value));
}

/* SKEL_ARG always passes a short name, which may be empty. */
static int
set_short(const struct annotation *n)
{
	if (n->value[0] == '\0')
		return 0;
	if (n->value[1] != '\0' || n->value[0] <= ' ' || n->value[0] > '~' ||
	    n->value[0] == '-') {
		report_error("%s: expected one letter", n->where);
		return -1;
	}
	return set_argument(n);
}

/* Checks the default against the variable's type, as for an argument. */
static int
set_default(const struct annotation *n)
{
	struct annotation_types *t = n->types;
	json_t *v = NULL;
	uint32_t type;

	if (!t->set && btf_import_open(&t->import, n->btf, &t->types) == -1)
		return -1;
	t->set = true;
	type = btf_import(&t->import, n->target->type, n->where);
	if (type != TYPE_NONE)
		v = value_from_text(&t->types, type, n->value, n->where);
	return v != NULL ? set_in(n, "cmdarg", "default", v) : -1;
}

static int
set_interval(const struct annotation *n)
{
	char *end;
	unsigned long long ms = strtoull(n->value, &end, 10);

	if (n->value[0] < '0' || n->value[0] > '9' || *end != '\0' || ms == 0 ||
	    ms > UINT32_MAX) {
		report_error("%s: expected milliseconds, 1 to %" PRIu32,
		    n->where, UINT32_MAX);
		return -1;
	}
	return set_in(n, "sample", "interval", json_integer((json_int_t)ms));
}

static int
annotate_sample(const struct annotation *n)
{
	return set_in(n, "sample", n->key, json_string(n->value));
}

/* Only sample types that the loader knows are allowed. */
static int
set_sample_type(const struct annotation *n)
{
	for (size_t i = 0; i < nitems(stream_samples); i++)
		if (strcmp(stream_samples[i], n->value) == 0)
			return annotate_sample(n);
	report_error("%s: unknown sample type; known: default_kv, log2_hist, "
		     "linear_hist, exp2_hist",
	    n->where);
	return -1;
}

static int
set_clear(const struct annotation *n)
{
	return set_in(n, "sample", "clear_map", json_true());
}

static int
set_nonzero(const struct annotation *n)
{
	return set_in(n, "sample", "nonzero", json_true());
}

/* Objects that were compiled with an earlier skel.bpf.h may have this tag. */
static int
ignore_sequence(const struct annotation *n)
{
	report_notice("%s: ignored; records lost by a ring buffer are counted "
		      "with SKEL_COUNT_LOST alone",
	    n->where);
	return 0;
}

/* The object "stack_trace" in "intepreter", with its required keys.  Borrowed;
 * NULL after reporting that memory ran out. */
static json_t *
get_stack_trace(const struct annotation *n)
{
	json_t *interpreter = get_or_add_object(n->target->json, "intepreter");
	json_t *stack;

	if (interpreter == NULL ||
	    (stack = get_or_add_object(interpreter, "stack_trace")) == NULL ||
	    get_or_add_object(stack, "field_map") == NULL)
		return NULL;
	if (json_object_get(stack, "with_symbols") == NULL &&
	    pack_set(stack, "with_symbols", json_true()) == -1)
		return NULL;
	return stack;
}

static int
set_stack_trace(const struct annotation *n)
{
	return get_stack_trace(n) != NULL ? 0 : -1;
}

static int
set_no_symbols(const struct annotation *n)
{
	json_t *stack = get_stack_trace(n);

	return stack != NULL ? pack_set(stack, "with_symbols", json_false())
			     : -1;
}

static int
set_stack_map(const struct annotation *n)
{
	json_t *stack = get_stack_trace(n);

	return stack != NULL
		   ? set_text(stack, "stacks", json_string(n->value), n->where)
		   : -1;
}

/* Sets a field of stacks: "kstack:member". */
static int
set_stack_field(const struct annotation *n)
{
	const char *colon = strchr(n->value, ':');
	size_t len = colon != NULL ? (size_t)(colon - n->value) : 0;
	json_t *stack;

	for (size_t i = 0; i < PACKAGE_STACK_FIELDS; i++) {
		if (len != strlen(package_stack_fields[i]) ||
		    memcmp(n->value, package_stack_fields[i], len) != 0)
			continue;
		stack = get_stack_trace(n);
		return stack != NULL
			   ? set_text(json_object_get(stack, "field_map"),
				 package_stack_fields[i],
				 json_string(colon + 1), n->where)
			   : -1;
	}
	report_error(
	    "%s: stacks have no such field; they have pid, cpu_id, comm, "
	    "kstack_sz, ustack_sz, kstack, ustack",
	    n->where);
	return -1;
}

/* Sets the perf event: "type:frequency". */
static int
set_perf_event(const struct annotation *n)
{
	const char *colon = strrchr(n->value, ':');
	char type[64], *end;
	unsigned long long hz, number;
	json_t *event;

	hz = colon != NULL ? strtoull(colon + 1, &end, 10) : 0;
	if (hz == 0 || hz > UINT32_MAX || *end != '\0' || colon[1] < '0' ||
	    colon[1] > '9' || colon == n->value ||
	    (size_t)(colon - n->value) >= sizeof(type)) {
		report_error(
		    "%s: expected SKEL_PERF_EVENT(\"type\", hz)", n->where);
		return -1;
	}
	snprintf(type, sizeof(type), "%.*s", (int)(colon - n->value), n->value);
	number = strtoull(type, &end, 10);
	event = type[0] >= '0' && type[0] <= '9' && *end == '\0'
		    ? json_integer((json_int_t)number)
		    : json_string(type);
	return set_text(n->target->json, "perf_event",
	    json_pack("{sosI}", "type", event, "frequency", (json_int_t)hz),
	    n->where);
}

static int
set_doc(const struct annotation *n)
{
	return set_text(
	    n->target->json, n->key, json_string(n->value), n->where);
}

/* Finds the map or program that the annotation names, or NULL. */
static struct pack_target *
find_named(const struct annotation *n, enum pack_place place)
{
	uint32_t id = name_table_find(n->names, place, n->value);

	return id != NAME_NONE ? &n->targets[id] : NULL;
}

/* The BTF id of the type that the first parameter of the function points to,
 * which is the type of the records; 0 after reporting that there is none. */
static uint32_t
get_record_type(
    const struct annotation *n, unsigned int parameters, const char *expected)
{
	const struct btf_type *t = btf__type_by_id(n->btf, n->id);

	t = btf__type_by_id(n->btf, t->type);
	if (btf_is_func_proto(t) && btf_vlen(t) == parameters)
		t = btf__type_by_id(n->btf, btf_params(t)[0].type);
	if (btf_is_ptr(t) && t->type != 0)
		return t->type;
	report_error("%s: expected %s", n->where, expected);
	return 0;
}

static int
set_events(const struct annotation *n)
{
	struct pack_target *map = find_named(n, ANNOTATED_MAP);
	uint32_t type;

	if (map == NULL) {
		report_error("%s: the object has no such map", n->where);
		return -1;
	}
	type = get_record_type(n, 1, "SKEL_EVENTS(map, struct event)");
	if (type == 0)
		return -1;
	map->type = type;
	return 0;
}

/* The value that the second parameter of the function stands for: a pointer to
 * an array that has one element more.  Returns false if there is none. */
static bool
get_record_value(const struct annotation *n, uint64_t *value)
{
	const struct btf_type *t = btf__type_by_id(n->btf, n->id);

	t = btf__type_by_id(n->btf, t->type);
	if (!btf_is_func_proto(t) || btf_vlen(t) != 2)
		return false;
	t = btf__type_by_id(n->btf, btf_params(t)[1].type);
	if (btf_is_ptr(t))
		t = btf__type_by_id(n->btf, t->type);
	if (!btf_is_array(t) || btf_array(t)->nelems == 0)
		return false;
	*value = btf_array(t)->nelems - 1;
	return true;
}

/* Sets one of several types: "map:member". */
static int
set_events_by(const struct annotation *n)
{
	const char *colon = strchr(n->value, ':');
	struct annotation on_map = *n;
	struct pack_target *map;
	char name[PACKAGE_PATH_MAX];
	uint64_t value;
	uint32_t type;

	snprintf(name, sizeof(name), "%.*s",
	    (int)(colon != NULL ? colon - n->value : 0), n->value);
	on_map.value = name;
	if ((map = find_named(&on_map, ANNOTATED_MAP)) == NULL) {
		report_error("%s: the object has no such map", n->where);
		return -1;
	}
	if (!get_record_value(n, &value)) {
		report_error("%s: expected SKEL_EVENTS_BY(map, member, value, "
			     "struct event)",
		    n->where);
		return -1;
	}
	type = get_record_type(n, 2, "SKEL_EVENTS_BY");
	if (type == 0)
		return -1;
	map->type = type;
	return pack_add_record(map->json, pack_skip_typedefs(n->btf, type),
	    colon + 1, value, n->where);
}

static int
set_iter_interval(const struct annotation *n)
{
	if (pack_is_iterator(n->target->json))
		return set_interval(n);
	report_error(
	    "%s: only iterator programs are read at intervals", n->where);
	return -1;
}

static int
set_iter(const struct annotation *n)
{
	struct pack_target *iterator = find_named(n, ANNOTATED_PROGRAM);
	uint32_t type;
	json_t *config;

	if (iterator == NULL || !pack_is_iterator(iterator->json)) {
		report_error(
		    "%s: the object has no such iterator program", n->where);
		return -1;
	}
	type = get_record_type(n, 1, "SKEL_ITER(program, struct record)");
	if (type == 0)
		return -1;
	type = pack_skip_typedefs(n->btf, type);
	if (btf__resolve_size(n->btf, type) <= 0) {
		report_error("%s: the type of its records, %s, has no size",
		    n->where, pack_get_name(n->btf, type));
		return -1;
	}
	config = json_pack("{sI}", "btf_type_id", (json_int_t)type);
	return pack_set(iterator->json, "export_config", config);
}

static const struct {
	enum pack_place place;
	const char *key;
	annotation_fn *set;
} annotations[] = {
	{ ANNOTATED_VARIABLE, "help", set_argument },
	{ ANNOTATED_VARIABLE, "long", set_argument },
	{ ANNOTATED_VARIABLE, "short", set_short },
	{ ANNOTATED_VARIABLE, "default", set_default },
	{ ANNOTATED_VARIABLE, "sample", set_interval },
	{ ANNOTATED_VARIABLE, "type", set_sample_type },
	{ ANNOTATED_VARIABLE, "unit", annotate_sample },
	{ ANNOTATED_VARIABLE, "clear", set_clear },
	{ ANNOTATED_VARIABLE, "nonzero", set_nonzero },
	{ ANNOTATED_MAP, "sample", set_interval },
	{ ANNOTATED_MAP, "type", set_sample_type },
	{ ANNOTATED_MAP, "unit", annotate_sample },
	{ ANNOTATED_MAP, "clear", set_clear },
	{ ANNOTATED_MAP, "nonzero", set_nonzero },
	{ ANNOTATED_MAP, "sequence", ignore_sequence },
	{ ANNOTATED_MAP, "stack_trace", set_stack_trace },
	{ ANNOTATED_MAP, "stack_field", set_stack_field },
	{ ANNOTATED_MAP, "stack_map", set_stack_map },
	{ ANNOTATED_MAP, "no_symbols", set_no_symbols },
	{ ANNOTATED_PROGRAM, "perf_event", set_perf_event },
	{ ANNOTATED_PROGRAM, "sample", set_iter_interval },
	{ ANNOTATED_LICENSE, "brief", set_doc },
	{ ANNOTATED_LICENSE, "details", set_doc },
	{ ANNOTATED_LICENSE, "version", set_doc },
	{ ANNOTATED_FUNCTION, "events", set_events },
	{ ANNOTATED_FUNCTION, "events_by", set_events_by },
	{ ANNOTATED_FUNCTION, "iter", set_iter },
};

/* Reports an annotation that does not fit what it is on: the author expects it
 * to work. Returns -1. */
static int
report_misplaced(const struct annotation *n)
{
	static const char *const places[] = {
		/* The parentheses tell clang that no comma is missing. */
		[ANNOTATED_OTHER] = ("a declaration other than a global, map, "
				     "program or the license"),
		[ANNOTATED_VARIABLE] = "a variable",
		[ANNOTATED_MAP] = "a map",
		[ANNOTATED_LICENSE] = "the license",
		[ANNOTATED_FUNCTION] = "a function",
		[ANNOTATED_PROGRAM] = "a program",
	};

	report_error("%s: there is no such annotation for %s; see skel.bpf.h",
	    n->where, places[n->target->place]);
	return -1;
}

/* Whether an annotation for one place may stand at another: a program may have
 * all annotations that a function may have. */
static bool
fits_place(enum pack_place annotation, enum pack_place at)
{
	return annotation == at ||
	       (annotation == ANNOTATED_FUNCTION && at == ANNOTATED_PROGRAM);
}

static int
apply_annotation(struct annotation *n, const char *tag, const char *file)
{
	const char *equals = strchr(tag, '=');
	char key[32], where[PACKAGE_PATH_MAX];
	int len = equals != NULL ? (int)(equals - tag) : (int)strlen(tag);

	snprintf(key, sizeof(key), "%.*s", len, tag);
	snprintf(where, sizeof(where), "%s: %s: " BTF_TAG "%s", file,
	    pack_get_name(n->btf, n->id), tag);
	n->key = key;
	n->value = equals != NULL ? equals + 1 : "";
	n->where = where;
	for (size_t i = 0; i < nitems(annotations); i++)
		if (fits_place(annotations[i].place, n->target->place) &&
		    strcmp(annotations[i].key, key) == 0)
			return annotations[i].set(n);
	return report_misplaced(n);
}

/* Reads the names of all maps and programs.  Returns 0, or -1 after
 * reporting. */
static int
read_names(struct name_table *names, const struct btf *btf,
    const struct pack_target *targets)
{
	for (uint32_t id = 1; id < btf__type_cnt(btf); id++)
		if ((targets[id].place == ANNOTATED_MAP ||
			targets[id].place == ANNOTATED_PROGRAM) &&
		    name_table_add(names, targets[id].place,
			pack_get_name(btf, id), id) == -1)
			return -1;
	return 0;
}

static int
apply_annotations(struct annotation *n, const char *file)
{
	const struct btf *btf = n->btf;
	const struct btf_type *t;
	const char *tag;

	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		t = btf__type_by_id(btf, id);
		/* Those on members are for elf/btf-tags.h. */
		if (!btf_is_decl_tag(t) ||
		    (btf_decl_tag(t)->component_idx != -1 &&
			btf_is_composite(btf__type_by_id(btf, t->type))))
			continue;
		tag = btf__name_by_offset(btf, t->name_off);
		if (strncmp(tag, BTF_TAG, strlen(BTF_TAG)) != 0)
			continue;
		n->id = t->type;
		n->target = &n->targets[t->type];
		if (apply_annotation(n, tag + strlen(BTF_TAG), file) == -1)
			return -1;
	}
	return 0;
}

int
pack_annotations_apply(
    const struct btf *btf, struct pack_target *targets, const char *file)
{
	struct annotation_types types = { .set = false };
	struct name_table names = { 0 };
	struct annotation n = {
		.btf = btf, .types = &types, .names = &names, .targets = targets
	};
	int ret = read_names(&names, btf, targets) == -1
		      ? -1
		      : apply_annotations(&n, file);

	btf_import_close(&types.import);
	types_free(&types.types);
	name_table_free(&names);
	return ret;
}
