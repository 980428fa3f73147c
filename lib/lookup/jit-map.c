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
	OVERLAP_MAX = 16, /* functions that may begin within another */
	/* The most memory for each byte of text: the shortest lines are "1 1
	 * a", and an array that grows is there twice. */
	MEMORY_SHARE = 12,
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
	struct jit_symbol s, *less;
	size_t cap = 0, kept = 0;
	char *line, *rest;
	const char *p;

	jit_map_free(m);
	buf_chr(text, '\0');
	m->text = *text;
	*text = (struct buf){ 0 };
	rest = m->text.failed ? NULL : m->text.data;
	while (m->n < JIT_MAP_FUNCTIONS_MAX &&
	       (line = strsep(&rest, "\n")) != NULL) {
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
	/* What was dropped would be memory that nobody counts. */
	if (kept < cap && kept > 0 &&
	    (less = realloc(m->v, kept * sizeof(*m->v))) != NULL)
		m->v = less;
}

/* Read the whole lines of the file, or of its first bytes.  Returns whether
 * that worked. */
static bool
read_start(struct buf *text, int fd, off_t size)
{
	size_t want = JIT_MAP_BYTES_MAX;
	ssize_t n;
	char *to;

	/* A file that grows meanwhile is read again later. */
	if (size < (off_t)want)
		want = (size_t)size;
	if ((to = buf_room(text, want + 1)) == NULL)
		return false;
	text->len = 0;
	while (text->len < want &&
	       (n = read(fd, to + text->len, want - text->len)) > 0)
		text->len += (size_t)n;
	while (text->len > 0 && to[text->len - 1] != '\n')
		text->len--;
	return true;
}

static bool
is_read_already(const struct jit_map *m, const struct stat *st)
{
	return m->size == st->st_size &&
	       m->mtime.tv_sec == st->st_mtim.tv_sec &&
	       m->mtime.tv_nsec == st->st_mtim.tv_nsec;
}

/* Whether the user could have written the file.  A link to a file of others, or
 * a mount of it, can be made without the right to read it. */
static bool
is_from_user(const struct stat *st, uid_t uid)
{
	return st->st_nlink <= 1 &&
	       (st->st_uid == uid ||
		   (st->st_uid == 0 && (st->st_mode & S_IROTH) != 0));
}

int
jit_map_read(
    struct jit_map *m, int root, pid_t pid, uid_t uid, uint64_t bytes_max)
{
	struct buf text = { 0 };
	char path[64];
	struct stat st;
	int fd = -1, ret = 0;

	snprintf(path, sizeof(path), "/tmp/perf-%ld.map", (long)pid);
	if (root != -1)
		fd = open_in_root_plain(root, path);
	if (fd == -1 || fstat(fd, &st) == -1 || !is_from_user(&st, uid)) {
		jit_map_free(m);
	} else if ((uint64_t)st.st_size > bytes_max / MEMORY_SHARE) {
		ret = -1;
	} else if (!is_read_already(m, &st)) {
		jit_map_free(m);
		if (read_start(&text, fd, st.st_size))
			jit_map_parse(m, &text);
		buf_free(&text);
		m->size = st.st_size;
		m->mtime = st.st_mtim;
	}
	if (fd != -1)
		close(fd);
	return ret;
}

size_t
jit_map_bytes(const struct jit_map *m)
{
	return m->text.cap + m->n * sizeof(*m->v);
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
