#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/buf.h"
#include "base/parse-number.h"
#include "base/report.h"
#include "host/mappings.h"

enum {
	TEXT_MAX = 8 << 20, /* bytes of /proc/PID/maps; the rest is not read */
	COUNT_MAX = 65536,  /* executable mappings that are kept */
};

void
mappings_free(struct mappings *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->v[i].path);
	free(m->v);
	*m = (struct mappings){ 0 };
}

/* Parse a line, "start-end rwxp offset major:minor inode path", up to the
 * path, where *p points then. */
static bool
parse_mapping(struct mapping *m, const char **p, bool *executable)
{
	uint64_t major, minor;

	if (!parse_digits(p, 16, '-', &m->start) ||
	    !parse_digits(p, 16, ' ', &m->end) || m->start >= m->end ||
	    strnlen(*p, 5) != 5 || (*p)[4] != ' ')
		return false;
	*executable = (*p)[2] == 'x';
	*p += 5;
	if (!parse_digits(p, 16, ' ', &m->offset) ||
	    !parse_digits(p, 16, ':', &major) ||
	    !parse_digits(p, 16, ' ', &minor))
		return false;
	m->major = (unsigned int)major;
	m->minor = (unsigned int)minor;
	return parse_digits(p, 10, ' ', &m->inode);
}

/* The path without proc(5)'s additions: "\012" for a newline, " (deleted)" for
 * an unlinked file.  Returns a string to free, or NULL. */
static char *
decode_path(const char *p)
{
	static const char deleted[] = " (deleted)";
	size_t n = strlen(p), tail = sizeof(deleted) - 1;
	char *path = malloc(n + 1), *out = path;

	if (path == NULL)
		return NULL;
	if (n > tail && strcmp(p + n - tail, deleted) == 0)
		n -= tail;
	for (const char *end = p + n; p < end; p++) {
		if (end - p >= 4 && memcmp(p, "\\012", 4) == 0) {
			*out++ = '\n';
			p += 3;
		} else {
			*out++ = *p;
		}
	}
	*out = '\0';
	return path;
}

/* Append the mapping of a line if it is executable.  Returns 0, or -1 if memory
 * runs out. */
static int
add_mapping(struct mappings *m, size_t *cap, const char *line)
{
	struct mapping new = { 0 };
	bool executable;

	if (!parse_mapping(&new, &line, &executable) || !executable ||
	    m->n == COUNT_MAX || (m->n > 0 && new.start < m->v[m->n - 1].end))
		return 0;
	if (!array_room(m->v, m->n, *cap))
		return -1;
	line += strspn(line, " ");
	new.kind = MAPPING_ANONYMOUS;
	if (strcmp(line, "[vdso]") == 0) {
		new.kind = MAPPING_VDSO;
	} else if (new.inode != 0 && line[0] == '/') {
		new.kind = MAPPING_FILE;
		if ((new.path = decode_path(line)) == NULL)
			return -1;
	}
	m->v[m->n++] = new;
	return 0;
}

int
mappings_parse(struct mappings *m, const char *text, size_t len)
{
	char *copy = strndup(text != NULL ? text : "", len), *line, *rest;
	size_t cap = 0;
	int ret = copy != NULL ? 0 : -1;

	mappings_free(m);
	for (rest = copy; ret == 0 && (line = strsep(&rest, "\n")) != NULL;)
		ret = add_mapping(m, &cap, line);
	free(copy);
	if (ret == 0)
		return 0;
	mappings_free(m);
	return report_nomem();
}

int
mappings_read(struct mappings *m, pid_t pid)
{
	struct buf text = { 0 };
	char path[64];
	int fd, ret;

	snprintf(path, sizeof(path), "/proc/%ld/maps", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	ret = buf_read_fd(&text, fd, TEXT_MAX);
	/* The last line may be cut. */
	if (ret == -1 && errno == EFBIG) {
		while (text.len > 0 && text.data[text.len - 1] != '\n')
			text.len--;
		ret = 0;
	}
	if (ret == 0)
		ret = mappings_parse(m, text.data, text.len);
	buf_free(&text);
	close(fd);
	return ret;
}

static bool
is_same_mapping(const struct mapping *a, const struct mapping *b)
{
	return a->start == b->start && a->end == b->end &&
	       a->offset == b->offset && a->kind == b->kind &&
	       a->major == b->major && a->minor == b->minor &&
	       a->inode == b->inode;
}

bool
mappings_equal(const struct mappings *a, const struct mappings *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!is_same_mapping(&a->v[i], &b->v[i]))
			return false;
	return true;
}

const struct mapping *
mappings_find(const struct mappings *m, uint64_t addr)
{
	size_t n = array_count_below(m->v, m->n, sizeof(*m->v), addr);

	return n > 0 && addr < m->v[n - 1].end ? &m->v[n - 1] : NULL;
}
