/* PLAN_REFERENCE: the JSON that the reference loader's library hands to
 * callers. */
#include "format/plan-column.h"

static void
add_reference_members(struct plan *p)
{
	bool first = true;

	fields_add_roots(&p->columns, p->header, p->map);
	fields_sort(&p->columns);
	formatter_add_members(&p->formatter, &p->columns, &first);
}

/* Add "key":{...},"value":{...} for a sampled map. */
static void
add_reference_pair(struct plan *p)
{
	struct formatter *s = &p->formatter;

	plan_add_key_and_value(p);
	for (size_t i = 0; i < p->columns.n; i++) {
		formatter_add_text(s, i > 0 ? ",\"" : "\"");
		formatter_add_styled_text(s, p->columns.v[i].name, STYLE_JSON);
		formatter_add_text(s, "\":");
		plan_add_object(p, &p->columns.v[i]);
	}
}

static void
compile_reference(struct plan *p)
{
	struct formatter *s = &p->formatter;

	s->reference = true;
	formatter_add_text(s, "{");
	if (p->header->maps[p->map].source == STREAM_SAMPLE)
		add_reference_pair(p);
	else
		add_reference_members(p);
	formatter_add_text(s, "}\n");
	p->line = plan_end_part(p, 0);
}

const struct plan_ops plan_reference_ops = {
	.compile = compile_reference,
	.lines = true,
	.style = STYLE_JSON,
};
