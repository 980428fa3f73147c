#include <bpf/bpf.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/report.h"
#include "host/mount.h"
#include "host/path.h"
#include "host/pid-owner.h"
#include "poll/lost-counter.h"
#include "session/session.h"

/* An empty directory in a session's says whose it is. */
#define OWNER_PREFIX "owner-"
#define OWNER_NONE "owner-none" /* detached */

enum { MARK_MAX = 96 };

enum state {
	STATE_UNKNOWN, /* it cannot be read: errno */
	STATE_EMPTY,
	STATE_FOREIGN, /* there is something, but no owner */
	STATE_LIVE,
	STATE_DEAD,
	STATE_DETACHED,
};

static bool
is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static DIR *
list(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy != -1 ? fdopendir(copy) : NULL;

	if (d == NULL && copy != -1)
		close(copy);
	return d;
}

/* The next entry; NULL with errno 0 at the end, else with what is wrong, as
 * when there was no d. */
static struct dirent *
next(DIR *d)
{
	if (d == NULL)
		return NULL;
	errno = 0;
	return readdir(d);
}

/* What is in the directory; *o is set when it is live or dead. */
static enum state
look(int fd, struct pid_owner *o)
{
	enum state state = STATE_EMPTY;
	DIR *d = list(fd);
	struct dirent *e;
	int error;

	while ((e = next(d)) != NULL && state != STATE_DETACHED) {
		if (is_dots(e->d_name))
			continue;
		if (strcmp(e->d_name, OWNER_NONE) == 0)
			state = STATE_DETACHED;
		else if (strncmp(e->d_name, OWNER_PREFIX,
			     strlen(OWNER_PREFIX)) == 0 &&
			 pid_owner_parse(o, e->d_name + strlen(OWNER_PREFIX)))
			state = pid_owner_is_alive(o) ? STATE_LIVE : STATE_DEAD;
		else if (state == STATE_EMPTY)
			state = STATE_FOREIGN;
	}
	error = errno;
	if (e == NULL && error != 0)
		state = STATE_UNKNOWN;
	if (d != NULL)
		closedir(d);
	errno = error;
	return state;
}

/*
 * Open and lock the directory, so that two of us do not claim, sweep or unload
 * it at once.  Closing unlocks.  Returns -1 with errno set: EPERM when it is
 * not ours.
 */
static int
lock_dir(const char *path)
{
	struct stat held, there;
	int fd;

	for (;;) {
		fd =
		    open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd == -1)
			return -1;
		/* Nobody else shall make us wait. */
		if (fstat(fd, &held) == -1 || held.st_uid != geteuid()) {
			close(fd);
			errno = EPERM;
			return -1;
		}
		while (flock(fd, LOCK_EX) == -1 && errno == EINTR)
			;
		if (lstat(path, &there) == 0 && held.st_ino == there.st_ino &&
		    held.st_dev == there.st_dev)
			return fd;
		/* It was removed, and perhaps made anew, while we waited. */
		close(fd);
	}
}

static bool
on_bpffs(int fd)
{
	struct statfs st;

	return fstatfs(fd, &st) == 0 && st.f_type == BPF_FS_MAGIC;
}

/* Remove what is in the directory: the pins first, so that the owner's mark
 * goes last.  Returns 0, or -1 after reporting. */
static int
empty_dir(int fd, const char *path)
{
	int ret = 0;

	/* A mark without its pins is swept, pins without their mark are not. */
	for (int dirs = 0; dirs <= 1 && ret == 0; dirs++) {
		DIR *d = list(fd);
		struct dirent *e;

		while ((e = next(d)) != NULL) {
			if (is_dots(e->d_name) ||
			    (e->d_type == DT_DIR) != (dirs == 1) ||
			    unlinkat(fd, e->d_name,
				dirs == 1 ? AT_REMOVEDIR : 0) == 0 ||
			    errno == ENOENT)
				continue;
			report_error(
			    "%s/%s: %s", path, e->d_name, strerror(errno));
			ret = -1;
		}
		if (errno != 0) {
			report_error("%s: %s", path, strerror(errno));
			ret = -1;
		}
		if (d != NULL)
			closedir(d);
	}
	return ret;
}

/* Remove the locked directory and all in it. */
static int
remove_dir(int fd, const char *path)
{
	if (empty_dir(fd, path) == -1)
		return -1;
	if (rmdir(path) == -1 && errno != ENOENT) {
		report_error("%s: %s", path, strerror(errno));
		return -1;
	}
	/* Goes with the last session in it. */
	rmdir(SESSION_ROOT);
	return 0;
}

