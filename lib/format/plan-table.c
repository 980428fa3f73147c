/* PLAN_TABLE: aligned columns for people; histograms and stacks as such. */
#include <string.h>

#include "base/ascii-run.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/util.h"
#include "format/plan-column.h"
#include "record/field-kind.h"

enum {
	FLOAT_WIDTH = 12,
	SHORT_INT = 7,   /* a pid, an errno */
	LONG_INT = 12,   /* a duration, a count */
	CELL_WIDTH = 24, /* an array as JSON */
	/* The most bytes of cells that are moved, or padded, by wide
	 * copies. */
	CELL_SHORT = 16,
	CELL_WIDE = 32,
};

/* The number of characters in the longest integer of that width. */
static unsigned int
count_digits(unsigned int bits, bool is_signed)
{
	char text[TEXT_128_MAX];
	unsigned __int128 most = ~(unsigned __int128)0 >> (128 - bits);

	if (is_signed)
		most >>= 1;
	return (unsigned int)(text_u128(text, most) - text) +
	       (is_signed ? 1 : 0);
}

static void
add_integer_column(struct table *t, const char *name, const struct type *type,
    const struct field_place *at)
{
	unsigned int bits = (unsigned int)type->size * 8, width, least;
	bool is_signed = type->is_signed && type->kind != TYPE_POINTER;

	if (at->cpus == FIELD_CPUS_SUM)
		bits = bits < 64 ? 64 : bits;
	else if (at->bits != 0)
		bits = at->bits;
	width = count_digits(bits, is_signed);
	least = width > LONG_INT && bits <= 64    ? LONG_INT
		: width > SHORT_INT && bits <= 32 ? SHORT_INT
						  : width;
	if (type->kind == TYPE_POINTER)
		least = width;
	table_add(t, name, true, width, least);
}

static void
add_text_column(struct table *t, const char *name, size_t width)
{
	unsigned int w = width > 4096 ? 4096 : (unsigned int)width;

	table_add(t, name, false, w, 0);
}

/* A column of texts of a kind.  Quantities are aligned as numbers are. */
static void
add_kind_column(struct table *t, const char *name, const struct types *types,
    const struct field_place *at)
{
	struct kind_form form;
	unsigned int width;

	if (!field_kind_form(types, at, true, &form))
		return;
	width = kind_text_width(&form);
	if (width == 0) /* text that fills an array of bytes */
		add_text_column(
		    t, name, (size_t)field_place_type(types, at)->size - 1);
	else
		table_add(t, name, !kind_is_left(form.kind), width,
		    kind_is_left(form.kind) ? 0 : width);
}

/* A column whose width the author of the program said. */
static void
add_wide_column(
    struct table *t, const struct types *types, const struct field *c)
{
	const struct type *type = field_place_type(types, &c->place);
	unsigned int width = c->place.member->width;
	struct kind_form form;
	bool right = type->kind <= TYPE_POINTER && type->kind != TYPE_BOOL;

	if (c->place.shown != FIELD_VALUE &&
	    field_kind_form(types, &c->place, true, &form))
		right = !kind_is_left(form.kind);
	table_add(t, c->name, right, width, width);
}

static void
add_table_column(
    struct table *t, const struct types *types, const struct field *c)
{
	const struct type *type = field_place_type(types, &c->place);

	if (type != NULL && c->place.member != NULL &&
	    c->place.member->width != 0) {
		add_wide_column(t, types, c);
		return;
	}
	if (type != NULL && c->place.shown != FIELD_VALUE) {
		add_kind_column(t, c->name, types, &c->place);
		return;
	}
	if (type == NULL || c->place.cpus == FIELD_CPUS_ALL) {
		add_text_column(t, c->name, CELL_WIDTH);
		return;
	}
	switch (type->kind) {
	case TYPE_INT:
	case TYPE_CHAR:
	case TYPE_POINTER:
		add_integer_column(t, c->name, type, &c->place);
		break;
	case TYPE_FLOAT:
		table_add(t, c->name, true, FLOAT_WIDTH, FLOAT_WIDTH);
		break;
	case TYPE_BOOL:
		add_text_column(t, c->name, sizeof("false") - 1);
		break;
	case TYPE_ENUM:
		add_text_column(t, c->name, type->name_columns);
		break;
	default:
		/* The last byte of a text is its NUL. */
		add_text_column(t, c->name,
		    !types_is_text(types, c->place.type) ? CELL_WIDTH
		    : type->size > 1                     ? type->size - 1
							 : 1);
		break;
	}
}

