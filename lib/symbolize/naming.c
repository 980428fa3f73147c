#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/report.h"
#include "base/util.h"
#include "record/named-members.h"
#include "symbolize/naming.h"

enum {
	ASKED_MAX = 1 << 16, /* numbers without an answer; a power of two */
	FRESH_MAX = 64,      /* names in a line */
	KIND_SHIFT = 56,
};

/* A number that was asked for, or is to be, by the low bits of the number of
 * its request. */
struct naming_asked {
	struct named_id id;
	uint32_t file;
	bool waits; /* for an answer */
	uint64_t at;
};

/* The numbers of a member. */
struct naming_member {
	struct named_member at;
	bool seen;
	struct named_id last;
};

struct naming_map {
	struct naming_member *v; /* owned */
	size_t n;
};

struct naming {
	struct naming_map *maps; /* owned */
	size_t nmaps;
	struct lookup_client *client; /* borrowed */
	naming_locate_fn *locate;
	void *locate_ctx;         /* borrowed */
	struct name_store *store; /* owned */
	bool has[KIND_COUNT], over[KIND_COUNT];
	struct hash seen; /* of struct hash_key: what was asked for */
	size_t nseen[KIND_COUNT];
	size_t bytes; /* of all names */
	/* The requests from first to sent wait for answers, as far as they do,
	 * those from sent to end for room. */
	struct naming_asked *asked; /* owned: ASKED_MAX, or NULL */
	uint32_t first, sent, end;
	size_t nwaiting;
	/* Names that are in no line yet, of one kind and process. */
	enum kind fresh_kind;
	uint64_t fresh_pid;
	uint64_t fresh[FRESH_MAX];
	size_t nfresh;
};

void
naming_close(struct naming *n)
{
	if (n == NULL)
		return;
	for (size_t i = 0; n->maps != NULL && i < n->nmaps; i++)
		free(n->maps[i].v);
	free(n->maps);
	free(n->asked);
	hash_free(&n->seen);
	name_store_free(n->store);
	free(n);
}

/* Returns 0, or -1 after reporting. */
static int
open_map(struct naming *n, const struct stream_header *h, unsigned int map)
{
	struct naming_map *m = &n->maps[map];
	struct named_members named;

	if (named_members_find(&named, h, map) == -1)
		return -1;
	m->v = calloc(named.n + 1, sizeof(*m->v));
	for (size_t i = 0; m->v != NULL && i < named.n; i++) {
		m->v[m->n++].at = named.v[i];
		n->has[named.v[i].kind] = true;
	}
	named_members_free(&named);
	return m->v != NULL ? 0 : report_nomem();
}

int
naming_open(struct naming **n, const struct stream_header *h,
    struct lookup_client *c, naming_locate_fn *locate, void *ctx)
{
	struct naming *new = calloc(1, sizeof(*new));
	size_t members = 0;

	*n = NULL;
	if (new == NULL)
		return report_nomem();
	new->client = c;
	new->locate = locate;
	new->locate_ctx = ctx;
	new->seen.size = sizeof(struct hash_key);
	new->nmaps = h->nmaps;
	new->maps = calloc(h->nmaps + 1, sizeof(*new->maps));
	if (new->maps == NULL) {
		naming_close(new);
		return report_nomem();
	}
	for (unsigned int i = 0; i < h->nmaps; i++) {
		if (open_map(new, h, i) == -1) {
			naming_close(new);
			return -1;
		}
		members += new->maps[i].n;
	}
	if (members == 0) {
		naming_close(new);
		return 0;
	}
	if ((new->store = name_store_new()) == NULL) {
		naming_close(new);
		return -1;
	}
	*n = new;
	return 0;
}

bool
naming_has(const struct naming *n, enum kind kind)
{
	return n != NULL && n->has[kind];
}

const struct name_store *
naming_names(const struct naming *n)
{
	return n != NULL ? n->store : NULL;
}

size_t
naming_waiting(const struct naming *n)
{
	return n != NULL ? n->nwaiting : 0;
}

/*
 * Telling readers.
 */

static void
flush_fresh(struct naming *n, struct buf *out)
{
	if (out != NULL && n->nfresh > 0)
		name_store_write(n->store, out, n->fresh_kind, n->fresh_pid,
		    n->fresh, n->nfresh);
	n->nfresh = 0;
}

