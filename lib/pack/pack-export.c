#include <inttypes.h>
#include <stdio.h>

#include "base/json-doc.h"
#include "base/report.h"
#include "elf/btf.h"
#include "pack/pack-export.h"
#include "pack/pack-json.h"
#include "pack/pack-records.h"

/*
 * The BTF id of the map's records by its definition, for a map without an
 * annotation; 0 if it names none.  The value of a perf buffer is a number,
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
	if (pack_is_buffer(map) &&
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
	if (pack_is_buffer(m->bpf)) {
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

/* The member of the struct with this id, or NULL. */
static const struct btf_member *
find_struct_member(const struct btf *btf, uint32_t id, const char *name)
{
	const struct btf_type *t =
	    btf__type_by_id(btf, pack_skip_typedefs(btf, id));

	if (!btf_is_composite(t))
		return NULL;
	for (unsigned int i = 0; i < btf_vlen(t); i++)
		if (strcmp(btf_name(btf, btf_members(t)[i].name_off), name) ==
			0 &&
		    btf_member_bitfield_size(t, i) == 0)
			return &btf_members(t)[i];
	return NULL;
}

/* Checks that member by is the same in all types of the records. */
static int
check_member(const struct pack_exports *e, const struct pack_map *m,
    const json_t *records, const char *by)
{
	const struct btf_member *at, *first = NULL;
	const json_t *record;
	int64_t size;
	uint32_t id;
	size_t i;

	json_array_foreach (records, i, record) {
		id = (uint32_t)json_integer_value(
		    json_object_get(record, "btf_type_id"));
		at = find_struct_member(e->btf, id, by);
		size = at != NULL ? btf__resolve_size(e->btf, at->type) : 0;
		if (first == NULL)
			first = at;
		if (at != NULL && size > 0 &&
		    size <= (int64_t)sizeof(uint64_t) &&
		    at->offset == first->offset &&
		    size == btf__resolve_size(e->btf, first->type))
			continue;
		report_error("%s: map %s: the types of its records need a "
			     "number called %s in the same place",
		    e->file, bpf_map__name(m->bpf), by);
		return -1;
	}
	return 0;
}

/* Checks that all types of the records differ in their sizes. */
static int
check_sizes(const struct pack_exports *e, const struct pack_map *m,
    const json_t *records)
{
	const json_t *a, *b;
	int64_t size;
	size_t i, k;

	json_array_foreach (records, i, a) {
		size = btf__resolve_size(
		    e->btf, (uint32_t)json_integer_value(
				json_object_get(a, "btf_type_id")));
		json_array_foreach (records, k, b) {
			if (k >= i ||
			    btf__resolve_size(e->btf,
				(uint32_t)json_integer_value(
				    json_object_get(b, "btf_type_id"))) != size)
				continue;
			report_error("%s: map %s: two types of its records "
				     "have %" PRId64
				     " bytes; tell them apart by a member, as "
				     "SKEL_EVENTS_BY does, or "
				     "--events MAP=TYPE,MEMBER=VALUE",
			    e->file, bpf_map__name(m->bpf), size);
			return -1;
		}
	}
	return 0;
}

static int
check_several_records(const struct pack_exports *e, const struct pack_map *m)
{
	const json_t *records = json_object_get(m->json, "records");
	const char *by =
	    json_doc_string(json_object_get(m->json, "records_by"));

	if (records == NULL)
		return 0;
	return by != NULL ? check_member(e, m, records, by)
			  : check_sizes(e, m, records);
}

/* The export of the map that is set already, by a comment of the author or as a
 * list of several types; or NULL. */
static const json_t *
get_written_config(const struct pack_map *m)
{
	const json_t *records = json_object_get(m->json, "records");

	return records != NULL ? records
			       : json_object_get(m->json, "export_config");
}

/* Sets the type of the map's records.  Returns 0, or -1 after reporting. */
static int
find_record_type(const struct pack_exports *e, struct pack_map *m)
{
	if (!m->sampled && !pack_is_buffer(m->bpf)) {
		m->record = 0;
		return 0;
	}
	if (m->record != 0)
		return 0;
	m->record = find_defined_record(e, m->bpf);
	return 0;
}

