/*
 * Records of exported maps: finds the types of a map's keys and values and adds
 * the map to the header of the stream.  Used by session/export.c only.
 *
 * Functions that return int return 0, or -1 after reporting.
 */
#ifndef SKEL_SESSION_EXPORT_RECORD_H
#define SKEL_SESSION_EXPORT_RECORD_H

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "elf/btf.h"
#include "package/package.h"
#include "stream/header.h"

enum { EXPORT_WHERE_MAX = 256 };

/* Which description gives the type of a map's values. */
enum value_type_source {
	VALUE_TYPE_OF_MAP,  /* the map's definition, if it has one */
	VALUE_TYPE_LISTED,  /* the package's export_types[0] */
	VALUE_TYPE_BY_ID,   /* export_config: btf_type_id */
	VALUE_TYPE_CUSTOM,  /* export_config: custom_members */
	VALUE_TYPE_RECORDS, /* records: one of several types */
	VALUE_TYPE_NONE,    /* none: the values are bytes */
};

/* A map or iterator that is exported.  All pointers are borrowed. */
struct export_entry {
	const char *name;
	const struct package_map *map; /* NULL if it is none */
	struct bpf_map *bpf;
	/* Sampled variables: their section; and the variable, or NULL if it is
	 * all of the section. */
	const struct package_section *section;
	const struct package_variable *variable;
	const struct package_program *program; /* NULL for a map */
	enum stream_source source;
	enum value_type_source type_from;
	const struct package_record *record; /* of VALUE_TYPE_RECORDS */
	char where[EXPORT_WHERE_MAX]; /* for messages: "x.json: map rb" */
};

/* The exports of an object while they are decided. */
struct export_list {
	const struct package *package; /* borrowed */
	struct stream_header *header;  /* borrowed */
	const struct btf *btf; /* borrowed; NULL if the object has none */
	struct btf_import import;
	struct export_entry *v; /* owned */
	size_t n;
	struct name_table names; /* of the entries */
};

/* Returns whether the records come through a ring buffer or a perf buffer. */
bool export_is_buffer(const struct export_entry *e);

/*
 * Returns the BTF id of the value type in the map's definition, or 0 if there
 * is none.  For a perf buffer a type of 4 bytes counts as none, since it may be
 * that of the descriptors which the kernel keeps in the array.
 */
uint32_t export_map_value_type(
    const struct export_list *l, const struct bpf_map *map);

/*
 * If the package has one sampled map only, checks that export_types[0]
 * describes the type in the map's definition.  Returns 0 also if there is
 * nothing to compare.
 */
int export_check_only_sample(const struct export_list *l);

/* Sets in m how it is sampled. */
int export_set_sample(struct stream_map *m, const struct package_sample *s);

/* Adds the map or iterator and its types to l->header; a map with several types
 * gets an entry for each. */
int export_describe(struct export_list *l, const struct export_entry *e);

#endif
