/* Stacks below the rows of a table, and as the reference loader's text. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "format/plan-column.h"

enum {
	ADDRESS_DIGITS = 16,
	NAME_LEAST = 8, /* columns that a shortened name keeps */
};

static bool
is_stack_size(const struct stack_layout *l, const struct field_place *p)
{
	return field_place_equals(&l->sides[STACK_KERNEL].size, p) ||
	       field_place_equals(&l->sides[STACK_USER].size, p);
}

void
plan_move_stacks_below(struct plan *p)
{
	const struct stack_view *v = p->stacks.view;
	struct fields rest = { 0 };

	if (v == NULL)
		return;
	for (size_t i = 0; i < p->columns.n; i++) {
		const struct field *c = &p->columns.v[i];
		enum stack_side side = stack_view_side(v, &c->place);

		if (side != STACK_SIDES) {
			free(p->stacks.paths[side]);
			p->stacks.paths[side] = strdup(c->path);
			p->columns.failed |= p->stacks.paths[side] == NULL;
		} else if (plan_is_narrowed(p) ||
			   !is_stack_size(&v->layout, &c->place)) {
			fields_add(&rest, c);
		}
	}
	rest.failed |= p->columns.failed;
	fields_free(&p->columns);
	p->columns = rest;
}

struct fields
plan_move_columns_out(struct plan *p)
{
	struct fields all;

	fields_add_selected(&p->columns, p->header, p->map, NULL, 0, true);
	plan_move_stacks_below(p);
	all = p->columns;
	p->columns = (struct fields){ .failed = all.failed };
	return all;
}

bool
plan_pick_column(struct plan *p, const struct fields *from,
    const struct field_place *at, const char *name)
{
	for (size_t i = 0; i < from->n; i++) {
		struct field c = from->v[i];

		if (!field_place_equals(&c.place, at))
			continue;
		c.name = strdup(name != NULL ? name : c.name);
		if (c.name == NULL)
			p->columns.failed = true;
		else
			fields_add(&p->columns, &c);
		free(c.name);
		return !p->columns.failed;
	}
	return false;
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
write_vis(struct buf *out, const char *text, size_t n)
{
	text_write(out, text, n, STYLE_VIS);
}

/*
 * Below the rows of a table.
 */

static void
write_offset(struct buf *out, const struct symbol_frame *f)
{
	if (f->has_offset)
		buf_printf(out, "+0x%" PRIx64, f->offset);
}

/* Append "  x.c:12", with the whole path or only the name of the file. */
static void
write_source_line(struct buf *out, const struct symbol_frame *f, bool whole)
{
	const char *slash = f->file != NULL ? strrchr(f->file, '/') : NULL;
	const char *file = whole || slash == NULL ? f->file : slash + 1;

	if (file == NULL)
		return;
	buf_str(out, "  ");
	write_vis(out, file, strlen(file));
	if (f->line != 0)
		buf_printf(out, ":%" PRIu64, f->line);
}

/* Append what follows the name of a function. */
static void
write_tail(struct buf *out, const struct stack_frame *s, bool whole)
{
	write_offset(out, &s->frame);
	if (s->inlined)
		buf_str(out, " (inlined)");
	write_source_line(out, &s->frame, whole);
}

/* Append a function and its source, if possible in the given columns (0: any
 * number): the path is dropped first, then the name is shortened. */
static void
write_function(struct buf *out, const struct stack_frame *s, size_t columns)
{
	const char *name = s->frame.symbol;
	size_t start = out->len, n = strlen(name), tail;

	write_vis(out, name, n);
	write_tail(out, s, true);
	if (out->failed || columns == 0 ||
	    utf8_columns(out->data + start, out->len - start) <= columns)
		return;
	out->len = start;
	write_tail(out, s, false);
	if (out->failed)
		return;
	tail = utf8_columns(out->data + start, out->len - start);
	out->len = start;
	if (utf8_columns(name, n) + tail > columns &&
	    columns >= NAME_LEAST + tail) {
		write_vis(out, name, utf8_fitting(name, n, columns - tail - 1));
		buf_str(out, "\xe2\x80\xa6"); /* … */
	} else {
		write_vis(out, name, n);
	}
	write_tail(out, s, false);
}

static void
write_frames(const struct stack_view *v, struct buf *out, size_t width)
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
			write_function(out, s, columns);
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
		write_frames(v, out, p->options.width);
	}
	if (shown)
		buf_chr(out, '\n');
}

