#include <stdlib.h>
#include <string.h>

#include "base/json-doc.h"
#include "base/report.h"
#include "encode-name.h"
#include "record/field-kind.h"
#include "record/fields.h"
#include "record/named-members.h"

/* A member of a map's JSON records that has a name. */
struct name_path {
	struct kind_form form;
	char *path; /* owned: of its number, and with FIELD_TEXT_SUFFIX */
	size_t len; /* of that of its number */
};

struct name_paths {
	struct name_path *v; /* owned */
	size_t n;
};

struct name_encoder {
	size_t nmaps;
	struct name_paths *maps;            /* owned */
	struct name_store *names;           /* owned: what was written so far */
	const struct stream_header *header; /* borrowed */
};

/* Adds a field, if it has a name that its records tell.  Returns 0, or -1 if
 * memory ran out. */
static int
add_path(
    struct name_paths *m, const struct stream_header *h, const struct field *f)
{
	struct name_path *p = &m->v[m->n];

	if (!named_members_has_kind(f->place.kind) || f->place.text_is_hidden ||
	    !field_kind_form(&h->types, &f->place, false, &p->form))
		return 0;
	if (asprintf(&p->path, "%s" FIELD_TEXT_SUFFIX, f->path) == -1) {
		p->path = NULL;
		return -1;
	}
	p->len = strlen(f->path);
	m->n++;
	return 0;
}

static int
find_paths(
    struct name_paths *m, const struct stream_header *h, unsigned int map)
{
	struct fields all = { 0 };
	int ret = 0;

	fields_add_selected(&all, h, map, NULL, 0, true);
	m->v = calloc(all.n + 1, sizeof(*m->v));
	if (all.failed || m->v == NULL)
		ret = -1;
	for (size_t i = 0; i < all.n && ret == 0; i++)
		ret = add_path(m, h, &all.v[i]);
	fields_free(&all);
	return ret;
}

struct name_encoder *
name_encoder_new(const struct stream_header *h)
{
	struct name_encoder *e = calloc(1, sizeof(*e));
	bool failed = e == NULL;

	if (!failed) {
		e->nmaps = h->nmaps;
		e->header = h;
		e->names = name_store_new();
		e->maps = calloc(h->nmaps + 1, sizeof(*e->maps));
		failed = e->names == NULL || e->maps == NULL ||
			 name_store_set_hosts(e->names, h->nhosts) == -1;
	}
	for (unsigned int i = 0; !failed && i < h->nmaps; i++)
		failed = find_paths(&e->maps[i], h, i) == -1;
	if (!failed)
		return e;
	report_nomem();
	name_encoder_free(e);
	return NULL;
}

void
name_encoder_free(struct name_encoder *e)
{
	if (e == NULL)
		return;
	for (size_t i = 0; e->maps != NULL && i < e->nmaps; i++) {
		for (size_t k = 0; k < e->maps[i].n; k++)
			free(e->maps[i].v[k].path);
		free(e->maps[i].v);
	}
	free(e->maps);
	name_store_free(e->names);
	free(e);
}

/* The process to whose addresses a number belongs. */
static uint64_t
find_pid(const json_t *in, enum kind kind)
{
	const json_t *pid = json_object_get(in, "tgid");
	uint64_t number = 0;

	if (kind != KIND_USYM)
		return 0;
	if (pid == NULL)
		pid = json_object_get(in, "pid");
	return json_doc_u64(pid, &number) ? number : 0;
}

/* Whether the text is that of a number without a name. */
static bool
is_nameless(const struct kind_form *f, uint64_t number, const char *text)
{
	static const struct kind_context none = { 0 };
	const struct kind_value v = { .number = number };
	char own[NAME_STORE_TEXT_MAX + TEXT_SLACK];
	char *end = kind_text_write(own, f, &v, &none);

	*end = '\0';
	return strcmp(own, text) == 0;
}

/* Writes the line for a number, if its name is told and was not written. */
static int
encode_name(struct name_store *names, const struct name_path *p,
    const json_t *record, struct buf *lines)
{
	const char *key, *name, *old;
	const json_t *in = json_doc_find_parent(record, p->path, &key);
	size_t len = p->len - (size_t)(key - p->path);
	struct named_id id = { .kind = p->form.kind };

	name = json_doc_string(json_object_get(in, key));
	if (name == NULL ||
	    !json_doc_u64(json_object_getn(in, key, len), &id.id) ||
	    is_nameless(&p->form, id.id, name))
		return 0;
	id.pid = find_pid(in, id.kind);
	old = name_store_find_of(names, id.kind, id.pid, id.id);
	if (!named_id_is_told(&id) || (old != NULL && strcmp(old, name) == 0))
		return 0;
	if (name_store_set(names, id.kind, id.pid, id.id, name) == -1)
		return -1;
	name_store_write(names, lines, id.kind, id.pid, &id.id, 1);
	return 0;
}

int
name_encoder_record(struct name_encoder *e, unsigned int map,
    const json_t *record, struct buf *lines)
{
	const struct name_paths *m = &e->maps[map];
	struct name_store *names =
	    name_store_to_set(e->names, e->header->maps[map].host);

	for (size_t i = 0; i < m->n; i++)
		if (encode_name(names, &m->v[i], record, lines) == -1)
			return -1;
	return 0;
}
