#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/util.h"
#include "format/plan-column.h"
#include "format/plan-form.h"
#include "layout/typed-json.h"
#include "record/named-members.h"

static const struct plan_ops *const plan_forms[] = {
	[PLAN_JSON] = &plan_json_ops,
	[PLAN_CSV] = &plan_csv_ops,
	[PLAN_TSV] = &plan_tsv_ops,
	[PLAN_TABLE] = &plan_table_ops,
	[PLAN_PLAIN] = &plan_plain_ops,
	[PLAN_RAW] = &plan_raw_ops,
	[PLAN_ROWBINARY] = &plan_rowbinary_ops,
	[PLAN_FOLDED] = &plan_folded_ops,
	[PLAN_FLAME] = &plan_flame_ops,
	[PLAN_PPROF] = &plan_pprof_ops,
	[PLAN_HEAT] = &plan_heat_ops,
	[PLAN_TRACE] = &plan_trace_ops,
	[PLAN_PROM] = &plan_prom_ops,
	[PLAN_REFERENCE] = &plan_reference_ops,
};

const struct plan_traits *
plan_traits(enum plan_form form)
{
	return &plan_forms[form]->traits;
}

struct plan *
plan_alloc(const char *map, const struct plan_options *o)
{
	struct plan *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->ops = o->form == PLAN_TABLE && (o->color || o->screen || o->spark)
		     ? &plan_screen_ops
		     : plan_forms[o->form];
	p->options = *o;
	p->table.terminal = o->width;
	if (o->time != NULL)
		o->time->style = p->ops->style;
	p->map_name = strdup(map);
	if (p->map_name != NULL)
		return p;
	free(p);
	return NULL;
}

/* Set what texts of kinds need. */
static void
set_kinds(struct plan *p)
{
	static const enum field_texts texts[] = {
		[PLAN_KINDS_ALL] = FIELD_TEXTS_BESIDE,
		[PLAN_KINDS_NUMERIC] = FIELD_TEXTS_NONE,
		[PLAN_KINDS_TEXT] = FIELD_TEXTS_ALONE,
	};

	const struct clock_offsets *clocks =
	    p->options.clocks != NULL ? p->options.clocks
				      : stream_header_clocks(p->header);
	uint32_t host = p->header->maps[p->map].host;

	p->kinds = (struct kind_context){ .names = name_store_of(
					      p->options.names, host),
		.clocks = &clocks[host],
		.times = &p->kind_clock,
		.time = p->options.time,
		.arch = stream_header_arch(p->header, p->map) };
	p->formatter.context = &p->kinds;
	p->formatter.sql = p->options.sql;
	if (p->ops->kinds)
		p->formatter.kind_texts = texts[p->options.kinds];
}

bool
plan_chooses_host(const struct plan_options *o)
{
	for (size_t i = 0; i < o->ncolumns; i++)
		if (strcmp(o->columns[i], PLAN_HOST_COLUMN) == 0)
			return true;
	return false;
}

static int
compile_plan(struct plan *p, const struct stream_header *h, unsigned int map)
{
	const struct stream_map *m = &h->maps[map];
	struct plan_stacks *s = &p->stacks;

	p->header = h;
	p->map = map;
	p->source = plan_source_find(p->options.sources, h, map);
	p->formatter.types = &h->types;
	if (plan_chooses_host(&p->options) ||
	    (h->nhosts > 0 && !p->options.bare))
		p->host = stream_header_host(h, map);
	set_kinds(p);
	p->record = (struct plan_input){
		.run = { .formatter = &p->formatter,
		    .scratch = &p->scratch,
		    .clock = &p->clock,
		    .time = p->options.time },
		.has_time = true,
	};
	p->formatter.cpus = (size_t)m->cpus;
	if (!stream_find_last_array(
		h, map, &p->formatter.last_array, &p->formatter.last_offset))
		p->formatter.last_array = TYPE_NONE;
	if (m->value != TYPE_NONE)
		p->formatter.cpu_stride =
		    round_up_8((size_t)h->types.v[m->value].size);
	if (p->ops->compile == NULL)
		return 0;
	if (stack_view_new(&s->view, h, map,
		symbol_store_of(p->options.symbols, m->host)) == -1)
		return -1;
	p->formatter.stacks = s->view;
	p->ops->compile(p);
	if (p->ops->layout != NULL)
		p->ops->layout(p);
	return 0;
}

