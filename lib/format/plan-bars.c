/*
 * Histograms inside of values, for the table: a member slots of a nested
 * struct, and arrays of structs with a member slots, such as the variable
 * "struct hist hists[10]" of a section.
 */
#include <stdlib.h>
#include <string.h>

#include "format/plan-column.h"

/* Whether a type is an array of integers whose slots can be counted. */
static bool
is_slots_array(const struct types *t, uint32_t id)
{
	const struct type *array = types_get(t, id), *of;

	if (array->kind != TYPE_ARRAY || array->count == 0)
		return false;
	of = types_get(t, array->of);
	return of->kind == TYPE_INT && of->size <= sizeof(uint64_t);
}

/* Sets *bar for slots of this array type, offset bytes into an element. */
static void
set_bar(
    struct plan_bar *bar, const struct types *t, uint32_t array, size_t offset)
{
	const struct type *type = types_get(t, array);

	bar->offset = offset;
	bar->count = (size_t)type->count;
	bar->size = (size_t)types_get(t, type->of)->size;
	bar->is_signed = types_get(t, type->of)->is_signed;
}

/* The part of a name after its last dot. */
static const char *
last_name(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL ? dot + 1 : name;
}

/* Whether a column is drawn as bars; then sets *bar. */
static bool
find_bar(const struct types *t, const struct field *c, struct plan_bar *bar)
{
	const struct type *type = field_place_type(t, &c->place), *of;

	*bar = (struct plan_bar){ .elements = 1 };
	if (type == NULL || type->kind != TYPE_ARRAY || type->count == 0 ||
	    c->place.cpus == FIELD_CPUS_ALL)
		return false;
	if (strcmp(last_name(c->name), "slots") == 0 &&
	    is_slots_array(t, c->place.type)) {
		set_bar(bar, t, c->place.type, 0);
		bar->member = c->place.member;
		return true;
	}
	of = types_get(t, type->of);
	if (of->kind != TYPE_STRUCT)
		return false;
	for (size_t i = 0; i < of->nmembers; i++) {
		const struct type_member *m = &of->members[i];

		if (strcmp(m->name, "slots") != 0 ||
		    !is_slots_array(t, m->type))
			continue;
		set_bar(bar, t, m->type, (size_t)m->offset);
		bar->member = m;
		bar->elements = (size_t)type->count;
		bar->stride = (size_t)of->size;
		return true;
	}
	return false;
}

static void
add_bar(struct plan *p, const struct plan_bar *bar, const struct field *c)
{
	struct plan_bars *b = &p->bars;
	struct plan_bar *v = reallocarray(b->v, b->columns.n + 1, sizeof(*v));

	if (v != NULL) {
		b->v = v;
		v[b->columns.n] = *bar;
		fields_add(&b->columns, c);
	}
	if (bar->count > b->most)
		b->most = bar->count;
	p->formatter.failed |= v == NULL || b->columns.failed;
}

bool
plan_find_bars(struct plan *p)
{
	const struct stream_map *m = &p->header->maps[p->map];
	struct plan_bars *b = &p->bars;
	struct fields all = p->columns;
	struct plan_bar bar;

	if (m->source != STREAM_SAMPLE || m->sample == SAMPLE_EXP2_HIST ||
	    plan_is_narrowed(p))
		return false;
	p->columns = (struct fields){ .failed = all.failed };
	for (size_t i = 0; i < all.n; i++) {
		if (strncmp(all.v[i].path, "value.", 6) == 0 &&
		    find_bar(&p->header->types, &all.v[i], &bar))
			add_bar(p, &bar, &all.v[i]);
		else
			fields_add(&p->columns, &all.v[i]);
	}
	fields_free(&all);
	if (b->columns.n == 0)
		return false;
	b->slots = calloc(b->most, sizeof(*b->slots));
	b->cells = calloc(b->columns.n, sizeof(*b->cells));
	p->formatter.failed |= b->slots == NULL || b->cells == NULL;
	return true;
}

void
plan_free_bars(struct plan *p)
{
	fields_free(&p->bars.columns);
	free(p->bars.v);
	free(p->bars.slots);
	free(p->bars.cells);
}

void
plan_add_bar_paths(struct plan *p)
{
	for (size_t i = 0; i < p->bars.columns.n; i++)
		p->bars.cells[i] =
		    json_row_add(&p->row, p->bars.columns.v[i].path);
}

