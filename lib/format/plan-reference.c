/* PLAN_REFERENCE: the JSON that the reference loader's library hands to
 * callers. */
#include "format/plan-column.h"
#include "layout/typed-json.h"

static void
compile_reference(struct plan *p)
{
	struct formatter *s = &p->formatter;
	struct fields *columns = &p->columns;
	bool first = true;

	s->reference = true;
	formatter_add_text(s, "{");
	if (p->header->maps[p->map].source == STREAM_SAMPLE) {
		plan_add_key_and_value(p);
		for (size_t i = 0; i < columns->n; i++) {
			typed_json_write_key(
			    &s->texts, columns->v[i].name, &first);
			plan_add_object(p, &columns->v[i]);
		}
	} else {
		fields_add_roots(columns, p->header, p->map);
		fields_sort(columns);
		formatter_add_members(s, columns, &first);
	}
	formatter_add_text(s, "}\n");
	p->line = plan_end_part(p, 0);
}

const struct plan_ops plan_reference_ops = {
	.compile = compile_reference,
	.lines = true,
	.style = STYLE_JSON,
};
