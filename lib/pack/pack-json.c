#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-doc.h"
#include "base/report.h"
#include "elf/btf.h"
#include "pack/pack-json.h"

/* Reports why no JSON value could be made from name.  Returns -1. */
static int
report_bad_name(const char *file, const char *what, const char *name)
{
	if (errno == ENOMEM)
		return report_nomem();
	report_error("%s: %s %s: the name is not UTF-8 text", file, what, name);
	return -1;
}

int
pack_set(json_t *obj, const char *key, json_t *value)
{
	return json_object_set_new(obj, key, value) == 0 ? 0 : report_nomem();
}

int
pack_append(const char *file, json_t *array, json_t *value, const char *what,
    const char *name)
{
	if (value == NULL)
		return report_bad_name(file, what, name);
	return json_array_append_new(array, value) == 0 ? 0 : report_nomem();
}

json_t *
pack_get_last(const json_t *array)
{
	return json_array_get(array, json_array_size(array) - 1);
}

bool
pack_is_iterator(const json_t *program)
{
	const char *section =
	    json_doc_string(json_object_get(program, "attach"));

	return strncmp(section, "iter/", 5) == 0 ||
	       strncmp(section, "iter.s/", 7) == 0;
}

uint32_t
pack_skip_typedefs(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	while (btf_is_mod(t) || btf_is_typedef(t)) {
		id = t->type;
		t = btf__type_by_id(btf, id);
	}
	return id;
}

const char *
pack_get_name(const struct btf *btf, uint32_t id)
{
	return btf__name_by_offset(btf, btf__type_by_id(btf, id)->name_off);
}

/*
 * The C declaration of the type, a string to free, or NULL.  The reference
 * loader knows only "bool", where the BTF often has "_Bool".
 */
static char *
pack_declaration(const struct btf *btf, uint32_t id)
{
	static const char c_bool[] = "_Bool";
	size_t n = strlen(c_bool);
	char *text = btf_declaration(btf, id), *plain;

	if (text == NULL || strncmp(text, c_bool, n) != 0 ||
	    (text[n] != '\0' && text[n] != '['))
		return text;
	if (asprintf(&plain, "bool%s", text + n) == -1)
		plain = NULL;
	free(text);
	return plain;
}

json_t *
pack_named_type_new(const struct btf *btf, const char *name, uint32_t type)
{
	char *text = pack_declaration(btf, type);
	json_t *v = NULL;

	if (text != NULL)
		v = json_pack("{ssss}", "name", name, "type", text);
	free(text);
	return v;
}

int
pack_add_record(json_t *map, uint32_t type, const char *by, uint64_t value,
    const char *where)
{
	json_t *records = json_object_get(map, "records"), *record;
	const char *before =
	    json_doc_string(json_object_get(map, "records_by"));

	if (records != NULL &&
	    strcmp(before != NULL ? before : "", by != NULL ? by : "") != 0) {
		report_error(
		    "%s: the types of the map's records are told apart "
		    "by %s already",
		    where, before != NULL ? before : "their sizes");
		return -1;
	}
	if (records == NULL) {
		if (pack_set(map, "records", json_array()) == -1 ||
		    (by != NULL &&
			pack_set(map, "records_by", json_string(by)) == -1))
			return -1;
		records = json_object_get(map, "records");
	}
	record = json_pack("{sI}", "btf_type_id", (json_int_t)type);
	if (record != NULL && by != NULL &&
	    pack_set(record, "value", json_integer((json_int_t)value)) == -1) {
		json_decref(record);
		return -1;
	}
	return json_array_append_new(records, record) == 0 ? 0 : report_nomem();
}

bool
pack_is_open_iterator(const json_t *program)
{
	return pack_is_iterator(program) &&
	       json_object_get(program, "export_config") == NULL;
}

bool
pack_is_buffer(const struct bpf_map *map)
{
	return bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF ||
	       bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
}
