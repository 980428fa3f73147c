/*
 * PLAN_FOLDED: counts stacks for flame graphs.  A record of a buffer is one
 * sample; a record of a sampled map stands for as many as its value says.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "format/plan-column.h"

static const char unknown[] = "[unknown]";

/* Find the count of a sampled map: its value if that is an integer, or its
 * member called count; per CPU the sum. */
static void
find_count_column(struct plan *p)
{
	static const char *const names[] = { "value", "value.count" };
	struct fields found = { 0 };

	if (p->header->maps[p->map].source != STREAM_SAMPLE)
		return;
	for (size_t i = 0; i < 2; i++)
		fields_add_selected(
		    &found, p->header, p->map, &names[i], 1, false);
	for (size_t i = 0; i < found.n; i++) {
		const struct field_place *at = &found.v[i].place;
		const struct type *type =
		    field_place_type(&p->header->types, at);

		if (type->kind == TYPE_INT && type->size <= 8 &&
		    at->bits == 0 && at->cpus != FIELD_CPUS_ALL) {
			p->fold.columns[FOLD_COUNT] = p->columns.n;
			fields_add(&p->columns, &found.v[i]);
			break;
		}
	}
	p->columns.failed |= found.failed;
	fields_free(&found);
}

static void
start_fold(struct plan *p)
{
	p->fold.source = flame_source(p->options.folded);
	for (size_t i = 0; i < FOLD_COLUMNS; i++)
		p->fold.columns[i] = FOLD_ABSENT;
}

static void
compile_folded(struct plan *p)
{
	struct fields all;

	start_fold(p);
	if (p->stacks.view == NULL)
		return;
	all = plan_move_columns_out(p);
	if (plan_pick_column(p, &all, &p->stacks.view->layout.comm, NULL))
		p->fold.columns[FOLD_COMM] = p->columns.n - 1;
	if (plan_pick_column(p, &all, &p->stacks.view->layout.pid, NULL))
		p->fold.columns[FOLD_PID] = p->columns.n - 1;
	find_count_column(p);
	fields_free(&all);
}

/* The part of a path after its last dot. */
static const char *
last_path_part(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot != NULL ? dot + 1 : path;
}

static void
guess_stack(struct plan *p, const char *path, const struct json_value *cell)
{
	const char *name = last_path_part(path);
	enum stack_side side = *name == 'k' ? STACK_KERNEL : STACK_USER;
	bool named = strcmp(name, "kstack") == 0 || strcmp(name, "ustack") == 0;

	if (cell->kind != JSON_VALUE_ARRAY || p->stacks.paths[side] != NULL)
		return;
	if (!named && !stack_view_is_stack(cell))
		return;
	p->stacks.paths[side] = strdup(path);
	p->stacks.cells[side] = json_row_add(&p->row, path);
	p->columns.failed |= p->stacks.paths[side] == NULL;
}

/* Without types the columns are found by their usual names. */
static void
guess_fold(struct plan *p)
{
	static const struct {
		const char *name;
		size_t which;
	} names[] = { { "comm", FOLD_COMM }, { "pid", FOLD_PID },
		{ "value", FOLD_COUNT }, { "count", FOLD_COUNT } };

	start_fold(p);
	for (size_t i = 0; i < p->columns.n; i++) {
		const char *path = p->columns.v[i].path;

		for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++)
			if (strcmp(last_path_part(path), names[k].name) == 0)
				p->fold.columns[names[k].which] = i;
		guess_stack(p, path, plan_column_cell(p, i));
	}
	if (p->stacks.paths[0] != NULL || p->stacks.paths[1] != NULL)
		return;
	stack_view_free(p->stacks.view);
	p->stacks.view = NULL;
}

static const struct field *
fold_column(const struct plan *p, size_t which)
{
	return p->fold.columns[which] == FOLD_ABSENT
		   ? NULL
		   : &p->columns.v[p->fold.columns[which]];
}

/* A field as it is in the record: bytes, or JSON text with its quotes. */
struct fold_piece {
	const void *data;
	size_t len;
};

static struct fold_piece
read_piece(const struct plan *p, const struct plan_input *rec, size_t which)
{
	const struct field *c = fold_column(p, which);
	const struct json_value *cell;
	const unsigned char *data;
	size_t size;

	if (c == NULL)
		return (struct fold_piece){ "", 0 };
	if (rec->is_json) {
		cell = plan_column_cell(p, p->fold.columns[which]);
		return cell->kind == JSON_VALUE_ABSENT
			   ? (struct fold_piece){ "", 0 }
			   : (struct fold_piece){ cell->text, cell->len };
	}
	data = rec->run.data + c->place.offset;
	size = (size_t)field_place_type(&p->header->types, &c->place)->size;
	if (which == FOLD_COMM)
		size = strnlen((const char *)data, size);
	return (struct fold_piece){ data, size };
}

