#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "base/text.h"
#include "base/util.h"
#include "metrics/metrics-group.h"
#include "types/name-table.h"

enum {
	NAMES_TRIED = 1 << 16, /* numbers behind a name */
	KEYS_MORE = 1024,      /* keys of rows beyond twice the rows */
	STALE_MORE = 64,       /* rows of earlier passes beyond the live ones */
};

struct metrics *
metrics_new(size_t most)
{
	struct metrics *m = calloc(1, sizeof(*m));

	if (m == NULL)
		report_nomem();
	else
		m->most = most;
	return m;
}

static void
free_rows(struct metrics_group *g)
{
	g->metrics->series -= g->nrows * g->lines;
	hash_free(&g->keys);
	hash_free(&g->by_text);
	free(g->rows);
	free(g->cells);
	free(g->slots);
	buf_free(&g->texts);
	g->rows = NULL;
	g->cells = NULL;
	g->slots = NULL;
	g->nrows = g->rows_cap = 0;
}

static void
free_group(struct metrics_group *g)
{
	free_rows(g);
	for (size_t i = 0; i < g->nlabels; i++)
		free(g->labels[i]);
	for (size_t i = 0; i < g->nfamilies; i++) {
		free(g->families[i].member);
		free(g->families[i].name);
		free(g->families[i].help);
		free(g->families[i].bounds);
		free(g->families[i].offsets);
	}
	free(g->labels);
	free(g->families);
	free(g->real);
	free(g->kept);
	for (size_t i = 0; i < g->nhosts; i++)
		free(g->hosts[i].name);
	free(g->hosts);
	free(g->program);
	free(g->map);
	free(g);
}

void
metrics_free(struct metrics *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->ngroups; i++)
		free_group(m->groups[i]);
	for (size_t i = 0; i < m->ncounts; i++) {
		free(m->counts[i]->program);
		free(m->counts[i]->map);
		free(m->counts[i]->host);
		free(m->counts[i]);
	}
	free(m->groups);
	free(m->counts);
	free(m);
}

struct metrics_group *
metrics_begin(struct metrics *m, const char *program, const char *map,
    bool adds_up, bool many)
{
	struct metrics_group *g = NULL;

	if (!array_room(m->groups, m->ngroups, m->groups_cap) ||
	    (g = calloc(1, sizeof(*g))) == NULL)
		goto nomem;
	*g = (struct metrics_group){ .metrics = m,
		.program = strdup(program),
		.map = strdup(map),
		.adds_up = adds_up,
		.many = many,
		.keys.size = sizeof(struct row_key),
		.by_text.size = sizeof(struct row_key) };
	if (g->program == NULL || g->map == NULL) {
		free_group(g);
		goto nomem;
	}
	if (hash_random(&g->first) == -1) {
		free_group(g);
		return NULL;
	}
	m->groups[m->ngroups++] = g;
	return g;

nomem:
	report_nomem();
	return NULL;
}

static bool
has_label(const struct metrics_group *g, const char *name)
{
	for (size_t i = 0; i < g->nlabels; i++)
		if (strcmp(g->labels[i], name) == 0)
			return true;
	return false;
}

int
metrics_add_label(struct metrics_group *g, const char *name)
{
	struct metric_name n;
	char text[METRIC_NAME_MAX + 16];

	metric_name_label(&n, name);
	snprintf(text, sizeof(text), "%s", n.text);
	for (size_t i = 2; has_label(g, text); i++)
		snprintf(text, sizeof(text), "%s_%zu", n.text, i);
	if (!array_room(g->labels, g->nlabels, g->labels_cap) ||
	    (g->labels[g->nlabels] = strdup(text)) == NULL)
		return report_nomem();
	g->nlabels++;
	return 0;
}

size_t
metrics_add_cell(struct metrics_group *g, bool real)
{
	size_t cap = g->cells_cap;

	if (!array_room(g->real, g->ncells, cap) ||
	    !array_room(g->kept, g->ncells, g->cells_cap)) {
		report_nomem();
		return METRICS_NONE;
	}
	g->real[g->ncells] = real;
	g->kept[g->ncells] = false;
	return g->ncells++;
}

/* Appends the text of HELP, in which a backslash and a newline are escaped, and
 * what is no UTF-8 becomes U+FFFD. */
static void
write_help(struct buf *out, const char *text)
{
	for (;;) {
		size_t n = strcspn(text, "\t\r");

		text_write(out, text, n, STYLE_TSV);
		if (text[n] == '\0')
			return;
		buf_chr(out, ' ');
		text += n + 1;
	}
}

