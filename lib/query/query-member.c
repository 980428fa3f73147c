#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/nomem.h"
#include "base/text.h"
#include "base/util.h"
#include "kinds/kind-bits.h"
#include "query/query-member.h"

void
query_member_free(struct query_member *m)
{
	free(m->path);
	free(m->rest_owned);
	buf_free(&m->scratch);
	query_text_close(&m->kind);
	*m = (struct query_member){ 0 };
}

static int
fail_nomem(struct buf *why)
{
	nomem_note();
	why->failed = true;
	return -1;
}

/* The length of NAME in NAME_text, or 0. */
static size_t
without_suffix(const char *name, size_t n)
{
	const size_t suffix = strlen(FIELD_TEXT_SUFFIX);

	return n > suffix &&
		       memcmp(name + n - suffix, FIELD_TEXT_SUFFIX, suffix) == 0
		   ? n - suffix
		   : 0;
}

/* Find a member of the struct at p by its name of n bytes. */
static bool
find_member(
    const struct types *t, struct field_place *p, const char *name, size_t n)
{
	struct fields below = { 0 };
	bool found = false;

	if (!field_place_is_struct(t, p))
		return false;
	fields_add_members(&below, t, p);
	for (size_t i = 0; i < below.n && !found; i++) {
		found = below.v[i].name_len == n &&
			memcmp(below.v[i].name, name, n) == 0;
		if (found)
			*p = below.v[i].place;
	}
	fields_free(&below);
	return found;
}

/* Whether records of the map may end within the array at p. */
static bool
may_end_within(const struct stream_header *h, unsigned int map,
    const struct field_place *p)
{
	uint32_t array;
	uint64_t offset;

	return stream_find_last_array(h, map, &array, &offset) &&
	       p->offset == offset &&
	       field_place_type(&h->types, p) == types_get(&h->types, array);
}

/* The same, or the text of one. */
static bool
find_below(
    const struct types *t, struct field_place *p, const char *name, size_t n)
{
	size_t value = without_suffix(name, n);
	struct field_place around = *p;

	if (find_member(t, p, name, n))
		return true;
	*p = around;
	if (value == 0 || !find_member(t, p, name, value) || !p->has_text)
		return false;
	p->shown = FIELD_TEXT;
	return true;
}

/* Go to an element of the array at p, or of the values of all CPUs.  *end is
 * set to the bytes that a record must have for it, if it may end before: all of
 * the element, or the first byte of a text. */
static bool
find_element(const struct stream_header *h, unsigned int map,
    struct field_place *p, uint64_t index, size_t *end)
{
	bool is_last = may_end_within(h, map, p);
	const struct type *type = field_place_type(&h->types, p);
	uint64_t size, count;

	if (type == NULL)
		return false;
	if (p->cpus == FIELD_CPUS_ALL) {
		size = round_up_8(type->size);
		count = h->maps[map].cpus;
		p->cpus = FIELD_CPUS_ONE;
	} else if (type->kind == TYPE_ARRAY && p->bits == 0) {
		size = types_get(&h->types, type->of)->size;
		count = type->count;
		p->type = type->of;
	} else {
		return false;
	}
	p->kind = KIND_NONE;
	p->member = NULL;
	/* A flexible array has as many as the record. */
	if (index >= (count != 0 ? count : STREAM_RECORD_MAX))
		return false;
	p->offset += (size_t)(index * size);
	if (is_last)
		*end = p->offset +
		       (types_is_text(&h->types, p->type) ? 1 : (size_t)size);
	return true;
}

/* Follow "[3].b[1]" from the place on. */
static bool
find_rest(struct query_member *m, const struct stream_header *h,
    unsigned int map, const char *rest)
{
	struct field_place *p = &m->place;
	char *end;
	size_t n;

	while (*rest != '\0') {
		if (*rest == '[') {
			uint64_t index = strtoull(rest + 1, &end, 10);

			if (*end != ']' ||
			    !find_element(h, map, p, index, &m->end))
				return false;
			rest = end + 1;
			continue;
		}
		if (*rest++ != '.')
			return false;
		n = strcspn(rest, ".[");
		if (!find_below(&h->types, p, rest, n))
			return false;
		rest += n;
	}
	return true;
}

