#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "base/text.h"
#include "base/utf8.h"
#include "printer-plans.h"
#include "record/fields.h"

bool
printer_wants_map(const struct printer *p, const char *map)
{
	for (size_t i = 0; i < p->nmaps; i++)
		if (strcmp(p->maps[i], map) == 0)
			return true;
	return p->nmaps == 0;
}

/* Report that there is no map or column of that name, and list those there are.
 * Returns -1. */
static int
report_unknown_name(const struct printer *p, const char *what, const char *name,
    struct buf *names)
{
	buf_chr(names, '\0');
	if (names->failed)
		report_nomem();
	else
		report_error("%s: no %s \"%s\"; there %s", p->in.name, what,
		    name, names->data);
	buf_free(names);
	return -1;
}

/* Check a name of -m. */
static int
check_map_option(const struct printer *p, const char *name)
{
	const struct stream_header *h = &p->in.header;
	struct buf names = { 0 };
	size_t start;

	if (stream_header_find_map(h, name) != -1)
		return 0;
	buf_str(&names, h->nmaps == 1 ? "is " : "are ");
	start = names.len;
	for (size_t i = 0; i < h->nmaps; i++)
		if (stream_header_find_map(h, h->maps[i].name) == (int)i)
			buf_list(&names, start, h->maps[i].name);
	return report_unknown_name(p, "map", name, &names);
}

/* Whether JSON records may have columns that the header lacks. */
static bool
may_add_columns(const struct printer *p)
{
	return p->in.header.encoding == STREAM_JSON &&
	       plan_traits(p->plan.form)->adds_columns;
}

/* Whether some map that is shown has a column by its types. */
static bool
is_typed_column(const struct printer *p, const char *name)
{
	const struct stream_header *h = &p->in.header;

	for (unsigned int i = 0; i < h->nmaps; i++)
		if (printer_wants_map(p, h->maps[i].name) &&
		    fields_has(h, i, name))
			return true;
	return false;
}

/* Check a name of -c: some map that is shown has such a column, or may have
 * it. */
static int
check_column_option(const struct printer *p, const char *name)
{
	const struct stream_header *h = &p->in.header;
	struct fields columns = { 0 };
	struct buf names = { 0 };
	size_t start;

	if (strcmp(name, PLAN_HOST_COLUMN) == 0 || is_typed_column(p, name) ||
	    may_add_columns(p))
		return 0;
	for (unsigned int i = 0; i < h->nmaps; i++)
		if (printer_wants_map(p, h->maps[i].name))
			fields_add_selected(&columns, h, i, NULL, 0, true);
	names.failed |= columns.failed;
	fields_sort(&columns);
	buf_str(&names, "are ");
	start = names.len;
	for (size_t i = 0; i < columns.n; i++)
		if (i == 0 ||
		    strcmp(columns.v[i - 1].name, columns.v[i].name) != 0)
			buf_list(&names, start, columns.v[i].name);
	fields_free(&columns);
	return report_unknown_name(p, "column", name, &names);
}

/* Check a name of --gauge: a member of some map, or a map. */
static int
check_gauge_option(const struct printer *p, const char *name)
{
	const struct stream_header *h = &p->in.header;
	const char *dot = strchr(name, '.');

	if (is_typed_column(p, name) || stream_header_find_map(h, name) != -1)
		return 0;
	for (unsigned int i = 0; dot != NULL && i < h->nmaps; i++) {
		size_t n = strlen(h->maps[i].name);

		if (strncmp(name, h->maps[i].name, n) == 0 && name[n] == '.' &&
		    fields_has(h, i, name + n + 1))
			return 0;
	}
	report_error(
	    "%s: --gauge: no map has a member \"%s\"", p->in.name, name);
	return -1;
}

/* Whether the map has, or may have, any of the columns of -c. */
static bool
has_chosen_columns(const struct printer *p, unsigned int map)
{
	for (size_t i = 0; i < p->plan.ncolumns; i++)
		if (strcmp(p->plan.columns[i], PLAN_HOST_COLUMN) == 0 ||
		    fields_has(&p->in.header, map, p->plan.columns[i]) ||
		    (may_add_columns(p) &&
			!is_typed_column(p, p->plan.columns[i])))
			return true;
	return p->plan.ncolumns == 0;
}

