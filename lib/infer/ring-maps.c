#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "elf/btf.h"
#include "infer/count-calls.h"
#include "infer/ring-maps.h"

enum { MODIFIERS_MAX = 64 }; /* bpf_elf_open() has checked that chains end */

static const struct btf_type *
skip_modifiers(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	for (int i = 0; t != NULL && i < MODIFIERS_MAX; i++) {
		if (!btf_is_mod(t) && !btf_is_typedef(t))
			return t;
		t = btf__type_by_id(btf, t->type);
	}
	return NULL;
}

/* The number that __uint(member, NUMBER) gives in the definition of a map,
 * which is the length of an array that the member points to; or 0. */
static uint32_t
get_map_number(
    const struct btf *btf, const struct btf_type *map, const char *member)
{
	const struct btf_member *m = btf_members(map);

	for (unsigned int i = 0; i < btf_vlen(map); i++) {
		const struct btf_type *t;

		if (strcmp(btf_name(btf, m[i].name_off), member) != 0)
			continue;
		t = skip_modifiers(btf, m[i].type);
		if (t == NULL || !btf_is_ptr(t))
			return 0;
		t = skip_modifiers(btf, t->type);
		return t != NULL && btf_is_array(t) ? btf_array(t)->nelems : 0;
	}
	return 0;
}

/* The kernel's type of the map, by its definition; 0 if it has none. */
static uint32_t
get_map_type(const struct btf *btf, const struct btf_type *var)
{
	const struct btf_type *t = skip_modifiers(btf, var->type);

	return t != NULL && btf_is_struct(t) ? get_map_number(btf, t, "type")
					     : 0;
}

/* Whether the section of maps has one with the name of the ring buffer's
 * counter, and of its type. */
static bool
has_own_counter(
    const struct btf *btf, const struct btf_type *maps, const char *ring)
{
	const struct btf_var_secinfo *v = btf_var_secinfos(maps);
	size_t len = strlen(ring);

	for (unsigned int i = 0; i < btf_vlen(maps); i++) {
		const struct btf_type *var = btf__type_by_id(btf, v[i].type);
		const char *name = btf_name(btf, var->name_off);

		if (strncmp(name, ring, len) == 0 &&
		    strcmp(name + len, LOST_COUNTER_SUFFIX) == 0)
			return get_map_type(btf, var) ==
			       BPF_MAP_TYPE_PERCPU_ARRAY;
	}
	return false;
}

int
ring_maps_find(const struct bpf_elf *elf, struct ring_map **maps, size_t *n)
{
	const struct btf *btf = elf->btf;
	const struct btf_var_secinfo *v;
	const struct btf_type *t;
	int id;

	*maps = NULL;
	*n = 0;
	id = btf != NULL
		 ? btf__find_by_name_kind(btf, ".maps", BTF_KIND_DATASEC)
		 : -1;
	if (id < 0)
		return 0;
	t = btf__type_by_id(btf, (uint32_t)id);
	v = btf_var_secinfos(t);
	*maps = calloc(btf_vlen(t) + 1, sizeof(**maps));
	if (*maps == NULL)
		return report_nomem();
	for (unsigned int i = 0; i < btf_vlen(t); i++) {
		const struct btf_type *var = btf__type_by_id(btf, v[i].type);
		const char *name = btf_name(btf, var->name_off);

		if (!btf_is_var(var) ||
		    get_map_type(btf, var) != BPF_MAP_TYPE_RINGBUF)
			continue;
		(*maps)[(*n)++] = (struct ring_map){ .name = name };
	}
	/* More than that are not counted at all. */
	for (size_t i = 0; *n <= RING_MAPS_MAX && i < *n; i++)
		(*maps)[i].counted = has_own_counter(btf, t, (*maps)[i].name);
	return 0;
}
