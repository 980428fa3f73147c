#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-cursor.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "base/util.h"
#include "elf/object-check.h"
#include "package/input.h"
#include "package/object-text.h"
#include "package/package.h"
#include "package/program.h"
#include "package/read.h"
#include "stream/header-words.h"

enum { PERF_PAGES_MAX = 1 << 20 }; /* 4 GiB a CPU */

/* By enum package_export; the others are objects. */
static const char *const export_words[] = { "no_export", "default" };
static const char *const interpreter_words[] = { "default_struct" };

/* Reads one object of an array into its zeroed struct. */
typedef int read_fn(void *item, json_t *obj, const char *where);

/*
 * Reads the array at key into *n structs of size bytes each; path stands for
 * the array in reports: "x.json: maps".  *items points to the array of structs,
 * which package_close() can free even if reading one of them failed.
 */
static int
read_list(json_t *obj, const char *key, size_t size, read_fn *fn, void *items,
    size_t *n, const char *where, const char *path)
{
	json_t *array = NULL, *v;
	char at[PACKAGE_PATH_MAX];
	char *mem;
	size_t i;

	if (json_doc_get_array(obj, key, &array, where) == -1)
		return -1;
	if (json_array_size(array) == 0)
		return 0;
	if ((mem = calloc(json_array_size(array), size)) == NULL)
		return report_nomem();
	memcpy(items, &mem, sizeof(mem));
	*n = json_array_size(array);
	json_array_foreach (array, i, v) {
		package_path(at, "%s[%zu]", path, i);
		if (!json_is_object(v)) {
			report_error("%s: expected an object, found %s", at,
			    json_doc_kind(v));
			return -1;
		}
		if (fn(mem + i * size, v, at) == -1)
			return -1;
	}
	return 0;
}

static int
read_variable(void *item, json_t *obj, const char *where)
{
	struct package_variable *v = item;
	char at[PACKAGE_PATH_MAX];
	json_t *cmdarg = NULL, *preset;

	v->json = obj;
	v->value = json_object_get(obj, "value");
	if (json_is_null(v->value))
		v->value = NULL;
	v->preset = v->value;
	if (package_need_string(obj, "name", &v->name, where) == -1 ||
	    package_need_string(obj, "type", &v->type, where) == -1 ||
	    json_doc_get_string(obj, "description", &v->description, where) ==
		-1 ||
	    json_doc_get_object(obj, "cmdarg", &cmdarg, where) == -1)
		return -1;
	preset = json_object_get(cmdarg, "default");
	if (preset != NULL && !json_is_null(preset))
		v->preset = preset;
	package_path(at, "%s.cmdarg", where);
	if (json_doc_get_string(cmdarg, "help", &v->help, at) == -1 ||
	    json_doc_get_string(cmdarg, "long", &v->long_name, at) == -1 ||
	    json_doc_get_string(cmdarg, "short", &v->short_name, at) == -1)
		return -1;
	return 0;
}

static int
read_section(void *item, json_t *obj, const char *where)
{
	struct package_section *s = item;
	char path[PACKAGE_PATH_MAX];

	if (package_need_string(obj, "name", &s->name, where) == -1)
		return -1;
	package_path(path, "%s.variables", where);
	return read_list(obj, "variables", sizeof(*s->variables), read_variable,
	    &s->variables, &s->nvariables, where, path);
}

static int
read_custom_member(void *item, json_t *obj, const char *where)
{
	struct package_custom_member *m = item;

	if (package_need_string(obj, "name", &m->name, where) == -1 ||
	    package_need_u32(obj, "btf_type_id", &m->btf_type_id, where) == -1)
		return -1;
	switch (
	    json_doc_get_u64(obj, "offset", UINT32_MAX, &m->offset, where)) {
	case 0:
		return json_doc_missing("offset", where);
	case 1:
		return 0;
	default:
		return -1;
	}
}

