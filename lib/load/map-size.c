#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/report.h"
#include "base/suggest.h"
#include "base/util.h"
#include "elf/libbpf-log.h"
#include "load/map-size.h"

enum {
	HASH_ENTRIES = 10240,
	STACK_ENTRIES = 16384,
	STACK_FRAMES = 127, /* the kernel's perf_event_max_stack */
	RING_BYTES = 256 << 10,
	RING_BYTES_MAX = 1 << 30, /* the next power of two needs more bits */
	PERF_PAGES_MAX = 1 << 20,
};

/* The requirements of a type of maps, and the entries of one whose definition
 * gives none; 0 if there is no sensible number. */
struct map_needs {
	bool key, value;
	uint32_t entries;
};

/* libbpf itself gives a perf buffer an entry for each CPU. */
static struct map_needs
get_map_needs(enum bpf_map_type type)
{
	switch (type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_LPM_TRIE:
	case BPF_MAP_TYPE_HASH_OF_MAPS:
	case BPF_MAP_TYPE_SOCKHASH:
	case BPF_MAP_TYPE_DEVMAP_HASH:
		return (struct map_needs){ true, true, HASH_ENTRIES };
	case BPF_MAP_TYPE_QUEUE:
	case BPF_MAP_TYPE_STACK:
	case BPF_MAP_TYPE_BLOOM_FILTER:
		return (struct map_needs){ false, true, HASH_ENTRIES };
	case BPF_MAP_TYPE_STACK_TRACE:
		return (struct map_needs){ true, true, STACK_ENTRIES };
	case BPF_MAP_TYPE_RINGBUF:
	case BPF_MAP_TYPE_USER_RINGBUF:
		return (struct map_needs){ false, false, RING_BYTES };
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_PROG_ARRAY:
	case BPF_MAP_TYPE_CGROUP_ARRAY:
	case BPF_MAP_TYPE_ARRAY_OF_MAPS:
	case BPF_MAP_TYPE_REUSEPORT_SOCKARRAY:
	case BPF_MAP_TYPE_SOCKMAP:
	case BPF_MAP_TYPE_DEVMAP:
	case BPF_MAP_TYPE_CPUMAP:
	case BPF_MAP_TYPE_XSKMAP:
		return (struct map_needs){ true, true, 0 };
	default:
		/* Local storage has no number of entries. */
		return (struct map_needs){ false, false, UINT32_MAX };
	}
}

static bool
is_ring(const struct bpf_map *map)
{
	return bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF ||
	       bpf_map__type(map) == BPF_MAP_TYPE_USER_RINGBUF;
}

static bool
is_perf_buffer(const struct bpf_map *map)
{
	return bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
}

/* Parses a number from 1 to max, which may end with K, M or G. */
static int
parse_map_number(const char *text, size_t len, uint64_t max, uint32_t *out,
    const char *where)
{
	uint64_t n = 0;
	size_t i = 0;
	unsigned int shift = 0;

	for (; i < len && text[i] >= '0' && text[i] <= '9' && n <= max; i++)
		n = n * 10 + (uint64_t)(text[i] - '0');
	if (i > 0 && i + 1 == len && n <= max) {
		if (text[i] == 'K')
			shift = 10;
		else if (text[i] == 'M')
			shift = 20;
		else if (text[i] == 'G')
			shift = 30;
		i += shift != 0;
	}
	if (i == 0 || (i < len && n <= max)) {
		report_error("--map %s: \"%.*s\" is not a number; expected one "
			     "such as 512, 64K or 16M",
		    where, (int)len, text);
		return -1;
	}
	if (n == 0 || n > max >> shift) {
		report_error("--map %s: %.*s is not from 1 to %" PRIu64, where,
		    (int)len, text, max);
		return -1;
	}
	*out = (uint32_t)(n << shift);
	return 0;
}

