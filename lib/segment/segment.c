#include <inttypes.h>
#include <string.h>

#include "base/json-doc.h"
#include "base/util.h"
#include "segment/segment.h"
#include "stream/cobs.h"

enum segment_state {
	ID_TOLD,    /* the segment has its name, or it will never have one */
	ID_NAMED,   /* the same of an address that no record had yet: where it
		       is mapped from may be lacking */
	ID_LACKING, /* its name follows */
	ID_STALE,   /* its name was taken away; the next record asks again */
};

/* What the segment's records or lines have of ids. */
struct segment_id {
	struct hash_key key;
	enum segment_state state;
};

/* What the high bits of a key say that it is.  A mapping is known by where it
 * begins. */
enum id_class { CLASS_STACK, CLASS_ADDRESS, CLASS_NUMBER, CLASS_MAPPING };

enum { CLASS_SHIFT = 62, KIND_SHIFT = 54, HOST_SHIFT = 42 };

static struct hash_key
key_of(enum id_class class, enum kind kind, uint32_t host, uint64_t pid,
    uint64_t id)
{
	const uint64_t mask = (UINT64_C(1) << HOST_SHIFT) - 1;

	return (struct hash_key){ (uint64_t) class << CLASS_SHIFT |
				      (uint64_t)kind << KIND_SHIFT |
				      (uint64_t)host << HOST_SHIFT |
				      (pid & mask),
		id };
}

/* Appends the start of a line, {"@NAME":{, and the host if the stream is
 * merged. */
static void
write_start(struct buf *out, const char *name, const struct stream_header *h,
    size_t host)
{
	buf_printf(out, "{\"@%s\":{", name);
	if (h->nhosts > 0)
		buf_printf(out, "\"host\":%zu,", host);
}

/* Appends the clock of a host unless it is that of the header. */
static void
write_clock(struct buf *out, const struct stream_header *h, size_t host,
    const struct clock_offsets *now, const struct clock_offsets *header)
{
	if (!now->known ||
	    (header->known && now->boottime == header->boottime &&
		now->monotonic == header->monotonic))
		return;
	write_start(out, "clock", h, host);
	buf_printf(out,
	    "\"boottime\":%" PRIu64 ",\"monotonic\":%" PRIu64 "}}\n",
	    now->boottime, now->monotonic);
}

/* Appends which names of a host are not told any more. */
static void
write_over(struct buf *out, const struct told_names *told, size_t host)
{
	const struct name_store *names =
	    name_store_of(told->names, (uint32_t)host);

	for (int k = 0; k < KIND_COUNT; k++) {
		if (!name_store_is_over(names, (enum kind)k))
			continue;
		write_start(out, "names", told->header, host);
		buf_printf(out, "\"kind\":\"%s\",\"over\":true}}\n",
		    kind_name((enum kind)k));
	}
}

void
segment_begin(struct segment *s, struct told_names *told, struct buf *out,
    const char *text, size_t len, const struct stream_header *h,
    const struct clock_offsets *clocks,
    const struct clock_offsets *header_clocks)
{
	const size_t nhosts = h->nhosts > 0 ? h->nhosts : 1;

	s->told = told;
	s->out = out;
	s->ids = (struct hash){ .size = sizeof(struct segment_id) };
	s->ids_max = SEGMENT_IDS_MAX;
	s->lacking = 0;
	s->records = s->lost = 0;
	buf_add(out, text, len);
	buf_chr(out, '\n');
	for (size_t i = 0; i < nhosts; i++) {
		write_clock(out, h, i, &clocks[i], &header_clocks[i]);
		if (told != NULL)
			write_over(out, told, i);
	}
}

