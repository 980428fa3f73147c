#include <bpf/libbpf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/suggest.h"
#include "elf/libbpf-log.h"
#include "elf/section-rename.h"
#include "session/export-sample.h"

enum { SECTION_NAME_MAX = 128 };

/* A sample that is being marked. */
struct sample_mark {
	struct package *package; /* borrowed, as all */
	const struct object *object;
	const struct sample_option *option;
	const char *option_text; /* "--sample hists", for reports */
	bool found;
};

static bool
is_buffer_map(const struct bpf_map *map)
{
	return bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF ||
	       bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
}

static struct package_map *
find_package_map(struct package *p, const char *name)
{
	for (size_t i = 0; i < p->nmaps; i++)
		if (strcmp(p->maps[i].name, name) == 0)
			return &p->maps[i];
	return NULL;
}

/* Whether programs can write the variables of the section. */
static bool
is_written_section(const struct package_section *s)
{
	return strncmp(s->name, ".bss", 4) == 0 ||
	       strncmp(s->name, ".data", 5) == 0;
}

static int
report_not_sampled(const struct sample_mark *k, const char *why)
{
	report_error("%s: %s: %s", k->package->name, k->option_text, why);
	return -1;
}

static int
mark_map(struct sample_mark *k, const struct bpf_map *map)
{
	bool named = sample_option_is_name(k->option);
	struct package_map *m =
	    find_package_map(k->package, bpf_map__name(map));
	char why[128];

	if (!sample_option_allows(bpf_map__type(map))) {
		snprintf(why, sizeof(why),
		    "a map of type %s cannot be read key by key",
		    libbpf_map_type_name(bpf_map__type(map)));
		return !named ? 0
			      : report_not_sampled(
				    k, is_buffer_map(map)
					   ? "the map is a buffer, whose "
					     "records come as they are written"
					   : why);
	}
	if (m == NULL)
		return !named ? 0
			      : report_not_sampled(
				    k, "the package does not list this map");
	m->sample = k->option->sample;
	m->asked = k->found = true;
	return 0;
}

static int
mark_maps(struct sample_mark *k)
{
	struct bpf_map *map;

	bpf_object__for_each_map (map, k->object->bpf) {
		if (bpf_map__is_internal(map) ||
		    !sample_option_matches(k->option, bpf_map__name(map)))
			continue;
		if (mark_map(k, map) == -1)
			return -1;
	}
	return 0;
}

static int
mark_variables(struct sample_mark *k, struct package_section *s)
{
	for (size_t i = 0; i < s->nvariables; i++) {
		struct package_variable *v = &s->variables[i];

		if (!sample_option_matches(k->option, v->name))
			continue;
		if (!is_written_section(s)) {
			if (!sample_option_is_name(k->option))
				continue;
			return report_not_sampled(
			    k, "the variable is constant while programs run");
		}
		v->sample = k->option->sample;
		k->found = true;
	}
	return 0;
}

static int
mark_sections(struct sample_mark *k)
{
	for (size_t i = 0; i < k->package->nsections; i++) {
		struct package_section *s = &k->package->sections[i];

		if (*k->option->pattern == '.' &&
		    sample_option_matches(k->option, s->name)) {
			if (!is_written_section(s))
				return report_not_sampled(k,
				    "its variables are constant while "
				    "programs run");
			if (k->option->sample.clear_map)
				return report_not_sampled(k,
				    "clear is for single variables: programs "
				    "may need the others");
			s->sample = k->option->sample;
			k->found = true;
		} else if (mark_variables(k, s) == -1) {
			return -1;
		}
	}
	return 0;
}

/* Report that nothing has the name, with those that are like it. */
static int
report_unknown_sample(const struct sample_mark *k)
{
	struct suggest near = { .wanted = k->option->pattern };
	const struct bpf_map *map;
	char *text;

	bpf_object__for_each_map (map, k->object->bpf)
		if (!bpf_map__is_internal(map) &&
		    sample_option_allows(bpf_map__type(map)))
			suggest_offer(&near, bpf_map__name(map));
	for (size_t i = 0; i < k->package->nsections; i++) {
		const struct package_section *s = &k->package->sections[i];

		for (size_t v = 0; is_written_section(s) && v < s->nvariables;
		     v++)
			suggest_offer(&near, s->variables[v].name);
	}
	if ((text = suggest_text(&near)) == NULL)
		return report_nomem();
	report_error("%s: %s: the object has no such map or variable%s",
	    k->package->name, k->option_text, text);
	free(text);
	return -1;
}

