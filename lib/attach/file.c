#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "attach/file.h"
#include "host/mappings.h"
#include "host/open-in-root.h"

/* Whether the process has another root directory than this one. */
static bool
has_other_root(int pid)
{
	struct stat ours, its;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	return stat("/", &ours) == 0 && stat(path, &its) == 0 &&
	       (ours.st_dev != its.st_dev || ours.st_ino != its.st_ino);
}

/* Whether through, the path by way of /proc/PID/root, leads to the file that
 * the process finds at path.  An absolute symbolic link on the way would lead
 * into our root directory instead. */
static bool
is_file_of_process(const char *through, const char *path, int pid)
{
	int root = open_in_root_dir(pid), fd = open_in_root(root, path);
	struct stat its, ours;
	bool same = fd != -1 && fstat(fd, &its) == 0 &&
		    stat(through, &ours) == 0 && its.st_dev == ours.st_dev &&
		    its.st_ino == ours.st_ino;

	if (fd != -1)
		close(fd);
	if (root != -1)
		close(root);
	return same;
}

/* Make *out the path by which this process can open the file that the process
 * pid finds at path. */
static struct attach_error
translate_path(const char *path, int pid, char **out)
{
	if (pid == -1 || path[0] != '/' || !has_other_root(pid)) {
		*out = strdup(path);
		return *out != NULL ? ATTACH_SUCCESS : attach_errno(ENOMEM);
	}
	if (asprintf(out, "/proc/%d/root%s", pid, path) == -1)
		return attach_errno(ENOMEM);
	if (is_file_of_process(*out, path, pid))
		return ATTACH_SUCCESS;
	free(*out);
	*out = NULL;
	return attach_invalid(
	    "%s: no such file in the root directory of "
	    "process %d, or only through symbolic links; give "
	    "the path of the file itself",
	    path, pid);
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

/* The same in the directories of the dynamic linker, with those that Debian
 * adds for the architecture. */
static char *
search_library(const char *name)
{
	char *path = search_dirs(getenv("LD_LIBRARY_PATH"), name), dirs[512];
	struct utsname system;

	if (path != NULL || uname(&system) == -1)
		return path;
	snprintf(dirs, sizeof(dirs),
	    "/lib/%s-linux-gnu:/usr/lib/%s-linux-gnu:"
	    "/lib64:/usr/lib64:/lib:/usr/lib",
	    system.machine, system.machine);
	return search_dirs(dirs, name);
}

/* The path, as the process sees it, of the mapped file with this base name: a
 * string to free, or NULL. */
static char *
search_mappings(const char *name, int pid)
{
	struct mappings maps = { 0 };
	char *found = NULL;

	if (mappings_read(&maps, pid) == -1)
		return NULL;
	for (size_t i = 0; i < maps.n && found == NULL; i++) {
		const char *path = maps.v[i].path;
		const char *slash = path != NULL ? strrchr(path, '/') : NULL;

		if (slash != NULL && strcmp(slash + 1, name) == 0)
			found = strdup(path);
	}
	mappings_free(&maps);
	return found;
}

struct attach_error
attach_file_find(const char *name, int pid, char **path)
{
	bool library = strstr(name, ".so") != NULL;
	struct attach_error e;
	char *mapped;

	if (pid != -1 && kill(pid, 0) == -1 && errno == ESRCH)
		return attach_invalid("there is no process %d", pid);
	if (strchr(name, '/') != NULL)
		return translate_path(name, pid, path);
	mapped = pid != -1 ? search_mappings(name, pid) : NULL;
	if (mapped != NULL) {
		e = translate_path(mapped, pid, path);
		free(mapped);
		return e;
	}
	*path =
	    library ? search_library(name) : search_dirs(getenv("PATH"), name);
	if (*path != NULL)
		return ATTACH_SUCCESS;
	return attach_invalid("%s: no such file %s; give its path", name,
	    library ? "in the directories of libraries" : "in PATH");
}
