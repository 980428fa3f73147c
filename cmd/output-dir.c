#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/report.h"
#include "base/signals.h"
#include "output-dir.h"

enum {
	/* What seccomp_confine() allows: host/syscalls.c. */
	NEW = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	MODE = 0644,
	TRIES = 8, /* random names; two that are equal are unheard of */
	RANDOM_DIGITS = 16,
};

#define TEMP_PREFIX ".skel-"

/* What is removed if a signal kills the process: a name in a directory, or
 * none. */
static struct {
	volatile sig_atomic_t set;
	int dir;
	char name[NAME_MAX + 1];
} meanwhile;

/* Safe in a signal handler. */
static void
remove_meanwhile(void)
{
	if (meanwhile.set)
		unlinkat(meanwhile.dir, meanwhile.name, 0);
}

static int
fail(const struct output_dir *d, const char *name)
{
	report_error("%s%s: %s", d->prefix, name, strerror(errno));
	return -1;
}

/* Opens len bytes of path, or "." if there are none. */
static int
open_dir(struct output_dir *d, const char *path, size_t len)
{
	const char *slash = len == 0 || path[len - 1] == '/' ? "" : "/";
	char *dir = len == 0 ? strdup(".") : strndup(path, len);

	*d = (struct output_dir)OUTPUT_DIR_NONE;
	if (dir == NULL ||
	    asprintf(&d->prefix, "%.*s%s", (int)len, path, slash) == -1) {
		d->prefix = NULL;
		free(dir);
		return report_nomem();
	}
	d->fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Only output_dir_list() needs to read it. */
	if (d->fd == -1 && errno == EACCES)
		d->fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (d->fd == -1) {
		report_error("%s: %s", dir, strerror(errno));
		output_dir_close(d);
		free(dir);
		return -1;
	}
	free(dir);
	return 0;
}

int
output_dir_open(struct output_dir *d, const char *path)
{
	if (*path == '\0') {
		*d = (struct output_dir)OUTPUT_DIR_NONE;
		report_error("the name of a directory is empty");
		return -1;
	}
	return open_dir(d, path, strlen(path));
}

int
output_dir_open_parent(
    struct output_dir *d, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	struct stat st;

	*d = (struct output_dir)OUTPUT_DIR_NONE;
	*name = slash == NULL ? path : slash + 1;
	if (**name == '\0' || strcmp(*name, ".") == 0 ||
	    strcmp(*name, "..") == 0) {
		report_error("%s: not the name of a file", path);
		return -1;
	}
	if (open_dir(d, path, (size_t)(*name - path)) == -1)
		return -1;
	/* To replace a device or a link of the system would harm it. */
	if (fstatat(d->fd, *name, &st, AT_SYMLINK_NOFOLLOW) == -1) {
		if (errno == ENOENT)
			return 0;
		fail(d, *name);
	} else if (S_ISREG(st.st_mode)) {
		return 0;
	} else {
		report_error("%s: it exists and is no regular file, so it is "
			     "not replaced",
		    path);
	}
	output_dir_close(d);
	return -1;
}

void
output_dir_close(struct output_dir *d)
{
	if (d->fd != -1)
		close(d->fd);
	free(d->prefix);
	*d = (struct output_dir)OUTPUT_DIR_NONE;
}

int
output_dir_check(const struct output_dir *d)
{
	const char *dir = *d->prefix == '\0' ? "./" : d->prefix;
	struct stat st;

	if (faccessat(d->fd, ".", W_OK | X_OK, AT_EACCESS) == 0)
		return 0;
	if (errno == EACCES && fstat(d->fd, &st) == 0 && st.st_uid != geteuid())
		report_error("%s: Permission denied; it belongs to the user "
			     "%lu: run this command as that user, since it "
			     "gives up the privileges of root",
		    dir, (unsigned long)st.st_uid);
	else
		report_error("%s: %s", dir, strerror(errno));
	return -1;
}

/* Makes the file called name now.  Returns its descriptor, or -1 with errno
 * set. */
static int
create(struct output_file *f, struct output_dir *d, const char *now)
{
	f->dir = d;
	f->fd = openat(d->fd, now, NEW, MODE);
	return f->fd;
}

