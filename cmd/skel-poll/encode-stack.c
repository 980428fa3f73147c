#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "encode-stack.h"
#include "layout/flame.h"
#include "record/fields.h"
#include "record/stack-layout.h"
#include "record/symbol-store.h"

enum { WHERE_MAX = 1024, AT_MAX = WHERE_MAX + 32 };

/* The members of a map's JSON records that hold stacks and their process; NULL
 * if there is none. */
struct stack_paths {
	enum stack_kind kinds[STACK_SIDES];
	char *stacks[STACK_SIDES]; /* owned */
	char *pid;                 /* owned */
};

struct stack_encoder {
	const struct stream_header *header; /* borrowed */
	struct symbol_store *all;           /* owned: what was written so far */
	struct symbol_store *symbols;       /* that of the host of the record */
	struct stack_paths *maps;           /* owned */
	/* The stack being converted: its addresses, and those of them whose
	 * symbols have to be written. */
	uint64_t addrs[STACK_DEPTH_MAX], news[STACK_DEPTH_MAX];
	size_t n, nnews;
};

/* Returns a copy of the path of the field at a place; NULL if there is none. */
static char *
copy_field_path(const struct fields *all, const struct field_place *at)
{
	for (size_t i = 0; i < all->n; i++)
		if (field_place_equals(&all->v[i].place, at))
			return strdup(all->v[i].path);
	return NULL;
}

static void
find_stack_paths(
    struct stack_paths *m, const struct stream_header *h, unsigned int map)
{
	struct fields all = { 0 };
	struct stack_layout l;

	if (stack_layout_find(&l, h, map) != 1)
		return;
	fields_add_selected(&all, h, map, NULL, 0, true);
	for (int i = 0; i < STACK_SIDES; i++) {
		m->kinds[i] = l.sides[i].kind;
		m->stacks[i] = copy_field_path(&all, &l.sides[i].at);
	}
	m->pid = copy_field_path(&all, &l.pid);
	fields_free(&all);
}

struct stack_encoder *
stack_encoder_new(const struct stream_header *h)
{
	struct stack_encoder *e = calloc(1, sizeof(*e));

	if (e == NULL) {
		report_nomem();
		return NULL;
	}
	e->header = h;
	e->all = symbol_store_new();
	e->maps = calloc(h->nmaps + 1, sizeof(*e->maps));
	if (e->all == NULL || e->maps == NULL ||
	    symbol_store_set_hosts(e->all, h->nhosts) == -1) {
		report_nomem();
		stack_encoder_free(e);
		return NULL;
	}
	for (unsigned int i = 0; i < h->nmaps; i++)
		find_stack_paths(&e->maps[i], h, i);
	return e;
}

void
stack_encoder_free(struct stack_encoder *e)
{
	if (e == NULL)
		return;
	for (size_t i = 0; e->maps != NULL && i < e->header->nmaps; i++) {
		for (int k = 0; k < STACK_SIDES; k++)
			free(e->maps[i].stacks[k]);
		free(e->maps[i].pid);
	}
	free(e->maps);
	symbol_store_free(e->all);
	free(e);
}

static uint64_t
find_stack_pid(json_t *record, const char *path)
{
	const char *key;
	json_t *in =
	    path != NULL ? json_doc_find_parent(record, path, &key) : NULL;
	uint64_t pid = 0;

	if (in != NULL)
		json_doc_u64(json_object_get(in, key), &pid);
	return pid;
}

/* Reads an element of a stack; *named says whether it has a symbol. */
static int
read_json_frame(const json_t *json, uint64_t *addr, struct symbol_frame *f,
    bool *named, const char *where)
{
	int got;

	*f = (struct symbol_frame){ .symbol = NULL };
	if (json_doc_u64(json, addr)) {
		*named = false;
		return 0;
	}
	if (!json_is_object(json)) {
		report_error(
		    "%s: expected an address or {\"addr\":...}, found %s",
		    where, json_doc_kind(json));
		return -1;
	}
	if ((got = json_doc_get_u64(json, "addr", UINT64_MAX, addr, where)) !=
	    1)
		return got == 0 ? json_doc_missing("addr", where) : -1;
	got = json_doc_get_u64(json, "offset", UINT64_MAX, &f->offset, where);
	f->has_offset = got == 1;
	if (got == -1 ||
	    json_doc_get_string(json, "symbol", &f->symbol, where) == -1 ||
	    json_doc_get_string(json, "file", &f->file, where) == -1 ||
	    json_doc_get_u64(json, "line", UINT64_MAX, &f->line, where) == -1)
		return -1;
	*named = f->symbol != NULL;
	return 0;
}

static bool
is_same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
is_known_address(
    struct symbol_frames known, const struct symbol_frame *f, size_t n)
{
	if (known.n != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct symbol_frame *k = &known.v[i];

		if (!is_same_text(k->symbol, f[i].symbol) ||
		    !is_same_text(k->file, f[i].file) || k->line != f[i].line ||
		    k->has_offset != f[i].has_offset ||
		    k->offset != f[i].offset)
			return false;
	}
	return true;
}

