#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-doc.h"
#include "base/report.h"
#include "base/suggest.h"
#include "elf/btf.h"
#include "pack/pack-json.h"
#include "pack/pack-records.h"
#include "package/events-option.h"

enum { WHERE_MAX = 256 };

/* The declaration of a type, for messages; to be freed. */
static char *
show_type(const struct btf *btf, uint32_t id)
{
	return btf_declaration(btf, id);
}

/* Adds the type with this id in r->types to the object's BTF.  Returns its id
 * there, or 0 after reporting. */
static uint32_t
keep_type(const struct pack_records *r, const char *name, uint32_t id)
{
	char where[WHERE_MAX];

	snprintf(where, sizeof(where), "%s: %s", r->e->file, name);
	return record_search_add(&r->types, id, r->e->btf, where);
}

/* Reports which type was found and how. */
static int
notice_type(const struct pack_records *r, const char *kind, const char *name,
    uint32_t id, const char *reason)
{
	char *type = show_type(r->types.btf, id);

	if (type == NULL)
		return -1;
	report_notice("%s: %s %s: its records are %s, %s", r->e->file, kind,
	    name, type, reason);
	free(type);
	return 0;
}

int
pack_records_set(
    struct pack_records *r, struct pack_map *m, uint32_t id, const char *reason)
{
	const char *name = bpf_map__name(m->bpf);

	if (notice_type(r, "map", name, id, reason) == -1 ||
	    (m->record = keep_type(r, name, id)) == 0)
		return -1;
	return 0;
}

/* Formats how the type was found, for a notice. */
static void
format_evidence(const struct pack_records *r, const struct record_type *t,
    char *out, size_t size)
{
	if (t->evidence == RECORD_OF_VARIABLE)
		snprintf(out, size, "the type of what %s() writes", t->from);
	else if (t->evidence == RECORD_OF_MAP)
		snprintf(out, size,
		    "the type of the values of map %s, which "
		    "are written",
		    t->from);
	else
		snprintf(out, size,
		    "the only struct of %" PRId64 " bytes that %s", t->size,
		    r->types.dwarf != NULL ? "the program declares"
					   : "the variables in its BTF have");
}

/* Appends the names of the types to out, with sep between them; with something
 * before each, only those that --events takes, so no arrays. */
static int
list_types(const struct pack_records *r, const struct record_decision *d,
    const char *before, const char *sep, const char *after, struct buf *out)
{
	bool first = true;
	char *type;

	for (size_t i = 0; i < d->ntypes; i++) {
		uint32_t id = d->types[i].id;

		if (before[0] != '\0' &&
		    btf_is_array(btf__type_by_id(r->types.btf, id)))
			continue;
		if ((type = show_type(r->types.btf, id)) == NULL)
			return -1;
		buf_printf(
		    out, "%s%s%s%s", first ? "" : sep, before, type, after);
		free(type);
		first = false;
	}
	return out->failed ? report_nomem() : 0;
}

/* Writes the types of records that differ in their sizes. */
static int
set_several(
    struct pack_records *r, struct pack_map *m, const struct record_decision *d)
{
	const char *name = bpf_map__name(m->bpf);
	struct buf types = { 0 };
	int ret = -1;

	if (list_types(r, d, "", " or ", "", &types) == -1)
		goto out;
	report_notice("%s: map %s: its records are %.*s, by their sizes",
	    r->e->file, name, (int)types.len, types.data);
	for (size_t i = 0; i < d->ntypes; i++) {
		uint32_t id = keep_type(r, name, d->types[i].id);

		if (id == 0 ||
		    pack_add_record(m->json, id, NULL, 0, name) == -1)
			goto out;
		m->record = id;
	}
	ret = 0;
out:
	buf_free(&types);
	return ret;
}

/* Appends the choice of types to out, with the options that settle it. */
static int
offer_types(const struct pack_records *r, const char *name,
    const struct record_decision *d, struct buf *out)
{
	char before[WHERE_MAX];

	buf_str(out, "it may be ");
	if (list_types(r, d, "", " or ", "", out) == -1)
		return -1;
	buf_str(out, "; choose with --events ");
	snprintf(before, sizeof(before), "'%s=", name);
	return list_types(r, d, before, " or ", "'", out);
}

