#include <stddef.h>
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
#include "types/name-table.h"

enum { PERF_PAGES_MAX = 1 << 20 }; /* 4 GiB a CPU */

#define PLACE(name, member) .offset = offsetof(struct package_##name, member)

/* The keys of "sample" in a variable, a section or a map. */
#define SAMPLE_KEYS(name)                                                      \
	static const struct package_key name##_sample_keys[] = {               \
		{ "interval", KEY_U64, true, PLACE(name, sample.interval_ms),  \
		    UINT32_MAX, PACKAGE_INTERVAL_ZERO },                       \
		{ "type", KEY_WORD, false, PLACE(name, sample.type),           \
		    .noun = "sample type", .noun_tells = true,                 \
		    .words = stream_samples,                                   \
		    .nwords = nitems(stream_samples) },                        \
		{ "unit", KEY_STRING, false, PLACE(name, sample.unit) },       \
		{ "clear_map", KEY_BOOL, false,                                \
		    PLACE(name, sample.clear_map) },                           \
		{ "nonzero", KEY_BOOL, false, PLACE(name, sample.nonzero) },   \
		{ 0 },                                                         \
	}
#define NEW_SAMPLE .sample.unit = STREAM_NO_UNIT
SAMPLE_KEYS(variable);
SAMPLE_KEYS(section);
SAMPLE_KEYS(map);

static const struct package_key cmdarg_keys[] = {
	{ "default", KEY_VALUE, false, PLACE(variable, default_value) },
	{ "help", KEY_STRING, false, PLACE(variable, help) },
	{ "long", KEY_STRING, false, PLACE(variable, long_name) },
	{ "short", KEY_STRING, false, PLACE(variable, short_name) },
	{ 0 },
};

static const struct package_key variable_keys[] = {
	{ "", KEY_SELF, false, PLACE(variable, json) },
	{ "value", KEY_VALUE, false, PLACE(variable, value) },
	{ "value", KEY_VALUE, false, PLACE(variable, default_value) },
	{ "name", KEY_STRING, true, PLACE(variable, name) },
	{ "type", KEY_STRING, true, PLACE(variable, type) },
	{ "description", KEY_STRING, false, PLACE(variable, description) },
	{ "cmdarg", KEY_OBJECT, .keys = cmdarg_keys },
	{ "written", KEY_BOOL, false, PLACE(variable, written) },
	{ "sample", KEY_PRESENT, false, PLACE(variable, sample.set) },
	{ "sample", KEY_OBJECT, .keys = variable_sample_keys },
	{ 0 },
};
static const struct package_variable new_variable = { NEW_SAMPLE };

static const struct package_key section_keys[] = {
	{ "name", KEY_STRING, true, PLACE(section, name) },
	{ "variables", KEY_LIST, false, PLACE(section, variables),
	    .keys = variable_keys, .size = sizeof(struct package_variable),
	    .initial = &new_variable },
	{ "sample", KEY_PRESENT, false, PLACE(section, sample.set) },
	{ "sample", KEY_OBJECT, .keys = section_sample_keys },
	{ 0 },
};
static const struct package_section new_section = { NEW_SAMPLE };

static const struct package_key custom_member_keys[] = {
	{ "name", KEY_STRING, true, PLACE(custom_member, name) },
	{ "btf_type_id", KEY_U32, true, PLACE(custom_member, btf_type_id),
	    UINT32_MAX },
	{ "offset", KEY_U64, true, PLACE(custom_member, offset), UINT32_MAX },
	{ 0 },
};

static const struct package_key export_type_id_keys[] = {
	{ "btf_type_id", KEY_U32, true, PLACE(map, btf_type_id), UINT32_MAX },
	{ 0 },
};

static const struct package_key custom_members_keys[] = {
	{ "custom_members", KEY_LIST, true, PLACE(map, custom),
	    .keys = custom_member_keys,
	    .size = sizeof(struct package_custom_member) },
	{ 0 },
};

static int
report_no_text_or_object(const json_t *v, const char *where)
{
	report_error("%s: expected a string or an object, found %s", where,
	    json_doc_kind(v));
	return -1;
}