static int
read_sample(struct package_map *m, json_t *obj, const char *map_where)
{
	const char *type = NULL;
	char where[PACKAGE_PATH_MAX];
	json_t *sample;
	int got;

	if ((got = json_doc_get_object(obj, "sample", &sample, map_where)) != 1)
		return got;
	m->sampled = true;
	m->unit = "(unit)";
	package_path(where, "%s.sample", map_where);
	if (package_need_interval(&m->interval_ms, sample, where) == -1 ||
	    json_doc_get_string(sample, "type", &type, where) == -1 ||
	    json_doc_get_string(sample, "unit", &m->unit, where) == -1 ||
	    json_doc_get_bool(sample, "clear_map", &m->clear_map, where) == -1)
		return -1;
	if (type == NULL)
		return 0;
	got = package_find_word(stream_samples, nitems(stream_samples), type,
	    "sample type", map_where);
	if (got == -1)
		return -1;
	m->sample = (enum stream_sample)got;
	return 0;
}

/* Reads {"btf_type_id": n} or {"custom_members": [...]}. */
static int
read_export_object(struct package_map *m, json_t *config, const char *where)
{
	char path[PACKAGE_PATH_MAX];

	if (json_object_get(config, "btf_type_id") != NULL) {
		m->export = EXPORT_BTF;
		return package_need_u32(
		    config, "btf_type_id", &m->btf_type_id, where);
	}
	if (json_object_get(config, "custom_members") != NULL) {
		m->export = EXPORT_CUSTOM;
		package_path(path, "%s.custom_members", where);
		return read_list(config, "custom_members", sizeof(*m->custom),
		    read_custom_member, &m->custom, &m->ncustom, where, path);
	}
	report_error(
	    "%s: expected the key btf_type_id or custom_members", where);
	return -1;
}

static int
read_export(struct package_map *m, json_t *obj, const char *map_where)
{
	json_t *config = json_object_get(obj, "export_config");
	char where[PACKAGE_PATH_MAX];
	int got;

	if (config == NULL || json_is_null(config))
		return 0;
	package_path(where, "%s.export_config", map_where);
	if (json_is_object(config))
		return read_export_object(m, config, where);
	if (json_doc_string(config) == NULL) {
		report_error("%s: expected a string or an object, found %s",
		    where, json_doc_kind(config));
		return -1;
	}
	got = package_find_word(export_words, nitems(export_words),
	    json_doc_string(config), "export", where);
	if (got == -1)
		return -1;
	m->export = (enum package_export)got;
	return 0;
}

static int
check_stack_trace(json_t *interpreter, const char *where)
{
	json_t *stack, *fields = NULL;
	char at[PACKAGE_PATH_MAX];
	const char *name;
	bool symbols;

	switch (
	    json_doc_get_object(interpreter, "stack_trace", &stack, where)) {
	case 0:
		report_error("%s: expected the key stack_trace", where);
		return -1;
	case -1:
		return -1;
	}
	package_path(at, "%s.stack_trace", where);
	if (json_doc_get_bool(stack, "with_symbols", &symbols, at) == -1 ||
	    json_doc_get_object(stack, "field_map", &fields, at) == -1)
		return -1;
	package_path(at, "%s.stack_trace.field_map", where);
	for (size_t i = 0; i < PACKAGE_STACK_FIELDS; i++)
		if (json_doc_get_string(
			fields, package_stack_fields[i], &name, at) == -1)
			return -1;
	return 0;
}

/* "intepreter" is how the format spells the key. */
static int
read_interpreter(struct package_map *m, json_t *obj, const char *map_where)
{
	json_t *v = json_object_get(obj, "intepreter");
	char where[PACKAGE_PATH_MAX];

	if (v == NULL || json_is_null(v))
		return 0;
	package_path(where, "%s.intepreter", map_where);
	if (json_doc_string(v) != NULL)
		return package_find_word(interpreter_words,
		    nitems(interpreter_words), json_doc_string(v),
		    "interpreter", where);
	if (!json_is_object(v)) {
		report_error("%s: expected a string or an object, found %s",
		    where, json_doc_kind(v));
		return -1;
	}
	m->interpreter = v;
	return check_stack_trace(v, where);
}

static int
read_map(void *item, json_t *obj, const char *where)
{
	struct package_map *m = item;
	bool mmaped;

	m->json = obj;
	if (package_need_string(obj, "name", &m->name, where) == -1 ||
	    package_need_string(obj, "ident", &m->ident, where) == -1 ||
	    json_doc_get_bool(obj, "mmaped", &mmaped, where) == -1 ||
	    read_sample(m, obj, where) == -1 ||
	    read_export(m, obj, where) == -1 ||
	    read_interpreter(m, obj, where) == -1)
		return -1;
	return 0;
}

