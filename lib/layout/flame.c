#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/report.h"
#include "layout/flame.h"

struct flame_entry {
	struct hash_key key;
	uint64_t count;
	uint32_t pass; /* in which count was counted */
	uint32_t text; /* index of its text */
};

/* Different stacks can have the same text: those of other processes, or other
 * addresses in the same functions. */
struct flame_text {
	struct hash_key key;
	char *text; /* owned */
	size_t len;
};

struct flame {
	struct hash entries, texts;
	struct hash_key start; /* random, so that nobody can choose streams with
				  equal keys */
	uint64_t sources;
	uint64_t faults[FLAME_FAULTS];
	bool overflowed;
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
	if (hash_random(&f->start) == -1) {
		free(f);
		return NULL;
	}
	return f;
}

void
flame_free(struct flame *f)
{
	const struct flame_text *texts;

	if (f == NULL)
		return;
	texts = (const void *)f->texts.v;
	for (size_t i = 0; i < f->texts.n; i++)
		free(texts[i].text);
	hash_free(&f->entries);
	hash_free(&f->texts);
	free(f);
}

struct hash_key
flame_source(struct flame *f, uint64_t number)
{
	const uint64_t of[] = { number, number == 0 ? ++f->sources : 0 };
	struct hash_key k = f->start;

	hash_mix(&k, of, sizeof(of));
	return k;
}

bool
flame_count(
    struct flame *f, const struct hash_key *k, uint32_t pass, uint64_t count)
{
	struct flame_entry *e = hash_find(&f->entries, *k);

	if (e == NULL)
		return false;
	if (e->pass != pass)
		e->count = 0;
	e->pass = pass;
	if (__builtin_add_overflow(e->count, count, &e->count)) {
		e->count = UINT64_MAX;
		f->overflowed = true;
	}
	return true;
}

/* Find a text, or add it, and set *place to its index.  Returns 0, or -1 when
 * memory ran out. */
static int
add_text(struct flame *f, const char *text, size_t len, uint32_t *place)
{
	struct hash_key key = f->start;
	struct flame_text *t;
	char *copy;

	hash_mix(&key, text, len);
	if ((t = hash_find(&f->texts, key)) == NULL) {
		if ((copy = malloc(len + 1)) == NULL)
			return -1;
		if ((t = hash_add(&f->texts, key)) == NULL) {
			free(copy);
			return -1;
		}
		if (len > 0)
			memcpy(copy, text, len);
		t->text = copy;
		t->len = len;
	}
	*place = (uint32_t)(t - (struct flame_text *)hash_at(&f->texts, 0));
	return 0;
}

int
flame_add(struct flame *f, const struct hash_key *k, const char *text,
    size_t len, uint32_t pass, uint64_t count)
{
	struct flame_entry *e;
	uint32_t place;

	if (add_text(f, text, len, &place) == -1 ||
	    (e = hash_add(&f->entries, *k)) == NULL)
		return -1;
	e->count = count;
	e->pass = pass;
	e->text = place;
	return 0;
}

bool
flame_is_empty(const struct flame *f)
{
	return f->entries.n == 0;
}

static int
by_text(const void *a, const void *b)
{
	const struct flame_stack *x = a, *y = b;
	int d = memcmp(x->text, y->text, x->len < y->len ? x->len : y->len);

	return d != 0 ? d : (x->len > y->len) - (x->len < y->len);
}

/* Add up the entries by their texts.  Returns whether all sums fit. */
static bool
add_entries(const struct flame *f, struct flame_stack *stacks)
{
	const struct flame_entry *entries = (const void *)f->entries.v;
	bool fit = true;

	for (size_t i = 0; i < f->entries.n; i++) {
		uint64_t *sum = &stacks[entries[i].text].count;

		if (!__builtin_add_overflow(*sum, entries[i].count, sum))
			continue;
		*sum = UINT64_MAX;
		fit = false;
	}
	return fit;
}

struct flame_stack *
flame_sort(const struct flame *f, size_t *n)
{
	const struct flame_text *texts = (const void *)f->texts.v;
	struct flame_stack *stacks = calloc(f->texts.n + 1, sizeof(*stacks));

	*n = f->texts.n;
	if (stacks == NULL)
		return NULL;
	for (size_t i = 0; i < *n; i++)
		stacks[i] = (struct flame_stack){ .text = texts[i].text,
			.len = texts[i].len };
	add_entries(f, stacks);
	qsort(stacks, *n, sizeof(*stacks), by_text);
	return stacks;
}

void
flame_write(const struct flame *f, struct buf *out)
{
	size_t n;
	struct flame_stack *stacks = flame_sort(f, &n);

	if (stacks == NULL) {
		out->failed = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (stacks[i].count == 0)
			continue;
		buf_add(out, stacks[i].text, stacks[i].len);
		buf_printf(out, " %" PRIu64 "\n", stacks[i].count);
	}
	free(stacks);
}

void
flame_note_fault(struct flame *f, enum flame_fault fault)
{
	f->faults[fault]++;
}

uint64_t
flame_faults(const struct flame *f, enum flame_fault fault)
{
	return f->faults[fault];
}

void
flame_note_overflow(struct flame *f)
{
	f->overflowed = true;
}

bool
flame_overflowed(const struct flame *f)
{
	struct flame_stack *stacks;
	bool fit;

	if (f->overflowed)
		return true;
	if ((stacks = calloc(f->texts.n + 1, sizeof(*stacks))) == NULL)
		return false;
	fit = add_entries(f, stacks);
	free(stacks);
	return !fit;
}