/* Appends why nothing is known of what is written. */
static int
explain_unknown(const struct pack_records *r, const struct record_decision *d,
    struct buf *out)
{
	if (d->state == RECORDS_NONE) {
		buf_str(out, "no call was found that writes them");
	} else {
		buf_printf(out, "%s() writes ", d->function);
		if (d->size >= 0)
			buf_printf(out, "%" PRId64 " bytes", d->size);
		else
			buf_str(out, "a number of bytes that varies");
		if (r->types.dwarf != NULL)
			buf_str(out, ", and no variable or struct tells which");
		else
			buf_printf(out, ", and %s",
			    dwarf_state_text(r->types.dwarf_state));
	}
	if (d->state != RECORDS_NONE && r->types.dwarf_state == DWARF_NONE)
		buf_str(out,
		    ": pack it before it is stripped, or give the type with "
		    "SKEL_EVENTS or --events");
	else
		buf_str(out, "; give the type with SKEL_EVENTS or --events");
	return out->failed ? report_nomem() : 0;
}

/* The text why a decision gives no type: a string to free, or NULL after
 * reporting that memory ran out. */
static char *
explain(const struct pack_records *r, const char *name,
    const struct record_decision *d)
{
	struct buf out = { 0 };
	int ret;

	if (d->state == RECORDS_SEVERAL)
		ret = offer_types(r, name, d, &out);
	else
		ret = explain_unknown(r, d, &out);
	buf_chr(&out, '\0');
	if (ret == 0 && !out.failed)
		return out.data;
	if (ret == 0)
		report_nomem();
	buf_free(&out);
	return NULL;
}

/* Finds the types of the records of a buffer by the code. */
static int
infer_map(struct pack_records *r, struct pack_map *m)
{
	const char *name = bpf_map__name(m->bpf);
	struct record_decision d;
	char reason[WHERE_MAX];

	if (record_search_map(&r->types, name, &d) == -1)
		return -1;
	if (d.state != RECORDS_KNOWN) {
		m->reason = explain(r, name, &d);
		return m->reason != NULL ? 0 : -1;
	}
	if (d.ntypes > 1)
		return set_several(r, m, &d);
	format_evidence(r, &d.types[0], reason, sizeof(reason));
	return pack_records_set(r, m, d.types[0].id, reason);
}

static int
set_iterator(
    struct pack_records *r, json_t *program, uint32_t id, const char *reason)
{
	const char *name = json_doc_string(json_object_get(program, "name"));

	if (notice_type(r, "iterator", name, id, reason) == -1 ||
	    (id = keep_type(r, name, id)) == 0)
		return -1;
	return pack_set(program, "export_config",
	    json_pack("{sI}", "btf_type_id", (json_int_t)id));
}

/* Finds the type of the records of an iterator by the code.  Where there is
 * none, its output is text. */
static int
infer_iterator(struct pack_records *r, json_t *program)
{
	const char *name = json_doc_string(json_object_get(program, "name"));
	struct record_decision d;
	char reason[WHERE_MAX], *why;

	if (record_search_iterator(&r->types, name, &d) == -1)
		return -1;
	if (d.state == RECORDS_NONE)
		return 0;
	if (d.state == RECORDS_KNOWN && d.ntypes == 1) {
		format_evidence(r, &d.types[0], reason, sizeof(reason));
		return set_iterator(r, program, d.types[0].id, reason);
	}
	if (d.state == RECORDS_KNOWN)
		d.state = RECORDS_SEVERAL;
	if ((why = explain(r, name, &d)) == NULL)
		return -1;
	report_notice("%s: iterator %s: the type of its records is not known, "
		      "so they will be text; %s",
	    r->e->file, name, why);
	free(why);
	return 0;
}

/* Finds the type that the option names, in the object's BTF, to which it is
 * added if only the DWARF has it.  Returns its id, or 0 after reporting. */
