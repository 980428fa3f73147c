#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "load/possible-cpus.h"
#include "poll/record-match.h"
#include "session/export-record.h"

bool
export_is_buffer(const struct export_entry *e)
{
	return e->source == STREAM_RINGBUF || e->source == STREAM_PERF;
}

uint32_t
export_map_value_type(const struct export_list *l, const struct bpf_map *map)
{
	uint32_t id = bpf_map__btf_value_type_id(map);

	if (id == 0 || l->btf == NULL)
		return 0;
	if (bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY &&
	    btf__resolve_size(l->btf, id) == (int64_t)sizeof(uint32_t))
		return 0;
	return id;
}

static bool
is_per_cpu_map(const struct bpf_map *map)
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
get_type_size(const struct export_list *l, uint32_t type)
{
	return types_get(&l->header->types, type)->size;
}

static uint32_t
import_type(struct export_list *l, uint32_t id, const char *where)
{
	if (l->btf == NULL) {
		report_error(
		    "%s: the object has no BTF; compile it with -g", where);
		return TYPE_NONE;
	}
	return btf_import(&l->import, id, where);
}

static uint32_t
add_named_type(struct export_list *l, struct type type, const char *name,
    const char *where)
{
	if ((type.name = strdup(name)) == NULL) {
		types_free_type(&type);
		report_nomem();
		return TYPE_NONE;
	}
	return types_add(&l->header->types, &type, where);
}

/* Checks that the type with this BTF id is the struct of export_types[0], with
 * the same members in the same order. */
static int
check_listed_type(const struct export_list *l, uint32_t id, const char *where)
{
	const struct package_export_type *want = &l->package->export_types[0];
	const struct btf_type *t = l->btf ? btf__type_by_id(l->btf, id) : NULL;
	const char *name;

	if (t == NULL || !btf_is_struct(t)) {
		report_error("%s: export_types[0] is struct %s, but type "
			     "%" PRIu32 " of the object is not a struct",
		    where, want->name, id);
		return -1;
	}
	name = btf__name_by_offset(l->btf, t->name_off);
	if (strcmp(name, want->name) != 0) {
		report_error("%s: export_types[0] is struct %s, but type "
			     "%" PRIu32 " of the object is struct %s",
		    where, want->name, id, name);
		return -1;
	}
	if (btf_vlen(t) != want->nmembers) {
		report_error("%s: export_types[0]: struct %s has %zu members "
			     "in the package, but %u in the object",
		    where, name, want->nmembers, btf_vlen(t));
		return -1;
	}
	for (size_t i = 0; i < want->nmembers; i++) {
		name = btf__name_by_offset(l->btf, btf_members(t)[i].name_off);
		if (strcmp(name, want->members[i].name) == 0)
			continue;
		report_error("%s: export_types[0].members[%zu] is %s in the "
			     "package, but %s in the object",
		    where, i, want->members[i].name, name);
		return -1;
	}
	return 0;
}

/* Returns the size of values in the map's definition, or 0 if it gives none. */
static uint64_t
find_value_size(const struct export_list *l, const struct export_entry *e)
{
	uint32_t id = export_map_value_type(l, e->bpf);
	int64_t size;

	if (!export_is_buffer(e))
		return bpf_map__value_size(e->bpf);
	size = id == 0 ? 0 : btf__resolve_size(l->btf, id);
	return size < 0 ? 0 : (uint64_t)size;
}

/* Checks that the last member of t overlaps no other and ends within the
 * value. */
static int
check_custom_member(const struct export_list *l, const struct export_entry *e,
    const struct type *t)
{
	size_t last = t->nmembers - 1;
	const struct type_member *m = &t->members[last], *other;
	uint64_t end = m->offset + get_type_size(l, m->type);
	uint64_t size = find_value_size(l, e);

	if (size != 0 && end > size) {
		report_error("%s: field %s ends at byte %" PRIu64
			     ", but the value has %" PRIu64 " bytes",
		    e->where, m->name, end, size);
		return -1;
	}
	for (size_t j = 0; j < last; j++) {
		other = &t->members[j];
		if (end <= other->offset ||
		    m->offset >= other->offset + get_type_size(l, other->type))
			continue;
		report_error("%s: field %s overlaps field %s", e->where,
		    m->name, other->name);
		return -1;
	}
	return 0;
}

