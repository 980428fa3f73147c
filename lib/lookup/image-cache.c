#include <sys/auxv.h>
#include <unistd.h>

#include "host/mappings.h"
#include "lookup/image-cache.h"

#define BYTES_MAX (UINT64_C(2) << 30) /* the sum of all images */

void
image_cache_close(struct image_cache *m)
{
	for (size_t i = 0; i < m->n; i++)
		image_close(m->v[i].image);
	image_close(m->vdso);
	*m = (struct image_cache){ 0 };
}

static bool
is_same_key(const struct image_key *a, const struct image_key *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->mtime.tv_sec == b->mtime.tv_sec &&
	       a->mtime.tv_nsec == b->mtime.tv_nsec;
}

bool
image_cache_find(
    struct image_cache *m, const struct image_key *key, struct image **image)
{
	for (size_t i = 0; i < m->n; i++) {
		if (!is_same_key(&m->v[i].key, key))
			continue;
		m->v[i].used = ++m->uses;
		*image = m->v[i].image;
		return true;
	}
	return false;
}

/* Close the least recently used image. */
static void
close_oldest(struct image_cache *m)
{
	size_t oldest = 0;

	for (size_t i = 1; i < m->n; i++)
		if (m->v[i].used < m->v[oldest].used)
			oldest = i;
	image_close(m->v[oldest].image);
	m->v[oldest] = m->v[--m->n];
}

static uint64_t
count_bytes(const struct image_cache *m)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].image != NULL)
			sum += image_bytes(m->v[i].image);
	return sum;
}

struct image *
image_cache_open(struct image_cache *m, int fd, const char *path, int root,
    struct image_key *key)
{
	struct image *image;
	struct stat st;

	if (fstat(fd, &st) == -1) {
		close(fd);
		return NULL;
	}
	*key =
	    (struct image_key){ st.st_dev, st.st_ino, st.st_size, st.st_mtim };
	if (image_cache_find(m, key, &image)) {
		close(fd);
		return image;
	}
	image = image_open(fd, path, root);
	if (m->n == IMAGE_CACHE_MAX)
		close_oldest(m);
	m->v[m->n++] = (struct image_entry){ *key, image, ++m->uses };
	while (m->n > 1 && count_bytes(m) > BYTES_MAX)
		close_oldest(m);
	return image;
}

/* Open the vdso of this process. */
static void
open_vdso(struct image_cache *m)
{
	uint64_t start = getauxval(AT_SYSINFO_EHDR);
	struct mappings own = { 0 };
	const struct mapping *vdso;

	m->vdso_size = SIZE_MAX;
	if (mappings_read(&own, getpid()) == 0 &&
	    (vdso = mappings_find(&own, start)) != NULL &&
	    vdso->kind == MAPPING_VDSO && vdso->start == start) {
		m->vdso_size = (size_t)(vdso->end - start);
		m->vdso =
		    image_open_memory((char *)(uintptr_t)start, m->vdso_size);
	}
	mappings_free(&own);
}

struct image *
image_cache_vdso(struct image_cache *m, size_t size)
{
	if (m->vdso_size == 0)
		open_vdso(m);
	return m->vdso_size == size ? m->vdso : NULL;
}
