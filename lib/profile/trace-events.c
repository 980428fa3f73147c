#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/report.h"
#include "base/text.h"
#include "profile/trace-events.h"

#define DAY (86400 * CLOCK_SECOND)

enum {
	BUCKETS = TRACE_OPEN_MAX * 2, /* a power of two */
	KEPT_MAX = 4096, /* bytes that a begin that is free again keeps */
	NONE = -1,
};

/* A begin that waits for its end.  Indexes are those in open, or NONE. */
struct open_begin {
	struct hash_key key;
	uint64_t time_ns, pid, tid;
	/* text has the name, the category with its NUL, and the args. */
	size_t name_len, args_at;
	int32_t next; /* in its bucket, or of the free ones */
	int32_t older, newer;
	struct buf text;
};

/* A thread that was named, with a hash of its name. */
struct named {
	struct hash_key key; /* pid, tid */
	uint64_t name;
};

struct trace_events {
	struct trace_pair pairs[TRACE_PAIRS_MAX];
	size_t npairs;
	bool begun; /* the array */
	bool any;   /* it has an event */
	bool has_origin;
	uint64_t origin, last; /* ns since 1970 */
	struct hash named, processes;
	struct hash hosts;       /* of struct named, whose name is not used */
	struct hash_key start;   /* random */
	struct open_begin *open; /* owned; TRACE_OPEN_MAX, or NULL */
	int32_t *buckets;        /* owned */
	int32_t free, oldest, newest;
	size_t used;  /* those of open that ever were used */
	size_t bytes; /* of the texts of those that wait */
	uint64_t without_begin, without_end, dropped;
};

struct trace_events *
trace_events_new(void)
{
	struct trace_events *t = calloc(1, sizeof(*t));

	if (t == NULL) {
		report_nomem();
		return NULL;
	}
	t->named.size = t->processes.size = t->hosts.size =
	    sizeof(struct named);
	t->free = t->oldest = t->newest = NONE;
	t->start = hash_start();
	return t;
}

void
trace_events_free(struct trace_events *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->npairs; i++)
		free(t->pairs[i].copy);
	for (size_t i = 0; i < t->used; i++)
		buf_free(&t->open[i].text);
	free(t->open);
	free(t->buckets);
	hash_free(&t->named);
	hash_free(&t->processes);
	hash_free(&t->hosts);
	free(t);
}

int
trace_events_add_pair(struct trace_events *t, const char *text)
{
	struct trace_pair *p = &t->pairs[t->npairs];
	char *copy, *colon, *equals;

	if (t->npairs == TRACE_PAIRS_MAX) {
		report_error("--pair: there are at most %d", TRACE_PAIRS_MAX);
		return -1;
	}
	if ((copy = strdup(text)) == NULL)
		return report_nomem();
	colon = strchr(copy, ':');
	equals = strchr(copy, '=');
	if (colon != NULL && equals != NULL && colon > equals)
		colon = NULL;
	if (equals == NULL || equals == copy || equals[1] == '\0' ||
	    strchr(equals + 1, '=') != NULL ||
	    (colon != NULL && (colon == copy || colon + 1 == equals))) {
		report_error("--pair %s: it is BEGIN=END, two maps or two "
			     "constants of an enum, or MEMBER:BEGIN=END",
		    text);
		free(copy);
		return -1;
	}
	*equals = '\0';
	*p = (struct trace_pair){
		.text = text, .copy = copy, .begin = copy, .end = equals + 1
	};
	if (colon != NULL) {
		*colon = '\0';
		p->member = copy;
		p->begin = colon + 1;
	}
	t->npairs++;
	return 0;
}

size_t
trace_events_pairs(struct trace_events *t, struct trace_pair **pairs)
{
	*pairs = t->pairs;
	return t->npairs;
}

void
trace_events_set_origin(struct trace_events *t, uint64_t time_ns)
{
	if (t->has_origin)
		return;
	t->has_origin = true;
	t->origin = time_ns - time_ns % DAY;
	t->origin -= t->origin >= DAY ? DAY : 0;
	t->last = time_ns;
}

uint64_t
trace_events_last(const struct trace_events *t)
{
	return t->last;
}

/*
 * Writing.
 */

