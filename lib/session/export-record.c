#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "session/export-record.h"

bool
export_is_buffer(const struct candidate *c)
{
	return c->source == STREAM_RINGBUF || c->source == STREAM_PERF;
}

uint32_t
export_own_value(const struct export *e, const struct bpf_map *map)
{
	uint32_t id = bpf_map__btf_value_type_id(map);

	if (id == 0 || e->btf == NULL)
		return 0;
	if (bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY &&
	    btf__resolve_size(e->btf, id) == (int64_t)sizeof(uint32_t))
		return 0;
	return id;
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
	uint32_t id = export_own_value(e, c->bpf);
	int64_t size;

	if (!export_is_buffer(c))
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
	char where[EXPORT_WHERE_MAX + 64];
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
	uint32_t id = export_own_value(e, c->bpf);

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
		else if (export_is_buffer(c))
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
	m->polling.interval_ms = c->map->interval_ms;
	m->sample = c->map->sample;
	m->polling.clear_map = c->map->clear_map;
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
	m = stream_header_add_map(e->header, c->name);
	if (m == NULL)
		return -1;
	m->source = STREAM_ITER;
	m->value = type;
	m->text = type == TYPE_NONE;
	m->polling.interval_ms = c->program->iter_interval_ms;
	return 0;
}

int
export_describe(struct export *e, const struct candidate *c)
{
	struct stream_map *m;
	uint32_t type;

	if (c->source == STREAM_ITER)
		return describe_iterator(e, c);
	if (value_type(e, c, &type) == -1)
		return -1;
	m = stream_header_add_map(e->header, c->name);
	if (m == NULL)
		return -1;
	m->source = c->source;
	m->value = type;
	m->key = TYPE_NONE;
	if (c->map->interpreter != NULL)
		m->interpreter = json_incref(c->map->interpreter);
	return export_is_buffer(c) ? 0 : describe_sample(e, c, m);
}

int
export_check_only_sample(const struct export *e)
{
	const struct candidate *c = &e->v[0];
	const struct btf_type *t;
	uint32_t id;

	if (e->n != 1 || c->source != STREAM_SAMPLE || c->form != FORM_OWN ||
	    (id = export_own_value(e, c->bpf)) == 0)
		return 0;
	while ((t = btf__type_by_id(e->btf, id)) != NULL &&
	       (btf_is_mod(t) || btf_is_typedef(t)))
		id = t->type;
	return t != NULL && btf_is_struct(t) ? check_listed(e, id, c->where)
					     : 0;
}
