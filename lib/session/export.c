#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/report.h"
#include "elf/btf-tags.h"
#include "elf/btf.h"
#include "package/read.h"
#include "poll/lost-counter.h"
#include "record/member-notes.h"
#include "session/export-record.h"
#include "session/export-sample.h"
#include "session/export-stacks.h"
#include "session/export.h"
#include "session/stack-guess.h"
#include "types/member-kinds.h"

/*
 * A definition may give the type of a buffer's records as its value, but the
 * kernel accepts a ring buffer without a value size only, and a perf buffer
 * with the size of a descriptor only.  Setting the sizes leaves the BTF ids of
 * the types as they are (libbpf 1.1.2, libbpf.c, bpf_map__set_value_size).
 */
static int
fix_buffer_sizes(struct object *o)
{
	struct bpf_map *map;
	uint32_t size;

	bpf_object__for_each_map (map, o->bpf) {
		if (bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF)
			size = 0;
		else if (bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
			size = sizeof(uint32_t);
		else
			continue;
		if (bpf_map__value_size(map) == size &&
		    bpf_map__key_size(map) == size)
			continue;
		if (bpf_map__set_value_size(map, size) != 0 ||
		    bpf_map__set_key_size(map, size) != 0) {
			report_error(
			    "%s: map %s: libbpf cannot set the sizes of "
			    "its key and value",
			    o->package->name, bpf_map__name(map));
			return -1;
		}
	}
	return 0;
}

/* Returns whether this kernel has arrays that can be mmapped (Linux 5.5). */
static bool
kernel_can_map_arrays(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "skel_mappable",
	    sizeof(uint32_t), sizeof(uint64_t), 1, &opts);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/*
 * Makes sampled arrays mappable: reading them in memory is fast, and clearing
 * them there loses no counts.  One that its definition pins stays as it is
 * defined: libbpf compares its flags with the pinned map's.
 */
static int
make_arrays_mappable(const struct export_list *l)
{
	bool asked = false;

	for (size_t i = 0; i < l->n; i++) {
		const struct export_entry *e = &l->v[i];
		uint32_t flags;

		if (e->source != STREAM_SAMPLE || e->section != NULL ||
		    bpf_map__type(e->bpf) != BPF_MAP_TYPE_ARRAY ||
		    bpf_map__pin_path(e->bpf) != NULL)
			continue;
		flags = bpf_map__map_flags(e->bpf);
		if (flags & BPF_F_MMAPABLE)
			continue;
		if (!asked && !kernel_can_map_arrays())
			return 0;
		asked = true;
		if (bpf_map__set_map_flags(e->bpf, flags | BPF_F_MMAPABLE) == 0)
			continue;
		report_error("%s: libbpf cannot make it mappable", e->where);
		return -1;
	}
	return 0;
}

/* Sets *source to how records of the map are read.  Returns false if it is
 * neither a buffer nor sampled. */
static bool
find_map_source(const struct package_map *m, const struct bpf_map *map,
    enum stream_source *source)
{
	if (bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF)
		*source = STREAM_RINGBUF;
	else if (bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		*source = STREAM_PERF;
	else if (m->sample.set)
		*source = STREAM_SAMPLE;
	else
		return false;
	return true;
}

static bool
is_exported(const struct export_list *l, const char *name)
{
	return name_table_find(&l->names, 0, name) != NAME_NONE;
}

/* Keeps the entry behind the others.  Returns 0, or -1 after reporting. */
static int
keep_entry(struct export_list *l)
{
	uint32_t i = (uint32_t)l->n++;

	return name_table_add(&l->names, 0, l->v[i].name, i);
}

/* For a map that is neither a buffer nor sampled: returns 0 if it may be left
 * out, or -1 after reporting. */
static int
check_unexported(const struct export_list *l, const struct export_entry *e)
{
	static const char why[] =
	    "\"export_config\" needs a \"sample\" beside it, since the map is "
	    "no ring buffer and no perf buffer";

	if (l->package->multiple_export_types) {
		report_error("%s: %s", e->where, why);
		return -1;
	}
	if (e->map->export != EXPORT_NONE)
		report_notice("%s: not exported: %s", e->where, why);
	return 0;
}

/* Checks that the settings of the map in the package fit together. */
static int
check_entry(const struct export_list *l, const struct export_entry *e)
{
	if (is_exported(l, e->map->name)) {
		report_error("%s: the package lists this map twice", e->where);
		return -1;
	}
	if (l->package->multiple_export_types &&
	    e->map->export == EXPORT_DEFAULT && export_is_buffer(e)) {
		report_error("%s: \"export_config\" is \"default\", which "
			     "works for sampled maps only",
		    e->where);
		return -1;
	}
	if (e->map->nrecords > 0 && !export_is_buffer(e)) {
		report_error("%s: only the records of a ring or perf buffer "
			     "can have several types (\"records\")",
		    e->where);
		return -1;
	}
	if (e->map->sample.set && export_is_buffer(e))
		report_notice("%s: \"sample\" is ignored: the map is a "
			      "buffer, whose records need no sampling",
		    e->where);
	return 0;
}

/*
 * Adds the map if it is exported.  With multiple_export_types only maps with an
 * export_config are exported, otherwise all buffers and sampled maps.
 */
static int
add_map_entry(
    struct export_list *l, const struct package_map *m, struct object *o)
{
	struct export_entry *e = &l->v[l->n];
	bool multiple = l->package->multiple_export_types;

	if (multiple && m->export == EXPORT_NONE && m->nrecords == 0 &&
	    !m->asked)
		return 0;
	*e = (struct export_entry){
		.name = m->name, .map = m, .type_from = VALUE_TYPE_OF_MAP
	};
	if (m->nrecords > 0)
		e->type_from = VALUE_TYPE_RECORDS;
	else if (m->export == EXPORT_BTF)
		e->type_from = VALUE_TYPE_BY_ID;
	else if (m->export == EXPORT_CUSTOM)
		e->type_from = VALUE_TYPE_CUSTOM;
	snprintf(e->where, sizeof(e->where), "%s: map %s", l->package->name,
	    m->name);
	e->bpf = object_names_map(&o->names, m->name);
	if (e->bpf == NULL) {
		/* Maps of data sections are called after the object. */
		if (!multiple && !m->sample.set && strchr(m->name, '.') != NULL)
			return 0;
		report_error(
		    "%s: the object has no map of this name", e->where);
		return -1;
	}
	if (!find_map_source(m, e->bpf, &e->source))
		return check_unexported(l, e);
	if (check_entry(l, e) == -1)
		return -1;
	return keep_entry(l);
}

/* Adds the program if it is an iterator that will be attached. */
static int
add_iterator_entry(struct export_list *l, const struct package_program *program,
    const struct attachments *a)
{
	struct export_entry *e = &l->v[l->n];

	if (!attach_is_iterator(a, program->name))
		return 0;
	*e = (struct export_entry){
		.name = program->name,
		.program = program,
		.source = STREAM_ITER,
	};
	snprintf(e->where, sizeof(e->where), "%s: iterator %s",
	    l->package->name, program->name);
	if (is_exported(l, program->name)) {
		report_error(
		    "%s: another map or program has this name", e->where);
		return -1;
	}
	return keep_entry(l);
}

/* Adds an entry for a section or a variable of it, if it is sampled. */
static int
add_part_entry(struct export_list *l, const struct object *o,
    const struct package_section *s, const struct package_variable *v)
{
	struct export_entry *e = &l->v[l->n];

	if (v != NULL ? !v->sample.set : !s->sample.set)
		return 0;
	if (export_sample_entry(l, e, o, s, v) == -1)
		return -1;
	if (is_exported(l, e->name)) {
		report_error("%s: another map, program or variable has this "
			     "name",
		    e->where);
		return -1;
	}
	return keep_entry(l);
}

static int
add_section_entries(struct export_list *l, const struct object *o,
    const struct package_section *s)
{
	if (add_part_entry(l, o, s, NULL) == -1)
		return -1;
	for (size_t i = 0; i < s->nvariables; i++)
		if (add_part_entry(l, o, s, &s->variables[i]) == -1)
			return -1;
	return 0;
}

/* How many entries there can be at most. */
static size_t
count_entries(const struct package *p)
{
	size_t n = p->nmaps + p->nprograms + p->nsections;

	for (size_t i = 0; i < p->nsections; i++)
		n += p->sections[i].nvariables;
	return n;
}

static int
add_entries(
    struct export_list *l, struct object *o, const struct attachments *a)
{
	const struct package *p = l->package;

	l->v = calloc(count_entries(p) + 1, sizeof(*l->v));
	if (l->v == NULL)
		return report_nomem();
	for (size_t i = 0; i < p->nmaps; i++)
		if (add_map_entry(l, &p->maps[i], o) == -1)
			return -1;
	for (size_t i = 0; i < p->nprograms; i++)
		if (add_iterator_entry(l, &p->programs[i], a) == -1)
			return -1;
	for (size_t i = 0; i < p->nsections; i++)
		if (add_section_entries(l, o, &p->sections[i]) == -1)
			return -1;
	return 0;
}

/*
 * Without multiple_export_types export_types[0] describes the records of a
 * buffer whose definition gives no type.  If there are several such buffers it
 * goes to the last one, as in the reference loader.
 */
static void
assign_listed_type(struct export_list *l)
{
	struct export_entry *last = NULL, *e;
	size_t buffers = 0;

	for (size_t i = 0; i < l->n; i++)
		buffers += export_is_buffer(&l->v[i]);
	for (size_t i = 0; i < l->n; i++) {
		e = &l->v[i];
		if (!export_is_buffer(e) || e->type_from != VALUE_TYPE_OF_MAP ||
		    (buffers > 1 && export_map_value_type(l, e->bpf) != 0))
			continue;
		if (last != NULL) {
			report_notice("%s: the type of its records is unknown, "
				      "since export_types[0] describes map %s",
			    last->where, e->name);
			last->type_from = VALUE_TYPE_NONE;
		}
		last = e;
		last->type_from = VALUE_TYPE_LISTED;
	}
}

static int
report_not_exported(const struct export_list *l, const char *name)
{
	struct buf names = { 0 };

	for (size_t i = 0; i < l->n; i++)
		buf_list(&names, 0, l->v[i].name);
	if (names.failed)
		report_nomem();
	else if (l->n == 0)
		report_error("%s: -m %s: the package exports no map",
		    l->package->name, name);
	else
		report_error("%s: -m %s: not an exported map; these are: %.*s",
		    l->package->name, name, (int)names.len, names.data);
	buf_free(&names);
	return -1;
}

/* Keeps the exports that -m names. */
static int
select_entries(struct export_list *l, const char *const *only, size_t nonly)
{
	struct name_table wanted = { 0 };
	size_t kept = 0;
	int ret = 0;

	if (nonly == 0)
		return 0;
	for (size_t k = 0; k < nonly && ret == 0; k++)
		ret = is_exported(l, only[k])
			  ? name_table_add(&wanted, 0, only[k], 0)
			  : report_not_exported(l, only[k]);
	for (size_t i = 0; i < l->n && ret == 0; i++)
		if (name_table_find(&wanted, 0, l->v[i].name) != NAME_NONE)
			l->v[kept++] = l->v[i];
	if (ret == 0)
		l->n = kept;
	name_table_free(&wanted);
	return ret;
}

static bool
is_lost_counter(const struct bpf_map *map)
{
	return bpf_map__type(map) == BPF_MAP_TYPE_PERCPU_ARRAY &&
	       bpf_map__key_size(map) == sizeof(uint32_t) &&
	       bpf_map__value_size(map) == sizeof(uint64_t) &&
	       bpf_map__max_entries(map) == 1;
}

/* Sets m->lost_map to the map with the counts of the calls for m, if they are
 * counted. */
static int
find_call_counts(struct stream_map *m, const struct object *o)
{
	char *name;

	if (asprintf(&name, COUNT_CALLS_SECTION "%s", m->name) == -1)
		return report_nomem();
	if (object_names_map(&o->names, name) != NULL)
		m->lost_map = name;
	else
		free(name);
	return 0;
}

/* Finds the map in which the program counts records that did not fit into the
 * ring buffer m, and sets m->lost_map if there is one. */
static int
find_lost_counter(
    struct stream_map *m, const struct export_entry *e, const struct object *o)
{
	const struct bpf_map *map;
	char *name;

	if (m->source != STREAM_RINGBUF)
		return 0;
	if (asprintf(&name, "%s" LOST_COUNTER_SUFFIX, m->name) == -1)
		return report_nomem();
	map = object_names_map(&o->names, name);
	if (map != NULL && is_lost_counter(map)) {
		m->lost_map = name;
		return 0;
	}
	if (find_call_counts(m, o) == -1) {
		free(name);
		return -1;
	}
	if (map != NULL && m->lost_map == NULL)
		report_notice("%s: lost records are not counted: map %s is "
			      "not a per-CPU array of one 64-bit number",
		    e->where, name);
	free(name);
	return 0;
}

/* Finds the stacks in the records of an export, entry i of the header.  A
 * package that says they are plain structs is believed. */
static int
find_stacks(struct export_list *l, const struct export_entry *e, unsigned int i,
    const struct object *o)
{
	const struct package_map *m = e->map;

	if (m != NULL && json_object_get(m->json, "intepreter") == NULL &&
	    stack_guess(l->header, i, o) == -1)
		return -1;
	return export_stacks(l->header, i, o);
}

/* Adds an export to the header: one entry, or one for each type of its records.
 */
static int
describe_export(
    struct export_list *l, const struct export_entry *e, const struct object *o)
{
	struct stream_header *h = l->header;
	unsigned int first = (unsigned int)h->nmaps;

	if ((e->section != NULL ? export_sample_describe(l, e)
				: export_describe(l, e)) == -1 ||
	    find_lost_counter(&h->maps[first], e, o) == -1)
		return -1;
	for (unsigned int i = first; i < h->nmaps; i++) {
		if (find_stacks(l, e, i, o) == -1)
			return -1;
		stream_map_set_sizes(h, i);
	}
	return 0;
}

static int
describe_exports(struct export_list *l, struct object *o,
    const struct attachments *a, const char *const *only, size_t nonly)
{
	const struct package *p = l->package;

	if (add_entries(l, o, a) == -1)
		return -1;
	if (!p->multiple_export_types && p->nexport_types > 0) {
		assign_listed_type(l);
		if (export_check_only_sample(l) == -1)
			return -1;
	}
	if (select_entries(l, only, nonly) == -1)
		return -1;
	if (make_arrays_mappable(l) == -1)
		return -1;
	for (size_t i = 0; i < l->n; i++)
		if (describe_export(l, &l->v[i], o) == -1)
			return -1;
	return stream_header_set_labels(l->header);
}

/* Imports the enums that notes of the package and options name. */
static int
import_enum(struct export_list *l, const char *kind)
{
	struct report_held held;
	struct member_kind k;
	int ret;

	if (l->btf == NULL || kind == NULL)
		return 0;
	/* What is wrong with it is reported by who sets it. */
	report_hold(&held);
	ret = kind_parse(&k, kind, "");
	report_release_held(&held, "");
	if (ret == 0)
		ret = btf_tags_import_enum(&l->import, &k, l->package->name);
	else
		ret = 0;
	kind_free(&k);
	return ret;
}

/* Sets what the package says of members of the map. */
static int
set_package_notes(
    struct export_list *l, const struct package_map *m, unsigned int index)
{
	const char *package = l->package->name;
	char where[PACKAGE_PATH_MAX];

	if (stream_header_find_map(l->header, m->name) == -1)
		return 0;
	for (size_t i = 0; i < m->nfields; i++) {
		const struct package_field *f = &m->fields[i];
		const struct member_note note = { f->name, f->as, f->help,
			f->hide, f->time, f->gauge, f->width };

		if (import_enum(l, f->as) == -1)
			return -1;
		package_path(
		    where, "%s: maps[%u].fields[%zu]", package, index, i);
		if (member_notes_set(l->header, m->name, &note, 1, where) == -1)
			return -1;
	}
	return 0;
}

/* Sets what the author, the package and the options as say of members. */
static int
set_notes(struct export_list *l, const char *const *as, size_t nas)
{
	const struct package *p = l->package;

	if (l->btf != NULL && btf_tags_set(&l->import, p->name) == -1)
		return -1;
	for (unsigned int i = 0; i < p->nmaps; i++)
		if (set_package_notes(l, &p->maps[i], i) == -1)
			return -1;
	for (size_t i = 0; i < nas; i++)
		if (import_enum(l, strchr(as[i], '=') + 1) == -1)
			return -1;
	return member_kinds_set(&l->header->types, p->name) == -1
		   ? -1
		   : member_notes_apply_options(l->header, as, nas);
}

int
export_maps(struct stream_header *h, struct object *o,
    const struct attachments *a, const char *const *only, size_t nonly,
    const char *const *as, size_t nas)
{
	struct export_list l = {
		.package = o->package,
		.header = h,
		.btf = bpf_object__btf(o->bpf),
	};
	int ret;

	if (fix_buffer_sizes(o) == -1)
		return -1;
	if (l.btf != NULL && btf_import_open(&l.import, l.btf, &h->types) == -1)
		return -1;
	ret = describe_exports(&l, o, a, only, nonly);
	if (ret == 0)
		ret = set_notes(&l, as, nas);
	btf_import_close(&l.import);
	name_table_free(&l.names);
	free(l.v);
	return ret;
}

int
export_links(const struct stream_header *h, const struct attachments *a,
    struct poller *p)
{
	for (unsigned int i = 0; i < h->nmaps; i++) {
		int fd = attach_link_fd(a, h->maps[i].name);

		if (h->maps[i].source == STREAM_ITER && fd != -1 &&
		    poller_set_link(p, i, fd) == -1)
			return -1;
	}
	return 0;
}
