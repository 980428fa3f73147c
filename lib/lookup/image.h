/*
 * Images: programs and libraries as processes map them, with their functions
 * from symbol tables and debug information.
 */
#ifndef SKEL_LOOKUP_IMAGE_H
#define SKEL_LOOKUP_IMAGE_H

#include <elfutils/libdw.h>
#include <stddef.h>
#include <stdint.h>

#include "record/symbol-store.h"

struct image;

enum {
	/* Debug information that is larger in memory is not read; the names
	 * come from symbol tables then. */
	IMAGE_DEBUG_BYTES_MAX = 64 << 20,
};

/*
 * Open the image of the file at fd, which becomes the image's, or is closed on
 * failure.  path, or NULL, is its path for a process whose root directory is
 * root, or -1; the debug file is searched for there.  no_memory, which must not
 * return, is called if there is more debug information than bytes_max, which
 * would be read with more memory, and by libdw, which cannot go on, if memory
 * runs out.  Returns NULL if it is not an ELF file or memory runs out.
 */
struct image *image_open(int fd, const char *path, int root, uint64_t bytes_max,
    Dwarf_OOM no_memory);

/* Open the image in memory, such as the vdso; bytes is borrowed. */
struct image *image_open_memory(char *bytes, size_t size);

void image_close(struct image *m);

/* The GNU build ID of the program, borrowed; returns its bytes, 0 if it has
 * none. */
size_t image_build_id(const struct image *m, const unsigned char **id);

/*
 * Find the frames of the code at an offset in the file, at most max, inlined
 * functions first.  With is_return the offset is a return address, so the
 * instruction before it is resolved.  Returns their number, 0 if the function
 * is unknown; the strings are borrowed from m.
 */
size_t image_find(struct image *m, uint64_t offset, bool is_return,
    struct symbol_frame *frames, size_t max);

#endif
