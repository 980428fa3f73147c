#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json-doc.h"
#include "base/report.h"
#include "base/util.h"
#include "load/map-target.h"
#include "load/possible-cpus.h"
#include "types/value.h"

/* The kernel's object for a value that user space gives as a descriptor. */
enum map_holds {
	HOLDS_NUMBERS,
	HOLDS_CGROUPS,
	HOLDS_PROGRAMS,
	HOLDS_MAPS,
	HOLDS_DEVICES, /* numbers, and descriptors of programs */
	HOLDS_OTHER,   /* nothing that can be set here */
};

static enum map_holds
get_map_holds(enum bpf_map_type type)
{
	switch (type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_LPM_TRIE:
	case BPF_MAP_TYPE_QUEUE:
	case BPF_MAP_TYPE_STACK:
	case BPF_MAP_TYPE_BLOOM_FILTER:
		return HOLDS_NUMBERS;
	case BPF_MAP_TYPE_CGROUP_ARRAY:
		return HOLDS_CGROUPS;
	case BPF_MAP_TYPE_PROG_ARRAY:
		return HOLDS_PROGRAMS;
	case BPF_MAP_TYPE_ARRAY_OF_MAPS:
	case BPF_MAP_TYPE_HASH_OF_MAPS:
		return HOLDS_MAPS;
	case BPF_MAP_TYPE_DEVMAP:
	case BPF_MAP_TYPE_DEVMAP_HASH:
	case BPF_MAP_TYPE_CPUMAP:
		return HOLDS_DEVICES;
	default:
		return HOLDS_OTHER;
	}
}

static enum map_holds
target_holds(const struct map_target *t)
{
	return get_map_holds(bpf_map__type(t->map));
}

static bool
is_per_cpu(enum bpf_map_type type)
{
	return type == BPF_MAP_TYPE_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

/* Adds a type for bytes of which only the number is known. */
static uint32_t
add_sized_type(struct types *t, uint32_t size, const char *where)
{
	struct type number = { .kind = TYPE_INT, .size = size };
	struct type array = { .kind = TYPE_ARRAY, .size = size, .count = size };
	char name[8];

	if (size != 1 && size != 2 && size != 4 && size != 8)
		number.size = 1;
	snprintf(name, sizeof(name), "u%u", (unsigned int)number.size * 8);
	if ((number.name = strdup(name)) == NULL ||
	    (array.name = strdup("")) == NULL) {
		free(number.name);
		report_nomem();
		return TYPE_NONE;
	}
	array.of = types_add(t, &number, where);
	if (array.of != TYPE_NONE && number.size != size &&
	    t->v[array.of].size != size)
		return types_add(t, &array, where);
	free(array.name);
	return array.of;
}

/* Returns the type of keys or values: that of BTF id, if it has the size, or
 * bytes of that size. */
static uint32_t
find_target_type(struct btf_import *in, uint32_t id, size_t size,
    const char *what, const char *where)
{
	uint32_t type;

	if (id == 0 || in->btf == NULL || size == 0)
		return add_sized_type(in->types, (uint32_t)size, where);
	type = btf_import(in, id, where);
	if (type == TYPE_NONE || types_get(in->types, type)->size == size)
		return type;
	report_error(
	    "%s: the map's %s has %zu bytes, but its type has %" PRIu64, where,
	    what, size, types_get(in->types, type)->size);
	return TYPE_NONE;
}

int
map_target_open(struct map_target *t, const struct bpf_map *map,
    const struct bpf_object *bpf, struct btf_import *in, const char *where)
{
	enum bpf_map_type type = bpf_map__type(map);
	const char *name = libbpf_bpf_map_type_str(type);
	bool numbers = get_map_holds(type) == HOLDS_NUMBERS;
	int cpus = is_per_cpu(type) ? possible_cpus(bpf_map__name(map)) : 0;

	*t = (struct map_target){ .map = map,
		.bpf = bpf,
		.types = in->types,
		.key_size = bpf_map__key_size(map),
		.value_size = bpf_map__value_size(map),
		.cpus = cpus < 0 ? 0 : (size_t)cpus,
		.fd = -1 };
	if (cpus == -1)
		return -1;
	if (get_map_holds(type) == HOLDS_OTHER) {
		report_error("%s: values of maps of type %s cannot be set",
		    where, name != NULL ? name : "unknown");
		return -1;
	}
	if (bpf_map__is_internal(map)) {
		report_error("%s: this map is a section of variables, which "
			     "the program's arguments set",
		    where);
		return -1;
	}
	t->key = find_target_type(
	    in, bpf_map__btf_key_type_id(map), t->key_size, "key", where);
	/* The value that a map of descriptors declares is often no number. */
	t->value = find_target_type(in,
	    numbers || get_map_holds(type) == HOLDS_DEVICES
		? bpf_map__btf_value_type_id(map)
		: 0,
	    t->value_size, "value", where);
	if (t->key == TYPE_NONE || t->value == TYPE_NONE)
		return -1;
	t->key_bytes = calloc(1, t->key_size + 1);
	t->value_bytes =
	    calloc(t->cpus == 0 ? 1 : t->cpus, round_up_8(t->value_size) + 1);
	if (t->key_bytes == NULL || t->value_bytes == NULL)
		return report_nomem();
	return 0;
}

/* Closes the descriptor that the last value referred to. */
static void
drop_reference(struct map_target *t)
{
	if (t->fd != -1)
		close(t->fd);
	t->fd = -1;
}

void
map_target_close(struct map_target *t)
{
	drop_reference(t);
	free(t->key_bytes);
	free(t->value_bytes);
	*t = (struct map_target){ .fd = -1 };
}

/* Opens the directory of a cgroup, whose descriptor is kept until the value is
 * written. */
static int
find_cgroup(struct map_target *t, const char *path, const char *where)
{
	drop_reference(t);
	t->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->fd != -1)
		return t->fd;
	report_error(
	    "%s: cgroup %s: %s", where, path, report_error_text(errno));
	return -1;
}