static uint32_t
find_stated_type(struct pack_records *r, const struct events_option *o)
{
	uint32_t id = record_search_find(&r->types, o->type);

	if (id != 0 && record_search_size(&r->types, id) != 0)
		return keep_type(r, o->name, id);
	report_error("%s: --events %s: the object has no type \"%s\"%s%s",
	    r->e->file, o->text, o->type, r->types.dwarf != NULL ? "" : "; ",
	    r->types.dwarf != NULL ? ""
				   : dwarf_state_text(r->types.dwarf_state));
	return 0;
}

static int
report_no_place(const struct pack_records *r, const struct events_option *o)
{
	struct suggest nearest = { .wanted = o->name };
	json_t *program;
	char *hint;
	size_t i;

	for (i = 0; i < r->e->nmaps; i++)
		if (pack_is_buffer(r->e->maps[i].bpf))
			suggest_offer(
			    &nearest, bpf_map__name(r->e->maps[i].bpf));
	json_array_foreach (r->e->programs, i, program)
		if (pack_is_iterator(program))
			suggest_offer(&nearest,
			    json_doc_string(json_object_get(program, "name")));
	if ((hint = suggest_text(&nearest)) == NULL)
		return report_nomem();
	report_error("%s: --events %s: the object has no ring or perf buffer, "
		     "and no iterator program, called \"%s\"%s",
	    r->e->file, o->text, o->name, hint);
	free(hint);
	return -1;
}

static int
state_map(
    struct pack_records *r, struct pack_map *m, const struct events_option *o)
{
	char where[WHERE_MAX];

	snprintf(where, sizeof(where), "%s: --events %s", r->e->file, o->text);
	/* What the caller states replaces what the author did. */
	if (!m->stated) {
		json_object_del(m->json, "records");
		json_object_del(m->json, "records_by");
		json_object_del(m->json, "export_config");
	}
	m->stated = true;
	if ((m->record = find_stated_type(r, o)) == 0)
		return -1;
	return pack_add_record(m->json, m->record, o->member, o->value, where);
}

static int
state_iterator(
    struct pack_records *r, json_t *program, const struct events_option *o)
{
	uint32_t id;

	if (o->member != NULL) {
		report_error("%s: --events %s: the records of an iterator "
			     "have one type",
		    r->e->file, o->text);
		return -1;
	}
	if ((id = find_stated_type(r, o)) == 0)
		return -1;
	return pack_set(program, "export_config",
	    json_pack("{sI}", "btf_type_id", (json_int_t)id));
}

static int
apply_events_option(struct pack_records *r, const struct events_option *o)
{
	json_t *program;
	size_t i;

	for (i = 0; i < r->e->nmaps; i++)
		if (pack_is_buffer(r->e->maps[i].bpf) &&
		    strcmp(bpf_map__name(r->e->maps[i].bpf), o->name) == 0)
			return state_map(r, &r->e->maps[i], o);
	json_array_foreach (r->e->programs, i, program)
		if (pack_is_iterator(program) &&
		    strcmp(json_doc_string(json_object_get(program, "name")),
			o->name) == 0)
			return state_iterator(r, program, o);
	return report_no_place(r, o);
}

int
pack_records_state(struct pack_records *r)
{
	const struct pack_options *options = r->e->options;
	struct events_option o;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < options->nevents; i++) {
		if (events_option_parse(&o, options->events[i]) == -1)
			return -1;
		ret = apply_events_option(r, &o);
		events_option_free(&o);
	}
	/* A single type without a condition needs no list. */
	for (size_t i = 0; ret == 0 && i < r->e->nmaps; i++) {
		const struct pack_map *m = &r->e->maps[i];

		if (m->stated &&
		    json_object_get(m->json, "records_by") == NULL &&
		    json_array_size(json_object_get(m->json, "records")) == 1)
			json_object_del(m->json, "records");
	}
	return ret;
}

int
pack_records_infer(struct pack_records *r)
{
	json_t *program;
	size_t i;

	for (i = 0; i < r->e->nmaps; i++) {
		struct pack_map *m = &r->e->maps[i];

		if (m->record == 0 && pack_is_buffer(m->bpf) &&
		    json_object_get(m->json, "export_config") == NULL &&
		    infer_map(r, m) == -1)
			return -1;
	}
	json_array_foreach (r->e->programs, i, program)
		if (pack_is_open_iterator(program) &&
		    infer_iterator(r, program) == -1)
			return -1;
	return 0;
}