/* Draws the slots that were read, of one element, unless all are zero. */
static void
draw_bar(
    struct plan *p, const struct plan_input *rec, size_t column, size_t element)
{
	const struct plan_bar *bar = &p->bars.v[column];
	const char *name = p->bars.columns.v[column].name;
	size_t len = strlen(name), i = 0;
	struct buf *out = rec->run.out;
	const struct hist_scale scale = plan_hist_scale(p, bar->member);
	struct hist h = plan_make_hist(
	    p, &scale, p->bars.slots, bar->count, bar->is_signed);

	while (i < bar->count && p->bars.slots[i] == 0)
		i++;
	if (i == bar->count)
		return;
	/* "a.slots" is the histogram of a. */
	if (bar->stride == 0)
		len = last_name(name) == name ? 0 : len - strlen(".slots");
	if (p->options.spark || p->options.form == PLAN_HEAT) {
		out = plan_start_spark(p, rec);
		if (out->len > 0 && len > 0)
			buf_str(out, ", ");
	}
	text_write(out, name, len, STYLE_VIS);
	if (bar->stride != 0)
		buf_printf(out, "[%zu]", element);
	if (p->options.form == PLAN_HEAT) {
		plan_add_heat(p, rec, &h);
		return;
	}
	if (p->options.spark) {
		plan_write_spark(p, rec, &h);
		return;
	}
	if (len > 0)
		buf_chr(out, '\n');
	plan_write_hist(p, &h, out);
}

static void
read_binary_bar(
    struct plan *p, const unsigned char *data, size_t column, size_t element)
{
	const struct plan_bar *bar = &p->bars.v[column];
	const struct field_place *at = &p->bars.columns.v[column].place;
	size_t cpus = at->cpus == FIELD_CPUS_SUM ? p->formatter.cpus : 1;

	data += at->offset + element * bar->stride + bar->offset;
	for (size_t i = 0; i < bar->count; i++, data += bar->size) {
		p->bars.slots[i] = 0;
		for (size_t c = 0; c < cpus; c++)
			p->bars.slots[i] +=
			    hist_load(data + c * p->formatter.cpu_stride,
				bar->size, bar->is_signed);
	}
}

/* Reads the numbers at the cursor, which stands before an array. */
static void
read_json_numbers(
    struct json_cursor *c, uint64_t *slots, const struct plan_bar *bar)
{
	struct json_value number;
	size_t i = 0;

	if (!json_cursor_enter(c))
		return;
	while (json_cursor_next_element(c) == 1 && json_cursor_read(c, &number))
		if (i < bar->count)
			slots[i++] = hist_load_json(&number, bar->is_signed);
}

/* Reads the member slots of the object at the cursor. */
static void
read_json_element(
    struct json_cursor *c, uint64_t *slots, const struct plan_bar *bar)
{
	struct json_value key, skipped;

	if (!json_cursor_enter(c))
		return;
	while (json_cursor_next_member(c, &key) == 1) {
		if (json_value_is(&key, "slots") &&
		    json_cursor_kind(c) == JSON_VALUE_ARRAY)
			read_json_numbers(c, slots, bar);
		else if (!json_cursor_read(c, &skipped))
			return;
	}
}

static void
draw_json_bars(struct plan *p, const struct plan_input *rec, size_t column)
{
	const struct plan_bar *bar = &p->bars.v[column];
	const struct json_value *cell = &p->row.cells[p->bars.cells[column]];
	uint64_t *slots = p->bars.slots;
	struct json_cursor c;

	if (cell->kind != JSON_VALUE_ARRAY)
		return;
	json_cursor_open(&c, cell->text, cell->len);
	memset(slots, 0, bar->count * sizeof(*slots));
	if (bar->stride == 0) {
		read_json_numbers(&c, slots, bar);
		draw_bar(p, rec, column, 0);
		return;
	}
	json_cursor_enter(&c);
	for (size_t i = 0;
	     i < bar->elements && json_cursor_next_element(&c) == 1 &&
	     json_cursor_kind(&c) == JSON_VALUE_OBJECT;
	     i++) {
		memset(slots, 0, bar->count * sizeof(*slots));
		read_json_element(&c, slots, bar);
		draw_bar(p, rec, column, i);
	}
}

void
plan_draw_bars(struct plan *p, const struct plan_input *rec)
{
	for (size_t i = 0; i < p->bars.columns.n; i++) {
		if (rec->is_json) {
			draw_json_bars(p, rec, i);
			continue;
		}
		for (size_t k = 0; k < p->bars.v[i].elements; k++) {
			read_binary_bar(p, rec->run.data, i, k);
			draw_bar(p, rec, i, k);
		}
	}
}
