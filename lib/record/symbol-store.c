#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "base/text.h"
#include "base/util.h"
#include "record/stack-layout.h"
#include "record/symbol-store.h"

/* What the store knows of an address or an id: n parts in one block of memory.
 */
struct symbol_entry {
	struct hash_key key;
	size_t n;
	size_t size; /* bytes of block */
	void *block; /* owned */
};

/* What an entry takes at most beside its block: it has a place in a table that
 * may be half empty, and is copied when that grows. */
enum { SYMBOL_ENTRY_BYTES = 160 };

/* The oldest entries are dropped when there are more than max, or more than
 * bytes_max in their blocks. */
struct symbol_cache {
	struct hash hash;
	size_t max;
	size_t bytes, bytes_max; /* of all blocks */
};

struct symbol_store {
	struct symbol_cache frames; /* by pid and address */
	struct symbol_cache stacks; /* by the map's place in names, and id */
	struct mapping_store mappings;
	char **names; /* owned: maps of stacks */
	size_t nnames, names_cap;
	struct symbol_store **others; /* owned: those of hosts 1, 2, ... */
	size_t nhosts;
	bool merged;   /* it is that of a host of a merged stream */
	uint32_t host; /* which one */
};

static void
symbol_cache_drop(struct symbol_cache *c)
{
	struct symbol_entry *e = hash_at(&c->hash, 0);

	c->bytes -= e->size;
	free(e->block);
	hash_drop_oldest(&c->hash);
}

/* Keep n parts in a block of size bytes, which belongs to the cache then. */
static int
symbol_cache_set(struct symbol_cache *c, struct hash_key key, void *block,
    size_t size, size_t n)
{
	struct symbol_entry *e = hash_find(&c->hash, key);

	if (e == NULL) {
		if (c->hash.n >= c->max)
			symbol_cache_drop(c);
		if ((e = hash_add(&c->hash, key)) == NULL) {
			free(block);
			return report_nomem();
		}
	}
	c->bytes += size - e->size;
	free(e->block);
	e->block = block;
	e->size = size;
	e->n = n;
	while (c->bytes > c->bytes_max && c->hash.n > 1)
		symbol_cache_drop(c);
	return 0;
}

static void
symbol_cache_free(struct symbol_cache *c)
{
	while (c->hash.n > 0)
		symbol_cache_drop(c);
	hash_free(&c->hash);
}

struct symbol_store *
symbol_store_new(void)
{
	struct symbol_store *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		report_nomem();
		return NULL;
	}
	s->frames.max = SYMBOL_STORE_MAX;
	s->frames.hash.size = sizeof(struct symbol_entry);
	s->stacks.max = SYMBOL_STORE_STACKS_MAX;
	s->stacks.hash.size = sizeof(struct symbol_entry);
	s->frames.bytes_max = s->stacks.bytes_max = SYMBOL_STORE_BYTES_MAX;
	s->nhosts = 1;
	mapping_store_init(&s->mappings);
	return s;
}

/* Give a store its share of what all have together. */
static void
share_store(struct symbol_store *s, size_t n)
{
	s->frames.max = SYMBOL_STORE_MAX / n;
	s->stacks.max = SYMBOL_STORE_STACKS_MAX / n;
	s->frames.bytes_max = s->stacks.bytes_max = SYMBOL_STORE_BYTES_MAX / n;
	s->mappings.max = MAPPING_STORE_MAX / n;
	s->mappings.bytes_max = MAPPING_STORE_BYTES_MAX / n;
}

int
symbol_store_set_hosts(struct symbol_store *s, size_t n)
{
	s->merged = n > 0;
	if (n <= 1)
		return 0;
	if ((s->others = calloc(n, sizeof(struct symbol_store *))) == NULL)
		return report_nomem();
	share_store(s, n);
	for (; s->nhosts < n; s->nhosts++) {
		if ((s->others[s->nhosts] = symbol_store_new()) == NULL)
			return -1;
		share_store(s->others[s->nhosts], n);
		s->others[s->nhosts]->merged = true;
		s->others[s->nhosts]->host = (uint32_t)s->nhosts;
	}
	return 0;
}