static int
mark_option(struct sample_mark *k)
{
	k->found = false;
	if (mark_maps(k) == -1 || mark_sections(k) == -1)
		return -1;
	return k->found ? 0 : report_unknown_sample(k);
}

/* Whether -m need not mark name: it is exported without that, or it is no map
 * and no variable. */
static bool
is_exported_anyway(const struct sample_mark *k, const char *name)
{
	const struct bpf_map *map = object_names_map(&k->object->names, name);
	struct package_map *m = find_package_map(k->package, name);

	if (map == NULL || m == NULL)
		return object_names_program(&k->object->names, name) != NULL;
	if (!is_buffer_map(map))
		return m->sample.set &&
		       (!k->package->multiple_export_types || m->asked ||
			   m->export != EXPORT_NONE);
	m->asked = true;
	return true;
}

/* Marks what -m names, unless another option has marked it. */
static int
mark_export(const struct sample_mark *k, const char *name)
{
	struct sample_option option;
	struct sample_mark own = *k;
	char text[256];
	int ret = 0;

	if (is_exported_anyway(k, name))
		return 0;
	for (size_t i = 0; i < k->package->nsections; i++) {
		struct package_section *s = &k->package->sections[i];

		if (strcmp(s->name, name) == 0 && s->sample.set)
			return 0;
		for (size_t v = 0; v < s->nvariables; v++)
			if (strcmp(s->variables[v].name, name) == 0 &&
			    s->variables[v].sample.set)
				return 0;
	}
	snprintf(text, sizeof(text), "-m %s", name);
	if (sample_option_parse(&option, name) == -1)
		return -1;
	own.option = &option;
	own.option_text = text;
	if (mark_maps(&own) == -1 || mark_sections(&own) == -1)
		ret = -1;
	sample_option_free(&option);
	return ret;
}

int
export_sample_mark(struct package *p, const struct object *o,
    const struct launch_options *options)
{
	struct sample_mark k = { .package = p, .object = o };
	char text[256];

	for (size_t i = 0; i < options->nsamples; i++) {
		k.option = &options->samples[i];
		snprintf(text, sizeof(text), "--sample %s", k.option->pattern);
		k.option_text = text;
		if (mark_option(&k) == -1)
			return -1;
	}
	for (size_t i = 0; i < options->nmaps; i++)
		if (mark_export(&k, options->maps[i]) == -1)
			return -1;
	return 0;
}

/* The name of the section in the object that libbpf has opened. */
static void
get_opened_name(const struct package_section *s, char name[SECTION_NAME_MAX])
{
	bool renamed = strncmp(s->name, BSS_PREFIX, strlen(BSS_PREFIX)) == 0;

	snprintf(name, SECTION_NAME_MAX, "%s%s", renamed ? BSS_RENAMED : "",
	    s->name);
}

int
export_sample_entry(const struct export_list *l, struct export_entry *e,
    const struct object *o, const struct package_section *s,
    const struct package_variable *v)
{
	char name[SECTION_NAME_MAX];

	*e = (struct export_entry){
		.name = v != NULL ? v->name : s->name,
		.section = s,
		.variable = v,
		.source = STREAM_SAMPLE,
	};
	snprintf(e->where, sizeof(e->where), "%s: %s %s", l->package->name,
	    v != NULL ? "variable" : "section", e->name);
	get_opened_name(s, name);
	e->bpf = object_names_map(&o->names, name);
	if (e->bpf != NULL)
		return 0;
	report_error("%s: the object has no such section", e->where);
	return -1;
}

/* Adds the variable at a place of the section to the struct t, whose bytes are
 * those of the section from the offset on. */
static int
add_variable_member(struct export_list *l, const struct export_entry *e,
    struct type *t, const struct btf_var_secinfo *at, uint64_t offset)
{
	const struct btf_type *var = btf__type_by_id(l->btf, at->type);
	struct type_member *m = &t->members[t->nmembers];
	char where[EXPORT_WHERE_MAX + 64];
	const char *name = btf_name(l->btf, var->name_off);

	snprintf(where, sizeof(where), "%s: variable %.32s", e->where, name);
	if ((m->name = strdup(name)) == NULL)
		return report_nomem();
	t->nmembers++;
	m->offset = at->offset - offset;
	m->type = btf_import(&l->import, var->type, where);
	return m->type != TYPE_NONE ? 0 : -1;
}

/* Pointers are left out of the record of a section: they are there so that the
 * compiler keeps a type in the BTF, or they point into the kernel. */