/* Parses one "KEY:N" of len bytes. */
static int
parse_size_key(
    struct map_size *s, const char *text, size_t len, const char *where)
{
	const struct {
		const char *key;
		uint32_t *out;
		uint64_t max;
	} keys[] = {
		{ "entries:", &s->entries, UINT32_MAX },
		{ "value_size:", &s->value_size, INT32_MAX },
		{ "pages:", &s->pages, PERF_PAGES_MAX },
	};

	for (size_t i = 0; i < nitems(keys); i++) {
		size_t n = strlen(keys[i].key);

		if (len < n || memcmp(text, keys[i].key, n) != 0)
			continue;
		if (*keys[i].out == 0)
			return parse_map_number(
			    text + n, len - n, keys[i].max, keys[i].out, where);
		report_error("--map %s: %.*s is given twice", where, (int)n - 1,
		    keys[i].key);
		return -1;
	}
	report_error("--map %s: unknown size \"%.*s\"; expected entries:N, "
		     "value_size:N or pages:N",
	    where, (int)len, text);
	return -1;
}

int
map_size_parse(struct map_size *s, const char *text)
{
	const char *p = strchr(text, '='), *end;

	*s = (struct map_size){ 0 };
	if (p == NULL || p == text) {
		report_error("--map %s: expected MAP=entries:N", text);
		return -1;
	}
	if ((s->pattern = strndup(text, (size_t)(p - text))) == NULL)
		return report_nomem();
	do {
		p++;
		end = p + strcspn(p, ",");
		if (parse_size_key(s, p, (size_t)(end - p), text) == -1) {
			map_size_free(s);
			return -1;
		}
		p = end;
	} while (*p == ',');
	return 0;
}

void
map_size_free(struct map_size *s)
{
	free(s->pattern);
	*s = (struct map_size){ 0 };
}

static int
report_map_size(
    const struct package *package, const struct bpf_map *map, const char *what)
{
	report_error("%s: map %s: %s", package->name, bpf_map__name(map), what);
	return -1;
}

/* The size of a ring buffer that the kernel accepts: a power of two of at least
 * a page. */
static uint32_t
round_ring_size(uint32_t bytes)
{
	uint32_t size = (uint32_t)sysconf(_SC_PAGESIZE);

	while (size < bytes && size < RING_BYTES_MAX)
		size *= 2;
	return size;
}

/* The destination of the sizes of maps. */
struct map_sizing {
	struct bpf_object *bpf;
	const struct package *package;
	const struct map_size *sizes;
	size_t n;
	bool quiet;
};

static int
set_entries(const struct map_sizing *s, struct bpf_map *map, uint32_t entries)
{
	const char *name = bpf_map__name(map);
	uint32_t size = entries;

	if (is_ring(map)) {
		if (entries > RING_BYTES_MAX)
			return report_map_size(s->package, map,
			    "a ring buffer can have 1G bytes at most");
		size = round_ring_size(entries);
		if (size != entries && !s->quiet)
			report_notice(
			    "%s: map %s: %" PRIu32 " bytes are rounded up to "
			    "%" PRIu32 ": the kernel needs a power of two "
			    "that is a multiple of the page size",
			    s->package->name, name, entries, size);
	}
	if (bpf_map__set_max_entries(map, size) == 0)
		return 0;
	return report_map_size(
	    s->package, map, "libbpf cannot set its number of entries");
}

/* Whether the map's sizes are not for options: libbpf makes it for a section of
 * variables or for a struct of functions. */
static bool
is_internal(const struct bpf_map *map)
{
	return bpf_map__is_internal(map) ||
	       bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS;
}

/* The reason why the map cannot have these sizes, or NULL. */
static const char *
find_misfit(const struct map_size *size, const struct bpf_map *map)
{
	struct map_needs needs = get_map_needs(bpf_map__type(map));

	if (is_internal(map))
		return "--map: the size of this map cannot be changed";
	if (size->pages != 0 && !is_perf_buffer(map))
		return "--map: only a perf buffer has pages; entries:N sets "
		       "the size of other maps";
	if (size->value_size != 0 && (!needs.value || is_perf_buffer(map)))
		return "--map: the values of this map have no size";
	if (size->entries != 0 && needs.entries == UINT32_MAX &&
	    !is_perf_buffer(map))
		return "--map: this map has no number of entries";
	return NULL;
}