/* Returns the help of a family: what the program says, or what can be said. */
static char *
make_help(const struct metrics_group *g, const struct metric_family_info *f)
{
	struct buf b = { 0 };

	/* Blanks alone are no help to promtool. */
	if (f->help != NULL && f->help[strspn(f->help, " \t\r")] != '\0') {
		write_help(&b, f->help);
	} else {
		if (f->type == METRIC_HISTOGRAM)
			buf_str(&b, "Histogram");
		else if (*f->member == '\0')
			buf_str(&b, "Value");
		else
			write_help(&b, f->member);
		buf_str(&b, " of map ");
		write_help(&b, g->map);
		buf_str(&b, " of ");
		write_help(&b, g->program);
	}
	buf_chr(&b, '\0');
	if (b.failed) {
		buf_free(&b);
		return NULL;
	}
	return b.data;
}

/* What the name of a family begins with; sets its unit. */
static struct metric_name
make_name(const struct metrics_group *g, struct family *f)
{
	struct metric_name n = { .len = 0 };

	metric_name_add(&n, g->program, false);
	if (n.len == 0)
		metric_name_add(&n, "skel", false);
	if (*f->member == '\0') {
		metric_name_add_once(&n, g->map);
	} else {
		metric_name_add(&n, g->map, false);
		metric_name_add_once(&n, f->member);
	}
	metric_name_set_unit(&n, &f->info.unit);
	if (f->info.type == METRIC_COUNTER)
		metric_name_end_counter(&n);
	else if (f->info.type == METRIC_HISTOGRAM)
		metric_name_end_histogram(&n);
	else
		metric_name_end_gauge(&n);
	return n;
}

/* Sets the name of a family, which none of those has, and its help.  Returns 0,
 * or -1 after reporting. */
static int
set_name(struct metrics_group *g, struct family *f, struct name_table *names)
{
	struct metric_name n = make_name(g, f);
	char text[METRIC_NAME_MAX + 16];

	snprintf(text, sizeof(text), "%s", n.text);
	for (int i = 2; name_table_find(names, 0, text) != NAME_NONE; i++) {
		if (i == NAMES_TRIED)
			return report_nomem();
		snprintf(text, sizeof(text), "%s_%d", n.text, i);
	}
	if (name_table_add(names, 0, text, 0) == -1)
		return -1;
	if (asprintf(&f->name, "%s%s", text,
		f->info.type == METRIC_COUNTER ? "_total" : "") == -1) {
		f->name = NULL;
		return report_nomem();
	}
	return 0;
}

/* Makes the bounds of a histogram.  The last slot has none but infinity. */
static int
make_bounds(struct family *f)
{
	struct buf b = { 0 };

	f->offsets = calloc(f->info.slots + 1, sizeof(*f->offsets));
	for (size_t i = 0; i < f->info.slots && f->offsets != NULL; i++) {
		uint64_t low, high;
		char text[METRICS_NUMBER_MAX];

		hist_bounds(&f->info.scale, i, &low, &high);
		f->offsets[i] = b.len;
		if (i + 1 == f->info.slots)
			buf_str(&b, "+Inf");
		else
			buf_add(&b, text,
			    (size_t)(metrics_write_integer(
					 text, (__int128)high, &f->info.unit) -
				     text));
		buf_chr(&b, '\0');
	}
	if (b.failed || f->offsets == NULL || b.data == NULL) {
		buf_free(&b);
		return report_nomem();
	}
	f->bounds = b.data;
	return 0;
}

size_t
metrics_add_family(struct metrics_group *g, const struct metric_family_info *i)
{
	struct family *f;

	if (g->metrics->nfamilies == METRICS_FAMILIES_MAX)
		return METRICS_NONE;
	if (!array_room(g->families, g->nfamilies, g->families_cap)) {
		report_nomem();
		return METRICS_NONE;
	}
	f = &g->families[g->nfamilies];
	*f = (struct family){ .member = strdup(i->member),
		.help = make_help(g, i),
		.info = *i,
		.cell = METRICS_NONE };
	g->nfamilies++;
	g->metrics->nfamilies++;
	if (f->member == NULL || f->help == NULL) {
		report_nomem();
		return METRICS_NONE;
	}
	f->info.member = f->info.help = NULL;
	if (i->type == METRIC_HISTOGRAM) {
		g->nslots = i->slots;
		g->lines += i->slots + 1 + (i->sum != METRICS_NONE);
		return 0;
	}
	g->lines++;
	if ((f->cell = metrics_add_cell(g, i->real)) != METRICS_NONE)
		g->kept[f->cell] = i->type == METRIC_GAUGE;
	return f->cell;
}

