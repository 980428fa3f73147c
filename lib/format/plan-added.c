/*
 * Members of JSON records that the types in the header do not have, since a
 * filter between the program and here added them, as jq '.ms = .ns / 1e6' does.
 *
 * Those of the first record of a map become columns after the others, or where
 * -c names them.  Those that come later have no column, and their names are
 * handed to the caller, who says so.
 */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "format/plan-column.h"

bool
plan_takes_members(const struct plan *p)
{
	return p->ops->traits.adds_columns && p->header != NULL &&
	       p->row.keys == NULL && !plan_is_text(p) && !p->buckets.set &&
	       (p->ops->layout != NULL || plan_is_narrowed(p));
}

/* Insert a column for a member at a place among the others. */
static void
insert_column(
    struct plan *p, size_t at, const char *path, const struct json_value *v)
{
	struct field c = { .place = { .type = TYPE_NONE, .added = true } };
	struct fields *columns = &p->columns;

	if (!array_room(p->added, p->nadded, p->added_cap)) {
		columns->failed = true;
		return;
	}
	c.name = c.path = strdup(path);
	if (c.name == NULL) {
		columns->failed = true;
		return;
	}
	fields_add(columns, &c);
	free(c.name);
	if (columns->failed)
		return;
	c = columns->v[columns->n - 1];
	memmove(columns->v + at + 1, columns->v + at,
	    (columns->n - 1 - at) * sizeof(*columns->v));
	columns->v[at] = c;
	p->added[p->nadded++] = *v;
}

static bool
is_or_is_below(const char *path, const char *name)
{
	size_t n = strlen(name);

	return strncmp(path, name, n) == 0 &&
	       (path[n] == '\0' || path[n] == '.');
}

/* The members of the first record that are in a row from number first on. */
struct new_members {
	struct json_row *row; /* borrowed */
	uint32_t first;
	struct buf path;
};

/* The path of a member; "" for names of our own, and if memory runs out. */
static const char *
member_path(struct new_members *m, uint32_t cell)
{
	m->path.len = 0;
	json_row_write_path(m->row, cell, &m->path);
	buf_chr(&m->path, '\0');
	return m->path.failed || m->path.data[0] == '@' ? "" : m->path.data;
}

/* Add columns for the members that are below name.  Returns how many. */
static size_t
insert_members_below(
    struct plan *p, size_t at, const char *name, struct new_members *m)
{
	size_t n = 0;

	for (uint32_t k = m->first; k < m->row->ncells; k++) {
		const char *path = member_path(m, k);

		if (is_or_is_below(path, name))
			insert_column(p, at + n++, path, &m->row->cells[k]);
	}
	return n;
}

/* Whether the first record has a member that is, or is below, name. */
static bool
has_member(struct new_members *m, const char *name)
{
	for (uint32_t k = m->first; k < m->row->ncells; k++)
		if (is_or_is_below(member_path(m, k), name))
			return true;
	return false;
}

/* Whether it has any of the columns of -c. */
static bool
has_any_chosen(const struct plan *p, struct new_members *m)
{
	const struct plan_options *o = &p->options;

	for (size_t i = 0; i < o->ncolumns; i++)
		if (strcmp(o->columns[i], PLAN_HOST_COLUMN) == 0 ||
		    fields_has(p->header, p->map, o->columns[i]) ||
		    has_member(m, o->columns[i]))
			return true;
	return false;
}

/* Add columns for the members that -c names, each where it stands in the list.
 * One that the first record lacks may come later. */
static void
add_chosen_members(struct plan *p, struct new_members *m)
{
	const struct json_value absent = { JSON_VALUE_ABSENT, "", 0 };
	const struct plan_options *o = &p->options;
	size_t at = 0, n;

	for (size_t i = 0; i < o->ncolumns && !p->columns.failed; i++) {
		const char *name = o->columns[i];

		if (strcmp(name, PLAN_HOST_COLUMN) == 0)
			continue;
		if (fields_has(p->header, p->map, name)) {
			while (at < p->columns.n &&
			       is_or_is_below(p->columns.v[at].name, name))
				at++;
			continue;
		}
		n = insert_members_below(p, at, name, m);
		if (n == 0) {
			report_notice("the first record of map %s has no %s",
			    p->map_name, name);
			insert_column(p, at, name, &absent);
			n = 1;
		}
		at += n;
	}
}

static void
add_all_members(struct plan *p, struct new_members *m)
{
	for (uint32_t k = m->first; k < m->row->ncells; k++) {
		const char *path = member_path(m, k);

		if (*path != '\0')
			insert_column(p, p->columns.n, path, &m->row->cells[k]);
	}
}

int
plan_add_members(struct plan *p, const char *text, size_t len, size_t *wrong_at)
{
	struct json_row row;
	struct new_members m = { .row = &row };
	int ret = 0;

	if (json_row_open(&row) == -1)
		return -1;
	json_row_add_typed(&row, p->header, p->map);
	m.first = (uint32_t)row.ncells;
	row.collect = row.deep = true;
	if (json_row_parse(&row, text, len) == -1 && !row.failed) {
		*wrong_at = row.wrong_at;
		ret = -2;
	} else if (plan_is_narrowed(p) && !has_any_chosen(p, &m)) {
		if (!p->none_chosen)
			report_notice("map %s: its first record has none of "
				      "the columns of -c",
			    p->map_name);
		p->none_chosen = true;
		ret = 1;
	} else if (plan_is_narrowed(p)) {
		add_chosen_members(p, &m);
	} else {
		add_all_members(p, &m);
	}
	if (!plan_is_narrowed(p))
		fields_make_unique(&p->columns);
	p->full |= row.full;
	if (row.failed || m.path.failed || p->columns.failed ||
	    (ret == 0 && p->nadded > 0 && plan_layout_again(p) == -1))
		ret = -1;
	p->nadded = 0; /* their values are those of this record */
	buf_free(&m.path);
	json_row_close(&row);
	return ret;
}

const char *
plan_take_news(struct plan *p, bool *full)
{
	struct buf *news = &p->row.news;

	*full = p->full;
	p->full = false;
	if (news->len == 0)
		return NULL;
	buf_chr(news, '\0');
	news->len = 0;
	return news->failed ? NULL : news->data;
}