/* Complete the formatter.  Returns 0, or -1 when memory ran out. */
static int
finish_layout(struct plan *p)
{
	if (formatter_finish(&p->formatter) == -1 || p->columns.failed ||
	    p->table.failed)
		return -1;
	plan_measure_part(p, &p->line);
	for (size_t i = 0; p->parts != NULL && i < p->columns.n; i++)
		plan_measure_part(p, &p->parts[i]);
	if (p->ops->measure != NULL)
		p->ops->measure(p);
	return p->table.failed ? -1 : 0;
}

int
plan_layout_again(struct plan *p)
{
	struct formatter old = p->formatter, *f = &p->formatter;
	unsigned int terminal = p->table.terminal;

	if (p->ops->layout == NULL)
		return 0;
	formatter_free(f);
	f->types = old.types;
	f->cpus = old.cpus;
	f->cpu_stride = old.cpu_stride;
	f->reference = old.reference;
	f->stacks = old.stacks;
	f->context = old.context;
	f->sql = old.sql;
	f->kind_texts = old.kind_texts;
	f->last_array = old.last_array;
	f->last_offset = old.last_offset;
	free(p->parts);
	free(p->cell_steps);
	p->parts = NULL;
	p->cell_steps = NULL;
	table_free(&p->table);
	p->table = (struct table){ .terminal = terminal };
	p->ops->layout(p);
	return finish_layout(p);
}

struct plan *
plan_new(const struct stream_header *h, unsigned int map,
    const struct plan_options *o)
{
	struct plan *p = plan_alloc(h->maps[map].name, o);

	if (p != NULL && compile_plan(p, h, map) == 0 && finish_layout(p) == 0)
		return p;
	report_nomem();
	plan_free(p);
	return NULL;
}

void
plan_free(struct plan *p)
{
	if (p == NULL)
		return;
	plan_source_keep(p->options.sources, &p->source);
	fields_free(&p->columns);
	formatter_free(&p->formatter);
	free(p->map_name);
	free(p->host_cell);
	free(p->map_cell);
	buf_free(&p->spark_key);
	free(p->added);
	free(p->parts);
	free(p->cell_steps);
	table_free(&p->table);
	free(p->slots.v);
	plan_free_bars(p);
	plan_free_buckets(p);
	plan_free_trace(p);
	plan_free_prom(p);
	stack_view_free(p->stacks.view);
	for (size_t i = 0; i < STACK_SIDES; i++)
		free(p->stacks.paths[i]);
	json_row_close(&p->row);
	free(p->cells);
	free(p->text_cells);
	fields_free(&p->respelled);
	buf_free(&p->respelling);
	buf_free(&p->scratch);
	buf_free(&p->whole);
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
	if (p->ops->head != NULL)
		p->ops->head(p, out);
}

const char *
plan_label(const struct plan *p)
{
	return plan_type_label(p);
}

static inline void
set_record(struct formatter_run *run, const struct stream_record *record)
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
	const struct formatter_part *line = &p->line;
	struct formatter_run *run = &p->record.run;

	run->out = out;
	p->graph_offset = 0;
	if (p->ops->lines) {
		for (; records < end; records++) {
			set_record(run, records);
			formatter_run(run, line->first, line->end, line->most);
		}
	} else {
		for (; records < end; records++) {
			set_record(run, records);
			p->ops->record(p, &p->record);
		}
	}
	return out->failed ? -1 : 0;
}

int
plan_record(struct plan *p, struct buf *out, uint64_t time_ns,
    const unsigned char *data, size_t len)
{
	const struct stream_record record = {
		.data = data,
		.len = len,
		.time_ns = time_ns,
		.map = p->map,
	};

	return plan_records(p, out, &record, 1);
}