static int
report_no_stacks(const struct printer *p)
{
	report_error("%s: %s: there are no stacks in the records", p->in.name,
	    plan_traits(p->plan.form)->option);
	return -1;
}

int
printer_report_no_histograms(const struct printer *p)
{
	report_error("%s: %s: there are no histograms in the records; make "
		     "some: skel-count --hist MEMBER --every 1s",
	    p->in.name, plan_traits(p->plan.form)->option);
	return -1;
}

static int
report_no_weight(const struct printer *p)
{
	report_error("%s: %s cannot be the weight of a stack: it is no integer "
		     "of at most 64 bits beside one",
	    p->in.name, p->plan.weight);
	return -1;
}

/* Whether a map of another host is shown that has the same name and types. */
static bool
is_like_another(const struct printer *p, unsigned int map)
{
	const struct stream_header *h = &p->in.header;
	const struct stream_map *m = &h->maps[map], *o = h->maps;

	if (m->host == 0)
		return false;
	for (unsigned int i = 0; o->host < m->host; i++, o++)
		if (p->plans[i] != NULL && o->value == m->value &&
		    o->key == m->key && strcmp(o->name, m->name) == 0)
			return true;
	return false;
}

/* Make the plan of a map, unless the map is not shown: --folded shows only maps
 * that have stacks, and what weighs them.  *has_stacks is set if it lacks only
 * that.  Returns 0 or -1. */
static int
open_plan(struct printer *p, unsigned int map, bool *has_stacks)
{
	const struct stream_header *h = &p->in.header;
	struct plan **plan = &p->plans[map];

	if (!printer_wants_map(p, h->maps[map].name) ||
	    !has_chosen_columns(p, map))
		return 0;
	if ((*plan = plan_new(h, map, &p->plan)) == NULL)
		return -1;
	if (plan_traits(p->plan.form)->stacks_only &&
	    (!plan_has_stacks(*plan) || plan_lacks_weight(*plan))) {
		*has_stacks |= plan_has_stacks(*plan);
		plan_free(*plan);
		*plan = NULL;
		return 0;
	}
	if (plan_traits(p->plan.form)->histograms_only &&
	    !plan_has_histograms(*plan)) {
		plan_free(*plan);
		*plan = NULL;
		return 0;
	}
	p->shown += !is_like_another(p, map);
	return 0;
}

/* The columns that the names of hosts need in a table. */
static unsigned int
count_host_columns(struct printer *p)
{
	const struct stream_header *h = &p->in.header;
	size_t most = 0, wide;

	for (size_t i = 0; i < h->nhosts; i++) {
		const char *host = h->hosts[i].host;

		p->next_head.len = 0;
		text_write(&p->next_head, host, strlen(host), STYLE_VIS);
		if (p->next_head.failed || p->next_head.len == 0)
			continue;
		wide = utf8_columns(p->next_head.data, p->next_head.len);
		most = wide > most ? wide : most;
	}
	return (unsigned int)most;
}

/* Check that each --pair means something in the maps that are shown. */
static int
check_pairs(const struct printer *p)
{
	struct trace_pair *pairs;
	size_t n = p->plan.trace == NULL
		       ? 0
		       : trace_events_pairs(p->plan.trace, &pairs);

	for (size_t i = 0; i < n; i++) {
		if (pairs[i].found)
			continue;
		report_error("%s: --pair %s: no map is called so, and no "
			     "integer or enum has these values",
		    p->in.name, pairs[i].text);
		return -1;
	}
	return 0;
}

/* Whether all plans are of one map, with the same columns: of several hosts. */
static bool
is_one_table(const struct printer *p)
{
	const struct stream_map *maps = p->in.header.maps;
	struct buf first = { 0 }, head = { 0 };
	const char *map = NULL;
	bool same = true;

	for (size_t i = 0; i < p->nplans && same; i++) {
		if (p->plans[i] == NULL)
			continue;
		head.len = 0;
		plan_head(p->plans[i], map == NULL ? &first : &head);
		if (map != NULL)
			same = strcmp(map, maps[i].name) == 0 &&
			       head.len == first.len &&
			       memcmp(head.data, first.data, head.len) == 0;
		map = maps[i].name;
	}
	same &= !first.failed && !head.failed;
	buf_free(&first);
	buf_free(&head);
	return same;
}

