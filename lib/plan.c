#include <stdlib.h>

#include "plan-form.h"
#include "report.h"
#include "util.h"

static const struct form *const forms[] = {
	[PLAN_JSON] = &form_json,
	[PLAN_CSV] = &form_csv,
	[PLAN_TSV] = &form_tsv,
	[PLAN_TABLE] = &form_table,
	[PLAN_PLAIN] = &form_plain,
	[PLAN_RAW] = &form_raw,
};

struct part
plan_part(struct plan *p, size_t from)
{
	return (struct part){ .from = from, .to = steps_part(&p->steps) };
}

void
plan_column_parts(struct plan *p, enum step_style style)
{
	size_t from = steps_part(&p->steps);

	p->parts = calloc(p->columns.n + 1, sizeof(*p->parts));
	if (p->parts == NULL) {
		p->steps.failed = true;
		return;
	}
	for (size_t i = 0; i < p->columns.n; i++) {
		steps_value(&p->steps, &p->columns.v[i].place, style);
		p->parts[i] = plan_part(p, from);
		from = p->parts[i].to;
	}
}

bool
plan_is_narrowed(const struct plan *p)
{
	return p->options.ncolumns > 0;
}

static void
measure(struct plan *p)
{
	p->line.most = steps_most(&p->steps, p->line.from, p->line.to);
	for (size_t i = 0; p->parts != NULL && i < p->columns.n; i++)
		p->parts[i].most =
		    steps_most(&p->steps, p->parts[i].from, p->parts[i].to);
}

struct plan *
plan_new(const struct stream_header *h, unsigned int map,
    const struct plan_options *o)
{
	const struct stream_map *m = &h->maps[map];
	struct plan *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		report_nomem();
		return NULL;
	}
	p->form = forms[o->form];
	p->header = h;
	p->map = map;
	p->options = *o;
	p->record_size = m->value == TYPE_NONE ? stream_key_size(h, map)
					       : stream_record_size(h, map);
	p->steps.types = &h->types;
	p->steps.cpus = (size_t)m->cpus;
	p->steps.cpu_stride =
	    m->value == TYPE_NONE
		? 0
		: round_up_8((size_t)h->types.v[m->value].size);
	p->table.terminal = o->width;
	if (p->form->compile != NULL)
		p->form->compile(p);
	if (steps_end(&p->steps) == -1 || p->columns.failed ||
	    p->table.failed) {
		report_nomem();
		plan_free(p);
		return NULL;
	}
	measure(p);
	return p;
}

void
plan_free(struct plan *p)
{
	if (p == NULL)
		return;
	columns_free(&p->columns);
	steps_free(&p->steps);
	free(p->parts);
	table_free(&p->table);
	free(p->slots.v);
	buf_free(&p->scratch);
	free(p);
}

void
plan_head(const struct plan *p, struct buf *out)
{
	if (p->form->head != NULL)
		p->form->head(p, out);
}

size_t
plan_record_size(const struct plan *p)
{
	return p->record_size;
}

int
plan_record(struct plan *p, struct buf *out, uint64_t time_ns,
    const unsigned char *data, size_t len)
{
	struct run r = {
		.steps = &p->steps,
		.out = out,
		.scratch = &p->scratch,
		.clock = &p->clock,
		.data = data,
		.len = len,
		.time_ns = time_ns,
	};

	p->form->record(p, &r);
	return out->failed ? -1 : 0;
}

void
plan_round(const struct plan *p, struct buf *out)
{
	if (p->form->round != NULL && p->slots.v == NULL)
		buf_str(out, p->form->round);
}
