/*
 * A map whose values are set before its programs run: the types of its key and
 * value, and the names that values of its kind can have, as "cgroup:PATH".
 *
 * Functions that return int return 0, or -1 after reporting.
 */
#ifndef SKEL_LOAD_MAP_TARGET_H
#define SKEL_LOAD_MAP_TARGET_H

#include <bpf/libbpf.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/btf.h"
#include "types/types.h"

struct map_target {
	const struct bpf_map *map;              /* borrowed */
	const struct bpf_object *bpf;           /* borrowed */
	const struct types *types;              /* borrowed */
	uint32_t key, value;                    /* indexes into types */
	size_t key_size, value_size;            /* of one CPU */
	size_t cpus;                            /* of a per-CPU map, or 0 */
	unsigned char *key_bytes, *value_bytes; /* owned: of one element */
	int fd; /* owned: what the value refers to until it is written; or -1 */
	bool loaded; /* the map exists in the kernel */
};

/*
 * Describes the map, whose types are added to in->types.  in->btf may be NULL.
 * Fails if values of such a map cannot be set.  where names the map in reports.
 */
int map_target_open(struct map_target *t, const struct bpf_map *map,
    const struct bpf_object *bpf, struct btf_import *in, const char *where);
void map_target_close(struct map_target *t);

/* A key or value: a literal (types/value.h) or JSON; neither if there is none.
 */
struct map_element {
	const char *text;   /* borrowed, as json */
	const json_t *json; /* strings for anything but text are literals */
};

/*
 * Stores the key, which maps such as queues do not have, and the value in the
 * map if t->loaded, else only checks them.  In a per-CPU map all CPUs get the
 * value, or, if each is set, those in the JSON array value.
 */
int map_target_set(struct map_target *t, struct map_element key,
    struct map_element value, bool each, const char *where);

#endif