static int
read_program(void *item, json_t *obj, const char *where)
{
	return package_program_read(item, obj, where);
}

static int
read_export_member(void *item, json_t *obj, const char *where)
{
	struct package_export_member *m = item;

	if (package_need_string(obj, "name", &m->name, where) == -1 ||
	    package_need_string(obj, "type", &m->type, where) == -1)
		return -1;
	return 0;
}

static int
read_export_type(void *item, json_t *obj, const char *where)
{
	struct package_export_type *t = item;
	char path[PACKAGE_PATH_MAX];
	int got;

	if (package_need_string(obj, "name", &t->name, where) == -1 ||
	    package_need_u32(obj, "type_id", &t->type_id, where) == -1 ||
	    (got = json_doc_get_u64(
		 obj, "size", UINT32_MAX, &t->size, where)) == -1)
		return -1;
	if (got == 0)
		return json_doc_missing("size", where);
	package_path(path, "%s.members", where);
	return read_list(obj, "members", sizeof(*t->members),
	    read_export_member, &t->members, &t->nmembers, where, path);
}

static int
read_doc(struct package *p, const json_t *skel, const char *skel_where)
{
	char where[PACKAGE_PATH_MAX];
	json_t *doc;
	int got;

	if ((got = json_doc_get_object(skel, "doc", &doc, skel_where)) != 1)
		return got;
	package_path(where, "%s.doc", skel_where);
	if (json_doc_get_string(doc, "version", &p->doc_version, where) == -1 ||
	    json_doc_get_string(doc, "brief", &p->doc_brief, where) == -1 ||
	    json_doc_get_string(doc, "details", &p->doc_details, where) == -1 ||
	    json_doc_get_string(
		doc, "description", &p->doc_description, where) == -1)
		return -1;
	return 0;
}

/* Reads a list whose name is enough in reports: "x.json: maps[2]". */
static int
read_named_list(const struct package *p, json_t *obj, const char *key,
    size_t size, read_fn *fn, void *items, size_t *n, const char *where)
{
	char path[PACKAGE_PATH_MAX];

	package_path(path, "%s: %s", p->name, key);
	return read_list(obj, key, size, fn, items, n, where, path);
}

/* Earlier versions could count the losses of a ring buffer by numbers in its
 * records; packages made for them name the member that has the number. */
static void
notice_sequence(const struct package *p)
{
	for (size_t i = 0; i < p->nmaps; i++) {
		if (json_object_get(p->maps[i].json, "sequence") == NULL)
			continue;
		report_notice("%s: maps[%zu]: the key \"sequence\" is ignored: "
			      "lost records are counted only where the program "
			      "counts them (SKEL_COUNT_LOST in skel.bpf.h)",
		    p->name, i);
		return;
	}
}

static int
read_skel(struct package *p, json_t *skel, const char *where)
{
	json_t *sections;

	p->obj_name = "";
	if (json_doc_get_string(skel, "obj_name", &p->obj_name, where) == -1 ||
	    read_doc(p, skel, where) == -1)
		return -1;
	switch (json_doc_get_array(skel, "data_sections", &sections, where)) {
	case 0:
		return json_doc_missing("data_sections", where);
	case -1:
		return -1;
	}
	if (read_named_list(p, skel, "data_sections", sizeof(*p->sections),
		read_section, &p->sections, &p->nsections, where) == -1 ||
	    read_named_list(p, skel, "maps", sizeof(*p->maps), read_map,
		&p->maps, &p->nmaps, where) == -1)
		return -1;
	notice_sequence(p);
	return read_named_list(p, skel, "progs", sizeof(*p->programs),
	    read_program, &p->programs, &p->nprograms, where);
}

/* In the reference loader this is an int, and to poll(2) a negative one means
 * no limit. */
static int
read_poll_timeout(struct package *p, const char *where)
{
	const json_t *v = json_object_get(p->meta, "poll_timeout_ms");

	p->poll_timeout_ms = 100;
	if (json_is_integer(v) && json_integer_value(v) < 0) {
		p->poll_timeout_ms = INT32_MAX;
		return 0;
	}
	return json_doc_get_u64(
	    p->meta, "poll_timeout_ms", INT32_MAX, &p->poll_timeout_ms, where);
}

