#include <bpf/bpf.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/report.h"
#include "base/signals.h"
#include "host/mount.h"
#include "host/path.h"
#include "host/pid-owner.h"
#include "host/pidns.h"
#include "session/session-dir.h"

/* The mark, an empty directory, is called "owner-" and the process.  If its
 * name ends like this, the owner holds a lock on it as long as it lives, in
 * whatever namespaces that is.  Earlier versions had no lock. */
#define MARK_PREFIX "owner-"
#define MARK_LOCKED "-locked"
#define MARK_DETACHED "owner-none"

/* "turn-" and a map: a directory that readers lock.  No pin has a hyphen. */
#define TURN_PREFIX "turn-"

enum {
	MARK_MAX = 96,
	TRY_MS = 10,     /* how often a lock is tried */
	SWEEP_MS = 1000, /* how long that is tried to sweep one directory */
};

enum session_dir_state {
	DIR_UNREADABLE, /* errno says why */
	DIR_EMPTY,
	DIR_FOREIGN, /* not empty, and without a mark */
	DIR_LIVE,
	DIR_DEAD,
	DIR_DETACHED,
};

/* A directory that was opened once: what becomes of the path later, which may
 * lead through symbolic links, does not matter. */
struct place {
	int parent, fd;          /* owned, or -1 */
	char name[NAME_MAX + 1]; /* in the parent */
};

/* The session of this process: descriptors are kept so that it finds nothing
 * else at its end, and its mark stays locked. */
static struct {
	struct place place;
	int mark;
	char name[MARK_MAX]; /* of the mark */
	/* The length of the directory's path up to the slash before the first
	 * directory that was made; 0 if none was. */
	size_t made_after;
} own = { .place = { -1, -1, "" }, .mark = -1 };

static void
close_place(struct place *p)
{
	if (p->fd != -1)
		close(p->fd);
	if (p->parent != -1)
		close(p->parent);
	p->fd = p->parent = -1;
}

static bool
is_on_bpffs(int fd)
{
	struct statfs st;

	return fstatfs(fd, &st) == 0 && st.f_type == BPF_FS_MAGIC;
}

