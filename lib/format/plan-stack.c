/*
 * Stacks beneath the rows of a table, and the reference loader's text of them.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "format/plan-column.h"

enum {
	ADDRESS_DIGITS = 16,
	NAME_LEAST = 8, /* columns of a name that is cut */
};

static bool
is_size(const struct stack_layout *l, const struct field_place *p)
{
	return field_place_equals(&l->sides[STACK_KERNEL].size, p) ||
	       field_place_equals(&l->sides[STACK_USER].size, p);
}

/* The stack in a column is to be shown apart. */
static void
lift(struct plan *p, enum stack_side side, const struct field *c)
{
	char **path = &p->stacks.paths[side];

	free(*path);
	*path = strdup(c->path);
	p->columns.failed |= *path == NULL;
}

void
plan_lift_stacks(struct plan *p)
{
	const struct stack_view *v = p->stacks.view;
	struct fields rest = { 0 };

	if (v == NULL)
		return;
	for (size_t i = 0; i < p->columns.n; i++) {
		const struct field *c = &p->columns.v[i];
		enum stack_side side = stack_view_side(v, &c->place);

		if (side != STACK_SIDES)
			lift(p, side, c);
		else if (plan_is_narrowed(p) || !is_size(&v->layout, &c->place))
			fields_add(&rest, c);
	}
	rest.failed |= p->columns.failed;
	fields_free(&p->columns);
	p->columns = rest;
}

bool
plan_read_stack(
    struct plan *p, const struct plan_input *rec, enum stack_side side)
{
	struct stack_view *v = p->stacks.view;

	if (p->stacks.paths[side] == NULL)
		return false;
	if (rec->is_json)
		stack_view_read_json(v, &p->row.cells[p->stacks.cells[side]]);
	else
		stack_view_read(v, side, rec->run.data);
	rec->run.out->failed |= v->failed;
	return v->state != STACK_NONE && !v->failed;
}

static void
put_vis(struct buf *out, const char *text, size_t n)
{
	style_write(out, text, n, STYLE_VIS);
}

/*
 * The table's.
 */

static void
put_offset(struct buf *out, const struct symbol_frame *f)
{
	if (f->has_offset)
		buf_printf(out, "+0x%" PRIx64, f->offset);
}

/* "  x.c:12", with the whole path or the end of it. */
static void
put_source(struct buf *out, const struct symbol_frame *f, bool whole)
{
	const char *slash = f->file != NULL ? strrchr(f->file, '/') : NULL;
	const char *file = whole || slash == NULL ? f->file : slash + 1;

	if (file == NULL)
		return;
	buf_str(out, "  ");
	put_vis(out, file, strlen(file));
	if (f->line != 0)
		buf_printf(out, ":%" PRIu64, f->line);
}

/* What stands behind a name. */
static void
put_tail(struct buf *out, const struct stack_frame *s, bool whole)
{
	put_offset(out, &s->frame);
	if (s->inlined)
		buf_str(out, " (inlined)");
	put_source(out, &s->frame, whole);
}

/* A function and where its source is, at most so many columns, 0: any number,
 * if that can be: the path is cut first, then the name. */
static void
put_function(struct buf *out, const struct stack_frame *s, size_t columns)
{
	const char *name = s->frame.symbol;
	size_t start = out->len, n = strlen(name), tail;

	put_vis(out, name, n);
	put_tail(out, s, true);
	if (out->failed || columns == 0 ||
	    utf8_columns(out->data + start, out->len - start) <= columns)
		return;
	out->len = start;
	put_tail(out, s, false);
	if (out->failed)
		return;
	tail = utf8_columns(out->data + start, out->len - start);
	out->len = start;
	if (utf8_columns(name, n) + tail > columns &&
	    columns >= NAME_LEAST + tail) {
		put_vis(out, name, utf8_fitting(name, n, columns - tail - 1));
		buf_str(out, "\xe2\x80\xa6"); /* … */
	} else {
		put_vis(out, name, n);
	}
	put_tail(out, s, false);
}

static void
put_frames(const struct stack_view *v, struct buf *out, size_t width)
{
	const size_t indent = 4 + ADDRESS_DIGITS + 2;
	size_t columns = width > indent ? width - indent : 0;
	bool inlined = false;

	for (size_t i = 0; i < v->n; i++) {
		const struct stack_frame *s = &v->v[i];

		if (inlined)
			buf_blanks(out, indent - 2);
		else
			buf_printf(out, "    %016" PRIx64, s->addr);
		if (s->frame.symbol != NULL) {
			buf_str(out, "  ");
			put_function(out, s, columns);
		} else if (v->layout.with_symbols) {
			buf_str(out, "  [unknown]");
		}
		buf_chr(out, '\n');
		inlined = s->inlined;
	}
}

void
plan_write_stacks(struct plan *p, const struct plan_input *rec)
{
	static const char *const heads[] = { "  kernel\n", "  user\n" };
	const struct stack_view *v = p->stacks.view;
	struct buf *out = rec->run.out;
	bool shown = false;

	for (int side = 0; side < STACK_SIDES; side++) {
		shown |= p->stacks.paths[side] != NULL;
		if (!plan_read_stack(p, rec, (enum stack_side)side))
			continue;
		buf_str(out, heads[side]);
		if (v->state == STACK_UNKNOWN)
			buf_printf(
			    out, "    stack %" PRId32 " [unknown]\n", v->id);
		put_frames(v, out, p->options.width);
	}
	if (shown)
		buf_chr(out, '\n');
}

