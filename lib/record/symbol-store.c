#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "base/text.h"
#include "base/util.h"
#include "record/stack-layout.h"
#include "record/symbol-store.h"

enum {
	NONE = UINT32_MAX,  /* no entry */
	FIRST_ENTRIES = 64, /* room for so many at first, then for twice */
};

/* Something known by two numbers: in one block of memory, n parts of it. */
struct symbol_entry {
	uint64_t a, b;
	uint32_t next; /* in its bucket, or NONE */
	uint32_t n;
	size_t size; /* bytes of block */
	void *block; /* owned */
};

/*
 * A hash table that forgets: its entries are a ring in the order they came, of
 * which the oldest go where there are more than max, or more bytes.
 */
struct symbol_hash {
	struct symbol_entry *v; /* owned: room for cap, a power of two */
	uint32_t *buckets;      /* owned: as many; the first entry of each */
	size_t n, cap, max;     /* max: a power of two */
	size_t oldest;
	size_t bytes; /* of all blocks */
	uint64_t seed;
};

struct symbol_store {
	struct symbol_hash frames; /* by pid and address */
	struct symbol_hash stacks; /* by the map's place in names, and id */
	char **names;              /* owned: maps of stacks */
	size_t nnames, names_cap;
};

/* A bucket for two numbers.  Whoever writes streams cannot choose which ones
 * fall into the same, not knowing the seed. */
static size_t
bucket_of(const struct symbol_hash *t, uint64_t a, uint64_t b)
{
	uint64_t h = (a ^ t->seed) * UINT64_C(0x9e3779b97f4a7c15);

	h = (h ^ h >> 32 ^ b) * UINT64_C(0xd6e8feb86659fd93);
	h = (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return (size_t)(h ^ h >> 32) & (t->cap - 1);
}

static struct symbol_entry *
hash_find(const struct symbol_hash *t, uint64_t a, uint64_t b)
{
	uint32_t i = NONE;

	if (t->n > 0)
		i = t->buckets[bucket_of(t, a, b)];
	while (i != NONE && (t->v[i].a != a || t->v[i].b != b))
		i = t->v[i].next;
	return i == NONE ? NULL : &t->v[i];
}

static void
link_entry(struct symbol_hash *t, uint32_t i)
{
	uint32_t *bucket = &t->buckets[bucket_of(t, t->v[i].a, t->v[i].b)];

	t->v[i].next = *bucket;
	*bucket = i;
}

static void
drop_oldest(struct symbol_hash *t)
{
	uint32_t i = (uint32_t)t->oldest;
	struct symbol_entry *e = &t->v[i];
	uint32_t *at = &t->buckets[bucket_of(t, e->a, e->b)];

	while (*at != i)
		at = &t->v[*at].next;
	*at = e->next;
	t->bytes -= e->size;
	free(e->block);
	t->oldest = (t->oldest + 1) & (t->cap - 1);
	t->n--;
}

static int
hash_grow(struct symbol_hash *t)
{
	struct symbol_hash to = *t;

	to.cap = t->cap == 0 ? FIRST_ENTRIES : t->cap * 2;
	to.oldest = 0;
	to.v = calloc(to.cap, sizeof(*to.v));
	to.buckets = malloc(to.cap * sizeof(*to.buckets));
	if (to.v == NULL || to.buckets == NULL) {
		free(to.v);
		free(to.buckets);
		return report_nomem();
	}
	memset(to.buckets, 0xff, to.cap * sizeof(*to.buckets));
	for (size_t i = 0; i < t->n; i++) {
		to.v[i] = t->v[(t->oldest + i) & (t->cap - 1)];
		link_entry(&to, (uint32_t)i);
	}
	free(t->v);
	free(t->buckets);
	*t = to;
	return 0;
}

/* Keep n parts in a block of so many bytes, which is taken over. */
static int
hash_set(struct symbol_hash *t, uint64_t a, uint64_t b, void *block,
    size_t size, size_t n)
{
	struct symbol_entry *e = hash_find(t, a, b);
	uint32_t i;

	if (e == NULL) {
		if (t->n == t->max)
			drop_oldest(t);
		if (t->n == t->cap && hash_grow(t) == -1) {
			free(block);
			return -1;
		}
		i = (uint32_t)((t->oldest + t->n++) & (t->cap - 1));
		e = &t->v[i];
		*e = (struct symbol_entry){ .a = a, .b = b };
		link_entry(t, i);
	}
	t->bytes += size - e->size;
	free(e->block);
	e->block = block;
	e->size = size;
	e->n = (uint32_t)n;
	while (t->bytes > SYMBOL_STORE_BYTES_MAX && t->n > 1)
		drop_oldest(t);
	return 0;
}

static void
hash_free(struct symbol_hash *t)
{
	while (t->n > 0)
		drop_oldest(t);
	free(t->v);
	free(t->buckets);
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
	s->stacks.max = SYMBOL_STORE_STACKS_MAX;
	/* Not arc4random_buf(3): libbsd's exits where it finds no memory. */
	if (getentropy(&s->frames.seed, sizeof(s->frames.seed)) == -1) {
		report_error("random numbers: %s", strerror(errno));
		free(s);
		return NULL;
	}
	s->stacks.seed = s->frames.seed;
	return s;
}

void
symbol_store_free(struct symbol_store *s)
{
	if (s == NULL)
		return;
	hash_free(&s->frames);
	hash_free(&s->stacks);
	for (size_t i = 0; i < s->nnames; i++)
		free(s->names[i]);
	free(s->names);
	free(s);
}

struct symbol_frames
symbol_store_find(const struct symbol_store *s, uint64_t pid, uint64_t addr)
{
	const struct symbol_entry *e = hash_find(&s->frames, pid, addr);

	if (e == NULL)
		return (struct symbol_frames){ NULL, 0 };
	return (struct symbol_frames){ e->block, e->n };
}

/* Copy a string, cut where it is too long, to *at, which moves behind it. */
static const char *
copy_text(char **at, const char *text, size_t len)
{
	char *p = *at;

	memcpy(p, text, len);
	p[len] = '\0';
	*at = p + len + 1;
	return p;
}

static size_t
text_len(const char *text)
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
		size += text_len(f[i].symbol) + text_len(f[i].file) + 2;
	if ((block = malloc(size)) == NULL)
		return report_nomem();
	at = (char *)&block[n];
	for (size_t i = 0; i < n; i++) {
		block[i] = f[i];
		block[i].symbol =
		    copy_text(&at, f[i].symbol, text_len(f[i].symbol));
		if (f[i].file != NULL)
			block[i].file =
			    copy_text(&at, f[i].file, text_len(f[i].file));
	}
	return hash_set(&s->frames, pid, addr, block, size, n);
}