static void
limit_cache(struct symbol_cache *c, size_t bytes)
{
	c->max = bytes / 2 / SYMBOL_ENTRY_BYTES + 1;
	c->bytes_max = bytes / 2;
}

void
symbol_store_limit(struct symbol_store *s, size_t bytes)
{
	const size_t each = bytes / s->nhosts;

	limit_cache(&s->frames, each / 12 * 7);
	limit_cache(&s->stacks, each / 12 * 3);
	mapping_store_limit(&s->mappings, each / 12 * 2);
	for (size_t i = 1; i < s->nhosts; i++)
		symbol_store_limit(s->others[i], each);
}

const struct symbol_store *
symbol_store_of(const struct symbol_store *s, uint32_t host)
{
	if (s == NULL || host == 0)
		return s;
	return host < s->nhosts ? s->others[host] : NULL;
}

struct symbol_store *
symbol_store_to_set(struct symbol_store *s, uint32_t host)
{
	return host > 0 && host < s->nhosts ? s->others[host] : s;
}

/* Set *s to the store of the host that a line is about.  Returns 0, or -1 after
 * reporting. */
static int
find_host(struct symbol_store **s, const json_t *value, const char *where)
{
	uint64_t host = 0;

	if ((*s)->nhosts > 1 && json_doc_get_u64(value, "host",
				    (*s)->nhosts - 1, &host, where) == -1)
		return -1;
	if (host > 0)
		*s = (*s)->others[host];
	return 0;
}

void
symbol_store_free(struct symbol_store *s)
{
	if (s == NULL)
		return;
	symbol_cache_free(&s->frames);
	symbol_cache_free(&s->stacks);
	mapping_store_free(&s->mappings);
	for (size_t i = 0; i < s->nnames; i++)
		free(s->names[i]);
	free(s->names);
	for (size_t i = 1; i < s->nhosts; i++)
		symbol_store_free(s->others[i]);
	free(s->others);
	free(s);
}

struct symbol_frames
symbol_store_find(const struct symbol_store *s, uint64_t pid, uint64_t addr)
{
	const struct symbol_entry *e =
	    hash_find(&s->frames.hash, (struct hash_key){ pid, addr });

	if (e == NULL)
		return (struct symbol_frames){ NULL, 0 };
	return (struct symbol_frames){ e->block, e->n };
}

void
symbol_store_forget(struct symbol_store *s, uint64_t pid, uint64_t addr)
{
	struct symbol_entry *e =
	    hash_find(&s->frames.hash, (struct hash_key){ pid, addr });

	if (e == NULL)
		return;
	s->frames.bytes -= e->size;
	free(e->block);
	e->block = NULL;
	e->size = e->n = 0;
}

/* Copy len bytes of text to *at, with a NUL, and move *at past it. */
static const char *
copy_string(char **at, const char *text, size_t len)
{
	char *p = *at;

	memcpy(p, text, len);
	p[len] = '\0';
	*at = p + len + 1;
	return p;
}

static size_t
bounded_length(const char *text)
{
	return text == NULL ? 0 : strnlen(text, SYMBOL_STORE_TEXT_MAX);
}

