/*
 * A cache of images, shared by all processes that map the same file.  The least
 * recently used images are closed when there are too many or they take too much
 * memory.
 */
#ifndef SKEL_LOOKUP_IMAGE_CACHE_H
#define SKEL_LOOKUP_IMAGE_CACHE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "lookup/image.h"

enum { IMAGE_CACHE_MAX = 64 };

/* Identifies a file and its contents. */
struct image_key {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime;
};

struct image_entry {
	struct image_key key;
	struct image *image; /* owned; NULL: the file is not an image */
	uint64_t used;       /* the count of uses at the last one */
};

/* A zeroed one is empty. */
struct image_cache {
	struct image_entry v[IMAGE_CACHE_MAX];
	size_t n;
	uint64_t uses;
	struct image *vdso; /* owned: that of this process, or NULL */
	size_t vdso_size;   /* 0: not opened yet */
};

void image_cache_close(struct image_cache *m);

/* Find the image of a key.  Returns false if it is not in the cache.  *image
 * becomes NULL if the file is known not to be an image. */
bool image_cache_find(
    struct image_cache *m, const struct image_key *key, struct image **image);

/*
 * Get the image of the file at fd, which is closed or becomes the cache's; path
 * and root are as for image_open().  Returns NULL if it is not an image; else
 * the image stays the cache's, and *key finds it again.
 */
struct image *image_cache_open(struct image_cache *m, int fd, const char *path,
    int root, struct image_key *key);

/* The image of the vdso, which is the same in every process with a vdso of this
 * size; or NULL. */
struct image *image_cache_vdso(struct image_cache *m, size_t size);

#endif
