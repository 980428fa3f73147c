/*
 * Sampled maps and variables of a package that is made: those that options
 * name, and the variables that the program writes.
 */
#ifndef SKEL_PACK_PACK_SAMPLE_H
#define SKEL_PACK_PACK_SAMPLE_H

#include <jansson.h>

#include "infer/helper-calls.h"
#include "pack/pack-export.h"
#include "pack/pack.h"

struct pack_samples {
	const char *file; /* borrowed, as all here: stands for the object */
	json_t *sections; /* "data_sections" */
	struct pack_map *maps; /* all of the object */
	size_t nmaps;
};

/* Sets "sample" of the maps, variables and sections that the options name.
 * Returns 0, or -1 after reporting what cannot be sampled. */
int pack_samples_set(
    const struct pack_samples *p, const struct pack_options *o);

/* Checks that each sampled variable has an interval.  Returns 0, or -1 after
 * reporting. */
int pack_samples_check(const struct pack_samples *p);

/* Sets "written" of the variables that code of the object writes; calls is what
 * was found in the code.  Returns 0, or -1 after reporting that memory ran out.
 */
int pack_mark_written(const struct pack_samples *p,
    const struct helper_calls *calls, const struct bpf_elf *elf);

#endif
