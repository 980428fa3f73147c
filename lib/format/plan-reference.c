/* The JSON that the reference loader's library gives its callers. */
#include "format/plan-form.h"

static void
add_record(struct plan *p)
{
	bool first = true;

	columns_roots(&p->columns, p->header, p->map);
	columns_sort(&p->columns);
	steps_object(&p->steps, &p->columns, &first);
}

/* "key":{...},"value":{...} */
static void
add_key_value(struct plan *p)
{
	struct steps *s = &p->steps;

	plan_key_value_columns(p);
	for (size_t i = 0; i < p->columns.n; i++) {
		steps_text(s, i > 0 ? ",\"" : "\"");
		steps_text_in(s, p->columns.v[i].name, STYLE_JSON);
		steps_text(s, "\":");
		plan_add_object(p, &p->columns.v[i]);
	}
}

static void
compile_reference(struct plan *p)
{
	struct steps *s = &p->steps;

	s->reference = true;
	steps_text(s, "{");
	if (p->header->maps[p->map].source == STREAM_SAMPLE)
		add_key_value(p);
	else
		add_record(p);
	steps_text(s, "}\n");
	p->line = plan_part(p, 0);
}

const struct form form_reference = {
	.compile = compile_reference,
	.lines = true,
	.style = STYLE_JSON,
};
