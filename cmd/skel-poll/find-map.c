#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/report.h"
#include "base/suggest.h"
#include "find-map.h"
#include "host/privilege.h"

enum { NAMES_SHOWN = 8 }; /* of several maps with one name */

static const char prefix[] = "map:";

bool
find_map_is_operand(const char *operand)
{
	struct statfs fs;

	return strncmp(operand, prefix, strlen(prefix)) == 0 ||
	       (statfs(operand, &fs) == 0 && fs.f_type == BPF_FS_MAGIC);
}

/* Reports why the kernel did not open the map.  Returns -1. */
static int
report_not_opened(const char *where, int err)
{
	if (err == EPERM && !privilege_lacks(CAP_SYS_ADMIN)) {
		privilege_report(where, 0);
	} else if (err == EPERM) {
		report_error("%s: opening a map of somebody else needs "
			     "CAP_SYS_ADMIN; run as root%s",
		    where, privilege_whose());
	} else if (err == ENOENT) {
		report_error("%s: there is no such map; skel-poll --list shows "
			     "those that there are",
		    where);
	} else {
		report_error("%s: %s", where, report_error_text(err));
	}
	return -1;
}

/* Gets the description of m->fd, which it closes if it is no map. */
static int
get_map_info(struct found_map *m, const char *where)
{
	uint32_t len = sizeof(m->info);

	memset(&m->info, 0, sizeof(m->info));
	if (bpf_obj_get_info_by_fd(m->fd, &m->info, &len) == 0)
		return 0;
	report_error("%s: cannot get its description from the kernel: %s",
	    where, strerror(errno));
	close(m->fd);
	m->fd = -1;
	return -1;
}

static int
find_by_id(struct found_map *m, uint32_t id)
{
	m->fd = bpf_map_get_fd_by_id(id);
	if (m->fd < 0)
		return report_not_opened(m->operand, errno);
	return get_map_info(m, m->operand);
}

int
find_next_map(struct found_map *m, uint32_t *id)
{
	while (bpf_map_get_next_id(*id, id) == 0) {
		m->fd = bpf_map_get_fd_by_id(*id);
		if (m->fd >= 0)
			return get_map_info(m, "map") == 0 ? 1 : -1;
		if (errno != ENOENT)
			return report_not_opened("map", errno);
	}
	return errno == ENOENT ? 0
			       : report_not_opened("the kernel's maps", errno);
}

/* Whether the kernel's name of a map, of which it keeps 15 bytes, is this. */
static bool
is_map_name(const char *name, const char *wanted)
{
	return strncmp(name, wanted, BPF_OBJ_NAME_LEN - 1) == 0;
}

/* The maps of one name. */
struct same_name {
	struct found_map first;
	size_t n;
	struct buf list; /* "12 (hash), 13 (array)" */
	struct suggest nearest;
};

static int
report_not_one(const struct found_map *m, struct same_name *s)
{
	const char *name = m->operand + strlen(prefix);
	char *text;

	if (s->n == 0) {
		text = suggest_text(&s->nearest);
		report_error("%s: no map is called %s%s", m->operand, name,
		    text != NULL ? text : "");
		free(text);
	} else {
		buf_chr(&s->list, '\0');
		report_error("%s: %zu maps are called %s; name one by its "
			     "number, as in map:%" PRIu32 ": %s%s",
		    m->operand, s->n, name, s->first.info.id,
		    s->list.failed ? "" : s->list.data,
		    s->n > NAMES_SHOWN ? " ..." : "");
	}
	return -1;
}

static void
add_same_name(struct same_name *s, const struct found_map *m)
{
	if (s->n++ == 0)
		s->first = *m;
	else
		close(m->fd);
	if (s->n > NAMES_SHOWN)
		return;
	buf_printf(&s->list, "%s%" PRIu32 " (%s)", s->n > 1 ? ", " : "",
	    m->info.id,
	    libbpf_bpf_map_type_str((enum bpf_map_type)m->info.type) != NULL
		? libbpf_bpf_map_type_str((enum bpf_map_type)m->info.type)
		: "?");
}

static int
find_by_name(struct found_map *m, const char *name)
{
	struct same_name s = { .nearest.wanted = name, .first.fd = -1 };
	struct found_map next;
	uint32_t id = 0;
	int got;

	while ((got = find_next_map(&next, &id)) == 1) {
		if (is_map_name(next.info.name, name)) {
			add_same_name(&s, &next);
			continue;
		}
		if (next.info.name[0] != '\0')
			suggest_offer(&s.nearest, next.info.name);
		close(next.fd);
	}
	if (got == 0 && s.n == 1) {
		m->fd = s.first.fd;
		m->info = s.first.info;
	} else {
		if (got == 0)
			report_not_one(m, &s);
		if (s.first.fd != -1)
			close(s.first.fd);
		got = -1;
	}
	buf_free(&s.list);
	return got;
}

/* Whether fd is a map, and no program or link, whose descriptions would be
 * taken for a map's. */
static bool
is_map_fd(int fd)
{
	char path[64], target[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	return n <= 0 || strcmp(target, "anon_inode:bpf-map") == 0;
}

/* The kernel's error for a directory is EACCES. */
static void
report_not_pinned(const char *path, int error)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		report_error("%s: a directory; name the maps that are pinned "
			     "in it",
		    path);
	else
		report_error("%s: %s", path, strerror(error));
}

static int
find_by_path(struct found_map *m)
{
	m->fd = bpf_obj_get(m->operand);
	if (m->fd < 0) {
		report_not_pinned(m->operand, errno);
		return -1;
	}
	if (is_map_fd(m->fd))
		return get_map_info(m, m->operand);
	report_error(
	    "%s: a program or a link is pinned there, not a map", m->operand);
	close(m->fd);
	m->fd = -1;
	return -1;
}

int
find_map(struct found_map *m, const char *operand)
{
	const char *name = operand + strlen(prefix);
	unsigned long id;
	char *end;

	*m = (struct found_map){ .operand = operand, .fd = -1 };
	if (strncmp(operand, prefix, strlen(prefix)) != 0)
		return find_by_path(m);
	if (*name == '\0') {
		report_error("%s: expected map:ID or map:NAME", operand);
		return -1;
	}
	errno = 0;
	id = strtoul(name, &end, 10);
	/* No name of a map in C begins with a digit. */
	if (*name < '0' || *name > '9' || *end != '\0')
		return find_by_name(m, name);
	if (errno != 0 || id > UINT32_MAX)
		return report_not_opened(operand, ENOENT);
	return find_by_id(m, (uint32_t)id);
}
