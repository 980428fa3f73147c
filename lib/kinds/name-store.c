#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "base/text.h"
#include "base/util.h"
#include "kinds/name-store.h"

/* The kinds whose names are told, as they are called in streams. */
static const char *const told_kinds[KIND_COUNT] = {
	[KIND_IFINDEX] = "ifindex",
	[KIND_UID] = "uid",
	[KIND_GID] = "gid",
	[KIND_CGROUP] = "cgroup",
	[KIND_CONTAINER] = "container",
	[KIND_PID_NS] = "pid_ns",
	[KIND_KSYM] = "ksym",
	[KIND_USYM] = "usym",
};

enum { PID_BITS = 56 };

/* What a name takes at most beside its text: it has a place in a table that may
 * be half empty, and is copied when that grows. */
enum { NAME_ENTRY_BYTES = 128 };

struct name_entry {
	struct hash_key key; /* key_of() */
	char *name;          /* owned; NULL: there is none */
};

struct name_store {
	struct hash names;
	size_t bytes;                /* of all names */
	size_t names_max, bytes_max; /* its share, of all hosts' stores */
	bool over[KIND_COUNT];
	struct name_store **others; /* owned: those of hosts 1, 2, ... */
	size_t nhosts;
	bool merged;   /* it is that of a host of a merged stream */
	uint32_t host; /* which one */
};

bool
name_store_has_kind(enum kind kind)
{
	return (size_t)kind < KIND_COUNT && told_kinds[kind] != NULL;
}

struct name_store *
name_store_new(void)
{
	struct name_store *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		report_nomem();
		return NULL;
	}
	s->names.size = sizeof(struct name_entry);
	s->names_max = NAME_STORE_MAX;
	s->bytes_max = NAME_STORE_BYTES_MAX;
	s->nhosts = 1;
	return s;
}

int
name_store_set_hosts(struct name_store *s, size_t n)
{
	struct name_store *other;

	s->merged = n > 0;
	if (n <= 1)
		return 0;
	if ((s->others = calloc(n, sizeof(struct name_store *))) == NULL)
		return report_nomem();
	s->names_max = NAME_STORE_MAX / n;
	s->bytes_max = NAME_STORE_BYTES_MAX / n;
	for (; s->nhosts < n; s->nhosts++) {
		if ((other = name_store_new()) == NULL)
			return -1;
		other->names_max = s->names_max;
		other->bytes_max = s->bytes_max;
		other->merged = true;
		other->host = (uint32_t)s->nhosts;
		s->others[s->nhosts] = other;
	}
	return 0;
}

void
name_store_limit(struct name_store *s, size_t bytes)
{
	const size_t each = bytes / s->nhosts;

	s->names_max = each / 2 / NAME_ENTRY_BYTES + 1;
	s->bytes_max = each / 2;
	for (size_t i = 1; i < s->nhosts; i++)
		name_store_limit(s->others[i], each);
}

const struct name_store *
name_store_of(const struct name_store *s, uint32_t host)
{
	if (s == NULL || host == 0)
		return s;
	return host < s->nhosts ? s->others[host] : NULL;
}

struct name_store *
name_store_to_set(struct name_store *s, uint32_t host)
{
	return host > 0 && host < s->nhosts ? s->others[host] : s;
}

static void
drop_oldest(struct name_store *s)
{
	struct name_entry *e = hash_at(&s->names, 0);

	if (e->name != NULL)
		s->bytes -= strlen(e->name) + 1;
	free(e->name);
	hash_drop_oldest(&s->names);
}

void
name_store_free(struct name_store *s)
{
	if (s == NULL)
		return;
	while (s->names.n > 0)
		drop_oldest(s);
	hash_free(&s->names);
	for (size_t i = 1; i < s->nhosts; i++)
		name_store_free(s->others[i]);
	free(s->others);
	free(s);
}

static struct hash_key
key_of(enum kind kind, uint64_t pid, uint64_t id)
{
	return (struct hash_key){ (uint64_t)kind << PID_BITS |
				      (pid & ((UINT64_C(1) << PID_BITS) - 1)),
		id };
}

static const struct name_entry *
find_entry(
    const struct name_store *s, enum kind kind, uint64_t pid, uint64_t id)
{
	return hash_find(&s->names, key_of(kind, pid, id));
}

const char *
name_store_find_of(
    const struct name_store *s, enum kind kind, uint64_t pid, uint64_t id)
{
	const struct name_entry *e = find_entry(s, kind, pid, id);

	return e != NULL ? e->name : NULL;
}

const char *
name_store_find(const struct name_store *s, enum kind kind, uint64_t id)
{
	return name_store_find_of(s, kind, 0, id);
}

bool
name_store_is_told(
    const struct name_store *s, enum kind kind, uint64_t pid, uint64_t id)
{
	return !name_store_has_kind(kind) || s->over[kind] ||
	       find_entry(s, kind, pid, id) != NULL;
}