/* Let the text be compared; in JSON that is the text of the value. */
static void
set_as_text(struct query_member *m)
{
	char *path = *m->rest != '\0' ? m->rest_owned : m->path;
	size_t n = without_suffix(path, strlen(path));

	m->as_text = true;
	if (n != 0)
		path[n] = '\0';
}

/* Find the field whose path is the first part of the name, up to a bracket. */
static int
find_field(struct query_member *m, const struct stream_header *h,
    unsigned int map, const char *name, struct buf *why)
{
	size_t n = strcspn(name, "[");
	struct fields found = { 0 };
	char *base = strndup(name, n);
	const char *only = base;
	int ret = 0;

	m->rest = m->rest_owned = strdup(name + n);
	if (base == NULL || m->rest == NULL) {
		free(base);
		return fail_nomem(why);
	}
	fields_add_selected(&found, h, map, &only, 1, false);
	if (found.failed) {
		ret = fail_nomem(why);
	} else if (found.n == 1) {
		m->place = found.v[0].place;
		m->path = found.v[0].path;
		found.v[0].path = NULL;
		ret = find_rest(m, h, map, name + n);
		if (ret == 1 && m->place.shown != FIELD_VALUE)
			set_as_text(m);
	}
	fields_free(&found);
	free(base);
	return ret;
}

static bool
is_byte(const struct type *type)
{
	return type->size == 1 &&
	       (type->kind == TYPE_INT || type->kind == TYPE_CHAR);
}

/* Whether the value is text: an array of char, or bytes of which it is known.
 */
static bool
is_text(const struct types *t, const struct field_place *p)
{
	const struct type *type = field_place_type(t, p);

	return types_is_text(t, p->type) ||
	       ((p->kind == KIND_TEXT || p->kind == KIND_UTF8) &&
		   type->kind == TYPE_ARRAY && is_byte(types_get(t, type->of)));
}

/* The size of the numbers that a value of several is made of: of its first
 * array, whatever is around it. */
static size_t
number_size(const struct types *t, uint32_t i)
{
	const struct type *type = types_get(t, i);

	while (type->kind == TYPE_ARRAY ||
	       ((type->kind == TYPE_STRUCT || type->kind == TYPE_UNION) &&
		   type->nmembers > 0))
		type = types_get(t,
		    type->kind == TYPE_ARRAY ? type->of : type->members->type);
	return (size_t)type->size;
}

static bool
is_address(const struct types *t, const struct field_place *p)
{
	const struct type *type = field_place_type(t, p);
	uint64_t size = type->size;

	if (size != 4 && size != 6 && size != 16)
		return false;
	if (p->kind == KIND_IP4 || p->kind == KIND_IP6 || p->kind == KIND_IP ||
	    p->kind == KIND_MAC)
		return type->kind == TYPE_ARRAY || type->kind == TYPE_STRUCT ||
		       type->kind == TYPE_UNION;
	return type->kind == TYPE_ARRAY && is_byte(types_get(t, type->of));
}

static void
set_int(struct query_member *m, const struct type *type)
{
	enum kind kind = m->place.kind;

	m->stored = QUERY_CLASS_INT;
	m->target.type = type;
	m->is_signed = type->is_signed && type->kind != TYPE_POINTER &&
		       type->kind != TYPE_BOOL;
	m->one_bool = type->kind == TYPE_BOOL;
	m->swapped = kind == KIND_PORT_BE || kind == KIND_BE16 ||
		     kind == KIND_BE32 || kind == KIND_BE64;
}

static int
refuse(struct buf *why, const char *reason)
{
	buf_str(why, reason);
	return -1;
}

