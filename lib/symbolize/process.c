#include <errno.h>
#include <fcntl.h>
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

/* The least time between two checks of the identity. */
#define CHECK_PERIOD (CLOCK_SECOND / 10)
/* A program that has just started is still mapping its libraries, so the time
 * between two reads of the mappings grows from the first to the second. */
#define RETRY_MIN (CLOCK_SECOND / 1000)
#define RETRY_MAX (CLOCK_SECOND / 10)
/* Reading mappings may take at most 1/READ_SHARE of the time. */
enum { READ_SHARE = 20 };

void
process_free(struct process *p)
{
	mappings_free(&p->maps);
	free(p->files);
	p->files = NULL;
	p->maps_read_at = p->read_cost = p->retry_after = 0;
	p->generated = 0;
}

/* The attributes that the kernel has of a file now, without asking a file
 * system for newer ones. */
static bool
get_kept_attributes(int fd, const char *path, struct statx *st)
{
	return statx(fd, path,
		   AT_STATX_DONT_SYNC | (path[0] == '\0' ? AT_EMPTY_PATH : 0),
		   STATX_BASIC_STATS, st) == 0;
}

static bool
read_identity(pid_t pid, struct process_identity *id)
{
	char path[64];
	struct proc_stat s;
	struct statx st;

	*id = (struct process_identity){ 0 };
	if (proc_stat_read(pid, &s) != 1)
		return false;
	id->start = s.start;
	id->code = s.code;
	id->stack = s.stack;
	/* A kernel thread has no program. */
	snprintf(path, sizeof(path), "/proc/%ld/exe", (long)pid);
	if (get_kept_attributes(AT_FDCWD, path, &st)) {
		id->device = makedev(st.stx_dev_major, st.stx_dev_minor);
		id->inode = st.stx_ino;
	}
	return true;
}

static bool
is_same_program(
    const struct process_identity *a, const struct process_identity *b)
{
	return a->start == b->start && a->code == b->code &&
	       a->stack == b->stack && a->device == b->device &&
	       a->inode == b->inode;
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
	uint32_t *files = NULL;

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
		files = calloc(maps.n, sizeof(*files));
	if (files != NULL) {
		mappings_free(&p->maps);
		free(p->files);
		p->maps = maps;
		p->files = files;
	} else {
		mappings_free(&maps);
	}
	p->read_cost = clock_elapsed() - now;
	return files != NULL ? PROCESS_CHANGED : PROCESS_SAME;
}

enum process_change
process_refresh_mappings(
    struct process *p, uint64_t addr, uint64_t now, uint64_t *retry)
{
	uint64_t wait = p->read_cost * READ_SHARE;

	*retry = 0;
	if (p->gone || mappings_find(&p->maps, addr) != NULL)
		return PROCESS_SAME;
	if (wait < p->retry_after)
		wait = p->retry_after;
	if (p->maps_read_at == 0 || now - p->maps_read_at >= wait)
		return read_mappings(p, now);
	*retry = p->maps_read_at + wait;
	return PROCESS_SAME;
}

void
process_note_file(const struct process *p, size_t i, struct process_file *f)
{
	const struct mapping *m = &p->maps.v[i];
	struct statx st;
	char path[128];

	*f = (struct process_file){ .device = makedev(m->major, m->minor),
		.inode = m->inode };
	/* This is the mapped file itself, even if it is deleted or in another
	 * mount namespace. */
	snprintf(path, sizeof(path), "/proc/%ld/map_files/%" PRIx64 "-%" PRIx64,
	    (long)p->pid, m->start, m->end);
	f->fd = open(path, O_PATH | O_CLOEXEC);
	if (f->fd == -1 || !get_kept_attributes(f->fd, "", &st))
		return;
	f->device = makedev(st.stx_dev_major, st.stx_dev_minor);
	f->inode = st.stx_ino;
	f->size = st.stx_size;
	f->mtime = (struct timespec){ .tv_sec = st.stx_mtime.tv_sec,
		.tv_nsec = st.stx_mtime.tv_nsec };
}

int
process_root(const struct process *p)
{
	return open_in_root_dir(p->pid);
}

uid_t
process_uid(const struct process *p)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%ld", (long)p->pid);
	return stat(path, &st) == 0 ? st.st_uid : (uid_t)-1;
}

pid_t
process_inner_pid(const struct process *p)
{
	char path[64], line[512], *last;
	long inner = p->pid;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)p->pid);
	in = fopen(path, "re");
	if (in == NULL)
		return p->pid;
	while (fgets(line, sizeof(line), in) != NULL)
		if (strncmp(line, "NSpid:", 6) == 0 &&
		    (last = strrchr(line, '\t')) != NULL)
			inner = strtol(last + 1, NULL, 10);
	fclose(in);
	return (pid_t)inner;
}
