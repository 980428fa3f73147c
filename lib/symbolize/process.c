#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/clock.h"
#include "host/open-in-root.h"
#include "host/proc-stat.h"
#include "symbolize/process.h"

#define LOOK_EVERY (CLOCK_SECOND / 10)
/* A program that has just begun is still mapping its libraries: its mappings
 * are read again after this, then after twice as long each time. */
#define LOOK_SOON (CLOCK_SECOND / 1000)
#define LIST_EVERY CLOCK_SECOND /* reading the list of generated code */
/* Reading the mappings again shall take no more than one part in so many of
 * the time. */
enum { READING_SHARE = 20 };

/* What is behind a mapping. */
struct mapping_image {
	enum { BEHIND_UNKNOWN, BEHIND_IMAGE, BEHIND_NOTHING } behind;
	struct image_key key;
};

static void
forget_mappings(struct process *p)
{
	mappings_free(&p->maps);
	free(p->mapped);
	p->mapped = NULL;
	jit_map_free(&p->generated);
	p->read = p->reading = p->pause = p->generated_read = 0;
}

void
process_free(struct process *p)
{
	forget_mappings(p);
}

static bool
read_identity(pid_t pid, struct identity *id)
{
	char path[64];
	struct proc_stat s;
	struct stat st;

	*id = (struct identity){ 0 };
	if (proc_stat_read(pid, &s) != 1)
		return false;
	id->start = s.start;
	id->code = s.code;
	id->stack = s.stack;
	/* Kernel threads have none. */
	snprintf(path, sizeof(path), "/proc/%ld/exe", (long)pid);
	if (stat(path, &st) == 0) {
		id->dev = st.st_dev;
		id->ino = st.st_ino;
	}
	return true;
}

static bool
is_same(const struct identity *a, const struct identity *b)
{
	return a->start == b->start && a->code == b->code &&
	       a->stack == b->stack && a->dev == b->dev && a->ino == b->ino;
}

enum process_change
process_refresh(struct process *p, uint64_t now)
{
	struct identity id;

	if (p->looked != 0 && now - p->looked < LOOK_EVERY)
		return PROCESS_SAME;
	p->looked = now;
	p->gone = !read_identity(p->pid, &id);
	if (p->gone || (p->known && is_same(&p->identity, &id)))
		return PROCESS_SAME;
	p->known = true;
	p->identity = id;
	forget_mappings(p);
	return PROCESS_CHANGED;
}

/* Take new mappings in place of the old ones. */
static int
replace_mappings(struct process *p, struct mappings *maps)
{
	struct mapping_image *mapped = calloc(maps->n + 1, sizeof(*mapped));

	if (mapped == NULL)
		return -1;
	mappings_free(&p->maps);
	free(p->mapped);
	p->maps = *maps;
	p->mapped = mapped;
	return 0;
}

static enum process_change
read_again(struct process *p, uint64_t now)
{
	struct mappings maps = { 0 };
	bool changed;

	p->read = now;
	p->pause = p->pause == 0 ? LOOK_SOON : p->pause * 2;
	if (p->pause > LOOK_EVERY)
		p->pause = LOOK_EVERY;
	if (mappings_read(&maps, p->pid) == -1) {
		p->refused = errno == EACCES || errno == EPERM;
		return PROCESS_SAME;
	}
	/* One that is about to be gone has none, but had some. */
	changed = maps.n > 0 && !mappings_equal(&maps, &p->maps);
	if (!changed || replace_mappings(p, &maps) == -1) {
		mappings_free(&maps);
		changed = false;
	}
	p->reading = clock_elapsed() - now;
	return changed ? PROCESS_CHANGED : PROCESS_SAME;
}

enum process_change
process_refresh_mappings(
    struct process *p, uint64_t addr, uint64_t now, bool *settled)
{
	uint64_t wait = p->reading * READING_SHARE;

	*settled = true;
	if (p->gone || mappings_find(&p->maps, addr) != NULL)
		return PROCESS_SAME;
	if (wait < p->pause)
		wait = p->pause;
	if (p->read == 0 || now - p->read >= wait)
		return read_again(p, now);
	*settled = false;
	return PROCESS_SAME;
}

/* fd, if it is the file that was mapped, else -1.  A file system may tell
 * another device to those who map its files. */
static int
check_file(int fd, const struct mapping *m, bool same_device)
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
 * The file by its path.  That is one as we see it, where we can (of a process
 * in a chroot, for one), else one of the process's mount namespace.
 */
static int
open_by_path(const struct mapping *m, int root)
{
	int fd = check_file(open_in_root_own(m->path), m, true);

	if (fd == -1 && root != -1)
		fd = check_file(open_in_root(root, m->path), m, false);
	return fd;
}

/*
 * Open the file behind a mapping.  The kernel hands out the very file, be it
 * deleted or in another mount namespace, to those who may; the path is for the
 * others.
 */
static struct image *
open_image(struct process *p, const struct mapping *m,
    struct image_cache *images, struct mapping_image *mapped)
{
	struct image *image = NULL;
	int root = open_in_root_dir(p->pid), fd;
	char path[128];

	snprintf(path, sizeof(path), "/proc/%ld/map_files/%" PRIx64 "-%" PRIx64,
	    (long)p->pid, m->start, m->end);
	fd = open_in_root_own(path);
	if (fd == -1)
		fd = open_by_path(m, root);
	if (fd != -1)
		image =
		    image_cache_open(images, fd, m->path, root, &mapped->key);
	if (root != -1)
		close(root);
	mapped->behind = image != NULL ? BEHIND_IMAGE : BEHIND_NOTHING;
	return image;
}

static struct image *
image_of(struct process *p, const struct mapping *m, struct image_cache *images)
{
	struct mapping_image *mapped = &p->mapped[m - p->maps.v];
	struct image *image;

	if (m->kind == MAPPING_VDSO)
		return image_cache_vdso(images, (size_t)(m->end - m->start));
	if (m->kind != MAPPING_FILE || mapped->behind == BEHIND_NOTHING)
		return NULL;
	if (mapped->behind == BEHIND_IMAGE &&
	    image_cache_find(images, &mapped->key, &image))
		return image;
	return open_image(p, m, images, mapped);
}

/* Code without a file: what the process itself says of it. */
static size_t
find_generated(struct process *p, uint64_t addr, bool is_return,
    struct symbol_frame *f, bool *settled)
{
	const struct jit_symbol *s =
	    jit_map_find(&p->generated, addr - is_return);

	if (s == NULL && !p->gone) {
		*settled = p->generated_read == 0 ||
			   p->looked - p->generated_read >= LIST_EVERY;
		if (!*settled)
			return 0;
		p->generated_read = p->looked;
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
	image = image_of(p, m, images);
	if (image == NULL)
		return 0;
	return image_find(image, addr - m->start + m->offset, is_return, frames,
	    SYMBOL_STORE_INLINES_MAX);
}
