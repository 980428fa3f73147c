/*
 * Finds maps of the kernel that somebody else has loaded: by number, by name,
 * or by the path at which they are pinned.
 */
#ifndef CMD_SKEL_POLL_FIND_MAP_H
#define CMD_SKEL_POLL_FIND_MAP_H

#include <bpf/bpf.h>
#include <stdbool.h>

/* A map that is open. */
struct found_map {
	const char *operand; /* borrowed: what named it, for reports */
	int fd;              /* owned */
	struct bpf_map_info info;
};

/* Whether the operand names a map: "map:...", or a path on a bpffs. */
bool find_map_is_operand(const char *operand);

/* Opens the map.  Returns 0, or -1 after reporting. */
int find_map(struct found_map *m, const char *operand);

/*
 * Opens the map after number id, and sets *id to its number; those that are
 * freed meanwhile are left out.  Returns 1; 0 if there are no more; or -1 after
 * reporting.  m->operand is not set.
 */
int find_next_map(struct found_map *m, uint32_t *id);

#endif
