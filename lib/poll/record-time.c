#include <stdlib.h>

#include "base/report.h"
#include "poll/record-time.h"
#include "record/fields.h"

static const uint64_t nothing;

static bool
can_be_time(const struct types *t, const struct field_place *at)
{
	const struct type *type = field_place_type(t, at);

	return type != NULL && type->kind == TYPE_INT &&
	       type->size == sizeof(uint64_t) && at->bits == 0 &&
	       at->cpus == FIELD_CPUS_ONE;
}

/* What to add to a time of this kind. */
static const uint64_t *
find_offset(enum kind kind, const struct clock_offsets *offsets)
{
	if (kind == KIND_REALTIME)
		return &nothing;
	return kind == KIND_BOOTTIME ? &offsets->boottime : &offsets->monotonic;
}

/* Returns 0, or -1 after reporting. */
static int
find_record_time(const struct stream_header *h, unsigned int map,
    const struct clock_offsets *offsets, struct record_time *t)
{
	struct fields all = { 0 };
	int ret = 0;

	*t = (struct record_time){ .end = SIZE_MAX, .to_realtime = &nothing };
	fields_add_selected(&all, h, map, NULL, 0, true);
	for (size_t i = 0; i < all.n && t->end == SIZE_MAX; i++) {
		const struct field_place *at = &all.v[i].place;

		if (at->member == NULL || !at->member->time)
			continue;
		if (!can_be_time(&h->types, at)) {
			report_notice("map %s: %s is no 64-bit integer, and so "
				      "not the time of the records",
			    h->maps[map].name, all.v[i].name);
			continue;
		}
		if (!offsets->known && at->kind != KIND_REALTIME)
			continue;
		t->offset = at->offset;
		t->end = at->offset + sizeof(uint64_t);
		t->to_realtime = find_offset(at->kind, offsets);
	}
	if (all.failed)
		ret = report_nomem();
	fields_free(&all);
	return ret;
}

struct record_time *
record_times_new(
    const struct stream_header *h, const struct clock_offsets *offsets)
{
	struct record_time *times = calloc(h->nmaps + 1, sizeof(*times));

	if (times == NULL) {
		report_nomem();
		return NULL;
	}
	for (unsigned int i = 0; i < h->nmaps; i++)
		if (find_record_time(h, i, offsets, &times[i]) == -1) {
			free(times);
			return NULL;
		}
	return times;
}
