#include <string.h>

#include "base/clock.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "base/text.h"
#include "base/util.h"
#include "encode-record.h"
#include "types/value.h"

static int
read_record_time(const json_t *record, const char *where, uint64_t *time_ns)
{
	const char *text = NULL;

	*time_ns = 0;
	if (json_doc_get_string(record, "@time", &text, where) == -1)
		return -1;
	if (text == NULL || clock_parse(text, strlen(text), time_ns) == 0)
		return 0;
	report_error("%s: @time: \"%s\" is not a time", where, text);
	return -1;
}

/* Appends a value, and zeros up to stride bytes. */
static int
encode_value(const struct stream_header *h, uint32_t type, const json_t *v,
    const char *where, size_t stride, struct buf *bytes)
{
	size_t size = (size_t)h->types.v[type].size;
	unsigned char *p = (unsigned char *)buf_room(bytes, stride);

	if (p == NULL)
		return report_nomem();
	memset(p, 0, stride);
	bytes->len += stride;
	return value_to_bytes(&h->types, type, v, p, size, where);
}

static int
encode_member(const struct stream_header *h, uint32_t type,
    const json_t *record, const char *key, const char *where, struct buf *bytes)
{
	const json_t *v = json_object_get(record, key);

	if (v == NULL)
		return json_doc_missing(key, where);
	return encode_value(
	    h, type, v, where, (size_t)h->types.v[type].size, bytes);
}

/* Appends the values of all CPUs, each rounded up to 8 bytes. */
static int
encode_cpu_values(const struct stream_header *h, const struct stream_map *m,
    const json_t *record, const char *where, struct buf *bytes)
{
	size_t stride = round_up_8((size_t)h->types.v[m->value].size);
	json_t *values = NULL;

	if (json_doc_get_array(record, "values", &values, where) == -1)
		return -1;
	if (values == NULL)
		return json_doc_missing("values", where);
	if (json_array_size(values) != m->cpus) {
		report_error("%s: \"values\" has %zu elements, one for each of "
			     "%llu CPUs is needed",
		    where, json_array_size(values),
		    (unsigned long long)m->cpus);
		return -1;
	}
	for (size_t i = 0; i < m->cpus; i++)
		if (encode_value(h, m->value, json_array_get(values, i), where,
			stride, bytes) == -1)
			return -1;
	return 0;
}

/* Appends bytes that have no type: JSON has them in hex, as "raw". */
static int
encode_raw(const json_t *record, const char *where, struct buf *bytes)
{
	const char *hex = NULL;
	int high, low = 0;

	if (json_doc_get_string(record, "raw", &hex, where) == -1)
		return -1;
	if (hex == NULL)
		return json_doc_missing("raw", where);
	for (; *hex != '\0'; hex += 2) {
		high = text_hex_value(hex[0]);
		if (high != -1)
			low = text_hex_value(hex[1]);
		if (high == -1 || low == -1) {
			report_error("%s: \"raw\" is not a string of hex "
				     "digits, two for "
				     "each byte",
			    where);
			return -1;
		}
		buf_chr(bytes, (char)(high << 4 | low));
	}
	return 0;
}

static int
encode_text(const json_t *record, const char *where, struct buf *bytes)
{
	const char *text = NULL;

	if (json_doc_get_string(record, "text", &text, where) == -1)
		return -1;
	if (text == NULL)
		return json_doc_missing("text", where);
	buf_str(bytes, text);
	return 0;
}

static int
encode_members(const struct stream_header *h, const struct stream_map *m,
    const json_t *record, const char *where, struct buf *bytes)
{
	enum type_kind kind;

	if (m->text)
		return encode_text(record, where, bytes);
	if (m->value == TYPE_NONE)
		return encode_raw(record, where, bytes);
	if (m->key != TYPE_NONE &&
	    encode_member(h, m->key, record, "key", where, bytes) == -1)
		return -1;
	if (m->cpus != 0)
		return encode_cpu_values(h, m, record, where, bytes);
	kind = types_get(&h->types, m->value)->kind;
	if (m->key == TYPE_NONE && (kind == TYPE_STRUCT || kind == TYPE_UNION))
		return encode_value(h, m->value, record, where,
		    (size_t)h->types.v[m->value].size, bytes);
	return encode_member(h, m->value, record, "value", where, bytes);
}

int
encode_record(const struct stream_header *h, unsigned int map,
    const json_t *record, const char *where, struct buf *bytes,
    uint64_t *time_ns)
{
	bytes->len = 0;
	if (read_record_time(record, where, time_ns) == -1 ||
	    encode_members(h, &h->maps[map], record, where, bytes) == -1)
		return -1;
	return bytes->failed ? report_nomem() : 0;
}
