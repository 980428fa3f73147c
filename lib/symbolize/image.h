/*
 * Images: a program or library as processes map it, with what is known of the
 * functions in it, from its symbol tables and its debug information.
 */
#ifndef SKEL_SYMBOLIZE_IMAGE_H
#define SKEL_SYMBOLIZE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "record/symbol-store.h"

struct image;

/*
 * The image of the file at fd, which is taken over even on failure.  path, as
 * a process sees it whose root directory is root (or -1), is where its debug
 * file is looked for; it may be NULL.  NULL: it is no ELF file, or no memory.
 */
struct image *image_open(int fd, const char *path, int root);

/* The image at bytes, borrowed, as the vdso is one. */
struct image *image_open_memory(char *bytes, size_t size);

void image_close(struct image *m);

/* About what it takes of memory, at most. */
uint64_t image_bytes(const struct image *m);

/*
 * The frames of the code at offset in the file, innermost first, at most max.
 * is_return: a call returns there, so that it is the instruction before that
 * is to be named.  Strings are m's.  Returns how many; 0: nothing is known.
 */
size_t image_find(struct image *m, uint64_t offset, bool is_return,
    struct symbol_frame *frames, size_t max);

#endif