static void
add_time_column(struct plan *p)
{
	unsigned int width = plan_time_width(p);

	if (plan_shows_time(p))
		/* A time in some style is as good as a number: it is not cut.
		 */
		table_add(
		    &p->table, "time", p->options.time != NULL, width, width);
}

/* Without types the width follows from the first value. */
static void
guess_column(struct table *t, const char *name, const struct json_value *cell)
{
	unsigned int wide = cell->len > TABLE_TEXT_MAX
				? TABLE_TEXT_MAX
				: (unsigned int)cell->len;

	if (cell->kind == JSON_VALUE_SCALAR && *cell->text < 'A')
		table_add(t, name, true, wide > SHORT_INT ? wide : SHORT_INT,
		    SHORT_INT);
	else if (cell->kind == JSON_VALUE_SCALAR)
		add_text_column(t, name, sizeof("false") - 1);
	else
		add_text_column(t, name,
		    cell->kind >= JSON_VALUE_ARRAY ? CELL_WIDTH
		    : wide < TABLE_TEXT_MIN + 2    ? TABLE_TEXT_MIN
						   : wide - 2);
}

void
plan_table_guess(struct plan *p)
{
	struct table *t = &p->table;

	if (p->row.cells[CELL_TIME].kind == JSON_VALUE_ABSENT)
		p->options.bare = true;
	add_time_column(p);
	for (size_t i = 0; i < p->columns.n; i++)
		guess_column(t, p->columns.v[i].name, plan_column_cell(p, i));
	if (!t->failed)
		table_fit(t);
}

/* Take the histograms out of the columns. */
static void
find_histograms(struct plan *p)
{
	bool found = plan_find_slots(p);
	enum stream_sample sample = p->header->maps[p->map].sample;

	if (found) {
		fields_remove(&p->columns, "value.slots");
		fields_remove(&p->columns, "values");
	}
	found |= plan_find_bars(p);
	if (!found && p->header->maps[p->map].source == STREAM_SAMPLE &&
	    (sample == SAMPLE_EXP2_HIST || sample == SAMPLE_LINEAR_HIST))
		plan_find_buckets(p);
	plan_report_no_slots(p);
}

/* Whether records are shown as histograms, and not as rows. */
bool
plan_draws(const struct plan *p)
{
	return p->slots.v != NULL || p->bars.columns.n > 0 || p->buckets.set;
}

void
plan_table_compile(struct plan *p)
{
	plan_set_host_cell(p);
	plan_add_columns(p);
	plan_move_stacks_below(p);
	find_histograms(p);
}

void
plan_table_layout(struct plan *p)
{
	size_t added = 0;

	bool spark = p->options.spark && plan_draws(p);

	add_time_column(p);
	if (spark)
		plan_add_spark_columns(p);
	for (size_t i = 0; i < p->columns.n && !spark; i++) {
		const struct field *c = &p->columns.v[i];

		if (c->place.added)
			guess_column(&p->table, c->name, &p->added[added++]);
		else
			add_table_column(&p->table, &p->header->types, c);
	}
	if (!p->table.failed)
		table_fit(&p->table);
	plan_add_column_parts(p, NULL);
}