int
symbol_store_set(struct symbol_store *s, uint64_t pid, uint64_t addr,
    const struct symbol_frame *f, size_t n)
{
	size_t size;
	struct symbol_frame *block;
	char *at;

	if (n > SYMBOL_STORE_INLINES_MAX)
		n = SYMBOL_STORE_INLINES_MAX;
	size = (n + 1) * sizeof(*block);
	for (size_t i = 0; i < n; i++)
		size +=
		    bounded_length(f[i].symbol) + bounded_length(f[i].file) + 2;
	if ((block = malloc(size)) == NULL)
		return report_nomem();
	at = (char *)&block[n];
	for (size_t i = 0; i < n; i++) {
		block[i] = f[i];
		block[i].symbol =
		    copy_string(&at, f[i].symbol, bounded_length(f[i].symbol));
		if (f[i].file != NULL)
			block[i].file = copy_string(
			    &at, f[i].file, bounded_length(f[i].file));
	}
	return symbol_cache_set(
	    &s->frames, (struct hash_key){ pid, addr }, block, size, n);
}

struct mapping_store *
symbol_store_mappings(struct symbol_store *s)
{
	return &s->mappings;
}

const struct symbol_mapping *
symbol_store_find_mapping(
    const struct symbol_store *s, uint64_t pid, uint64_t addr)
{
	return mapping_store_find(&s->mappings, pid, addr);
}

/* The index of a stack-trace map in the names; nnames if it is not there. */
static size_t
find_stacks_name(const struct symbol_store *s, const char *stacks)
{
	size_t i = 0;

	while (i < s->nnames && strcmp(s->names[i], stacks) != 0)
		i++;
	return i;
}

static int
add_stacks_name(struct symbol_store *s, const char *stacks)
{
	if (s->nnames == STREAM_MAPS_MAX) {
		report_error("%s: the stream has stacks of more than %d maps",
		    stacks, STREAM_MAPS_MAX);
		return -1;
	}
	if (!array_room(s->names, s->nnames, s->names_cap))
		return report_nomem();
	s->names[s->nnames] = strdup(stacks);
	if (s->names[s->nnames] == NULL)
		return report_nomem();
	s->nnames++;
	return 0;
}

size_t
symbol_store_find_stack(const struct symbol_store *s, const char *stacks,
    int32_t id, const uint64_t **addrs)
{
	const struct symbol_entry *e = hash_find(&s->stacks.hash,
	    (struct hash_key){ find_stacks_name(s, stacks), (uint32_t)id });

	if (e == NULL)
		return 0;
	*addrs = e->block;
	return e->n;
}

int
symbol_store_set_stack(struct symbol_store *s, const char *stacks, int32_t id,
    const uint64_t *addrs, size_t n)
{
	size_t name = find_stacks_name(s, stacks), size;
	uint64_t *block;

	if (name == s->nnames && add_stacks_name(s, stacks) == -1)
		return -1;
	if (n > STACK_DEPTH_MAX)
		n = STACK_DEPTH_MAX;
	size = n * sizeof(*addrs);
	if ((block = malloc(size + 1)) == NULL)
		return report_nomem();
	if (n > 0)
		memcpy(block, addrs, size);
	return symbol_cache_set(&s->stacks,
	    (struct hash_key){ name, (uint32_t)id }, block, size + 1, n);
}

/*
 * Reading.
 */

static int
parse_frame(const json_t *json, uint64_t *addr, struct symbol_frame *f,
    bool *later, const char *where)
{
	int got;

	*f = (struct symbol_frame){ .symbol = NULL };
	if (!json_is_object(json)) {
		report_error("%s: expected an object, found %s", where,
		    json_doc_kind(json));
		return -1;
	}
	if (json_doc_require(
		json_doc_get_u64(json, "addr", UINT64_MAX, addr, where), "addr",
		where) == -1)
		return -1;
	/* Without a symbol the address becomes unknown. */
	if (json_doc_get_string(json, "symbol", &f->symbol, where) == -1)
		return -1;
	got = json_doc_get_u64(json, "offset", UINT64_MAX, &f->offset, where);
	if (got == -1 ||
	    json_doc_get_string(json, "file", &f->file, where) == -1 ||
	    json_doc_get_u64(json, "line", UINT64_MAX, &f->line, where) == -1)
		return -1;
	f->has_offset = got == 1;
	*later =
	    f->symbol == NULL && json_is_true(json_object_get(json, "later"));
	return 0;
}

