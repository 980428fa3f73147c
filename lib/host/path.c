#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/report.h"
#include "host/path.h"

/* dir as an absolute path without slashes at its end: a string to free, or NULL
 * with errno set.  "/" becomes "". */
static char *
join_cwd(const char *dir)
{
	char *cwd = dir[0] == '/' ? strdup("") : getcwd(NULL, 0);
	char *path;
	size_t n;

	/* "/" as working directory ends with the slash already. */
	if (cwd == NULL ||
	    asprintf(&path, "%s%s%s", cwd,
		dir[0] == '/' || strcmp(cwd, "/") == 0 ? "" : "/", dir) == -1)
		path = NULL;
	free(cwd);
	n = path != NULL ? strlen(path) : 0;
	while (n > 0 && path[n - 1] == '/')
		path[--n] = '\0';
	return path;
}

/* Resolve the longest part of path that exists, by realpath(3).  Returns a
 * string to free, or NULL with errno set.  *rest becomes the part that does not
 * exist. */
static char *
resolve_existing(char *path, const char **rest)
{
	size_t cut = strlen(path);
	char *real, *end;

	for (;;) {
		end = strndup(path, cut);
		real = end != NULL ? realpath(cut > 0 ? end : "/", NULL) : NULL;
		free(end);
		/* bpffs fails with EPERM for a name with a dot. */
		if (real != NULL || (errno != ENOENT && errno != EPERM) ||
		    cut == 0)
			break;
		while (cut > 0 && path[--cut] != '/')
			;
	}
	*rest = path + cut;
	return real;
}

/* What to do about an error, for the end of a message. */
static const char *
error_advice(int error)
{
	return error == EACCES ? "; run as root, or as its owner" : "";
}

char *
path_absolute(const char *dir)
{
	char *path = join_cwd(dir), *real = NULL, *absolute = NULL;
	const char *rest;

	if (path != NULL)
		real = resolve_existing(path, &rest);
	if (real == NULL)
		report_error(
		    "%s: %s%s", dir, strerror(errno), error_advice(errno));
	else if (asprintf(&absolute, "%s%s",
		     strcmp(real, "/") == 0 && *rest != '\0' ? "" : real,
		     rest) == -1) {
		absolute = NULL;
		report_nomem();
	}
	free(real);
	free(path);
	return absolute;
}

/* Whether users other than root and this one may write to it. */
static bool
others_may_write(const struct stat *st)
{
	bool group = st->st_gid != 0 && st->st_gid != getegid();

	return (st->st_mode & S_IWOTH) != 0 ||
	       (group && (st->st_mode & S_IWGRP) != 0);
}

/* Check one directory or link of the path.  Returns 1, 0 if it does not exist,
 * or -1 after reporting. */
static int
check_component(const char *path, bool last)
{
	struct stat st;

	/* Other errors are reported when the directory is used. */
	if (lstat(path, &st) == -1)
		return 0;
	if (st.st_uid != 0 && st.st_uid != geteuid()) {
		report_error(
		    "%s: not safe, because it belongs to another user", path);
		return -1;
	}
	if (S_ISDIR(st.st_mode) && others_may_write(&st) &&
	    (last || (st.st_mode & S_ISVTX) == 0)) {
		report_error("%s: not safe, because other users may write to "
			     "it; use a directory of your own",
		    path);
		return -1;
	}
	return 1;
}

/* Check each component of an absolute path. */
static int
check_components(char *path)
{
	int ret = check_component("/", *path == '\0');

	for (char *p = path; ret == 1 && *p != '\0';) {
		char end = *++p;

		if (end != '/' && end != '\0')
			continue;
		*p = '\0';
		ret = check_component(path, end == '\0');
		*p = end;
	}
	return ret == -1 ? -1 : 0;
}

int
path_check_owners(const char *dir)
{
	char *path = join_cwd(dir), *real = NULL;
	int ret = -1;

	if (path == NULL)
		report_error("%s: %s", dir, strerror(errno));
	else if (check_components(path) == 0 &&
		 (real = path_absolute(dir)) != NULL)
		ret = check_components(real);
	free(real);
	free(path);
	return ret;
}