/* Short cells of ASCII need no wcwidth(3), and wide copies suffice for them. */
static struct table_step
make_table_step(const struct formatter_part *part,
    const struct table_column *column, bool last)
{
	unsigned int most = column->right ? CELL_SHORT : CELL_WIDE;

	return (struct table_step){
		.step = part->first,
		.width = column->width,
		.below = column->width > CELL_WIDE ? 0
			 : column->width < most    ? column->width + 1
						   : most + 1,
		.right = column->right,
		.pad = !last,
	};
}

/* Set up write_table_row() if each cell is a single step. */
static void
measure_table(struct plan *p)
{
	size_t most = TEXT_SLACK + TABLE_SLACK + 1 + p->host_cell_len + 1,
	       n = p->columns.n;
	const struct table_column *column;

	/* A table without columns has no array either. */
	if (p->columns.n == 0)
		return;
	p->row_time = !plan_shows_time(p)       ? PLAN_TIME_NONE
		      : p->options.time == NULL ? PLAN_TIME_OF_DAY
						: PLAN_TIME_STYLED;
	if (p->row_time == PLAN_TIME_STYLED)
		most += TIME_STYLE_MAX;
	column = p->table.v + p->table.n - n;
	for (size_t i = 0; i < p->table.n; i++)
		most += p->table.v[i].width + 1;
	for (size_t i = 0; i < n; i++) {
		/* A step and STEP_END. */
		if (p->parts[i].to - p->parts[i].from != 2 ||
		    __builtin_add_overflow(most, p->parts[i].most, &most) ||
		    most >= FORMATTER_AT_ONCE_MAX)
			return;
	}
	if (p->stacks.view != NULL || plan_draws(p) || plan_is_text(p))
		return;
	p->cell_steps = calloc(n + 1, sizeof(*p->cell_steps));
	if (p->cell_steps == NULL) {
		p->table.failed = true;
		return;
	}
	p->row_most = most;
	for (size_t i = 0; i < n; i++, column++)
		p->cell_steps[i] =
		    make_table_step(&p->parts[i], column, i + 1 == n);
}

bool
plan_has_head(const struct plan *p)
{
	return (p->options.spark || !plan_draws(p)) &&
	       (p->table.n > 0 || p->host_cell != NULL) && !plan_is_text(p);
}

static void
head_table(const struct plan *p, struct buf *out)
{
	if (!plan_has_head(p))
		return;
	if (p->host_cell != NULL)
		plan_write_head(p, out);
	else
		table_head(&p->table, out);
	if (p->host_cell != NULL)
		buf_chr(out, '\n');
}

/* Append a row for each histogram. */
static void
write_spark_rows(struct plan *p, const struct plan_input *rec)
{
	struct hist h;

	if (p->slots.v != NULL) {
		h = plan_read_slots(p, rec);
		plan_start_spark(p, rec);
		plan_write_spark(p, rec, &h);
	}
	plan_draw_bars(p, rec);
	if (p->stacks.view != NULL)
		plan_write_stacks(p, rec);
}

/* Append the time and the key, the histograms, and a blank line. */
static void
write_table_hist(struct plan *p, const struct plan_input *rec)
{
	struct buf *out = rec->run.out;
	struct hist h;

	plan_write_key(p, rec, plan_write_start(p, rec));
	buf_chr(out, '\n');
	if (p->stacks.view != NULL)
		plan_write_stacks(p, rec);
	if (p->slots.v != NULL) {
		h = plan_read_slots(p, rec);
		plan_write_hist(p, &h, out);
	}
	plan_draw_bars(p, rec);
	buf_chr(out, '\n');
}

/* Align a short cell of ASCII, written from start to end.  Returns where it
 * ends then. */
static inline char *
align_short(const struct table_step *cell, char *start, char *end)
{
	char text[CELL_SHORT];

	if (!cell->right) {
		memset(end, ' ', CELL_WIDE);
		return cell->pad ? start + cell->width : end;
	}
	memcpy(text, start, CELL_SHORT);
	memset(start, ' ', CELL_WIDE);
	memcpy(start + cell->width - (end - start), text, CELL_SHORT);
	return start + cell->width;
}

