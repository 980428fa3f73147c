#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "describe-map.h"
#include "elf/btf-tags.h"
#include "elf/btf.h"
#include "load/possible-cpus.h"

enum { NAME_MAX_LEN = 64 };

/* A map that is being described. */
struct map_description {
	struct stream_header *header; /* borrowed, as all */
	const struct found_map *found;
	const struct skel_poll_options *options;
	const struct bpf_map_info *info;
	struct btf *btf; /* owned: the kernel's, or NULL */
	struct btf_import import;
	char name[NAME_MAX_LEN]; /* in the header */
};

static const char *
map_type_name(uint32_t type)
{
	const char *name = libbpf_bpf_map_type_str((enum bpf_map_type)type);

	return name != NULL ? name : "of an unknown type";
}

/* Sets the name in the header: that in the kernel, with the number if there is
 * none or another map has it. */
static void
set_name(struct map_description *d)
{
	const char *name = d->info->name[0] != '\0' ? d->info->name : "map";

	snprintf(d->name, sizeof(d->name), "%.*s", BPF_OBJ_NAME_LEN, name);
	if (d->info->name[0] == '\0' ||
	    stream_header_find_map(d->header, d->name) != -1)
		snprintf(d->name, sizeof(d->name), "%.*s_%" PRIu32,
		    BPF_OBJ_NAME_LEN, name, d->info->id);
}

/* Loads the BTF of the map, without which its types are bytes. */
static int
load_map_btf(struct map_description *d)
{
	if (d->info->btf_id == 0)
		return 0;
	d->btf = btf__load_from_kernel_by_id(d->info->btf_id);
	if (d->btf == NULL) {
		report_notice("map %s: the kernel's BTF number %" PRIu32
			      " cannot be read: %s; its contents are shown as "
			      "bytes",
		    d->name, d->info->btf_id, strerror(errno));
		return 0;
	}
	return btf_import_open(&d->import, d->btf, &d->header->types);
}

/* Adds the variables of a data section, whose map has one value, to the struct
 * t. */
static int
add_variables(
    struct map_description *d, struct type *t, const struct btf_type *section)
{
	const struct btf_var_secinfo *v = btf_var_secinfos(section);
	size_t n = btf_vlen(section);

	if ((t->members = calloc(n + 1, sizeof(*t->members))) == NULL)
		return report_nomem();
	for (size_t i = 0; i < n; i++) {
		const struct btf_type *var = btf__type_by_id(d->btf, v[i].type);
		struct type_member *m = &t->members[t->nmembers];

		if (var == NULL || !btf_is_var(var))
			continue;
		m->type = btf_import(&d->import, var->type, d->name);
		m->offset = v[i].offset;
		m->name = strdup(btf_name(d->btf, var->name_off));
		t->nmembers++;
		if (m->type == TYPE_NONE || m->name == NULL)
			return m->name == NULL ? report_nomem() : -1;
	}
	return 0;
}

/* The struct of the variables of a data section. */
static uint32_t
import_section(struct map_description *d, const struct btf_type *section)
{
	struct type t = { .kind = TYPE_STRUCT, .size = d->info->value_size };

	if (add_variables(d, &t, section) == -1 ||
	    (t.name = strdup(btf_name(d->btf, section->name_off))) == NULL) {
		types_free_type(&t);
		return TYPE_NONE;
	}
	return types_add(&d->header->types, &t, d->name);
}

/* Imports the type with this number of the map's BTF, or bytes if there is
 * none.  Whatever does not have the size of the map's is refused. */
static uint32_t
import_map_type(
    struct map_description *d, uint32_t id, uint32_t size, const char *what)
{
	const struct btf_type *t =
	    d->btf != NULL && id != 0 ? btf__type_by_id(d->btf, id) : NULL;
	uint32_t type;

	if (t == NULL || btf_is_void(t))
		return types_add_bytes(&d->header->types, size, d->name);
	type = btf_is_datasec(t) ? import_section(d, t)
				 : btf_import(&d->import, id, d->name);
	if (type == TYPE_NONE ||
	    types_get(&d->header->types, type)->size == size)
		return type;
	report_error("map %s: the kernel's type of its %s does not have its "
		     "%" PRIu32 " bytes",
	    d->name, what, size);
	return TYPE_NONE;
}

/* Sets *type to the type that --type gives, or leaves it. */
static int
find_given_type(const struct map_description *d, uint32_t *type)
{
	const struct skel_poll_options *o = d->options;

	for (size_t i = 0; i < o->ntypes; i++) {
		if (!type_option_is_for(&o->types[i], d->name))
			continue;
		*type = type_option_import(&o->types[i], &d->header->types);
		return *type != TYPE_NONE ? 0 : -1;
	}
	return 0;
}