/* Append a time of so many ns in microseconds. */
static void
write_us(struct buf *out, uint64_t ns)
{
	char *p = buf_room(out, TEXT_U64_MAX + 8 + TEXT_SLACK), *start = p;

	if (p == NULL)
		return;
	p = text_u64(p, ns / 1000);
	*p++ = '.';
	p = text_digits(p, ns % 1000, 3);
	out->len += (size_t)(p - start);
}

static void
write_time(const struct trace_events *t, struct buf *out, uint64_t time_ns)
{
	if (time_ns < t->origin) {
		buf_chr(out, '-');
		write_us(out, t->origin - time_ns);
	} else {
		write_us(out, time_ns - t->origin);
	}
}

static void
write_number(struct buf *out, const char *before, uint64_t v)
{
	char *p;

	buf_str(out, before);
	if ((p = buf_room(out, TEXT_U64_MAX + TEXT_SLACK)) != NULL)
		out->len += (size_t)(text_u64(p, v) - p);
}

static void
begin_array(struct trace_events *t, struct buf *out)
{
	if (!t->begun)
		buf_str(out, "[\n");
	t->begun = true;
}

/* Append an event up to its process.  A comma stands before it, so that each
 * line is complete when it comes. */
static void
start_event(struct trace_events *t, struct buf *out, const char *phase,
    const struct trace_event *e)
{
	begin_array(t, out);
	buf_str(out, t->any ? ",{\"name\":\"" : "{\"name\":\"");
	t->any = true;
	text_write(out, e->name, e->name_len, STYLE_JSON);
	buf_str(out, "\",\"cat\":\"");
	text_write(out, e->category, strlen(e->category), STYLE_JSON);
	buf_str(out, "\",\"ph\":\"");
	buf_str(out, phase);
	buf_str(out, "\",\"ts\":");
	write_time(t, out, e->time_ns);
	write_number(out, ",\"pid\":", e->pid);
	write_number(out, ",\"tid\":", e->tid);
}

static void
end_event(struct buf *out, const char *args, size_t len)
{
	buf_str(out, ",\"args\":");
	buf_add(out, args, len);
	buf_str(out, "}\n");
}

static void
write_name(struct trace_events *t, struct buf *out, const char *what,
    uint64_t pid, uint64_t tid, const char *host, const char *comm, size_t len)
{
	begin_array(t, out);
	buf_str(out, t->any ? ",{\"name\":\"" : "{\"name\":\"");
	t->any = true;
	buf_str(out, what);
	write_number(out, "\",\"ph\":\"M\",\"pid\":", pid);
	write_number(out, ",\"tid\":", tid);
	buf_str(out, ",\"args\":{\"name\":\"");
	if (host != NULL)
		text_write(out, host, strlen(host), STYLE_JSON);
	if (host != NULL && len > 0)
		buf_str(out, ": ");
	text_write(out, comm, len, STYLE_JSON);
	buf_str(out, "\"}}\n");
}

/* Whether the name is another than the last one of the key. */
static bool
is_news(struct hash *h, struct hash_key key, uint64_t name, struct buf *out)
{
	struct named *n = hash_find(h, key);

	if (n != NULL && n->name == name)
		return false;
	if (n == NULL) {
		if (h->n == TRACE_NAMED_MAX)
			hash_drop_oldest(h);
		if ((n = hash_add(h, key)) == NULL) {
			out->failed = true;
			return false;
		}
	}
	n->name = name;
	return true;
}

uint32_t
trace_events_add_host(
    struct trace_events *t, const char *host, const char *boot_id)
{
	struct hash_key key = t->start;
	struct named *n;

	hash_mix(&key, host, strlen(host) + 1);
	hash_mix(&key, boot_id, strlen(boot_id));
	if ((n = hash_find(&t->hosts, key)) == NULL &&
	    (n = hash_add(&t->hosts, key)) == NULL) {
		report_nomem();
		return 0;
	}
	/* None is ever dropped, so the ring begins at its start. */
	return (uint32_t)(n - (struct named *)hash_at(&t->hosts, 0));
}

