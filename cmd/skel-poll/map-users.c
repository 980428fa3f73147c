#include <bpf/bpf.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/report.h"
#include "map-users.h"

enum { PATH_ROOM = 96, PROGRAM_MAPS_MAX = 4096 };

static int
add_user(struct map_users *u, uint32_t map, enum map_user_kind kind,
    uint32_t id, const char *name)
{
	struct map_user *user;

	if (!array_room(u->v, u->n, u->cap))
		return report_nomem();
	user = &u->v[u->n];
	*user = (struct map_user){ map, kind, id, strdup(name) };
	if (user->name == NULL)
		return report_nomem();
	u->n++;
	return 0;
}

/* Adds the program as a user of its maps. */
static int
add_program_maps(struct map_users *u, uint32_t id, int fd)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info), *maps;
	size_t n;
	int ret = 0;

	if (bpf_obj_get_info_by_fd(fd, &info, &len) != 0)
		return 0;
	n = info.nr_map_ids < PROGRAM_MAPS_MAX ? info.nr_map_ids
					       : PROGRAM_MAPS_MAX;
	if ((maps = calloc(n + 1, sizeof(*maps))) == NULL)
		return report_nomem();
	len = sizeof(info);
	info = (struct bpf_prog_info){ .nr_map_ids = (uint32_t)n,
		.map_ids = (uint64_t)(uintptr_t)maps };
	if (bpf_obj_get_info_by_fd(fd, &info, &len) == 0)
		for (size_t i = 0; i < n && i < info.nr_map_ids && ret == 0;
		     i++)
			ret = add_user(
			    u, maps[i], MAP_USER_PROGRAM, id, info.name);
	free(maps);
	return ret;
}

static int
find_programs(struct map_users *u)
{
	uint32_t id = 0;
	int fd, ret = 0;

	while (ret == 0 && bpf_prog_get_next_id(id, &id) == 0) {
		if ((fd = bpf_prog_get_fd_by_id(id)) < 0)
			continue;
		ret = add_program_maps(u, id, fd);
		close(fd);
	}
	return ret;
}

/* Reads a small file below /proc.  Returns false if that fails. */
static bool
read_proc(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (fd != -1) {
		n = read(fd, text, size - 1);
		close(fd);
	}
	text[n > 0 ? n : 0] = '\0';
	return n >= 0;
}

/* Returns the number of the map that descriptor fd of a process is, or 0. */
static uint32_t
map_of_descriptor(const char *pid, const char *fd)
{
	char path[PATH_ROOM], text[1024], *at;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%.16s/fd/%.16s", pid, fd);
	n = readlink(path, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	if (strcmp(text, "anon_inode:bpf-map") != 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%.16s/fdinfo/%.16s", pid, fd);
	if (!read_proc(path, text, sizeof(text)) ||
	    (at = strstr(text, "\nmap_id:")) == NULL)
		return 0;
	return (uint32_t)strtoul(at + strlen("\nmap_id:"), NULL, 10);
}

static int
add_process_maps(struct map_users *u, const char *pid)
{
	char path[PATH_ROOM], comm[32];
	struct dirent *e;
	uint32_t map;
	DIR *dir;
	int ret = 0;

	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	if ((dir = opendir(path)) == NULL)
		return 0;
	snprintf(path, sizeof(path), "/proc/%.16s/comm", pid);
	read_proc(path, comm, sizeof(comm));
	comm[strcspn(comm, "\n")] = '\0';
	while (ret == 0 && (e = readdir(dir)) != NULL)
		if (isdigit((unsigned char)e->d_name[0]) &&
		    (map = map_of_descriptor(pid, e->d_name)) != 0)
			ret = add_user(u, map, MAP_USER_PROCESS,
			    (uint32_t)strtoul(pid, NULL, 10), comm);
	closedir(dir);
	return ret;
}

static int
find_processes(struct map_users *u)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;
	int ret = 0;

	if (dir == NULL) {
		report_notice("/proc: %s; the processes that hold maps are not "
			      "shown",
		    strerror(errno));
		return 0;
	}
	while (ret == 0 && (e = readdir(dir)) != NULL)
		if (isdigit((unsigned char)e->d_name[0]) &&
		    strtoul(e->d_name, NULL, 10) != (unsigned long)getpid())
			ret = add_process_maps(u, e->d_name);
	closedir(dir);
	return ret;
}

/* Adds the file as a pin, if it is one of a map. */
static int
add_pin(struct map_users *u, const char *path)
{
	char number[16];
	int fd = bpf_obj_get(path);
	uint32_t map;

	if (fd < 0)
		return 0;
	snprintf(number, sizeof(number), "%d", fd);
	map = map_of_descriptor("self", number);
	close(fd);
	return map == 0 ? 0 : add_user(u, map, MAP_USER_PIN, 0, path);
}

static int
find_pins_below(struct map_users *u, char *dir)
{
	char *const dirs[] = { dir, NULL };
	FTS *fts = fts_open(dirs, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	FTSENT *e;
	int ret = 0;

	if (fts == NULL)
		return 0;
	while (ret == 0 && (e = fts_read(fts)) != NULL)
		if (e->fts_info == FTS_F || e->fts_info == FTS_DEFAULT)
			ret = add_pin(u, e->fts_path);
	fts_close(fts);
	return ret;
}

static int
find_pins(struct map_users *u)
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	struct mntent *m;
	int ret = 0;

	if (mounts == NULL)
		return 0;
	while (ret == 0 && (m = getmntent(mounts)) != NULL)
		if (strcmp(m->mnt_type, "bpf") == 0)
			ret = find_pins_below(u, m->mnt_dir);
	endmntent(mounts);
	return ret;
}

static int
compare_users(const void *a, const void *b)
{
	const struct map_user *x = a, *y = b;

	if (x->map != y->map)
		return x->map < y->map ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Removes what was found more than once: a process may hold a map in several
 * descriptors, and a bpffs may be mounted in several places. */
static void
drop_repeated(struct map_users *u)
{
	size_t n = 0;

	for (size_t i = 0; i < u->n; i++) {
		if (n > 0 && compare_users(&u->v[n - 1], &u->v[i]) == 0)
			free(u->v[i].name);
		else
			u->v[n++] = u->v[i];
	}
	u->n = n;
}

int
map_users_find(struct map_users *u)
{
	*u = (struct map_users){ 0 };
	if (find_programs(u) == -1 || find_processes(u) == -1 ||
	    find_pins(u) == -1) {
		map_users_free(u);
		return -1;
	}
	if (u->n > 1)
		qsort(u->v, u->n, sizeof(*u->v), compare_users);
	drop_repeated(u);
	return 0;
}

void
map_users_free(struct map_users *u)
{
	for (size_t i = 0; i < u->n; i++)
		free(u->v[i].name);
	free(u->v);
	*u = (struct map_users){ 0 };
}

const struct map_user *
map_users_of(const struct map_users *u, uint32_t map, size_t *n)
{
	size_t low, end;

	array_partition(low, u->n, u->v[low].map < map);
	for (end = low; end < u->n && u->v[end].map == map; end++)
		;
	*n = end - low;
	return u->v + low;
}
