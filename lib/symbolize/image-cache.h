/*
 * The images that are open: shared by all processes that map the same file,
 * and not more than so many; those longest unused go.
 */
#ifndef SKEL_SYMBOLIZE_IMAGE_CACHE_H
#define SKEL_SYMBOLIZE_IMAGE_CACHE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "symbolize/image.h"

enum { IMAGE_CACHE_MAX = 64 };

/* A file as it was when it was opened. */
struct image_key {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime;
};

struct image_entry {
	struct image_key key;
	struct image *image; /* owned; NULL: it is no image */
	uint64_t used;
};

/* A zeroed one is empty. */
struct image_cache {
	struct image_entry v[IMAGE_CACHE_MAX];
	size_t n;
	uint64_t uses;
	struct image *vdso; /* owned: this process's, or NULL */
	size_t vdso_size;   /* 0: not looked at yet */
};

void image_cache_close(struct image_cache *m);

/* Whether there is an entry for the key; *image is NULL where the file is no
 * image. */
bool image_cache_find(
    struct image_cache *m, const struct image_key *key, struct image **image);

/*
 * The image of the file at fd, which is taken over, opened unless it is known;
 * path and root as image_open()'s.  NULL: it is none.  *key is set.
 */
struct image *image_cache_open(struct image_cache *m, int fd, const char *path,
    int root, struct image_key *key);

/* The kernel's code in every process, if it is of so many bytes; or NULL. */
struct image *image_cache_vdso(struct image_cache *m, size_t size);

#endif
