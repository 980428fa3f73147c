#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/report.h"
#include "elf/btf.h"
#include "poll/lost-counter.h"
#include "session/export-record.h"
#include "session/export-stacks.h"
#include "session/export.h"

/*
 * The kernel refuses a ring buffer with a value size, and a perf buffer with
 * another than a descriptor's; libbpf passes on what the definition says.
 * libbpf keeps the ids of the types (1.1.2, libbpf.c, bpf_map__set_value_size).
 */
static int
make_loadable(struct object *o)
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
			report_error("%s: map %s: cannot set its value size",
			    o->package->name, bpf_map__name(map));
			return -1;
		}
	}
	return 0;
}

/* Whether this kernel makes arrays that can be mapped; since 5.5. */
static bool
makes_mappable(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "skel_mappable",
	    sizeof(uint32_t), sizeof(uint64_t), 1, &opts);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Whether that does for a map what it should: one that others share by its pin
 * stays as it is defined, since libbpf compares. */
static bool
wants_mapping(const struct candidate *c)
{
	return c->source == STREAM_SAMPLE &&
	       bpf_map__type(c->bpf) == BPF_MAP_TYPE_ARRAY &&
	       bpf_map__pin_path(c->bpf) == NULL &&
	       (bpf_map__map_flags(c->bpf) & BPF_F_MMAPABLE) == 0;
}

/*
 * Sampled arrays are read in memory if they can be, which is fast, and loses no
 * counts where they are cleared.
 */
static int
make_mappable(const struct export *e)
{
	bool asked = false;

	for (size_t i = 0; i < e->n; i++) {
		const struct candidate *c = &e->v[i];

		if (!wants_mapping(c))
			continue;
		if (!asked && !makes_mappable())
			return 0;
		asked = true;
		if (bpf_map__set_map_flags(c->bpf,
			bpf_map__map_flags(c->bpf) | BPF_F_MMAPABLE) == 0)
			continue;
		report_error("%s: cannot set its flags", c->where);
		return -1;
	}
	return 0;
}