int
plan_short_record(struct plan *p, struct buf *out, uint64_t time_ns,
    const unsigned char *data, size_t len)
{
	size_t size = p->header->maps[p->map].record_size;
	const unsigned char *whole = data;

	/* Some forms show the bytes as they are. */
	if (len < size && p->ops->compile != NULL) {
		p->whole.len = 0;
		if (buf_room(&p->whole, size) == NULL) {
			out->failed = true;
			return -1;
		}
		memcpy(p->whole.data, data, len);
		memset(p->whole.data + len, 0, size - len);
		whole = (const unsigned char *)p->whole.data;
	}
	return plan_record(p, out, time_ns, whole, len);
}

size_t
plan_graph_offset(const struct plan *p)
{
	return p->graph_offset;
}

void
plan_watch_members(struct plan *p)
{
	if (p->ops->layout == NULL && p->ops != &plan_plain_ops)
		return;
	if (plan_is_narrowed(p))
		return;
	if (p->header != NULL)
		json_row_add_typed(&p->row, p->header, p->map);
	p->row.news_left = JSON_ROW_NEWS_MAX;
}

static uint32_t
add_family_path(struct plan *p, const char *parent, const char *name)
{
	uint32_t cell;
	char *path;

	if (asprintf(&path, "%s%s", parent, name) == -1) {
		p->row.failed = true;
		return 0;
	}
	cell = json_row_add(&p->row, path);
	free(path);
	return cell;
}

/* Add the path of a column of texts: that of the value, of the text beside it,
 * and of the family of an address. */
static void
add_text_paths(struct plan *p, size_t i)
{
	const struct field *c = &p->columns.v[i];
	size_t n = strlen(c->path);
	char *path;

	if (c->place.shown == FIELD_TEXT_BESIDE)
		n -= strlen(FIELD_TEXT_SUFFIX);
	if (asprintf(&path, "%.*s" FIELD_TEXT_SUFFIX, (int)n, c->path) == -1) {
		p->row.failed = true;
		return;
	}
	if (!c->place.text_is_hidden)
		p->text_cells[i].told = json_row_add(&p->row, path);
	path[n] = '\0';
	p->cells[i] = json_row_add(&p->row, path);
	while (n > 0 && path[n - 1] != '.')
		n--;
	path[n] = '\0';
	if (c->place.kind == KIND_IP)
		p->text_cells[i].family =
		    add_family_path(p, path, c->place.member->as.arg);
	free(path);
}

/* Whether a type of the stream has a member with a kind. */
static bool
has_kinds(const struct types *t)
{
	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < t->v[i].nmembers; k++)
			if (t->v[i].members[k].as.kind != KIND_NONE)
				return true;
	return false;
}

/* Add the paths of the columns, stacks and slots to the row. */
static int
add_plan_paths(struct plan *p)
{
	bool respells = p->header != NULL && p->ops->respells &&
			(p->hist_json.slots || p->hist_json.key ||
			    has_kinds(&p->header->types));

	p->cells = calloc(p->columns.n + 1, sizeof(*p->cells));
	if (p->cells == NULL || json_row_open(&p->row) == -1)
		return -1;
	if (respells)
		fields_add_roots(&p->respelled, p->header, p->map);
	else
		p->text_cells =
		    calloc(p->columns.n + 1, sizeof(*p->text_cells));
	if (p->respelled.failed || (!respells && p->text_cells == NULL))
		return -1;
	json_row_add(&p->row, "@map");
	json_row_add(&p->row, "@time");
	if (plan_type_label(p) != NULL)
		p->type_cell = json_row_add(&p->row, "@type");
	if (p->host != NULL || (p->header != NULL && p->header->nhosts > 0)) {
		p->host_in_json = json_row_add(&p->row, "@host");
		p->host_index_in_json = json_row_add(&p->row, "@host_index");
	}
	for (size_t i = 0; i < p->columns.n; i++)
		if (!respells && p->columns.v[i].place.shown != FIELD_VALUE)
			add_text_paths(p, i);
		else
			p->cells[i] =
			    json_row_add(&p->row, p->columns.v[i].path);
	for (size_t i = 0; i < STACK_SIDES; i++)
		if (p->stacks.paths[i] != NULL)
			p->stacks.cells[i] =
			    json_row_add(&p->row, p->stacks.paths[i]);
	plan_add_bar_paths(p);
	plan_add_bucket_paths(p);
	plan_add_hist_paths(p);
	plan_add_trace_paths(p);
	if (p->slots.v != NULL) {
		p->slots_cell = json_row_add(&p->row, "value.slots");
		p->values_cell = json_row_add(&p->row, "values");
	}
	plan_watch_members(p);
	return p->row.failed ? -1 : 0;
}

