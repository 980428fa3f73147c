#include <string.h>

#include "base/json-doc.h"
#include "base/util.h"
#include "segment/segment.h"
#include "stream/writer.h"

enum segment_state {
	ID_TOLD,    /* the segment has its name, or it will never have one */
	ID_LACKING, /* its name follows */
	ID_STALE,   /* its name was taken away; the next record asks again */
};

/* What the segment's records or lines have of ids. */
struct segment_id {
	struct hash_key key;
	enum segment_state state;
};

/* What the high bits of a key say that it is. */
enum id_class { CLASS_STACK = 1, CLASS_ADDRESS, CLASS_NUMBER };

enum { CLASS_SHIFT = 62, KIND_SHIFT = 54 };

static struct hash_key
key_of(enum id_class class, enum kind kind, uint64_t pid, uint64_t id)
{
	const uint64_t mask = (UINT64_C(1) << KIND_SHIFT) - 1;

	return (struct hash_key){ (uint64_t) class << CLASS_SHIFT |
				      (uint64_t)kind << KIND_SHIFT |
				      (pid & mask),
		id };
}

void
segment_begin(struct segment *s, struct told_names *told, struct buf *out,
    const char *header, size_t len, const struct clock_offsets *clock,
    const struct clock_offsets *header_clock)
{
	s->told = told;
	s->out = out;
	s->ids = (struct hash){ .size = sizeof(struct segment_id) };
	s->lacking = 0;
	s->records = s->lost = 0;
	buf_add(out, header, len);
	buf_chr(out, '\n');
	if (clock->known && (!header_clock->known ||
				clock->boottime != header_clock->boottime ||
				clock->monotonic != header_clock->monotonic))
		stream_write_clock(out, clock);
	for (int k = 0; told != NULL && k < KIND_COUNT; k++)
		if (name_store_is_over(told->names, (enum kind)k))
			name_store_write_over(out, (enum kind)k);
}

void
segment_free(struct segment *s)
{
	hash_free(&s->ids);
}

static void
set_state(struct segment *s, struct segment_id *e, enum segment_state state)
{
	s->lacking -= e->state == ID_LACKING;
	s->lacking += state == ID_LACKING;
	e->state = state;
}

/* Adds an id or changes its state. */
static void
set_id(struct segment *s, struct hash_key key, enum segment_state state)
{
	struct segment_id *e = hash_find(&s->ids, key);

	if (e == NULL) {
		if (s->ids.n == SEGMENT_IDS_MAX) {
			set_state(s, hash_at(&s->ids, 0), ID_TOLD);
			hash_drop_oldest(&s->ids);
		}
		if ((e = hash_add(&s->ids, key)) == NULL) {
			s->out->failed = true;
			return;
		}
	}
	set_state(s, e, state);
}

/* Whether a record that has the id needs nothing for it. */
static bool
has_id(const struct segment *s, struct hash_key key)
{
	const struct segment_id *e = hash_find(&s->ids, key);

	return e != NULL && e->state != ID_STALE;
}

static void
add_addresses(struct segment *s, uint64_t pid, const uint64_t *addrs, size_t n,
    bool follows)
{
	size_t known = 0;

	for (size_t i = 0; i < n; i++) {
		struct hash_key key =
		    key_of(CLASS_ADDRESS, KIND_NONE, pid, addrs[i]);
		bool is_told;

		if (has_id(s, key))
			continue;
		is_told =
		    symbol_store_find(s->told->symbols, pid, addrs[i]).v !=
		    NULL;
		if (is_told)
			s->addrs[known++] = addrs[i];
		set_id(s, key, is_told || !follows ? ID_TOLD : ID_LACKING);
	}
	symbol_store_write(s->told->symbols, s->out, pid, s->addrs, known);
}

