#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/util.h"
#include "elf/btf-tags.h"

static int
set_as(struct type_member *m, const char *value, const char *where)
{
	kind_free(&m->as);
	return kind_parse(&m->as, value, where);
}

static int
set_help(struct type_member *m, const char *value, const char *where)
{
	(void)where;
	free(m->help);
	m->help = strdup(value);
	return m->help != NULL ? 0 : report_nomem();
}

static int
set_hide(struct type_member *m, const char *value, const char *where)
{
	(void)value;
	(void)where;
	m->hidden = true;
	return 0;
}

static int
set_time(struct type_member *m, const char *value, const char *where)
{
	(void)value;
	(void)where;
	m->time = true;
	return 0;
}

static int
set_gauge(struct type_member *m, const char *value, const char *where)
{
	(void)value;
	(void)where;
	m->gauge = true;
	return 0;
}

static int
set_width(struct type_member *m, const char *value, const char *where)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (value[0] < '0' || value[0] > '9' || *end != '\0' || n == 0 ||
	    n > TYPES_WIDTH_MAX) {
		report_error("%s: SKEL_WIDTH: expected columns, 1 to %d", where,
		    TYPES_WIDTH_MAX);
		return -1;
	}
	m->width = (uint32_t)n;
	return 0;
}

static const struct {
	const char *key; /* with "=" if a value follows */
	int (*set)(struct type_member *m, const char *value, const char *where);
} notes[] = {
	{ "as=", set_as },
	{ "gauge", set_gauge },
	{ "help=", set_help },
	{ "hide", set_hide },
	{ "time", set_time },
	{ "width=", set_width },
};

static int
set_note(struct type_member *m, const char *tag, const char *where)
{
	for (size_t i = 0; i < nitems(notes); i++) {
		size_t n = strlen(notes[i].key);

		if (strncmp(tag, notes[i].key, n) == 0 &&
		    (notes[i].key[n - 1] == '=' || tag[n] == '\0'))
			return notes[i].set(m, tag + n, where);
	}
	report_error("%s: unknown annotation \"" BTF_TAG "%s\" on a member; "
		     "known: as=, gauge, help=, hide, time, width=",
	    where, tag);
	return -1;
}

/* Sets the note of a tag, if it is ours and on a member of a type that was
 * imported. */
static int
set_tag(
    const struct btf_import *in, const struct btf_type *tag, const char *where)
{
	const char *text = btf_name(in->btf, tag->name_off);
	int index = btf_decl_tag(tag)->component_idx;
	char at[512];
	struct type *type;

	if (index < 0 || strncmp(text, BTF_TAG, strlen(BTF_TAG)) != 0 ||
	    tag->type >= in->nindex || in->index[tag->type] == 0)
		return 0;
	type = &in->types->v[in->index[tag->type] - 1];
	if ((size_t)index >= type->nmembers)
		return 0;
	snprintf(at, sizeof(at), "%s: %s %s.%s", where,
	    types_kind_name(type->kind), type->name, type->members[index].name);
	return set_note(&type->members[index], text + strlen(BTF_TAG), at);
}

int
btf_tags_import_enum(
    struct btf_import *in, const struct member_kind *k, const char *where)
{
	int id;

	if (k->kind != KIND_FLAGS)
		return 0;
	id = btf__find_by_name_kind(in->btf, k->arg, BTF_KIND_ENUM);
	if (id < 0)
		id = btf__find_by_name_kind(in->btf, k->arg, BTF_KIND_ENUM64);
	return id > 0 && btf_import(in, (uint32_t)id, where) == TYPE_NONE ? -1
									  : 0;
}

/* Imports the enums that kinds name. */
static int
import_enums(struct btf_import *in, const char *where)
{
	/* Those that are imported have no members. */
	for (size_t i = 0; i < in->types->n; i++)
		for (size_t k = 0; k < in->types->v[i].nmembers; k++)
			if (btf_tags_import_enum(in,
				&in->types->v[i].members[k].as, where) == -1)
				return -1;
	return 0;
}

int
btf_tags_set(struct btf_import *in, const char *where)
{
	for (uint32_t id = 1; id < in->nindex; id++) {
		const struct btf_type *t = btf__type_by_id(in->btf, id);

		if (btf_is_decl_tag(t) && set_tag(in, t, where) == -1)
			return -1;
	}
	return import_enums(in, where);
}
