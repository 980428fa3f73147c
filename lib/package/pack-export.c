#include <inttypes.h>
#include <stdio.h>

#include "base/report.h"
#include "elf/btf.h"
#include "package/pack-export.h"
#include "package/pack-json.h"

static bool
is_event_buffer(const struct bpf_map *map)
{
	return bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF ||
	       bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
}

/*
 * The BTF id of the map's records by its definition, for a map without an
 * annotation; 0 if it does not say.  The value of a perf buffer is a number,
 * the descriptor of a perf event, unless the author wrote the struct of the
 * records there.
 */
static uint32_t
find_defined_record(const struct pack_exports *e, const struct bpf_map *map)
{
	uint32_t id = bpf_map__btf_value_type_id(map);

	if (id == 0 || id >= btf__type_cnt(e->btf))
		return 0;
	id = pack_skip_typedefs(e->btf, id);
	if (is_event_buffer(map) &&
	    !btf_is_composite(btf__type_by_id(e->btf, id)))
		return 0;
	return id;
}

static int
check_sample(const struct pack_exports *e, struct pack_map *m)
{
	const char *name = bpf_map__name(m->bpf);
	const json_t *sample = json_object_get(m->json, "sample");

	m->sampled = sample != NULL;
	if (sample == NULL)
		return 0;
	if (is_event_buffer(m->bpf)) {
		report_error(
		    "%s: map %s: a ring or perf buffer cannot be sampled; "
		    "its records are passed on as they happen",
		    e->file, name);
		return -1;
	}
	if (json_object_get(sample, "interval") == NULL) {
		report_error("%s: map %s: the sampling interval is missing; "
			     "give it with SKEL_SAMPLE",
		    e->file, name);
		return -1;
	}
	return 0;
}

/* Records cannot have the type of a forward declaration or a function. */
static int
check_record(const struct pack_exports *e, const struct pack_map *m)
{
	int64_t size = btf__resolve_size(e->btf, m->record);
	const char *name = bpf_map__name(m->bpf);

	if (size <= 0) {
		report_error(
		    "%s: map %s: the type of its records, %s, has no size",
		    e->file, name, pack_get_name(e->btf, m->record));
		return -1;
	}
	if (m->sampled && size != bpf_map__value_size(m->bpf)) {
		report_error("%s: map %s: its values have %" PRIu32
			     " bytes, but the type of its records has %" PRId64,
		    e->file, name, bpf_map__value_size(m->bpf), size);
		return -1;
	}
	return 0;
}

/* Sets the type of the map's records.  Returns 0, or -1 after reporting. */
static int
find_record_type(const struct pack_exports *e, struct pack_map *m)
{
	if (!m->sampled && !is_event_buffer(m->bpf)) {
		m->record = 0;
		return 0;
	}
	if (m->record != 0)
		return check_record(e, m);
	m->record = find_defined_record(e, m->bpf);
	/* The reference compiler exports the struct of the event header. */
	if (m->record == 0 && !m->sampled && e->nstructs == 1)
		m->record = e->structs[0];
	return 0;
}

/* What the author's comment says of the export of the map, or NULL. */
static const json_t *
get_written_config(const struct pack_map *m)
{
	return json_object_get(m->json, "export_config");
}

/* Whether any map has its own type by a comment. */
static bool
has_written_config(const struct pack_exports *e)
{
	for (size_t i = 0; i < e->nmaps; i++)
		if (get_written_config(&e->maps[i]) != NULL)
			return true;
	return false;
}

/* Sets the types of all maps' records, and *n to the number of maps to export.
 */
static int
find_record_types(struct pack_exports *e, size_t *n)
{
	*n = 0;
	for (size_t i = 0; i < e->nmaps; i++) {
		struct pack_map *m = &e->maps[i];

		if (check_sample(e, m) == -1 || find_record_type(e, m) == -1)
			return -1;
		*n += m->sampled || is_event_buffer(m->bpf);
	}
	return 0;
}

/* Whether "export_types", the reference loader's way to export a single map,
 * can describe m: the records must be a struct with a name and, if the map is
 * sampled, its value. */
