/*
 * The forms whose line is one stretch of steps: JSON, CSV and TSV; and raw,
 * which has none.
 */
#include <string.h>

#include "plan-form.h"

static const struct stream_map *
map_of(const struct plan *p)
{
	return &p->header->maps[p->map];
}

static void
record_line(struct plan *p, const struct run *r)
{
	steps_run(r, p->line.from, p->line.to, p->line.most);
}

static void
compile_json(struct plan *p)
{
	const struct plan_options *o = &p->options;
	struct steps *s = &p->steps;
	bool first = o->bare;

	steps_text(s, "{");
	if (!o->bare) {
		steps_text(s, "\"@map\":\"");
		steps_text_in(s, map_of(p)->name, STYLE_JSON);
		steps_text(s, "\",\"@time\":\"");
		steps_add(s, STEP_TIME_UTC);
		steps_text(s, "\"");
	}
	if (!plan_is_narrowed(p))
		columns_roots(&p->columns, p->header, p->map);
	else
		columns_select(&p->columns, p->header, p->map, o->columns,
		    o->ncolumns, false);
	steps_object(s, &p->columns, &first);
	steps_text(s, "}\n");
	p->line = plan_part(p, 0);
}

const struct form form_json = {
	.compile = compile_json,
	.record = record_line,
};

/* What the two forms of separated fields differ in. */
struct separated {
	enum step_style style;
	const char *between, *end;
};

static const struct separated csv = { STYLE_CSV, ",", "\r\n" };
static const struct separated tsv = { STYLE_TSV, "\t", "\n" };

static void
compile_separated(struct plan *p, const struct separated *how)
{
	const struct plan_options *o = &p->options;
	struct steps *s = &p->steps;

	columns_select(
	    &p->columns, p->header, p->map, o->columns, o->ncolumns, true);
	if (!o->bare) {
		steps_text_in(s, map_of(p)->name, how->style);
		steps_text(s, how->between);
		steps_add(s, STEP_TIME_UTC);
	}
	for (size_t i = 0; i < p->columns.n; i++) {
		if (i > 0 || !o->bare)
			steps_text(s, how->between);
		steps_value(s, &p->columns.v[i].place, how->style);
	}
	steps_text(s, how->end);
	p->line = plan_part(p, 0);
}

static void
head_separated(
    const struct plan *p, struct buf *out, const struct separated *how)
{
	if (!p->options.bare) {
		buf_str(out, "@map");
		buf_str(out, how->between);
		buf_str(out, "@time");
	}
	for (size_t i = 0; i < p->columns.n; i++) {
		const char *name = p->columns.v[i].name;

		if (i > 0 || !p->options.bare)
			buf_str(out, how->between);
		steps_style(out, name, strlen(name), how->style);
	}
	buf_str(out, how->end);
}

static void
compile_csv(struct plan *p)
{
	compile_separated(p, &csv);
}

static void
head_csv(const struct plan *p, struct buf *out)
{
	head_separated(p, out, &csv);
}

static void
compile_tsv(struct plan *p)
{
	compile_separated(p, &tsv);
}

static void
head_tsv(const struct plan *p, struct buf *out)
{
	head_separated(p, out, &tsv);
}

const struct form form_csv = {
	.compile = compile_csv,
	.head = head_csv,
	.record = record_line,
};

const struct form form_tsv = {
	.compile = compile_tsv,
	.head = head_tsv,
	.record = record_line,
};

static void
record_raw(struct plan *p, const struct run *r)
{
	(void)p;
	buf_add(r->out, r->data, r->len);
}

const struct form form_raw = {
	.record = record_raw,
};
