#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/util.h"
#include "lookup/cgroup-names.h"

/* The least time between two readings of the tree. */
#define WALK_PERIOD (CLOCK_SECOND / 10)

enum { DEPTH_MAX = 128 };

/* Undoes the octal escapes of proc_pid_mountinfo(5): "\040" is a blank. */
static void
unescape(char *s)
{
	char *to = s;

	for (; *s != '\0'; s++, to++) {
		*to = *s;
		if (s[0] == '\\' && strspn(s + 1, "01234567") >= 3) {
			*to = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 |
				     (s[3] - '0'));
			s += 3;
		}
	}
	*to = '\0';
}

/* Finds the root and the place of a mount in its line of mountinfo.  Returns
 * whether it is one of cgroups. */
static bool
parse_mount(char *line, char **root, char **place)
{
	char *fields[5], *rest = line, *type = strstr(line, " - ");

	if (type == NULL || strncmp(type + 3, "cgroup2 ", 8) != 0)
		return false;
	*type = '\0';
	for (size_t i = 0; i < nitems(fields); i++)
		if ((fields[i] = strsep(&rest, " ")) == NULL)
			return false;
	unescape(*root = fields[3]);
	unescape(*place = fields[4]);
	return true;
}

void
cgroup_names_open(struct cgroup_names *c)
{
	FILE *in = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, *root, *place;
	size_t cap = 0;

	*c = (struct cgroup_names){ .root = -1, .watch = { .fd = -1 } };
	/* The first of the whole hierarchy, or else the last one. */
	while (in != NULL && getline(&line, &cap, in) > 0) {
		if (!parse_mount(line, &root, &place))
			continue;
		cgroup_names_close(c);
		if (strcmp(root, "/") == 0)
			root++;
		cgroup_names_open_at(c, place, root, true);
		if (root[0] == '\0' && c->root != -1)
			break;
	}
	free(line);
	if (in != NULL)
		fclose(in);
}

void
cgroup_names_open_at(
    struct cgroup_names *c, const char *dir, const char *prefix, bool whole)
{
	struct stat st;

	*c = (struct cgroup_names){
		.root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.prefix = strdup(prefix),
		.v = { .size = sizeof(struct cgroup_name) },
		.watch = { .fd = -1 },
	};
	if (c->root == -1 || c->prefix == NULL || fstat(c->root, &st) == -1) {
		cgroup_names_close(c);
		return;
	}
	c->root_id = st.st_ino;
	cgroup_watch_open(&c->watch, dir, whole);
}

static void
drop_oldest(struct cgroup_names *c)
{
	struct cgroup_name *n = hash_at(&c->v, 0);

	free(n->name);
	hash_drop_oldest(&c->v);
}

void
cgroup_names_close(struct cgroup_names *c)
{
	while (c->v.n > 0)
		drop_oldest(c);
	hash_free(&c->v);
	free(c->prefix);
	c->prefix = NULL;
	if (c->root != -1)
		close(c->root);
	c->root = -1;
	cgroup_watch_close(&c->watch);
}

static void
add(struct cgroup_names *c, uint64_t id, uint64_t parent, const char *name)
{
	const struct hash_key key = { id, 0 };
	struct cgroup_name *n;
	char *copy;

	if (id == c->root_id || hash_find(&c->v, key) != NULL)
		return;
	if (c->v.n == CGROUP_NAMES_MAX) {
		drop_oldest(c);
		/* It may be one that has others below it. */
		c->stale = true;
	}
	if ((copy = strdup(name)) == NULL)
		return;
	if ((n = hash_add(&c->v, key)) == NULL) {
		free(copy);
		return;
	}
	n->parent = parent;
	n->name = copy;
}