static int
set_value_size(
    const struct map_sizing *s, struct bpf_map *map, uint32_t value_size)
{
	if (bpf_map__set_value_size(map, value_size) == 0)
		return 0;
	return report_map_size(
	    s->package, map, "libbpf cannot set the size of its values");
}

/* Applies an option to the maps that match it.  One without wildcards must fit
 * its map; one with wildcards must fit one map at least. */
static int
apply_map_size(const struct map_sizing *s, const struct map_size *size)
{
	bool exact = strpbrk(size->pattern, "*?[") == NULL, found = false;
	struct suggest near = { .wanted = size->pattern };
	struct bpf_map *map;
	const char *misfit;
	char *nearest;

	bpf_object__for_each_map (map, s->bpf) {
		if (!is_internal(map))
			suggest_offer(&near, bpf_map__name(map));
		if (fnmatch(size->pattern, bpf_map__name(map), 0) != 0)
			continue;
		if ((misfit = find_misfit(size, map)) != NULL) {
			if (exact)
				return report_map_size(s->package, map, misfit);
			continue;
		}
		found = true;
		if ((size->value_size != 0 &&
			set_value_size(s, map, size->value_size) == -1) ||
		    (size->entries != 0 &&
			set_entries(s, map, size->entries) == -1))
			return -1;
	}
	if (found)
		return 0;
	nearest = suggest_text(&near);
	report_error("%s: --map %s: the object has no such map%s",
	    s->package->name, size->pattern, nearest != NULL ? nearest : "");
	free(nearest);
	return -1;
}

static int
apply_package_size(const struct map_sizing *s, const struct package_map *m)
{
	struct bpf_map *map;

	if (m->max_entries == 0)
		return 0;
	map = bpf_object__find_map_by_name(s->bpf, m->name);
	if (map != NULL && !is_internal(map) &&
	    get_map_needs(bpf_map__type(map)).entries != UINT32_MAX)
		return set_entries(s, map, m->max_entries);
	report_error("%s: map %s: \"max_entries\": the object has no map of "
		     "this name whose size can be set",
	    s->package->name, m->name);
	return -1;
}

/* Gives a map of stack traces the sizes that its definition lacks. */
static int
set_stack_defaults(const struct map_sizing *s, struct bpf_map *map)
{
	bool values = bpf_map__value_size(map) == 0;
	bool entries = bpf_map__max_entries(map) == 0;
	const char *name = bpf_map__name(map);

	if (bpf_map__key_size(map) == 0 &&
	    bpf_map__set_key_size(map, sizeof(uint32_t)) != 0)
		return report_map_size(
		    s->package, map, "libbpf cannot set the size of its keys");
	if (values &&
	    set_value_size(s, map, STACK_FRAMES * sizeof(uint64_t)) == -1)
		return -1;
	if (entries && set_entries(s, map, STACK_ENTRIES) == -1)
		return -1;
	if ((!values && !entries) || s->quiet)
		return 0;
	report_notice("%s: map %s: its definition gives no size; it gets "
		      "%" PRIu32 " entries of %" PRIu32
		      " frames; to change that: "
		      "--map %s=entries:%" PRIu32 ",value_size:%" PRIu32,
	    s->package->name, name, bpf_map__max_entries(map),
	    bpf_map__value_size(map) / (uint32_t)sizeof(uint64_t), name,
	    bpf_map__max_entries(map), bpf_map__value_size(map));
	return 0;
}