/* Whether p's name still stands for the opened directory. */
static bool
is_in_place(const struct place *p)
{
	struct stat held, there;

	return fstat(p->fd, &held) == 0 &&
	       fstatat(p->parent, p->name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       held.st_ino == there.st_ino && held.st_dev == there.st_dev;
}

/* Splits dir into the path of its parent, a string to free, and p's name.
 * Returns NULL with errno set. */
static char *
split_parent(struct place *p, const char *dir)
{
	size_t n = strlen(dir), name;

	while (n > 1 && dir[n - 1] == '/')
		n--;
	for (name = n; name > 0 && dir[name - 1] != '/';)
		name--;
	if (n - name > NAME_MAX) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	memcpy(p->name, dir + name, n - name);
	p->name[n - name] = '\0';
	if (p->name[0] == '\0' || strcmp(p->name, ".") == 0 ||
	    strcmp(p->name, "..") == 0) {
		errno = EINVAL;
		return NULL;
	}
	return name > 0 ? strndup(dir, name) : strdup(".");
}

/* Opens the directory dir, which must be on the same bpffs as its parent.
 * Returns 0, or -1 with errno set: EINVAL if it is not. */
static int
open_place(struct place *p, const char *dir)
{
	char *parent = split_parent(p, dir);
	struct stat above, st;
	int error;

	p->parent = p->fd = -1;
	if (parent == NULL)
		return -1;
	p->parent = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	error = errno;
	free(parent);
	if (p->parent != -1) {
		p->fd = openat(p->parent, p->name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		error = errno;
		/* bpffs fails with EPERM for a name with a dot, which nothing
		 * in it has. */
		if (p->fd == -1 && error == EPERM &&
		    strchr(p->name, '.') != NULL && is_on_bpffs(p->parent))
			error = ENOENT;
	}
	if (p->fd != -1) {
		if (is_on_bpffs(p->fd) && fstat(p->fd, &st) == 0 &&
		    fstat(p->parent, &above) == 0 && st.st_dev == above.st_dev)
			return 0;
		error = EINVAL;
	}
	close_place(p);
	errno = error;
	return -1;
}

/* Opens the directory fd for readdir(3) from its start, or returns NULL with
 * errno set; fd stays open. */
static DIR *
open_listing(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy != -1 ? fdopendir(copy) : NULL;

	/* What is pinned must not stay for want of a little memory. */
	if (d == NULL && copy != -1 && errno == ENOMEM)
		d = fdopendir(copy);
	if (d == NULL && copy != -1)
		close(copy);
	return d;
}

/* Returns the next entry but "." and "..", or NULL: at the end with errno 0,
 * else with errno set, which stays as it is if d is NULL. */
static struct dirent *
next_entry(DIR *d)
{
	struct dirent *e;

	if (d == NULL)
		return NULL;
	do {
		errno = 0;
		e = readdir(d);
	} while (e != NULL &&
		 (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0));
	return e;
}

/* Whether a process holds the lock of a mark.  Other users' sessions are only
 * looked at: if the mark cannot be opened, somebody may. */
static bool
is_mark_locked(int dir, const char *name)
{
	int fd =
	    openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool locked;

	if (fd == -1)
		return errno != ENOENT;
	locked = flock(fd, LOCK_SH | LOCK_NB) == -1;
	close(fd);
	return locked;
}

/* Parses the name of a mark.  Sets *locked to whether its owner locks it. */
static bool
parse_mark(const char *name, struct pid_owner *o, bool *locked)
{
	size_t prefix = strlen(MARK_PREFIX), tail = strlen(MARK_LOCKED);
	char owner[MARK_MAX];
	size_t n;

	if (strncmp(name, MARK_PREFIX, prefix) != 0 ||
	    (n = strlen(name + prefix)) >= sizeof(owner))
		return false;
	memcpy(owner, name + prefix, n + 1);
	*locked = n > tail && strcmp(owner + n - tail, MARK_LOCKED) == 0;
	if (*locked)
		owner[n - tail] = '\0';
	return pid_owner_parse(o, owner);
}

/* Finds out whose the directory is; sets *o if that is a process. */
static enum session_dir_state
read_dir_state(int fd, struct pid_owner *o)
{
	enum session_dir_state state = DIR_EMPTY;
	DIR *d = open_listing(fd);
	struct dirent *e;
	bool locked;
	int error;

	while ((e = next_entry(d)) != NULL && state != DIR_DETACHED) {
		if (strcmp(e->d_name, MARK_DETACHED) == 0)
			state = DIR_DETACHED;
		else if (parse_mark(e->d_name, o, &locked))
			state = (locked ? is_mark_locked(fd, e->d_name)
					: pid_owner_is_alive(o))
				    ? DIR_LIVE
				    : DIR_DEAD;
		else if (state == DIR_EMPTY)
			state = DIR_FOREIGN;
	}
	error = errno;
	if (e == NULL && error != 0)
		state = DIR_UNREADABLE;
	if (d != NULL)
		closedir(d);
	errno = error;
	return state;
}

/* Locks fd within so many milliseconds; -1 means until a signal comes.  Returns
 * 0, or -1 with errno set. */
static int
lock_within(int fd, int ms)
{
	const struct timespec pause = { .tv_nsec = TRY_MS * 1000000 };
	int ret;

	if (ms == -1) {
		while ((ret = flock(fd, LOCK_EX)) == -1 && errno == EINTR &&
		       !signals_stop())
			;
		return ret;
	}
	while ((ret = flock(fd, LOCK_EX | LOCK_NB)) == -1 &&
	       errno == EWOULDBLOCK && ms > 0) {
		nanosleep(&pause, NULL);
		ms -= TRY_MS;
	}
	return ret;
}

/*
 * Opens and locks the directory, so that two processes do not claim, sweep or
 * unload it at once.  Closing it unlocks it.  Returns 0, or -1 with errno set:
 * EPERM if the directory belongs to another user, EINVAL if it is not a
 * directory below the root of a bpffs.
 */
static int
lock_dir(struct place *p, const char *dir, int ms)
{
	struct stat held;
	int error;

	for (;;) {
		if (open_place(p, dir) == -1)
			return -1;
		/* Another user could hold the lock for ever. */
		if (fstat(p->fd, &held) == -1 || held.st_uid != geteuid()) {
			error = EPERM;
			break;
		}
		if (lock_within(p->fd, ms) == -1) {
			error = errno;
			break;
		}
		if (is_in_place(p))
			return 0;
		/* It was removed, and perhaps made anew, during the wait. */
		close_place(p);
	}
	close_place(p);
	errno = error;
	return -1;
}

/* What is in a session's directory, in the order of removal. */
enum entry_kind { ENTRY_PIN, ENTRY_DIR, ENTRY_MARK, ENTRY_KINDS };

static enum entry_kind
entry_kind(const struct dirent *e)
{
	if (e->d_type != DT_DIR)
		return ENTRY_PIN;
	return strncmp(e->d_name, MARK_PREFIX, strlen(MARK_PREFIX)) == 0
		   ? ENTRY_MARK
		   : ENTRY_DIR;
}

/*
 * Removes everything in the directory.  The mark goes last: a mark alone is
 * swept by the next skel-load, what has no mark is not.  Returns 0, or -1 after
 * reporting.
 */
static int
empty_dir(int fd, const char *path)
{
	int ret = 0;

	for (int kind = 0; kind < ENTRY_KINDS && ret == 0; kind++) {
		DIR *d = open_listing(fd);
		struct dirent *e;

		while ((e = next_entry(d)) != NULL) {
			if ((int)entry_kind(e) != kind ||
			    unlinkat(fd, e->d_name,
				kind == ENTRY_PIN ? 0 : AT_REMOVEDIR) == 0 ||
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

/* Removes the locked directory and everything in it.  dir is its path for
 * messages. */
static int
remove_dir(const struct place *p, const char *dir)
{
	if (empty_dir(p->fd, dir) == -1)
		return -1;
	if (is_in_place(p) &&
	    unlinkat(p->parent, p->name, AT_REMOVEDIR) == -1 &&
	    errno != ENOENT) {
		report_error("%s: %s", dir, strerror(errno));
		return -1;
	}
	/* This fails as long as there are other sessions in it. */
	rmdir(SESSION_ROOT);
	return 0;
}

static void
sweep_within(const char *dir, int ms)
{
	const char *name = strrchr(dir, '/');
	enum session_dir_state state;
	struct pid_owner o;
	struct place p;

	if (lock_dir(&p, dir, ms) == -1)
		return;
	state = read_dir_state(p.fd, &o);
	/* A process that was killed before it made its mark is known from the
	 * name of the directory. */
	if (state == DIR_EMPTY && name != NULL &&
	    strncmp(dir, SESSION_ROOT "/", sizeof(SESSION_ROOT)) == 0) {
		while (name != NULL && !pid_owner_parse(&o, name + 1))
			name = strchr(name + 1, '-');
		if (name != NULL && !pid_owner_is_alive(&o))
			state = DIR_DEAD;
	}
	if (state == DIR_DEAD && remove_dir(&p, dir) == 0)
		report_notice(
		    "removed %s, which pid %ld left behind", dir, o.pid);
	close_place(&p);
}

void
session_dir_sweep(const char *dir)
{
	sweep_within(dir, SWEEP_MS);
}

long
session_dir_owner(const char *dir)
{
	enum session_dir_state state;
	struct pid_owner o;
	struct place p;

	if (open_place(&p, dir) == -1)
		return -1;
	state = read_dir_state(p.fd, &o);
	close_place(&p);
	if (state == DIR_DETACHED)
		return 0;
	return state == DIR_LIVE && o.pidns == pidns_self() ? o.pid : -1;
}

void
session_dir_sweep_all(void)
{
	DIR *d = opendir(SESSION_ROOT);
	struct dirent *e;
	char *path;

	while ((e = next_entry(d)) != NULL) {
		if (asprintf(&path, SESSION_ROOT "/%s", e->d_name) == -1)
			continue;
		/* Whoever has locked it cares for it. */
		sweep_within(path, 0);
		free(path);
	}
	if (d != NULL)
		closedir(d);
}

void
session_dir_add_needs(struct confine_needs *n)
{
	n->removes = true;
	/* The directories on the way belong to root and to this user, and root
	 * may change what belongs to root.  Another user may have got there
	 * with these capabilities only. */
	if (geteuid() != 0)
		n->caps |= CONFINE_CAP(CAP_DAC_OVERRIDE) |
			   CONFINE_CAP(CAP_DAC_READ_SEARCH);
}

/* Replaces what a name on bpffs cannot have: dots, blanks, slashes. */
static void
clean_pin_name(char *name)
{
	for (; *name != '\0'; name++)
		if (!isalnum((unsigned char)*name) && *name != '_')
			*name = '_';
}

char *
session_dir_default(const char *name)
{
	char *clean, *dir = NULL;
	struct pid_owner o;

	if (pid_owner_self(&o) == -1)
		return NULL;
	clean = strdup(name[0] != '\0' ? name : "skel");
	if (clean != NULL) {
		clean_pin_name(clean);
		if (asprintf(&dir, SESSION_ROOT "/%.64s-" PID_OWNER_FORMAT,
			clean, o.pid, o.start, o.pidns) == -1)
			dir = NULL;
	}
	free(clean);
	if (dir == NULL)
		report_nomem();
	return dir;
}

/* Reports why lock_dir() failed.  Returns -1. */
static int
report_not_locked(const char *dir)
{
	if (errno == EPERM)
		report_error("%s: belongs to another user", dir);
	else if (errno == EINVAL || errno == ENOTDIR || errno == ELOOP)
		report_error("%s: not the directory of a session", dir);
	else
		report_error("%s: %s", dir, strerror(errno));
	return -1;
}

/* Reports why the directory cannot become a new session's.  Returns -1. */
static int
report_not_free(
    const char *dir, enum session_dir_state state, const struct pid_owner *o)
{
	if (state == DIR_LIVE)
		report_error("%s: in use by pid %ld", dir, o->pid);
	else if (state == DIR_DETACHED)
		report_error("%s: holds a detached session; end it first: "
			     "skel-load --unload %s",
		    dir, dir);
	else if (state == DIR_UNREADABLE)
		report_error("%s: %s", dir, strerror(errno));
	else
		report_error("%s: is not empty and holds no session; name an "
			     "empty or a new directory",
		    dir);
	return -1;
}

/* Makes a mark.  Returns 0, or -1 after reporting. */
static int
make_mark(int fd, const char *dir, const char *name)
{
	if (mkdirat(fd, name, 0700) == 0)
		return 0;
	report_error("%s/%s: %s", dir, name, strerror(errno));
	return -1;
}

/* Makes the mark of this process and locks it.  The locked directory is this
 * process's from here on. */
static int
own_place(const struct place *p, const char *dir, const char *name)
{
	int mark, error;

	if (make_mark(p->fd, dir, name) == -1)
		return -1;
	mark = openat(
	    p->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (mark != -1 && flock(mark, LOCK_EX | LOCK_NB) == 0) {
		own.place = *p;
		own.mark = mark;
		memcpy(own.name, name, MARK_MAX);
		return 0;
	}
	error = errno;
	if (mark != -1)
		close(mark);
	unlinkat(p->fd, name, AT_REMOVEDIR);
	report_error("%s/%s: cannot be locked: %s", dir, name, strerror(error));
	return -1;
}

/* Ends what own_place() began, without removing anything. */
static void
let_go(void)
{
	if (own.mark != -1)
		close(own.mark);
	own.mark = -1;
	close_place(&own.place);
}

int
session_dir_disown(const char *dir)
{
	if (make_mark(own.place.fd, dir, MARK_DETACHED) == -1)
		return -1;
	unlinkat(own.place.fd, own.name, AT_REMOVEDIR);
	return 0;
}

/* Removes those of the directories on the way to dir that this process made, as
 * far as they are empty. */
static void
remove_made(const char *dir)
{
	char *path = strdup(dir), *slash;

	while (own.made_after > 0 && path != NULL &&
	       (slash = strrchr(path, '/')) != NULL &&
	       (size_t)(slash - path) > own.made_after) {
		*slash = '\0';
		if (rmdir(path) == -1 && errno != ENOENT)
			break;
	}
	free(path);
	own.made_after = 0;
}

/* Opens the directory name in the one at *fd, which is closed, and makes it if
 * that is on a bpffs; *made becomes true then.  Returns 0, or -1 with errno
 * set. */
static int
enter_dir(int *fd, const char *name, bool *made)
{
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int next = openat(*fd, name, flags), error;

	if (next == -1 && errno == ENOENT && is_on_bpffs(*fd)) {
		*made = mkdirat(*fd, name, 0700) == 0;
		if (*made || errno == EEXIST)
			next = openat(*fd, name, flags);
	}
	error = errno;
	close(*fd);
	*fd = next;
	errno = error;
	return next != -1 ? 0 : -1;
}

/* Makes dir, a path without links, and its parents that are on a bpffs.
 * Returns 0, or -1 with errno set. */
static int
make_dirs(const char *dir)
{
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), ret = 0;
	char *copy = strdup(dir), *rest = copy, *name;

	if (copy == NULL || fd == -1)
		ret = -1;
	while (ret == 0 && (name = strsep(&rest, "/")) != NULL) {
		bool made = false;

		if (name[0] != '\0')
			ret = enter_dir(&fd, name, &made);
		if (made && own.made_after == 0)
			own.made_after = (size_t)(name - 1 - copy);
	}
	if (fd != -1)
		close(fd);
	free(copy);
	return ret;
}

/* Whether a part of the path, which does not exist, has a name that bpffs does
 * not allow, such as "..", of which one never knows where it leads. */
static bool
has_dotted_part(const char *dir)
{
	const char *part = dir;
	char *path = strdup(dir), *slash;
	bool dotted = false;

	while (path != NULL && access(path, F_OK) == -1 &&
	       (slash = strrchr(path, '/')) != NULL) {
		dotted |= strchr(slash, '.') != NULL;
		*slash = '\0';
	}
	free(path);
	part = strrchr(part, '/');
	return dotted || (part != NULL && strchr(part, '.') != NULL);
}

static int
make_session_dir(const char *dir)
{
	int tries = 10, ret;
	bool was_there;

	/* Otherwise the parents are made before the name is too long. */
	if (strlen(dir) >= PATH_MAX) {
		report_error("%s: %s", dir, strerror(ENAMETOOLONG));
		return -1;
	}
	if (mount_bpffs(dir) == -1)
		return -1;
	if (has_dotted_part(dir)) {
		report_error("%s: bpffs allows no dot in a name; choose "
			     "another name",
		    dir);
		return -1;
	}
	was_there = access(dir, F_OK) == 0;
	/* Another process may remove a parent while it is empty. */
	own.made_after = 0;
	do
		ret = make_dirs(dir);
	while (ret == -1 && errno == ENOENT && tries-- > 0);
	if (ret == -1)
		report_error("%s: %s%s", dir, strerror(errno),
		    errno == EACCES ? "; run as root, or as its owner" : "");
	/* Another user may have made one of its parents meanwhile. */
	if (ret == 0 && path_check_owners(dir) == 0)
		return 0;
	if (!was_there)
		rmdir(dir);
	remove_made(dir);
	return -1;
}

int
session_dir_claim(const char *dir)
{
	enum session_dir_state state;
	char name[MARK_MAX];
	struct pid_owner o;
	struct place p;
	int ret;

	if (pid_owner_self(&o) == -1 || make_session_dir(dir) == -1)
		return -1;
	snprintf(name, sizeof(name), MARK_PREFIX PID_OWNER_FORMAT MARK_LOCKED,
	    o.pid, o.start, o.pidns);
	if (lock_dir(&p, dir, -1) == -1)
		return report_not_locked(dir);
	state = read_dir_state(p.fd, &o);
	if (state == DIR_DEAD && empty_dir(p.fd, dir) == 0)
		state = DIR_EMPTY;
	ret = state == DIR_EMPTY ? own_place(&p, dir, name)
				 : report_not_free(dir, state, &o);
	if (ret == 0) {
		flock(p.fd, LOCK_UN);
		return 0;
	}
	/* Removes it only if it is empty. */
	unlinkat(p.parent, p.name, AT_REMOVEDIR);
	close_place(&p);
	remove_made(dir);
	return -1;
}

/* Pins fd at the path, by way of the descriptor of the directory. */
static int
pin_in_own(int fd, const char *path)
{
	char *through;
	int ret, error;

	if (asprintf(&through, "/proc/self/fd/%d%s", own.place.fd,
		strrchr(path, '/')) == -1) {
		errno = ENOMEM;
		return -1;
	}
	ret = bpf_obj_pin(fd, through);
	error = errno;
	free(through);
	errno = error;
	return ret;
}

char *
session_dir_pin(const char *dir, int fd, const char *prefix, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s%.128s", dir, prefix, name) == -1) {
		report_nomem();
		return NULL;
	}
	clean_pin_name(path + strlen(dir) + 1);
	if (pin_in_own(fd, path) == 0)
		return path;
	report_error("%s: %s%s", path, strerror(errno),
	    errno == EINVAL ? ": this kernel cannot pin it" : "");
	free(path);
	return NULL;
}

/* Returns the name of a turn's directory, which no pin can have, or NULL with
 * errno set. */
static char *
turn_name(const char *map)
{
	char *name;

	if (asprintf(&name, TURN_PREFIX "%.128s", map) == -1) {
		errno = ENOMEM;
		return NULL;
	}
	clean_pin_name(name + strlen(TURN_PREFIX));
	return name;
}

int
session_dir_make_turn(const char *dir, const char *map)
{
	char *name = turn_name(map);
	int ret;

	if (name == NULL)
		return report_nomem();
	ret = mkdirat(own.place.fd, name, 0700);
	if (ret == -1 && errno == EEXIST)
		ret = 0;
	if (ret == -1)
		report_error("%s/%s: %s", dir, name, strerror(errno));
	free(name);
	return ret;
}

int
session_dir_open_turn(const char *dir, const char *map)
{
	char *name = turn_name(map), *path = NULL;
	int fd = -1, error = ENOMEM;

	if (name != NULL && asprintf(&path, "%s/%s", dir, name) != -1) {
		fd =
		    open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		error = errno;
		free(path);
	}
	free(name);
	errno = error;
	return fd;
}

int
session_dir_remove_own(const char *dir)
{
	int ret = 0;

	/* Its mark is gone if somebody else has removed the directory, or if it
	 * is detached. */
	if (own.place.fd != -1 &&
	    faccessat(own.place.fd, own.name, F_OK, 0) == 0) {
		/* Nobody else removes what the locked mark protects, so after
		 * a while it does not matter who holds this lock. */
		lock_within(own.place.fd, SWEEP_MS);
		ret = remove_dir(&own.place, dir);
		if (ret == -1)
			report_error("%s: not removed; the next skel-load "
				     "will remove it",
			    dir);
		else
			remove_made(dir);
	}
	let_go();
	return ret;
}

int
session_dir_unload(const char *dir)
{
	enum session_dir_state state;
	struct pid_owner o;
	struct place p;
	int ret = -1;

	if (lock_dir(&p, dir, -1) == -1)
		return report_not_locked(dir);
	state = read_dir_state(p.fd, &o);
	if (state == DIR_LIVE)
		report_error("%s: pid %ld still runs this session; end it "
			     "with: kill %ld",
		    dir, o.pid, o.pid);
	else if (state == DIR_DEAD || state == DIR_DETACHED) {
		ret = remove_dir(&p, dir);
		remove_made(dir);
	} else if (state == DIR_UNREADABLE)
		report_error("%s: %s", dir, strerror(errno));
	else
		report_error("%s: not the directory of a session", dir);
	close_place(&p);
	return ret;
}