/* Gives a buffer whose type nothing else names the struct of the event
 * header, which the reference compiler exports whatever the code does. */
static void
use_header_struct(const struct pack_exports *e, struct pack_map *m)
{
	if (e->nstructs != 1 || m->record != 0 || m->sampled ||
	    !pack_is_buffer(m->bpf) || get_written_config(m) != NULL)
		return;
	m->record = e->structs[0];
	report_notice("%s: map %s: its records are struct %s, the one of the "
		      "event header",
	    e->file, bpf_map__name(m->bpf), pack_get_name(e->btf, m->record));
}

/* Checks the type that was found for a map.  One that has become a sampled map
 * has that of its values. */
static int
check_found_record(const struct pack_exports *e, struct pack_map *m)
{
	if (json_object_get(m->json, "sample") != NULL && !m->sampled) {
		m->sampled = true;
		m->record = find_defined_record(e, m->bpf);
	}
	if (json_object_get(m->json, "records") != NULL)
		return check_several_records(e, m);
	return m->record != 0 && m->record != find_defined_record(e, m->bpf)
		   ? check_record(e, m)
		   : 0;
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

/* Sets the types of all maps' records that the author gives. */
static int
find_record_types(struct pack_exports *e)
{
	for (size_t i = 0; i < e->nmaps; i++) {
		struct pack_map *m = &e->maps[i];

		if (check_sample(e, m) == -1 || find_record_type(e, m) == -1)
			return -1;
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
	    "%s: map %s: the type of its records is not known, so %s; %s",
	    e->file, bpf_map__name(m->bpf), what,
	    m->reason != NULL ? m->reason : "give it with SKEL_EVENTS");
}

/* Writes how m is exported.  *multiple is true if each map has a type of its
 * own. */
static int
export_map(
    const struct pack_exports *e, const struct pack_map *m, bool *multiple)
{
	if (get_written_config(m) != NULL ||
	    (!m->sampled && !pack_is_buffer(m->bpf)))
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
		    (e->maps[i].sampled || pack_is_buffer(e->maps[i].bpf)))
			return 0;
	for (size_t i = 0; i < e->nstructs; i++)
		if (!has_export_type(e, e->structs[i]) &&
		    add_export_type(e, e->structs[i]) == -1)
			return -1;
	return 0;
}

/* Whether the code has to be read: something lacks its type, or is stated. */
static bool
is_search_needed(const struct pack_exports *e)
{
	const json_t *program;
	size_t i;

	if (e->options->nevents != 0)
		return true;
	for (i = 0; i < e->nmaps; i++)
		if (e->maps[i].record == 0 && pack_is_buffer(e->maps[i].bpf))
			return true;
	json_array_foreach (e->programs, i, program)
		if (pack_is_open_iterator(program))
			return true;
	return pack_markers_are_in(e->btf);
}

/* Finds the types in the order of their precedence: those of options, of
 * markers and of the code. */
static int
find_all_records(struct pack_records *r)
{
	return pack_records_state(r) == -1 || pack_markers_apply(r) == -1 ||
		       pack_records_infer(r) == -1
		   ? -1
		   : 0;
}

static int
find_open_records(const struct pack_exports *e)
{
	struct pack_records r = { .e = e };
	int ret;

	if (!is_search_needed(e))
		return 0;
	if (record_search_open(&r.types, e->elf) == -1)
		return -1;
	ret = find_all_records(&r);
	record_search_close(&r.types);
	return ret;
}

int
pack_export(struct pack_exports *e)
{
	size_t n = 0, known = 0;
	bool multiple;

	if (find_record_types(e) == -1 || find_open_records(e) == -1)
		return -1;
	for (size_t i = 0; i < e->nmaps; i++) {
		use_header_struct(e, &e->maps[i]);
		if (check_found_record(e, &e->maps[i]) == -1)
			return -1;
		n += e->maps[i].sampled || pack_is_buffer(e->maps[i].bpf);
		known += e->maps[i].record != 0;
	}
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
