#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "attach/file.h"
#include "base/report.h"
#include "host/linker-cache.h"
#include "host/mappings.h"
#include "host/open-in-root.h"

/* Keep the descriptor of a file in f, which is then called name, or return the
 * failure. */
static struct attach_error
keep_descriptor(struct attach_file *f, const char *name, int fd)
{
	f->fd = fd;
	f->name = strdup(name);
	if (f->name == NULL || asprintf(&f->path, "/proc/self/fd/%d", fd) == -1)
		return attach_errno(ENOMEM);
	return ATTACH_SUCCESS;
}

/* Open the root directory of a process.  Returns its descriptor or -1, and sets
 * *e then. */
static int
open_root(int pid, struct attach_error *e)
{
	int root = open_in_root_dir(pid);

	if (root != -1)
		return root;
	/* A zombie has no root directory. */
	if (errno == ENOENT || errno == ESRCH)
		*e = attach_invalid("there is no process %d", pid);
	else if (errno == EACCES || errno == EPERM)
		*e = attach_invalid("the files of process %d cannot be seen; "
				    "run as root, or add CAP_SYS_PTRACE",
		    pid);
	else
		*e = attach_errno(errno);
	return -1;
}

static struct attach_error
not_in_process(const char *path, int pid, int error)
{
	if (error == EINVAL)
		return attach_invalid("%s: not a regular file", path);
	if (error == ENOENT || error == ENOTDIR)
		return attach_missing("%s: no such file in the root directory "
				      "of process %d",
		    path, pid);
	return attach_invalid("%s: %s", path, report_error_text(error));
}

/* Open the file at our own path, for a probe of one process. */
static struct attach_error
open_own(struct attach_file *f, const char *path, int pid)
{
	int fd = open_in_root_own_path(path);

	return fd != -1 ? keep_descriptor(f, path, fd)
			: not_in_process(path, pid, errno);
}

/* Open the file that the process finds at path.  A relative path starts in our
 * working directory, and one like /proc/PID/root/FILE is ours, as the pid is.
 */
static struct attach_error
open_of_process(struct attach_file *f, const char *path, int pid)
{
	struct attach_error e;
	int root = open_root(pid, &e), fd;
	char *cwd = path[0] == '/' ? strdup("") : getcwd(NULL, 0), *full;

	if (cwd == NULL || asprintf(&full, "%s%s%s", cwd,
			       path[0] == '/' ? "" : "/", path) == -1)
		full = NULL;
	free(cwd);
	if (root == -1) {
		free(full);
		return e;
	}
	fd = full != NULL ? open_in_root_path(root, full) : -1;
	if (full == NULL)
		e = attach_errno(ENOMEM);
	else if (fd == -1)
		e = not_in_process(path, pid, errno);
	else
		e = keep_descriptor(f, path, fd);
	close(root);
	free(full);
	return e;
}

/* Use the path in our own root directory. */
static struct attach_error
use_own_path(struct attach_file *f, const char *path)
{
	f->name = strdup(path);
	f->path = strdup(path);
	return f->name != NULL && f->path != NULL ? ATTACH_SUCCESS
						  : attach_errno(ENOMEM);
}

