#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/array.h"
#include "base/report.h"
#include "elf/libbpf-log.h"
#include "host/mount.h"
#include "load/map-pin.h"

struct map_pin {
	struct bpf_map *map; /* borrowed */
	bool reused;         /* it was there before */
};

/* libbpf sets the size of a perf buffer only when it makes the map, too late to
 * compare it. */
static void
set_perf_entries(struct bpf_map *map)
{
	int cpus = libbpf_num_possible_cpus();

	if (bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY &&
	    bpf_map__max_entries(map) == 0 && cpus > 0)
		bpf_map__set_max_entries(map, (uint32_t)cpus);
}

/* Compares the map that is pinned already with the definition, as libbpf will.
 */
static int
compare_pinned(
    const struct bpf_map *map, const struct bpf_map_info *i, const char *name)
{
	if (i->type == bpf_map__type(map) &&
	    i->key_size == bpf_map__key_size(map) &&
	    i->value_size == bpf_map__value_size(map) &&
	    i->max_entries == bpf_map__max_entries(map) &&
	    i->map_flags == bpf_map__map_flags(map))
		return 0;
	report_error("%s: map %s: another map is pinned at %s: %s of %" PRIu32
		     " entries, %" PRIu32 "+%" PRIu32 " bytes, flags %#" PRIx32
		     ", not %s of %" PRIu32 ", %" PRIu32 "+%" PRIu32
		     ", flags %#" PRIx32 "; if nothing needs it: rm %s",
	    name, bpf_map__name(map), bpf_map__pin_path(map),
	    libbpf_map_type_name(i->type), i->max_entries, i->key_size,
	    i->value_size, i->map_flags,
	    libbpf_map_type_name(bpf_map__type(map)), bpf_map__max_entries(map),
	    bpf_map__key_size(map), bpf_map__value_size(map),
	    bpf_map__map_flags(map), bpf_map__pin_path(map));
	return -1;
}

/* Sets *there to whether a map like that of the definition is pinned already.
 */
static int
find_pinned(const struct bpf_map *map, bool *there, const char *name)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);
	int fd = bpf_obj_get(bpf_map__pin_path(map)), ret = -1;

	*there = fd >= 0;
	/* libbpf reports other errors when it opens the pin. */
	if (fd < 0)
		return 0;
	if (bpf_obj_get_info_by_fd(fd, &info, &len) == 0)
		ret = compare_pinned(map, &info, name);
	else
		report_error("%s: map %s: %s is not a map", name,
		    bpf_map__name(map), bpf_map__pin_path(map));
	close(fd);
	return ret;
}

static int
add_pin(struct map_pins *p, struct bpf_map *map, bool check, const char *name)
{
	struct map_pin pin = { .map = map };

	if (!check && mount_bpffs(bpf_map__pin_path(map)) == -1)
		return -1;
	set_perf_entries(map);
	if (find_pinned(map, &pin.reused, name) == -1)
		return -1;
	if (check) {
		if (bpf_map__set_pin_path(map, NULL) == 0)
			return 0;
		report_error("%s: map %s: libbpf cannot leave it unpinned",
		    name, bpf_map__name(map));
		return -1;
	}
	if (!array_room(p->v, p->n, p->cap))
		return report_nomem();
	p->v[p->n++] = pin;
	return 0;
}

int
map_pins_open(
    struct map_pins *p, struct bpf_object *bpf, bool check, const char *name)
{
	struct bpf_map *map;

	*p = (struct map_pins){ 0 };
	bpf_object__for_each_map (map, bpf)
		if (bpf_map__pin_path(map) != NULL &&
		    bpf_map__autocreate(map) &&
		    add_pin(p, map, check, name) == -1)
			return -1;
	return 0;
}

void
map_pins_report(const struct map_pins *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++) {
		const char *map = bpf_map__name(p->v[i].map);
		const char *path = bpf_map__pin_path(p->v[i].map);

		if (p->v[i].reused)
			report_notice("%s: map %s: reused, as it was pinned at "
				      "%s",
			    name, map, path);
		else
			report_notice("%s: map %s: pinned at %s, as its "
				      "definition says; it stays there until: "
				      "rm %s",
			    name, map, path, path);
	}
}

void
map_pins_undo(struct map_pins *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (!p->v[i].reused && bpf_map__is_pinned(p->v[i].map))
			bpf_map__unpin(p->v[i].map, NULL);
}

void
map_pins_close(struct map_pins *p)
{
	free(p->v);
	*p = (struct map_pins){ 0 };
}