static void
add_stack(struct segment *s, unsigned int map, enum stack_side side,
    const unsigned char *record)
{
	struct told_names *t = s->told;
	const struct told_map *m = &t->maps[map];
	const char *stacks = t->header->maps[map].stacks;
	uint64_t copy[STACK_DEPTH_MAX], pid = 0;
	const uint64_t *addrs = copy;
	struct hash_key key;
	size_t n;
	int32_t id;

	if (m->layout.sides[side].kind == STACK_ARRAY) {
		n = stack_layout_read_addresses(&m->layout, side,
		    &t->header->types, record, copy, nitems(copy));
	} else {
		id = stack_layout_read_id(&m->layout, side, record);
		if (id < 0 || stacks == NULL)
			return;
		n = symbol_store_find_stack(t->symbols, stacks, id, &addrs);
		key = key_of(CLASS_STACK, KIND_NONE, m->stacks, (uint32_t)id);
		if (n > 0 && !has_id(s, key)) {
			symbol_store_write_stack(
			    t->symbols, s->out, stacks, id);
			set_id(s, key, ID_TOLD);
		}
	}
	if (side == STACK_USER)
		pid = stack_layout_read_pid(
		    &m->layout, &t->header->types, record);
	/* As in a reader, which waits for no other names. */
	add_addresses(s, pid, addrs, n,
	    t->header->symbols_follow && m->layout.with_symbols &&
		(side == STACK_KERNEL || (pid != 0 && pid <= INT32_MAX)));
}

static void
add_number(struct segment *s, struct named_id id)
{
	struct told_names *t = s->told;
	struct hash_key key = key_of(CLASS_NUMBER, id.kind, id.pid, id.id);
	bool is_told;

	if (has_id(s, key))
		return;
	is_told = name_store_is_told(t->names, id.kind, id.pid, id.id);
	if (is_told)
		name_store_write(t->names, s->out, id.kind, id.pid, &id.id, 1);
	set_id(s, key,
	    is_told || !t->header->names_follow || !named_id_is_told(&id)
		? ID_TOLD
		: ID_LACKING);
}

void
segment_add_names(
    struct segment *s, unsigned int map, const unsigned char *data, size_t len)
{
	const struct told_map *m;
	const unsigned char *record;

	if (s->told == NULL || !told_names_needs(s->told, map))
		return;
	m = &s->told->maps[map];
	if ((record = told_names_complete(s->told, map, data, len)) == NULL) {
		s->out->failed = true;
		return;
	}
	for (int i = 0; i < STACK_SIDES; i++)
		if (m->sides & 1U << i)
			add_stack(s, map, (enum stack_side)i, record);
	for (size_t i = 0; i < m->named.n; i++)
		add_number(s, named_member_load(&m->named.v[i], record));
}

/*
 * The ids of a line.
 */

/* An id that a line is about. */
struct line_id {
	struct hash_key key;
	uint64_t id;
	bool is_told; /* by what the line says */
};

/* What a line is about, which was parsed before. */
struct line_ids {
	enum stream_line_kind kind;
	enum kind number; /* LINE_NAMES */
	uint64_t pid;
	const json_t *list; /* of frames or names */
	size_t next;
	bool over;
	const char *stacks;
	uint64_t stack;
};

/* Returns false if the line is not as it should be. */
static bool
open_ids(struct line_ids *ids, const struct stream_line *line)
{
	const json_t *v = line->value;
	const char *word;

	*ids = (struct line_ids){ .kind = line->kind };
	json_doc_u64(json_object_get(v, "pid"), &ids->pid);
	switch (line->kind) {
	case LINE_SYMBOLS:
		ids->list = json_object_get(v, "frames");
		return true;
	case LINE_NAMES:
		word = json_string_value(json_object_get(v, "kind"));
		ids->number = word != NULL ? name_store_kind(word) : KIND_NONE;
		ids->list = json_object_get(v, "names");
		ids->over = json_is_true(json_object_get(v, "over"));
		return ids->number != KIND_NONE;
	default:
		ids->stacks = json_string_value(json_object_get(v, "stacks"));
		return ids->stacks != NULL &&
		       json_doc_u64(json_object_get(v, "id"), &ids->stack);
	}
}