/* Whether the map's kind and its sample make it something to show. */
static bool
find_source(const struct package_map *m, const struct bpf_map *map,
    enum stream_source *source)
{
	if (bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF)
		*source = STREAM_RINGBUF;
	else if (bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		*source = STREAM_PERF;
	else if (m->sampled)
		*source = STREAM_SAMPLE;
	else
		return false;
	return true;
}

static enum form
configured_form(const struct package_map *m)
{
	switch (m->export) {
	case EXPORT_BTF:
		return FORM_ID;
	case EXPORT_CUSTOM:
		return FORM_CUSTOM;
	default:
		return FORM_OWN;
	}
}

static bool
is_exported(const struct export *e, const char *name)
{
	for (size_t i = 0; i < e->n; i++)
		if (strcmp(e->v[i].name, name) == 0)
			return true;
	return false;
}

/* A map that is no buffer and not sampled.  Returns 0 if it need not be
 * shown. */
static int
no_source(const struct export *e, const struct candidate *c)
{
	if (e->package->multiple_export_types) {
		report_error(
		    "%s: export_config needs \"sample\" beside it", c->where);
		return -1;
	}
	if (c->map->export != EXPORT_NONE)
		report_notice("%s: not shown: export_config needs \"sample\" "
			      "beside it",
		    c->where);
	return 0;
}

/* Whether what the package says of the map goes together. */
static int
check_candidate(const struct export *e, const struct candidate *c)
{
	if (is_exported(e, c->map->name)) {
		report_error("%s: the package names it twice", c->where);
		return -1;
	}
	if (e->package->multiple_export_types &&
	    c->map->export == EXPORT_DEFAULT && export_is_buffer(c)) {
		report_error("%s: export_config \"default\" is for sampled "
			     "maps only",
		    c->where);
		return -1;
	}
	if (c->map->sampled && export_is_buffer(c))
		report_notice("%s: the events of a buffer come by themselves; "
			      "its \"sample\" is not used",
		    c->where);
	return 0;
}

/*
 * Add the map if it is one to show.  With several export types only those
 * maps are that have an export_config; else every one that can be.
 */
static int
consider(struct export *e, const struct package_map *m, struct object *o)
{
	struct candidate *c = &e->v[e->n];
	bool multiple = e->package->multiple_export_types;

	if (multiple && m->export == EXPORT_NONE)
		return 0;
	*c = (struct candidate){
		.name = m->name, .map = m, .form = configured_form(m)
	};
	snprintf(c->where, sizeof(c->where), "%s: map %s", e->package->name,
	    m->name);
	c->bpf = bpf_object__find_map_by_name(o->bpf, m->name);
	if (c->bpf == NULL) {
		/* The names of libbpf's own maps depend on the object's. */
		if (!multiple && !m->sampled && strchr(m->name, '.') != NULL)
			return 0;
		report_error("%s: the object has no such map", c->where);
		return -1;
	}
	if (!find_source(m, c->bpf, &c->source))
		return no_source(e, c);
	if (check_candidate(e, c) == -1)
		return -1;
	e->n++;
	return 0;
}

/* Add the program if it is an iterator that will be attached. */
static int
consider_iterator(struct export *e, const struct package_program *program,
    const struct attachments *a)
{
	struct candidate *c = &e->v[e->n];

	if (!attach_is_iterator(a, program->name))
		return 0;
	*c = (struct candidate){
		.name = program->name,
		.program = program,
		.source = STREAM_ITER,
	};
	snprintf(c->where, sizeof(c->where), "%s: iterator %s",
	    e->package->name, program->name);
	if (is_exported(e, program->name)) {
		report_error(
		    "%s: a map or program has the same name", c->where);
		return -1;
	}
	e->n++;
	return 0;
}

static int
collect(struct export *e, struct object *o, const struct attachments *a)
{
	const struct package *p = e->package;

	e->v = calloc(p->nmaps + p->nprograms + 1, sizeof(*e->v));
	if (e->v == NULL)
		return report_nomem();
	for (size_t i = 0; i < p->nmaps; i++)
		if (consider(e, &p->maps[i], o) == -1)
			return -1;
	for (size_t i = 0; i < p->nprograms; i++)
		if (consider_iterator(e, &p->programs[i], a) == -1)
			return -1;
	return 0;
}

/*
 * Single mode: export_types[0] is for one buffer that has no type of its own.
 * If there are several, the last of them gets it, as in the reference loader.
 */
static void
give_listed_type(struct export *e)
{
	struct candidate *taker = NULL, *c;
	size_t buffers = 0;

	for (size_t i = 0; i < e->n; i++)
		buffers += export_is_buffer(&e->v[i]);
	for (size_t i = 0; i < e->n; i++) {
		c = &e->v[i];
		if (!export_is_buffer(c) || c->form != FORM_OWN ||
		    (buffers > 1 && export_own_value(e, c->bpf) != 0))
			continue;
		if (taker != NULL) {
			report_notice("%s: no type for its records; "
				      "export_types[0] went to %s",
			    taker->where, c->name);
			taker->form = FORM_RAW;
		}
		taker = c;
		taker->form = FORM_LISTED;
	}
}

/* Whether name is among names. */
static bool
is_among(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static int
refuse_unknown(const struct export *e, const char *name)
{
	struct buf names = { 0 };

	for (size_t i = 0; i < e->n; i++)
		buf_printf(&names, "%s%s", i == 0 ? "" : ", ", e->v[i].name);
	if (names.failed)
		report_nomem();
	else if (e->n == 0)
		report_error("%s: no exported map %s; there are none",
		    e->package->name, name);
	else
		report_error("%s: no exported map %s; there are: %.*s",
		    e->package->name, name, (int)names.len, names.data);
	buf_free(&names);
	return -1;
}

/* Keep what -m names. */
static int
filter(struct export *e, const char *const *only, size_t nonly)
{
	size_t kept = 0;

	if (nonly == 0)
		return 0;
	for (size_t i = 0; i < nonly; i++)
		if (!is_exported(e, only[i]))
			return refuse_unknown(e, only[i]);
	for (size_t i = 0; i < e->n; i++)
		if (is_among(e->v[i].name, only, nonly))
			e->v[kept++] = e->v[i];
	e->n = kept;
	return 0;
}

/* Whether the map is a per-CPU array of one 64-bit number. */
static bool
is_counter(const struct bpf_map *map)
{
	return bpf_map__type(map) == BPF_MAP_TYPE_PERCPU_ARRAY &&
	       bpf_map__key_size(map) == sizeof(uint32_t) &&
	       bpf_map__value_size(map) == sizeof(uint64_t) &&
	       bpf_map__max_entries(map) == 1;
}

/* The map in which the program counts what did not fit into the ring, if it
 * does. */
static int
find_counter(
    struct stream_map *m, const struct candidate *c, const struct object *o)
{
	const struct bpf_map *map;
	char *name;

	if (m->source != STREAM_RINGBUF)
		return 0;
	if (asprintf(&name, "%s" LOST_COUNTER_SUFFIX, m->name) == -1)
		return report_nomem();
	map = bpf_object__find_map_by_name(o->bpf, name);
	if (map != NULL && is_counter(map)) {
		m->lost = name;
		return 0;
	}
	if (map != NULL)
		report_notice("%s: its losses are not counted: %s is no "
			      "percpu_array of one 64-bit number",
		    c->where, name);
	free(name);
	return 0;
}

static int
decide(struct export *e, struct object *o, const struct attachments *a,
    const char *const *only, size_t nonly)
{
	const struct package *p = e->package;

	if (collect(e, o, a) == -1)
		return -1;
	if (!p->multiple_export_types && p->nexport_types > 0) {
		give_listed_type(e);
		if (export_check_only_sample(e) == -1)
			return -1;
	}
	if (filter(e, only, nonly) == -1)
		return -1;
	if (make_mappable(e) == -1)
		return -1;
	for (size_t i = 0; i < e->n; i++)
		if (export_describe(e, &e->v[i]) == -1 ||
		    export_stacks(e->header, (unsigned int)i, o) == -1 ||
		    find_counter(&e->header->maps[i], &e->v[i], o) == -1)
			return -1;
	return 0;
}

int
export_maps(struct stream_header *h, struct object *o,
    const struct attachments *a, const char *const *only, size_t nonly)
{
	struct export e = {
		.package = o->package,
		.header = h,
		.btf = bpf_object__btf(o->bpf),
	};
	int ret;

	if (make_loadable(o) == -1)
		return -1;
	if (e.btf != NULL && btf_import_open(&e.import, e.btf, &h->types) == -1)
		return report_nomem();
	ret = decide(&e, o, a, only, nonly);
	btf_import_close(&e.import);
	free(e.v);
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
