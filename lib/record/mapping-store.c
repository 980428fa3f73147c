#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "base/text.h"
#include "record/mapping-store.h"

struct kept_mapping {
	struct symbol_mapping m;
	char *texts; /* owned: what m's strings are in */
};

struct process_mappings {
	struct hash_key key;    /* the pid, 0 */
	struct kept_mapping *v; /* owned; by address, without overlaps */
	size_t n, cap;
};

/* What a mapping takes at most beside its texts: one alone in its process. */
enum { PROCESS_BYTES = 512 };

void
mapping_store_init(struct mapping_store *s)
{
	*s = (struct mapping_store){
		.processes.size = sizeof(struct process_mappings),
		.max = MAPPING_STORE_MAX,
		.bytes_max = MAPPING_STORE_BYTES_MAX,
	};
}

/* The bytes of the texts of a mapping, with their NULs. */
static size_t
text_bytes(const struct symbol_mapping *m)
{
	return (m->file != NULL ? strlen(m->file) : 0) +
	       (m->build_id != NULL ? strlen(m->build_id) : 0) + 2;
}

static void
drop_mapping(struct mapping_store *s, struct kept_mapping *k)
{
	s->n--;
	s->bytes -= text_bytes(&k->m);
	free(k->texts);
}

static void
drop_oldest_process(struct mapping_store *s)
{
	struct process_mappings *p = hash_at(&s->processes, 0);

	for (size_t i = 0; i < p->n; i++)
		drop_mapping(s, &p->v[i]);
	free(p->v);
	hash_drop_oldest(&s->processes);
}

void
mapping_store_free(struct mapping_store *s)
{
	while (s->processes.n > 0)
		drop_oldest_process(s);
	hash_free(&s->processes);
}

void
mapping_store_limit(struct mapping_store *s, size_t bytes)
{
	s->max = bytes / 2 / PROCESS_BYTES + 1;
	s->bytes_max = bytes / 2 + 1;
}

static struct process_mappings *
find_process(const struct mapping_store *s, uint64_t pid)
{
	return hash_find(&s->processes, (struct hash_key){ pid, 0 });
}

/* The number of mappings of the process that end at or below an address. */
static size_t
count_below(const struct process_mappings *p, uint64_t addr)
{
	size_t at;

	array_partition(at, p->n, p->v[at].m.end <= addr);
	return at;
}

