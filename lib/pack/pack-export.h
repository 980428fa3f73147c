/*
 * Decides which maps a package exports, and with which types.  Only pack.c uses
 * it.
 */
#ifndef SKEL_PACK_PACK_EXPORT_H
#define SKEL_PACK_PACK_EXPORT_H

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/bpf-elf.h"
#include "pack/pack.h"

struct pack_map {
	const struct bpf_map *bpf; /* borrowed */
	json_t *json;              /* borrowed: the map in the package */
	/* The BTF id of its records, not a typedef; 0 if it is not known. */
	uint32_t record;
	bool sampled;
	bool stated;  /* the caller gave the type */
	char *reason; /* owned: why it is not known, or NULL */
};

struct pack_exports {
	const char *file; /* borrowed, as all here */
	const struct pack_options *options;
	const struct bpf_elf *elf;
	struct btf *btf;       /* of elf; types may be added */
	struct pack_map *maps; /* with their annotations */
	size_t nmaps;
	json_t *programs; /* of the package */
	/* The BTF ids of the structs of the event header, in their order. */
	uint32_t *structs;
	size_t nstructs;
	json_t *meta; /* of the package; its "export_types" is empty */
};

/* Finds the missing record types and writes the exports to meta and to the JSON
 * of the maps.  Returns 0, or -1 after reporting what is wrong. */
int pack_export(struct pack_exports *e);

#endif