/* The next address or number of a line.  Returns false behind the last one. */
static bool
next_id(const struct segment *s, struct line_ids *ids, struct line_id *id)
{
	while (ids->next < json_array_size(ids->list)) {
		const json_t *item = json_array_get(ids->list, ids->next++);

		if (ids->kind == LINE_SYMBOLS) {
			if (!json_doc_u64(
				json_object_get(item, "addr"), &id->id))
				continue;
			id->key =
			    key_of(CLASS_ADDRESS, KIND_NONE, ids->pid, id->id);
			id->is_told = symbol_store_find(
					  s->told->symbols, ids->pid, id->id)
					  .v != NULL;
			return true;
		}
		if (!json_doc_u64(json_array_get(item, 0), &id->id))
			continue;
		id->key = key_of(CLASS_NUMBER, ids->number, ids->pid, id->id);
		id->is_told = true;
		return true;
	}
	return false;
}

/* No more names of a kind come: none is lacking. */
static void
set_over(struct segment *s, enum kind kind)
{
	const uint64_t from = (uint64_t)CLASS_NUMBER << CLASS_SHIFT |
			      (uint64_t)kind << KIND_SHIFT;

	for (size_t i = 0; s->lacking > 0 && i < s->ids.n; i++) {
		struct segment_id *e = hash_at(&s->ids, i);

		if (e->state == ID_LACKING &&
		    e->key.a >> KIND_SHIFT == from >> KIND_SHIFT)
			set_state(s, e, ID_TOLD);
	}
}

static void
note_stack(struct segment *s, const struct line_ids *ids)
{
	const struct stream_header *h = s->told->header;

	for (unsigned int i = 0; i < h->nmaps; i++)
		if (h->maps[i].stacks != NULL &&
		    strcmp(h->maps[i].stacks, ids->stacks) == 0) {
			set_id(s,
			    key_of(CLASS_STACK, KIND_NONE, i,
				(uint32_t)ids->stack),
			    ID_TOLD);
			return;
		}
}

void
segment_note_line(struct segment *s, const struct stream_line *line)
{
	struct line_ids ids;
	struct line_id id;

	if (s->told == NULL || !open_ids(&ids, line))
		return;
	if (line->kind == LINE_STACK) {
		note_stack(s, &ids);
		return;
	}
	while (next_id(s, &ids, &id)) {
		const struct segment_id *e = hash_find(&s->ids, id.key);

		if (id.is_told)
			set_id(s, id.key, ID_TOLD);
		else if (e != NULL && e->state != ID_LACKING)
			set_id(s, id.key, ID_STALE);
	}
	if (ids.over)
		set_over(s, ids.number);
}

static bool
lacks(const struct segment *s, struct hash_key key)
{
	const struct segment_id *e = hash_find(&s->ids, key);

	return e != NULL && e->state == ID_LACKING;
}

bool
segment_lacks_any(const struct segment *s, const struct stream_line *line)
{
	struct line_ids ids;
	struct line_id id;

	if (s->lacking == 0 || line->kind == LINE_STACK ||
	    !open_ids(&ids, line))
		return false;
	while (next_id(s, &ids, &id))
		if (lacks(s, id.key))
			return true;
	return ids.over;
}

/* Appends the names of n ids. */
static void
write_late(struct segment *s, const struct line_ids *ids, size_t n)
{
	if (ids->kind == LINE_SYMBOLS)
		symbol_store_write(
		    s->told->symbols, s->out, ids->pid, s->addrs, n);
	else
		name_store_write(
		    s->told->names, s->out, ids->number, ids->pid, s->addrs, n);
}

void
segment_add_late(struct segment *s, const struct stream_line *line)
{
	struct line_ids ids;
	struct line_id id;
	size_t n = 0;

	if (s->lacking == 0 || line->kind == LINE_STACK ||
	    !open_ids(&ids, line))
		return;
	while (next_id(s, &ids, &id)) {
		if (!id.is_told || !lacks(s, id.key))
			continue;
		set_id(s, id.key, ID_TOLD);
		s->addrs[n++] = id.id;
		if (n == nitems(s->addrs)) {
			write_late(s, &ids, n);
			n = 0;
		}
	}
	write_late(s, &ids, n);
	if (ids.over) {
		name_store_write_over(s->out, ids.number);
		set_over(s, ids.number);
	}
}