static bool
is_shown_variable(const struct btf *btf, const struct btf_var_secinfo *at)
{
	const struct btf_type *var = btf__type_by_id(btf, at->type), *t;

	if (var == NULL || !btf_is_var(var) ||
	    btf_var(var)->linkage == BTF_VAR_STATIC)
		return false;
	t = btf__type_by_id(btf, var->type);
	while (t != NULL && btf_is_mod(t))
		t = btf__type_by_id(btf, t->type);
	return t != NULL && !btf_is_ptr(t);
}

static int
add_section_members(struct export_list *l, const struct export_entry *e,
    struct type *t, const struct btf_type *datasec)
{
	const struct btf_var_secinfo *v = btf_var_secinfos(datasec);
	size_t n = btf_vlen(datasec);

	t->size = bpf_map__value_size(e->bpf);
	t->members = calloc(n + 1, sizeof(*t->members));
	if (t->members == NULL)
		return report_nomem();
	for (size_t i = 0; i < n; i++)
		if (is_shown_variable(l->btf, &v[i]) &&
		    add_variable_member(l, e, t, &v[i], 0) == -1)
			return -1;
	if (t->nmembers > 0)
		return 0;
	report_error("%s: it has no variables that can be shown", e->where);
	return -1;
}

/* Makes t a struct of one variable, and sets *offset to where it is. */
static int
add_single_member(struct export_list *l, const struct export_entry *e,
    struct type *t, const struct btf_type *datasec, uint64_t *offset)
{
	const struct btf_var_secinfo *at =
	    btf_find_variable(l->btf, datasec, e->variable->name);

	if (at == NULL) {
		report_error("%s: the object has no BTF for it", e->where);
		return -1;
	}
	*offset = at->offset;
	t->members = calloc(1, sizeof(*t->members));
	if (t->members == NULL)
		return report_nomem();
	if (add_variable_member(l, e, t, at, at->offset) == -1)
		return -1;
	t->size = types_get(&l->header->types, t->members[0].type)->size;
	if (t->size != 0 && *offset <= bpf_map__value_size(e->bpf) &&
	    t->size <= bpf_map__value_size(e->bpf) - *offset)
		return 0;
	report_error("%s: the variable lies outside its section", e->where);
	return -1;
}

static uint32_t
add_part_type(
    struct export_list *l, struct type *t, const char *name, const char *where)
{
	t->kind = TYPE_STRUCT;
	if ((t->name = strdup(name)) == NULL) {
		types_free_type(t);
		report_nomem();
		return TYPE_NONE;
	}
	return types_add(&l->header->types, t, where);
}

/* Returns the type of the values of an entry, or TYPE_NONE after reporting. */
static uint32_t
add_value_type(
    struct export_list *l, const struct export_entry *e, uint64_t *offset)
{
	const struct btf_type *datasec;
	char name[SECTION_NAME_MAX];
	struct type t = { 0 };
	int id = -1;

	get_opened_name(e->section, name);
	if (l->btf != NULL)
		id = btf__find_by_name_kind(l->btf, name, BTF_KIND_DATASEC);
	if (id < 0) {
		report_error("%s: the object has no BTF for it; compile it "
			     "with clang -g",
		    e->where);
		return TYPE_NONE;
	}
	datasec = btf__type_by_id(l->btf, (uint32_t)id);
	*offset = 0;
	if (e->variable != NULL
		? add_single_member(l, e, &t, datasec, offset) == -1
		: add_section_members(l, e, &t, datasec) == -1) {
		types_free_type(&t);
		return TYPE_NONE;
	}
	return add_part_type(l, &t, e->name, e->where);
}

int
export_sample_describe(struct export_list *l, const struct export_entry *e)
{
	const struct package_sample *s =
	    e->variable != NULL ? &e->variable->sample : &e->section->sample;
	char name[SECTION_NAME_MAX];
	struct type none = { 0 };
	struct stream_map *m;
	uint32_t key, value;
	uint64_t offset;

	value = add_value_type(l, e, &offset);
	key = value == TYPE_NONE ? TYPE_NONE
				 : add_part_type(l, &none, "", e->where);
	if (key == TYPE_NONE ||
	    (m = stream_header_add_map(l->header, e->name)) == NULL)
		return -1;
	get_opened_name(e->section, name);
	m->source = STREAM_SAMPLE;
	m->value = value;
	m->key = key;
	m->part.set = true;
	m->part.offset = offset;
	m->part.map = strdup(name);
	return m->part.map == NULL ? report_nomem() : export_set_sample(m, s);
}