/* Adds an address with its n functions, the inlined ones too.  Its symbols have
 * to be written if they are new. */
static int
encode_add_address(struct stack_encoder *e, uint64_t pid, uint64_t addr,
    const struct symbol_frame *f, size_t n)
{
	if (e->n == STACK_DEPTH_MAX)
		return 0;
	e->addrs[e->n++] = addr;
	if (n == 0 ||
	    is_known_address(symbol_store_find(e->symbols, pid, addr), f, n))
		return 0;
	e->news[e->nnews++] = addr;
	return symbol_store_set(e->symbols, pid, addr, f, n);
}

/* Reads a stack into e->addrs and e->news. */
static int
encode_read_stack(struct stack_encoder *e, uint64_t pid, const json_t *array,
    const char *where)
{
	struct symbol_frame v[SYMBOL_STORE_INLINES_MAX];
	uint64_t addr, last = 0;
	char at[AT_MAX];
	size_t n = 0;
	bool named = false;

	e->n = e->nnews = 0;
	for (size_t i = 0; i < json_array_size(array); i++) {
		struct symbol_frame f;

		snprintf(at, sizeof(at), "%s[%zu]", where, i);
		if (read_json_frame(
			json_array_get(array, i), &addr, &f, &named, at) == -1)
			return -1;
		/* Frames of one address are functions that were inlined; of a
		 * function that calls itself the names are equal. */
		if (i > 0 &&
		    (addr != last || n == SYMBOL_STORE_INLINES_MAX || !named ||
			n == 0 || is_same_text(v[n - 1].symbol, f.symbol))) {
			if (encode_add_address(e, pid, last, v, n) == -1)
				return -1;
			n = 0;
		}
		last = addr;
		if (named)
			v[n++] = f;
	}
	return json_array_size(array) > 0
		   ? encode_add_address(e, pid, last, v, n)
		   : 0;
}

/* Returns an id for the addresses, made from them by a hash.  If other
 * addresses have it, the "@stack" line changes its meaning from here on. */
static int32_t
make_stack_id(struct stack_encoder *e, const char *stacks, struct buf *lines)
{
	struct hash_key k = { 1, 2 };
	const uint64_t *known;
	size_t size = e->n * sizeof(*e->addrs);
	int32_t id;

	hash_mix(&k, e->addrs, size);
	id = (int32_t)(k.a & INT32_MAX);
	if (symbol_store_find_stack(e->symbols, stacks, id, &known) == e->n &&
	    memcmp(known, e->addrs, size) == 0)
		return id;
	if (symbol_store_set_stack(e->symbols, stacks, id, e->addrs, e->n) == 0)
		symbol_store_write_stack(e->symbols, lines, stacks, id);
	return id;
}

static json_t *
new_address_array(const struct stack_encoder *e)
{
	json_t *array = json_array();

	for (size_t i = 0; i < e->n; i++)
		if (json_array_append_new(
			array, json_doc_u64_new(e->addrs[i])) == -1) {
			json_decref(array);
			return NULL;
		}
	return array;
}

/* Replaces a stack by the value that the program wrote. */
static int
encode_stack(struct stack_encoder *e, unsigned int map, enum stack_side side,
    json_t *in, const char *key, uint64_t pid, const char *where,
    struct buf *lines)
{
	const struct stream_map *m = &e->header->maps[map];
	const json_t *array = json_object_get(in, key);
	char at[WHERE_MAX];
	json_t *v;

	/* An id whose stack was never written is in the JSON as an id. */
	if (!json_is_array(array))
		return 0;
	snprintf(at, sizeof(at), "%s: %s", where, key);
	if (encode_read_stack(e, pid, array, at) == -1)
		return -1;
	if (e->maps[map].kinds[side] == STACK_ARRAY)
		v = new_address_array(e);
	else if (e->n == 0)
		v = json_integer(-1);
	else
		v = json_integer(make_stack_id(
		    e, m->stacks != NULL ? m->stacks : "", lines));
	symbol_store_write(e->symbols, lines, pid, e->news, e->nnews);
	if (json_object_set_new(in, key, v) == -1 || lines->failed)
		return report_nomem();
	return 0;
}

int
stack_encoder_record(struct stack_encoder *e, unsigned int map, json_t *record,
    const char *where, struct buf *lines)
{
	const struct stack_paths *m = &e->maps[map];

	e->symbols = symbol_store_to_set(e->all, e->header->maps[map].host);
	for (int i = 0; i < STACK_SIDES; i++) {
		uint64_t pid =
		    i == STACK_USER ? find_stack_pid(record, m->pid) : 0;
		const char *key;
		json_t *in = NULL;

		if (m->stacks[i] != NULL)
			in = json_doc_find_parent(record, m->stacks[i], &key);
		if (in != NULL && encode_stack(e, map, (enum stack_side)i, in,
				      key, pid, where, lines) == -1)
			return -1;
	}
	return 0;
}
