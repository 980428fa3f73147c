#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/util.h"
#include "lookup/cgroup-watch.h"

/* Newer than Debian's headers. */
#ifndef FAN_REPORT_TARGET_FID
#define FAN_REPORT_TARGET_FID 0x1000
#endif

#define REPORTS                                                                \
	(FAN_REPORT_DIR_FID | FAN_REPORT_NAME | FAN_REPORT_FID |               \
	    FAN_REPORT_TARGET_FID)

/* The kind of a handle in the file systems of the kernel's objects; its only
 * content is the inode, which is the id of a cgroup. */
enum { FILEID_KERNFS = 0xfe };

struct watched_dir {
	struct hash_key key; /* the number of the watch, 0 */
	uint64_t id;
};

enum { DIRS_MAX = 1 << 16 }; /* the oldest are forgotten */

/* Returns a descriptor, or -1. */
static int
open_whole(const char *path)
{
	int fd = fanotify_init(
	    FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | REPORTS, O_RDONLY);

	if (fd == -1)
		return -1;
	if (fanotify_mark(fd, FAN_MARK_ADD | FAN_MARK_FILESYSTEM,
		FAN_CREATE | FAN_DELETE | FAN_ONDIR, AT_FDCWD, path) == 0)
		return fd;
	close(fd);
	return -1;
}

void
cgroup_watch_open(struct cgroup_watch *w, const char *path, bool whole)
{
	w->dirs = (struct hash){ .size = sizeof(struct watched_dir) };
	w->at = w->len = 0;
	w->incomplete = false;
	w->fd = whole ? open_whole(path) : -1;
	w->whole = w->fd != -1;
	if (w->fd == -1)
		w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
}

void
cgroup_watch_close(struct cgroup_watch *w)
{
	hash_free(&w->dirs);
	if (w->fd != -1)
		close(w->fd);
	w->fd = -1;
	w->at = w->len = 0;
}

void
cgroup_watch_dir(struct cgroup_watch *w, int fd, uint64_t id)
{
	struct watched_dir *d;
	struct hash_key key;
	char path[64];
	int watch;

	if (w->fd == -1 || w->whole)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	watch = inotify_add_watch(w->fd, path, IN_CREATE | IN_ONLYDIR);
	if (watch == -1) {
		w->incomplete = true;
		return;
	}
	key = (struct hash_key){ (uint64_t)watch, 0 };
	if ((d = hash_find(&w->dirs, key)) == NULL) {
		if (w->dirs.n == DIRS_MAX)
			hash_drop_oldest(&w->dirs);
		d = hash_add(&w->dirs, key);
	}
	if (d != NULL)
		d->id = id;
}

/* Stores the inode of a handle that ends before end, and where its data end.
 * Returns whether it is sound. */
static bool
read_handle(const char *at, const char *end, uint64_t *id, const char **rest)
{
	struct {
		unsigned int bytes;
		int type;
		uint64_t id;
	} h;

	if ((size_t)(end - at) < sizeof(h))
		return false;
	memcpy(&h, at, sizeof(h));
	if (h.bytes != sizeof(h.id) || h.type != FILEID_KERNFS)
		return false;
	*id = h.id;
	*rest = at + sizeof(h);
	return true;
}

/* Reads the part of an event at at, of len bytes, into e. */
static void
read_part(const char *at, size_t len, struct cgroup_event *e)
{
	const size_t before = offsetof(struct fanotify_event_info_fid, handle);
	const char *end = at + len, *name;
	uint64_t id;

	if (len <= before || !read_handle(at + before, end, &id, &name))
		return;
	if (at[0] == FAN_EVENT_INFO_TYPE_FID) {
		e->id = id;
	} else if (at[0] == FAN_EVENT_INFO_TYPE_DFID_NAME &&
		   memchr(name, '\0', (size_t)(end - name)) != NULL) {
		e->dir = id;
		e->name = name;
	}
}

/* Takes one event of fanotify(7).  Returns whether it says something. */
static bool
take_whole(struct cgroup_watch *w, struct cgroup_event *e)
{
	struct fanotify_event_metadata m;
	const char *at = w->events + w->at;
	size_t left = w->len - w->at, pos;

	if (left < sizeof(m)) {
		w->at = w->len;
		return false;
	}
	memcpy(&m, at, sizeof(m));
	if (m.vers != FANOTIFY_METADATA_VERSION || m.event_len < sizeof(m) ||
	    m.event_len > left) {
		w->at = w->len;
		return false;
	}
	w->at += m.event_len;
	*e = (struct cgroup_event){
		.type = m.mask & FAN_Q_OVERFLOW ? CGROUP_LOST
			: m.mask & FAN_DELETE   ? CGROUP_ENDED
						: CGROUP_MADE,
	};
	for (pos = m.metadata_len;
	     pos + sizeof(struct fanotify_event_info_header) <= m.event_len;) {
		struct fanotify_event_info_header part;

		memcpy(&part, at + pos, sizeof(part));
		if (part.len < sizeof(part) || part.len > m.event_len - pos)
			break;
		read_part(at + pos, part.len, e);
		pos += part.len;
	}
	return e->type == CGROUP_LOST ||
	       (e->name != NULL && (e->type == CGROUP_MADE || e->id != 0));
}

/* The same of inotify(7). */
static bool
take_of_dirs(struct cgroup_watch *w, struct cgroup_event *e)
{
	struct inotify_event m;
	const char *at = w->events + w->at;
	size_t left = w->len - w->at;
	const struct watched_dir *d;

	if (left < sizeof(m)) {
		w->at = w->len;
		return false;
	}
	memcpy(&m, at, sizeof(m));
	if (m.len > left - sizeof(m)) {
		w->at = w->len;
		return false;
	}
	w->at += sizeof(m) + m.len;
	*e = (struct cgroup_event){ .type = CGROUP_LOST };
	if (m.mask & IN_Q_OVERFLOW)
		return true;
	d = hash_find(&w->dirs, (struct hash_key){ (uint64_t)m.wd, 0 });
	if (d == NULL || (m.mask & IN_CREATE) == 0 ||
	    (m.mask & IN_ISDIR) == 0 || m.len == 0)
		return false;
	*e = (struct cgroup_event){
		.type = CGROUP_MADE, .dir = d->id, .name = at + sizeof(m)
	};
	return true;
}

bool
cgroup_watch_next(struct cgroup_watch *w, struct cgroup_event *e)
{
	while (w->fd != -1) {
		if (w->at == w->len) {
			ssize_t n = read(w->fd, w->events, sizeof(w->events));

			if (n == -1 && errno == EINTR)
				continue;
			if (n <= 0)
				return false;
			w->at = 0;
			w->len = (size_t)n;
		}
		if (w->whole ? take_whole(w, e) : take_of_dirs(w, e))
			return true;
	}
	return false;
}
