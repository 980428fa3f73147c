/*
 * The files that probes of user space go into, found as the shell, the dynamic
 * linker or the process in question would find them.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "attach-way.h"

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

/* The path as this process can open it: a string to free, or NULL. */
static char *
reach(const char *path, int pid)
{
	char *there;

	if (pid == -1 || path[0] != '/' || !lives_elsewhere(pid))
		return strdup(path);
	return asprintf(&there, "/proc/%d/root%s", pid, path) == -1 ? NULL
								    : there;
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

/* The mapped file of this name, as the process names it; or NULL. */
static char *
find_mapped(const char *name, int pid)
{
	char maps[64], line[PATH_MAX + 128], *path, *slash, *found = NULL;
	FILE *in;

	snprintf(maps, sizeof(maps), "/proc/%d/maps", pid);
	in = fopen(maps, "re");
	while (in != NULL && found == NULL &&
	       fgets(line, sizeof(line), in) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		path = strchr(line, '/');
		slash = strrchr(line, '/');
		if (slash != NULL && strcmp(slash + 1, name) == 0)
			found = reach(path, pid);
	}
	if (in != NULL)
		fclose(in);
	return found;
}

char *
attach_file(const struct attach_job *j, const char *name, int pid)
{
	char *path = NULL;

	if (pid != -1 && kill(pid, 0) == -1 && errno == ESRCH) {
		attach_refuse(j, "there is no process %d", pid);
		return NULL;
	}
	if (strchr(name, '/') != NULL)
		return reach(name, pid);
	if (pid != -1)
		path = find_mapped(name, pid);
	if (path == NULL)
		path = strstr(name, ".so") != NULL
			   ? find_library(name)
			   : find_in(getenv("PATH"), name);
	if (path == NULL)
		attach_refuse(j, "%s: no such file %s", name,
		    strstr(name, ".so") != NULL
			? "where libraries are; give its path"
			: "in PATH; give its path");
	return path;
}