/*
 * The reference loader's text.
 */

void
plan_compile_trace(struct plan *p)
{
	const struct stack_layout *l = &p->stacks.view->layout;
	struct fields all = plan_move_columns_out(p), roots = { 0 };

	plan_pick_column(p, &all, &l->comm, "COMM: ");
	plan_pick_column(p, &all, &l->pid, "pid");
	plan_pick_column(p, &all, &l->cpu, " @ CPU ");
	fields_free(&all);
	/* The reference loader has stacks of buffers only; for a sampled map
	 * the value is added. */
	if (p->header->maps[p->map].source == STREAM_SAMPLE) {
		fields_add_roots(&roots, p->header, p->map);
		fields_remove(&roots, "key");
		if (roots.n > 0)
			fields_add(&p->columns, &roots.v[0]);
		p->columns.failed |= roots.failed;
		fields_free(&roots);
	}
	p->formatter.reference = false;
	plan_add_column_parts(p, NULL);
}

/* Append sym+0xoff "/path":line and a newline. */
static void
write_reference_symbol(struct buf *out, const struct symbol_frame *f)
{
	write_vis(out, f->symbol, strlen(f->symbol));
	write_offset(out, f);
	if (f->file != NULL) {
		buf_str(out, " \"");
		write_vis(out, f->file, strlen(f->file));
		buf_printf(out, "\":%" PRIu64, f->line);
	}
	buf_chr(out, '\n');
}

/* Append address number i with its n functions, all but the last inlined. */
static void
write_trace_address(
    struct buf *out, size_t i, const struct stack_frame *s, size_t n)
{
	buf_printf(out, "  %zu [<%016" PRIx64 ">]", i, s->addr);
	if (n == 1 && s->frame.symbol != NULL) {
		buf_chr(out, ' ');
		write_reference_symbol(out, &s->frame);
		return;
	}
	buf_chr(out, '\n');
	for (size_t k = 0; k < n && s[k].frame.symbol != NULL; k++) {
		buf_blanks(out, 8);
		write_reference_symbol(out, &s[k].frame);
	}
}

static void
write_trace_addresses(const struct stack_view *v, struct buf *out)
{
	size_t n;

	for (size_t i = 0, at = 0; at < v->n; i++, at += n) {
		const struct stack_frame *s = &v->v[at];

		for (n = 1; s[n - 1].inlined && at + n < v->n; n++)
			;
		if (v->layout.with_symbols)
			write_trace_address(out, i, s, n);
		else
			buf_printf(out, "%016" PRIx64 "\n", s->addr);
	}
}

/* Whether a column is the value of a sampled map. */
static bool
is_trace_value(const struct plan *p, size_t i)
{
	return strncmp(p->columns.v[i].name, "value", 5) == 0;
}

/* Append the line that names the process and the CPU. */
static void
write_trace_head(struct plan *p, const struct plan_input *rec)
{
	struct buf *out = rec->run.out;
	size_t start = out->len;

	for (size_t i = 0; i < p->columns.n; i++) {
		const char *name = p->columns.v[i].name;

		if (is_trace_value(p, i))
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

	write_trace_head(p, rec);
	for (int side = 0; side < STACK_SIDES; side++) {
		if (!plan_read_stack(p, rec, (enum stack_side)side)) {
			buf_str(out, none[side]);
			continue;
		}
		any = true;
		buf_str(out, heads[side]);
		if (v->state == STACK_UNKNOWN)
			buf_printf(out, "  stack %" PRId32 "\n", v->id);
		write_trace_addresses(v, out);
	}
	if (any) {
		if (p->columns.n > 0 && is_trace_value(p, p->columns.n - 1)) {
			buf_str(out, "Value: ");
			plan_write_column(p, rec, p->columns.n - 1);
			buf_chr(out, '\n');
		}
		buf_chr(out, '\n');
	} else if (!out->failed) {
		out->len = start;
	}
}