/* Take the record with the texts of its kinds in place of the one that came. */
static int
respell_record(struct plan *p, struct plan_input *rec)
{
	const struct json_value record = { JSON_VALUE_OBJECT, rec->text,
		rec->text_len };
	struct typed_json j = plan_typed_json(p, rec);
	struct buf *out = &p->respelling;

	out->len = 0;
	j.hist_map = p->hist_json.slots ? &p->hist_json.map : NULL;
	typed_json_respell_texts(out, &j, &p->respelled, &record);
	if (p->hist_json.key)
		plan_write_key_bucket(p, out);
	if (out->failed || json_row_parse(&p->row, out->data, out->len) == -1)
		return -1;
	rec->text = out->data;
	rec->text_len = out->len;
	return 0;
}

int
plan_json_record(struct plan *p, struct buf *out, const char *text, size_t len,
    size_t *wrong_at)
{
	struct plan_input rec = {
		.run = { .out = out,
		    .clock = &p->clock,
		    .time = p->options.time },
		.is_json = true,
		.text = text,
		.text_len = len,
	};
	const struct json_value *time;

	if (p->row.keys == NULL && add_plan_paths(p) == -1) {
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
	if (p->respelled.n > 0 && respell_record(p, &rec) == -1) {
		out->failed = true;
		return -1;
	}
	p->ops->record(p, &rec);
	return out->failed ? -1 : 0;
}

void
plan_write_pass_separator(const struct plan *p, struct buf *out)
{
	if (p->ops->pass_separator != NULL && p->slots.v == NULL &&
	    p->bars.columns.n == 0 && !p->buckets.set)
		buf_str(out, p->ops->pass_separator);
}

bool
plan_collects(const struct plan *p)
{
	return p->buckets.set;
}

bool
plan_has_collected(const struct plan *p)
{
	return p->buckets.groups.n > 0;
}

void
plan_end_pass(struct plan *p, struct buf *out)
{
	if (p->buckets.set)
		plan_write_buckets(p, out);
	/* A map that is cleared holds what was counted since the last pass,
	 * which adds up; in any other each pass replaces the one before. */
	if (p->header != NULL && !p->header->maps[p->map].polling.clear_map)
		p->source.pass++;
	heat_end_pass(&p->source.heat);
	if (p->prom.group != NULL)
		metrics_end_pass(p->prom.group, p->prom.host);
	key_walk_end_pass(&p->prom.walk);
}

bool
plan_has_histograms(const struct plan *p)
{
	return plan_draws(p);
}

bool
plan_has_stacks(const struct plan *p)
{
	return p->stacks.view != NULL;
}

bool
plan_shows_names(const struct plan *p)
{
	for (size_t i = 0; i < p->formatter.nkinds; i++)
		if (named_members_has_kind(p->formatter.kinds[i].form.kind))
			return true;
	return false;
}

unsigned int
plan_shown_stacks(const struct plan *p)
{
	const struct formatter *s = &p->formatter;
	unsigned int sides = 0;

	if (p->stacks.view == NULL || p->header == NULL)
		return 0;
	for (unsigned int i = 0; i < STACK_SIDES; i++)
		if (p->stacks.paths[i] != NULL)
			sides |= 1U << i;
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].op == STEP_STACK)
			sides |= 1U << s->v[i].size;
	return sides;
}
