#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/report.h"
#include "base/util.h"
#include "host/open-in-root.h"
#include "pack/source-scan.h"
#include "source-includes.h"

/* A program has few headers of its own, and they are small. */
enum { FILES_MAX = 64, FILE_SIZE_MAX = 1 << 20 };

struct include_search {
	struct source_includes *found;
	const char *file; /* the source */
	char *const *flags;
	int nflags;
	struct stat header;
	bool header_exists;
	const char *including; /* the file that is read */
	/* Owned: the headers to look through; those before next have been. */
	char **files;
	struct stat *stats; /* owned */
	size_t n, cap, stats_cap, next;
};

/* Returns the path of name in the folder of file, to be freed. */
static char *
path_beside(const char *file, struct source_span name)
{
	const char *slash = strrchr(file, '/');
	int n = slash != NULL ? (int)(slash - file) + 1 : 0;
	char *path;

	if (name.len > 4096 || asprintf(&path, "%.*s%.*s", n, file,
				   (int)name.len, name.text) == -1)
		return NULL;
	return path;
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Adds the file to those to look through.  Returns 0 or -1. */
static int
add_file(struct include_search *s, const char *path, const struct stat *st)
{
	for (size_t i = 0; i < s->n; i++)
		if (same_file(&s->stats[i], st))
			return 0;
	if (s->n == FILES_MAX)
		return 0;
	if (!array_room(s->files, s->n, s->cap) ||
	    !array_room(s->stats, s->n, s->stats_cap) ||
	    (s->files[s->n] = strdup(path)) == NULL)
		return report_nomem();
	s->stats[s->n++] = *st;
	return 0;
}

/* Looks at name in one folder.  Returns whether it is a file there. */
static bool
look_beside(struct include_search *s, const char *file, struct source_span name,
    int *ret)
{
	char *path = path_beside(file, name);
	struct stat st;
	bool found;

	found = path != NULL && stat(path, &st) == 0 && S_ISREG(st.st_mode);
	if (found) {
		s->found->has_header |=
		    s->header_exists && same_file(&st, &s->header);
		*ret = add_file(s, path, &st);
	}
	free(path);
	return found;
}

/* The folder in flag number *i, which may be in the flag after it; NULL if it
 * gives none. */
static const char *
flag_folder(const struct include_search *s, int *i)
{
	static const char *const options[] = { "-I", "-isystem", "-iquote",
		"-idirafter" };
	const char *flag = s->flags[*i];

	for (size_t k = 0; k < nitems(options); k++) {
		size_t n = strlen(options[k]);

		if (strncmp(flag, options[k], n) != 0)
			continue;
		if (flag[n] != '\0')
			return flag + n;
		return *i + 1 < s->nflags ? s->flags[++*i] : NULL;
	}
	return NULL;
}

/* Looks at name in the folders of the flags and of the system. */
static bool
look_in_flags(struct include_search *s, struct source_span name, int *ret)
{
	bool found = false;
	const char *dir;
	char *within;

	for (int i = 0; i < s->nflags && !found && *ret == 0; i++) {
		if ((dir = flag_folder(s, &i)) == NULL)
			continue;
		if (asprintf(&within, "%s/", dir) == -1) {
			*ret = report_nomem();
			break;
		}
		found = look_beside(s, within, name, ret);
		free(within);
	}
	return found;
}

static int
note_include(void *ctx, struct source_span name)
{
	struct include_search *s = ctx;
	int ret = 0;

	if (look_beside(s, s->including, name, &ret) || ret == -1 ||
	    look_beside(s, s->file, name, &ret) || ret == -1 ||
	    look_in_flags(s, name, &ret) || ret == -1)
		return ret;
	if (name.len == 9 && memcmp(name.text, "vmlinux.h", 9) == 0 &&
	    access("/usr/include/vmlinux.h", R_OK) == -1 &&
	    access("/usr/local/include/vmlinux.h", R_OK) == -1)
		s->found->lacks_vmlinux = true;
	return 0;
}

/* Looks through one header.  One that cannot be read is left to the compiler.
 */
static int
look_through(struct include_search *s, const char *path)
{
	int fd = open_in_root_own(path), ret = 0;
	struct buf text = { 0 };

	if (fd == -1)
		return 0;
	if (buf_read_fd(&text, fd, FILE_SIZE_MAX) == 0) {
		s->including = path;
		ret =
		    source_scan_includes(text.data, text.len, note_include, s);
	}
	close(fd);
	buf_free(&text);
	return ret;
}

int
source_includes_find(struct source_includes *in, const char *file,
    const struct buf *text, const char *header, char *const flags[], int nflags)
{
	struct include_search s = { .found = in,
		.file = file,
		.flags = flags,
		.nflags = nflags,
		.including = file };
	int ret;

	s.header_exists = stat(header, &s.header) == 0;
	ret = source_scan_includes(text->data, text->len, note_include, &s);
	while (ret == 0 && s.next < s.n)
		ret = look_through(&s, s.files[s.next++]);
	for (size_t i = 0; i < s.n; i++)
		free(s.files[i]);
	free(s.files);
	free(s.stats);
	return ret;
}
