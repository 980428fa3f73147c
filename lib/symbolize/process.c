#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/clock.h"
#include "host/open-in-root.h"
#include "host/proc-stat.h"
#include "symbolize/process.h"

/* The least time between two checks of the identity. */
#define CHECK_PERIOD (CLOCK_SECOND / 10)
/* A program that has just started is still mapping its libraries, so the time
 * between two reads of the mappings grows from the first to the second. */
#define RETRY_MIN (CLOCK_SECOND / 1000)
#define RETRY_MAX (CLOCK_SECOND / 10)
#define JIT_PERIOD CLOCK_SECOND /* between two reads of the JIT map */
/* Reading mappings may take at most 1/READ_SHARE of the time. */
enum { READ_SHARE = 20 };

/* The image that is mapped. */
struct mapping_image {
	enum { IMAGE_UNKNOWN, IMAGE_OPENED, IMAGE_NONE } state;
	struct image_key key; /* of IMAGE_OPENED */
};

void
process_free(struct process *p)
{
	mappings_free(&p->maps);
	free(p->mapped);
	p->mapped = NULL;
	jit_map_free(&p->generated);
	p->maps_read_at = p->read_cost = p->retry_after = p->generated_read_at =
	    0;
}

static bool
read_identity(pid_t pid, struct process_identity *id)
{
	char path[64];
	struct proc_stat s;
	struct stat st;

	*id = (struct process_identity){ 0 };
	if (proc_stat_read(pid, &s) != 1)
		return false;
	id->start = s.start;
	id->code = s.code;
	id->stack = s.stack;
	/* A kernel thread has no program. */
	snprintf(path, sizeof(path), "/proc/%ld/exe", (long)pid);
	if (stat(path, &st) == 0) {
		id->dev = st.st_dev;
		id->ino = st.st_ino;
	}
	return true;
}

static bool
is_same_program(
    const struct process_identity *a, const struct process_identity *b)
{
	return a->start == b->start && a->code == b->code &&
	       a->stack == b->stack && a->dev == b->dev && a->ino == b->ino;
}

enum process_change
process_refresh(struct process *p, uint64_t now)
{
	struct process_identity id;

	if (p->checked_at != 0 && now - p->checked_at < CHECK_PERIOD)
		return PROCESS_SAME;
	p->checked_at = now;
	p->gone = !read_identity(p->pid, &id);
	if (p->gone || (p->known && is_same_program(&p->identity, &id)))
		return PROCESS_SAME;
	p->known = true;
	p->identity = id;
	process_free(p);
	return PROCESS_CHANGED;
}

/* Read the mappings, and compare them with the ones before. */
static enum process_change
read_mappings(struct process *p, uint64_t now)
{
	struct mappings maps = { 0 };
	struct mapping_image *mapped = NULL;

	p->maps_read_at = now;
	p->retry_after = p->retry_after == 0 ? RETRY_MIN : p->retry_after * 2;
	if (p->retry_after > RETRY_MAX)
		p->retry_after = RETRY_MAX;
	if (mappings_read(&maps, p->pid) == -1) {
		p->refused = errno == EACCES || errno == EPERM;
		return PROCESS_SAME;
	}
	/* An exiting process has no mappings any more; keep the ones before. */
	if (maps.n > 0 && !mappings_equal(&maps, &p->maps))
		mapped = calloc(maps.n, sizeof(*mapped));
	if (mapped != NULL) {
		mappings_free(&p->maps);
		free(p->mapped);
		p->maps = maps;
		p->mapped = mapped;
	} else {
		mappings_free(&maps);
	}
	p->read_cost = clock_elapsed() - now;
	return mapped != NULL ? PROCESS_CHANGED : PROCESS_SAME;
}

enum process_change
process_refresh_mappings(
    struct process *p, uint64_t addr, uint64_t now, bool *settled)
{
	uint64_t wait = p->read_cost * READ_SHARE;