/* Whether two groups have the same labels and values. */
static bool
is_same(const struct metrics_group *a, const struct metrics_group *b)
{
	if (a->nlabels != b->nlabels || a->nfamilies != b->nfamilies ||
	    a->ncells != b->ncells || a->nslots != b->nslots ||
	    a->adds_up != b->adds_up || a->many != b->many)
		return false;
	for (size_t i = 0; i < a->nlabels; i++)
		if (strcmp(a->labels[i], b->labels[i]) != 0)
			return false;
	for (size_t i = 0; i < a->nfamilies; i++) {
		const struct metric_family_info *x = &a->families[i].info,
						*y = &b->families[i].info;

		if (x->type != y->type || x->real != y->real ||
		    x->unit.times != y->unit.times ||
		    x->unit.decimals != y->unit.decimals ||
		    x->scale.linear != y->scale.linear ||
		    x->scale.step != y->scale.step ||
		    x->scale.start != y->scale.start || x->sum != y->sum ||
		    strcmp(a->families[i].member, b->families[i].member) != 0 ||
		    strcmp(a->families[i].help, b->families[i].help) != 0)
			return false;
	}
	return true;
}

/* Adds the names of all other families.  Returns 0, or -1 after reporting. */
static int
note_names(const struct metrics *m, struct name_table *names)
{
	static const char *const own[] = { "skel_build_info", "skel_lost",
		"skel_records", "skel_left_out" };

	for (size_t i = 0; i < nitems(own); i++)
		if (name_table_add(names, 0, own[i], 0) == -1)
			return -1;
	for (size_t i = 0; i + 1 < m->ngroups; i++)
		for (size_t k = 0; k < m->groups[i]->nfamilies; k++) {
			struct family *f = &m->groups[i]->families[k];
			size_t n = strlen(f->name);

			/* Names are compared without what counters add. */
			if (f->info.type == METRIC_COUNTER)
				f->name[n - strlen("_total")] = '\0';
			if (name_table_add(names, 0, f->name, 0) == -1)
				return -1;
			if (f->info.type == METRIC_COUNTER)
				f->name[n - strlen("_total")] = '_';
		}
	return 0;
}

/* Removes a group but the last. */
static void
remove_group(struct metrics *m, size_t i)
{
	m->nfamilies -= m->groups[i]->nfamilies;
	free_group(m->groups[i]);
	m->ngroups--;
	memmove(m->groups + i, m->groups + i + 1,
	    (m->ngroups - i) * sizeof(struct metrics_group *));
}

struct metrics_group *
metrics_complete(struct metrics_group *g)
{
	struct metrics *m = g->metrics;
	struct name_table names = { 0 };
	int ret;

	for (size_t i = 0; i + 1 < m->ngroups; i++) {
		struct metrics_group *old = m->groups[i];

		if (strcmp(old->program, g->program) != 0 ||
		    strcmp(old->map, g->map) != 0)
			continue;
		if (is_same(old, g)) {
			metrics_abandon(g);
			old->users++;
			return old;
		}
		if (old->users == 0)
			remove_group(m, i--);
	}
	ret = note_names(m, &names);
	for (size_t i = 0; ret == 0 && i < g->nfamilies; i++) {
		ret = set_name(g, &g->families[i], &names);
		if (ret == 0 && g->families[i].info.type == METRIC_HISTOGRAM)
			ret = make_bounds(&g->families[i]);
	}
	name_table_free(&names);
	if (ret == 0) {
		g->users++;
		return g;
	}
	metrics_abandon(g);
	return NULL;
}

void
metrics_release(struct metrics_group *g)
{
	g->users--;
}

size_t
metrics_host(struct metrics_group *g, const char *name)
{
	for (size_t i = 0; i < g->nhosts; i++)
		if (strcmp(g->hosts[i].name, name) == 0)
			return i;
	if (!array_room(g->hosts, g->nhosts, g->hosts_cap) ||
	    (g->hosts[g->nhosts].name = strdup(name)) == NULL) {
		report_nomem();
		return METRICS_NONE;
	}
	g->hosts[g->nhosts].pass = 1;
	g->hosts[g->nhosts].touched = g->hosts[g->nhosts].live = 0;
	return g->nhosts++;
}

void
metrics_abandon(struct metrics_group *g)
{
	remove_group(g->metrics, g->metrics->ngroups - 1);
}

size_t
metrics_find(struct metrics_group *g, struct hash_key key)
{
	g->found = hash_find(&g->keys, key);
	return g->found == NULL ? METRICS_NONE : g->found->row;
}

