/*
 * Adds the steps of a formatter that write what the slots of histograms count
 * (layout/hist-buckets.h); formatter-buckets-run.c runs them.
 */
#include <string.h>

#include "base/array.h"
#include "layout/formatter.h"
#include "layout/hist-buckets.h"

static bool
has_member(const struct fields *members, const char *name)
{
	for (size_t i = 0; i < members->n; i++)
		if (strcmp(members->v[i].name, name) == 0)
			return true;
	return false;
}

/* Returns the number of a new entry of s->hists. */
static uint32_t
add_hist(struct formatter *s, const struct formatter_hist *hist)
{
	if (!array_room(s->hists, s->nhists, s->hists_cap)) {
		s->failed = true;
		return 0;
	}
	s->hists[s->nhists] = *hist;
	return (uint32_t)s->nhists++;
}

/* How to load an integer, or one of an array, at a place. */
static struct step
loading_step(const struct formatter *s, const struct field_place *p)
{
	const struct type *type = field_place_type(s->types, p);

	if (type->kind == TYPE_ARRAY)
		type = types_get(s->types, type->of);
	return (struct step){ .offset = p->offset,
		.size = (uint8_t)type->size,
		.is_signed = type->is_signed,
		.sums = p->cpus == FIELD_CPUS_SUM };
}

static void
push_buckets(struct formatter *s, const struct step *step, size_t most)
{
	formatter_add_text(s, "[");
	formatter_push(s, *step, most);
	formatter_add_text(s, "]");
}

void
formatter_add_buckets(
    struct formatter *s, const struct fields *members, const struct field *f)
{
	const struct type *array;
	struct formatter_hist hist = { .n = 0 };
	struct hist_map map;
	struct step step;

	if (s->hist_map == NULL || f->place.bits != 0 ||
	    !hist_are_slots(s->types, f->name, f->place.type) ||
	    has_member(members, "buckets"))
		return;
	map = *s->hist_map;
	if (has_member(members, "unit"))
		map.unit = NULL;
	array = field_place_type(s->types, &f->place);
	hist.n = (size_t)array->count;
	hist.scale = hist_member_scale(&map, f->place.member);
	step = loading_step(s, &f->place);
	step.op = STEP_BUCKETS;
	step.count = (uint32_t)array->count;
	step.names = add_hist(s, &hist);
	hist_write_buckets_key(&s->texts, &map);
	push_buckets(s, &step, hist.n * HIST_BUCKET_MAX);
}

void
formatter_add_key_bucket(struct formatter *s, const struct hist_map *map,
    const struct field_place *bucket, const struct field_place *count)
{
	const struct formatter_hist hist = {
		.scale = hist_member_scale(map, NULL),
		.count = loading_step(s, count),
	};
	struct step step = loading_step(s, bucket);

	step.op = STEP_KEY_BUCKET;
	step.names = add_hist(s, &hist);
	hist_write_buckets_key(&s->texts, map);
	push_buckets(s, &step, HIST_BUCKET_MAX);
}
