/*
 * The reference loader's text, reference.md 1.7: its columns, its JSON in rows
 * of sampled maps, its histograms.  Where that is a fault it is mended: control
 * bytes are shown, not sent.
 */
#include <ctype.h>
#include <string.h>

#include "emit.h"
#include "plan-form.h"

enum { NAME_WIDTH = 6 };

static bool
is_sampled(const struct plan *p)
{
	return p->header->maps[p->map].source == STREAM_SAMPLE &&
	       !plan_is_narrowed(p);
}

/* The name that the header gives a key or value that is no struct. */
static const char *
type_name(const struct plan *p, const struct column *root)
{
	return root->place.type == TYPE_NONE
		   ? root->name
		   : p->header->types.v[root->place.type].name;
}

/* {"u32":5}, or the members by the alphabet. */
static void
add_object(struct plan *p, const struct column *root)
{
	struct steps *s = &p->steps;
	struct columns members = { 0 };
	bool first = true;

	steps_text(s, "{");
	if (place_is_struct(s->types, &root->place)) {
		columns_members(&members, s->types, &root->place);
		columns_sort(&members);
		steps_object(s, &members, &first);
		columns_free(&members);
	} else {
		steps_text(s, "\"");
		steps_text_in(s, type_name(p, root), STYLE_JSON);
		steps_text(s, "\":");
		steps_value(s, &root->place, STYLE_JSON);
	}
	steps_text(s, "}");
}

/* The key and the value of a sampled map: the sum of all CPUs', or each. */
static void
sampled_columns(struct plan *p)
{
	columns_roots(&p->columns, p->header, p->map);
	if (p->columns.n == 3)
		columns_drop(&p->columns, "values");
}

static void
compile_kv(struct plan *p)
{
	struct steps *s = &p->steps;
	size_t opened;

	steps_add(s, STEP_TIME_LOCAL);
	steps_text(s, " ");
	opened = steps_open_field(s, STYLE_VIS);
	for (size_t i = 0; i < p->columns.n && !p->columns.failed; i++) {
		if (i > 0)
			steps_text(s, " ");
		add_object(p, &p->columns.v[i]);
	}
	steps_close(s, opened);
	steps_text(s, "\n");
	p->line = plan_part(p, 0);
}

/* A line "name = value" of a histogram. */
static void
add_line(struct plan *p, const char *name, const char *between,
    const struct column *c)
{
	struct steps *s = &p->steps;
	size_t opened = steps_open_field(s, STYLE_VIS);

	steps_text(s, name);
	steps_text(s, between);
	if (place_is_struct(s->types, &c->place))
		add_object(p, c);
	else
		steps_value(s, &c->place, STYLE_JSON);
	steps_close(s, opened);
	steps_text(s, "\n");
}

static void
compile_hist(struct plan *p)
{
	const struct columns *roots = &p->columns;
	struct columns members = { 0 };

	for (size_t i = 0; i < roots->n && !roots->failed; i++) {
		const struct column *root = &roots->v[i];

		if (strcmp(root->name, "key") == 0) {
			add_line(p, "key", " =  ", root);
			continue;
		}
		if (!place_is_struct(&p->header->types, &root->place))
			continue;
		columns_members(&members, &p->header->types, &root->place);
		columns_drop(&members, "slots");
		columns_sort(&members);
	}
	for (size_t i = 0; i < members.n && !members.failed; i++)
		add_line(p, members.v[i].name, " = ", &members.v[i]);
	p->steps.failed |= members.failed;
	columns_free(&members);
	p->line = plan_part(p, 0);
}

static void
compile_plain(struct plan *p)
{
	const struct plan_options *o = &p->options;

	p->steps.reference = true;
	if (!is_sampled(p)) {
		columns_select(&p->columns, p->header, p->map, o->columns,
		    o->ncolumns, false);
		plan_column_parts(p, STYLE_VIS);
		return;
	}
	sampled_columns(p);
	if (plan_find_slots(p))
		compile_hist(p);
	else
		compile_kv(p);
}

static void
head_name(struct buf *out, const char *name)
{
	size_t start = out->len;

	steps_style(out, name, strlen(name), STYLE_VIS);
	for (size_t i = start; i < out->len; i++)
		out->data[i] = (char)toupper((unsigned char)out->data[i]);
	while (out->len - start < NAME_WIDTH && !out->failed)
		buf_chr(out, ' ');
	buf_chr(out, ' ');
}

/* The names of a key or value: of its members, or of its type. */
static void
head_root(const struct plan *p, const struct column *root, struct buf *out)
{
	struct columns members = { 0 };

	if (!place_is_struct(&p->header->types, &root->place)) {
		head_name(out, type_name(p, root));
		return;
	}
	columns_members(&members, &p->header->types, &root->place);
	for (size_t i = 0; i < members.n; i++)
		head_name(out, members.v[i].name);
	columns_free(&members);
}

static void
head_plain(const struct plan *p, struct buf *out)
{
	if (p->slots.v != NULL)
		return;
	buf_str(out, "TIME     ");
	for (size_t i = 0; i < p->columns.n; i++) {
		if (is_sampled(p))
			head_root(p, &p->columns.v[i], out);
		else
			head_name(out, p->columns.v[i].name);
	}
	buf_chr(out, '\n');
}

/* Two blocks with an empty line behind each; the second may be empty. */
static void
record_hist(struct plan *p, const struct run *r)
{
	struct hist h;

	steps_run(r, p->line.from, p->line.to, p->line.most);
	plan_read_slots(p, r->data);
	h = plan_hist(p);
	buf_chr(r->out, '\n');
	hist_write(&h, r->out);
	buf_chr(r->out, '\n');
}

/* The columns stand where their names do, unless what comes before is longer:
 * then one space follows it. */
static void
record_row(struct plan *p, const struct run *r)
{
	struct buf *out = r->out;
	size_t row = out->len, head = CLOCK_LOCAL_LEN + 1, width;
	char *q = buf_room(out, CLOCK_LOCAL_LEN);

	if (q == NULL)
		return;
	clock_local(r->clock, q, r->time_ns);
	out->len += CLOCK_LOCAL_LEN;
	buf_chr(out, ' ');
	for (size_t i = 0; i < p->columns.n; i++) {
		const struct part *part = &p->parts[i];

		if (out->len - row >= head)
			buf_chr(out, ' ');
		while (out->len - row < head && !out->failed)
			buf_chr(out, ' ');
		steps_run(r, part->from, part->to, part->most);
		width = strlen(p->columns.v[i].name);
		head += (width < NAME_WIDTH ? NAME_WIDTH : width) + 1;
	}
	buf_chr(out, '\n');
}

static void
record_plain(struct plan *p, const struct run *r)
{
	if (p->slots.v != NULL)
		record_hist(p, r);
	else if (is_sampled(p))
		steps_run(r, p->line.from, p->line.to, p->line.most);
	else
		record_row(p, r);
}

const struct form form_plain = {
	.compile = compile_plain,
	.head = head_plain,
	.record = record_plain,
};