static int
add_custom_member(struct export_list *l, const struct export_entry *e,
    struct type *t, const struct package_custom_member *from)
{
	struct type_member *m = &t->members[t->nmembers];
	char where[EXPORT_WHERE_MAX + 64];
	uint64_t end;

	snprintf(where, sizeof(where), "%s: field %s", e->where, from->name);
	if (from->offset > TYPES_SIZE_MAX) {
		report_error(
		    "%s: offset %" PRIu64 " is too large", where, from->offset);
		return -1;
	}
	if ((m->name = strdup(from->name)) == NULL)
		return report_nomem();
	t->nmembers++;
	m->offset = from->offset;
	m->type = import_type(l, from->btf_type_id, where);
	if (m->type == TYPE_NONE || check_custom_member(l, e, t) == -1)
		return -1;
	end = m->offset + get_type_size(l, m->type);
	if (end > t->size)
		t->size = end;
	return 0;
}

/* Adds the struct that the package's custom_members describe. */
static uint32_t
add_custom_type(struct export_list *l, const struct export_entry *e)
{
	struct type t = { .kind = TYPE_STRUCT, .size = find_value_size(l, e) };

	t.members = calloc(e->map->ncustom + 1, sizeof(*t.members));
	if (t.members == NULL) {
		report_nomem();
		return TYPE_NONE;
	}
	for (size_t i = 0; i < e->map->ncustom; i++) {
		if (add_custom_member(l, e, &t, &e->map->custom[i]) == -1) {
			types_free_type(&t);
			return TYPE_NONE;
		}
	}
	return add_named_type(l, t, e->map->name, e->where);
}

/* Sets *type to the type of the values, TYPE_NONE for a buffer whose records
 * are bytes. */
static int
find_value_type(
    struct export_list *l, const struct export_entry *e, uint32_t *type)
{
	uint32_t id = export_map_value_type(l, e->bpf);

	switch (e->type_from) {
	case VALUE_TYPE_LISTED:
		id = l->package->export_types[0].type_id;
		*type = check_listed_type(l, id, e->where) == -1
			    ? TYPE_NONE
			    : import_type(l, id, e->where);
		break;
	case VALUE_TYPE_BY_ID:
		*type = import_type(l, e->map->btf_type_id, e->where);
		break;
	case VALUE_TYPE_RECORDS:
		*type = import_type(l, e->record->btf_type_id, e->where);
		break;
	case VALUE_TYPE_CUSTOM:
		*type = add_custom_type(l, e);
		break;
	default:
		*type = TYPE_NONE;
		if (id != 0 && e->type_from != VALUE_TYPE_NONE)
			*type = import_type(l, id, e->where);
		else if (export_is_buffer(e))
			return 0;
		else
			*type = types_add_bytes(&l->header->types,
			    bpf_map__value_size(e->bpf), e->where);
		break;
	}
	return *type == TYPE_NONE ? -1 : 0;
}

static int
check_type_size(const struct export_list *l, const struct export_entry *e,
    uint32_t type, uint32_t size, const char *what)
{
	if (get_type_size(l, type) == size)
		return 0;
	report_error("%s: the map's %s has %" PRIu32
		     " bytes, but its type %s has %" PRIu64,
	    e->where, what, size, types_get(&l->header->types, type)->name,
	    get_type_size(l, type));
	return -1;
}

int
export_set_sample(struct stream_map *m, const struct package_sample *s)
{
	m->polling.interval_ms = s->interval_ms;
	m->polling.clear_map = s->clear_map;
	m->polling.nonzero = s->nonzero;
	m->sample = s->type;
	m->unit = strdup(s->unit);
	return m->unit != NULL ? 0 : report_nomem();
}

/* Sets what only sampled maps have: the key, CPUs and how to sample. */
static int
describe_sampled_map(
    struct export_list *l, const struct export_entry *e, struct stream_map *m)
{
	uint32_t id = bpf_map__btf_key_type_id(e->bpf);
	uint32_t size = bpf_map__key_size(e->bpf);
	int cpus = 0;