static int
read_export_config(void *out, json_t *obj, const char *map_where)
{
	/* By enum package_export; the others are objects. */
	static const char *const words[] = { "no_export", "default" };
	struct package_map *m = out;
	json_t *config = json_object_get(obj, "export_config");
	char where[PACKAGE_PATH_MAX];
	int word;

	package_path(where, "%s.export_config", map_where);
	if (json_doc_string(config) != NULL) {
		word = package_find_word(words, nitems(words),
		    json_doc_string(config), "export", where);
		m->export =
		    word == -1 ? EXPORT_NONE : (enum package_export)word;
		return word;
	}
	if (!json_is_object(config))
		return report_no_text_or_object(config, where);
	if (json_object_get(config, "btf_type_id") != NULL) {
		m->export = EXPORT_BTF;
		return package_read_keys(
		    export_type_id_keys, config, m, where, NULL);
	}
	if (json_object_get(config, "custom_members") != NULL) {
		m->export = EXPORT_CUSTOM;
		return package_read_keys(
		    custom_members_keys, config, m, where, NULL);
	}
	report_error(
	    "%s: expected the key btf_type_id or custom_members", where);
	return -1;
}

static int
check_field_map(void *out, json_t *stack, const char *where)
{
	json_t *fields = NULL;
	char at[PACKAGE_PATH_MAX];
	const char *name;

	(void)out;
	if (json_doc_get_object(stack, "field_map", &fields, where) == -1)
		return -1;
	package_path(at, "%s.field_map", where);
	for (size_t i = 0; i < PACKAGE_STACK_FIELDS; i++)
		if (json_doc_get_string(
			fields, package_stack_fields[i], &name, at) == -1)
			return -1;
	return 0;
}

static const struct package_key stack_trace_keys[] = {
	{ "with_symbols", KEY_BOOL, false, .offset = KEY_CHECKED },
	{ "field_map", KEY_OTHER, .read = check_field_map },
	{ 0 },
};

static const struct package_key interpreter_keys[] = {
	{ "", KEY_SELF, false, PLACE(map, interpreter) },
	{ "stack_trace", KEY_OBJECT, true, .keys = stack_trace_keys },
	{ 0 },
};

static int
read_interpreter(void *out, json_t *obj, const char *map_where)
{
	static const char *const words[] = { "default_struct" };
	json_t *v = json_object_get(obj, "intepreter");
	char where[PACKAGE_PATH_MAX];

	package_path(where, "%s.intepreter", map_where);
	if (json_doc_string(v) != NULL)
		return package_find_word(words, nitems(words),
		    json_doc_string(v), "interpreter", where);
	if (!json_is_object(v))
		return report_no_text_or_object(v, where);
	return package_read_keys(interpreter_keys, v, out, where, NULL);
}

static const struct package_key map_value_keys[] = {
	{ "key", KEY_VALUE, false, PLACE(map_value, key) },
	{ "value", KEY_VALUE, true, PLACE(map_value, value) },
	{ 0 },
};

/* A value may be negative, as an enum's can. */
static int
read_record_value(void *out, json_t *obj, const char *where)
{
	const json_t *v = json_object_get(obj, "value");
	struct package_record *r = out;

	if (json_is_integer(v) && json_integer_value(v) < 0) {
		r->value = (uint64_t)json_integer_value(v);
		return 0;
	}
	return json_doc_get_u64(obj, "value", UINT64_MAX, &r->value, where);
}

static const struct package_key record_keys[] = {
	{ "btf_type_id", KEY_U32, true, PLACE(record, btf_type_id),
	    UINT32_MAX },
	{ "value", KEY_OTHER, .read = read_record_value },
	{ 0 },
};

/* Checks that the types of a map's records can be told apart as it is said. */
static int
check_records(void *out, json_t *obj, const char *where)
{
	const struct package_map *m = out;
	json_t *record;
	size_t i;

	json_array_foreach (json_object_get(obj, "records"), i, record) {
		char at[PACKAGE_PATH_MAX];
		bool has = json_object_get(record, "value") != NULL;

		package_path(at, "%s.records[%zu]", where, i);
		if (has == (m->records_by != NULL))
			continue;
		if (!has)
			return json_doc_missing("value", at);
		report_error("%s.value: needs the key \"records_by\" in the "
			     "map, the name of a member",
		    at);
		return -1;
	}
	return 0;
}