static int
open_dir(int dir, const char *name)
{
	return openat(
	    dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Notes all cgroups below the directory fd, which is closed.  The order is such
 * that none that begins meanwhile is missed. */
static void
walk(struct cgroup_names *c, int fd, uint64_t id, unsigned int depth)
{
	const struct dirent *e;
	DIR *dir;

	cgroup_watch_dir(&c->watch, fd, id);
	if (c->visited++ >= CGROUP_NAMES_MAX || (dir = fdopendir(fd)) == NULL) {
		close(fd);
		return;
	}
	while ((e = readdir(dir)) != NULL) {
		int below;

		if (e->d_type != DT_DIR || strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0)
			continue;
		add(c, e->d_ino, id, e->d_name);
		if (depth < DEPTH_MAX &&
		    (below = open_dir(fd, e->d_name)) != -1)
			walk(c, below, e->d_ino, depth + 1);
	}
	closedir(dir);
}

static void
walk_all(struct cgroup_names *c)
{
	int fd = open_dir(c->root, ".");

	c->walked = clock_elapsed();
	c->stale = false;
	c->visited = 0;
	if (fd != -1)
		walk(c, fd, c->root_id, 0);
}

/* Finds the path of a cgroup, without the prefix.  Returns whether all on the
 * way to it are known. */
static bool
find_path(struct cgroup_names *c, uint64_t id)
{
	const char *names[DEPTH_MAX] = { NULL };
	size_t n = 0, len = 0;

	for (; id != c->root_id; n++) {
		const struct cgroup_name *at =
		    hash_find(&c->v, (struct hash_key){ id, 0 });

		if (at == NULL || n == nitems(names))
			return false;
		names[n] = at->name;
		id = at->parent;
	}
	c->path[0] = '\0';
	while (n-- > 0 && len < sizeof(c->path)) {
		int add = snprintf(
		    c->path + len, sizeof(c->path) - len, "/%s", names[n]);

		len += add > 0 ? (size_t)add : 0;
	}
	return true;
}

/* Notes a cgroup that was made, unless it has gone again, and those that were
 * made in it before it was watched. */
static void
note_made(struct cgroup_names *c, const struct cgroup_event *e)
{
	int dir, fd;
	struct stat st;

	if (!find_path(c, e->dir) ||
	    (dir = open_dir(c->root, c->path[0] != '\0' ? c->path + 1 : ".")) ==
		-1)
		return;
	fd = open_dir(dir, e->name);
	close(dir);
	if (fd == -1)
		return;
	if (fstat(fd, &st) == -1) {
		close(fd);
		return;
	}
	add(c, st.st_ino, e->dir, e->name);
	c->visited = 0;
	/* The events of those below it come too. */
	if (c->watch.whole)
		close(fd);
	else
		walk(c, fd, st.st_ino, 0);
}

void
cgroup_names_note(struct cgroup_names *c)
{
	struct cgroup_event e;

	/* Before, nobody has asked for one. */
	if (c->walked == 0)
		return;
	while (cgroup_watch_next(&c->watch, &e)) {
		switch (e.type) {
		case CGROUP_MADE:
			note_made(c, &e);
			break;
		case CGROUP_ENDED:
			add(c, e.id, e.dir, e.name);
			break;
		case CGROUP_LOST:
			c->stale = true;
			break;
		}
	}
}

/* Puts the prefix before the path. */
static const char *
finish_path(struct cgroup_names *c)
{
	size_t prefix = strlen(c->prefix), len = strlen(c->path);

	if (prefix >= sizeof(c->path))
		return NULL;
	if (len > sizeof(c->path) - 1 - prefix)
		len = sizeof(c->path) - 1 - prefix;
	memmove(c->path + prefix, c->path, len);
	memcpy(c->path, c->prefix, prefix);
	c->path[prefix + len] = '\0';
	return c->path[0] != '\0' ? c->path : "/";
}

/* Whether reading the tree may find a cgroup that is missing. */
static bool
may_walk(const struct cgroup_names *c)
{
	return (c->stale || c->watch.fd == -1 || c->watch.incomplete) &&
	       clock_elapsed() - c->walked > WALK_PERIOD;
}

const char *
cgroup_names_find(struct cgroup_names *c, uint64_t id)
{
	bool found;

	if (c->root == -1)
		return NULL;
	if (c->walked == 0)
		walk_all(c);
	cgroup_names_note(c);
	found = find_path(c, id);
	if (!found && may_walk(c)) {
		walk_all(c);
		cgroup_names_note(c);
		found = find_path(c, id);
	}
	return found ? finish_path(c) : NULL;
}
