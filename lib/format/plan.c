#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/util.h"
#include "format/plan-form.h"
#include "format/typed-json.h"

static const struct plan_ops *const forms[] = {
	[PLAN_JSON] = &plan_json_ops,
	[PLAN_CSV] = &plan_csv_ops,
	[PLAN_TSV] = &plan_tsv_ops,
	[PLAN_TABLE] = &plan_table_ops,
	[PLAN_PLAIN] = &plan_plain_ops,
	[PLAN_RAW] = &plan_raw_ops,
	[PLAN_FOLDED] = &plan_folded_ops,
	[PLAN_REFERENCE] = &plan_reference_ops,
};

struct program_part
plan_part(struct plan *p, size_t from)
{
	return (struct program_part){ .from = from,
		.to = program_end_part(&p->steps) };
}

void
plan_column_parts(struct plan *p)
{
	size_t from = program_end_part(&p->steps);

	p->parts = calloc(p->columns.n + 1, sizeof(*p->parts));
	if (p->parts == NULL) {
		p->steps.failed = true;
		return;
	}
	for (size_t i = 0; i < p->columns.n; i++) {
		program_add_value(
		    &p->steps, &p->columns.v[i].place, p->form->style);
		p->parts[i] = plan_part(p, from);
		from = p->parts[i].to;
	}
}

bool
plan_is_narrowed(const struct plan *p)
{
	return p->options.ncolumns > 0;
}

bool
plan_is_text(const struct plan *p)
{
	return p->header != NULL && p->header->maps[p->map].text;
}

static void
measure_part(const struct program *s, struct program_part *part)
{
	part->first = s->v + part->from;
	part->end = s->v + part->to;
	part->most = program_max_size(s, part->from, part->to);
}

static void
measure(struct plan *p)
{
	measure_part(&p->steps, &p->line);
	for (size_t i = 0; p->parts != NULL && i < p->columns.n; i++)
		measure_part(&p->steps, &p->parts[i]);
	if (p->form->measure != NULL)
		p->form->measure(p);
}

struct plan *
plan_new_form(const char *map, const struct plan_options *o)
{
	struct plan *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->form = forms[o->form];
	p->options = *o;
	p->table.terminal = o->width;
	p->map_name = strdup(map);
	if (p->map_name != NULL)
		return p;
	free(p);
	return NULL;
}

static int
compile(struct plan *p, const struct stream_header *h, unsigned int map)
{
	const struct stream_map *m = &h->maps[map];
	struct plan_stacks *s = &p->stacks;

	p->header = h;
	p->map = map;
	p->steps.types = &h->types;
	p->record = (struct plan_input){
		.run = { .steps = &p->steps,
		    .scratch = &p->scratch,
		    .clock = &p->clock },
		.has_time = true,
	};
	p->steps.cpus = (size_t)m->cpus;
	if (m->value != TYPE_NONE)
		p->steps.cpu_stride =
		    round_up_8((size_t)h->types.v[m->value].size);
	if (p->form->compile == NULL)
		return 0;
	if (stack_view_new(&s->view, h, map, p->options.symbols) == -1)
		return -1;
	p->steps.stacks = s->view;
	p->form->compile(p);
	return 0;
}

struct plan *
plan_new(const struct stream_header *h, unsigned int map,
    const struct plan_options *o)
{
	struct plan *p = plan_new_form(h->maps[map].name, o);

	if (p != NULL && compile(p, h, map) == 0 &&
	    program_finish(&p->steps) == 0 && !p->columns.failed &&
	    !p->table.failed) {
		measure(p);
		if (!p->table.failed)
			return p;
	}
	report_nomem();
	plan_free(p);
	return NULL;
}

void
plan_free(struct plan *p)
{
	if (p == NULL)
		return;
	fields_free(&p->columns);
	program_free(&p->steps);
	free(p->map_name);
	free(p->parts);
	free(p->cell_steps);
	table_free(&p->table);
	free(p->slots.v);
	stack_view_free(p->stacks.view);
	for (size_t i = 0; i < STACK_SIDES; i++)
		free(p->stacks.paths[i]);
	json_row_close(&p->row);
	free(p->cells);
	buf_free(&p->scratch);
	free(p);
}

struct plan **
plans_new(const struct stream_header *h, const struct plan_options *o)
{
	struct plan **plans = calloc(h->nmaps + 1, sizeof(*plans));

	if (plans == NULL) {
		report_nomem();
		return NULL;
	}
	for (size_t i = 0; i < h->nmaps; i++) {
		plans[i] = plan_new(h, (unsigned int)i, o);
		if (plans[i] == NULL) {
			plans_free(plans, i);
			return NULL;
		}
	}
	return plans;
}

void
plans_free(struct plan **plans, size_t n)
{
	for (size_t i = 0; plans != NULL && i < n; i++)
		plan_free(plans[i]);
	free(plans);
}

void
plan_head(const struct plan *p, struct buf *out)
{
	if (p->form->head != NULL)
		p->form->head(p, out);
}

static inline void
set_record(struct program_run *run, const struct stream_record *record)
{
	run->data = record->data;
	run->len = record->len;
	run->time_ns = record->time_ns;
}

int
plan_records(struct plan *p, struct buf *out,
    const struct stream_record *records, size_t n)
{
	const struct stream_record *end = records + n;
	const struct program_part *line = &p->line;
	struct program_run *run = &p->record.run;

	run->out = out;
	p->cut = 0;
	if (p->form->lines) {
		for (; records < end; records++) {
			set_record(run, records);
			program_run(run, line->first, line->end, line->most);
		}
	} else {
		for (; records < end; records++) {
			set_record(run, records);
			p->form->record(p, &p->record);
		}
	}
	return out->failed ? -1 : 0;
}