void
session_sweep_dir(const char *dir)
{
	int fd = lock_dir(dir);
	const char *name = strrchr(dir, '/');
	enum state state;
	struct pid_owner o;

	if (fd == -1)
		return;
	state = on_bpffs(fd) ? look(fd, &o) : STATE_FOREIGN;
	/* Killed before it could leave its mark: its name says who it was. */
	if (state == STATE_EMPTY && name != NULL &&
	    strncmp(dir, SESSION_ROOT "/", sizeof(SESSION_ROOT)) == 0) {
		while (name != NULL && !pid_owner_parse(&o, name + 1))
			name = strchr(name + 1, '-');
		if (name != NULL && !pid_owner_is_alive(&o))
			state = STATE_DEAD;
	}
	if (state == STATE_DEAD && remove_dir(fd, dir) == 0)
		report_notice("swept %s, left behind by pid %ld", dir, o.pid);
	close(fd);
}

void
session_add_needs(struct confine_needs *n)
{
	/* What root owns, and all on the way there is root's, root may change.
	 * Others may have come there by these. */
	if (geteuid() != 0)
		n->caps |= CONFINE_CAP(CAP_DAC_OVERRIDE) |
			   CONFINE_CAP(CAP_DAC_READ_SEARCH);
}

void
session_sweep(void)
{
	DIR *d = opendir(SESSION_ROOT);
	struct dirent *e;
	char *path;

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		if (is_dots(e->d_name) ||
		    asprintf(&path, SESSION_ROOT "/%s", e->d_name) == -1)
			continue;
		session_sweep_dir(path);
		free(path);
	}
	closedir(d);
}

/* name as bpffs takes one: no dots, and none of what paths are made of. */
static void
clean_name(char *name)
{
	for (; *name != '\0'; name++)
		if (!isalnum((unsigned char)*name) && *name != '_')
			*name = '_';
}

/* Where a run without a directory of its own pins: a string to free. */
static char *
default_dir(const char *name)
{
	char *clean, *dir = NULL;
	struct pid_owner o;

	if (pid_owner_self(&o) == -1)
		return NULL;
	clean = strdup(name[0] != '\0' ? name : "skel");
	if (clean == NULL)
		goto nomem;
	clean_name(clean);
	if (asprintf(&dir, SESSION_ROOT "/%.64s-" PID_OWNER_FORMAT, clean,
		o.pid, o.start, o.pidns) == -1)
		goto nomem;
	free(clean);
	return dir;
nomem:
	free(clean);
	report_nomem();
	return NULL;
}

/* Report why lock_dir() failed.  Returns -1. */
static int
refuse_other(const char *dir)
{
	report_error("%s: %s", dir,
	    errno == EPERM ? "belongs to another user" : strerror(errno));
	return -1;
}

/* Report why the directory cannot be a new session's.  Returns -1. */
static int
refuse(const char *dir, enum state state, const struct pid_owner *o)
{
	if (state == STATE_LIVE)
		report_error("%s: in use by pid %ld", dir, o->pid);
	else if (state == STATE_DETACHED)
		report_error("%s: holds a detached session; end it first: "
			     "skel-load --unload %s",
		    dir, dir);
	else if (state == STATE_UNKNOWN)
		report_error("%s: %s", dir, strerror(errno));
	else
		report_error("%s: holds what is no session's; take an empty "
			     "or a new directory",
		    dir);
	return -1;
}

/* The name of our mark.  Returns 0, or -1 after reporting. */
static int
own_mark(char name[MARK_MAX])
{
	struct pid_owner o;

	if (pid_owner_self(&o) == -1)
		return -1;
	snprintf(name, MARK_MAX, OWNER_PREFIX PID_OWNER_FORMAT, o.pid, o.start,
	    o.pidns);
	return 0;
}

/* Put a mark into the locked directory. */
static int
put_mark(int fd, const char *dir, const char *name)
{
	if (mkdirat(fd, name, 0700) == 0)
		return 0;
	report_error("%s/%s: %s", dir, name, strerror(errno));
	return -1;
}

/* Put "nobody's" in the place of our mark. */
static int
disown(const char *dir)
{
	char name[MARK_MAX];
	int fd = lock_dir(dir), ret;

	if (fd == -1)
		return refuse_other(dir);
	ret = put_mark(fd, dir, OWNER_NONE);
	if (ret == 0 && own_mark(name) == 0)
		unlinkat(fd, name, AT_REMOVEDIR);
	close(fd);
	return ret;
}

static int
make_dir(const char *dir)
{
	bool was_there;

	if (mount_bpffs(dir) == -1)
		return -1;
	if (strchr(strrchr(dir, '/'), '.') != NULL) {
		report_error("%s: a name on bpffs cannot have a dot", dir);
		return -1;
	}
	was_there = access(dir, F_OK) == 0;
	if (path_make(dir) == -1)
		return -1;
	/* Above it others may have been faster. */
	if (path_check_owners(dir) == 0)
		return 0;
	if (!was_there)
		rmdir(dir);
	return -1;
}