	m->key = id != 0 && l->btf != NULL
		     ? import_type(l, id, e->where)
		     : types_add_bytes(&l->header->types, size, e->where);
	if (m->key == TYPE_NONE ||
	    check_type_size(l, e, m->key, size, "key") == -1 ||
	    check_type_size(
		l, e, m->value, bpf_map__value_size(e->bpf), "value") == -1)
		return -1;
	if (is_per_cpu_map(e->bpf) && (cpus = possible_cpus(e->name)) == -1)
		return -1;
	m->cpus = (uint64_t)cpus;
	return export_set_sample(m, &e->map->sample);
}

/* Adds an iterator: its records have the type that the package gives, or are
 * lines of text. */
static int
describe_iterator(struct export_list *l, const struct export_entry *e)
{
	uint32_t id = e->program->iter_type_id, type = TYPE_NONE;
	struct stream_map *m;

	if (id != 0 && (type = import_type(l, id, e->where)) == TYPE_NONE)
		return -1;
	if (type != TYPE_NONE && get_type_size(l, type) == 0) {
		report_error("%s: its records have type %s, which has no bytes",
		    e->where, types_get(&l->header->types, type)->name);
		return -1;
	}
	m = stream_header_add_map(l->header, e->name);
	if (m == NULL)
		return -1;
	m->source = STREAM_ITER;
	m->value = type;
	m->text = type == TYPE_NONE;
	m->polling.interval_ms = e->program->iter_interval_ms;
	return 0;
}

/* Adds an entry for the map, with one type of its records. */
static int
describe_map_entry(struct export_list *l, const struct export_entry *e)
{
	struct stream_map *m;
	uint32_t type;

	if (find_value_type(l, e, &type) == -1)
		return -1;
	m = stream_header_add_map(l->header, e->name);
	if (m == NULL)
		return -1;
	m->source = e->source;
	m->value = type;
	m->key = TYPE_NONE;
	if (e->map->interpreter != NULL)
		m->interpreter = json_incref(e->map->interpreter);
	if (e->record != NULL && e->map->records_by != NULL) {
		m->when_value = e->record->value;
		m->when_member = strdup(e->map->records_by);
		if (m->when_member == NULL)
			return report_nomem();
	}
	return export_is_buffer(e) ? 0 : describe_sampled_map(l, e, m);
}

/* Adds an entry for each type of the map's records, and checks that they can be
 * told apart. */
static int
describe_record_types(struct export_list *l, const struct export_entry *e)
{
	unsigned int first = (unsigned int)l->header->nmaps;
	struct export_entry one = *e;
	struct record_match types;

	for (size_t i = 0; i < e->map->nrecords; i++) {
		one.record = &e->map->records[i];
		if (describe_map_entry(l, &one) == -1)
			return -1;
		stream_map_set_sizes(
		    l->header, (unsigned int)l->header->nmaps - 1);
	}
	if (record_match_open(&types, l->header, first) == -1)
		return -1;
	record_match_close(&types);
	return 0;
}

int
export_describe(struct export_list *l, const struct export_entry *e)
{
	if (e->source == STREAM_ITER)
		return describe_iterator(l, e);
	if (e->type_from == VALUE_TYPE_RECORDS)
		return describe_record_types(l, e);
	return describe_map_entry(l, e);
}

int
export_check_only_sample(const struct export_list *l)
{
	const struct export_entry *e = &l->v[0];
	const struct btf_type *t;
	uint32_t id;

	if (l->n != 1 || e->source != STREAM_SAMPLE ||
	    e->type_from != VALUE_TYPE_OF_MAP || e->map == NULL ||
	    e->map->asked || (id = export_map_value_type(l, e->bpf)) == 0)
		return 0;
	while ((t = btf__type_by_id(l->btf, id)) != NULL &&
	       (btf_is_mod(t) || btf_is_typedef(t)))
		id = t->type;
	return t != NULL && btf_is_struct(t)
		   ? check_listed_type(l, id, e->where)
		   : 0;
}
