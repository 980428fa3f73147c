#include <inttypes.h>
#include <stdio.h>

#include "base/report.h"
#include "elf/btf.h"
#include "package/pack-export.h"
#include "package/pack-json.h"

enum { WHERE_MAX = 512 };

static bool
is_buffer(const struct bpf_map *map)
{
	return bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF ||
	       bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
}

/*
 * The type of the map's records from its own definition, where no note gave
 * it.  A perf buffer's value is a number, a descriptor of the kernel's, unless
 * the author put the struct of the events there.
 */
static uint32_t
defined_record(const struct pack_exports *e, const struct bpf_map *map)
{
	uint32_t id = bpf_map__btf_value_type_id(map);

	if (id == 0 || id >= btf__type_cnt(e->btf))
		return 0;
	id = pack_bare_type(e->btf, id);
	if (is_buffer(map) && !btf_is_composite(btf__type_by_id(e->btf, id)))
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
	if (is_buffer(m->bpf)) {
		report_error(
		    "%s: map %s: a ring or perf buffer is not sampled; "
		    "its records come by themselves",
		    e->file, name);
		return -1;
	}
	if (json_object_get(sample, "interval") == NULL) {
		report_error("%s: map %s: how often is it sampled? "
			     "say it with SKEL_SAMPLE",
		    e->file, name);
		return -1;
	}
	return 0;
}

/* A forward declaration, a function and the like are no records. */
static int
check_record(const struct pack_exports *e, const struct pack_map *m)
{
	int64_t size = btf__resolve_size(e->btf, m->record);
	const char *name = bpf_map__name(m->bpf);

	if (size <= 0) {
		report_error(
		    "%s: map %s: the type of its records, %s, has no size",
		    e->file, name, pack_type_name(e->btf, m->record));
		return -1;
	}
	if (m->sampled && size != bpf_map__value_size(m->bpf)) {
		report_error("%s: map %s: its values have %" PRIu32
			     " bytes, the type of its records %" PRId64,
		    e->file, name, bpf_map__value_size(m->bpf), size);
		return -1;
	}
	return 0;
}

/* Find out what the map's records are. */
static int
find_record(const struct pack_exports *e, struct pack_map *m)
{
	if (!m->sampled && !is_buffer(m->bpf)) {
		m->record = 0;
		return 0;
	}
	if (m->record != 0)
		return check_record(e, m);
	m->record = defined_record(e, m->bpf);
	return 0;
}

/* The same for all maps.  *n counts those to export. */
static int
find_records(struct pack_exports *e, size_t *n)
{
	*n = 0;
	for (size_t i = 0; i < e->nmaps; i++) {
		struct pack_map *m = &e->maps[i];

		if (check_sample(e, m) == -1 || find_record(e, m) == -1)
			return -1;
		*n += m->sampled || is_buffer(m->bpf);
	}
	return 0;
}

/* Whether the reference loader's way for a single map does for m: it wants a
 * struct, by its name, which is a sampled map's own value. */
static bool
is_plain(const struct pack_exports *e, const struct pack_map *m)
{
	if (m->sampled && m->record != defined_record(e, m->bpf))
		return false;
	return btf_is_struct(btf__type_by_id(e->btf, m->record)) &&
	       pack_type_name(e->btf, m->record)[0] != '\0';
}

static int
add_export_type(const struct pack_exports *e, uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(e->btf, id);
	const struct btf_member *m = btf_members(t);
	const char *name = pack_type_name(e->btf, id);
	json_t *types = json_object_get(e->meta, "export_types");
	json_t *members;

	if (pack_append(e->file, types,
		json_pack("{sss[]sIsI}", "name", name, "members", "size",
		    (json_int_t)t->size, "type_id", (json_int_t)id),
		"struct", name) == -1)
		return -1;
	members = json_object_get(pack_last(types), "members");
	for (unsigned int i = 0; i < btf_vlen(t); i++) {
		name = btf__name_by_offset(e->btf, m[i].name_off);
		if (pack_append(e->file, members,
			pack_named_type(e->btf, name, m[i].type), "member",
			name) == -1)
			return -1;
	}
	return 0;
}

static int
add_export_config(const struct pack_exports *e, const struct pack_map *m)
{
	json_t *config;

	/* "default" takes the sampled map's own types, its key's too. */
	if (m->sampled && m->record == defined_record(e, m->bpf))
		config = json_string("default");
	else
		config =
		    json_pack("{sI}", "btf_type_id", (json_int_t)m->record);
	return pack_put(m->json, "export_config", config);
}

static void
say_unknown(
    const struct pack_exports *e, const struct pack_map *m, const char *what)
{
	report_notice("%s: map %s: the type of its records is not known, %s; "
		      "say it with SKEL_EVENTS",
	    e->file, bpf_map__name(m->bpf), what);
}

/* Write how m is exported; *multiple: by a type for each map. */
static int
export_map(
    const struct pack_exports *e, const struct pack_map *m, bool *multiple)
{
	if (!m->sampled && !is_buffer(m->bpf))
		return 0;
	if (m->record == 0) {
		say_unknown(e, m,
		    *multiple ? "it will not be shown"
			      : "they will be raw bytes");
		return 0;
	}
	/* One map with a struct is written as the reference compiler does;
	 * all else needs the other way. */
	if (!*multiple && is_plain(e, m))
		return add_export_type(e, m->record);
	*multiple = true;
	return add_export_config(e, m);
}

int
pack_export(struct pack_exports *e)
{
	size_t n, known = 0;
	bool multiple;

	if (find_records(e, &n) == -1)
		return -1;
	for (size_t i = 0; i < e->nmaps; i++)
		known += e->maps[i].record != 0;
	multiple = n > 1 && known > 0;
	for (size_t i = 0; i < e->nmaps; i++)
		if (export_map(e, &e->maps[i], &multiple) == -1)
			return -1;
	if (!multiple)
		return 0;
	return pack_put(e->meta, "enable_multiple_export_types", json_true());
}