void
segment_free(struct segment *s)
{
	hash_free(&s->ids);
	buf_free(&s->body);
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
		if (s->ids.n >= s->ids_max) {
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

/* Appends where an address is mapped from, if the segment lacks that and it was
 * told. */
static void
add_mapping(struct segment *s, const struct symbol_store *symbols,
    uint32_t host, uint64_t pid, uint64_t addr)
{
	const struct symbol_mapping *m =
	    symbol_store_find_mapping(symbols, pid, addr);
	struct hash_key key;

	if (m == NULL)
		return;
	key = key_of(CLASS_MAPPING, KIND_NONE, host, pid, m->start);
	if (has_id(s, key))
		return;
	symbol_store_write_mapping(symbols, s->out, pid, m);
	set_id(s, key, ID_TOLD);
}

/* The same of an address in a stack: the call is before a return address. */
static void
add_mappings(struct segment *s, const struct symbol_store *symbols,
    uint32_t host, uint64_t pid, uint64_t addr)
{
	add_mapping(s, symbols, host, pid, addr);
	add_mapping(s, symbols, host, pid, addr - 1);
}

static void
add_addresses(struct segment *s, unsigned int map, uint64_t pid,
    const uint64_t *addrs, size_t n, bool follows)
{
	const uint32_t host = s->told->header->maps[map].host;
	const struct symbol_store *symbols = s->told->maps[map].symbols;
	size_t known = 0;

	for (size_t i = 0; i < n; i++) {
		struct hash_key key =
		    key_of(CLASS_ADDRESS, KIND_NONE, host, pid, addrs[i]);
		const struct segment_id *e = hash_find(&s->ids, key);
		bool is_told;

		if (e != NULL && e->state == ID_NAMED) {
			add_mappings(s, symbols, host, pid, addrs[i]);
			set_id(s, key, ID_TOLD);
			continue;
		}
		if (e != NULL && e->state != ID_STALE)
			continue;
		is_told = symbol_store_find(symbols, pid, addrs[i]).v != NULL;
		if (is_told)
			s->addrs[known++] = addrs[i];
		add_mappings(s, symbols, host, pid, addrs[i]);
		set_id(s, key, is_told || !follows ? ID_TOLD : ID_LACKING);
	}
	symbol_store_write(symbols, s->out, pid, s->addrs, known);
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
		n = symbol_store_find_stack(m->symbols, stacks, id, &addrs);
		key =
		    key_of(CLASS_STACK, KIND_NONE, 0, m->stacks, (uint32_t)id);
		if (n > 0 && !has_id(s, key)) {
			symbol_store_write_stack(
			    m->symbols, s->out, stacks, id);
			set_id(s, key, ID_TOLD);
		}
	}
	if (side == STACK_USER)
		pid = stack_layout_read_pid(
		    &m->layout, &t->header->types, record);
	/* As in a reader, which waits for no other names. */
	add_addresses(s, map, pid, addrs, n,
	    m->symbols_follow && m->layout.with_symbols &&
		(side == STACK_KERNEL || (pid != 0 && pid <= INT32_MAX)));
}

static void
add_number(struct segment *s, unsigned int map, struct named_id id)
{
	const struct told_map *m = &s->told->maps[map];
	struct hash_key key = key_of(CLASS_NUMBER, id.kind,
	    s->told->header->maps[map].host, id.pid, id.id);
	bool is_told;

	if (has_id(s, key))
		return;
	is_told = name_store_is_told(m->names, id.kind, id.pid, id.id);
	if (is_told)
		name_store_write(m->names, s->out, id.kind, id.pid, &id.id, 1);
	set_id(s, key,
	    is_told || !m->names_follow || !named_id_is_told(&id) ? ID_TOLD
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
		add_number(s, map, named_member_load(&m->named.v[i], record));
}

void
segment_add_names_of(struct segment *s, const char *text, size_t len)
{
	/* Without tag and newline. */
	const unsigned char *src = (const unsigned char *)text + 1;
	const unsigned char *body = src + 1;
	const size_t n = len - 2;
	ssize_t got = (ssize_t)n - 1;

	if (s->told == NULL)
		return;
	if (!cobs_is_block(src, n)) {
		s->body.len = 0;
		body = (unsigned char *)buf_room(&s->body, n + 1);
		if (body == NULL) {
			s->out->failed = true;
			return;
		}
		got = cobs_unstuff((unsigned char *)s->body.data, src, n);
	}
	if (got >= STREAM_BODY_HEAD)
		segment_add_names(s, body[0], body + STREAM_BODY_HEAD,
		    (size_t)got - STREAM_BODY_HEAD);
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
	uint32_t host;
	const struct symbol_store *symbols; /* those of the host */
	const struct name_store *names;
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
open_ids(const struct segment *s, struct line_ids *ids,
    const struct stream_line *line)
{
	const json_t *v = line->value;
	const char *word;

	*ids = (struct line_ids){ .kind = line->kind,
		.host = line->host,
		.symbols = symbol_store_of(s->told->symbols, line->host),
		.names = name_store_of(s->told->names, line->host) };
	if (ids->symbols == NULL || ids->names == NULL)
		return false;
	json_doc_u64(json_object_get(v, "pid"), &ids->pid);
	switch (line->kind) {
	case LINE_SYMBOLS:
		ids->list = json_object_get(v, "frames");
		return true;
	case LINE_NAMES:
		word = json_doc_string(json_object_get(v, "kind"));
		ids->number = word != NULL ? name_store_kind(word) : KIND_NONE;
		ids->list = json_object_get(v, "names");
		ids->over = json_is_true(json_object_get(v, "over"));
		return ids->number != KIND_NONE;
	default:
		ids->stacks = json_doc_string(json_object_get(v, "stacks"));
		return ids->stacks != NULL &&
		       json_doc_u64(json_object_get(v, "id"), &ids->stack);
	}
}

/* The next address or number of a line.  Returns false behind the last one. */
static bool
next_id(struct line_ids *ids, struct line_id *id)
{
	while (ids->next < json_array_size(ids->list)) {
		const json_t *item = json_array_get(ids->list, ids->next++);

		if (ids->kind == LINE_SYMBOLS) {
			if (!json_doc_u64(
				json_object_get(item, "addr"), &id->id))
				continue;
			id->key = key_of(CLASS_ADDRESS, KIND_NONE, ids->host,
			    ids->pid, id->id);
			id->is_told =
			    symbol_store_find(ids->symbols, ids->pid, id->id)
				.v != NULL;
			return true;
		}
		if (!json_doc_u64(json_array_get(item, 0), &id->id))
			continue;
		id->key = key_of(
		    CLASS_NUMBER, ids->number, ids->host, ids->pid, id->id);
		id->is_told = true;
		return true;
	}
	return false;
}

/* No more names of the kind come: none is lacking. */
static void
set_over(struct segment *s, const struct line_ids *ids)
{
	const struct hash_key key =
	    key_of(CLASS_NUMBER, ids->number, ids->host, 0, 0);

	for (size_t i = 0; s->lacking > 0 && i < s->ids.n; i++) {
		struct segment_id *e = hash_at(&s->ids, i);

		if (e->state == ID_LACKING &&
		    e->key.a >> HOST_SHIFT == key.a >> HOST_SHIFT)
			set_state(s, e, ID_TOLD);
	}
}

static void
note_stack(struct segment *s, const struct line_ids *ids)
{
	const struct stream_header *h = s->told->header;

	for (unsigned int i = 0; i < h->nmaps; i++)
		if (h->maps[i].stacks != NULL && h->maps[i].host == ids->host &&
		    strcmp(h->maps[i].stacks, ids->stacks) == 0) {
			set_id(s,
			    key_of(CLASS_STACK, KIND_NONE, 0, i,
				(uint32_t)ids->stack),
			    ID_TOLD);
			return;
		}
}

static void
note_mappings(struct segment *s, const struct line_ids *ids, const json_t *v)
{
	const json_t *mappings = json_object_get(v, "mappings");
	uint64_t start;

	for (size_t i = 0; i < json_array_size(mappings); i++)
		if (json_doc_u64(
			json_object_get(json_array_get(mappings, i), "start"),
			&start))
			set_id(s,
			    key_of(CLASS_MAPPING, KIND_NONE, ids->host,
				ids->pid, start),
			    ID_TOLD);
}

/* Note the state of an id that a line of the segment has. */
static void
note_id(struct segment *s, enum stream_line_kind kind, const struct line_id *id)
{
	const struct segment_id *e = hash_find(&s->ids, id->key);
	bool needed = e != NULL && e->state != ID_STALE;

	if (!id->is_told) {
		if (needed && e->state != ID_LACKING)
			set_id(s, id->key, ID_STALE);
	} else if (kind == LINE_SYMBOLS && (!needed || e->state == ID_NAMED)) {
		set_id(s, id->key, ID_NAMED);
	} else {
		set_id(s, id->key, ID_TOLD);
	}
}

void
segment_note_line(struct segment *s, const struct stream_line *line)
{
	struct line_ids ids;
	struct line_id id;

	if (s->told == NULL || !open_ids(s, &ids, line))
		return;
	if (line->kind == LINE_SYMBOLS)
		note_mappings(s, &ids, line->value);
	if (line->kind == LINE_STACK) {
		note_stack(s, &ids);
		return;
	}
	while (next_id(&ids, &id))
		note_id(s, line->kind, &id);
	if (ids.over)
		set_over(s, &ids);
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
	    !open_ids(s, &ids, line))
		return false;
	while (next_id(&ids, &id))
		if (lacks(s, id.key))
			return true;
	return ids.over;
}

/* Appends the names of n ids. */
static void
write_late(struct segment *s, const struct line_ids *ids, size_t n)
{
	for (size_t i = 0; ids->kind == LINE_SYMBOLS && i < n; i++)
		add_mappings(s, ids->symbols, ids->host, ids->pid, s->addrs[i]);
	if (ids->kind == LINE_SYMBOLS)
		symbol_store_write(ids->symbols, s->out, ids->pid, s->addrs, n);
	else
		name_store_write(
		    ids->names, s->out, ids->number, ids->pid, s->addrs, n);
}

void
segment_add_late(struct segment *s, const struct stream_line *line)
{
	struct line_ids ids;
	struct line_id id;
	size_t n = 0;

	if (s->lacking == 0 || line->kind == LINE_STACK ||
	    !open_ids(s, &ids, line))
		return;
	while (next_id(&ids, &id)) {
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
		write_start(s->out, "names", s->told->header, ids.host);
		buf_printf(s->out, "\"kind\":\"%s\",\"over\":true}}\n",
		    kind_name(ids.number));
		set_over(s, &ids);
	}
}
