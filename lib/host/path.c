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

/* dir with the working directory before it, where it needs that, and without
 * slashes at its end: a string to free, or NULL with errno set. */
static char *
whole_path(const char *dir)
{
	char *cwd = dir[0] == '/' ? strdup("") : getcwd(NULL, 0);
	char *path;
	size_t n;

	/* Of "/" and of an absolute path the slash is there. */
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

/* What is there of path, as realpath(3) shows it: a string to free, or NULL
 * with errno set.  *rest becomes the part that is not there. */
static char *
real_part(char *path, const char **rest)
{
	size_t cut = strlen(path);
	char *real, *end;

	for (;;) {
		end = strndup(path, cut);
		real = end != NULL ? realpath(cut > 0 ? end : "/", NULL) : NULL;
		free(end);
		/* bpffs says EPERM of a name with a dot. */
		if (real != NULL || (errno != ENOENT && errno != EPERM) ||
		    cut == 0)
			break;
		while (cut > 0 && path[--cut] != '/')
			;
	}
	*rest = path + cut;
	return real;
}

/* What helps against an error. */
static const char *
advice(int error)
{
	return error == EACCES ? "; run as root, or as its owner" : "";
}

char *
path_absolute(const char *dir)
{
	char *path = whole_path(dir), *real = NULL, *absolute = NULL;
	const char *rest;

	if (path != NULL)
		real = real_part(path, &rest);
	if (real == NULL)
		report_error("%s: %s%s", dir, strerror(errno), advice(errno));
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

/* One mkdir -p.  Returns 0, or -1 with errno set. */
static int
try_dirs(char *path)
{
	int ret = 0;

	for (char *p = path + 1;; p++) {
		char end = *p;

		if (end != '/' && end != '\0')
			continue;
		*p = '\0';
		ret = mkdir(path, 0700);
		*p = end;
		if (end == '\0' || (ret == -1 && errno != EEXIST))
			break;
	}
	return ret == -1 && errno == EEXIST ? 0 : ret;
}

int
path_make(const char *path)
{
	char *copy;
	int ret, tries = 10;

	/* Else mkdir(2) says so after all that fits was made. */
	if (strlen(path) >= PATH_MAX) {
		report_error("%s: %s", path, strerror(ENAMETOOLONG));
		return -1;
	}
	if ((copy = strdup(path)) == NULL)
		return report_nomem();
	/* A sweep may take an empty parent away again. */
	do
		ret = try_dirs(copy);
	while (ret == -1 && errno == ENOENT && tries-- > 0);
	if (ret == -1)
		report_error("%s: %s%s", path, strerror(errno), advice(errno));
	free(copy);
	return ret;
}

/* Whether others than root and this user may write into it. */
static bool
others_write(const struct stat *st)
{
	bool group = st->st_gid != 0 && st->st_gid != getegid();

	return (st->st_mode & S_IWOTH) != 0 ||
	       (group && (st->st_mode & S_IWGRP) != 0);
}

/* One step of the way.  Returns 1, 0 where the way ends, or -1 after
 * reporting. */
static int
check_step(const char *path, bool last)
{
	struct stat st;

	/* What cannot be looked at is for those to report who go there. */
	if (lstat(path, &st) == -1)
		return 0;
	if (st.st_uid != 0 && st.st_uid != geteuid()) {
		report_error("%s: belongs to another user, who could put "
			     "anything there",
		    path);
		return -1;
	}
	if (S_ISDIR(st.st_mode) && others_write(&st) &&
	    (last || (st.st_mode & S_ISVTX) == 0)) {
		report_error("%s: others may write there, and could put "
			     "anything there; take a directory of your own",
		    path);
		return -1;
	}
	return 1;
}

static int
check_steps(char *path)
{
	int ret = check_step("/", *path == '\0');

	for (char *p = path; ret == 1 && *p != '\0';) {
		char end = *++p;

		if (end != '/' && end != '\0')
			continue;
		*p = '\0';
		ret = check_step(path, end == '\0');
		*p = end;
	}
	return ret == -1 ? -1 : 0;
}

int
path_check_owners(const char *dir)
{
	char *path = whole_path(dir), *real = NULL;
	int ret = -1;

	if (path == NULL)
		report_error("%s: %s", dir, strerror(errno));
	else if (check_steps(path) == 0 && (real = path_absolute(dir)) != NULL)
		ret = check_steps(real);
	free(real);
	free(path);
	return ret;
}