static int
read_settings(struct package *p, const char *where)
{
	const json_t *meta = p->meta;

	p->perf_buffer_pages = 64;
	if (json_doc_get_u64(meta, "perf_buffer_pages", PERF_PAGES_MAX,
		&p->perf_buffer_pages, where) == -1 ||
	    read_poll_timeout(p, where) == -1 ||
	    json_doc_get_bool(
		meta, "debug_verbose", &p->debug_verbose, where) == -1 ||
	    json_doc_get_bool(meta, "enable_multiple_export_types",
		&p->multiple_export_types, where) == -1)
		return -1;
	return 0;
}

static int
read_meta(struct package *p)
{
	char where[PACKAGE_PATH_MAX], at[PACKAGE_PATH_MAX];
	json_t *skel;

	package_path(where, "%s: meta", p->name);
	if (read_settings(p, where) == -1)
		return -1;
	switch (json_doc_get_object(p->meta, "bpf_skel", &skel, where)) {
	case 0:
		return json_doc_missing("bpf_skel", where);
	case -1:
		return -1;
	}
	package_path(at, "%s.bpf_skel", where);
	if (read_skel(p, skel, at) == -1)
		return -1;
	return read_named_list(p, p->meta, "export_types",
	    sizeof(*p->export_types), read_export_type, &p->export_types,
	    &p->nexport_types, where);
}

/*
 * Makes the size bytes, which p owns from here on, the object of p in place of
 * an earlier one.  where stands for the object in reports.
 */
static int
replace_object(
    struct package *p, unsigned char *bytes, size_t size, const char *where)
{
	bpf_elf_close(&p->object);
	free(p->object_bytes);
	p->object_bytes = bytes;
	return bpf_elf_open(&p->object, bytes, size, where);
}

static int
read_object(struct package *p)
{
	char where[PACKAGE_PATH_MAX];
	unsigned char *bytes;
	const char *text;
	uint64_t size;
	int got;

	package_path(where, "%s: package", p->name);
	got = json_doc_get_string(p->root, "bpf_object", &text, where);
	if (got == 0)
		report_error(
		    "%s: bpf_object is missing; give the object with -e",
		    where);
	if (got != 1)
		return -1;
	got = json_doc_get_u64(
	    p->root, "bpf_object_size", OBJECT_SIZE_MAX, &size, where);
	if (got != 1)
		return got == 0 ? json_doc_missing("bpf_object_size", where)
				: -1;
	if (size == 0) {
		report_error(
		    "%s.bpf_object_size: an object cannot have 0 bytes", where);
		return -1;
	}
	if (package_object_decode(text, size, &bytes, where) == -1)
		return -1;
	package_path(where, "%s: package.bpf_object", p->name);
	return replace_object(p, bytes, (size_t)size, where);
}

/* Reads the object from a file of its own, in place of the embedded one. */
static int
read_elf_file(struct package *p, const char *file)
{
	struct buf b = { 0 };

	if (package_input_read(&b, file, file, OBJECT_SIZE_MAX) == -1) {
		buf_free(&b);
		return -1;
	}
	return replace_object(p, (unsigned char *)b.data, b.len, file);
}

int
package_set_object(struct package *p, const void *bytes, size_t size)
{
	unsigned char *copy;

	if (size > OBJECT_SIZE_MAX) {
		report_error("%s: the object has %zu bytes, more than the "
			     "%d MiB that are allowed",
		    p->name, size, OBJECT_SIZE_MAX >> 20);
		return -1;
	}
	if ((copy = malloc(size + 1)) == NULL)
		return report_nomem();
	memcpy(copy, bytes, size);
	return replace_object(p, copy, size, p->name);
}

/* Finds the value of bpf_object in the text, if it is base64 and its only one.
 */
static bool
find_object_text(const char *text, size_t len, struct json_value *object)
{
	struct json_value key, value;
	struct json_cursor c;
	bool found = false;
	int got = -1;

	json_cursor_open(&c, text, len);
	if (json_cursor_kind(&c) != JSON_VALUE_OBJECT || !json_cursor_enter(&c))
		return false;
	while ((got = json_cursor_next_member(&c, &key)) == 1 &&
	       json_cursor_read(&c, &value)) {
		if (!json_value_is(&key, "bpf_object"))
			continue;
		if (found || value.kind != JSON_VALUE_STRING ||
		    !package_object_is_text(value.text + 1, value.len - 2))
			return false;
		found = true;
		*object = value;
	}
	return found && got == 0;
}

