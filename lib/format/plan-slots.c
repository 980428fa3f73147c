/* The slots of maps that are histograms. */
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/util.h"
#include "format/plan-column.h"

/* Whether a member is called slots and is an array of integers. */
static bool
are_slots(const struct types *t, const struct field *c)
{
	const struct type *array = field_place_type(t, &c->place), *of;

	if (strcmp(c->name, "slots") != 0 || array->kind != TYPE_ARRAY)
		return false;
	of = types_get(t, array->of);
	return of->kind == TYPE_INT && of->size <= sizeof(uint64_t) &&
	       array->count > 0;
}

static void
set_slots(struct plan *p, const struct field_place *at)
{
	const struct types *t = &p->header->types;
	const struct type *array = field_place_type(t, at);

	p->slots = (struct hist_slots){
		.offset = at->offset,
		.count = (size_t)array->count,
		.size = (size_t)types_get(t, array->of)->size,
		.is_signed = types_get(t, array->of)->is_signed,
		.scale = plan_hist_scale(p, at->member),
	};
	p->slots.v = calloc(p->slots.count, sizeof(*p->slots.v));
	if (p->slots.v == NULL)
		p->formatter.failed = true;
}

bool
plan_find_slots(struct plan *p)
{
	const struct stream_map *m = &p->header->maps[p->map];
	const struct types *t = &p->header->types;
	struct field_place value = { .type = m->value,
		.offset = stream_key_size(p->header, p->map) };
	struct fields members = { 0 };
	bool by_number = p->ops->draws && !plan_is_narrowed(p);

	if (m->source != STREAM_SAMPLE || m->sample == SAMPLE_EXP2_HIST ||
	    (m->sample == SAMPLE_KV && !by_number))
		return false;
	if (field_place_is_struct(t, &value))
		fields_add_members(&members, t, &value);
	for (size_t i = 0; i < members.n && p->slots.v == NULL; i++)
		if (are_slots(t, &members.v[i]))
			set_slots(p, &members.v[i].place);
	p->formatter.failed |= members.failed;
	fields_free(&members);
	return p->slots.v != NULL;
}

void
plan_report_no_slots(const struct plan *p)
{
	const struct stream_map *m = &p->header->maps[p->map];

	if (m->source != STREAM_SAMPLE || m->sample == SAMPLE_KV ||
	    p->slots.v != NULL || p->bars.columns.n > 0 || p->buckets.set ||
	    p->options.form == PLAN_HEAT || p->formatter.failed)
		return;
	if (m->sample == SAMPLE_EXP2_HIST && p->ops->draws)
		report_notice("map %s: exp2_hist needs a key that ends in an "
			      "integer, the bucket, and an integer as value; "
			      "shown as default_kv",
		    m->name);
	else if (m->sample != SAMPLE_EXP2_HIST)
		report_notice("map %s: %s needs a member slots, an array of "
			      "integers; shown as default_kv",
		    m->name,
		    m->sample == SAMPLE_LOG2_HIST ? "log2_hist"
						  : "linear_hist");
}

struct hist_scale
plan_hist_scale(const struct plan *p, const struct type_member *member)
{
	enum stream_sample sample = p->header->maps[p->map].sample;

	return (struct hist_scale){
		.linear = sample == SAMPLE_KV || sample == SAMPLE_LINEAR_HIST,
		.step = member == NULL ? 0 : member->step,
		.start = member == NULL ? 0 : member->start,
	};
}

struct hist
plan_make_hist(const struct plan *p, const struct hist_scale *scale,
    const uint64_t *slots, size_t n, bool is_signed)
{
	const struct stream_map *m = &p->header->maps[p->map];
	bool unknown = m->sample == SAMPLE_KV;

	return (struct hist){
		.scale = *scale,
		.unit = unknown && strcmp(m->unit, STREAM_NO_UNIT) == 0
			    ? "slot"
			    : m->unit,
		.is_signed = is_signed,
		.slots = slots,
		.n = n,
	};
}

void
plan_write_hist(const struct plan *p, const struct hist *h, struct buf *out)
{
	struct hist aligned = *h;

	aligned.aligned = true;
	hist_write(&aligned, out);
	if (p->header->maps[p->map].sample != SAMPLE_KV)
		hist_summary(&aligned, out);
}

static void
read_binary_slots(struct plan *p, const unsigned char *data)
{
	const struct hist_slots *s = &p->slots;
	size_t cpus = p->formatter.cpus == 0 ? 1 : p->formatter.cpus;

	for (size_t i = 0; i < s->count; i++) {
		const unsigned char *at = data + s->offset + i * s->size;

		s->v[i] = 0;
		for (size_t c = 0; c < cpus; c++)
			s->v[i] += hist_load(at + c * p->formatter.cpu_stride,
			    s->size, s->is_signed);
	}
}

/* Add the numbers of a JSON array to the slots. */
static void
add_json_slots(struct hist_slots *s, const struct json_value *array)
{
	struct json_value number;
	struct json_cursor c;

	if (array->kind != JSON_VALUE_ARRAY)
		return;
	json_cursor_open(&c, array->text, array->len);
	json_cursor_enter(&c);
	for (size_t i = 0; i < s->count && json_cursor_next_element(&c) == 1 &&
			   json_cursor_read(&c, &number);
	     i++)
		s->v[i] += hist_load_json(&number, s->is_signed);
}

/*
 * Per-CPU structs that hold more than numbers have no sum: add the slots of
 * each CPU's struct, which are the elements of values.
 */
static void
add_slots_of_cpus(struct hist_slots *s, const struct json_value *values)
{
	struct json_value key, v;
	struct json_cursor c;

	if (values->kind != JSON_VALUE_ARRAY)
		return;
	json_cursor_open(&c, values->text, values->len);
	json_cursor_enter(&c);
	while (json_cursor_next_element(&c) == 1) {
		if (json_cursor_kind(&c) != JSON_VALUE_OBJECT) {
			if (!json_cursor_read(&c, &v))
				return;
			continue;
		}
		json_cursor_enter(&c);
		while (json_cursor_next_member(&c, &key) == 1 &&
		       json_cursor_read(&c, &v))
			if (json_value_is(&key, "slots"))
				add_json_slots(s, &v);
	}
}

static void
read_json_slots(struct plan *p)
{
	const struct json_value *slots = &p->row.cells[p->slots_cell];
	struct hist_slots *s = &p->slots;

	memset(s->v, 0, s->count * sizeof(*s->v));
	if (slots->kind != JSON_VALUE_ABSENT)
		add_json_slots(s, slots);
	else
		add_slots_of_cpus(s, &p->row.cells[p->values_cell]);
}

struct hist
plan_read_slots(struct plan *p, const struct plan_input *rec)
{
	if (rec->is_json)
		read_json_slots(p);
	else
		read_binary_slots(p, rec->run.data);
	return plan_make_hist(
	    p, &p->slots.scale, p->slots.v, p->slots.count, p->slots.is_signed);
}

void
plan_add_heat(
    struct plan *p, const struct plan_input *rec, const struct hist *h)
{
	uint64_t time = rec->has_time ? rec->run.time_ns : 0;
	struct buf name = { 0 };

	buf_str(&name, p->map_name);
	if (p->spark_key.len > 0) {
		buf_str(&name, ", ");
		buf_add(&name, p->spark_key.data, p->spark_key.len);
	}
	if (name.failed || p->spark_key.failed ||
	    heat_add(p->options.heat, &p->source.heat, name.data, name.len, h,
		time) == -1)
		rec->run.out->failed = true;
	buf_free(&name);
}
