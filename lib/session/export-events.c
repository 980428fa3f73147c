#include <stdlib.h>
#include <string.h>

#include "base/json-doc.h"
#include "base/report.h"
#include "base/suggest.h"
#include "infer/btf-records.h"
#include "package/events-option.h"
#include "session/export-events.h"

static int
report_no_target(const struct package *p, const struct events_option *o)
{
	struct suggest nearest = { .wanted = o->name };
	char *hint;

	for (size_t i = 0; i < p->nmaps; i++)
		suggest_offer(&nearest, p->maps[i].name);
	for (size_t i = 0; i < p->nprograms; i++)
		suggest_offer(&nearest, p->programs[i].name);
	if ((hint = suggest_text(&nearest)) == NULL)
		return report_nomem();
	report_error("%s: --events %s: there is no map or iterator program "
		     "called \"%s\"%s",
	    p->name, o->text, o->name, hint);
	free(hint);
	return -1;
}

/* Has the package keep the name of the member, which m->records_by borrows. */
static int
keep_member(struct package_map *m, const char *member)
{
	json_t *name = json_string(member);

	if (json_object_set_new(m->json, "records_by", name) == -1)
		return report_nomem();
	m->records_by = json_doc_string(name);
	return 0;
}

/* Adds a type to those of the map.  first is true if it replaces the
 * type in the package. */
static int
set_map_type(struct package *p, struct package_map *m,
    const struct events_option *o, uint32_t id, bool first)
{
	const char *before = m->records_by != NULL ? m->records_by : "";
	size_t n = first ? 0 : m->nrecords;
	struct package_record *v;

	if (!first && strcmp(before, o->member != NULL ? o->member : "") != 0) {
		report_error("%s: --events %s: the types of the map's records "
			     "are told apart by %s already",
		    p->name, o->text,
		    before[0] != '\0' ? before : "their sizes");
		return -1;
	}
	v = reallocarray(m->records, n + 1, sizeof(*v));
	if (v == NULL)
		return report_nomem();
	v[n] = (struct package_record){ .btf_type_id = id, .value = o->value };
	m->records = v;
	m->nrecords = n + 1;
	if (first)
		m->records_by = NULL;
	return first && o->member != NULL ? keep_member(m, o->member) : 0;
}

static int
apply_to_package(struct package *p, const struct events_option *o, bool first)
{
	uint32_t id = p->object.btf != NULL
			  ? btf_records_find(p->object.btf, o->type)
			  : 0;

	for (size_t i = 0; i < p->nmaps; i++)
		if (strcmp(p->maps[i].name, o->name) == 0 && id != 0)
			return set_map_type(p, &p->maps[i], o, id, first);
	for (size_t i = 0; i < p->nprograms; i++) {
		if (strcmp(p->programs[i].name, o->name) != 0 || id == 0)
			continue;
		p->programs[i].iter_type_id = id;
		return 0;
	}
	if (id != 0)
		return report_no_target(p, o);
	report_error("%s: --events %s: the object's BTF has no type \"%s\"",
	    p->name, o->text, o->type);
	return -1;
}

/* Whether none of the options before i is for the same map as the one at i. */
static bool
is_first_for_map(const struct launch_options *o, size_t i)
{
	size_t n = strcspn(o->events[i], "=") + 1;

	for (size_t k = 0; k < i; k++)
		if (strncmp(o->events[k], o->events[i], n) == 0)
			return false;
	return true;
}

int
export_events_set(struct package *p, const struct launch_options *options)
{
	struct events_option o;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < options->nevents && !p->packed;
	     i++) {
		if (events_option_parse(&o, options->events[i]) == -1)
			return -1;
		ret = apply_to_package(p, &o, is_first_for_map(options, i));
		events_option_free(&o);
	}
	return ret;
}
