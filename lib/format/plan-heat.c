/*
 * PLAN_HEAT: collects the histograms of passes for a heat map.  What is a
 * histogram, and what it is called, is as in a table.
 */
#include <string.h>

#include "format/plan-column.h"
#include "picture/heat.h"

/* Keep the columns of the key: what else a value has changes from pass to pass,
 * and names no histogram. */
static void
keep_key_columns(struct plan *p)
{
	struct fields all = p->columns;

	p->columns = (struct fields){ .failed = all.failed };
	for (size_t i = 0; i < all.n; i++)
		if (strcmp(all.v[i].path, "key") == 0 ||
		    strncmp(all.v[i].path, "key.", 4) == 0)
			fields_add(&p->columns, &all.v[i]);
	fields_free(&all);
}

static void
compile_heat(struct plan *p)
{
	const struct stream_map *m = &p->header->maps[p->map];

	plan_table_compile(p);
	keep_key_columns(p);
	p->source.heat = (struct heat_source){
		.number = heat_source_number(p->options.heat, p->source.number),
		.open = p->source.heat.open,
		.time_ns = p->source.heat.time_ns,
		.interval_ns = m->polling.interval_ms * 1000000,
		.cumulative = !m->polling.clear_map,
	};
}

static void
layout_heat(struct plan *p)
{
	plan_add_column_parts(p, NULL);
}

static void
record_heat(struct plan *p, const struct plan_input *rec)
{
	struct hist h;

	if (p->buckets.set) {
		plan_add_to_buckets(p, rec);
		return;
	}
	if (p->slots.v != NULL) {
		h = plan_read_slots(p, rec);
		plan_start_spark(p, rec);
		plan_add_heat(p, rec, &h);
	}
	plan_draw_bars(p, rec);
}

const struct plan_ops plan_heat_ops = {
	.compile = compile_heat,
	.layout = layout_heat,
	.record = record_heat,
	.traits = { .histograms_only = true,
	    .document = true,
	    .option = "--heat" },
	.style = STYLE_VIS,
	.kinds = true,
	.instead = true,
	.deep = true,
	.draws = true,
};