/* The place of a map of stacks in the names; nnames if it has none. */
static size_t
find_name(const struct symbol_store *s, const char *stacks)
{
	size_t i = 0;

	while (i < s->nnames && strcmp(s->names[i], stacks) != 0)
		i++;
	return i;
}

static int
add_name(struct symbol_store *s, const char *stacks)
{
	if (s->nnames == STREAM_MAPS_MAX) {
		report_error("%s: there are stacks of %d maps already", stacks,
		    STREAM_MAPS_MAX);
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
	const struct symbol_entry *e =
	    hash_find(&s->stacks, find_name(s, stacks), (uint32_t)id);

	if (e == NULL)
		return 0;
	*addrs = e->block;
	return e->n;
}

int
symbol_store_set_stack(struct symbol_store *s, const char *stacks, int32_t id,
    const uint64_t *addrs, size_t n)
{
	size_t name = find_name(s, stacks), size;
	uint64_t *block;

	if (name == s->nnames && add_name(s, stacks) == -1)
		return -1;
	if (n > STACK_DEPTH_MAX)
		n = STACK_DEPTH_MAX;
	size = n * sizeof(*addrs);
	if ((block = malloc(size + 1)) == NULL)
		return report_nomem();
	if (n > 0)
		memcpy(block, addrs, size);
	return hash_set(&s->stacks, name, (uint32_t)id, block, size + 1, n);
}

/*
 * Reading.
 */

/* A whole number that must be there. */
static int
take_u64(const json_t *json, const char *key, uint64_t max, uint64_t *out,
    const char *where)
{
	int got = doc_get_u64(json, key, max, out, where);

	return got == 0 ? doc_missing(key, where) : got;
}

static int
take_frame(const json_t *json, uint64_t *addr, struct symbol_frame *f,
    const char *where)
{
	int got;

	*f = (struct symbol_frame){ .symbol = NULL };
	if (!json_is_object(json)) {
		report_error(
		    "%s: expected an object, found %s", where, doc_kind(json));
		return -1;
	}
	if (take_u64(json, "addr", UINT64_MAX, addr, where) == -1)
		return -1;
	/* Without one the address is not known any more. */
	if (doc_get_string(json, "symbol", &f->symbol, where) == -1)
		return -1;
	got = doc_get_u64(json, "offset", UINT64_MAX, &f->offset, where);
	if (got == -1 || doc_get_string(json, "file", &f->file, where) == -1 ||
	    doc_get_u64(json, "line", UINT64_MAX, &f->line, where) == -1)
		return -1;
	f->has_offset = got == 1;
	return 0;
}

/* The frames of one address, which stand in a row. */
struct inlined {
	uint64_t addr;
	struct symbol_frame v[SYMBOL_STORE_INLINES_MAX];
	size_t n;
	bool any; /* there is a row: n is 0 for an address that is forgotten */
};

static int
end_row(struct symbol_store *s, uint64_t pid, struct inlined *row)
{
	int ret = 0;

	if (row->any)
		ret = symbol_store_set(s, pid, row->addr, row->v, row->n);
	row->any = false;
	row->n = 0;
	return ret;
}

static int
take_frames(struct symbol_store *s, uint64_t pid, const json_t *frames,
    const char *where)
{
	struct inlined row = { .n = 0 };
	char at[1200];
	struct symbol_frame f;
	uint64_t addr;

	for (size_t i = 0; i < json_array_size(frames); i++) {
		snprintf(at, sizeof(at), "%s: frames[%zu]", where, i);
		if (take_frame(json_array_get(frames, i), &addr, &f, at) == -1)
			return -1;
		if (addr != row.addr && end_row(s, pid, &row) == -1)
			return -1;
		if (row.n == SYMBOL_STORE_INLINES_MAX) {
			report_error("%s: more than %d functions at one "
				     "address",
			    at, SYMBOL_STORE_INLINES_MAX);
			return -1;
		}
		row.addr = addr;
		row.any = true;
		if (f.symbol != NULL)
			row.v[row.n++] = f;
	}
	return end_row(s, pid, &row);
}

int
symbol_store_parse(
    struct symbol_store *s, const json_t *value, const char *where)
{
	json_t *frames = NULL;
	uint64_t pid;

	if (take_u64(value, "pid", UINT64_MAX, &pid, where) == -1 ||
	    doc_get_array(value, "frames", &frames, where) == -1)
		return -1;
	if (frames == NULL)
		return doc_missing("frames", where);
	return take_frames(s, pid, frames, where);
}

int
symbol_store_parse_stack(
    struct symbol_store *s, const json_t *value, const char *where)
{
	uint64_t addrs[STACK_DEPTH_MAX], id;
	const char *stacks = NULL;
	json_t *array = NULL;
	size_t n;

	if (doc_get_string(value, "stacks", &stacks, where) == -1 ||
	    take_u64(value, "id", INT32_MAX, &id, where) == -1 ||
	    doc_get_array(value, "addrs", &array, where) == -1)
		return -1;
	if (stacks == NULL || array == NULL)
		return doc_missing(stacks == NULL ? "stacks" : "addrs", where);
	n = json_array_size(array);
	if (n > STACK_DEPTH_MAX) {
		report_error("%s: a stack of %zu addresses; at most %d are "
			     "read",
		    where, n, STACK_DEPTH_MAX);
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		if (!doc_u64(json_array_get(array, i), &addrs[i])) {
			report_error("%s: addrs[%zu]: expected an address, "
				     "found %s",
			    where, i, doc_kind(json_array_get(array, i)));
			return -1;
		}
	return symbol_store_set_stack(s, stacks, (int32_t)id, addrs, n);
}

/*
 * Writing.
 */

/* ,"key":"text" */
static void
put_text(struct buf *out, const char *key, const char *text)
{
	size_t n = strlen(text);
	char *p;

	buf_printf(out, ",\"%s\":\"", key);
	if ((p = buf_room(out, TEXT_ESCAPED_MAX(n))) == NULL)
		return;
	out->len =
	    (size_t)(text_json(p, (const unsigned char *)text, n) - out->data);
	buf_chr(out, '"');
}

void
symbol_store_write_frame(
    struct buf *out, uint64_t addr, const struct symbol_frame *f)
{
	buf_printf(out, "{\"addr\":%" PRIu64, addr);
	if (f != NULL) {
		put_text(out, "symbol", f->symbol);
		if (f->has_offset)
			buf_printf(out, ",\"offset\":%" PRIu64, f->offset);
		if (f->file != NULL)
			put_text(out, "file", f->file);
		if (f->line != 0)
			buf_printf(out, ",\"line\":%" PRIu64, f->line);
	}
	buf_chr(out, '}');
}

void
symbol_store_write(const struct symbol_store *s, struct buf *out, uint64_t pid,
    const uint64_t *addrs, size_t n)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		struct symbol_frames found =
		    symbol_store_find(s, pid, addrs[i]);

		/* Twice in a row would look like an inlined function. */
		if (found.v == NULL || (i > 0 && addrs[i] == addrs[i - 1]))
			continue;
		if (!any)
			buf_printf(out,
			    "{\"@symbols\":{\"pid\":%" PRIu64 ",\"frames\":[",
			    pid);
		/* What is not known any more stands there alone. */
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
symbol_store_write_stack(const struct symbol_store *s, struct buf *out,
    const char *stacks, int32_t id)
{
	const uint64_t *addrs;
	size_t n = symbol_store_find_stack(s, stacks, id, &addrs);
	size_t len = strlen(stacks);
	char *p;

	if (n == 0)
		return;
	buf_str(out, "{\"@stack\":{\"stacks\":\"");
	if ((p = buf_room(out, TEXT_ESCAPED_MAX(len))) == NULL)
		return;
	out->len = (size_t)(text_json(p, (const unsigned char *)stacks, len) -
			    out->data);
	buf_printf(out, "\",\"id\":%" PRId32 ",\"addrs\":[", id);
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s%" PRIu64, i > 0 ? "," : "", addrs[i]);
	buf_str(out, "]}}\n");
}