	*settled = true;
	if (p->gone || mappings_find(&p->maps, addr) != NULL)
		return PROCESS_SAME;
	if (wait < p->retry_after)
		wait = p->retry_after;
	if (p->maps_read_at == 0 || now - p->maps_read_at >= wait)
		return read_mappings(p, now);
	*settled = false;
	return PROCESS_SAME;
}

/* Returns fd if it is the file that is mapped; else closes it and returns -1.
 * Some file systems show another device in the mappings than in fstat(2). */
static int
check_mapped_file(int fd, const struct mapping *m, bool same_device)
{
	struct stat st;

	if (fd == -1 ||
	    (fstat(fd, &st) == 0 && st.st_ino == m->inode &&
		(!same_device || st.st_dev == makedev(m->major, m->minor))))
		return fd;
	close(fd);
	return -1;
}

/*
 * Open the image of a mapping, or return NULL.  With the privilege for
 * /proc/PID/map_files this is the mapped file itself, even if it is deleted or
 * in another mount namespace; otherwise the file is opened by its path
 * in our root directory or in that of the process.
 */
static struct image *
open_mapped_image(struct process *p, const struct mapping *m,
    struct image_cache *images, struct mapping_image *mapped)
{
	struct image *image = NULL;
	int root = open_in_root_dir(p->pid), fd;
	char path[128];

	snprintf(path, sizeof(path), "/proc/%ld/map_files/%" PRIx64 "-%" PRIx64,
	    (long)p->pid, m->start, m->end);
	fd = open_in_root_own(path);
	if (fd == -1)
		fd = check_mapped_file(open_in_root_own(m->path), m, true);
	if (fd == -1 && root != -1)
		fd = check_mapped_file(open_in_root(root, m->path), m, false);
	if (fd != -1)
		image =
		    image_cache_open(images, fd, m->path, root, &mapped->key);
	if (root != -1)
		close(root);
	mapped->state = image != NULL ? IMAGE_OPENED : IMAGE_NONE;
	return image;
}

/* The image of a mapping, or NULL. */
static struct image *
get_mapped_image(
    struct process *p, const struct mapping *m, struct image_cache *images)
{
	struct mapping_image *mapped = &p->mapped[m - p->maps.v];
	struct image *image;

	if (m->kind == MAPPING_VDSO)
		return image_cache_vdso(images, (size_t)(m->end - m->start));
	if (m->kind != MAPPING_FILE || mapped->state == IMAGE_NONE)
		return NULL;
	if (mapped->state == IMAGE_OPENED &&
	    image_cache_find(images, &mapped->key, &image))
		return image;
	return open_mapped_image(p, m, images, mapped);
}

/* Find the function of code without a file in the JIT map. */
static size_t
find_generated(struct process *p, uint64_t addr, bool is_return,
    struct symbol_frame *f, bool *settled)
{
	const struct jit_symbol *s =
	    jit_map_find(&p->generated, addr - is_return);

	if (s == NULL && !p->gone) {
		*settled = p->generated_read_at == 0 ||
			   p->checked_at - p->generated_read_at >= JIT_PERIOD;
		if (!*settled)
			return 0;
		p->generated_read_at = p->checked_at;
		jit_map_read(&p->generated, p->pid);
		s = jit_map_find(&p->generated, addr - is_return);
	}
	if (s == NULL)
		return 0;
	*f = (struct symbol_frame){
		.symbol = s->name, .has_offset = true, .offset = addr - s->start
	};
	return 1;
}

size_t
process_find(struct process *p, struct image_cache *images, uint64_t addr,
    bool is_return, struct symbol_frame *frames, bool *settled)
{
	const struct mapping *m = mappings_find(&p->maps, addr);
	struct image *image;

	if (m == NULL)
		return 0;
	if (m->kind == MAPPING_ANONYMOUS)
		return find_generated(p, addr, is_return, frames, settled);
	image = get_mapped_image(p, m, images);
	if (image == NULL)
		return 0;
	return image_find(image, addr - m->start + m->offset, is_return, frames,
	    SYMBOL_STORE_INLINES_MAX);
}
