/*
 * A package: one JSON document that carries a BPF program.  It is parsed into
 * structs here, which checks all that the document alone can show; what depends
 * on the ELF object or on the way to attach is checked where those are read.
 * skel-package(5) describes the format, which is that of the reference loader.
 * The JSON tree is kept, so that unknown keys are written again.
 *
 * The functions return 0, or -1 after reporting what is wrong:
 * "x.json: maps[2].name: ...".
 */
#ifndef SKEL_PACK_PACKAGE_H
#define SKEL_PACK_PACKAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "elf/bpf-elf.h"
#include "stream/header.h"

enum {
	PACKAGE_TEXT_MAX = 256 << 20, /* bytes of JSON */
	PACKAGE_SECTIONS_MAX = 4096,
	PACKAGE_MAPS_MAX = 8192,
	PACKAGE_PROGRAMS_MAX = 16384,
};

/* "sample": how a map, a variable or a section of variables is read. */
struct package_sample {
	bool set; /* it is there, or an option stands for it */
	uint64_t interval_ms;
	enum stream_sample type;
	const char *unit; /* "(unit)" unless given */
	bool clear_map;
	bool nonzero; /* keys whose value is all zeros are left out */
};

struct package_variable {
	const char *name, *type; /* borrowed from root, as all below */
	const char *description, *help, *long_name; /* or NULL */
	const char *short_name;                     /* or NULL */
	json_t *value;                              /* "value", or NULL */
	json_t *default_value; /* cmdarg.default, else value; or NULL */
	struct package_sample sample;
	bool written; /* by the program itself */
	json_t *json; /* the variable's object */
};

struct package_section {
	const char *name;                   /* ".rodata", ".bss", ".data.x" */
	struct package_variable *variables; /* owned */
	size_t nvariables;
	struct package_sample sample; /* of all variables as one record */
};

struct package_custom_member {
	const char *name;
	uint64_t offset; /* bytes */
	uint32_t btf_type_id;
};

/* An element that a map has before its programs run. */
struct package_map_value {
	json_t *key; /* NULL for maps without keys */
	json_t *value;
};

/* A type of the records of a map that have several. */
struct package_record {
	uint32_t btf_type_id;
	uint64_t value; /* of the member records_by; two's complement if it is
			   negative */
};

/* What is said of a member of a map's records. */
struct package_field {
	const char *name, *as, *help; /* as, help: or NULL */
	bool hide, time, gauge;
	uint32_t width; /* 0: not said */
};

enum package_export {
	EXPORT_NONE,    /* "no_export" */
	EXPORT_DEFAULT, /* "default": sampled maps */
	EXPORT_BTF,     /* {"btf_type_id": n} */
	EXPORT_CUSTOM,  /* {"custom_members": [...]} */
};

struct package_map {
	const char *name, *ident;
	struct package_sample sample;
	bool asked; /* an option samples it: export it by its own types */
	enum package_export export;
	uint32_t btf_type_id;
	struct package_custom_member *custom; /* owned */
	size_t ncustom;
	uint32_t max_entries;             /* 0: as its definition says */
	struct package_map_value *values; /* owned */
	size_t nvalues;
	struct package_record *records; /* owned: "records", several types */
	size_t nrecords;
	const char *records_by; /* the member that tells them apart; NULL: they
				   differ in size */
	struct package_field *fields; /* owned */
	size_t nfields;
	json_t *interpreter; /* the "intepreter" object, or NULL for
				"default_struct" */
	json_t *json;
};

enum package_tc_point {
	TC_POINT_INGRESS, /* "BPF_TC_INGRESS" */
	TC_POINT_EGRESS,  /* "BPF_TC_EGRESS" */
	TC_POINT_CUSTOM,  /* "BPF_TC_CUSTOM": no parent can be given */
};

struct package_program {
	const char *name, *attach; /* attach: the ELF section, or "" */
	bool link;                 /* false: load it, do not attach it */
	json_t *json;

	/* XDP.  If has_ifindex is not set, ifindex is the reference loader's
	 * default; the same holds for tc. */
	bool has_ifindex;
	uint32_t ifindex;    /* default 1 */
	uint32_t flags;      /* XDP_FLAGS_* of linux/if_link.h; 0 */
	int64_t old_prog_fd; /* xdpopts; 0 */

	/* tc: tchook and tcopts. */
	bool has_tc_ifindex, has_tc_point;
	uint32_t tc_ifindex; /* default 1 */
	enum package_tc_point tc_point;
	uint32_t tc_handle, tc_priority; /* 1, 1 */

	/* The key "perf_event", which only this loader knows. */
	const char *perf_type; /* "cpu-clock", "4"; NULL if absent */
	char perf_number[12];  /* what perf_type points to if it is a number */
	uint64_t perf_config;  /* if perf_type is a number */
	uint64_t perf_frequency; /* Hz; 0 if absent */
	uint64_t perf_period;    /* events or ns; 0 if absent */

	/* Iterators: "export_config" and "sample". */
	uint32_t iter_type_id;     /* BTF id of its records; 0 if it is text */
	uint64_t iter_interval_ms; /* 0 if it is read once */
};

struct package_export_member {
	const char *name, *type;
};

struct package_export_type {
	const char *name;
	uint32_t type_id;
	uint64_t size;
	struct package_export_member *members; /* owned */
	size_t nmembers;
};

struct package {
	char *name;   /* owned: stands for the package in reports */
	json_t *root; /* owned: the whole document */
	json_t *meta; /* borrowed: "meta" in root, or root if bare */
	bool bare;    /* a bare meta (skel-package(5)): there is no object */
	bool packed;  /* it was made of an object file for this run */
	unsigned char *object_bytes; /* owned: the object file; NULL if bare */
	struct bpf_elf object;       /* open on object_bytes; closed if bare */

	const char *obj_name; /* "" if none */
	const char *doc_version, *doc_brief, *doc_details, *doc_description;
	struct package_section *sections; /* owned, as the arrays below */
	size_t nsections;
	struct package_map *maps;
	size_t nmaps;
	struct package_program *programs;
	size_t nprograms;
	struct package_export_type *export_types;
	size_t nexport_types;
	uint64_t perf_buffer_pages; /* default 64 */
	uint64_t poll_timeout_ms;   /* default 100 */
	bool debug_verbose, multiple_export_types;
};

/*
 * Reads a package, or the object "meta" of one alone, from file; "-" or NULL
 * stands for standard input.  elf_file, unless it is NULL, is an object file to
 * use in place of the embedded object.
 */
int package_open(struct package *p, const char *file, const char *elf_file);

/* The same for text in memory, which name stands for in reports. */
int package_parse(struct package *p, const char *text, size_t len,
    const char *name, const char *elf_file);

/* Copies the ELF object of size bytes into p, in place of an earlier one. */
int package_set_object(struct package *p, const void *bytes, size_t size);

void package_close(struct package *p);

/* Sets variables[].value, and cmdarg.default if there is one, which the
 * reference loader prefers.  v owns value from here on. */
int package_set_value(struct package_variable *v, json_t *value);

/* Appends the document as one line of JSON with its newline. */
int package_write(const struct package *p, struct buf *out);

#endif
