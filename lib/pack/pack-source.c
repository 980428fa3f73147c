#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "base/util.h"
#include "elf/btf.h"
#include "pack/pack-json.h"
#include "pack/pack-source.h"
#include "pack/source-doc.h"
#include "pack/source-scan.h"

enum { HEADER_STRUCTS_MAX = 256 };

/* A name of the object that comments may describe. */
struct documented {
	const char *name; /* borrowed from the BTF */
	struct pack_target *target;
};

struct pack_comments {
	const char *file;
	struct documented *v; /* owned; sorted by name */
	size_t n;
};

static int
compare_documented(const void *a, const void *b)
{
	const struct documented *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Returns less than, equal to or more than 0, as strcmp(3). */
static int
compare_span(struct source_span span, const char *name)
{
	int order = strncmp(span.text, name, span.len);

	return order != 0 ? order : -(name[span.len] != '\0');
}

/* The target of that name; NULL if there is none, or several. */
static struct pack_target *
find_documented(const struct pack_comments *c, struct source_span name)
{
	size_t low;

	array_partition(low, c->n, compare_span(name, c->v[low].name) > 0);
	if (low == c->n || compare_span(name, c->v[low].name) != 0)
		return NULL;
	return c->v[low].target;
}

/* Whether a name in this role can be that of the target. */
static bool
fits_role(const struct source_declaration *d, enum source_role role,
    const struct pack_target *target)
{
	if (target->place != ANNOTATED_PROGRAM)
		return role == SOURCE_NAME;
	return role == SOURCE_FUNCTION ||
	       (role == SOURCE_ARGUMENT && d->has_body);
}

/* Whether only the object may determine the value of the key. */
static bool
is_fixed_key(const struct pack_target *target, const char *key)
{
	static const char *const fixed[] = { "ident", "mmaped", "name",
		"type" };

	for (size_t i = 0; i < nitems(fixed); i++)
		if (target->place != ANNOTATED_LICENSE &&
		    strcmp(fixed[i], key) == 0)
			return true;
	return false;
}

/* Sets the keys of the comment in the target.  The argument of a variable may
 * have a default already. */
static int
apply_comment(const struct pack_comments *c, const struct source_declaration *d,
    struct pack_target *target, json_t *doc)
{
	json_t *value, *old;
	const char *key;
	int ret = 0;

	json_object_foreach (doc, key, value) {
		if (is_fixed_key(target, key)) {
			report_notice("%s:%lu: @%s is left out: the object "
				      "says what it is",
			    c->file, d->line, key);
			continue;
		}
		old = json_object_get(target->json, key);
		if (json_is_object(old) && json_is_object(value))
			ret = json_object_update(old, value);
		else
			ret = json_object_set(target->json, key, value);
		if (ret == -1)
			return report_nomem();
	}
	return 0;
}

static int
read_comment(void *ctx, const struct source_declaration *d)
{
	const struct pack_comments *c = ctx;
	struct pack_target *target;
	json_t *doc = NULL;
	int ret = 0;

	for (size_t i = 0; i < d->nnames && ret == 0; i++) {
		target = find_documented(c, d->names[i].span);
		if (target == NULL || !fits_role(d, d->names[i].role, target))
			continue;
		if (doc == NULL && (doc = source_doc_read(
					d->comment, d->line, c->file)) == NULL)
			return -1;
		ret = apply_comment(c, d, target, doc);
	}
	json_decref(doc);
	return ret;
}

int
pack_source_apply(const struct pack_source *source, const struct btf *btf,
    struct pack_target *targets, const char *file)
{
	struct pack_comments c = { .file = file };
	uint32_t ids = btf__type_cnt(btf);
	int ret;

	if ((c.v = calloc(ids, sizeof(*c.v))) == NULL)
		return report_nomem();
	for (uint32_t id = 1; id < ids; id++)
		if (targets[id].json != NULL)
			c.v[c.n++] = (struct documented){
				.name = pack_get_name(btf, id),
				.target = &targets[id],
			};
	qsort(c.v, c.n, sizeof(*c.v), compare_documented);
	ret = source_scan(source->text, source->len, read_comment, &c);
	free(c.v);
	return ret;
}

struct header_structs {
	const struct btf *btf;
	uint32_t *ids; /* owned */
	size_t n, cap;
	size_t looked_up;
};

/* Adds the struct of that name, if the object has it with its members. */
static int
add_header_struct(void *ctx, struct source_span span)
{
	struct header_structs *h = ctx;
	char name[128];
	int id;

	/* A header of events has a few. */
	if (h->looked_up++ == HEADER_STRUCTS_MAX)
		return 1;
	if (span.len >= sizeof(name))
		return 0;
	memcpy(name, span.text, span.len);
	name[span.len] = '\0';
	id = btf__find_by_name_kind(h->btf, name, BTF_KIND_STRUCT);
	if (id <= 0)
		return 0;
	if (!array_room(h->ids, h->n, h->cap))
		return report_nomem();
	h->ids[h->n++] = (uint32_t)id;
	return 0;
}

static int
compare_ids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

int
pack_source_structs(const struct pack_source *source, const struct btf *btf,
    uint32_t **ids, size_t *n)
{
	struct header_structs h = { .btf = btf };
	size_t kept = 0;

	*ids = NULL;
	*n = 0;
	if (source_scan_structs(source->header, source->header_len,
		add_header_struct, &h) == -1) {
		free(h.ids);
		return -1;
	}
	if (h.n == 0)
		return 0;
	qsort(h.ids, h.n, sizeof(*h.ids), compare_ids);
	for (size_t i = 0; i < h.n; i++)
		if (i == 0 || h.ids[i] != h.ids[kept - 1])
			h.ids[kept++] = h.ids[i];
	*ids = h.ids;
	*n = kept;
	return 0;
}