/* Make dir ours.  Returns 0, or -1 after reporting, with nothing changed. */
static int
claim(const char *dir)
{
	char name[MARK_MAX];
	enum state state;
	struct pid_owner o;
	int fd, ret;

	if (own_mark(name) == -1 || make_dir(dir) == -1)
		return -1;
	fd = lock_dir(dir);
	if (fd == -1)
		return refuse_other(dir);
	state = look(fd, &o);
	if (state == STATE_DEAD && empty_dir(fd, dir) == 0)
		state = STATE_EMPTY;
	ret = state == STATE_EMPTY ? put_mark(fd, dir, name)
				   : refuse(dir, state, &o);
	/* Only goes if it is empty. */
	if (ret == -1)
		rmdir(dir);
	close(fd);
	return ret;
}

/* Pin fd in dir under a name made of prefix and name: its path, to free, or
 * NULL after reporting. */
static char *
pin(int fd, const char *dir, const char *prefix, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s%.128s", dir, prefix, name) == -1) {
		report_nomem();
		return NULL;
	}
	clean_name(path + strlen(dir) + 1);
	if (bpf_obj_pin(fd, path) == 0)
		return path;
	report_error("%s: %s%s", path, strerror(errno),
	    errno == EINVAL ? ": this kernel cannot pin it" : "");
	free(path);
	return NULL;
}

/* Pin the stack-trace map that map number i refers to, unless one before did
 * so. */
static int
pin_stacks(
    const char *dir, struct stream_header *h, size_t i, const struct object *o)
{
	struct stream_map *m = &h->maps[i];
	int fd;

	free(m->pins.stacks);
	m->pins.stacks = NULL;
	for (size_t k = 0; k < i && m->pins.stacks == NULL; k++) {
		if (h->maps[k].stacks == NULL ||
		    strcmp(h->maps[k].stacks, m->stacks) != 0)
			continue;
		m->pins.stacks = strdup(h->maps[k].pins.stacks);
		if (m->pins.stacks == NULL)
			return report_nomem();
	}
	if (m->pins.stacks != NULL)
		return 0;
	fd = bpf_object__find_map_fd_by_name(o->bpf, m->stacks);
	m->pins.stacks = pin(fd, dir, "stacks_", m->stacks);
	return m->pins.stacks != NULL ? 0 : -1;
}

/* Pin the counter of a ring's losses, and what remembers how much of it was
 * told. */
static int
pin_counter(const char *dir, struct stream_map *m, const struct object *o)
{
	const struct bpf_map *map =
	    bpf_object__find_map_by_name(o->bpf, m->lost);
	int fd = bpf_map__fd(map), told;

	free(m->pins.lost);
	free(m->pins.reported);
	m->pins.reported = NULL;
	m->pins.lost = pin(fd, dir, "lost_", m->name);
	if (m->pins.lost == NULL)
		return -1;
	/* One that is pinned by its definition may be older than we are. */
	told = lost_counter_new_reported(
	    m->name, fd, bpf_map__pin_path(map) == NULL);
	if (told == -1)
		return -1;
	m->pins.reported = pin(told, dir, "told_", m->name);
	close(told);
	return m->pins.reported != NULL ? 0 : -1;
}

/* Iterators that were left out have nothing to pin. */
static void
drop_left_out(struct stream_header *h, const struct attachments *a)
{
	size_t kept = 0;

	for (size_t i = 0; i < h->nmaps; i++) {
		struct stream_map *m = &h->maps[i];

		if (m->source == STREAM_ITER &&
		    attach_link_fd(a, m->name) == -1)
			stream_map_free(m);
		else
			h->maps[kept++] = *m;
	}
	h->nmaps = kept;
}

static int
pin_maps(const char *dir, struct stream_header *h, const struct object *o,
    const struct attachments *a)
{
	for (size_t i = 0; i < h->nmaps; i++) {
		struct stream_map *m = &h->maps[i];
		int fd = m->source == STREAM_ITER
			     ? attach_link_fd(a, m->name)
			     : bpf_object__find_map_fd_by_name(o->bpf, m->name);

		free(m->pins.map);
		m->pins.map = pin(fd, dir, "", m->name);
		if (m->pins.map == NULL ||
		    (m->stacks != NULL && pin_stacks(dir, h, i, o) == -1) ||
		    (m->lost != NULL && pin_counter(dir, m, o) == -1))
			return -1;
	}
	return 0;
}