static void
tell_over(struct naming *n, enum kind kind, struct buf *out)
{
	if (n->over[kind])
		return;
	n->over[kind] = true;
	flush_fresh(n, out);
	name_store_set_over(n->store, kind);
	if (out != NULL)
		name_store_write_over(out, kind);
}

/* No more names of any kind are told. */
static void
tell_all_over(struct naming *n, struct buf *out)
{
	for (int kind = 0; kind < KIND_COUNT; kind++)
		if (n->has[kind])
			tell_over(n, (enum kind)kind, out);
}

/* Tells the name of a number; NULL: it has none. */
static int
tell(struct naming *n, const struct named_id *id, const char *name,
    struct buf *out)
{
	if (name_store_set(n->store, id->kind, id->pid, id->id, name) == -1)
		return -1;
	if (n->nfresh == FRESH_MAX || n->fresh_kind != id->kind ||
	    n->fresh_pid != id->pid)
		flush_fresh(n, out);
	n->fresh_kind = id->kind;
	n->fresh_pid = id->pid;
	n->fresh[n->nfresh++] = id->id;
	n->bytes += sizeof(*id) + (name != NULL ? strlen(name) : 0);
	if (n->bytes > NAMING_BYTES_MAX)
		tell_all_over(n, out);
	return 0;
}

/*
 * Requests.
 */

static struct naming_asked *
asked_at(struct naming *n, uint32_t number)
{
	return &n->asked[number & (ASKED_MAX - 1)];
}

/* Tells the name of what was asked for, and forgets the request. */
static int
answer(
    struct naming *n, struct naming_asked *a, const char *name, struct buf *out)
{
	if (!a->waits)
		return 0;
	a->waits = false;
	n->nwaiting--;
	while (n->first != n->end && !asked_at(n, n->first)->waits)
		n->first++;
	return tell(n, &a->id, name, out);
}

/* Tells that all that waits has no name. */
static int
answer_all(struct naming *n, struct buf *out)
{
	for (uint32_t i = n->first; i != n->end; i++)
		if (answer(n, asked_at(n, i), NULL, out) == -1)
			return -1;
	n->first = n->sent = n->end;
	return 0;
}

/* Sends the requests there is room for. */
static int
send_requests(struct naming *n, struct buf *out)
{
	struct lookup_find find = { .head.type = LOOKUP_FIND, .n = 1 };
	const struct naming_asked *a;

	for (; n->sent != n->end; n->sent++) {
		a = asked_at(n, n->sent);
		find.head.number = n->sent | NAMING_REQUEST;
		find.file = a->file;
		find.v[0] = (struct lookup_offset){ .at = a->at,
			.is_return = a->file == LOOKUP_HOST ? a->id.kind : 0 };
		if (lookup_client_ask(n->client, &find) == -1)
			break;
	}
	if (n->client->fd != -1)
		return 0;
	/* Nobody answers any more. */
	tell_all_over(n, out);
	return answer_all(n, out);
}

/* Asks for the name of a number at a place. */
static int
ask(struct naming *n, const struct named_id *id, uint32_t file, uint64_t at,
    struct buf *out)
{
	if (n->asked == NULL &&
	    (n->asked = calloc(ASKED_MAX, sizeof(*n->asked))) == NULL)
		return report_nomem();
	/* The oldest was not answered for a long time. */
	if (n->end - n->first == ASKED_MAX) {
		if (n->sent == n->first)
			n->sent++;
		if (answer(n, asked_at(n, n->first), NULL, out) == -1)
			return -1;
	}
	*asked_at(n, n->end++) = (struct naming_asked){
		.id = *id, .file = file, .at = at, .waits = true
	};
	n->nwaiting++;
	return send_requests(n, out);
}

/* Notes that a number was seen.  Returns whether it is a new one to ask for:
 * other programs of a process have other functions at its addresses. */
static bool
note_seen(struct naming *n, const struct named_id *id, uint64_t program,
    struct buf *out)
{
	const struct hash_key key = {
		(uint64_t)id->kind << KIND_SHIFT | program, id->id
	};