static bool
is_data_section(const struct map_description *d)
{
	const struct btf_type *t =
	    d->btf != NULL ? btf__type_by_id(d->btf, d->info->btf_value_type_id)
			   : NULL;

	return t != NULL && btf_is_datasec(t);
}

static int
find_value_types(struct map_description *d, uint32_t *key, uint32_t *value)
{
	struct types *types = &d->header->types;
	struct type none = { .kind = TYPE_STRUCT };

	*value = TYPE_NONE;
	if (find_given_type(d, value) == -1)
		return -1;
	if (*value == TYPE_NONE)
		*value = import_map_type(d, d->info->btf_value_type_id,
		    d->info->value_size, "value");
	if (*value == TYPE_NONE)
		return -1;
	if (types_get(types, *value)->size != d->info->value_size) {
		report_error("map %s: its values have %" PRIu32
			     " bytes, but the type of --type has %" PRIu64,
		    d->name, d->info->value_size,
		    types_get(types, *value)->size);
		return -1;
	}
	/* The only value of a data section needs no key. */
	if (is_data_section(d)) {
		if ((none.name = strdup("")) == NULL)
			return report_nomem();
		*key = types_add(types, &none, d->name);
	} else {
		*key = import_map_type(
		    d, d->info->btf_key_type_id, d->info->key_size, "key");
	}
	return *key != TYPE_NONE ? 0 : -1;
}

static bool
has_cpus(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

/* Sets how the map is sampled: nothing is cleared unless that was asked for. */
static int
set_sampling(struct map_description *d, struct stream_map *m)
{
	struct package_sample s = {
		.interval_ms = SAMPLE_INTERVAL_MS,
		.unit = STREAM_NO_UNIT,
	};
	int cpus = 0;

	for (size_t i = 0; i < d->options->nsamples; i++)
		if (sample_option_matches(&d->options->samples[i], d->name))
			s = d->options->samples[i].sample;
	if (has_cpus(d->info->type) && (cpus = possible_cpus(d->name)) == -1)
		return -1;
	m->cpus = (uint64_t)cpus;
	m->sample = s.type;
	m->polling.interval_ms = s.interval_ms;
	m->polling.clear_map = s.clear_map;
	m->polling.nonzero = s.nonzero;
	m->unit = strdup(s.unit);
	return m->unit != NULL ? 0 : report_nomem();
}

static int
add_sampled_map(struct map_description *d)
{
	struct stream_map *m;
	uint32_t key = TYPE_NONE, value;

	if (find_value_types(d, &key, &value) == -1 ||
	    (m = stream_header_add_map(d->header, d->name)) == NULL)
		return -1;
	m->source = STREAM_SAMPLE;
	m->key = key;
	m->value = value;
	m->part.set = is_data_section(d);
	if (m->part.set && (m->part.map = strdup(d->name)) == NULL)
		return report_nomem();
	return set_sampling(d, m);
}

static int
add_ring_buffer(struct map_description *d)
{
	struct stream_map *m;
	uint32_t value = TYPE_NONE;

	if (find_given_type(d, &value) == -1 ||
	    (m = stream_header_add_map(d->header, d->name)) == NULL)
		return -1;
	m->source = STREAM_RINGBUF;
	m->value = value;
	report_notice("map %s: a ring buffer gives each record to one reader: "
		      "its owner loses those that are read here",
	    d->name);
	if (value == TYPE_NONE)
		report_notice("map %s: the kernel does not know the type of "
			      "its records, which are shown as bytes; give it "
			      "with --type FILE.o:'struct x'",
		    d->name);
	return 0;
}

static int
add_described_map(struct map_description *d)
{
	uint32_t type = d->info->type;

	if (type == BPF_MAP_TYPE_RINGBUF)
		return add_ring_buffer(d);
	if (sample_option_allows(type))
		return add_sampled_map(d);
	if (type == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		report_error("%s: map %s is a perf buffer, which has one "
			     "reader for each CPU: its owner would get no "
			     "more records",
		    d->found->operand, d->name);
	else
		report_error("%s: map %s is a map of type %s, which cannot be "
			     "read key by key",
		    d->found->operand, d->name, map_type_name(type));
	return -1;
}

int
describe_map(struct stream_header *h, const struct found_map *m,
    const struct skel_poll_options *o)
{
	struct map_description d = {
		.header = h,
		.found = m,
		.options = o,
		.info = &m->info,
	};
	int ret = -1;

	set_name(&d);
	if (load_map_btf(&d) == 0)
		ret = add_described_map(&d);
	if (ret == 0 && d.btf != NULL)
		ret = btf_tags_set(&d.import, d.name);
	if (ret == 0)
		stream_map_set_sizes(h, (unsigned int)h->nmaps - 1);
	if (d.btf != NULL)
		btf_import_close(&d.import);
	btf__free(d.btf);
	return ret;
}
