#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "printer-screen.h"

enum { MAP_COLUMNS = 16 }; /* the most that the name of a map takes */

static const char *
name_of_rows(const struct plan *plan, const char *map)
{
	const char *label = plan_label(plan);

	return label != NULL ? label : map;
}

/* Widen *columns to the name. */
static void
fit_name(struct printer *p, const char *name, unsigned int *columns)
{
	size_t wide;

	p->next_head.len = 0;
	text_write(&p->next_head, name, strlen(name), STYLE_VIS);
	if (p->next_head.failed || p->next_head.len == 0)
		return;
	wide = utf8_columns(p->next_head.data, p->next_head.len);
	if (wide > *columns)
		*columns =
		    wide < MAP_COLUMNS ? (unsigned int)wide : MAP_COLUMNS;
}

static unsigned int
count_map_columns(struct printer *p)
{
	const struct stream_map *maps = p->in.header.maps;
	unsigned int columns = 1;

	if (p->shown < 2 || p->plan.bare)
		return 0;
	for (size_t i = 0; i < p->nplans; i++)
		if (p->plans[i] != NULL && !plan_is_text(p->plans[i]))
			fit_name(p, name_of_rows(p->plans[i], maps[i].name),
			    &columns);
	for (size_t i = 0; i < p->nuntyped; i++)
		fit_name(p, p->untyped[i].map, &columns);
	return columns;
}

void
printer_lay_out(struct printer *p)
{
	unsigned int columns, width = p->scroll.window.columns;
	int ret = 0;

	if (!p->scroll.on)
		return;
	columns = count_map_columns(p);
	for (size_t i = 0; i < p->nplans; i++)
		if (p->plans[i] != NULL)
			ret |= plan_set_screen(p->plans[i], width,
			    plan_is_text(p->plans[i]) ? 0 : columns);
	for (size_t i = 0; i < p->nuntyped; i++)
		ret |= plan_set_screen(p->untyped[i].plan, width, columns);
	if (ret == -1)
		p->out->failed = true;
}

void
printer_follow_window(struct printer *p)
{
	if (!scroll_was_resized(&p->scroll))
		return;
	p->plan.width = p->scroll.window.columns;
	printer_lay_out(p);
	/* Header lines of other widths have the same columns. */
	p->nheads = p->nlast_heads = 0;
}

bool
printer_rows_name_map(const struct printer *p, const struct plan *plan)
{
	return p->scroll.on && !plan_is_text(plan) &&
	       (p->shown < 2 || !p->plan.bare);
}

void
printer_screen_head(struct printer *p, const struct plan *plan, bool before_row)
{
	struct hash_key text = p->head_key;
	struct buf *out = &p->out->buf;
	size_t start = out->len;

	/* The names of maps that are lines of text are in no row. */
	p->head.len = 0;
	p->next_head.len = 0;
	plan_head(plan, &p->next_head);
	if (p->next_head.len == 0) {
		if (before_row && p->shown > 1 && p->printed && !p->blank)
			buf_chr(out, '\n');
	} else {
		hash_mix(&text, p->next_head.data, p->next_head.len);
		if (!scroll_has_head(&p->scroll, &text, before_row))
			buf_add(out, p->next_head.data, p->next_head.len);
	}
	printer_set_printed(p, start);
}