void
trace_events_name(struct trace_events *t, struct buf *out, uint64_t pid,
    uint64_t tid, const char *host, const char *comm, size_t len)
{
	struct hash_key name = t->start;

	hash_mix(&name, comm, len);
	if (len == 0 &&
	    hash_find(&t->named, (struct hash_key){ pid, tid }) != NULL)
		return;
	if (!is_news(&t->named, (struct hash_key){ pid, tid }, name.a, out))
		return;
	if (len > 0)
		write_name(t, out, "thread_name", pid, tid, NULL, comm, len);
	/* A process is called what its first thread is, or who comes first. */
	if (tid == pid ||
	    hash_find(&t->processes, (struct hash_key){ pid, 0 }) == NULL)
		if (is_news(&t->processes, (struct hash_key){ pid, 0 }, name.a,
			out))
			write_name(
			    t, out, "process_name", pid, tid, host, comm, len);
}

void
trace_events_instant(
    struct trace_events *t, struct buf *out, const struct trace_event *e)
{
	start_event(t, out, "i", e);
	buf_str(out, ",\"s\":\"t\"");
	end_event(out, e->args, e->args_len);
	t->last = e->time_ns;
}

void
trace_events_slice(struct trace_events *t, struct buf *out,
    const struct trace_event *e, uint64_t duration_ns)
{
	struct trace_event slice = *e;

	if (duration_ns > slice.time_ns)
		duration_ns = slice.time_ns;
	slice.time_ns -= duration_ns;
	start_event(t, out, "X", &slice);
	buf_str(out, ",\"dur\":");
	write_us(out, duration_ns);
	end_event(out, e->args, e->args_len);
	t->last = e->time_ns;
}

void
trace_events_counter(
    struct trace_events *t, struct buf *out, const struct trace_event *e)
{
	start_event(t, out, "C", e);
	end_event(out, e->args, e->args_len);
	t->last = e->time_ns;
}

void
trace_events_lost(struct trace_events *t, struct buf *out, const char *map,
    const char *host, uint64_t count)
{
	struct buf name = { 0 };
	struct trace_event e = { .category = "lost", .time_ns = t->last };

	if (count == 0)
		return;
	buf_printf(
	    &name, "%" PRIu64 " record%s lost", count, count == 1 ? "" : "s");
	e.name = name.data;
	e.name_len = name.len;
	if (!name.failed) {
		start_event(t, out, "i", &e);
		buf_str(out, ",\"s\":\"g\",\"args\":{\"map\":\"");
		text_write(out, map, strlen(map), STYLE_JSON);
		if (host != NULL) {
			buf_str(out, "\",\"host\":\"");
			text_write(out, host, strlen(host), STYLE_JSON);
		}
		write_number(out, "\",\"count\":", count);
		buf_str(out, "}}\n");
	}
	out->failed |= name.failed;
	buf_free(&name);
}

/*
 * Pairs.
 */

/* What identifies the begins that an end of this thread can be for. */
static struct hash_key
open_key(const struct trace_events *t, size_t pair, const struct trace_event *e)
{
	const uint64_t is[] = { pair, e->pid, e->tid };
	struct hash_key key = t->start;

	hash_mix(&key, is, sizeof(is));
	return key;
}

static int32_t *
bucket_of(struct trace_events *t, const struct hash_key *key)
{
	return &t->buckets[key->a % BUCKETS];
}

/* Take a begin out of its bucket, and from among those that wait; its text
 * stays until it is used again. */
static void
release_open(struct trace_events *t, int32_t i)
{
	struct open_begin *o = &t->open[i];
	int32_t *at = bucket_of(t, &o->key);

	while (*at != i)
		at = &t->open[*at].next;
	*at = o->next;
	*(o->older == NONE ? &t->oldest : &t->open[o->older].newer) = o->newer;
	*(o->newer == NONE ? &t->newest : &t->open[o->newer].older) = o->older;
	t->bytes -= o->text.len;
	o->next = t->free;
	t->free = i;
}

static struct trace_event
event_of_open(const struct open_begin *o)
{
	return (struct trace_event){ .name = o->text.data,
		.name_len = o->name_len,
		.category = o->text.data + o->name_len,
		.time_ns = o->time_ns,
		.pid = o->pid,
		.tid = o->tid,
		.args = o->text.data + o->args_at,
		.args_len = o->text.len - o->args_at };
}

/* Append the oldest begin, whose end is not waited for any more. */
static void
give_up_oldest(struct trace_events *t, struct buf *out)
{
	struct trace_event e = event_of_open(&t->open[t->oldest]);

	start_event(t, out, "B", &e);
	end_event(out, e.args, e.args_len);
	release_open(t, t->oldest);
}