int
name_store_set(struct name_store *s, enum kind kind, uint64_t pid, uint64_t id,
    const char *name)
{
	const struct hash_key key = key_of(kind, pid, id);
	size_t len = name != NULL ? strnlen(name, NAME_STORE_TEXT_MAX) : 0;
	struct name_entry *e;
	char *copy = NULL;

	if (!name_store_has_kind(kind))
		return 0;
	if (name != NULL && (copy = strndup(name, len)) == NULL)
		return report_nomem();
	e = hash_find(&s->names, key);
	if (e == NULL && s->names.n >= s->names_max)
		drop_oldest(s);
	if (e == NULL && (e = hash_add(&s->names, key)) == NULL) {
		free(copy);
		return report_nomem();
	}
	if (e->name != NULL)
		s->bytes -= strlen(e->name) + 1;
	free(e->name);
	e->name = copy;
	if (copy != NULL)
		s->bytes += len + 1;
	while (s->bytes > s->bytes_max && s->names.n > 1)
		drop_oldest(s);
	return 0;
}

enum kind
name_store_kind(const char *word)
{
	for (int k = 0; k < KIND_COUNT; k++)
		if (told_kinds[k] != NULL && strcmp(told_kinds[k], word) == 0)
			return (enum kind)k;
	return KIND_NONE;
}

bool
name_store_is_over(const struct name_store *s, enum kind kind)
{
	return name_store_has_kind(kind) && s->over[kind];
}

void
name_store_set_over(struct name_store *s, enum kind kind)
{
	if (name_store_has_kind(kind))
		s->over[kind] = true;
}

/* One element of "names": [ID, NAME], where NAME may be null. */
static int
parse_name(struct name_store *s, enum kind kind, uint64_t pid,
    const json_t *pair, const char *where)
{
	const json_t *name = json_array_get(pair, 1);
	const char *text = json_doc_string(name);
	uint64_t id;

	if (json_array_size(pair) != 2 ||
	    !json_doc_u64(json_array_get(pair, 0), &id) ||
	    (text == NULL && !json_is_null(name))) {
		report_error(
		    "%s: expected a number and its name or null", where);
		return -1;
	}
	return name_store_set(s, kind, pid, id, text);
}

int
name_store_parse(struct name_store *s, const json_t *value, const char *where)
{
	const char *kind = NULL;
	json_t *names = NULL;
	uint64_t pid = 0, host = 0;
	bool over = false;
	char at[1200];
	enum kind k;

	if (!json_is_object(value)) {
		report_error("%s: expected an object, found %s", where,
		    json_doc_kind(value));
		return -1;
	}
	if (json_doc_require(json_doc_get_string(value, "kind", &kind, where),
		"kind", where) == -1 ||
	    json_doc_get_u64(value, "pid", UINT32_MAX, &pid, where) == -1 ||
	    json_doc_get_bool(value, "over", &over, where) == -1 ||
	    json_doc_get_array(value, "names", &names, where) == -1)
		return -1;
	if (s->nhosts > 1 &&
	    json_doc_get_u64(value, "host", s->nhosts - 1, &host, where) == -1)
		return -1;
	if (host > 0)
		s = s->others[host];
	if ((k = name_store_kind(kind)) == KIND_NONE)
		return 0;
	s->over[k] |= over;
	for (size_t i = 0; i < json_array_size(names); i++) {
		snprintf(at, sizeof(at), "%s: names[%zu]", where, i);
		if (parse_name(s, k, pid, json_array_get(names, i), at) == -1)
			return -1;
	}
	return 0;
}

/*
 * Writing.
 */

static void
write_start(struct buf *out, enum kind kind, uint64_t pid)
{
	buf_printf(out, "{\"@names\":{\"kind\":\"%s\"", told_kinds[kind]);
	if (pid != 0)
		buf_printf(out, ",\"pid\":%" PRIu64, pid);
}

void
name_store_write(const struct name_store *s, struct buf *out, enum kind kind,
    uint64_t pid, const uint64_t *ids, size_t n)
{
	const struct name_entry *e;
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if ((e = find_entry(s, kind, pid, ids[i])) == NULL)
			continue;
		if (any) {
			buf_chr(out, ',');
		} else {
			write_start(out, kind, pid);
			if (s->merged)
				buf_printf(out, ",\"host\":%" PRIu32, s->host);
			buf_str(out, ",\"names\":[");
		}
		any = true;
		buf_printf(out, "[%" PRIu64 ",", ids[i]);
		if (e->name == NULL) {
			buf_str(out, "null]");
			continue;
		}
		buf_chr(out, '"');
		text_write(out, e->name, strlen(e->name), STYLE_JSON);
		buf_str(out, "\"]");
	}
	if (any)
		buf_str(out, "]}}\n");
}

void
name_store_write_over(struct buf *out, enum kind kind)
{
	if (!name_store_has_kind(kind))
		return;
	write_start(out, kind, 0);
	buf_str(out, ",\"over\":true}}\n");
}