/* The descriptor of a program of the object; 0 if it is not loaded yet. */
static int
find_program(const struct map_target *t, const char *name, const char *where)
{
	const struct bpf_program *p =
	    bpf_object__find_program_by_name(t->bpf, name);
	int fd;

	if (p == NULL) {
		report_error("%s: the object has no program %s", where, name);
		return -1;
	}
	fd = t->loaded ? bpf_program__fd(p) : 0;
	if (fd >= 0)
		return fd;
	report_error("%s: program %s is not loaded; -a %s=load loads it "
		     "without attaching it",
	    where, name, name);
	return -1;
}

/* The same for a map of the object. */
static int
find_inner_map(const struct map_target *t, const char *name, const char *where)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(t->bpf, name);
	int fd;

	if (map == NULL) {
		report_error("%s: the object has no map %s", where, name);
		return -1;
	}
	fd = t->loaded ? bpf_map__fd(map) : 0;
	if (fd >= 0)
		return fd;
	report_error("%s: map %s was not made", where, name);
	return -1;
}

static int
find_interface(const char *name, const char *where)
{
	unsigned int index = if_nametoindex(name);

	if (index != 0)
		return (int)index;
	report_error("%s: network interface %s: %s", where, name,
	    report_error_text(errno));
	return -1;
}

/* For struct value_names: finds what a word such as "if:eth0" names. */
static int
find_target_name(void *ctx, const char *word, const char *where, int64_t *out)
{
	struct map_target *t = ctx;
	const char *colon = strchr(word, ':');
	const char *name = colon != NULL ? colon + 1 : "";
	size_t n = colon != NULL ? (size_t)(colon - word) : 0;
	enum map_holds holds = target_holds(t);
	int found;

	if (n == 2 && memcmp(word, "if", n) == 0)
		found = find_interface(name, where);
	else if (n == 6 && memcmp(word, "cgroup", n) == 0 &&
		 holds == HOLDS_CGROUPS)
		found = find_cgroup(t, name, where);
	else if (n == 4 && memcmp(word, "prog", n) == 0 &&
		 (holds == HOLDS_PROGRAMS || holds == HOLDS_DEVICES))
		found = find_program(t, name, where);
	else if (n == 3 && memcmp(word, "map", n) == 0 && holds == HOLDS_MAPS)
		found = find_inner_map(t, name, where);
	else
		return 0;
	*out = found;
	return found < 0 ? -1 : 1;
}

/* The names that a value of the map must have, or NULL if it need not. */
static const char *
required_name(const struct map_target *t)
{
	switch (target_holds(t)) {
	case HOLDS_CGROUPS:
		return "cgroup:PATH";
	case HOLDS_PROGRAMS:
		return "prog:NAME";
	case HOLDS_MAPS:
		return "map:NAME";
	default:
		return NULL;
	}
}

static json_t *
target_literal(
    struct map_target *t, uint32_t type, const char *text, const char *where)
{
	const struct value_names names = { find_target_name, t };

	return value_from_literal(t->types, type, text, &names, where);
}

/* Converts the text of a value to JSON. */
static json_t *
value_literal(struct map_target *t, const char *text, const char *where)
{
	const struct type *of = types_get(t->types, t->value);
	const char *name = required_name(t);
	int64_t number = 0;

	if (name != NULL && strncmp(text, name, strcspn(name, ":") + 1) != 0) {
		report_error("%s: \"%s\" cannot be a value of this map; "
			     "expected %s",
		    where, text, name);
		return NULL;
	}
	/* The interface is the first member of struct bpf_devmap_val. */
	if (target_holds(t) == HOLDS_DEVICES && of->kind == TYPE_STRUCT &&
	    of->nmembers > 0 && strncmp(text, "if:", 3) == 0) {
		if (find_target_name(t, text, where, &number) != 1)
			return NULL;
		return json_pack(
		    "{sI}", of->members[0].name, (json_int_t)number);
	}
	return target_literal(t, t->value, text, where);
}