/*
 * Parses the text to p->root.  The object is most of a package, and jansson
 * spends about a hundred instructions on each byte of a string, so it gets an
 * empty string in its place, which is replaced afterwards.
 */
static int
parse_document(struct package *p, const char *text, size_t len)
{
	struct json_value object = { 0 };
	struct buf rest = { 0 };
	const char *end;

	if (!find_object_text(text, len, &object)) {
		p->root = json_doc_parse(text, len, p->name, 0);
		return p->root != NULL ? 0 : -1;
	}
	end = object.text + object.len - 1;
	buf_add(&rest, text, (size_t)(object.text + 1 - text));
	buf_add(&rest, end, (size_t)(text + len - end));
	if (rest.failed)
		report_nomem();
	else
		p->root = json_doc_parse(rest.data, rest.len, p->name, 0);
	buf_free(&rest);
	if (p->root == NULL)
		return -1;
	return json_object_set_new(p->root, "bpf_object",
		   json_doc_string_new(object.text + 1, object.len - 2)) == 0
		   ? 0
		   : report_nomem();
}

/* Parses the document and sets p->meta and p->bare. */
static int
read_document(struct package *p, const char *text, size_t len)
{
	if (package_input_check(text, len, p->name) == -1 ||
	    parse_document(p, text, len) == -1)
		return -1;
	p->meta = json_object_get(p->root, "meta");
	if (p->meta == NULL && json_object_get(p->root, "bpf_skel") != NULL) {
		p->meta = p->root;
		p->bare = true;
	}
	if (json_is_object(p->meta))
		return 0;
	if (p->meta != NULL)
		report_error("%s: package.meta: expected an object, found %s",
		    p->name, json_doc_kind(p->meta));
	else if (json_object_get(p->root, "bpf_object") != NULL)
		report_error("%s: package: meta is missing", p->name);
	else
		report_error("%s: not a package: it has neither bpf_object and "
			     "meta nor bpf_skel",
		    p->name);
	return -1;
}

static int
read_all(struct package *p, const char *text, size_t len, const char *elf_file)
{
	if (read_document(p, text, len) == -1 || read_meta(p) == -1)
		return -1;
	if (elf_file != NULL)
		return read_elf_file(p, elf_file);
	return p->bare ? 0 : read_object(p);
}

int
package_parse(struct package *p, const char *text, size_t len, const char *name,
    const char *elf_file)
{
	*p = (struct package){ 0 };
	if ((p->name = strdup(name)) == NULL)
		return report_nomem();
	if (read_all(p, text, len, elf_file) == 0)
		return 0;
	package_close(p);
	return -1;
}

int
package_open(struct package *p, const char *file, const char *elf_file)
{
	const char *name = file;
	struct buf text = { 0 };
	int ret = -1;

	*p = (struct package){ 0 };
	if (file == NULL || strcmp(file, "-") == 0)
		name = "<stdin>";
	if (package_input_read(&text, file, name, PACKAGE_TEXT_MAX) == 0)
		ret = package_parse(p, text.data, text.len, name, elf_file);
	buf_free(&text);
	return ret;
}

void
package_close(struct package *p)
{
	for (size_t i = 0; i < p->nsections; i++)
		free(p->sections[i].variables);
	for (size_t i = 0; i < p->nmaps; i++)
		free(p->maps[i].custom);
	for (size_t i = 0; i < p->nexport_types; i++)
		free(p->export_types[i].members);
	free(p->sections);
	free(p->maps);
	free(p->programs);
	free(p->export_types);
	bpf_elf_close(&p->object);
	free(p->object_bytes);
	free(p->name);
	json_decref(p->root);
	*p = (struct package){ 0 };
}

int
package_set_value(struct package_variable *v, json_t *value)
{
	json_t *cmdarg = json_object_get(v->json, "cmdarg");
	json_t *preset = json_object_get(cmdarg, "default");

	if (json_object_set_new(v->json, "value", value) == -1)
		return report_nomem();
	v->value = v->preset = value;
	if (preset == NULL || json_is_null(preset))
		return 0;
	return json_object_set(cmdarg, "default", value) == 0 ? 0
							      : report_nomem();
}

int
package_write(const struct package *p, struct buf *out)
{
	if (json_doc_write(p->root, out) == -1)
		return -1;
	buf_chr(out, '\n');
	return out->failed ? report_nomem() : 0;
}
