#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "attach/file.h"
#include "host/linker-cache.h"
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

/* The path, as the process sees it, of the first mapped file whose base name
 * fits: a string to free, or NULL. */
static char *
search_mappings(
    const char *name, int pid, bool (*fits)(const char *file, const char *name))
{
	struct mappings maps = { 0 };
	char *found = NULL;

	if (mappings_read(&maps, pid) == -1)
		return NULL;
	for (size_t i = 0; i < maps.n && found == NULL; i++) {
		const char *path = maps.v[i].path;
		const char *slash = path != NULL ? strrchr(path, '/') : NULL;

		if (slash != NULL && fits(slash + 1, name))
			found = strdup(path);
	}
	mappings_free(&maps);
	return found;
}

/* Find the file of a name without a slash.  If *of_process is set, the path is
 * one in the root directory of the process.  Returns a string to free, or
 * NULL. */
static char *
search_file(const char *name, int pid, bool *of_process)
{
	char *found = NULL;

	if (pid != -1)
		found = search_mappings(name, pid, has_base_name);
	*of_process = found != NULL;
	if (found != NULL)
		return found;
	return strstr(name, ".so") != NULL ? search_library(name)
					   : search_dirs(getenv("PATH"), name);
}

/* The same for a library without its version, with or without "lib". */
static char *
search_short_name(const char *name, int pid, bool *of_process)
{
	char full[64], versions[80], *found = NULL;

	*of_process = false;
	if (strlen(name) > 48 || strstr(name, ".so") != NULL)
		return NULL;
	snprintf(full, sizeof(full), "%s%s",
	    strncmp(name, "lib", 3) == 0 ? "" : "lib", name);
	snprintf(versions, sizeof(versions), "%s.so.", full);
	if (pid != -1)
		found = search_mappings(full, pid, is_library_of);
	*of_process = found != NULL;
	if (found == NULL)
		found = search_library(versions);
	if (found == NULL) {
		versions[strlen(versions) - 1] = '\0';
		found = search_library(versions);
	}
	return found;
}

struct attach_error
attach_file_find(const char *name, int pid, char **path)
{
	bool library = strstr(name, ".so") != NULL, of_process;
	struct attach_error e;
	char *found;

	if (pid != -1 && kill(pid, 0) == -1 && errno == ESRCH)
		return attach_invalid("there is no process %d", pid);
	if (strchr(name, '/') != NULL)
		return translate_path(name, pid, path);
	found = search_file(name, pid, &of_process);
	if (found == NULL)
		found = search_short_name(name, pid, &of_process);
	if (found != NULL) {
		e = translate_path(found, of_process ? pid : -1, path);
		free(found);
		return e;
	}
	return attach_missing("%s: no such file %s; give its path", name,
	    library ? "in the directories of libraries" : "in PATH");
}