size_t
metrics_place(const struct metrics_group *g)
{
	/* Keys are dropped all at once, so the first is the oldest. */
	return (
	    size_t)(g->found - (const struct row_key *)hash_at(&g->keys, 0));
}

uint64_t
metrics_era(const struct metrics_group *g)
{
	return g->era;
}

size_t
metrics_find_at(struct metrics_group *g, size_t place)
{
	g->found = hash_at(&g->keys, place);
	return g->found->row;
}

static void
forget_keys(struct metrics_group *g)
{
	hash_free(&g->keys);
	g->era++;
}

/* Appends the labels of a row to the texts: names, and values escaped. */
static void
write_labels(struct metrics_group *g, const struct buf *values)
{
	const char *p = values->data, *end = p + values->len;
	struct buf *out = &g->texts;

	for (size_t i = 0; i < g->nlabels && p < end; i++) {
		if (i > 0)
			buf_chr(out, ',');
		buf_str(out, g->labels[i]);
		buf_str(out, "=\"");
		for (; p < end && *p != '\0'; p++) {
			if (*p == '"' || *p == '\\')
				buf_chr(out, '\\');
			if (*p == '\n')
				buf_str(out, "\\n");
			else
				buf_chr(out, *p);
		}
		p++;
		buf_chr(out, '"');
	}
}

static struct hash_key
hash_text(const struct metrics_group *g, const char *text, size_t len)
{
	struct hash_key key = g->first;

	if (len > 0)
		hash_mix(&key, text, len);
	return key;
}

/* Forget the rows that are not live. */
static int
compact(struct metrics_group *g)
{
	struct buf texts = { 0 };
	size_t n = 0;

	forget_keys(g);
	hash_free(&g->by_text);
	for (size_t i = 0; i < g->nrows; i++) {
		struct row *r = &g->rows[i];
		const char *text = g->texts.data + r->text;
		struct row_key *k;

		if (!metrics_is_live(g, r))
			continue;
		k = hash_add(&g->by_text, hash_text(g, text, r->len));
		if (k == NULL)
			return report_nomem();
		k->row = (uint32_t)n;
		g->rows[n] = *r;
		g->rows[n].text = texts.len;
		g->rows[n].keys = 0;
		if (r->len > 0)
			buf_add(&texts, text, r->len);
		memmove(g->cells + n * g->ncells, g->cells + i * g->ncells,
		    g->ncells * sizeof(*g->cells));
		memmove(g->slots + n * g->nslots, g->slots + i * g->nslots,
		    g->nslots * sizeof(*g->slots));
		n++;
	}
	if (texts.failed) {
		buf_free(&texts);
		return report_nomem();
	}
	g->metrics->series -= (g->nrows - n) * g->lines;
	g->nrows = n;
	buf_free(&g->texts);
	g->texts = texts;
	return 0;
}

/* The counts of a map of events; made if there are none. */
static struct count *
find_count(
    struct metrics *m, const char *program, const char *map, const char *host)
{
	struct count *c;

