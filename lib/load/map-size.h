/*
 * The sizes of maps: those that an option or the package gives in place of the
 * definition's, and defaults for maps that their definition leaves to the
 * program's own user space.
 *
 * Functions that return int return 0, or -1 after reporting.
 */
#ifndef SKEL_LOAD_MAP_SIZE_H
#define SKEL_LOAD_MAP_SIZE_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "package/package.h"

/* The sizes that one option gives to the maps whose names match its pattern.
 * A size of 0 is not given. */
struct map_size {
	char *pattern;    /* owned: as for fnmatch(3) */
	uint32_t entries; /* of a ring buffer: bytes */
	uint32_t value_size;
	uint32_t pages; /* of a perf buffer: pages for each CPU */
};

/* Parses "MAP=entries:N[,value_size:N][,pages:N]", where a number may end with
 * K, M or G.  On failure s is released. */
int map_size_parse(struct map_size *s, const char *text);
void map_size_free(struct map_size *s);

/*
 * Sets the sizes of the maps of bpf, which is opened and not loaded: the n
 * sizes of options, of which the last that matches counts, else those of the
 * package, else those of the definition, else defaults.  Reports the defaults
 * and rounded sizes as notices, unless quiet is set.  Fails if an option
 * matches no map that it fits.
 */
int map_sizes_set(struct bpf_object *bpf, const struct package *package,
    const struct map_size *sizes, size_t n, bool quiet);

/* Fails if a map lacks a size that has no default. */
int map_sizes_check(struct bpf_object *bpf, const struct package *package);

/* The pages that the n options give to the map of this name, or 0. */
uint32_t map_sizes_pages(
    const struct map_size *sizes, size_t n, const char *name);

/*
 * Reports why the kernel refused to create the map of this name with the error,
 * an errno, with its sizes and the option that changes them.  Returns false
 * without a report if there is no such map.
 */
bool map_size_report_refusal(const struct bpf_object *bpf,
    const struct package *package, const char *name, int error);

#endif
