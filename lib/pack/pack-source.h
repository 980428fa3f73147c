/*
 * Adds to a package the parts of the C source that the object lacks: the
 * comments right before variables, maps, programs and the license, and the
 * structs of the event header.  Only pack.c uses it.
 */
#ifndef SKEL_PACK_PACK_SOURCE_H
#define SKEL_PACK_PACK_SOURCE_H

#include <bpf/btf.h>
#include <stddef.h>
#include <stdint.h>

#include "pack/pack-annotations.h"
#include "pack/pack.h"

/*
 * Gives the JSON of the targets, which has an element for each BTF id, the keys
 * that the comments of the source give.  file stands for the source in reports.
 * Returns 0, or -1 after reporting what is wrong.
 */
int pack_source_apply(const struct pack_source *source, const struct btf *btf,
    struct pack_target *targets, const char *file);

/*
 * Finds the structs that the event header defines and the object has, in the
 * order of their BTF ids.  Sets *ids to an array of *n ids, to be freed by the
 * caller; NULL if there are none.  Returns 0, or -1 after reporting that memory
 * ran out.
 */
int pack_source_structs(const struct pack_source *source, const struct btf *btf,
    uint32_t **ids, size_t *n);

#endif