/*
 * The reference loader's.
 */

/* The columns that its text names, by the layout. */
static void
add_place(struct plan *p, const struct fields *all,
    const struct field_place *at, const char *name)
{
	for (size_t i = 0; i < all->n; i++) {
		struct field c = all->v[i];

		if (!field_place_equals(&c.place, at))
			continue;
		c.name = strdup(name);
		if (c.name == NULL)
			p->columns.failed = true;
		else
			fields_add(&p->columns, &c);
		free(c.name);
		return;
	}
}

void
plan_compile_trace(struct plan *p)
{
	const struct stack_layout *l = &p->stacks.view->layout;
	struct fields all = { 0 }, roots = { 0 };

	fields_add_selected(&p->columns, p->header, p->map, NULL, 0, true);
	plan_lift_stacks(p);
	all = p->columns;
	p->columns = (struct fields){ .failed = all.failed };
	add_place(p, &all, &l->comm, "COMM: ");
	add_place(p, &all, &l->pid, "pid");
	add_place(p, &all, &l->cpu, " @ CPU ");
	fields_free(&all);
	/* Its own stacks are those of buffers; a sampled map has a value. */
	if (p->header->maps[p->map].source == STREAM_SAMPLE) {
		fields_add_roots(&roots, p->header, p->map);
		fields_remove(&roots, "key");
		if (roots.n > 0)
			fields_add(&p->columns, &roots.v[0]);
		p->columns.failed |= roots.failed;
		fields_free(&roots);
	}
	p->program.reference = false;
	plan_add_column_parts(p);
}

/* sym+0xoff "/path":line */
static void
put_reference(struct buf *out, const struct symbol_frame *f)
{
	put_vis(out, f->symbol, strlen(f->symbol));
	put_offset(out, f);
	if (f->file != NULL) {
		buf_str(out, " \"");
		put_vis(out, f->file, strlen(f->file));
		buf_printf(out, "\":%" PRIu64, f->line);
	}
	buf_chr(out, '\n');
}

/* The n functions of one address. */
static void
put_address(struct buf *out, size_t i, const struct stack_frame *s, size_t n)
{
	buf_printf(out, "  %zu [<%016" PRIx64 ">]", i, s->addr);
	if (n == 1 && s->frame.symbol != NULL) {
		buf_chr(out, ' ');
		put_reference(out, &s->frame);
		return;
	}
	buf_chr(out, '\n');
	for (size_t k = 0; k < n && s[k].frame.symbol != NULL; k++) {
		buf_blanks(out, 8);
		put_reference(out, &s[k].frame);
	}
}

static void
put_addresses(const struct stack_view *v, struct buf *out)
{
	size_t n;

	for (size_t i = 0, at = 0; at < v->n; i++, at += n) {
		const struct stack_frame *s = &v->v[at];

		for (n = 1; s[n - 1].inlined && at + n < v->n; n++)
			;
		if (v->layout.with_symbols)
			put_address(out, i, s, n);
		else
			buf_printf(out, "%016" PRIx64 "\n", s->addr);
	}
}

/* Whose stacks they are. */
static void
put_whose(struct plan *p, const struct plan_input *rec)
{
	struct buf *out = rec->run.out;
	size_t start = out->len;

	for (size_t i = 0; i < p->columns.n; i++) {
		const char *name = p->columns.v[i].name;

		if (strncmp(name, "value", 5) == 0)
			continue;
		if (strcmp(name, "pid") != 0) {
			buf_str(out, name);
			plan_write_column(p, rec, i);
			continue;
		}
		buf_str(out, out->len > start ? " (pid=" : "(pid=");
		plan_write_column(p, rec, i);
		buf_chr(out, ')');
	}
	if (out->len > start)
		buf_chr(out, '\n');
}

/* What a sampled map counts there. */
static void
put_value(struct plan *p, const struct plan_input *rec)
{
	struct buf *out = rec->run.out;
	size_t last = p->columns.n - 1;

	if (p->columns.n == 0 ||
	    strncmp(p->columns.v[last].name, "value", 5) != 0)
		return;
	buf_str(out, "Value: ");
	plan_write_column(p, rec, last);
	buf_chr(out, '\n');
}

void
plan_write_trace(struct plan *p, const struct plan_input *rec)
{
	static const char *const heads[] = { "Kernel:\n", "Userspace:\n" };
	static const char *const none[] = { "No Kernel Stack\n",
		"No Userspace Stack\n" };
	const struct stack_view *v = p->stacks.view;
	struct buf *out = rec->run.out;
	size_t start = out->len;
	bool any = false;

	put_whose(p, rec);
	for (int side = 0; side < STACK_SIDES; side++) {
		if (!plan_read_stack(p, rec, (enum stack_side)side)) {
			buf_str(out, none[side]);
			continue;
		}
		any = true;
		buf_str(out, heads[side]);
		if (v->state == STACK_UNKNOWN)
			buf_printf(out, "  stack %" PRId32 "\n", v->id);
		put_addresses(v, out);
	}
	if (any) {
		put_value(p, rec);
		buf_chr(out, '\n');
	} else if (!out->failed) {
		out->len = start;
	}
}
