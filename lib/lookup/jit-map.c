#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/parse-number.h"
#include "host/open-in-root.h"
#include "lookup/jit-map.h"

enum {
	TEXT_MAX = 64 << 20, /* bytes of the file */
	OVERLAP_MAX = 16,    /* functions that may begin within another */
};

void
jit_map_free(struct jit_map *m)
{
	buf_free(&m->text);
	free(m->v);
	*m = (struct jit_map){ 0 };
}

/* Sort by address, and those with one address by their lines, the last line
 * first. */
static int
compare_jit_symbols(const void *a, const void *b)
{
	const struct jit_symbol *l = a, *r = b;

	if (l->start != r->start)
		return l->start < r->start ? -1 : 1;
	return l->name < r->name ? 1 : l->name > r->name ? -1 : 0;
}

void
jit_map_parse(struct jit_map *m, struct buf *text)
{
	struct jit_symbol s;
	size_t cap = 0, kept = 0;
	char *line, *rest;
	const char *p;

	jit_map_free(m);
	buf_chr(text, '\0');
	m->text = *text;
	*text = (struct buf){ 0 };
	rest = m->text.failed ? NULL : m->text.data;
	while ((line = strsep(&rest, "\n")) != NULL) {
		p = line;
		if (!parse_digits(&p, 16, ' ', &s.start) ||
		    !parse_digits(&p, 16, ' ', &s.size) || s.size == 0 ||
		    *p == '\0')
			continue;
		s.name = p;
		if (!array_room(m->v, m->n, cap))
			break;
		m->v[m->n++] = s;
	}
	if (m->n > 0)
		qsort(m->v, m->n, sizeof(*m->v), compare_jit_symbols);
	/* Keep the last line for each address. */
	for (size_t i = 0; i < m->n; i++)
		if (kept == 0 || m->v[i].start != m->v[kept - 1].start)
			m->v[kept++] = m->v[i];
	m->n = kept;
}

/* The pid of the process in its own pid namespace. */
static long
read_inner_pid(pid_t pid)
{
	char path[64], line[512], *last;
	long inner = pid;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	in = fopen(path, "re");
	if (in == NULL)
		return inner;
	while (fgets(line, sizeof(line), in) != NULL)
		if (strncmp(line, "NSpid:", 6) == 0 &&
		    (last = strrchr(line, '\t')) != NULL)
			inner = strtol(last + 1, NULL, 10);
	fclose(in);
	return inner;
}

/* Whether the file belongs to the user of the process or to root. */
static bool
has_trusted_owner(int fd, pid_t pid)
{
	struct stat file, process;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld", (long)pid);
	return fstat(fd, &file) == 0 && stat(path, &process) == 0 &&
	       (file.st_uid == process.st_uid || file.st_uid == 0);
}

void
jit_map_read(struct jit_map *m, pid_t pid)
{
	struct buf text = { 0 };
	int root = open_in_root_dir(pid), fd = -1;
	char path[64];

	jit_map_free(m);
	snprintf(path, sizeof(path), "/tmp/perf-%ld.map", read_inner_pid(pid));
	if (root != -1) {
		fd = open_in_root(root, path);
		close(root);
	}
	if (fd == -1)
		return;
	if (has_trusted_owner(fd, pid) && buf_read_fd(&text, fd, TEXT_MAX) == 0)
		jit_map_parse(m, &text);
	buf_free(&text);
	close(fd);
}

const struct jit_symbol *
jit_map_find(const struct jit_map *m, uint64_t addr)
{
	size_t n = array_count_below(m->v, m->n, sizeof(*m->v), addr);

	for (size_t i = 0; i < OVERLAP_MAX && n > 0; i++) {
		const struct jit_symbol *s = &m->v[--n];

		if (addr - s->start < s->size)
			return s;
	}
	return NULL;
}
