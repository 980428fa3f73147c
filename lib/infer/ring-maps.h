/*
 * The ring buffers that an object defines.
 */
#ifndef SKEL_INFER_RING_MAPS_H
#define SKEL_INFER_RING_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/bpf-elf.h"

/* More ring buffers of an object are not counted. */
enum { RING_MAPS_MAX = 64 };

struct ring_map {
	const char *name; /* borrowed from the BTF */
	/* The program counts what it refuses by itself; not known of more than
	 * RING_MAPS_MAX. */
	bool counted;
};

/*
 * Sets *maps to an array of *n, to be freed, in the order of their definitions.
 * Returns 0, or -1 after reporting that memory ran out.
 */
int ring_maps_find(
    const struct bpf_elf *elf, struct ring_map **maps, size_t *n);

#endif
