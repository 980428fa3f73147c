/*
 * The files that probes of user space go into, found as the shell, the dynamic
 * linker or the process in question would find them.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "attach/way.h"
#include "host/mappings.h"
#include "host/open-in-root.h"

/* Whether the process sees other files than this one. */
static bool
lives_elsewhere(int pid)
{
	struct stat ours, its;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	return stat("/", &ours) == 0 && stat(path, &its) == 0 &&
	       (ours.st_dev != its.st_dev || ours.st_ino != its.st_ino);
}

/* Whether the path through /proc leads to what the process sees there: from
 * here a link in it leads out of the other root, if it is absolute. */
static bool
is_its_file(const char *there, const char *path, int pid)
{
	int root = open_in_root_dir(pid), fd = open_in_root(root, path);
	struct stat its, ours;
	bool same = fd != -1 && fstat(fd, &its) == 0 &&
		    stat(there, &ours) == 0 && its.st_dev == ours.st_dev &&
		    its.st_ino == ours.st_ino;

	if (fd != -1)
		close(fd);
	if (root != -1)
		close(root);
	return same;
}

/* The path as this process can open it: a string to free, or NULL as
 * attach_file(). */
static char *
reach(const struct attach_job *j, const char *path, int pid)
{
	char *there;

	if (pid == -1 || path[0] != '/' || !lives_elsewhere(pid))
		return strdup(path);
	if (asprintf(&there, "/proc/%d/root%s", pid, path) == -1)
		return NULL;
	if (is_its_file(there, path, pid))
		return there;
	attach_refuse(j,
	    "%s: no such file in the root directory of process %d,"
	    " or only through links; give the file itself",
	    path, pid);
	free(there);
	return NULL;
}

/* The file of this name in one of the directories, "a:b:c"; or NULL. */
static char *
find_in(const char *dirs, const char *name)
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

/* The library where the dynamic linker looks, Debian's directories too. */
static char *
find_library(const char *name)
{
	char *path = find_in(getenv("LD_LIBRARY_PATH"), name), dirs[512];
	struct utsname system;

	if (path != NULL || uname(&system) == -1)
		return path;
	snprintf(dirs, sizeof(dirs),
	    "/lib/%s-linux-gnu:/usr/lib/%s-linux-gnu:"
	    "/lib64:/usr/lib64:/lib:/usr/lib",
	    system.machine, system.machine);
	return find_in(dirs, name);
}

/* The mapped file of this name, as the process names it: a string to free, or
 * NULL. */
static char *
find_mapped(const char *name, int pid)
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

/* The mapped file as this process can open it; or NULL, with *mapped set if
 * there is one. */
static char *
reach_mapped(
    const struct attach_job *j, const char *name, int pid, bool *mapped)
{
	char *path = pid != -1 ? find_mapped(name, pid) : NULL, *there = NULL;

	*mapped = path != NULL;
	if (path != NULL)
		there = reach(j, path, pid);
	free(path);
	return there;
}

char *
attach_file(const struct attach_job *j, const char *name, int pid)
{
	bool library = strstr(name, ".so") != NULL, mapped;
	char *path;

	if (pid != -1 && kill(pid, 0) == -1 && errno == ESRCH) {
		attach_refuse(j, "there is no process %d", pid);
		return NULL;
	}
	if (strchr(name, '/') != NULL)
		return reach(j, name, pid);
	path = reach_mapped(j, name, pid, &mapped);
	if (path != NULL || mapped)
		return path;
	path = library ? find_library(name) : find_in(getenv("PATH"), name);
	if (path == NULL)
		attach_refuse(j, "%s: no such file %s; give its path", name,
		    library ? "where libraries are" : "in PATH");
	return path;
}