static bool
fits_export_types(const struct pack_exports *e, const struct pack_map *m)
{
	if (m->sampled && m->record != find_defined_record(e, m->bpf))
		return false;
	return btf_is_struct(btf__type_by_id(e->btf, m->record)) &&
	       pack_get_name(e->btf, m->record)[0] != '\0';
}

static int
add_export_type(const struct pack_exports *e, uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(e->btf, id);
	const struct btf_member *m = btf_members(t);
	const char *name = pack_get_name(e->btf, id);
	json_t *types = json_object_get(e->meta, "export_types");
	json_t *members;

	if (pack_append(e->file, types,
		json_pack("{sss[]sIsI}", "name", name, "members", "size",
		    (json_int_t)t->size, "type_id", (json_int_t)id),
		"struct", name) == -1)
		return -1;
	members = json_object_get(pack_get_last(types), "members");
	for (unsigned int i = 0; i < btf_vlen(t); i++) {
		name = btf__name_by_offset(e->btf, m[i].name_off);
		if (pack_append(e->file, members,
			pack_named_type_new(e->btf, name, m[i].type), "member",
			name) == -1)
			return -1;
	}
	return 0;
}

static int
add_export_config(const struct pack_exports *e, const struct pack_map *m)
{
	json_t *config;

	/* "default" exports the key and value types of a sampled map. */
	if (m->sampled && m->record == find_defined_record(e, m->bpf))
		config = json_string("default");
	else
		config =
		    json_pack("{sI}", "btf_type_id", (json_int_t)m->record);
	return pack_set(m->json, "export_config", config);
}

static void
notice_unknown_record(
    const struct pack_exports *e, const struct pack_map *m, const char *what)
{
	report_notice(
	    "%s: map %s: the type of its records is not known, so %s; "
	    "give it with SKEL_EVENTS",
	    e->file, bpf_map__name(m->bpf), what);
}

/* Writes how m is exported.  *multiple says whether each map has a type of its
 * own. */
static int
export_map(
    const struct pack_exports *e, const struct pack_map *m, bool *multiple)
{
	if (get_written_config(m) != NULL ||
	    (!m->sampled && !is_event_buffer(m->bpf)))
		return 0;
	if (m->record == 0) {
		notice_unknown_record(e, m,
		    *multiple ? "they will not be shown"
			      : "they will be raw bytes");
		return 0;
	}
	/* The reference compiler writes one map with a struct like this;
	 * everything else needs a type for each map. */
	if (!*multiple && fits_export_types(e, m))
		return add_export_type(e, m->record);
	*multiple = true;
	return add_export_config(e, m);
}

/* Whether the BTF id is in "export_types". */
static bool
has_export_type(const struct pack_exports *e, uint32_t id)
{
	json_t *types = json_object_get(e->meta, "export_types"), *type;
	size_t i;

	json_array_foreach (types, i, type)
		if (json_integer_value(json_object_get(type, "type_id")) ==
		    (json_int_t)id)
			return true;
	return false;
}

/*
 * Adds the structs of the event header, all of which the reference compiler
 * lists.  A loader gives the first one to a map without a type; so this is not
 * done if there is such a map.
 */
static int
add_header_structs(const struct pack_exports *e, bool multiple)
{
	for (size_t i = 0; i < e->nmaps && !multiple; i++)
		if (e->maps[i].record == 0 &&
		    (e->maps[i].sampled || is_event_buffer(e->maps[i].bpf)))
			return 0;
	for (size_t i = 0; i < e->nstructs; i++)
		if (!has_export_type(e, e->structs[i]) &&
		    add_export_type(e, e->structs[i]) == -1)
			return -1;
	return 0;
}

int
pack_export(struct pack_exports *e)
{
	size_t n, known = 0;
	bool multiple;

	if (find_record_types(e, &n) == -1)
		return -1;
	for (size_t i = 0; i < e->nmaps; i++)
		known += e->maps[i].record != 0;
	multiple = (n > 1 && known > 0) || has_written_config(e);
	for (size_t i = 0; i < e->nmaps; i++)
		if (export_map(e, &e->maps[i], &multiple) == -1)
			return -1;
	if (add_header_structs(e, multiple) == -1)
		return -1;
	if (!multiple)
		return 0;
	return pack_set(e->meta, "enable_multiple_export_types", json_true());
}