	if (hash_find(&n->seen, key) != NULL)
		return false;
	if (n->nseen[id->kind] == NAMING_KIND_MAX ||
	    hash_add(&n->seen, key) == NULL) {
		tell_over(n, id->kind, out);
		return false;
	}
	n->nseen[id->kind]++;
	return true;
}

/* Asks for the function of an address of a process. */
static int
name_user_address(struct naming *n, const struct named_id *id, struct buf *out)
{
	struct naming_place place;

	if (!named_id_is_told(id))
		return 0;
	place = n->locate(n->locate_ctx, id->pid, id->id);
	/* It may be mapped when it is seen again. */
	if (place.none)
		return name_store_is_told(n->store, id->kind, id->pid, id->id)
			   ? 0
			   : tell(n, id, NULL, out);
	if (!note_seen(n, id, place.program, out))
		return 0;
	return ask(n, id, place.file, place.at, out);
}

static int
name_number(struct naming *n, const struct named_id *id, struct buf *out)
{
	if (n->over[id->kind])
		return 0;
	if (id->kind == KIND_USYM)
		return name_user_address(n, id, out);
	if (!note_seen(n, id, 0, out))
		return 0;
	return ask(n, id, id->kind == KIND_KSYM ? LOOKUP_KERNEL : LOOKUP_HOST,
	    id->id, out);
}

int
naming_record(struct naming *n, unsigned int map, const unsigned char *record,
    struct buf *out)
{
	const struct naming_map *m;

	if (n == NULL)
		return 0;
	m = &n->maps[map];
	for (size_t i = 0; i < m->n; i++) {
		struct naming_member *member = &m->v[i];
		struct named_id id = named_member_load(&member->at, record);

		/* A process may run another program by now. */
		if (member->seen && member->last.id == id.id &&
		    id.kind != KIND_USYM)
			continue;
		member->seen = true;
		member->last = id;
		if (name_number(n, &id, out) == -1)
			return -1;
	}
	flush_fresh(n, out);
	return 0;
}

/*
 * Answers.
 */

bool
naming_is_answer(const struct lookup_packet *p)
{
	return (p->m.head.type == LOOKUP_FOUND ||
		   p->m.head.type == LOOKUP_DONE) &&
	       (p->m.head.number & NAMING_REQUEST);
}

/* What readers see of the function at an address: "main+0x10". */
static const char *
function_text(const struct symbol_frame *f, char *text, size_t size)
{
	if (!f->has_offset || f->offset == 0)
		return f->symbol;
	snprintf(text, size, "%s+0x%" PRIx64, f->symbol, f->offset);
	return text;
}

/* The request of an answer, or NULL if it is none that waits. */
static struct naming_asked *
find_asked(struct naming *n, uint32_t number)
{
	/* The numbers of requests lack the highest bit. */
	uint32_t distance =
	    (number - n->first) & (UINT32_MAX & ~(uint32_t)NAMING_REQUEST);
	struct naming_asked *a;

	if (distance >= n->sent - n->first)
		return NULL;
	a = asked_at(n, n->first + distance);
	return a->waits ? a : NULL;
}

int
naming_take(struct naming *n, const struct lookup_packet *p, struct buf *out)
{
	struct symbol_frame frames[SYMBOL_STORE_INLINES_MAX];
	char text[SYMBOL_STORE_TEXT_MAX + sizeof("+0x0123456789abcdef")];
	const char *name = NULL;
	struct naming_asked *a;

	if (n == NULL || (a = find_asked(n, p->m.head.number)) == NULL)
		return 0;
	if (p->m.head.type == LOOKUP_FOUND &&
	    lookup_found_frames(p, frames) > 0)
		name = a->file == LOOKUP_HOST
			   ? frames[0].symbol
			   : function_text(&frames[0], text, sizeof(text));
	return answer(n, a, name, out) == -1 ? -1 : 1;
}

int
naming_flush(struct naming *n, struct buf *out)
{
	int ret;

	if (n == NULL)
		return 0;
	ret = send_requests(n, out);
	flush_fresh(n, out);
	return ret;
}

int
naming_finish(struct naming *n, bool over, struct buf *out)
{
	int ret;

	if (n == NULL)
		return 0;
	ret = answer_all(n, out);
	flush_fresh(n, out);
	if (over)
		tell_all_over(n, out);
	return ret;
}