static bool
is_file_at(const char *path, int fd)
{
	struct stat a, b;

	return stat(path, &a) == 0 && fstat(fd, &b) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

struct attach_error
attach_file_mapped_path(const struct attach_file *f, int pid, char **path)
{
	char link[PATH_MAX];
	ssize_t n;

	if (f->fd == -1) {
		*path = strdup(f->path);
		return *path != NULL ? ATTACH_SUCCESS : attach_errno(ENOMEM);
	}
	n = readlink(f->path, link, sizeof(link) - 1);
	if (n == -1)
		return attach_errno(errno);
	link[n] = '\0';
	/* The link is what /proc/PID/maps has: the path from our root directory
	 * or, where that does not lead to the file, from that of its mount
	 * namespace. */
	if (is_file_at(link, f->fd))
		*path = strdup(link);
	else if (asprintf(path, "/proc/%d/root%s", pid, link) == -1)
		*path = NULL;
	if (*path == NULL)
		return attach_errno(ENOMEM);
	if (is_file_at(*path, f->fd))
		return ATTACH_SUCCESS;
	free(*path);
	*path = NULL;
	return attach_invalid("%s: process %d has changed its root directory, "
			      "and libbpf cannot find the file",
	    f->name, pid);
}

void
attach_file_close(struct attach_file *f)
{
	if (f->fd != -1)
		close(f->fd);
	free(f->name);
	free(f->path);
	*f = (struct attach_file){ .fd = -1 };
}

/* Find a regular file in one of the directories "a:b:c".  Returns its path, to
 * free, or NULL. */
static char *
search_dirs(const char *dirs, const char *name)
{
	struct stat st;
	char *path;
	size_t n;

	for (; dirs != NULL && *dirs != '\0'; dirs += n + (dirs[n] == ':')) {
		n = strcspn(dirs, ":");
		if (n == 0)
			continue;
		if (asprintf(&path, "%.*s/%s", (int)n, dirs, name) == -1)
			return NULL;
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
			return path;
		free(path);
	}
	return NULL;
}

/* Find a file that the dynamic linker would load as the library of this name.
 * If wanted ends with a dot, what follows it in the name does not matter.
 * Returns its path, to free, or NULL. */
static char *
search_library(const char *wanted)
{
	bool prefix = wanted[strlen(wanted) - 1] == '.';
	char *path = NULL, dirs[512];
	struct utsname system;

	if (!prefix)
		path = search_dirs(getenv("LD_LIBRARY_PATH"), wanted);
	if (path == NULL)
		path = linker_cache_find(wanted);
	if (path != NULL || prefix || uname(&system) == -1)
		return path;
	/* With those that Debian adds for the architecture. */
	snprintf(dirs, sizeof(dirs),
	    "/lib/%s-linux-gnu:/usr/lib/%s-linux-gnu:"
	    "/lib64:/usr/lib64:/lib:/usr/lib",
	    system.machine, system.machine);
	return search_dirs(dirs, wanted);
}

/* Whether the file is the library NAME.so, whatever its version, as "libc.so.6"
 * and "libc-2.31.so" of "libc". */
static bool
is_library_of(const char *file, const char *name)
{
	size_t n = strlen(name);

	return strncmp(file, name, n) == 0 &&
	       (strncmp(file + n, ".so", 3) == 0 ||
		   (file[n] == '-' && isdigit((unsigned char)file[n + 1]) &&
		       strstr(file + n, ".so") != NULL));
}

static bool
has_base_name(const char *file, const char *name)
{
	return strcmp(file, name) == 0;
}

/* Open the file of a mapping.  The kernel's own link to it needs a privilege,
 * but leads to a file that was replaced or unlinked meanwhile, too. */
static int
open_mapped(const struct mapping *m, int pid)
{
	struct stat st;
	char link[96];
	int fd, root;

	snprintf(link, sizeof(link), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64,
	    pid, m->start, m->end);
	fd = open_in_root_own_path(link);
	if (fd != -1)
		return fd;
	/* The path is from our root directory or, where that does not lead to
	 * the file, from that of its mount namespace. */
	fd = open_in_root_own_path(m->path);
	if (fd != -1 && fstat(fd, &st) == 0 && st.st_ino == m->inode &&
	    major(st.st_dev) == m->major && minor(st.st_dev) == m->minor)
		return fd;
	if (fd != -1)
		close(fd);
	root = open_in_root_dir(pid);
	fd = root != -1 ? open_in_root_path(root, m->path) : -1;
	if (root != -1)
		close(root);
	return fd;
}

typedef bool file_name_fn(const char *file, const char *name);

/* Open the first mapped file whose base name fits.  Returns false if there is
 * none; else *e is the result. */
static bool
search_mappings(struct attach_file *f, const char *name, int pid,
    file_name_fn *fits, struct attach_error *e)
{
	struct mappings maps = { 0 };
	bool found = false;

	if (pid == -1 || mappings_read(&maps, pid) == -1)
		return false;
	for (size_t i = 0; i < maps.n && !found; i++) {
		const char *path = maps.v[i].path;
		const char *slash = path != NULL ? strrchr(path, '/') : NULL;
		int fd;

		if (slash == NULL || !fits(slash + 1, name))
			continue;
		fd = open_mapped(&maps.v[i], pid);
		*e = fd != -1 ? keep_descriptor(f, path, fd)
			      : not_in_process(path, pid, errno);
		found = true;
	}
	mappings_free(&maps);
	return found;
}

/* Find the file of a name without a slash.  Returns a path, to free, or NULL.
 */
static char *
search_file(const char *name)
{
	return strstr(name, ".so") != NULL ? search_library(name)
					   : search_dirs(getenv("PATH"), name);
}

/* Set full to the name of a library with "lib".  Returns false if the name is
 * not one without its version. */
static bool
complete_short_name(const char *name, char full[64])
{
	if (strlen(name) > 48 || strstr(name, ".so") != NULL)
		return false;
	snprintf(
	    full, 64, "%s%s", strncmp(name, "lib", 3) == 0 ? "" : "lib", name);
	return true;
}

/* Find the file of a library without its version. */
static char *
search_short_name(const char *full)
{
	char versions[80], *found;

	snprintf(versions, sizeof(versions), "%s.so.", full);
	found = search_library(versions);
	if (found == NULL) {
		versions[strlen(versions) - 1] = '\0';
		found = search_library(versions);
	}
	return found;
}

static struct attach_error
use_path(struct attach_file *f, const char *path, int pid)
{
	if (pid != -1 && strncmp(path, "/proc/", strlen("/proc/")) == 0)
		return open_own(f, path, pid);
	return pid != -1 ? open_of_process(f, path, pid)
			 : use_own_path(f, path);
}

/* Find a name without a slash. */
static struct attach_error
search_name(struct attach_file *f, const char *name, int pid)
{
	struct attach_error e;
	bool is_short;
	char full[64], *found;

	if (search_mappings(f, name, pid, has_base_name, &e))
		return e;
	is_short = complete_short_name(name, full);
	found = search_file(name);
	if (found == NULL && is_short) {
		if (search_mappings(f, full, pid, is_library_of, &e))
			return e;
		found = search_short_name(full);
	}
	if (found == NULL)
		return attach_missing("%s: no such file %s; give its path",
		    name,
		    strstr(name, ".so") != NULL
			? "in the directories of libraries"
			: "in PATH");
	e = use_path(f, found, pid);
	free(found);
	return e;
}

struct attach_error
attach_file_find(const char *name, int pid, struct attach_file *f)
{
	*f = (struct attach_file){ .fd = -1 };
	if (pid != -1 && kill(pid, 0) == -1 && errno == ESRCH)
		return attach_invalid("there is no process %d", pid);
	return strchr(name, '/') != NULL ? use_path(f, name, pid)
					 : search_name(f, name, pid);
}