/* Pin what holds a program; one of several has its number behind the name. */
static int
pin_hold(const char *dir, const struct attachment *a, size_t i)
{
	const char *program = bpf_program__name(a->program);
	const struct attach_hold *h = &a->holds[i];
	int fd = h->link != NULL ? bpf_link__fd(h->link) : h->fd;
	char prefix[32] = "link_", *path;

	if (h->undo != NULL) {
		report_error("program %s: cannot be left running: it is "
			     "attached without a link, and goes with this "
			     "process; leave it out with -a %s=off",
		    program, program);
		return -1;
	}
	/* libbpf makes several links of one USDT probe and shows 0 for them;
	 * its real descriptors are above 2. */
	if (fd <= STDERR_FILENO) {
		report_error("program %s: cannot be left running (%s); leave "
			     "it out with -a %s=off",
		    program, bpf_program__section_name(a->program), program);
		return -1;
	}
	if (a->nholds > 1)
		snprintf(prefix, sizeof(prefix), "link%zu_", i);
	path = pin(fd, dir, prefix, program);
	free(path);
	return path != NULL ? 0 : -1;
}

/* Pin the links, which then outlive us, and say that nobody owns them. */
static int
pin_links(const char *dir, const struct attachments *a)
{
	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < a->v[i].nholds; k++)
			if (pin_hold(dir, &a->v[i], k) == -1)
				return -1;
	if (disown(dir) == -1)
		return -1;
	/* Else closing a link would switch its event off, pinned or not. */
	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < a->v[i].nholds; k++)
			if (a->v[i].holds[k].link != NULL)
				bpf_link__disconnect(a->v[i].holds[k].link);
	return 0;
}

static int
fill_header(struct stream_header *h, const char *dir, bool detached,
    const struct package *p)
{
	h->session = true;
	h->detached = detached;
	h->perf_buffer_pages = p->perf_buffer_pages;
	h->poll_timeout_ms = p->poll_timeout_ms;
	free(h->dir);
	h->dir = strdup(dir);
	return h->dir != NULL ? 0 : report_nomem();
}

int
session_pin(struct session *s, const char *dir, struct stream_header *h,
    const struct object *o, struct attachments *a, bool detached)
{
	*s = (struct session){ 0 };
	if (dir != NULL && path_check_owners(dir) == -1)
		return -1;
	s->dir = dir != NULL ? path_absolute(dir)
			     : default_dir(o->package->obj_name);
	if (s->dir == NULL)
		return -1;
	if (claim(s->dir) == -1) {
		free(s->dir);
		s->dir = NULL;
		return -1;
	}
	drop_left_out(h, a);
	if (fill_header(h, s->dir, detached, o->package) == -1 ||
	    pin_maps(s->dir, h, o, a) == -1 ||
	    (detached && pin_links(s->dir, a) == -1)) {
		session_close(s);
		return -1;
	}
	s->detached = detached;
	return 0;
}

/* Remove our own directory, unless it is no longer that. */
static int
leave(const char *dir)
{
	struct pid_owner self, o;
	enum state state;
	int fd, ret = 0;

	if ((fd = lock_dir(dir)) == -1 && (errno == ENOENT || errno == EPERM))
		return 0;
	state = fd == -1 || pid_owner_self(&self) == -1 ? STATE_UNKNOWN
							: look(fd, &o);
	if (state == STATE_UNKNOWN) {
		report_error("%s: not removed: %s; the next skel-load does it",
		    dir, strerror(errno));
		ret = -1;
	} else if (state == STATE_LIVE && o.pid == self.pid &&
		   o.start == self.start) {
		ret = remove_dir(fd, dir);
		if (ret == -1)
			report_error(
			    "%s: not removed; the next skel-load does it", dir);
	}
	if (fd != -1)
		close(fd);
	return ret;
}

int
session_close(struct session *s)
{
	int ret = 0;

	if (s->dir != NULL && !s->detached)
		ret = leave(s->dir);
	free(s->dir);
	*s = (struct session){ 0 };
	return ret;
}

int
session_unload(const char *dir)
{
	enum state state;
	struct pid_owner o;
	int fd = lock_dir(dir), ret = -1;

	if (fd == -1)
		return refuse_other(dir);
	state = on_bpffs(fd) ? look(fd, &o) : STATE_FOREIGN;
	if (state == STATE_LIVE)
		report_error("%s: pid %ld still runs it; stop that instead: "
			     "kill %ld",
		    dir, o.pid, o.pid);
	else if (state == STATE_DEAD || state == STATE_DETACHED)
		ret = remove_dir(fd, dir);
	else if (state == STATE_UNKNOWN)
		report_error("%s: %s", dir, strerror(errno));
	else
		report_error("%s: not the directory of a session", dir);
	close(fd);
	return ret;
}