/* Gives the map defaults for sizes that are missing. */
static int
complete_map(const struct map_sizing *s, struct bpf_map *map)
{
	uint32_t entries = get_map_needs(bpf_map__type(map)).entries;
	const char *name = bpf_map__name(map);

	if (is_internal(map))
		return 0;
	if (bpf_map__type(map) == BPF_MAP_TYPE_STACK_TRACE)
		return set_stack_defaults(s, map);
	if (bpf_map__max_entries(map) != 0 || entries == 0 ||
	    entries == UINT32_MAX)
		return 0;
	if (set_entries(s, map, entries) == -1)
		return -1;
	if (!s->quiet)
		report_notice("%s: map %s: its definition gives no size; it "
			      "gets %" PRIu32 " %s; to change that: "
			      "--map %s=entries:%" PRIu32,
		    s->package->name, name, entries,
		    is_ring(map) ? "bytes" : "entries", name, entries);
	return 0;
}

int
map_sizes_set(struct bpf_object *bpf, const struct package *package,
    const struct map_size *sizes, size_t n, bool quiet)
{
	const struct map_sizing s = { bpf, package, sizes, n, quiet };
	struct bpf_map *map;

	for (size_t i = 0; i < package->nmaps; i++)
		if (apply_package_size(&s, &package->maps[i]) == -1)
			return -1;
	for (size_t i = 0; i < n; i++)
		if (apply_map_size(&s, &sizes[i]) == -1)
			return -1;
	bpf_object__for_each_map (map, bpf)
		if (complete_map(&s, map) == -1)
			return -1;
	return 0;
}

/* Reports a size that the map's definition lacks and that has no default. */
static int
report_missing_size(const struct package *package, const struct bpf_map *map,
    const char *what, const char *option)
{
	const char *name = bpf_map__name(map);

	if (option == NULL)
		report_error("%s: map %s: its definition gives no %s",
		    package->name, name, what);
	else
		report_error("%s: map %s: its definition gives no %s; add "
			     "--map %s=%s:N",
		    package->name, name, what, name, option);
	return -1;
}

static int
check_map_sizes(const struct package *package, const struct bpf_map *map)
{
	struct map_needs needs = get_map_needs(bpf_map__type(map));

	if (needs.key && bpf_map__key_size(map) == 0)
		return report_missing_size(package, map, "key_size", NULL);
	if (needs.value && bpf_map__value_size(map) == 0)
		return report_missing_size(
		    package, map, "value_size", "value_size");
	if (needs.entries == 0 && bpf_map__max_entries(map) == 0)
		return report_missing_size(
		    package, map, "max_entries", "entries");
	return 0;
}

int
map_sizes_check(struct bpf_object *bpf, const struct package *package)
{
	const struct bpf_map *map;

	bpf_object__for_each_map (map, bpf)
		if (!is_internal(map) && bpf_map__autocreate(map) &&
		    check_map_sizes(package, map) == -1)
			return -1;
	return 0;
}

uint32_t
map_sizes_pages(const struct map_size *sizes, size_t n, const char *name)
{
	uint32_t pages = 0;

	for (size_t i = 0; i < n; i++)
		if (sizes[i].pages != 0 &&
		    fnmatch(sizes[i].pattern, name, 0) == 0)
			pages = sizes[i].pages;
	return pages;
}

bool
map_size_report_refusal(const struct bpf_object *bpf,
    const struct package *package, const char *name, int error)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(bpf, name);
	const char *type, *advice = "";

	if (map == NULL)
		return false;
	type = libbpf_map_type_name(bpf_map__type(map));
	if (error == ENOMEM || error == E2BIG)
		advice = "; another size: ";
	else if (error == EINVAL)
		advice = "; its sizes or flags may be wrong, or this kernel "
			 "may lack this type; sizes can be changed: ";
	report_error("%s: map %s: the kernel cannot make a map of type %s with "
		     "%" PRIu32 " entries, keys of %" PRIu32
		     " bytes and values of "
		     "%" PRIu32 ": %s%s%s%s%s",
	    package->name, name, type, bpf_map__max_entries(map),
	    bpf_map__key_size(map), bpf_map__value_size(map),
	    error == E2BIG ? "too large" : report_error_text(error), advice,
	    *advice != '\0' ? "--map " : "", *advice != '\0' ? name : "",
	    *advice != '\0' ? "=entries:N" : "");
	return true;
}
