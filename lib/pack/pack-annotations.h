/*
 * Annotations: the macros of skel.bpf.h, by which the author of a BPF program
 * describes its globals, maps and programs.  Each is a declaration tag in the
 * BTF, "skel:KEY" or "skel:KEY=VALUE".  Only pack.c uses this.
 */
#ifndef SKEL_PACK_PACK_ANNOTATIONS_H
#define SKEL_PACK_PACK_ANNOTATIONS_H

#include <bpf/btf.h>
#include <jansson.h>
#include <stdint.h>

/* The kind of declaration, which decides which annotations are allowed. */
enum pack_place {
	ANNOTATED_OTHER, /* none */
	ANNOTATED_VARIABLE,
	ANNOTATED_MAP,
	ANNOTATED_LICENSE, /* of the program as a whole */
	ANNOTATED_FUNCTION,
	ANNOTATED_PROGRAM, /* a function that is a program */
};

struct pack_target {
	enum pack_place place;
	json_t *json;  /* borrowed: receives the annotations */
	uint32_t type; /* BTF id: of a variable's type; of a map's records,
			  if an annotation gives it, or 0 */
};

/*
 * Applies all annotations in btf to targets, which has an element for each BTF
 * id. file stands for the object in reports.  Returns 0, or -1 after reporting
 * what is wrong.
 */
int pack_annotations_apply(
    const struct btf *btf, struct pack_target *targets, const char *file);

#endif
