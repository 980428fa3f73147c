/*
 * PLAN_JSON: the buckets of histograms (layout/hist-buckets.h).  Those of slots
 * stand beside them, those of a bucket in the key at the end of the record.
 */
#include <string.h>

#include "format/plan-column.h"

/* Whether the key has the bucket, as in a table; then p->buckets.columns has
 * the two columns. */
static bool
find_key_bucket(struct plan *p)
{
	struct plan_buckets *b = &p->buckets;
	struct fields all = { 0 };
	size_t bucket, count;
	bool found;

	fields_add_selected(&all, p->header, p->map, NULL, 0, true);
	found = plan_find_bucket_columns(p, &all, &bucket, &count);
	if (found) {
		fields_add(&b->columns, &all.v[bucket]);
		fields_add(&b->columns, &all.v[count]);
	}
	p->formatter.failed |= all.failed || b->columns.failed;
	fields_free(&all);
	return found && !b->columns.failed;
}

/* Whether a value has slots, in itself or deeper. */
static bool
has_slots(const struct types *t, uint32_t i)
{
	const struct type *type = types_get(t, i);

	while (type->kind == TYPE_ARRAY)
		type = types_get(t, type->of);
	for (size_t k = 0; k < type->nmembers; k++)
		if (hist_are_slots(
			t, type->members[k].name, type->members[k].type) ||
		    has_slots(t, type->members[k].type))
			return true;
	return false;
}

void
plan_find_hist_json(struct plan *p)
{
	const struct stream_map *m = &p->header->maps[p->map];
	struct plan_hist_json *h = &p->hist_json;

	if (!p->options.buckets || plan_is_narrowed(p) ||
	    m->source != STREAM_SAMPLE || m->sample == SAMPLE_KV ||
	    m->value == TYPE_NONE)
		return;
	h->map = (struct hist_map){
		.linear = m->sample == SAMPLE_LINEAR_HIST,
		.unit = strcmp(m->unit, STREAM_NO_UNIT) == 0 ? NULL : m->unit,
	};
	h->slots = m->sample != SAMPLE_EXP2_HIST &&
		   has_slots(&p->header->types, m->value);
	h->key =
	    !h->slots && m->sample != SAMPLE_LOG2_HIST && find_key_bucket(p);
}

/* Whether the members below a field get buckets. */
static bool
gets_buckets(const struct plan *p, const struct field *root, size_t n)
{
	/* Of values for each CPU only if they have no sum. */
	return p->hist_json.slots && strncmp(root->path, "value", 5) == 0 &&
	       (root->place.cpus != FIELD_CPUS_ALL || n == 2);
}

void
plan_add_hist_members(struct plan *p, bool *first)
{
	struct formatter *s = &p->formatter;

	for (size_t i = 0; i < p->columns.n; i++) {
		const struct fields one = { .v = &p->columns.v[i], .n = 1 };

		s->hist_map = gets_buckets(p, one.v, p->columns.n)
				  ? &p->hist_json.map
				  : NULL;
		formatter_add_members(s, &one, first);
	}
	s->hist_map = NULL;
	s->failed |= p->columns.failed;
	if (p->hist_json.key && !s->failed)
		formatter_add_key_bucket(s, &p->hist_json.map,
		    &p->buckets.columns.v[0].place,
		    &p->buckets.columns.v[1].place);
}

void
plan_add_hist_paths(struct plan *p)
{
	if (!p->hist_json.key)
		return;
	p->hist_json.unit_cell = json_row_add(&p->row, "unit");
	p->hist_json.buckets_cell = json_row_add(&p->row, "buckets");
}

void
plan_write_key_bucket(const struct plan *p, struct buf *out)
{
	const struct json_value *cells = p->row.cells;
	const struct hist_scale scale =
	    hist_member_scale(&p->hist_json.map, NULL);
	struct hist_map map = p->hist_json.map;
	char text[HIST_BUCKET_MAX + TEXT_SLACK], *end;

	if (out->failed || out->len == 0 ||
	    cells[p->hist_json.buckets_cell].kind != JSON_VALUE_ABSENT)
		return;
	if (cells[p->hist_json.unit_cell].kind != JSON_VALUE_ABSENT)
		map.unit = NULL;
	end = hist_write_key_bucket(text, &scale,
	    hist_json_integer(&cells[p->buckets.cells[0]]),
	    hist_json_integer(&cells[p->buckets.cells[1]]));
	out->len--; /* the brace that ends the record */
	hist_write_buckets_key(out, &map);
	buf_chr(out, '[');
	buf_add(out, text, (size_t)(end - text));
	buf_str(out, "]}");
}
