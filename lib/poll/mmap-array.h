/*
 * The elements of a BPF array with BPF_F_MMAPABLE, mapped into memory.
 * Programs go on writing to them while they are read.  As with bpf(2), a number
 * of up to 8 bytes is read whole; a longer value may be read while a program
 * has changed only part of it.
 */
#ifndef SKEL_POLL_MMAP_ARRAY_H
#define SKEL_POLL_MMAP_ARRAY_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A zeroed one is closed. */
struct mmap_array {
	uint64_t *words; /* mapped, owned; NULL: closed */
	size_t size;     /* of all elements, in bytes */
	size_t value;    /* of one element, in bytes */
	size_t stride;   /* from one element to the next, in words */
};

/*
 * Maps the array behind fd, which info describes.  writes tells whether
 * elements will be cleared.  Returns false and leaves m closed if the kernel
 * does not allow it: the map was made without BPF_F_MMAPABLE, its values have
 * locks or timers in them, or it is frozen and would be written.
 */
bool mmap_array_open(
    struct mmap_array *m, int fd, const struct bpf_map_info *info, bool writes);
void mmap_array_close(struct mmap_array *m);

/* Copies element i, which must be below the array's max_entries, to value. */
void mmap_array_read(const struct mmap_array *m, size_t i, void *value);

/*
 * Copies element i to value and sets it to zero, word by word.  What a program
 * adds meanwhile by an atomic instruction is either in the copy or left in the
 * element, and so never lost.
 */
void mmap_array_read_and_clear(struct mmap_array *m, size_t i, void *value);

/*
 * Copies the size bytes from offset on of element 0, of which they are a part,
 * to value and sets them to zero; what is around them is not written.  Numbers
 * that are aligned to their size are exchanged whole.
 */
void mmap_array_take(
    struct mmap_array *m, size_t offset, size_t size, void *value);

#endif
