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
#include "session/session-dir.h"

/* The mark, an empty directory, is called "owner-" and the process. */
#define MARK_PREFIX "owner-"
#define MARK_DETACHED "owner-none"

enum { MARK_MAX = 96 };

enum session_dir_state {
	DIR_UNREADABLE, /* errno says why */
	DIR_EMPTY,
	DIR_FOREIGN, /* not empty, and without a mark */
	DIR_LIVE,
	DIR_DEAD,
	DIR_DETACHED,
};

/* Opens the directory fd for readdir(3) from its start, or returns NULL with
 * errno set; fd stays open. */
static DIR *
open_listing(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy != -1 ? fdopendir(copy) : NULL;

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

/* Finds out whose the directory is; sets *o if that is a process. */
static enum session_dir_state
read_dir_state(int fd, struct pid_owner *o)
{
	enum session_dir_state state = DIR_EMPTY;
	size_t prefix = strlen(MARK_PREFIX);
	DIR *d = open_listing(fd);
	struct dirent *e;
	int error;

	while ((e = next_entry(d)) != NULL && state != DIR_DETACHED) {
		if (strcmp(e->d_name, MARK_DETACHED) == 0)
			state = DIR_DETACHED;
		else if (strncmp(e->d_name, MARK_PREFIX, prefix) == 0 &&
			 pid_owner_parse(o, e->d_name + prefix))
			state = pid_owner_is_alive(o) ? DIR_LIVE : DIR_DEAD;
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

/*
 * Opens and locks the directory, so that two processes do not claim, sweep or
 * unload it at once.  Closing the descriptor unlocks it.  Returns -1 with errno
 * set: EPERM if the directory belongs to another user.
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
		/* Another user could hold the lock for ever. */
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
		/* It was removed, and perhaps made anew, during the wait. */
		close(fd);
	}
}

static bool
is_on_bpffs(int fd)
{
	struct statfs st;

	return fstatfs(fd, &st) == 0 && st.f_type == BPF_FS_MAGIC;
}

/*
 * Removes everything in the directory.  The pins go first and the mark last: a
 * mark without pins is swept by the next skel-load, pins without a mark are
 * not.  Returns 0, or -1 after reporting.
 */
static int
empty_dir(int fd, const char *path)
{
	int ret = 0;

	for (int dirs = 0; dirs <= 1 && ret == 0; dirs++) {
		DIR *d = open_listing(fd);
		struct dirent *e;

		while ((e = next_entry(d)) != NULL) {
			if ((e->d_type == DT_DIR) != (dirs == 1) ||
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

/* Removes the locked directory and everything in it. */
static int
remove_dir(int fd, const char *path)
{
	if (empty_dir(fd, path) == -1)
		return -1;
	if (rmdir(path) == -1 && errno != ENOENT) {
		report_error("%s: %s", path, strerror(errno));
		return -1;
	}
	/* This fails as long as there are other sessions in it. */
	rmdir(SESSION_ROOT);
	return 0;
}

void
session_dir_sweep(const char *dir)
{
	int fd = lock_dir(dir);
	const char *name = strrchr(dir, '/');
	enum session_dir_state state;
	struct pid_owner o;

	if (fd == -1)
		return;
	state = is_on_bpffs(fd) ? read_dir_state(fd, &o) : DIR_FOREIGN;
	/* A process that was killed before it made its mark is known from the
	 * name of the directory. */
	if (state == DIR_EMPTY && name != NULL &&
	    strncmp(dir, SESSION_ROOT "/", sizeof(SESSION_ROOT)) == 0) {
		while (name != NULL && !pid_owner_parse(&o, name + 1))
			name = strchr(name + 1, '-');
		if (name != NULL && !pid_owner_is_alive(&o))
			state = DIR_DEAD;
	}
	if (state == DIR_DEAD && remove_dir(fd, dir) == 0)
		report_notice(
		    "removed %s, which pid %ld left behind", dir, o.pid);
	close(fd);
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
		session_dir_sweep(path);
		free(path);
	}
	if (d != NULL)
		closedir(d);
}

void
session_dir_add_needs(struct confine_needs *n)
{
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
	report_error("%s: %s", dir,
	    errno == EPERM ? "belongs to another user" : strerror(errno));
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

/* Writes the name of this process's mark.  Returns 0, or -1 after reporting. */
static int
get_own_mark(char name[MARK_MAX])
{
	struct pid_owner o;

	if (pid_owner_self(&o) == -1)
		return -1;
	snprintf(name, MARK_MAX, MARK_PREFIX PID_OWNER_FORMAT, o.pid, o.start,
	    o.pidns);
	return 0;
}

static int
make_mark(int fd, const char *dir, const char *name)
{
	if (mkdirat(fd, name, 0700) == 0)
		return 0;
	report_error("%s/%s: %s", dir, name, strerror(errno));
	return -1;
}

int
session_dir_disown(const char *dir)
{
	char name[MARK_MAX];
	int fd = lock_dir(dir), ret;

	if (fd == -1)
		return report_not_locked(dir);
	ret = make_mark(fd, dir, MARK_DETACHED);
	if (ret == 0 && get_own_mark(name) == 0)
		unlinkat(fd, name, AT_REMOVEDIR);
	close(fd);
	return ret;
}

static int
make_session_dir(const char *dir)
{
	bool was_there;

	if (mount_bpffs(dir) == -1)
		return -1;
	if (strchr(strrchr(dir, '/'), '.') != NULL) {
		report_error("%s: bpffs allows no dot in a name; choose "
			     "another name",
		    dir);
		return -1;
	}
	was_there = access(dir, F_OK) == 0;
	if (path_make(dir) == -1)
		return -1;
	/* Another user may have made one of its parents meanwhile. */
	if (path_check_owners(dir) == 0)
		return 0;
	if (!was_there)
		rmdir(dir);
	return -1;
}

int
session_dir_claim(const char *dir)
{
	enum session_dir_state state;
	char name[MARK_MAX];
	struct pid_owner o;
	int fd, ret;

	if (get_own_mark(name) == -1 || make_session_dir(dir) == -1)
		return -1;
	fd = lock_dir(dir);
	if (fd == -1)
		return report_not_locked(dir);
	state = read_dir_state(fd, &o);
	if (state == DIR_DEAD && empty_dir(fd, dir) == 0)
		state = DIR_EMPTY;
	ret = state == DIR_EMPTY ? make_mark(fd, dir, name)
				 : report_not_free(dir, state, &o);
	/* Removes it only if it is empty. */
	if (ret == -1)
		rmdir(dir);
	close(fd);
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
	if (bpf_obj_pin(fd, path) == 0)
		return path;
	report_error("%s: %s%s", path, strerror(errno),
	    errno == EINVAL ? ": this kernel cannot pin it" : "");
	free(path);
	return NULL;
}

int
session_dir_remove_own(const char *dir)
{
	enum session_dir_state state = DIR_UNREADABLE;
	struct pid_owner self, o;
	int fd = lock_dir(dir), ret = 0;

	if (fd == -1 && (errno == ENOENT || errno == EPERM))
		return 0;
	if (fd != -1 && pid_owner_self(&self) == 0)
		state = read_dir_state(fd, &o);
	if (state == DIR_UNREADABLE) {
		report_error("%s: not removed: %s; the next skel-load will "
			     "remove it",
		    dir, strerror(errno));
		ret = -1;
	} else if (state == DIR_LIVE && o.pid == self.pid &&
		   o.start == self.start) {
		ret = remove_dir(fd, dir);
		if (ret == -1)
			report_error("%s: not removed; the next skel-load "
				     "will remove it",
			    dir);
	}
	if (fd != -1)
		close(fd);
	return ret;
}

int
session_dir_unload(const char *dir)
{
	enum session_dir_state state;
	struct pid_owner o;
	int fd = lock_dir(dir), ret = -1;

	if (fd == -1)
		return report_not_locked(dir);
	state = is_on_bpffs(fd) ? read_dir_state(fd, &o) : DIR_FOREIGN;
	if (state == DIR_LIVE)
		report_error("%s: pid %ld still runs this session; end it "
			     "with: kill %ld",
		    dir, o.pid, o.pid);
	else if (state == DIR_DEAD || state == DIR_DETACHED)
		ret = remove_dir(fd, dir);
	else if (state == DIR_UNREADABLE)
		report_error("%s: %s", dir, strerror(errno));
	else
		report_error("%s: not the directory of a session", dir);
	close(fd);
	return ret;
}