/* How many samples the record stands for; 1 if it has no count. */
static uint64_t
read_sample_count(const struct plan *p, const struct plan_input *rec)
{
	const struct field *c = fold_column(p, FOLD_COUNT);
	const struct json_value *cell;
	const struct type *type;
	size_t cpus = 1;
	uint64_t sum = 0;

	if (c == NULL)
		return 1;
	if (rec->is_json) {
		cell = plan_column_cell(p, p->fold.columns[FOLD_COUNT]);
		return cell->kind == JSON_VALUE_SCALAR ? json_value_u64(cell)
						       : 1;
	}
	if (c->place.cpus == FIELD_CPUS_SUM)
		cpus = p->formatter.cpus;
	type = field_place_type(&p->header->types, &c->place);
	for (size_t i = 0; i < cpus; i++) {
		uint64_t v = field_place_load(&p->header->types, &c->place,
		    rec->run.data + i * p->formatter.cpu_stride);

		/* A negative number stands for no sample. */
		if (!type->is_signed || v >> (type->size * 8 - 1) == 0)
			sum += v;
	}
	return sum;
}

/* Mix a stack into the key: its addresses, or its JSON text. */
static void
mix_stack_key(struct plan *p, const struct plan_input *rec,
    enum stack_side side, struct hash_key *k)
{
	struct stack_view *v = p->stacks.view;
	const struct json_value *cell;
	const uint64_t *addrs;
	size_t n;

	if (rec->is_json) {
		cell = &p->row.cells[p->stacks.cells[side]];
		hash_mix(k, cell->text,
		    cell->kind == JSON_VALUE_ABSENT ? 0 : cell->len);
		return;
	}
	n = stack_view_addresses(v, side, rec->run.data, &addrs);
	hash_mix(k, addrs, n * sizeof(*addrs));
	hash_mix(k, &v->state, sizeof(v->state));
}

static struct hash_key
make_flame_key(struct plan *p, const struct plan_input *rec)
{
	struct hash_key k = p->fold.source;

	for (size_t i = FOLD_COMM; i <= FOLD_PID; i++) {
		struct fold_piece piece = read_piece(p, rec, i);

		hash_mix(&k, piece.data, piece.len);
	}
	for (int side = 0; side < STACK_SIDES; side++)
		if (p->stacks.paths[side] != NULL)
			mix_stack_key(p, rec, (enum stack_side)side, &k);
	return k;
}

/* Append the name of the process or, if it has none, its number, and ";". */
static void
write_process(struct plan *p, const struct plan_input *rec, struct buf *out)
{
	struct fold_piece comm = read_piece(p, rec, FOLD_COMM);
	struct fold_piece pid = read_piece(p, rec, FOLD_PID);
	uint64_t number = 0;
	size_t start = out->len;

	if (rec->is_json && comm.len > 0 && *(const char *)comm.data == '"') {
		json_row_decode(
		    &p->row, plan_column_cell(p, p->fold.columns[FOLD_COMM]));
		stack_view_write_name(
		    out, p->row.scratch.data, p->row.scratch.len);
	} else if (!rec->is_json) {
		stack_view_write_name(out, comm.data, comm.len);
	}
	if (out->len == start && rec->is_json) {
		stack_view_write_name(out, pid.data, pid.len);
	} else if (out->len == start && pid.len > 0) {
		memcpy(&number, pid.data, pid.len);
		buf_printf(out, "%" PRIu64, number);
	}
	if (out->len > start)
		buf_chr(out, ';');
}

/* Append the functions of the user stack, then those of the kernel stack. */
static void
write_folded(struct plan *p, const struct plan_input *rec, struct buf *out)
{
	static const char *const ends[] = { "_[k];", ";" };
	size_t start = out->len;

	for (int i = 0; i < STACK_SIDES; i++) {
		enum stack_side side = i == 0 ? STACK_USER : STACK_KERNEL;

		if (!plan_read_stack(p, rec, side))
			continue;
		if (p->stacks.view->state == STACK_UNKNOWN) {
			buf_str(out, unknown);
			buf_str(out, ends[side]);
		}
		stack_view_write_functions(
		    p->stacks.view, out, unknown, ends[side]);
	}
	if (out->len == start)
		buf_printf(out, "%s;", unknown);
	if (!out->failed)
		out->len--;
}

static void
record_folded(struct plan *p, const struct plan_input *rec)
{
	struct flame *f = p->options.folded;
	struct buf *text = &p->scratch;
	struct hash_key k;
	uint64_t count;

	if (p->stacks.view == NULL)
		return;
	k = make_flame_key(p, rec);
	count = read_sample_count(p, rec);
	if (flame_count(f, &k, p->fold.pass, count))
		return;
	text->len = 0;
	write_process(p, rec, text);
	write_folded(p, rec, text);
	if (text->failed ||
	    flame_add(f, &k, text->data, text->len, p->fold.pass, count) == -1)
		rec->run.out->failed = true;
}

const struct plan_ops plan_folded_ops = {
	.compile = compile_folded,
	.record = record_folded,
	.guess = guess_fold,
	.traits.stacks_only = true,
	.style = STYLE_JSON,
	.deep = true,
};