	for (size_t i = 0; i < m->ncounts; i++)
		if (strcmp(m->counts[i]->program, program) == 0 &&
		    strcmp(m->counts[i]->map, map) == 0 &&
		    strcmp(m->counts[i]->host, host) == 0)
			return m->counts[i];
	if (!array_room(m->counts, m->ncounts, m->counts_cap) ||
	    (c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->program = strdup(program);
	c->map = strdup(map);
	c->host = strdup(host);
	if (c->program == NULL || c->map == NULL || c->host == NULL) {
		free(c->program);
		free(c->map);
		free(c->host);
		free(c);
		return NULL;
	}
	m->counts[m->ncounts++] = c;
	return c;
}

/* There is no room for the labels at the end of the texts. */
static size_t
leave_out(struct metrics_group *g)
{
	struct count *c = find_count(g->metrics, g->program, g->map, "");

	if (c != NULL)
		c->left_out++;
	if (!g->full_reported)
		report_notice("map %s: there are %zu series, and no more are "
			      "made: records with other labels are left out; "
			      "--series=N allows more, -c fewer labels",
		    g->map, g->metrics->series);
	g->full_reported = true;
	return METRICS_NONE;
}

/* Makes room for one more row.  Returns 0, or -1 after reporting. */
static int
grow(struct metrics_group *g)
{
	size_t cap = g->rows_cap == 0 ? 16 : 2 * g->rows_cap;
	void *p;

	if (g->nrows < g->rows_cap)
		return 0;
	if ((p = reallocarray(g->rows, cap, sizeof(*g->rows))) == NULL)
		return report_nomem();
	g->rows = p;
	p = reallocarray(g->cells, cap, (g->ncells + 1) * sizeof(*g->cells));
	if (p == NULL)
		return report_nomem();
	g->cells = p;
	p = reallocarray(g->slots, cap, (g->nslots + 1) * sizeof(*g->slots));
	if (p == NULL)
		return report_nomem();
	g->slots = p;
	g->rows_cap = cap;
	return 0;
}

/* Has the key lead to a row. */
static size_t
add_key(struct metrics_group *g, struct hash_key key, size_t row)
{
	struct row_key *k;

	/* Bytes that no label shows can differ without end. */
	if (g->keys.n > 2 * g->nrows + KEYS_MORE) {
		forget_keys(g);
		for (size_t i = 0; i < g->nrows; i++)
			g->rows[i].keys = 2;
	}
	if ((k = hash_add(&g->keys, key)) == NULL) {
		report_nomem();
		return METRICS_NONE;
	}
	k->row = (uint32_t)row;
	g->rows[row].keys++;
	g->found = k;
	return row;
}

size_t
metrics_add_row(struct metrics_group *g, size_t host, struct hash_key key,
    const struct buf *values)
{
	struct metrics *m = g->metrics;
	size_t start = g->texts.len, len;
	struct row_key *k;
	struct hash_key by_text;

	/* Without labels too the text of a row is somewhere. */
	buf_room(&g->texts, 1);
	if (values->len > 0)
		write_labels(g, values);
	if (g->texts.failed || values->failed) {
		report_nomem();
		return METRICS_NONE;
	}
	len = g->texts.len - start;
	by_text = hash_text(g, g->texts.data + start, len);
	if ((k = hash_find(&g->by_text, by_text)) != NULL) {
		g->texts.len = start;
		return add_key(g, key, k->row);
	}
	if (m->series + g->lines > m->most) {
		/* The texts that compact() copies are those of rows. */
		g->texts.len = start;
		if (g->adds_up || g->nrows == 0 || compact(g) == -1 ||
		    m->series + g->lines > m->most)
			return leave_out(g);
		start = g->texts.len;
		if (values->len > 0)
			write_labels(g, values);
		if (g->texts.failed) {
			report_nomem();
			return METRICS_NONE;
		}
	}
	if (grow(g) == -1)
		return METRICS_NONE;
	if ((k = hash_add(&g->by_text, by_text)) == NULL) {
		report_nomem();
		return METRICS_NONE;
	}
	k->row = (uint32_t)g->nrows;
	g->rows[g->nrows] =
	    (struct row){ .text = start, .len = len, .host = (uint32_t)host };
	memset(
	    g->cells + g->nrows * g->ncells, 0, g->ncells * sizeof(*g->cells));
	memset(
	    g->slots + g->nrows * g->nslots, 0, g->nslots * sizeof(*g->slots));
	m->series += g->lines;
	return add_key(g, key, g->nrows++);
}

union metric_cell *
metrics_cells(struct metrics_group *g, size_t row)
{
	return g->cells + row * g->ncells;
}

uint64_t *
metrics_slots(struct metrics_group *g, size_t row)
{
	return g->slots + row * g->nslots;
}

void
metrics_touch(struct metrics_group *g, size_t row)
{
	struct row *r = &g->rows[row];
	union metric_cell *cells = metrics_cells(g, row);
	/* A walk over a map may come to a key again. */
	struct host_passes *h = &g->hosts[r->host];
	bool again = r->pass == h->pass && g->found->pass == h->pass &&
		     r->keys == 1 && !g->many && !g->adds_up;

	g->found->pass = h->pass;
	if (r->pass == h->pass && !again)
		return;
	if (r->pass != h->pass)
		h->touched++;
	r->pass = h->pass;
	for (size_t i = 0; i < g->ncells; i++)
		if (!g->adds_up || g->kept[i])
			cells[i] = (union metric_cell){ 0 };
	if (!g->adds_up && g->nslots > 0)
		memset(metrics_slots(g, row), 0, g->nslots * sizeof(*g->slots));
}

void
metrics_end_pass(struct metrics_group *g, size_t host)
{
	struct host_passes *h = &g->hosts[host];

	h->pass++;
	g->live += h->touched - h->live;
	h->live = h->touched;
	if (!g->adds_up && g->nrows > 2 * g->live + STALE_MORE)
		compact(g);
	h->touched = 0;
}

struct metrics_counts *
metrics_counts(
    struct metrics *m, const char *program, const char *map, const char *host)
{
	struct count *c = find_count(m, program, map, host);

	if (c == NULL)
		report_nomem();
	return c == NULL ? NULL : &c->n;
}
