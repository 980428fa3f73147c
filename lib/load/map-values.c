#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "base/suggest.h"
#include "elf/btf.h"
#include "load/map-file.h"
#include "load/map-target.h"
#include "load/map-values.h"

enum { SETTING_WHERE = 512 };

/* Returns the end of the key that begins at p: the "]" that belongs to the "["
 * before it; or NULL.  Brackets in quotes do not count. */
static char *
find_key_end(char *p)
{
	unsigned long depth = 0;
	bool quoted = false;

	for (; *p != '\0'; p++) {
		if (quoted && *p == '\\' && p[1] != '\0')
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (!quoted && *p == '[')
			depth++;
		else if (!quoted && *p == ']' && depth-- == 0)
			return p;
	}
	return NULL;
}

/* Cuts "MAP[KEY]=VALUE" or "MAP=@FILE" in s->words.  Returns whether it is one
 * of the two. */
static bool
cut_setting(struct map_setting *s)
{
	char *p = s->words + strcspn(s->words, "[="), *end;

	s->map = s->words;
	if (p == s->words || *p == '\0')
		return false;
	if (*p == '=') {
		*p++ = '\0';
		s->file = p + 1;
		return *p == '@' && p[1] != '\0';
	}
	*p++ = '\0';
	s->key = p;
	if ((end = find_key_end(p)) == NULL || end[1] != '=')
		return false;
	*end = '\0';
	s->value = end + 2;
	return true;
}

int
map_setting_parse(struct map_setting *s, const char *text)
{
	*s = (struct map_setting){ .words = strdup(text) };
	if (s->words == NULL)
		return report_nomem();
	if (cut_setting(s))
		return 0;
	report_error("--set %s: expected MAP[KEY]=VALUE, or MAP=@FILE", text);
	map_setting_free(s);
	return -1;
}

void
map_setting_free(struct map_setting *s)
{
	free(s->words);
	*s = (struct map_setting){ 0 };
}

static struct map_target *
find_target(const struct map_values *v, const char *name)
{
	for (size_t i = 0; i < v->ntargets; i++)
		if (strcmp(bpf_map__name(v->targets[i].map), name) == 0)
			return &v->targets[i];
	return NULL;
}

static int
report_no_map(const struct map_values *v, const char *name)
{
	struct suggest near = { .wanted = name };
	struct bpf_map *map;
	char *nearest;

	bpf_object__for_each_map (map, v->object->bpf)
		if (!bpf_map__is_internal(map))
			suggest_offer(&near, bpf_map__name(map));
	nearest = suggest_text(&near);
	report_error("%s: --set: the object has no map %s%s",
	    v->object->package->name, name, nearest != NULL ? nearest : "");
	free(nearest);
	return -1;
}

static int
add_target(struct map_values *v, struct btf_import *in, const char *name)
{
	const struct bpf_map *map;
	char where[SETTING_WHERE];

	if (find_target(v, name) != NULL)
		return 0;
	map = object_names_map(&v->object->names, name);
	if (map == NULL)
		return report_no_map(v, name);
	if (!array_room(v->targets, v->ntargets, v->targets_cap))
		return report_nomem();
	snprintf(
	    where, sizeof(where), "%s: map %s", v->object->package->name, name);
	return map_target_open(
	    &v->targets[v->ntargets++], map, v->object->bpf, in, where);
}

static int
add_targets(struct map_values *v, struct btf_import *in)
{
	const struct package *p = v->object->package;

	for (size_t i = 0; i < p->nmaps; i++)
		if (p->maps[i].nvalues > 0 &&
		    add_target(v, in, p->maps[i].name) == -1)
			return -1;
	for (size_t i = 0; i < v->nsettings; i++)
		if (add_target(v, in, v->settings[i].map) == -1)
			return -1;
	return 0;
}

/* Sets the values of a map in the package. */
static int
set_package_values(struct map_values *v, const struct package_map *m)
{
	struct map_target *t = find_target(v, m->name);
	struct map_element key = { 0 }, value = { 0 };
	char where[SETTING_WHERE];
	int ret = 0;

	for (size_t i = 0; i < m->nvalues && ret == 0; i++) {
		snprintf(where, sizeof(where), "%s: map %s: values[%zu]",
		    v->object->package->name, m->name, i);
		key.json = m->values[i].key;
		value.json = m->values[i].value;
		ret = map_target_set(t, key, value, false, where);
	}
	return ret;
}

/* Sets the value of an option; those of a file only if the map is loaded. */
static int
set_option_value(struct map_values *v, const struct map_setting *s)
{
	struct map_target *t = find_target(v, s->map);
	char where[SETTING_WHERE];
	struct map_element key = { .text = s->key };
	struct map_element value = { .text = s->value };

	if (s->value == NULL)
		return t->loaded ? map_file_load(t, s->file) : 0;
	snprintf(where, sizeof(where), "--set %s[%s]", s->map, s->key);
	if (t->key_size == 0 && s->key[0] == '\0')
		key.text = NULL;
	return map_target_set(t, key, value, false, where);
}

static int
set_all_values(struct map_values *v)
{
	const struct package *p = v->object->package;

	for (size_t i = 0; i < p->nmaps; i++)
		if (set_package_values(v, &p->maps[i]) == -1)
			return -1;
	for (size_t i = 0; i < v->nsettings; i++)
		if (set_option_value(v, &v->settings[i]) == -1)
			return -1;
	return 0;
}

int
map_values_open(struct map_values *v, const struct object *o,
    const struct map_setting *settings, size_t n)
{
	const struct btf *btf = bpf_object__btf(o->bpf);
	struct btf_import in = { .types = &v->types };
	int ret = 0;

	*v = (struct map_values){
		.object = o, .settings = settings, .nsettings = n
	};
	if (btf != NULL)
		ret = btf_import_open(&in, btf, &v->types);
	if (ret == 0)
		ret = add_targets(v, &in);
	btf_import_close(&in);
	return ret == 0 ? set_all_values(v) : -1;
}

int
map_values_write(struct map_values *v)
{
	for (size_t i = 0; i < v->ntargets; i++)
		v->targets[i].loaded = true;
	return v->ntargets > 0 ? set_all_values(v) : 0;
}

void
map_values_close(struct map_values *v)
{
	for (size_t i = 0; i < v->ntargets; i++)
		map_target_close(&v->targets[i]);
	free(v->targets);
	types_free(&v->types);
	*v = (struct map_values){ 0 };
}
