#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/util.h"
#include "poll/record-match.h"
#include "record/fields.h"

/* The bytes of a record of this size as they are read: the kernel pads a record
 * of a perf buffer, which follows its size in 4 bytes, to a multiple of 8. */
static size_t
whole_size(const struct stream_map *m)
{
	return m->source == STREAM_PERF ? round_up_8(m->record_size + 4) - 4
					: m->record_size;
}

static const char *
entry_type_name(const struct stream_header *h, unsigned int map)
{
	uint32_t type = h->maps[map].value;

	if (type == TYPE_NONE)
		return "that is not known";
	return h->types.v[type].name[0] != '\0' ? h->types.v[type].name
						: "without a name";
}

/* Sets the place of the member in t from that in the type of entry map; the
 * later entries must agree with the first. */
static int
set_member_place(
    struct record_match *t, const struct stream_header *h, unsigned int map)
{
	const struct stream_map *m = &h->maps[map];
	struct field_place at;
	const struct type *type;
	unsigned int bits;

	if (!fields_find(h, map, m->when_member, &at) ||
	    (type = field_place_type(&h->types, &at)) == NULL) {
		report_error("map %s: type %s of its records has no member %s",
		    m->name, entry_type_name(h, map), m->when_member);
		return -1;
	}
	if ((type->kind != TYPE_INT && type->kind != TYPE_ENUM &&
		type->kind != TYPE_BOOL && type->kind != TYPE_CHAR) ||
	    type->size > 8 || at.bit_offset + at.bits > 64) {
		report_error("map %s: member %s of type %s is no number of at "
			     "most 64 bits",
		    m->name, m->when_member, entry_type_name(h, map));
		return -1;
	}
	bits = at.bits != 0 ? at.bits : (unsigned int)type->size * 8;
	if (t->n == 0) {
		t->offset = at.offset;
		t->bits = bits;
		t->bit_offset = at.bit_offset;
		t->bytes = (at.bit_offset + bits + 7u) / 8;
	} else if (t->offset != at.offset || t->bits != bits ||
		   t->bit_offset != at.bit_offset) {
		report_error("map %s: member %s is at another place in type %s "
			     "than in type %s",
		    m->name, m->when_member, entry_type_name(h, map),
		    entry_type_name(h, t->v[0].map));
		return -1;
	}
	return 0;
}

/* The bits of a value that the member has. */
static uint64_t
mask_value(const struct record_match *t, uint64_t value)
{
	return t->bits == 0 ? 0 : value & (UINT64_MAX >> (64 - t->bits));
}

/* Adds the type of entry map, and checks that it differs from those before. */
static int
add_match_type(
    struct record_match *t, const struct stream_header *h, unsigned int map)
{
	const struct stream_map *m = &h->maps[map];
	struct record_match_type *r = &t->v[t->n];
	bool by_value = m->when_member != NULL;
	uint32_t array;
	uint64_t offset;

	if (t->n > 0 && by_value != (t->bits != 0)) {
		report_error("map %s: a member tells some types of its records "
			     "apart, but not all",
		    m->name);
		return -1;
	}
	if (by_value && set_member_place(t, h, map) == -1)
		return -1;
	*r = (struct record_match_type){
		.map = map,
		.whole = whole_size(m),
		.size = m->record_size,
		.least = m->least_size,
		.flexible = stream_find_last_array(h, map, &array, &offset) &&
			    h->types.v[array].size == 0,
		.value = mask_value(t, m->when_value),
	};
	for (size_t i = 0; i < t->n; i++) {
		if (by_value ? t->v[i].value != r->value
			     : t->v[i].whole != r->whole)
			continue;
		if (by_value)
			report_error("map %s: types %s and %s of its records "
				     "have the same %s, %" PRIu64,
			    m->name, entry_type_name(h, t->v[i].map),
			    entry_type_name(h, map), m->when_member, r->value);
		else
			report_error("map %s: types %s and %s of its records "
				     "both have %zu bytes; a member has to "
				     "tell them apart (\"records_by\")",
			    m->name, entry_type_name(h, t->v[i].map),
			    entry_type_name(h, map), r->whole);
		return -1;
	}
	t->n++;
	return 0;
}

int
record_match_open(
    struct record_match *t, const struct stream_header *h, unsigned int map)
{
	*t = (struct record_match){ 0 };
	if (stream_header_next_entry(h, map) == -1 &&
	    h->maps[map].when_member == NULL)
		return 0;
	if ((t->v = calloc(h->nmaps, sizeof(*t->v))) == NULL)
		return report_nomem();
	for (int i = (int)map; i != -1;
	     i = stream_header_next_entry(h, (unsigned int)i))
		if (add_match_type(t, h, (unsigned int)i) == -1) {
			record_match_close(t);
			return -1;
		}
	return 0;
}

void
record_match_close(struct record_match *t)
{
	free(t->v);
	*t = (struct record_match){ 0 };
}

static int
find_by_value(
    const struct record_match *t, const unsigned char *record, size_t len)
{
	uint64_t value = 0;

	if (len < t->offset + t->bytes)
		return -1;
	memcpy(&value, record + t->offset, t->bytes);
	value = mask_value(t, value >> t->bit_offset);
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].value == value)
			return (int)t->v[i].map;
	return -1;
}

/* Whether a record of len bytes may be of type a, and of type b with less
 * reason: the smaller one it ends in, and a flexible one last. */
static bool
fits_better(const struct record_match_type *a,
    const struct record_match_type *b, size_t len)
{
	if (len < a->least || (len > a->whole && !a->flexible))
		return false;
	if (b == NULL || a->flexible != b->flexible)
		return b == NULL || b->flexible;
	return a->flexible ? a->least > b->least : a->whole < b->whole;
}

static int
find_by_size(const struct record_match *t, size_t len)
{
	const struct record_match_type *best = NULL;

	for (size_t i = 0; i < t->n; i++) {
		if (t->v[i].whole == len)
			return (int)t->v[i].map;
		if (fits_better(&t->v[i], best, len))
			best = &t->v[i];
	}
	return best == NULL ? -1 : (int)best->map;
}

int
record_match_find(const struct record_match *t, const void *record, size_t len)
{
	return t->bits != 0 ? find_by_value(t, record, len)
			    : find_by_size(t, len);
}