/* Consecutive frames with the same address. */
struct inlined {
	uint64_t addr;
	struct symbol_frame v[SYMBOL_STORE_INLINES_MAX];
	size_t n;
	bool any;   /* n is 0 for an address that becomes unknown */
	bool later; /* or whose name is told later */
};

static int
set_inlined(struct symbol_store *s, uint64_t pid, struct inlined *row)
{
	int ret = 0;

	if (row->any && row->later && row->n == 0)
		symbol_store_forget(s, pid, row->addr);
	else if (row->any)
		ret = symbol_store_set(s, pid, row->addr, row->v, row->n);
	row->any = false;
	row->n = 0;
	return ret;
}

static int
parse_frames(struct symbol_store *s, uint64_t pid, const json_t *frames,
    const char *where)
{
	struct inlined row = { .n = 0 };
	char at[1200];
	struct symbol_frame f;
	uint64_t addr;
	bool later;

	for (size_t i = 0; i < json_array_size(frames); i++) {
		snprintf(at, sizeof(at), "%s: frames[%zu]", where, i);
		if (parse_frame(
			json_array_get(frames, i), &addr, &f, &later, at) == -1)
			return -1;
		if (addr != row.addr && set_inlined(s, pid, &row) == -1)
			return -1;
		if (row.n == SYMBOL_STORE_INLINES_MAX) {
			report_error("%s: more than %d functions at one "
				     "address",
			    at, SYMBOL_STORE_INLINES_MAX);
			return -1;
		}
		row.addr = addr;
		row.any = true;
		row.later = later;
		if (f.symbol != NULL)
			row.v[row.n++] = f;
	}
	return set_inlined(s, pid, &row);
}

int
symbol_store_parse(
    struct symbol_store *s, const json_t *value, const char *where)
{
	json_t *frames = NULL, *mappings = NULL;
	uint64_t pid;

	if (find_host(&s, value, where) == -1 ||
	    json_doc_require(
		json_doc_get_u64(value, "pid", UINT64_MAX, &pid, where), "pid",
		where) == -1 ||
	    json_doc_get_array(value, "frames", &frames, where) == -1 ||
	    json_doc_get_array(value, "mappings", &mappings, where) == -1)
		return -1;
	if (frames == NULL)
		return json_doc_missing("frames", where);
	if (mapping_store_parse(&s->mappings, pid, mappings, where) == -1)
		return -1;
	return parse_frames(s, pid, frames, where);
}

bool
symbol_store_takes_away(const json_t *value, uint64_t *pid)
{
	const json_t *frames = json_object_get(value, "frames");

	if (!json_doc_u64(json_object_get(value, "pid"), pid))
		return false;
	for (size_t i = 0; i < json_array_size(frames); i++)
		if (json_is_true(
			json_object_get(json_array_get(frames, i), "later")))
			return true;
	return false;
}

int
symbol_store_parse_stack(
    struct symbol_store *s, const json_t *value, const char *where)
{
	uint64_t addrs[STACK_DEPTH_MAX], id;
	const char *stacks = NULL;
	json_t *array = NULL;
	size_t n;