const struct symbol_mapping *
mapping_store_find(const struct mapping_store *s, uint64_t pid, uint64_t addr)
{
	const struct process_mappings *p = find_process(s, pid);
	size_t at = p != NULL ? count_below(p, addr) : 0;

	return p != NULL && at < p->n && p->v[at].m.start <= addr ? &p->v[at].m
								  : NULL;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
same_mapping(const struct symbol_mapping *a, const struct symbol_mapping *b)
{
	return a->start == b->start && a->end == b->end &&
	       a->offset == b->offset && same_text(a->file, b->file) &&
	       same_text(a->build_id, b->build_id);
}

/* Copy a mapping with its strings.  Returns whether there was memory. */
static bool
copy_mapping(struct kept_mapping *to, const struct symbol_mapping *m)
{
	size_t file = m->file != NULL ? strnlen(m->file, MAPPING_FILE_MAX) : 0;
	size_t id = m->build_id != NULL
			? strnlen(m->build_id, MAPPING_BUILD_ID_MAX)
			: 0;

	to->m = *m;
	to->texts = calloc(1, file + id + 2);
	if (to->texts == NULL)
		return false;
	if (m->file != NULL)
		to->m.file = memcpy(to->texts, m->file, file);
	if (m->build_id != NULL)
		to->m.build_id = memcpy(to->texts + file + 1, m->build_id, id);
	return true;
}

/* Remove those that m overlaps, of which the first is at. */
static void
remove_overlapped(struct mapping_store *s, struct process_mappings *p,
    const struct symbol_mapping *m, size_t at)
{
	size_t end = at;

	for (; end < p->n && p->v[end].m.start < m->end; end++)
		drop_mapping(s, &p->v[end]);
	if (end > at)
		memmove(&p->v[at], &p->v[end], (p->n - end) * sizeof(*p->v));
	p->n -= end - at;
}

/* Make room for one more, and find or add the process.  Returns NULL if memory
 * ran out. */
static struct process_mappings *
get_process(struct mapping_store *s, uint64_t pid)
{
	struct process_mappings *p;

	while (s->n >= s->max || s->bytes >= s->bytes_max)
		drop_oldest_process(s);
	if ((p = find_process(s, pid)) == NULL)
		p = hash_add(&s->processes, (struct hash_key){ pid, 0 });
	return p;
}

int
mapping_store_set(
    struct mapping_store *s, uint64_t pid, const struct symbol_mapping *m)
{
	struct process_mappings *p = get_process(s, pid);
	struct kept_mapping copy;
	size_t at;

	if (p == NULL)
		return report_nomem();
	at = count_below(p, m->start);
	if (at < p->n && same_mapping(&p->v[at].m, m))
		return 0;
	if (!copy_mapping(&copy, m))
		return report_nomem();
	remove_overlapped(s, p, m, at);
	if (p->n == MAPPING_STORE_PROCESS_MAX ||
	    !array_room(p->v, p->n, p->cap)) {
		bool full = p->n == MAPPING_STORE_PROCESS_MAX;

		s->n++;
		s->bytes += text_bytes(&copy.m);
		drop_mapping(s, &copy);
		return full ? 0 : report_nomem();
	}
	memmove(&p->v[at + 1], &p->v[at], (p->n - at) * sizeof(*p->v));
	p->v[at] = copy;
	p->n++;
	s->n++;
	s->bytes += text_bytes(&copy.m);
	return 1;
}

/*
 * Reading.
 */

static bool
is_build_id(const char *text)
{
	size_t n = 0;

	while (text[n] != '\0' && text_hex_value(text[n]) >= 0)
		n++;
	return text[n] == '\0' && n > 0 && n % 2 == 0 &&
	       n <= MAPPING_BUILD_ID_MAX;
}

static int
parse_mapping(struct symbol_mapping *m, const json_t *json, const char *where)
{
	*m = (struct symbol_mapping){ .file = NULL };
	if (!json_is_object(json)) {
		report_error("%s: expected an object, found %s", where,
		    json_doc_kind(json));
		return -1;
	}
	if (json_doc_require(
		json_doc_get_u64(json, "start", UINT64_MAX, &m->start, where),
		"start", where) == -1 ||
	    json_doc_require(
		json_doc_get_u64(json, "end", UINT64_MAX, &m->end, where),
		"end", where) == -1 ||
	    json_doc_get_u64(json, "offset", UINT64_MAX, &m->offset, where) ==
		-1 ||
	    json_doc_get_string(json, "file", &m->file, where) == -1 ||
	    json_doc_get_string(json, "build_id", &m->build_id, where) == -1)
		return -1;
	if (m->start >= m->end) {
		report_error("%s: it ends before it begins", where);
		return -1;
	}
	if (m->build_id != NULL && !is_build_id(m->build_id)) {
		report_error("%s.build_id: expected an even number of hex "
			     "digits, at most %d",
		    where, MAPPING_BUILD_ID_MAX);
		return -1;
	}
	return 0;
}

int
mapping_store_parse(struct mapping_store *s, uint64_t pid, const json_t *array,
    const char *where)
{
	struct symbol_mapping m;
	char at[1200];

	for (size_t i = 0; i < json_array_size(array); i++) {
		snprintf(at, sizeof(at), "%s: mappings[%zu]", where, i);
		if (parse_mapping(&m, json_array_get(array, i), at) == -1 ||
		    mapping_store_set(s, pid, &m) == -1)
			return -1;
	}
	return 0;
}

/*
 * Writing.
 */

static void
write_text(struct buf *out, const char *key, const char *text)
{
	if (text == NULL)
		return;
	buf_printf(out, ",\"%s\":\"", key);
	text_write(out, text, strlen(text), STYLE_JSON);
	buf_chr(out, '"');
}

void
mapping_store_write(struct buf *out, const struct symbol_mapping *m)
{
	buf_printf(out,
	    "{\"start\":%" PRIu64 ",\"end\":%" PRIu64 ",\"offset\":%" PRIu64,
	    m->start, m->end, m->offset);
	write_text(out, "file", m->file);
	write_text(out, "build_id", m->build_id);
	buf_chr(out, '}');
}
