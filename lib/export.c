#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "btf.h"
#include "buf.h"
#include "export-stacks.h"
#include "export.h"
#include "report.h"

enum { WHERE_MAX = 256 };

/* Where the type of a map's values comes from. */
enum form {
	FORM_OWN,    /* the map's definition; raw bytes if it says nothing */
	FORM_LISTED, /* the package's export_types[0] */
	FORM_ID,     /* export_config: btf_type_id */
	FORM_CUSTOM, /* export_config: custom_members */
	FORM_RAW,
};

struct candidate {
	const char *name;              /* borrowed, as all here */
	const struct package_map *map; /* NULL: an iterator */
	struct bpf_map *bpf;
	const struct package_program *program; /* an iterator's, or NULL */
	enum stream_source source;
	enum form form;
	char where[WHERE_MAX]; /* "x.json: map rb" */
};

struct export
{
	const struct package *package; /* borrowed */
	struct stream_header *header;  /* borrowed */
	const struct btf *btf;         /* borrowed; NULL: the object has none */
	struct btf_import import;
	struct candidate *v; /* owned */
	size_t n;
};

static bool
is_buffer(const struct candidate *c)
{
	return c->source == STREAM_RINGBUF || c->source == STREAM_PERF;
}

static bool
is_per_cpu(const struct bpf_map *map)
{
	switch (bpf_map__type(map)) {
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		return true;
	default:
		return false;
	}
}

/*
 * The BTF id of the value type in the map's definition, or 0.  A perf buffer
 * holds descriptors as far as the kernel is concerned, so a value of 4 bytes
 * there says nothing about its records.
 */
