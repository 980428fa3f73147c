#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/report.h"
#include "segment-dir.h"

/* How many files may have the names that one would have. */
enum { NAMES_TRIED = 1000 };

/* Room for the times of as many files behind that of a record. */
#define TIME_MAX (UINT64_MAX - (UINT64_C(1) << 40))

int
segment_dir_open(struct segment_dir *d, const char *path)
{
	if (output_dir_open(&d->dir, path != NULL ? path : ".") == -1)
		return -1;
	if (path == NULL)
		d->dir.prefix[0] = '\0';
	return 0;
}

void
segment_dir_close(struct segment_dir *d)
{
	output_dir_close(&d->dir);
}

char *
segment_dir_create(struct segment_dir *d, struct output_file *f,
    const char *prefix, uint64_t time_ns)
{
	char name[SEGMENT_NAME_MAX], *path = NULL;
	int got = 1;

	if (time_ns > TIME_MAX)
		time_ns = TIME_MAX;
	if (d->last_ns != 0 && time_ns <= d->last_ns)
		time_ns = d->last_ns + 1;
	for (int i = 0; got == 1 && i < NAMES_TRIED; i++) {
		d->last_ns = time_ns + (uint64_t)i;
		if (d->first_ns == 0)
			d->first_ns = d->last_ns;
		segment_name_write(name, prefix, d->last_ns, d->zstd);
		got = output_file_create(f, &d->dir, name);
	}
	if (got == 1)
		report_error("%s%s: %s", d->dir.prefix, name, strerror(EEXIST));
	else if (got == 0 &&
		 asprintf(&path, "%s%s", d->dir.prefix, name) == -1) {
		path = NULL;
		output_file_discard(f);
		report_nomem();
	}
	return path;
}

/*
 * Old files.
 */

struct name_list {
	int dir;
	const char *prefix;
	char (*v)[SEGMENT_NAME_MAX]; /* owned */
	size_t n, cap;
	bool failed;
};

/* The names of files that were made here are from first to last in their first
 * len bytes. */
struct made_here {
	char first[SEGMENT_NAME_MAX], last[SEGMENT_NAME_MAX];
	size_t len;
};

static bool
is_made_here(const struct made_here *m, const char *name)
{
	return strncmp(name, m->first, m->len) >= 0 &&
	       strncmp(name, m->last, m->len) <= 0;
}

/* The older one first. */
static int
compare_names(const void *a, const void *b, void *ctx)
{
	const int here = is_made_here(ctx, a), there = is_made_here(ctx, b);

	return here != there ? here - there : strcmp(a, b);
}

static int
add_name(void *ctx, const char *name)
{
	struct name_list *l = ctx;
	struct stat st;

	if (!segment_name_matches(name, l->prefix) ||
	    fstatat(l->dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return 0;
	if (!array_room(l->v, l->n, l->cap)) {
		l->failed = true;
		return report_nomem();
	}
	memcpy(l->v[l->n++], name, strlen(name) + 1);
	return 0;
}

int
segment_dir_remove_old(struct segment_dir *d, const char *prefix, size_t keep,
    bool (*in_use)(const void *ctx, const char *name), const void *ctx)
{
	struct name_list l = { .dir = d->dir.fd, .prefix = prefix };
	struct made_here made = { .len = strlen(prefix) + SEGMENT_NAME_TIME };
	size_t left;
	int ret;

	if (strcmp(d->counted, prefix) == 0 && ++d->count <= keep)
		return 0;
	ret = output_dir_list(&d->dir, add_name, &l);
	left = l.n;

	segment_name_write(made.first, prefix, d->first_ns, false);
	segment_name_write(made.last, prefix, d->last_ns, false);
	if (l.n > 1)
		qsort_r(l.v, l.n, sizeof(l.v[0]), compare_names, &made);
	for (size_t i = 0; ret == 0 && i < l.n && left > keep; i++) {
		if (in_use(ctx, l.v[i]))
			continue;
		ret = output_dir_remove(&d->dir, l.v[i]);
		left--;
	}
	strcpy(d->counted, prefix);
	d->count = left;
	free(l.v);
	return ret == 0 && !l.failed ? 0 : -1;
}