/* Set what the value is.  Returns 1, or -1 if it cannot be compared. */
static int
classify(struct query_member *m, const struct types *t, struct buf *why)
{
	const struct type *type = field_place_type(t, &m->place);

	if (type == NULL && !m->place.text)
		return refuse(why, "its type is not known");
	if (type == NULL || is_text(t, &m->place)) {
		m->stored = QUERY_CLASS_TEXT;
		m->target.size = type != NULL ? (size_t)type->size : 0;
		m->to_end = m->target.size == 0;
		return m->place.cpus == FIELD_CPUS_ONE
			   ? 1
			   : refuse(why, "it is the text of several CPUs");
	}
	m->target.size = (size_t)type->size;
	m->target.kind = m->place.kind;
	if (m->place.cpus == FIELD_CPUS_ALL)
		return refuse(why, "it has a value for each CPU; name one, as "
				   "values[0]");
	if (is_address(t, &m->place)) {
		m->stored = QUERY_CLASS_BYTES;
		m->number_size = number_size(t, m->place.type);
	} else if (type->kind == TYPE_ARRAY) {
		return refuse(why, "it is an array; name an element, as a[0]");
	} else if (type->kind == TYPE_STRUCT || type->kind == TYPE_UNION) {
		return refuse(why, "it is a struct; name a member, as a.b");
	} else if (type->kind == TYPE_FLOAT) {
		m->stored = QUERY_CLASS_REAL;
	} else {
		set_int(m, type);
	}
	if (m->stored != QUERY_CLASS_INT && m->place.cpus != FIELD_CPUS_ONE)
		return refuse(why, "it is the sum of several CPUs");
	return 1;
}

/* Let a record need so many bytes. */
static void
reach(struct query_member *m, size_t end)
{
	if (m->end < end)
		m->end = end;
}

/* Set how many bytes of a record the value needs. */
static void
set_end(struct query_member *m)
{
	const struct field_place *p = &m->place;
	size_t size = m->target.size;

	if (p->bits != 0)
		size = (p->bit_offset + p->bits + 7) / 8;
	if (p->cpus == FIELD_CPUS_SUM)
		size += (m->cpus - 1) * m->stride;
	if (m->stored == QUERY_CLASS_TEXT)
		size = 0;
	reach(m, p->offset + size);
	if (p->family_size != 0)
		reach(m, p->family_offset + p->family_size);
}

static void
set_time(struct query_member *m, const struct kind_context *kinds)
{
	m->source = QUERY_TIME;
	m->stored = QUERY_CLASS_INT;
	m->target = (struct query_target){
		.class = QUERY_CLASS_INT,
		.kind = KIND_REALTIME,
		.size = 8,
		.kinds = kinds,
		.has_text = true,
	};
	query_text_open_time(&m->kind, kinds);
}

/* Set what the kind of a member makes of it. */
static void
set_kind(struct query_member *m, const struct types *t,
    const struct kind_context *kinds)
{
	struct query_target *target = &m->target;

	if (m->stored != QUERY_CLASS_INT && m->stored != QUERY_CLASS_BYTES) {
		m->as_text = false;
		return;
	}
	target->has_text = query_text_open(&m->kind, t, &m->place, kinds);
	target->has_name =
	    target->has_text && name_store_has_kind(target->kind);
	if (m->as_text)
		target->class = QUERY_CLASS_TEXT;
}

/* Set a member that is not of the program.  Returns 1, or 0 for another name.
 */
static int
find_special(struct query_member *m, const struct stream_header *h,
    unsigned int map, const char *name, const struct kind_context *kinds)
{
	const struct stream_map *at = &h->maps[map];

	m->target.class = QUERY_CLASS_TEXT;
	if (strcmp(name, "@time") == 0) {
		set_time(m, kinds);
	} else if (strcmp(name, "@map") == 0) {
		m->source = QUERY_MAP;
		m->text = at->name;
	} else if (strcmp(name, "@host") == 0) {
		m->source = QUERY_HOST;
		m->text = stream_header_host(h, map);
	} else if (strcmp(name, "@type") == 0 && at->label != NULL) {
		m->source = QUERY_TYPE;
		m->text = at->label;
	} else {
		return 0;
	}
	return 1;
}

int
query_member_find(struct query_member *m, const struct stream_header *h,
    unsigned int map, const char *name, const struct kind_context *kinds,
    struct buf *why)
{
	const struct stream_map *at = &h->maps[map];
	int got;

