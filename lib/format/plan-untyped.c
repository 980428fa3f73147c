/* Plans for JSON records without types: no header describes them. */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "format/plan-column.h"

/* Add a column for a cell.  Returns 0, or -1 when memory ran out. */
static int
add_untyped_column(struct plan *p, const char *name, uint32_t cell)
{
	struct field c = { .place.type = TYPE_NONE };

	if (cell == JSON_ROW_NO_CELL ||
	    !array_room(p->cells, p->columns.n, p->cells_cap))
		return -1;
	p->cells[p->columns.n] = cell;
	c.name = c.path = strdup(name);
	if (c.name == NULL)
		return -1;
	fields_add(&p->columns, &c);
	free(c.name);
	return p->columns.failed ? -1 : 0;
}

/* The path of a cell as a string, in text; "" with text->failed set when memory
 * ran out. */
static const char *
path_of_cell(const struct plan *p, uint32_t cell, struct buf *text)
{
	text->len = 0;
	json_row_write_path(&p->row, cell, text);
	buf_chr(text, '\0');
	return text->failed ? "" : text->data;
}

/* Whether a path is name or a member of it. */
static bool
is_or_is_below(const char *path, const char *name)
{
	size_t n = strlen(name);

	return strncmp(path, name, n) == 0 &&
	       (path[n] == '\0' || path[n] == '.');
}

/* Add the columns of -c with that name: the value, or its members.  A name that
 * the first record lacks is kept, since later records may have it. */
static int
add_named_columns(struct plan *p, const char *name, size_t ncells)
{
	struct buf text = { 0 };
	size_t before = p->columns.n;
	int ret = 0;

	for (uint32_t i = 0; i < ncells && ret == 0; i++) {
		const char *path = path_of_cell(p, i, &text);

		if (is_or_is_below(path, name))
			ret = add_untyped_column(p, path, i);
	}
	if (text.failed)
		ret = -1;
	buf_free(&text);
	if (ret == -1 || p->columns.n > before)
		return ret;
	report_notice("the first record has no %s", name);
	return add_untyped_column(p, name, json_row_add(&p->row, name));
}

static int
add_untyped_columns(struct plan *p)
{
	size_t ncells = p->row.ncells;
	struct buf text = { 0 };
	int ret = 0;

	for (size_t i = 0; i < p->options.ncolumns && ret == 0; i++)
		ret = add_named_columns(p, p->options.columns[i], ncells);
	for (uint32_t i = CELL_TIME + 1;
	     i < ncells && ret == 0 && !plan_is_narrowed(p); i++)
		ret = add_untyped_column(p, path_of_cell(p, i, &text), i);
	if (!plan_is_narrowed(p))
		fields_make_unique(&p->columns);
	if (text.failed || p->columns.failed)
		ret = -1;
	buf_free(&text);
	return ret;
}

/* Collect the keys of the first record. */
static int
parse_first_record(struct plan *p, const char *text, size_t len)
{
	int ret;

	if (json_row_open(&p->row) == -1)
		return -1;
	json_row_add(&p->row, "@map");
	json_row_add(&p->row, "@time");
	p->row.collect = true;
	p->row.deep = p->ops->deep;
	ret = json_row_parse(&p->row, text, len);
	p->row.collect = false;
	p->full = p->row.full && p->ops->deep;
	return ret;
}

struct plan *
plan_new_untyped(const char *map, const struct plan_options *o,
    const char *text, size_t len, size_t *wrong_at)
{
	struct plan *p = plan_alloc(map, o);

	*wrong_at = 0;
	if (p == NULL) {
		report_nomem();
		return NULL;
	}
	if (parse_first_record(p, text, len) == -1 && !p->row.failed) {
		*wrong_at = p->row.wrong_at;
		plan_free(p);
		return NULL;
	}
	if (p->row.failed || add_untyped_columns(p) == -1 || p->row.failed ||
	    stack_view_new(&p->stacks.view, NULL, 0, o->symbols) == -1) {
		report_nomem();
		plan_free(p);
		return NULL;
	}
	/* Records without a map and a time need no columns for them. */
	if (p->row.cells[CELL_MAP].kind == JSON_VALUE_ABSENT &&
	    p->row.cells[CELL_TIME].kind == JSON_VALUE_ABSENT)
		p->options.bare = true;
	if (p->ops->guess != NULL)
		p->ops->guess(p);
	if (!p->full)
		plan_watch_members(p);
	if (!p->table.failed && !p->columns.failed && !p->row.failed)
		return p;
	report_nomem();
	plan_free(p);
	return NULL;
}