/* Returns whether there is memory for pairs. */
static bool
make_room(struct trace_events *t, struct buf *out)
{
	if (t->open == NULL) {
		t->open = calloc(TRACE_OPEN_MAX, sizeof(*t->open));
		t->buckets = malloc(BUCKETS * sizeof(*t->buckets));
		for (size_t i = 0; t->buckets != NULL && i < BUCKETS; i++)
			t->buckets[i] = NONE;
	}
	if (t->open == NULL || t->buckets == NULL) {
		out->failed = true;
		return false;
	}
	while (t->oldest != NONE &&
	       ((t->free == NONE && t->used == TRACE_OPEN_MAX) ||
		   t->bytes > TRACE_OPEN_BYTES_MAX)) {
		t->dropped++;
		give_up_oldest(t, out);
	}
	return true;
}

void
trace_events_begin(struct trace_events *t, struct buf *out, size_t pair,
    const struct trace_event *e)
{
	struct open_begin *o;
	int32_t i, *bucket;

	if (!make_room(t, out))
		return;
	if ((i = t->free) != NONE)
		t->free = t->open[i].next;
	else
		i = (int32_t)t->used++;
	o = &t->open[i];
	if (o->text.cap > KEPT_MAX)
		buf_free(&o->text);
	o->text.len = 0;
	buf_add(&o->text, e->name, e->name_len);
	buf_add(&o->text, e->category, strlen(e->category) + 1);
	o->args_at = o->text.len;
	buf_add(&o->text, e->args, e->args_len);
	out->failed |= o->text.failed;
	o->key = open_key(t, pair, e);
	o->time_ns = e->time_ns;
	o->pid = e->pid;
	o->tid = e->tid;
	o->name_len = e->name_len;
	bucket = bucket_of(t, &o->key);
	o->next = *bucket;
	*bucket = i;
	o->newer = NONE;
	o->older = t->newest;
	*(t->newest == NONE ? &t->oldest : &t->open[t->newest].newer) = i;
	t->newest = i;
	t->bytes += o->text.len;
	t->last = e->time_ns;
}

/* The last begin that waits for this end, or NONE. */
static int32_t
find_open(struct trace_events *t, const struct hash_key *key)
{
	int32_t i = t->buckets == NULL ? NONE : *bucket_of(t, key);

	while (i != NONE &&
	       (t->open[i].key.a != key->a || t->open[i].key.b != key->b))
		i = t->open[i].next;
	return i;
}

void
trace_events_end(struct trace_events *t, struct buf *out, size_t pair,
    const struct trace_event *e)
{
	struct hash_key key = open_key(t, pair, e);
	int32_t i = find_open(t, &key);
	struct trace_event begin;

	if (i == NONE) {
		t->without_begin++;
		trace_events_instant(t, out, e);
		return;
	}
	begin = event_of_open(&t->open[i]);
	start_event(t, out, "X", &begin);
	buf_str(out, ",\"dur\":");
	/* The times of two CPUs may be in the wrong order. */
	write_us(
	    out, e->time_ns > begin.time_ns ? e->time_ns - begin.time_ns : 0);
	buf_str(out, ",\"args\":{\"begin\":");
	buf_add(out, begin.args, begin.args_len);
	buf_str(out, ",\"end\":");
	buf_add(out, e->args, e->args_len);
	buf_str(out, "}}\n");
	release_open(t, i);
	t->last = e->time_ns;
}

bool
trace_events_is_empty(const struct trace_events *t)
{
	return !t->any && t->oldest == NONE;
}

void
trace_events_finish(struct trace_events *t, struct buf *out)
{
	while (t->oldest != NONE) {
		t->without_end++;
		give_up_oldest(t, out);
	}
	begin_array(t, out);
	buf_str(out, "]\n");
	if (t->without_begin > 0)
		report_notice("--pair: %" PRIu64 " end%s without a begin",
		    t->without_begin, t->without_begin == 1 ? "" : "s");
	if (t->without_end > 0)
		report_notice("--pair: %" PRIu64 " begin%s without an end",
		    t->without_end, t->without_end == 1 ? "" : "s");
	if (t->dropped > 0)
		report_notice("--pair: %" PRIu64 " begin%s were given up: too "
			      "many waited for their ends",
		    t->dropped, t->dropped == 1 ? "" : "s");
}