	*m = (struct query_member){ .target = {
					.types = &h->types, .kinds = kinds } };
	if (*name == '@') {
		got = find_special(m, h, map, name, kinds);
		m->path = strdup(name);
		m->rest = "";
		return m->path == NULL ? fail_nomem(why) : got;
	}
	if ((got = find_field(m, h, map, name, why)) != 1)
		return got;
	if (m->place.cpus == FIELD_CPUS_SUM) {
		m->cpus = (size_t)at->cpus;
		m->stride = round_up_8((size_t)h->types.v[at->value].size);
	}
	m->target.flags = m->place.flags;
	got = classify(m, &h->types, why);
	m->target.class = m->stored;
	set_end(m);
	if (got == 1)
		set_kind(m, &h->types, kinds);
	why->failed |= m->kind.room.failed;
	return why->failed ? -1 : got;
}

int
query_member_set_untyped(struct query_member *m, const char *name,
    const struct kind_context *kinds, struct buf *why)
{
	size_t n = strcspn(name, "[");

	*m = (struct query_member){ .target = { .class = QUERY_CLASS_ANY },
		.stored = QUERY_CLASS_ANY,
		.rest = name + n };
	if (strcmp(name, "@time") == 0)
		set_time(m, kinds);
	m->path = strndup(name, n);
	why->failed |= m->kind.room.failed;
	return m->path == NULL || why->failed ? fail_nomem(why) : 1;
}

/* Load an integer, or a bitfield, which lies in up to 17 bytes.  Its sign is
 * not extended. */
static unsigned __int128
load_bits(const struct query_member *m, const unsigned char *at)
{
	const struct field_place *p = &m->place;
	size_t size = m->target.size;
	unsigned __int128 v = 0;

	if (p->bits != 0)
		size = (p->bit_offset + p->bits + 7) / 8;
	/* All supported machines are little-endian. */
	memcpy(&v, at, size < sizeof(v) ? size : sizeof(v));
	if (p->bits == 0)
		return v;
	v >>= p->bit_offset;
	if (size == 17)
		v |= (unsigned __int128)at[16] << (128 - p->bit_offset);
	return v;
}

static uint64_t
swap(uint64_t v, size_t size)
{
	return __builtin_bswap64(v) >> (64 - 8 * size);
}

static void
load_int(const struct query_member *m, struct query_value *v,
    const unsigned char *at)
{
	const struct field_place *p = &m->place;
	unsigned int bits =
	    p->bits != 0 ? p->bits : (unsigned int)m->target.size * 8;
	unsigned __int128 raw, sum = 0;

	v->kind = QUERY_VALUE_INT;
	v->text = (const char *)at;
	v->len = m->target.size;
	if (p->cpus == FIELD_CPUS_SUM) {
		for (size_t i = 0; i < m->cpus; i++, at += m->stride) {
			struct int128 one = int128_from_bits(
			    load_bits(m, at), bits, m->is_signed);

			sum += int128_bits(&one);
		}
		v->number = int128_from_bits(sum, 128, m->is_signed);
		return;
	}
	raw = load_bits(m, at);
	if (m->swapped && m->target.size <= 8)
		raw = swap((uint64_t)raw, m->target.size);
	v->number = int128_from_bits(raw, bits, m->is_signed);
	if (m->one_bool)
		v->number = (struct int128){ false, v->number.magnitude != 0 };
}

static void
load_real(const struct query_member *m, struct query_value *v,
    const unsigned char *at)
{
	float narrow;

	if (m->target.size == sizeof(narrow)) {
		memcpy(&narrow, at, sizeof(narrow));
		v->real = (double)narrow;
	} else {
		memcpy(&v->real, at, sizeof(v->real));
	}
	/* JSON has no such number. */
	v->kind = isnan(v->real) ? QUERY_VALUE_NONE : QUERY_VALUE_REAL;
}

/* The family of an address, or the process of one in a process. */
static uint64_t
load_family(const struct query_member *m, const unsigned char *record)
{
	const struct field_place *p = &m->place;
	uint64_t family = 0;

	memcpy(&family, record + p->family_offset, p->family_size);
	return family;
}