int
printer_open_plans(struct printer *p)
{
	const struct stream_header *h = &p->in.header;
	bool has_stacks = false;

	for (size_t i = 0; i < h->nmaps && p->symbols == NULL; i++)
		if (h->maps[i].interpreter != NULL &&
		    ((p->symbols = symbol_store_new()) == NULL ||
			symbol_store_set_hosts(p->symbols, h->nhosts) == -1))
			return -1;
	p->plan.symbols = p->symbols;
	if (p->names == NULL &&
	    ((p->names = name_store_new()) == NULL ||
		name_store_set_hosts(p->names, h->nhosts) == -1))
		return -1;
	p->plan.names = p->names;
	p->plan.host_columns = count_host_columns(p);
	for (size_t i = 0; i < p->nmaps; i++)
		if (check_map_option(p, p->maps[i]) == -1)
			return -1;
	for (size_t i = 0; i < p->plan.ncolumns; i++)
		if (check_column_option(p, p->plan.columns[i]) == -1)
			return -1;
	if (p->plan.weight != NULL &&
	    check_column_option(p, p->plan.weight) == -1)
		return -1;
	for (size_t i = 0; i < p->plan.ngauges; i++)
		if (check_gauge_option(p, p->plan.gauges[i]) == -1)
			return -1;
	p->plans = calloc(h->nmaps + 1, sizeof(struct plan *));
	if (p->plans == NULL)
		return report_nomem();
	p->nplans = h->nmaps;
	for (unsigned int i = 0; i < h->nmaps; i++)
		if (open_plan(p, i, &has_stacks) == -1)
			return -1;
	if (plan_traits(p->plan.form)->one_table && !is_one_table(p)) {
		report_error("%s: the rows of several maps have no columns in "
			     "common; choose one with -m",
		    p->in.name);
		return -1;
	}
	if (check_pairs(p) == -1)
		return -1;
	if (p->shown > 0)
		return 0;
	if (plan_traits(p->plan.form)->histograms_only)
		return printer_report_no_histograms(p);
	if (!plan_traits(p->plan.form)->stacks_only)
		return 0;
	return has_stacks ? report_no_weight(p) : report_no_stacks(p);
}

struct untyped_map *
printer_find_untyped(struct printer *p, const char *map)
{
	for (size_t i = 0; i < p->nuntyped; i++)
		if (strcmp(p->untyped[i].map, map) == 0)
			return &p->untyped[i];
	return NULL;
}

struct untyped_map *
printer_add_untyped(struct printer *p, const char *map, const char *text,
    size_t len, size_t *wrong_at)
{
	struct untyped_map *u;

	*wrong_at = 0;
	if (!array_room(p->untyped, p->nuntyped, p->untyped_cap)) {
		report_nomem();
		return NULL;
	}
	u = &p->untyped[p->nuntyped];
	*u = (struct untyped_map){ strdup(map),
		plan_new_untyped(map, &p->plan, text, len, wrong_at) };
	if (u->map != NULL && u->plan != NULL) {
		p->nuntyped++;
		p->shown++;
		return u;
	}
	free(u->map);
	plan_free(u->plan);
	return NULL;
}

int
printer_check_untyped(const struct printer *p)
{
	if (!plan_traits(p->plan.form)->stacks_only || p->nuntyped == 0)
		return 0;
	for (size_t i = 0; i < p->nuntyped; i++)
		if (plan_has_stacks(p->untyped[i].plan))
			return 0;
	return report_no_stacks(p);
}

void
printer_close_plans(struct printer *p)
{
	plans_free(p->plans, p->nplans);
	p->plans = NULL;
	p->nplans = p->shown = 0;
	for (size_t i = 0; i < p->nuntyped; i++) {
		free(p->untyped[i].map);
		plan_free(p->untyped[i].plan);
	}
	free(p->untyped);
	p->untyped = NULL;
	p->nuntyped = p->untyped_cap = 0;
	symbol_store_free(p->symbols);
	p->symbols = NULL;
	p->plan.symbols = NULL;
	name_store_free(p->names);
	p->names = NULL;
	p->plan.names = NULL;
}
