#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/report.h"
#include "base/text.h"
#include "base/util.h"
#include "host/kallsyms.h"

#define KALLSYMS "/proc/kallsyms"

enum {
	TEXT_MAX = 512 << 20, /* bytes of /proc/kallsyms */
	/* The assumed size of the last function, whose end is unknown. */
	LAST_MAX = 4096,
};

void
kallsyms_free(struct kallsyms *k)
{
	free(k->v);
	buf_free(&k->names);
	*k = (struct kallsyms){ 0 };
}

/* A line, "ffffffff81000000 T name"; "\t[module]" may follow. */
struct kallsyms_line {
	uint64_t addr;
	char kind;
	const char *name;
	size_t len;
};

static bool
parse_kallsyms_line(struct kallsyms_line *l, const char *p, const char *end)
{
	const char *start = p;

	l->addr = 0;
	/* The kernel writes small letters only. */
	while (
	    p < end && text_hex_value(*p) != -1 && !isupper((unsigned char)*p))
		l->addr = l->addr << 4 | (unsigned int)text_hex_value(*p++);
	if (p == start || p - start > 16 || end - p < 4 || p[0] != ' ' ||
	    p[2] != ' ')
		return false;
	l->kind = p[1];
	l->name = p += 3;
	while (p < end && *p != '\t' && *p != ' ')
		p++;
	l->len = (size_t)(p - l->name);
	return l->len > 0 && memchr(l->name, '\0', l->len) == NULL;
}

/* Whether a function begins at the symbol.  The linker script's symbols at the
 * end of text have no code, and objtool's stand for the padding before a
 * function. */
static bool
is_kernel_function(const struct kallsyms_line *l)
{
	static const char *const ends[] = { "_etext", "_einittext" };
	static const char padding[] = "__pfx_";

	for (size_t i = 0; i < nitems(ends); i++)
		if (strlen(ends[i]) == l->len &&
		    memcmp(l->name, ends[i], l->len) == 0)
			return false;
	if (l->len >= sizeof(padding) &&
	    memcmp(l->name, padding, sizeof(padding) - 1) == 0)
		return false;
	return strchr("tTwW", l->kind) != NULL;
}

/* Rank the names of one address: global functions are preferred, and names with
 * fewer leading underscores. */
static uint32_t
rank_name(const struct kallsyms_line *l)
{
	uint32_t r = 0;

	if (!is_kernel_function(l))
		return UINT32_MAX;
	while (r < l->len && l->name[r] == '_')
		r++;
	return l->kind == 'T' ? r : l->kind == 't' ? r + 1000 : r + 2000;
}

static void
add_kernel_symbol(
    struct kallsyms *k, size_t *cap, const struct kallsyms_line *l)
{
	uint32_t name = 0;

	if (!array_room(k->v, k->n, *cap)) {
		k->names.failed = true;
		return;
	}
	if (is_kernel_function(l)) {
		name = (uint32_t)k->names.len;
		buf_add(&k->names, l->name, l->len);
		buf_chr(&k->names, '\0');
	}
	k->v[k->n++] = (struct kernel_symbol){
		.addr = l->addr, .name = name, .rank = rank_name(l)
	};
}

static int
compare_kernel_symbols(const void *a, const void *b)
{
	const struct kernel_symbol *l = a, *r = b;

	if (l->addr != r->addr)
		return l->addr < r->addr ? -1 : 1;
	if (l->rank != r->rank)
		return l->rank < r->rank ? -1 : 1;
	return l->name < r->name ? -1 : l->name > r->name;
}

/* Keep the preferred name of each address, and one of several ends in a
 * row. */
static void
drop_duplicates(struct kallsyms *k)
{
	struct kernel_symbol *v = k->v, *more;
	size_t kept = 0;

	for (size_t i = 0; i < k->n; i++) {
		if (kept > 0 && (v[i].addr == v[kept - 1].addr ||
				    (v[i].name == 0 && v[kept - 1].name == 0)))
			continue;
		v[kept++] = v[i];
	}
	k->n = kept;
	more = reallocarray(v, kept + 1, sizeof(*v));
	if (more != NULL)
		k->v = more;
}

int
kallsyms_parse(struct kallsyms *k, const char *text, size_t len)
{
	const char *end = text + len, *newline;
	struct kallsyms_line l;
	size_t cap = 0;
	bool hidden = false; /* a function has address 0 */

	kallsyms_free(k);
	buf_chr(&k->names, '\0');
	for (; text < end && !k->names.failed; text = newline + 1) {
		newline = memchr(text, '\n', (size_t)(end - text));
		if (newline == NULL)
			newline = end;
		if (!parse_kallsyms_line(&l, text, newline))
			continue;
		if (l.addr != 0)
			add_kernel_symbol(k, &cap, &l);
		else
			hidden |= is_kernel_function(&l);
	}
	if (k->names.failed) {
		kallsyms_free(k);
		return report_nomem();
	}
	k->hidden = k->n == 0 && hidden;
	if (k->n > 0)
		qsort(k->v, k->n, sizeof(*k->v), compare_kernel_symbols);
	drop_duplicates(k);
	return 0;
}

int
kallsyms_open(void)
{
	return open(KALLSYMS, O_RDONLY | O_CLOEXEC);
}

int
kallsyms_read(struct kallsyms *k, int fd)
{
	struct buf text = { 0 };
	int ret;

	kallsyms_free(k);
	if (lseek(fd, 0, SEEK_SET) == -1)
		return -1;
	ret = buf_read_fd(&text, fd, TEXT_MAX);
	if (ret == 0 && kallsyms_parse(k, text.data, text.len) == -1) {
		errno = ENOMEM;
		ret = -1;
	}
	buf_free(&text);
	return ret;
}

const char *
kallsyms_find(const struct kallsyms *k, uint64_t addr, uint64_t *offset)
{
	size_t n = array_count_below(k->v, k->n, sizeof(*k->v), addr);

	if (n == 0 || k->v[n - 1].name == 0)
		return NULL;
	*offset = addr - k->v[n - 1].addr;
	if (n == k->n && *offset >= LAST_MAX)
		return NULL;
	return k->names.data + k->v[n - 1].name;
}

bool
kallsyms_has(const char *name, bool in_module)
{
	FILE *in = fopen(KALLSYMS, "re");
	char line[1024], symbol[512], bracket;
	bool found = false;

	/* "address type name", and the module in brackets. */
	while (!found && in != NULL && fgets(line, sizeof(line), in) != NULL)
		found = strstr(line, name) != NULL &&
			sscanf(line, "%*s %*c %511s %c", symbol, &bracket) ==
			    (in_module ? 2 : 1) &&
			strcmp(symbol, name) == 0;
	if (in != NULL)
		fclose(in);
	return found;
}