/* The names of the constants that a number stands for. */
static void
name_value(struct query_member *m, struct query_value *v)
{
	const struct type *type = m->target.type;
	uint64_t number = (uint64_t)int128_bits(&v->number);
	const struct type_constant *c = types_find_constant(type, number);
	char *room;

	if (v->kind != QUERY_VALUE_INT)
		return;
	*v = (struct query_value){ .kind = QUERY_VALUE_NONE };
	if (c != NULL) {
		v->text = c->name;
		v->len = strlen(c->name);
	} else if (type->bits != 0) {
		m->scratch.len = 0;
		room = buf_room(
		    &m->scratch, kind_bits_enum_max(type) + TEXT_SLACK);
		if (room == NULL)
			return;
		v->text = room;
		v->len = (size_t)(kind_bits_enum(
				      room, number, (size_t)type->size, type) -
				  room);
	} else {
		return;
	}
	v->kind = QUERY_VALUE_TEXT;
}

void
query_member_convert(struct query_member *m, struct query_value *v,
    const struct query_beside *beside)
{
	if (m->as_name)
		name_value(m, v);
	else if (m->as_text)
		query_text_write(&m->kind, v, beside);
	else if (m->with_name)
		query_text_find_name(&m->kind, v, beside);
	else if (v->kind == QUERY_VALUE_BYTES && m->target.kind == KIND_IP &&
		 query_text_is_ip4(&m->kind, v, beside->family))
		v->len = 4;
}

const char *
query_member_family(const struct query_member *m)
{
	const struct field_place *p = &m->place;

	return p->kind == KIND_IP && p->member != NULL ? p->member->as.arg
						       : NULL;
}

bool
query_member_find_beside(const struct query_member *m, const char *name,
    char **path, char **rest, struct buf *why)
{
	const char *of = m->path, *dot;
	char *beside;
	int got;

	if (*m->rest != '\0')
		of = m->rest;
	dot = strrchr(of, '.');
	if (of == m->rest && (dot == NULL || strchr(dot, '[') != NULL))
		return false;
	if (name == NULL)
		got = asprintf(&beside, "%s" FIELD_TEXT_SUFFIX, of);
	else
		got = asprintf(&beside, "%.*s%s",
		    dot != NULL ? (int)(dot + 1 - of) : 0, of, name);
	if (got == -1) {
		fail_nomem(why);
		return false;
	}
	*path = of == m->path ? beside : strdup(m->path);
	*rest = of == m->path ? strdup("") : beside;
	if (*path != NULL && *rest != NULL)
		return true;
	fail_nomem(why);
	free(*path);
	free(*rest);
	return false;
}

void
query_member_load(struct query_member *m, struct query_value *v,
    uint64_t time_ns, const unsigned char *record, size_t len)
{
	const unsigned char *at = record + m->place.offset;
	struct query_beside beside = { .told = NULL };

	*v = (struct query_value){ .kind = QUERY_VALUE_NONE };
	if (m->source == QUERY_TIME) {
		v->kind = QUERY_VALUE_INT;
		v->number = (struct int128){ false, time_ns };
		query_member_convert(m, v, &beside);
		return;
	}
	if (m->source != QUERY_FIELD) {
		v->kind = QUERY_VALUE_TEXT;
		v->text = m->text;
		v->len = strlen(m->text);
		return;
	}
	/* A binary record has no member that only JSON could add. */
	if (m->end > len || m->stored == QUERY_CLASS_ANY)
		return;
	switch (m->stored) {
	case QUERY_CLASS_TEXT:
		v->kind = QUERY_VALUE_TEXT;
		v->text = (const char *)at;
		len -= m->place.offset;
		if (!m->to_end && len > m->target.size)
			len = m->target.size;
		v->len = strnlen(v->text, len);
		return;
	case QUERY_CLASS_REAL:
		load_real(m, v, at);
		return;
	case QUERY_CLASS_BYTES:
		v->kind = QUERY_VALUE_BYTES;
		v->text = (const char *)at;
		v->len = m->target.size;
		break;
	default:
		load_int(m, v, at);
	}
	if (m->place.family_size != 0)
		beside.family = load_family(m, record);
	query_member_convert(m, v, &beside);
}