	if (find_host(&s, value, where) == -1 ||
	    json_doc_get_string(value, "stacks", &stacks, where) == -1 ||
	    json_doc_require(
		json_doc_get_u64(value, "id", INT32_MAX, &id, where), "id",
		where) == -1 ||
	    json_doc_get_array(value, "addrs", &array, where) == -1)
		return -1;
	if (stacks == NULL || array == NULL)
		return json_doc_missing(
		    stacks == NULL ? "stacks" : "addrs", where);
	n = json_array_size(array);
	if (n > STACK_DEPTH_MAX) {
		report_error("%s: a stack of %zu addresses; the maximum "
			     "is %d",
		    where, n, STACK_DEPTH_MAX);
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		if (!json_doc_u64(json_array_get(array, i), &addrs[i])) {
			report_error("%s: addrs[%zu]: expected an address, "
				     "found %s",
			    where, i, json_doc_kind(json_array_get(array, i)));
			return -1;
		}
	return symbol_store_set_stack(s, stacks, (int32_t)id, addrs, n);
}

/*
 * Writing.
 */

/* Append before, text as a JSON string, and after. */
static void
write_quoted(
    struct buf *out, const char *before, const char *text, const char *after)
{
	buf_str(out, before);
	text_write(out, text, strlen(text), STYLE_JSON);
	buf_str(out, after);
}

void
symbol_store_write_frame(
    struct buf *out, uint64_t addr, const struct symbol_frame *f)
{
	buf_printf(out, "{\"addr\":%" PRIu64, addr);
	if (f != NULL) {
		write_quoted(out, ",\"symbol\":\"", f->symbol, "\"");
		if (f->has_offset)
			buf_printf(out, ",\"offset\":%" PRIu64, f->offset);
		if (f->file != NULL)
			write_quoted(out, ",\"file\":\"", f->file, "\"");
		if (f->line != 0)
			buf_printf(out, ",\"line\":%" PRIu64, f->line);
	}
	buf_chr(out, '}');
}

/* Append which host of a merged stream the line is about. */
static void
write_host(const struct symbol_store *s, struct buf *out)
{
	if (s->merged)
		buf_printf(out, "\"host\":%" PRIu32 ",", s->host);
}

void
symbol_store_write(const struct symbol_store *s, struct buf *out, uint64_t pid,
    const uint64_t *addrs, size_t n)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		struct symbol_frames found =
		    symbol_store_find(s, pid, addrs[i]);

		/* Written twice, it would look like an inlined function. */
		if (found.v == NULL || (i > 0 && addrs[i] == addrs[i - 1]))
			continue;
		if (!any) {
			buf_str(out, "{\"@symbols\":{");
			write_host(s, out);
			buf_printf(
			    out, "\"pid\":%" PRIu64 ",\"frames\":[", pid);
		}
		/* An address that became unknown is written without a symbol.
		 */
		for (size_t k = 0; k < found.n || k == 0; k++) {
			if (any)
				buf_chr(out, ',');
			any = true;
			symbol_store_write_frame(
			    out, addrs[i], found.n > 0 ? &found.v[k] : NULL);
		}
	}
	if (any)
		buf_str(out, "]}}\n");
}

void
symbol_store_write_mapping(const struct symbol_store *s, struct buf *out,
    uint64_t pid, const struct symbol_mapping *m)
{
	buf_str(out, "{\"@symbols\":{");
	write_host(s, out);
	buf_printf(out, "\"pid\":%" PRIu64 ",\"mappings\":[", pid);
	mapping_store_write(out, m);
	buf_str(out, "],\"frames\":[]}}\n");
}

void
symbol_store_write_forgotten(struct buf *out, uint64_t pid, uint64_t addr)
{
	buf_printf(out,
	    "{\"@symbols\":{\"pid\":%" PRIu64 ",\"frames\":[{\"addr\":%" PRIu64
	    ",\"later\":true}]}}\n",
	    pid, addr);
}

void
symbol_store_write_stack(const struct symbol_store *s, struct buf *out,
    const char *stacks, int32_t id)
{
	const uint64_t *addrs;
	size_t n = symbol_store_find_stack(s, stacks, id, &addrs);

	if (n == 0)
		return;
	buf_str(out, "{\"@stack\":{");
	write_host(s, out);
	write_quoted(out, "\"stacks\":\"", stacks, "\"");
	buf_printf(out, ",\"id\":%" PRId32 ",\"addrs\":[", id);
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s%" PRIu64, i > 0 ? "," : "", addrs[i]);
	buf_str(out, "]}}\n");
}