static const struct package_key field_keys[] = {
	{ "name", KEY_STRING, true, PLACE(field, name) },
	{ "as", KEY_STRING, false, PLACE(field, as) },
	{ "help", KEY_STRING, false, PLACE(field, help) },
	{ "hide", KEY_BOOL, false, PLACE(field, hide) },
	{ "time", KEY_BOOL, false, PLACE(field, time) },
	{ "gauge", KEY_BOOL, false, PLACE(field, gauge) },
	{ "width", KEY_U32, false, PLACE(field, width), TYPES_WIDTH_MAX },
	{ 0 },
};

static const struct package_key map_keys[] = {
	{ "", KEY_SELF, false, PLACE(map, json) },
	{ "name", KEY_STRING, true, PLACE(map, name) },
	{ "ident", KEY_STRING, true, PLACE(map, ident) },
	{ "mmaped", KEY_BOOL, false, .offset = KEY_CHECKED },
	{ "sample", KEY_PRESENT, false, PLACE(map, sample.set) },
	{ "sample", KEY_OBJECT, .keys = map_sample_keys },
	{ "export_config", KEY_OTHER, .read = read_export_config },
	{ "max_entries", KEY_U32, false, PLACE(map, max_entries), UINT32_MAX,
	    "must be at least 1" },
	{ "values", KEY_LIST, false, PLACE(map, values), .keys = map_value_keys,
	    .size = sizeof(struct package_map_value) },
	{ "records_by", KEY_STRING, false, PLACE(map, records_by) },
	{ "records", KEY_LIST, false, PLACE(map, records), .keys = record_keys,
	    .size = sizeof(struct package_record) },
	{ "records", KEY_OTHER, .read = check_records },
	{ "fields", KEY_LIST, false, PLACE(map, fields), .keys = field_keys,
	    .size = sizeof(struct package_field) },
	/* The format spells the key like this. */
	{ "intepreter", KEY_OTHER, .read = read_interpreter },
	{ 0 },
};
static const struct package_map new_map = { NEW_SAMPLE };

static const struct package_key export_member_keys[] = {
	{ "name", KEY_STRING, true, PLACE(export_member, name) },
	{ "type", KEY_STRING, true, PLACE(export_member, type) },
	{ 0 },
};

static const struct package_key export_type_keys[] = {
	{ "name", KEY_STRING, true, PLACE(export_type, name) },
	{ "type_id", KEY_U32, true, PLACE(export_type, type_id), UINT32_MAX },
	{ "size", KEY_U64, true, PLACE(export_type, size), UINT32_MAX },
	{ "members", KEY_LIST, false, PLACE(export_type, members),
	    .keys = export_member_keys,
	    .size = sizeof(struct package_export_member) },
	{ 0 },
};

/* Earlier versions could count the losses of a ring buffer by numbers in its
 * records; packages made for them name the member that has the number. */
static int
notice_sequence(void *out, json_t *obj, const char *where)
{
	const struct package *p = out;

	(void)obj;
	(void)where;
	for (size_t i = 0; i < p->nmaps; i++) {
		if (json_object_get(p->maps[i].json, "sequence") == NULL)
			continue;
		report_notice("%s: maps[%zu]: the key \"sequence\" is ignored: "
			      "lost records are counted only where the program "
			      "counts them (SKEL_COUNT_LOST in skel.bpf.h)",
		    p->name, i);
		break;
	}
	return 0;
}

/* Each section is there once: its bytes are copied for its values. */
static int
check_sections(void *out, json_t *obj, const char *where)
{
	const struct package *p = out;
	struct name_table names = { 0 };
	int ret = 0;

	(void)obj;
	(void)where;
	for (uint32_t i = 0; i < p->nsections && ret == 0; i++) {
		const char *name = p->sections[i].name;

		ret = name_table_add(&names, 0, name, i);
		if (ret == -1 || name_table_find(&names, 0, name) == i)
			continue;
		report_error("%s: section %s: the package lists it twice",
		    p->name, name);
		ret = -1;
	}
	name_table_free(&names);
	return ret;
}

