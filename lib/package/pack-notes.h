/*
 * Notes: what the author of a BPF program says about its globals, maps and
 * programs with the macros of skel.bpf.h.  Each is a declaration tag in the
 * BTF, "skel:KEY" or "skel:KEY=VALUE".  For pack.c.
 *
 * The functions report what is wrong and return -1.
 */
#ifndef SKEL_PACKAGE_PACK_NOTES_H
#define SKEL_PACKAGE_PACK_NOTES_H

#include <bpf/btf.h>
#include <jansson.h>
#include <stdint.h>

/* What a declaration is; it decides which notes it may carry. */
enum pack_place {
	NOTE_OTHER, /* none */
	NOTE_VARIABLE,
	NOTE_MAP,
	NOTE_LICENSE, /* of the program as a whole */
	NOTE_FUNCTION,
	NOTE_PROGRAM, /* a function that is one of the programs */
};

struct pack_target {
	enum pack_place place;
	json_t *json;  /* borrowed: what the notes go into */
	uint32_t type; /* variable: its BTF type; map: set by a note, the
			     type of its records, or 0 */
};

/*
 * Apply all notes in btf.  targets has an element for each BTF type id;
 * file is for reports.
 */
int pack_notes_apply(
    const struct btf *btf, struct pack_target *targets, const char *file);

#endif