/* Returns 0, or -1 with errno set. */
static int
set_name(struct output_file *f, const char *name)
{
	size_t len = strlen(name);

	*f = (struct output_file)OUTPUT_FILE_NONE;
	/* A name that leads elsewhere is none of ours. */
	if (len == 0 || strchr(name, '/') != NULL) {
		errno = EINVAL;
		return -1;
	}
	if (len >= sizeof(f->name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(f->name, name, len + 1);
	return 0;
}

int
output_file_create(
    struct output_file *f, struct output_dir *d, const char *name)
{
	if (set_name(f, name) == -1)
		return fail(d, name);
	if (create(f, d, name) != -1)
		return 0;
	return errno == EEXIST ? 1 : fail(d, name);
}

/* What the names begin with that a file has before it is called name, as much
 * of that as there is room for.  Returns its length. */
static size_t
temp_start(char start[NAME_MAX + 1], const char *name)
{
	const size_t most = NAME_MAX - sizeof(TEMP_PREFIX) - RANDOM_DIGITS;

	return (size_t)snprintf(
	    start, NAME_MAX + 1, TEMP_PREFIX "%.*s.", (int)most, name);
}

/* Locks a file for writing, or for a moment while it is removed, until its
 * descriptor and all copies of it are closed. */
static int
lock_file(int fd, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_SETLK, &lock);
}

/* Makes the file, and locks it.  Returns 0; -1 with errno set, EEXIST if there
 * is one, or somebody has removed it at once. */
static int
create_locked(struct output_file *f, struct output_dir *d)
{
	struct stat st;
	int error;

	if (create(f, d, f->temp) == -1)
		return -1;
	f->lock = fcntl(f->fd, F_DUPFD_CLOEXEC, 0);
	error = f->lock == -1 ? errno : 0;
	/* Where there are no locks nobody can have one, and sweep. */
	if (error == 0 && lock_file(f->fd, F_WRLCK) == -1 && errno == EAGAIN)
		error = EEXIST;
	if (error == 0 && fstat(f->fd, &st) == 0 && st.st_nlink == 0)
		error = EEXIST;
	if (error == 0)
		return 0;
	output_file_discard(f);
	errno = error;
	return -1;
}

int
output_file_replace(
    struct output_file *f, struct output_dir *d, const char *name)
{
	struct hash_key random;
	size_t len;

	if (set_name(f, name) == -1)
		return fail(d, name);
	for (int i = 0; i < TRIES; i++) {
		if (hash_random(&random) == -1)
			return -1;
		len = temp_start(f->temp, name);
		snprintf(
		    f->temp + len, RANDOM_DIGITS + 1, "%016" PRIx64, random.a);
		if (create_locked(f, d) == -1) {
			if (errno == EEXIST)
				continue;
			return fail(d, name);
		}
		meanwhile.set = 0;
		meanwhile.dir = d->fd;
		memcpy(meanwhile.name, f->temp, sizeof(meanwhile.name));
		meanwhile.set = 1;
		signals_before_death(remove_meanwhile);
		return 0;
	}
	return fail(d, name);
}

/* The files that one sweep is for. */
struct sweep {
	struct output_dir *dir;
	char start[NAME_MAX + 1];
	size_t len;
};

static int
sweep_file(void *ctx, const char *name)
{
	const struct sweep *s = ctx;
	const char *digits = name + s->len;
	struct stat st;
	int fd;

	if (strncmp(name, s->start, s->len) != 0 ||
	    strspn(digits, "0123456789abcdef") != RANDOM_DIGITS ||
	    digits[RANDOM_DIGITS] != '\0')
		return 0;
	fd = openat(
	    s->dir->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return 0;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid == geteuid() && lock_file(fd, F_RDLCK) == 0)
		unlinkat(s->dir->fd, name, 0);
	close(fd);
	return 0;
}

void
output_dir_sweep(struct output_dir *d, const char *name)
{
	struct sweep s = { .dir = d };
	struct report_held held;

	s.len = temp_start(s.start, name);
	/* A directory need not be readable. */
	report_hold(&held);
	output_dir_list(d, sweep_file, &s);
	report_release_held(&held, "");
}

int
output_file_publish(struct output_file *f, bool sync)
{
	int fd = f->fd;

	if (sync && fsync(fd) == -1 && errno != EINVAL && errno != EROFS)
		goto failed;
	/* Some file systems report a full disk only now. */
	f->fd = -1;
	if (close(fd) == -1)
		goto failed;
	if (f->temp[0] == '\0')
		return 0;
	/* The C library would use another call if there are no flags. */
	if (syscall(SYS_renameat2, f->dir->fd, f->temp, f->dir->fd, f->name,
		0) == -1)
		goto failed;
	meanwhile.set = 0;
	f->temp[0] = '\0';
	output_file_discard(f);
	return 0;

failed:
	fail(f->dir, f->name);
	output_file_discard(f);
	return -1;
}

void
output_file_discard(struct output_file *f)
{
	if (f->fd != -1)
		close(f->fd);
	f->fd = -1;
	if (f->temp[0] != '\0') {
		unlinkat(f->dir->fd, f->temp, 0);
		meanwhile.set = 0;
		f->temp[0] = '\0';
	}
	if (f->lock != -1)
		close(f->lock);
	f->lock = -1;
}

int
output_dir_remove(struct output_dir *d, const char *name)
{
	if (unlinkat(d->fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	return fail(d, name);
}

int
output_dir_list(
    struct output_dir *d, int (*fn)(void *ctx, const char *name), void *ctx)
{
	int fd = fcntl(d->fd, F_DUPFD_CLOEXEC, 0), ret = 0;
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (dir == NULL) {
		fail(d, "");
		if (fd != -1)
			close(fd);
		return -1;
	}
	/* The copy shares its place with the original. */
	rewinddir(dir);
	for (errno = 0; ret == 0 && (e = readdir(dir)) != NULL; errno = 0)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			ret = fn(ctx, e->d_name);
	if (ret == 0 && errno != 0)
		ret = fail(d, "");
	closedir(dir);
	return ret;
}
