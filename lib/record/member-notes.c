#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/suggest.h"
#include "record/fields.h"
#include "record/member-notes.h"
#include "types/member-kinds.h"

static int
set_note(
    struct type_member *m, const struct member_note *note, const char *where)
{
	struct member_kind kind;
	char *help;

	if (note->as != NULL) {
		if (kind_parse(&kind, note->as, where) == -1)
			return -1;
		kind_free(&m->as);
		m->as = kind;
	}
	if (note->help != NULL) {
		if ((help = strdup(note->help)) == NULL)
			return report_nomem();
		free(m->help);
		m->help = help;
	}
	m->hidden |= note->hide;
	m->time |= note->time;
	m->gauge |= note->gauge;
	if (note->width != 0)
		m->width = note->width;
	return 0;
}

/* Sets a note in all entries that are called map, or in all if that is NULL.
 * Returns in how many; -1 after reporting. */
static int
set_in_maps(struct stream_header *h, const char *map,
    const struct member_note *note, const char *where)
{
	struct type_member *m;
	int n = 0;

	for (unsigned int i = 0; i < h->nmaps; i++) {
		if (map != NULL && strcmp(h->maps[i].name, map) != 0)
			continue;
		if ((m = fields_find_member(h, i, note->name)) == NULL)
			continue;
		if (set_note(m, note, where) == -1)
			return -1;
		n++;
	}
	return n;
}

static int
report_no_member(
    const struct stream_header *h, const char *name, const char *where)
{
	struct suggest near = { .wanted = name };
	char *nearest;

	for (unsigned int i = 0; i < h->nmaps; i++)
		if (fields_has(h, i, name)) {
			report_error("%s: \"%s\" is a whole key or value, and "
				     "no member of a struct, of which alone "
				     "kinds can be said",
			    where, name);
			return -1;
		}
	for (unsigned int i = 0; i < h->nmaps; i++) {
		struct fields fields = { 0 };

		fields_add_selected(&fields, h, i, NULL, 0, true);
		for (size_t k = 0; k < fields.n; k++)
			suggest_offer(&near, fields.v[k].name);
		fields_free(&fields);
	}
	nearest = suggest_text(&near);
	report_error("%s: no map has a member \"%s\"%s", where, name,
	    nearest != NULL ? nearest : "");
	free(nearest);
	return -1;
}

int
member_notes_set(struct stream_header *h, const char *map,
    const struct member_note *notes, size_t n, const char *where)
{
	for (size_t i = 0; i < n; i++) {
		int got = set_in_maps(h, map, &notes[i], where);

		if (got == -1)
			return -1;
		/* An option may have given the records another type. */
		if (got == 0)
			report_notice("%s: the records of %s have no member "
				      "\"%s\"",
			    where, map, notes[i].name);
	}
	return 0;
}

/* Splits "[MAP.]MEMBER=KIND".  Returns the name, to be freed, and sets *kind;
 * NULL after reporting. */
static char *
split_option(const char *option, const char **kind)
{
	const char *equals = strchr(option, '=');
	char *name;

	if (equals == NULL || equals == option) {
		report_error("--as: %s: expected MEMBER=KIND", option);
		return NULL;
	}
	*kind = equals + 1;
	if ((name = strndup(option, (size_t)(equals - option))) == NULL)
		report_nomem();
	return name;
}

int
member_notes_check_option(const char *option)
{
	struct member_kind kind;
	const char *as;
	char *name = split_option(option, &as), where[256];
	int ret;

	if (name == NULL)
		return -1;
	snprintf(where, sizeof(where), "--as: %s", option);
	ret = kind_parse(&kind, as, where);
	kind_free(&kind);
	free(name);
	return ret;
}

static int
apply_option(struct stream_header *h, const char *option)
{
	struct member_note note = { 0 };
	char *name = split_option(option, &note.as), *dot, where[256];
	int got;

	if (name == NULL)
		return -1;
	snprintf(where, sizeof(where), "--as: %s", option);
	note.name = name;
	got = set_in_maps(h, NULL, &note, where);
	/* A map's name can be the beginning if no member is called so. */
	if (got == 0 && (dot = strchr(name, '.')) != NULL) {
		*dot = '\0';
		note.name = dot + 1;
		if (stream_header_find_map(h, name) != -1)
			got = set_in_maps(h, name, &note, where);
		*dot = '.';
	}
	if (got == 0)
		got = report_no_member(h, name, where);
	free(name);
	return got == -1 ? -1 : 0;
}

int
member_notes_apply_options(
    struct stream_header *h, const char *const *options, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (apply_option(h, options[i]) == -1)
			return -1;
	return n == 0 ? 0 : member_kinds_set(&h->types, "--as");
}