static uint32_t
own_value_id(const struct export *e, const struct bpf_map *map)
{
	uint32_t id = bpf_map__btf_value_type_id(map);

	if (id == 0 || e->btf == NULL)
		return 0;
	if (bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY &&
	    btf__resolve_size(e->btf, id) == (int64_t)sizeof(uint32_t))
		return 0;
	return id;
}

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
	    c->map->export == EXPORT_DEFAULT && is_buffer(c)) {
		report_error("%s: export_config \"default\" is for sampled "
			     "maps only",
		    c->where);
		return -1;
	}
	if (c->map->sampled && is_buffer(c))
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
		buffers += is_buffer(&e->v[i]);
	for (size_t i = 0; i < e->n; i++) {
		c = &e->v[i];
		if (!is_buffer(c) || c->form != FORM_OWN ||
		    (buffers > 1 && own_value_id(e, c->bpf) != 0))
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

static uint64_t
size_of(const struct export *e, uint32_t type)
{
	return types_get(&e->header->types, type)->size;
}

static uint32_t
import(struct export *e, uint32_t id, const char *where)
{
	if (e->btf == NULL) {
		report_error(
		    "%s: the object has no BTF; compile it with -g", where);
		return TYPE_NONE;
	}
	return btf_import(&e->import, id, where);
}

static uint32_t
add_type(
    struct export *e, struct type type, const char *name, const char *where)
{
	if ((type.name = strdup(name)) == NULL) {
		type_free(&type);
		report_nomem();
		return TYPE_NONE;
	}
	return types_add(&e->header->types, &type, where);
}

/* A type for bytes of which only the number is known. */
static uint32_t
blob(struct export *e, uint32_t size, const char *where)
{
	struct type array = { .kind = TYPE_ARRAY, .size = size, .count = size };
	struct type number = { .kind = TYPE_INT, .size = size };
	char name[8];

	if (size == 1 || size == 2 || size == 4 || size == 8) {
		snprintf(name, sizeof(name), "u%u", size * 8);
		return add_type(e, number, name, where);
	}
	number.size = 1;
	array.of = add_type(e, number, "u8", where);
	if (array.of == TYPE_NONE)
		return TYPE_NONE;
	return add_type(e, array, "", where);
}

/* Compare the struct with this id to what the package says it is. */
static int
check_listed(const struct export *e, uint32_t id, const char *where)
{
	const struct package_export_type *want = &e->package->export_types[0];
	const struct btf_type *t = e->btf ? btf__type_by_id(e->btf, id) : NULL;
	const char *name;

	if (t == NULL || !btf_is_struct(t)) {
		report_error("%s: export_types[0]: type %" PRIu32
			     " of the object is not struct %s",
		    where, id, want->name);
		return -1;
	}
	name = btf__name_by_offset(e->btf, t->name_off);
	if (strcmp(name, want->name) != 0) {
		report_error("%s: export_types[0] is struct %s, type %" PRIu32
			     " of the object is struct %s",
		    where, want->name, id, name);
		return -1;
	}
	if (btf_vlen(t) != want->nmembers) {
		report_error("%s: export_types[0]: struct %s has %zu members, "
			     "in the object %u",
		    where, name, want->nmembers, btf_vlen(t));
		return -1;
	}
	for (size_t i = 0; i < want->nmembers; i++) {
		name = btf__name_by_offset(e->btf, btf_members(t)[i].name_off);
		if (strcmp(name, want->members[i].name) == 0)
			continue;
		report_error("%s: export_types[0].members[%zu] is %s, "
			     "in the object %s",
		    where, i, want->members[i].name, name);
		return -1;
	}
	return 0;
}

/* The size that the map's definition gives its values; 0: it says nothing. */
static uint64_t
known_size(const struct export *e, const struct candidate *c)
{
	uint32_t id = own_value_id(e, c->bpf);
	int64_t size;

	if (!is_buffer(c))
		return bpf_map__value_size(c->bpf);
	size = id == 0 ? 0 : btf__resolve_size(e->btf, id);
	return size < 0 ? 0 : (uint64_t)size;
}

/* Whether the last member lies beside the others and within the value. */
static int
check_custom(
    const struct export *e, const struct candidate *c, const struct type *t)
{
	size_t last = t->nmembers - 1;
	const struct type_member *m = &t->members[last], *other;
	uint64_t end = m->offset + size_of(e, m->type);
	uint64_t size = known_size(e, c);

	if (size != 0 && end > size) {
		report_error("%s: field %s ends at byte %" PRIu64
			     ", the value at %" PRIu64,
		    c->where, m->name, end, size);
		return -1;
	}
	for (size_t j = 0; j < last; j++) {
		other = &t->members[j];
		if (end <= other->offset ||
		    m->offset >= other->offset + size_of(e, other->type))
			continue;
		report_error(
		    "%s: field %s overlaps %s", c->where, m->name, other->name);
		return -1;
	}
	return 0;
}

static int
add_custom_member(struct export *e, const struct candidate *c, struct type *t,
    const struct package_custom_member *from)
{
	struct type_member *m = &t->members[t->nmembers];
	char where[WHERE_MAX + 64];
	uint64_t end;

	snprintf(where, sizeof(where), "%s: field %s", c->where, from->name);
	if (from->offset > TYPES_SIZE_MAX) {
		report_error(
		    "%s: offset %" PRIu64 " is too large", where, from->offset);
		return -1;
	}
	if ((m->name = strdup(from->name)) == NULL)
		return report_nomem();
	t->nmembers++;
	m->offset = from->offset;
	m->type = import(e, from->btf_type_id, where);
	if (m->type == TYPE_NONE || check_custom(e, c, t) == -1)
		return -1;
	end = m->offset + size_of(e, m->type);
	if (end > t->size)
		t->size = end;
	return 0;
}

/* The struct that the package's custom_members make up. */
static uint32_t
custom_type(struct export *e, const struct candidate *c)
{
	struct type t = { .kind = TYPE_STRUCT, .size = known_size(e, c) };

	t.members = calloc(c->map->ncustom + 1, sizeof(*t.members));
	if (t.members == NULL) {
		report_nomem();
		return TYPE_NONE;
	}
	for (size_t i = 0; i < c->map->ncustom; i++) {
		if (add_custom_member(e, c, &t, &c->map->custom[i]) == -1) {
			type_free(&t);
			return TYPE_NONE;
		}
	}
	return add_type(e, t, c->map->name, c->where);
}

static uint32_t
listed_type(struct export *e, const struct candidate *c)
{
	uint32_t id = e->package->export_types[0].type_id;

	if (check_listed(e, id, c->where) == -1)
		return TYPE_NONE;
	return import(e, id, c->where);
}

/* A buffer's records of which nothing is known stay TYPE_NONE. */
static int
value_type(struct export *e, const struct candidate *c, uint32_t *type)
{
	uint32_t id = own_value_id(e, c->bpf);

	switch (c->form) {
	case FORM_LISTED:
		*type = listed_type(e, c);
		break;
	case FORM_ID:
		*type = import(e, c->map->btf_type_id, c->where);
		break;
	case FORM_CUSTOM:
		*type = custom_type(e, c);
		break;
	default:
		*type = TYPE_NONE;
		if (id != 0 && c->form != FORM_RAW)
			*type = import(e, id, c->where);
		else if (is_buffer(c))
			return 0;
		else
			*type = blob(e, bpf_map__value_size(c->bpf), c->where);
		break;
	}
	return *type == TYPE_NONE ? -1 : 0;
}

static int
check_size(const struct export *e, const struct candidate *c, uint32_t type,
    uint32_t size, const char *what)
{
	if (size_of(e, type) == size)
		return 0;
	report_error("%s: its %s is %" PRIu32
		     " bytes, the type %s has %" PRIu64,
	    c->where, what, size, types_get(&e->header->types, type)->name,
	    size_of(e, type));
	return -1;
}

/* What only sampled maps have. */
static int
describe_sample(
    struct export *e, const struct candidate *c, struct stream_map *m)
{
	uint32_t id = bpf_map__btf_key_type_id(c->bpf);
	uint32_t size = bpf_map__key_size(c->bpf);
	int cpus = 0;

	m->key = id != 0 && e->btf != NULL ? import(e, id, c->where)
					   : blob(e, size, c->where);
	if (m->key == TYPE_NONE ||
	    check_size(e, c, m->key, size, "key") == -1 ||
	    check_size(e, c, m->value, bpf_map__value_size(c->bpf), "value") ==
		-1)
		return -1;
	if (is_per_cpu(c->bpf) && (cpus = libbpf_num_possible_cpus()) < 0) {
		report_error("number of CPUs: %s", strerror(-cpus));
		return -1;
	}
	m->cpus = (uint64_t)cpus;
	m->interval_ms = c->map->interval_ms;
	m->sample = c->map->sample;
	m->clear_map = c->map->clear_map;
	if ((m->unit = strdup(c->map->unit)) == NULL)
		return report_nomem();
	return 0;
}

/* Records of the type that the package gives, else text. */
static int
describe_iterator(struct export *e, const struct candidate *c)
{
	uint32_t id = c->program->iter_type_id, type = TYPE_NONE;
	struct stream_map *m;

	if (id != 0 && (type = import(e, id, c->where)) == TYPE_NONE)
		return -1;
	if (type != TYPE_NONE && size_of(e, type) == 0) {
		report_error("%s: records of type %s have no bytes", c->where,
		    types_get(&e->header->types, type)->name);
		return -1;
	}
	m = stream_header_add(e->header, c->name);
	if (m == NULL)
		return -1;
	m->source = STREAM_ITER;
	m->value = type;
	m->text = type == TYPE_NONE;
	m->interval_ms = c->program->iter_interval_ms;
	return 0;
}

static int
describe(struct export *e, const struct candidate *c)
{
	struct stream_map *m;
	uint32_t type;

	if (c->source == STREAM_ITER)
		return describe_iterator(e, c);
	if (value_type(e, c, &type) == -1)
		return -1;
	m = stream_header_add(e->header, c->name);
	if (m == NULL)
		return -1;
	m->source = c->source;
	m->value = type;
	m->key = TYPE_NONE;
	if (c->map->interpreter != NULL)
		m->interpreter = json_incref(c->map->interpreter);
	return is_buffer(c) ? 0 : describe_sample(e, c, m);
}

/*
 * In single mode a package with one sampled map says by export_types[0] what
 * its values are; the map's definition says it too, and has to agree.
 */
static int
check_only_sample(const struct export *e)
{
	const struct candidate *c = &e->v[0];
	const struct btf_type *t;
	uint32_t id;

	if (e->n != 1 || c->source != STREAM_SAMPLE || c->form != FORM_OWN ||
	    (id = own_value_id(e, c->bpf)) == 0)
		return 0;
	while ((t = btf__type_by_id(e->btf, id)) != NULL &&
	       (btf_is_mod(t) || btf_is_typedef(t)))
		id = t->type;
	return t != NULL && btf_is_struct(t) ? check_listed(e, id, c->where)
					     : 0;
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
		if (check_only_sample(e) == -1)
			return -1;
	}
	if (filter(e, only, nonly) == -1)
		return -1;
	for (size_t i = 0; i < e->n; i++)
		if (describe(e, &e->v[i]) == -1 ||
		    export_stacks(e->header, (unsigned int)i, o) == -1)
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