int
plan_record(struct plan *p, struct buf *out, uint64_t time_ns,
    const unsigned char *data, size_t len)
{
	const struct stream_record record = { data, len, time_ns, p->map };

	return plan_records(p, out, &record, 1);
}

size_t
plan_cut(const struct plan *p)
{
	return p->cut;
}

/* The cells of the columns, in their order, and of the slots. */
static int
find_cells(struct plan *p)
{
	p->cells = calloc(p->columns.n + 1, sizeof(*p->cells));
	if (p->cells == NULL || json_row_open(&p->row) == -1)
		return -1;
	json_row_add(&p->row, "@map");
	json_row_add(&p->row, "@time");
	for (size_t i = 0; i < p->columns.n; i++)
		p->cells[i] = json_row_add(&p->row, p->columns.v[i].path);
	for (size_t i = 0; i < STACK_SIDES; i++)
		if (p->stacks.paths[i] != NULL)
			p->stacks.cells[i] =
			    json_row_add(&p->row, p->stacks.paths[i]);
	if (p->slots.v != NULL) {
		p->slots_cell = json_row_add(&p->row, "value.slots");
		p->values_cell = json_row_add(&p->row, "values");
	}
	return p->row.failed ? -1 : 0;
}

int
plan_json_record(struct plan *p, struct buf *out, const char *text, size_t len,
    size_t *wrong_at)
{
	struct plan_input rec = {
		.run = { .out = out, .clock = &p->clock },
		.is_json = true,
		.text = text,
		.text_len = len,
	};
	const struct json_value *time;

	if (p->row.keys == NULL && find_cells(p) == -1) {
		out->failed = true;
		return -1;
	}
	if (json_row_parse(&p->row, text, len) == -1) {
		*wrong_at = p->row.wrong_at;
		return -2;
	}
	time = &p->row.cells[CELL_TIME];
	rec.has_time =
	    time->kind == JSON_VALUE_STRING &&
	    clock_parse(time->text + 1, time->len - 2, &rec.run.time_ns) == 0;
	p->form->record(p, &rec);
	return out->failed ? -1 : 0;
}

const struct json_value *
plan_cell(const struct plan *p, size_t i)
{
	return &p->row.cells[p->cells[i]];
}

/* Whether a column of a JSON record is a stack: by its place, or where nobody
 * knows that by its looks. */
static bool
is_stack(const struct plan *p, size_t i)
{
	const struct field_place *at = &p->columns.v[i].place;

	return p->header == NULL
		   ? stack_view_is_stack(plan_cell(p, i))
		   : stack_view_side(p->stacks.view, at) != STACK_SIDES;
}

/* Whether the text of a cell depends on its type, and not on who wrote it. */
static bool
needs_type(const struct plan *p, size_t i)
{
	const struct json_value *cell = plan_cell(p, i);
	const struct type *type;

	if (p->header == NULL)
		return false;
	type = field_place_type(&p->header->types, &p->columns.v[i].place);
	return type != NULL && (cell->kind >= JSON_VALUE_ARRAY ||
				   (type->kind == TYPE_FLOAT &&
				       cell->kind == JSON_VALUE_SCALAR));
}

/* Not inlined: plan_write_column() stays short for binary records, which are
 * the most. */
static void __attribute__((noinline))
write_json_column(struct plan *p, struct buf *out, size_t i)
{
	enum style style = p->form->style;
	const struct json_value *cell = plan_cell(p, i);
	struct buf *text = &p->scratch;

	if (plan_is_text(p) && cell->kind == JSON_VALUE_STRING) {
		json_row_decode(&p->row, cell);
		style_write_line(
		    out, p->row.scratch.data, p->row.scratch.len, style);
	} else if (p->stacks.view != NULL && style != STYLE_JSON &&
		   is_stack(p, i)) {
		stack_view_read_json(p->stacks.view, cell);
		stack_view_write(p->stacks.view, out, style);
	} else if (style != STYLE_JSON && needs_type(p, i)) {
		text->len = 0;
		typed_json_write(text, &p->header->types,
		    &p->columns.v[i].place, cell, p->steps.reference);
		style_write(out, text->data, text->len, style);
		out->failed |= text->failed;
	} else {
		json_row_write_cell(&p->row, cell, out, style);
	}
}

void
plan_write_column(struct plan *p, const struct plan_input *rec, size_t i)
{
	const struct program_part *part;

	if (rec->is_json) {
		write_json_column(p, rec->run.out, i);
		return;
	}
	part = &p->parts[i];
	program_run(&rec->run, part->first, part->end, part->most);
}

void
plan_write_time(const struct plan_input *rec)
{
	struct buf *out = rec->run.out;
	char *p = buf_room(out, CLOCK_LOCAL_LEN);

	if (p == NULL)
		return;
	if (rec->has_time)
		clock_local(rec->run.clock, p, rec->run.time_ns);
	else
		memset(p, ' ', CLOCK_LOCAL_LEN);
	out->len += CLOCK_LOCAL_LEN;
}

void
plan_round(const struct plan *p, struct buf *out)
{
	if (p->form->round != NULL && p->slots.v == NULL)
		buf_str(out, p->form->round);
}

void
plan_end_pass(struct plan *p)
{
	/* What a cleared map holds was counted since the last pass; else a
	 * pass has all that was counted ever. */
	if (p->header != NULL && !p->header->maps[p->map].polling.clear_map)
		p->fold.pass++;
}

bool
plan_has_stacks(const struct plan *p)
{
	return p->stacks.view != NULL;
}
