#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/report.h"
#include "format/flame.h"

enum { FIRST_ROOM = 64 }; /* a power of two */

struct flame_entry {
	struct flame_key key;
	uint64_t count;
	uint32_t pass; /* in which that was counted */
	uint32_t text; /* its place among the texts */
};

/* Different stacks may read the same: those of other processes, and of other
 * addresses in the same functions. */
struct flame_text {
	struct flame_key key;
	char *text; /* owned */
	size_t len;
};

/*
 * Elements with a key in front, found by it: slots hold an element's place plus
 * one, 0 being free, and are twice as many as there is room for elements.
 */
struct flame_hash {
	char *v;         /* owned */
	uint32_t *slots; /* owned */
	size_t n, cap, size;
};

struct flame {
	struct flame_hash entries, texts;
	uint64_t seed[2];
	uint64_t sources;
};

struct flame *
flame_new(void)
{
	struct flame *f = calloc(1, sizeof(*f));

	if (f == NULL) {
		report_nomem();
		return NULL;
	}
	f->entries.size = sizeof(struct flame_entry);
	f->texts.size = sizeof(struct flame_text);
	/* Not arc4random_buf(3): libbsd's exits where it finds no memory. */
	if (getentropy(f->seed, sizeof(f->seed)) == -1) {
		report_error("random numbers: %s", strerror(errno));
		free(f);
		return NULL;
	}
	return f;
}

static void
hash_free(struct flame_hash *t)
{
	free(t->v);
	free(t->slots);
}

void
flame_free(struct flame *f)
{
	const struct flame_text *texts;

	if (f == NULL)
		return;
	texts = (const struct flame_text *)(const void *)f->texts.v;
	for (size_t i = 0; i < f->texts.n; i++)
		free(texts[i].text);
	hash_free(&f->entries);
	hash_free(&f->texts);
	free(f);
}

static void
mix_word(struct flame_key *k, uint64_t w)
{
	k->a = (k->a ^ w) * UINT64_C(0x9e3779b97f4a7c15);
	k->a ^= k->a >> 32;
	k->b = (k->b + w) * UINT64_C(0xd6e8feb86659fd93);
	k->b ^= k->b >> 29;
}

void
flame_mix(struct flame_key *k, const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t w;

	mix_word(k, len);
	for (; len >= sizeof(w); len -= sizeof(w), p += sizeof(w)) {
		memcpy(&w, p, sizeof(w));
		mix_word(k, w);
	}
	if (len == 0)
		return;
	w = 0;
	memcpy(&w, p, len);
	mix_word(k, w);
}

struct flame_key
flame_source(struct flame *f)
{
	struct flame_key k = { f->seed[0], f->seed[1] };

	mix_word(&k, ++f->sources);
	return k;
}

static const struct flame_key *
key_of(const struct flame_hash *t, uint32_t place)
{
	return (const void *)(t->v + place * t->size);
}

/* The slot of a key: its own, or the free one where it would go. */
static uint32_t *
slot_of(const struct flame_hash *t, const struct flame_key *k)
{
	size_t mask = t->cap * 2 - 1, i = (size_t)k->b & mask;
	const struct flame_key *at;

	for (; t->slots[i] != 0; i = (i + 1) & mask) {
		at = key_of(t, t->slots[i] - 1);
		if (at->a == k->a && at->b == k->b)
			break;
	}
	return &t->slots[i];
}

static void *
hash_find(const struct flame_hash *t, const struct flame_key *k)
{
	uint32_t place = t->n > 0 ? *slot_of(t, k) : 0;

	return place == 0 ? NULL : t->v + (place - 1) * t->size;
}

static int
hash_grow(struct flame_hash *t)
{
	size_t cap = t->cap == 0 ? FIRST_ROOM : t->cap * 2;
	uint32_t *slots;
	char *v;

	if (cap > UINT32_MAX / 2)
		return -1;
	if ((v = reallocarray(t->v, cap, t->size)) == NULL)
		return -1;
	t->v = v;
	if ((slots = calloc(cap * 2, sizeof(*slots))) == NULL)
		return -1;
	free(t->slots);
	t->slots = slots;
	t->cap = cap;
	for (uint32_t i = 0; i < t->n; i++)
		*slot_of(t, key_of(t, i)) = i + 1;
	return 0;
}

/* Append a copy of an element whose key is not there yet. */
static int
hash_add(struct flame_hash *t, const void *element)
{
	if (t->n == t->cap && hash_grow(t) == -1)
		return -1;
	*slot_of(t, element) = (uint32_t)t->n + 1;
	memcpy(t->v + t->n++ * t->size, element, t->size);
	return 0;
}

bool
flame_count(
    struct flame *f, const struct flame_key *k, uint32_t pass, uint64_t count)
{
	struct flame_entry *e = hash_find(&f->entries, k);

	if (e == NULL)
		return false;
	if (e->pass != pass)
		e->count = 0;
	e->pass = pass;
	if (__builtin_add_overflow(e->count, count, &e->count))
		e->count = UINT64_MAX;
	return true;
}

/* The place of a text, added where it is new.  Returns 0 or -1. */
static int
add_text(struct flame *f, const char *text, size_t len, uint32_t *place)
{
	struct flame_text t = { .key = { f->seed[0], f->seed[1] }, .len = len };
	const struct flame_text *found;

	flame_mix(&t.key, text, len);
	found = hash_find(&f->texts, &t.key);
	if (found != NULL) {
		*place =
		    (uint32_t)(found -
			       (const struct flame_text *)(void *)f->texts.v);
		return 0;
	}
	if ((t.text = malloc(len + 1)) == NULL)
		return -1;
	if (len > 0)
		memcpy(t.text, text, len);
	*place = (uint32_t)f->texts.n;
	if (hash_add(&f->texts, &t) == 0)
		return 0;
	free(t.text);
	return -1;
}

int
flame_add(struct flame *f, const struct flame_key *k, const char *text,
    size_t len, uint32_t pass, uint64_t count)
{
	struct flame_entry e = { .key = *k, .count = count, .pass = pass };

	if (add_text(f, text, len, &e.text) == -1)
		return -1;
	return hash_add(&f->entries, &e);
}

struct flame_line {
	const struct flame_text *text;
	uint64_t count;
};

static int
by_text(const void *a, const void *b)
{
	const struct flame_text *x = ((const struct flame_line *)a)->text;
	const struct flame_text *y = ((const struct flame_line *)b)->text;
	int d = memcmp(x->text, y->text, x->len < y->len ? x->len : y->len);

	return d != 0 ? d : (x->len > y->len) - (x->len < y->len);
}

void
flame_write(const struct flame *f, struct buf *out)
{
	const struct flame_text *texts = (const void *)f->texts.v;
	const struct flame_entry *entries = (const void *)f->entries.v;
	struct flame_line *lines = calloc(f->texts.n + 1, sizeof(*lines));

	if (lines == NULL) {
		out->failed = true;
		return;
	}
	for (size_t i = 0; i < f->texts.n; i++)
		lines[i].text = &texts[i];
	for (size_t i = 0; i < f->entries.n; i++)
		if (__builtin_add_overflow(lines[entries[i].text].count,
			entries[i].count, &lines[entries[i].text].count))
			lines[entries[i].text].count = UINT64_MAX;
	qsort(lines, f->texts.n, sizeof(*lines), by_text);
	for (size_t i = 0; i < f->texts.n; i++) {
		if (lines[i].count == 0)
			continue;
		buf_add(out, lines[i].text->text, lines[i].text->len);
		buf_printf(out, " %" PRIu64 "\n", lines[i].count);
	}
	free(lines);
}
