#include <string.h>

#include "base/clock.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "base/util.h"
#include "encode-record.h"
#include "types/value.h"

int
encode_find_map(
    const struct stream_header *h, const json_t *record, const char *where)
{
	const char *name = NULL;

	if (doc_get_string(record, "@map", &name, where) == -1)
		return -1;
	if (name == NULL && h->nmaps == 1)
		return 0;
	if (name == NULL)
		return doc_missing("@map", where);
	for (size_t i = 0; i < h->nmaps; i++)
		if (strcmp(h->maps[i].name, name) == 0)
			return (int)i;
	report_error("%s: no map \"%s\" in the header", where, name);
	return -1;
}

static int
read_time(const json_t *record, const char *where, uint64_t *time_ns)
{
	const char *text = NULL;

	*time_ns = 0;
	if (doc_get_string(record, "@time", &text, where) == -1)
		return -1;
	if (text == NULL || clock_read(text, strlen(text), time_ns) == 0)
		return 0;
	report_error("%s: @time: \"%s\" is no time", where, text);
	return -1;
}

/* size zeros at the end of bytes. */
static unsigned char *
add_zeros(struct buf *bytes, size_t size)
{
	char *p = buf_room(bytes, size);

	if (p == NULL) {
		report_nomem();
		return NULL;
	}
	memset(p, 0, size);
	bytes->len += size;
	return (unsigned char *)p;
}

static int
add_value(const struct stream_header *h, uint32_t type, const json_t *v,
    const char *where, size_t stride, struct buf *bytes)
{
	size_t size = (size_t)h->types.v[type].size;
	unsigned char *p = add_zeros(bytes, stride);

	if (p == NULL)
		return -1;
	return value_to_bytes(&h->types, type, v, p, size, where);
}

static int
add_member(const struct stream_header *h, uint32_t type, const json_t *record,
    const char *key, const char *where, struct buf *bytes)
{
	const json_t *v = json_object_get(record, key);

	if (v == NULL)
		return doc_missing(key, where);
	return add_value(
	    h, type, v, where, (size_t)h->types.v[type].size, bytes);
}

/* The values of all CPUs, each rounded up to 8 bytes. */
static int
add_values(const struct stream_header *h, const struct stream_map *m,
    const json_t *record, const char *where, struct buf *bytes)
{
	size_t stride = round_up_8((size_t)h->types.v[m->value].size);
	json_t *values = NULL;

	if (doc_get_array(record, "values", &values, where) == -1)
		return -1;
	if (values == NULL)
		return doc_missing("values", where);
	if (json_array_size(values) != m->cpus) {
		report_error("%s: values: %zu values for %llu CPUs", where,
		    json_array_size(values), (unsigned long long)m->cpus);
		return -1;
	}
	for (size_t i = 0; i < m->cpus; i++)
		if (add_value(h, m->value, json_array_get(values, i), where,
			stride, bytes) == -1)
			return -1;
	return 0;
}

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *p = c != '\0' ? strchr(digits, c) : NULL;

	return p == NULL ? -1 : (int)(p - digits);
}

/* Bytes without a type are "raw", in hex. */
static int
add_raw(const json_t *record, const char *where, struct buf *bytes)
{
	const char *hex = NULL;
	int high, low = 0;

	if (doc_get_string(record, "raw", &hex, where) == -1)
		return -1;
	if (hex == NULL)
		return doc_missing("raw", where);
	for (; *hex != '\0'; hex += 2) {
		high = hex_digit(hex[0]);
		if (high != -1)
			low = hex_digit(hex[1]);
		if (high == -1 || low == -1) {
			report_error("%s: raw: not hex digits", where);
			return -1;
		}
		buf_chr(bytes, (char)(high << 4 | low));
	}
	return 0;
}

static int
add_text(const json_t *record, const char *where, struct buf *bytes)
{
	const char *text = NULL;

	if (doc_get_string(record, "text", &text, where) == -1)
		return -1;
	if (text == NULL)
		return doc_missing("text", where);
	buf_str(bytes, text);
	return 0;
}

static bool
is_struct(const struct stream_header *h, uint32_t type)
{
	enum type_kind kind = types_get(&h->types, type)->kind;

	return kind == TYPE_STRUCT || kind == TYPE_UNION;
}

static int
add_all(const struct stream_header *h, const struct stream_map *m,
    const json_t *record, const char *where, struct buf *bytes)
{
	if (m->text)
		return add_text(record, where, bytes);
	if (m->value == TYPE_NONE)
		return add_raw(record, where, bytes);
	if (m->key != TYPE_NONE &&
	    add_member(h, m->key, record, "key", where, bytes) == -1)
		return -1;
	if (m->cpus != 0)
		return add_values(h, m, record, where, bytes);
	if (m->key == TYPE_NONE && is_struct(h, m->value))
		return add_value(h, m->value, record, where,
		    (size_t)h->types.v[m->value].size, bytes);
	return add_member(h, m->value, record, "value", where, bytes);
}

int
encode_record(const struct stream_header *h, unsigned int map,
    const json_t *record, const char *where, struct buf *bytes,
    uint64_t *time_ns)
{
	bytes->len = 0;
	if (read_time(record, where, time_ns) == -1 ||
	    add_all(h, &h->maps[map], record, where, bytes) == -1)
		return -1;
	return bytes->failed ? report_nomem() : 0;
}
