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

enum { IMAGES_MAX = 64 };

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
struct images {
	struct image_entry v[IMAGES_MAX];
	size_t n;
	uint64_t uses;
	struct image *vdso; /* owned: this process's, or NULL */
	size_t vdso_size;   /* 0: not looked at yet */
};

void images_close(struct images *m);

/* Whether there is an entry for the key; *image is NULL where the file is no
 * image. */
bool images_find(
    struct images *m, const struct image_key *key, struct image **image);

/*
 * The image of the file at fd, which is taken over, opened unless it is known;
 * path and root as image_open()'s.  NULL: it is none.  *key is set.
 */
struct image *images_open(struct images *m, int fd, const char *path, int root,
    struct image_key *key);

/* The kernel's code in every process, if it is of so many bytes; or NULL. */
struct image *images_vdso(struct images *m, size_t size);

#endif
