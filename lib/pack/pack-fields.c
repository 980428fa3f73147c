#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-doc.h"
#include "base/report.h"
#include "elf/btf-tags.h"
#include "pack/pack-fields.h"
#include "pack/pack-json.h"
#include "types/member-kinds.h"

struct field_writer {
	struct types types;
	struct btf_import import;
	json_t *fields; /* owned: of one map */
	const char *file;
};

static bool
has_notes(const struct type_member *m)
{
	return m->as.said || m->help != NULL || m->hidden || m->time ||
	       m->gauge || m->width != 0;
}

/* Sets key to the value, which is taken; NULL means that memory ran out. */
static int
set_note(json_t *field, const char *key, json_t *value)
{
	return json_object_set_new(field, key, value) == 0 ? 0 : report_nomem();
}

static int
add_field(struct field_writer *w, const char *name, const struct type_member *m)
{
	json_t *field = json_pack("{ss}", "name", name);
	char *kind;
	int ret = field == NULL ? report_nomem() : 0;

	if (ret == 0 && m->as.said) {
		kind = kind_spell(&m->as);
		ret = set_note(
		    field, "as", kind != NULL ? json_string(kind) : NULL);
		free(kind);
	}
	if (ret == 0 && m->help != NULL)
		ret = set_note(field, "help",
		    json_doc_string_new(m->help, strlen(m->help)));
	if (ret == 0 && m->hidden)
		ret = set_note(field, "hide", json_true());
	if (ret == 0 && m->time)
		ret = set_note(field, "time", json_true());
	if (ret == 0 && m->gauge)
		ret = set_note(field, "gauge", json_true());
	if (ret == 0 && m->width != 0)
		ret = set_note(field, "width", json_integer(m->width));
	if (ret == 0 && json_array_append(w->fields, field) == -1)
		ret = report_nomem();
	json_decref(field);
	return ret;
}

/* Adds the members of a type that have notes; path is where the type is, "" or
 * "key.".  Types nest at most TYPES_DEPTH_MAX deep. */
static int
add_members(struct field_writer *w, uint32_t type, const char *path)
{
	const struct type *of = types_get(&w->types, type);
	int ret = 0;

	for (size_t i = 0; i < of->nmembers && ret == 0; i++) {
		const struct type_member *m = &of->members[i];
		bool named = m->name[0] != '\0';
		char *name;

		if (asprintf(&name, "%s%s", path, m->name) == -1)
			return report_nomem();
		if (named && has_notes(m))
			ret = add_field(w, name, m);
		free(name);
		if (ret == -1 || types_get(&w->types, m->type)->nmembers == 0)
			continue;
		if (asprintf(
			&name, "%s%s%s", path, m->name, named ? "." : "") == -1)
			return report_nomem();
		ret = add_members(w, m->type, name);
		free(name);
	}
	return ret;
}

/* Imports a type, so that its notes are checked; without one, or if it is none
 * that a record can have, nothing is to be said. */
static uint32_t
import(struct field_writer *w, uint32_t id)
{
	struct report_held held;
	uint32_t type;

	if (id == 0)
		return TYPE_NONE;
	report_hold(&held);
	type = btf_import(&w->import, id, w->file);
	report_release_held(&held, "");
	return type;
}

/* The types of the map's records: to import them all if write is not set, or to
 * add their members. */
static int
visit_map(struct field_writer *w, const struct pack_map *m, bool write)
{
	const struct {
		uint32_t id;
		const char *path;
	} of[] = {
		{ m->sampled ? bpf_map__btf_key_type_id(m->bpf) : 0, "key." },
		{ m->record != 0 ? m->record
		    : m->sampled ? bpf_map__btf_value_type_id(m->bpf)
				 : 0,
		    m->sampled ? "value." : "" },
	};
	const json_t *records = json_object_get(m->json, "records");
	int ret = 0;

	for (size_t i = 0; i < 2 && ret == 0; i++) {
		uint32_t type = import(w, of[i].id);

		if (write && type != TYPE_NONE)
			ret = add_members(w, type, of[i].path);
	}
	for (size_t i = 0; i < json_array_size(records) && ret == 0; i++) {
		json_int_t id = json_integer_value(
		    json_object_get(json_array_get(records, i), "btf_type_id"));
		uint32_t type = import(w, (uint32_t)id);

		if (write && type != TYPE_NONE)
			ret = add_members(w, type, "");
	}
	return ret;
}

static int
write_map(struct field_writer *w, const struct pack_map *m)
{
	int ret;

	if ((w->fields = json_array()) == NULL)
		return report_nomem();
	ret = visit_map(w, m, true);
	if (ret == 0 && json_array_size(w->fields) > 0)
		ret = pack_set(m->json, "fields", json_incref(w->fields));
	json_decref(w->fields);
	return ret;
}

int
pack_fields_write(const struct pack_exports *e)
{
	struct field_writer w = { .file = e->file };
	int ret;

	if (btf_import_open(&w.import, e->btf, &w.types) == -1)
		return -1;
	for (size_t i = 0; i < e->nmaps; i++)
		visit_map(&w, &e->maps[i], false);
	ret = btf_tags_set(&w.import, e->file);
	if (ret == 0)
		ret = member_kinds_set(&w.types, e->file);
	for (size_t i = 0; i < e->nmaps && ret == 0; i++)
		ret = write_map(&w, &e->maps[i]);
	btf_import_close(&w.import);
	types_free(&w.types);
	return ret;
}