static int
check_programs(void *out, json_t *obj, const char *where)
{
	const struct package *p = out;
	struct name_table names = { 0 };
	int ret = 0;

	(void)obj;
	(void)where;
	for (uint32_t i = 0; i < p->nprograms && ret == 0; i++) {
		const char *name = p->programs[i].name;

		ret = name_table_add(&names, 0, name, i);
		if (ret == -1 || name_table_find(&names, 0, name) == i)
			continue;
		report_error("%s: program %s: the package lists it twice",
		    p->name, name);
		ret = -1;
	}
	name_table_free(&names);
	return ret;
}

#undef PLACE
#define PLACE(member) .offset = offsetof(struct package, member)

static const struct package_key doc_keys[] = {
	{ "version", KEY_STRING, false, PLACE(doc_version) },
	{ "brief", KEY_STRING, false, PLACE(doc_brief) },
	{ "details", KEY_STRING, false, PLACE(doc_details) },
	{ "description", KEY_STRING, false, PLACE(doc_description) },
	{ 0 },
};

static const struct package_key skel_keys[] = {
	{ "obj_name", KEY_STRING, false, PLACE(obj_name) },
	{ "doc", KEY_OBJECT, .keys = doc_keys },
	{ "data_sections", KEY_LIST, true, PLACE(sections),
	    .keys = section_keys, .size = sizeof(struct package_section),
	    .initial = &new_section, .most = PACKAGE_SECTIONS_MAX },
	{ "data_sections", KEY_OTHER, .read = check_sections },
	{ "maps", KEY_LIST, false, PLACE(maps), .keys = map_keys,
	    .size = sizeof(struct package_map), .initial = &new_map,
	    .most = PACKAGE_MAPS_MAX },
	{ "maps", KEY_OTHER, .read = notice_sequence },
	{ "progs", KEY_LIST, false, PLACE(programs),
	    .keys = package_program_keys,
	    .size = sizeof(struct package_program),
	    .initial = &package_program_initial, .most = PACKAGE_PROGRAMS_MAX },
	{ "progs", KEY_OTHER, .read = check_programs },
	{ 0 },
};

/* In the reference loader this is an int, and to poll(2) a negative one means
 * no limit. */
static int
read_poll_timeout(void *out, json_t *meta, const char *where)
{
	const json_t *v = json_object_get(meta, "poll_timeout_ms");
	struct package *p = out;

	if (!json_is_integer(v) || json_integer_value(v) >= 0)
		return json_doc_get_u64(meta, "poll_timeout_ms", INT32_MAX,
		    &p->poll_timeout_ms, where);
	p->poll_timeout_ms = INT32_MAX;
	return 0;
}

static const struct package_key meta_keys[] = {
	{ "perf_buffer_pages", KEY_U64, false, PLACE(perf_buffer_pages),
	    PERF_PAGES_MAX },
	{ "poll_timeout_ms", KEY_OTHER, .read = read_poll_timeout },
	{ "debug_verbose", KEY_BOOL, false, PLACE(debug_verbose) },
	{ "enable_multiple_export_types", KEY_BOOL, false,
	    PLACE(multiple_export_types) },
	{ "bpf_skel", KEY_OBJECT, true, .keys = skel_keys },
	{ "export_types", KEY_LIST, false, PLACE(export_types),
	    .keys = export_type_keys,
	    .size = sizeof(struct package_export_type) },
	{ 0 },
};

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
	if (json_doc_require(got, "bpf_object_size", where) == -1)
		return -1;
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
	char where[PACKAGE_PATH_MAX];

	package_path(where, "%s: meta", p->name);
	if (read_document(p, text, len) == -1 ||
	    package_read_keys(meta_keys, p->meta, p, where, p->name) == -1)
		return -1;
	if (elf_file != NULL)
		return read_elf_file(p, elf_file);
	return p->bare ? 0 : read_object(p);
}

int
package_parse(struct package *p, const char *text, size_t len, const char *name,
    const char *elf_file)
{
	*p = (struct package){
		.obj_name = "", .perf_buffer_pages = 64, .poll_timeout_ms = 100
	};
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
	for (size_t i = 0; i < p->nmaps; i++) {
		free(p->maps[i].custom);
		free(p->maps[i].values);
		free(p->maps[i].records);
		free(p->maps[i].fields);
	}
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
	const json_t *old = json_object_get(cmdarg, "default");

	if (json_object_set_new(v->json, "value", value) == -1)
		return report_nomem();
	v->value = v->default_value = value;
	if (old == NULL || json_is_null(old))
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
