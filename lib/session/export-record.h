/*
 * Records of exported maps: which types the records of one have, and what the
 * header of the stream says of it.  For session/export.c.
 *
 * The functions report what is wrong and return -1.
 */
#ifndef SKEL_SESSION_EXPORT_RECORD_H
#define SKEL_SESSION_EXPORT_RECORD_H

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "elf/btf.h"
#include "package/package.h"
#include "stream/stream.h"

enum { EXPORT_WHERE_MAX = 256 };

/* Where the type of a map's values comes from. */
enum form {
	FORM_OWN,    /* the map's definition; raw bytes if it says nothing */
	FORM_LISTED, /* the package's export_types[0] */
	FORM_ID,     /* export_config: btf_type_id */
	FORM_CUSTOM, /* export_config: custom_members */
	FORM_RAW,
};

struct candidate {
	const char *name;              /* borrowed, as all here */
	const struct package_map *map; /* NULL: an iterator */
	struct bpf_map *bpf;
	const struct package_program *program; /* an iterator's, or NULL */
	enum stream_source source;
	enum form form;
	char where[EXPORT_WHERE_MAX]; /* "x.json: map rb" */
};

struct export
{
	const struct package *package; /* borrowed */
	struct stream_header *header;  /* borrowed */
	const struct btf *btf;         /* borrowed; NULL: the object has none */
	struct btf_import import;
	struct candidate *v; /* owned */
	size_t n;
};

/* Whether its records come by a ring buffer or a perf buffer. */
bool export_is_buffer(const struct candidate *c);

/*
 * The BTF id of the value type in the map's definition, or 0.  A perf buffer
 * holds descriptors as far as the kernel is concerned, so a value of 4 bytes
 * there says nothing about its records.
 */
uint32_t export_own_value(const struct export *e, const struct bpf_map *map);

/*
 * In single mode a package with one sampled map says by export_types[0] what
 * its values are; the map's definition says it too, and has to agree.  0 also
 * where there is nothing to compare.
 */
int export_check_only_sample(const struct export *e);

/* Append the candidate to the maps of e's header, with its types. */
int export_describe(struct export *e, const struct candidate *c);

#endif
