/*
 * Mapped arrays: the elements of a BPF array (BPF_F_MMAPABLE) as memory, which
 * the programs go on writing while they are read.  Numbers of up to 8 bytes are
 * whole, as they are for bpf(2); longer values may be caught in between.
 */
#ifndef SKEL_POLL_MMAP_ARRAY_H
#define SKEL_POLL_MMAP_ARRAY_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A zeroed one is closed. */
struct mmap_array {
	uint64_t *words; /* owned; NULL: none */
	size_t size;     /* of all elements, in bytes */
	size_t value;    /* of one, in bytes */
	size_t stride;   /* from one to the next, in words */
};

/*
 * Map the array behind fd, of which the kernel says info.  writes: elements
 * will be taken.  Returns false, with m closed, where the kernel maps it not:
 * because its maker did not ask for that, its values have locks or timers in
 * them, or it is frozen and to be written.
 */
bool mmap_array_open(
    struct mmap_array *m, int fd, const struct bpf_map_info *info, bool writes);
void mmap_array_close(struct mmap_array *m);

/* Copy element i, which is below the array's max_entries, to value. */
void mmap_array_read(const struct mmap_array *m, size_t i, void *value);

/*
 * The same, and leave zeros there.  What a program adds by atomic instructions
 * is in what is taken or in what is left, never lost.
 */
void mmap_array_read_and_clear(struct mmap_array *m, size_t i, void *value);

#endif