/* Align any other cell.  A digit takes one column. */
static char *__attribute__((noinline)) align_long(
    const struct plan *p, size_t i, char *start, char *end, unsigned int *over)
{
	size_t column = p->table.n - p->columns.n + i;
	size_t columns = (size_t)(end - start);

	if (!p->table.v[column].right)
		columns = utf8_columns(start, columns);
	return table_place(&p->table, column, start, end, columns, over);
}

/* Write the time in the style that was asked for, and a blank. */
static char *__attribute__((noinline)) write_row_time(const struct plan *p,
    const struct plan_input *rec, char *q, unsigned int *over)
{
	char *end = time_style_write(rec->run.time, q, rec->run.time_ns);
	size_t columns = utf8_columns(q, (size_t)(end - q));

	q = table_place(&p->table, 0, q, end, columns, over);
	*q++ = ' ';
	return q;
}

/* Append a row whose cells are single steps: room is made once for all. */
static void __attribute__((noinline))
write_table_row(struct plan *p, const struct plan_input *rec)
{
	const struct formatter_run *run = &rec->run;
	struct buf *out = run->out;
	char *q = buf_room(out, p->row_most), *start;
	const struct table_step *cell = p->cell_steps;
	unsigned int over = 0;
	size_t n;

	if (q == NULL)
		return;
	if (p->row_time == PLAN_TIME_OF_DAY) {
		q = clock_local(run->clock, q, run->time_ns);
		*q++ = ' ';
	} else if (p->row_time == PLAN_TIME_STYLED) {
		q = write_row_time(p, rec, q, &over);
	}
	if (p->host_cell != NULL) {
		memcpy(q, p->host_cell, p->host_cell_len);
		q += p->host_cell_len;
		*q++ = ' ';
	}
	for (size_t i = 0; i < p->columns.n; i++, cell++) {
		start = q;
		q = cell->step->write(q, cell->step, run->data, run);
		n = (size_t)(q - start);
		if (n < cell->below && over == 0 &&
		    (cell->right || ascii_run_is_ascii(start, n)))
			q = align_short(cell, start, q);
		else
			q = align_long(p, i, start, q, &over);
		*q++ = ' ';
	}
	/* It replaces the last blank. */
	q[-1] = '\n';
	out->len = (size_t)(q - out->data);
}

static void
write_table_cells(struct plan *p, const struct plan_input *rec)
{
	struct buf *out = rec->run.out;
	size_t cell = 0, start;
	unsigned int over = 0;

	if (plan_is_text(p)) {
		/* The BPF program laid out its lines itself. */
		if (p->columns.n > 0)
			plan_write_column(p, rec, 0);
		buf_chr(out, '\n');
		return;
	}
	if (plan_shows_time(p)) {
		start = table_start(cell, out);
		plan_write_time(rec);
		table_cell(&p->table, cell++, out, start, &over);
	}
	plan_write_names(p, out, cell);
	for (size_t i = 0; i < p->columns.n; i++) {
		start = table_start(cell, out);
		plan_write_column(p, rec, i);
		table_cell(&p->table, cell++, out, start, &over);
	}
	if (p->table.n > 0 || p->host_cell != NULL)
		buf_chr(out, '\n');
	if (p->stacks.view != NULL)
		plan_write_stacks(p, rec);
}

void
plan_table_record(struct plan *p, const struct plan_input *rec)
{
	if (p->cell_steps != NULL && !rec->is_json)
		write_table_row(p, rec);
	else if (p->buckets.set)
		plan_add_to_buckets(p, rec);
	else if (p->options.spark && plan_draws(p))
		write_spark_rows(p, rec);
	else if (plan_draws(p))
		write_table_hist(p, rec);
	else
		write_table_cells(p, rec);
}

const struct plan_ops plan_table_ops = {
	.compile = plan_table_compile,
	.layout = plan_table_layout,
	.measure = measure_table,
	.head = head_table,
	.record = plan_table_record,
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
