/*
 * PLAN_TABLE for a screen: with colours, and with the map in each row in place
 * of a title above the rows.  These operations are chosen when a plan is made,
 * so that a table that is no more than text costs nothing for them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/text.h"
#include "base/utf8.h"
#include "format/plan-column.h"
#include "record/field-kind.h"

int
plan_set_screen(struct plan *p, unsigned int width, unsigned int map_columns)
{
	const char *label = plan_type_label(p);
	unsigned int rest = plan_table_columns(p, width);
	struct buf map = { 0 };

	if (map_columns > 0) {
		table_fill_text(
		    &map, label != NULL ? label : p->map_name, map_columns);
		buf_chr(&map, '\0');
		rest = rest > map_columns + 1 ? rest - map_columns - 1 : 1;
	}
	if (map.failed) {
		buf_free(&map);
		return report_nomem();
	}
	free(p->map_cell);
	p->map_cell = map.data;
	p->options.width = width;
	p->table.terminal = width == 0 ? 0 : rest;
	table_fit(&p->table);
	return 0;
}

static void
head_screen(const struct plan *p, struct buf *out)
{
	size_t start = out->len;

	if (!plan_has_head(p))
		return;
	plan_write_head(p, out);
	plan_paint(p, out, start, PAINT_HEAD);
	buf_chr(out, '\n');
}

/* Whether the text of column i says that something failed. */
static bool
is_error(const struct plan *p, size_t i, const char *text, size_t len)
{
	return p->columns.v[i].place.kind == KIND_ERRNO && len > 0 &&
	       (*text == '-' || *text == 'E');
}

static void
write_cell(struct plan *p, const struct plan_input *rec, size_t i, size_t cell,
    unsigned int *over)
{
	struct buf *out = rec->run.out;
	size_t start = table_start(cell, out);
	bool error;

	plan_write_column(p, rec, i);
	error =
	    !out->failed && is_error(p, i, out->data + start, out->len - start);
	table_cell(&p->table, cell, out, start, over);
	if (error)
		plan_paint(p, out, start, PAINT_ERROR);
}

static void
write_row(struct plan *p, const struct plan_input *rec)
{
	struct buf *out = rec->run.out;
	unsigned int over = 0;
	size_t cell = plan_start_row(p, rec, &over);

	for (size_t i = 0; i < p->columns.n; i++)
		write_cell(p, rec, i, cell++, &over);
	if (p->table.n > 0 || p->host_cell != NULL)
		buf_chr(out, '\n');
	if (p->stacks.view != NULL)
		plan_write_stacks(p, rec);
}

static void
record_screen(struct plan *p, const struct plan_input *rec)
{
	if (plan_has_head(p) && !plan_draws(p))
		write_row(p, rec);
	else
		plan_table_record(p, rec);
}

const struct plan_ops plan_screen_ops = {
	.compile = plan_table_compile,
	.layout = plan_table_layout,
	.head = head_screen,
	.record = record_screen,
	.guess = plan_table_guess,
	.traits.titled = true,
	.traits.adds_columns = true,
	.style = STYLE_VIS,
	.kinds = true,
	.instead = true,
	.deep = true,
	.draws = true,
	.pass_separator = "\n",
};
