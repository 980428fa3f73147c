/*
 * Exports: which maps a package shows, and with which types.  For pack.c.
 */
#ifndef SKEL_PACKAGE_PACK_EXPORT_H
#define SKEL_PACKAGE_PACK_EXPORT_H

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pack_map {
	const struct bpf_map *bpf; /* borrowed */
	json_t *json;              /* borrowed: the map in the package */
	/* The BTF type of its records, without typedefs; 0: not known. */
	uint32_t record;
	bool sampled;
};

struct pack_exports {
	const char *file;      /* borrowed, as all here */
	const struct btf *btf; /* of the object */
	struct pack_map *maps; /* record: as the notes say, or 0 */
	size_t nmaps;
	json_t *meta; /* of the package, with an empty "export_types" */
};

/* Complete the maps and write the exports into meta and the maps' JSON.
 * Returns 0, or -1 after reporting. */
int pack_export(struct pack_exports *e);

#endif