/* Stores a key or value of the type in size bytes. */
static int
store_target(struct map_target *t, uint32_t type, struct map_element e,
    unsigned char *bytes, size_t size, const char *where)
{
	bool is_key = bytes == t->key_bytes;
	json_t *literal = NULL;
	int ret;

	memset(bytes, 0, size);
	if (e.text == NULL && !types_is_text(t->types, type))
		e.text = json_doc_string(e.json);
	if (e.text == NULL && !is_key && required_name(t) != NULL) {
		report_error("%s: expected %s", where, required_name(t));
		return -1;
	}
	if (e.text != NULL) {
		literal = is_key ? target_literal(t, type, e.text, where)
				 : value_literal(t, e.text, where);
		if (literal == NULL)
			return -1;
		e.json = literal;
	}
	ret = value_to_bytes(t->types, type, e.json, bytes, size, where);
	json_decref(literal);
	return ret;
}

/* Stores the value for all CPUs, or that of each. */
static int
store_target_value(
    struct map_target *t, struct map_element e, bool each, const char *where)
{
	struct map_element one = { 0 };
	size_t step = round_up_8(t->value_size);
	unsigned char *p = t->value_bytes;

	if (t->cpus == 0 || !each) {
		if (store_target(t, t->value, e, p, t->value_size, where) == -1)
			return -1;
		for (size_t i = 1; i < t->cpus; i++)
			memcpy(p + i * step, p, t->value_size);
		return 0;
	}
	if (!json_is_array(e.json) || json_array_size(e.json) > t->cpus) {
		report_error("%s: expected an array of the values of at most "
			     "%zu CPUs",
		    where, t->cpus);
		return -1;
	}
	memset(p, 0, t->cpus * step);
	for (size_t i = 0; i < json_array_size(e.json); i++) {
		one.json = json_array_get(e.json, i);
		if (store_target(t, t->value, one, p + i * step, t->value_size,
			where) == -1)
			return -1;
	}
	return 0;
}

static int
report_update(const struct map_target *t, int error, const char *where)
{
	const char *name = bpf_map__name(t->map);
	uint32_t entries = bpf_map__max_entries(t->map);
	enum bpf_map_type type = bpf_map__type(t->map);
	bool array =
	    type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	    type == BPF_MAP_TYPE_CGROUP_ARRAY ||
	    type == BPF_MAP_TYPE_PROG_ARRAY || type == BPF_MAP_TYPE_DEVMAP ||
	    type == BPF_MAP_TYPE_CPUMAP || type == BPF_MAP_TYPE_ARRAY_OF_MAPS;

	if (error == E2BIG && array)
		report_error("%s: the map has the keys 0 to %" PRIu32
			     "; --map %s=entries:N changes that",
		    where, entries - 1, name);
	else if (error == E2BIG || error == ENOSPC)
		report_error("%s: the map is full with %" PRIu32
			     " entries; --map %s=entries:%" PRIu64
			     " makes room for more",
		    where, entries, name, (uint64_t)entries * 2);
	else if (error == EBADF && target_holds(t) == HOLDS_CGROUPS)
		report_error("%s: not a cgroup of version 2", where);
	else if (error == EINVAL && target_holds(t) == HOLDS_MAPS)
		report_error("%s: that map is not like the inner maps that "
			     "the definition declares",
		    where);
	else if (error == EINVAL && target_holds(t) == HOLDS_PROGRAMS)
		report_error("%s: that program is not of the type of the other "
			     "programs in the map",
		    where);
	else
		report_error("%s: the kernel refuses the value: %s", where,
		    report_error_text(error));
	return -1;
}

int
map_target_set(struct map_target *t, struct map_element key,
    struct map_element value, bool each, const char *where)
{
	bool has_key = key.text != NULL || key.json != NULL;
	int ret = 0;

	if (has_key != (t->key_size > 0)) {
		report_error("%s: %s", where,
		    has_key ? "this map has no keys; expected MAP[]=VALUE"
			    : "a value of this map needs a key");
		return -1;
	}
	if ((has_key && store_target(t, t->key, key, t->key_bytes, t->key_size,
			    where) == -1) ||
	    store_target_value(t, value, each, where) == -1)
		ret = -1;
	else if (t->loaded && bpf_map_update_elem(bpf_map__fd(t->map),
				  has_key ? t->key_bytes : NULL, t->value_bytes,
				  BPF_ANY) != 0)
		ret = report_update(t, errno, where);
	drop_reference(t);
	return ret;
}
