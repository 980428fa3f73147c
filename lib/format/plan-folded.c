/*
 * PLAN_FOLDED and PLAN_FLAME: count stacks for flame graphs, as text and as a
 * picture.  A record of a buffer is one sample; a record of a sampled map
 * stands for as many as its value says.  If a member weighs records, each
 * stands for as many as that says.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/util.h"
#include "format/plan-column.h"
#include "picture/flame-tree.h"

static const char unknown[] = "[unknown]";
static const char u64_max[] = "18446744073709551615";

/* Take the first of the names that is an integer as the count; per CPU the
 * sum. */
static void
pick_count_column(struct plan *p, const char *const *names, size_t n)
{
	struct fields found = { 0 };

	for (size_t i = 0; i < n; i++)
		fields_add_selected(
		    &found, p->header, p->map, &names[i], 1, false);
	for (size_t i = 0; i < found.n; i++) {
		const struct field_place *at = &found.v[i].place;
		const struct type *type =
		    field_place_type(&p->header->types, at);

		if (type != NULL && type->kind == TYPE_INT && type->size <= 8 &&
		    at->bits == 0 && at->cpus != FIELD_CPUS_ALL) {
			p->fold.columns[FOLD_COUNT] = p->columns.n;
			fields_add(&p->columns, &found.v[i]);
			break;
		}
	}
	p->columns.failed |= found.failed;
	fields_free(&found);
}

/* Find what weighs the records: the member that was chosen; or of a sampled map
 * its value if that is an integer, or its member called count. */
static void
find_count_column(struct plan *p)
{
	static const char *const names[] = { "value", "value.count" };

	if (p->fold.weighed)
		pick_count_column(p, &p->options.weight, 1);
	else if (p->header->maps[p->map].source == STREAM_SAMPLE)
		pick_count_column(p, names, nitems(names));
}

static void
start_fold(struct plan *p)
{
	p->fold.source = flame_source(p->options.folded, p->source.number);
	p->fold.weighed = p->options.weight != NULL;
	for (size_t i = 0; i < FOLD_COLUMNS; i++)
		p->fold.columns[i] = FOLD_ABSENT;
}

void
plan_compile_fold(struct plan *p)
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

/* Whether the path of a member is, as -c names it, that name. */
static bool
is_member(const char *path, const char *name)
{
	static const char *const parts[] = { "key.", "value." };

	for (size_t i = 0; i < nitems(parts); i++)
		if (strncmp(path, parts[i], strlen(parts[i])) == 0 &&
		    strcmp(path + strlen(parts[i]), name) == 0)
			return true;
	return strcmp(path, name) == 0;
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
void
plan_guess_fold(struct plan *p)
{
	static const struct {
		const char *name;
		size_t which;
	} names[] = { { "comm", FOLD_COMM }, { "pid", FOLD_PID },
		{ "value", FOLD_COUNT }, { "count", FOLD_COUNT } };

	start_fold(p);
	for (size_t i = 0; i < p->columns.n; i++) {
		const char *path = p->columns.v[i].path;

		for (size_t k = 0; k < nitems(names); k++)
			if (strcmp(last_path_part(path), names[k].name) == 0 &&
			    !(names[k].which == FOLD_COUNT && p->fold.weighed))
				p->fold.columns[names[k].which] = i;
		if (p->fold.weighed && is_member(path, p->options.weight))
			p->fold.columns[FOLD_COUNT] = i;
		guess_stack(p, path, plan_column_cell(p, i));
	}
	/* Later records may have what the first one lacks. */
	if (p->fold.weighed && p->fold.columns[FOLD_COUNT] == FOLD_ABSENT)
		p->fold.weight_cell = json_row_add(&p->row, p->options.weight);
	if (p->stacks.paths[0] != NULL || p->stacks.paths[1] != NULL)
		return;
	stack_view_free(p->stacks.view);
	p->stacks.view = NULL;
}

const struct field *
plan_fold_column(const struct plan *p, size_t which)
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
	const struct field *c = plan_fold_column(p, which);
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

/* Whether a cell has an integer, and no other number. */
static bool
is_integer(const struct json_value *cell)
{
	size_t sign = cell->len > 0 && *cell->text == '-';

	if (cell->kind != JSON_VALUE_SCALAR || cell->len == sign)
		return false;
	for (size_t i = sign; i < cell->len; i++)
		if (cell->text[i] < '0' || cell->text[i] > '9')
			return false;
	return true;
}

/* The weight in a JSON record; of an integer below zero, and of what is none,
 * 0. */
static uint64_t
read_json_weight(struct plan *p)
{
	const struct json_value *cell = NULL;
	struct flame *f = p->options.folded;
	uint64_t weight;

	if (p->fold.weight_cell != 0)
		cell = &p->row.cells[p->fold.weight_cell];
	else if (plan_fold_column(p, FOLD_COUNT) != NULL)
		cell = plan_column_cell(p, p->fold.columns[FOLD_COUNT]);
	if (cell == NULL || !is_integer(cell)) {
		flame_note_fault(f, FLAME_NO_WEIGHT);
		return 0;
	}
	if (*cell->text == '-') {
		flame_note_fault(f, FLAME_NEGATIVE_WEIGHT);
		return 0;
	}
	weight = json_value_u64(cell);
	/* The nearest that there is. */
	if (weight == UINT64_MAX &&
	    (cell->len != strlen(u64_max) ||
		memcmp(cell->text, u64_max, cell->len) != 0))
		flame_note_overflow(f);
	return weight;
}

/* The sum of all CPUs in a binary record. */
static uint64_t
read_sum(struct plan *p, const struct field *c, const unsigned char *data)
{
	const struct type *type =
	    field_place_type(&p->header->types, &c->place);
	size_t cpus = c->place.cpus == FIELD_CPUS_SUM ? p->formatter.cpus : 1;
	bool negative = false;
	uint64_t sum = 0;

	for (size_t i = 0; i < cpus; i++) {
		uint64_t v = field_place_load(&p->header->types, &c->place,
		    data + i * p->formatter.cpu_stride);

		/* A negative number stands for no sample. */
		if (type->is_signed && v >> (type->size * 8 - 1) != 0)
			negative = true;
		else if (__builtin_add_overflow(sum, v, &sum)) {
			sum = UINT64_MAX;
			flame_note_overflow(p->options.folded);
		}
	}
	if (negative && p->fold.weighed)
		flame_note_fault(p->options.folded, FLAME_NEGATIVE_WEIGHT);
	return sum;
}

uint64_t
plan_fold_count(struct plan *p, const struct plan_input *rec)
{
	const struct field *c = plan_fold_column(p, FOLD_COUNT);
	const struct json_value *cell;

	if (rec->is_json && p->fold.weighed)
		return read_json_weight(p);
	if (c == NULL)
		return 1;
	if (!rec->is_json)
		return read_sum(p, c, rec->run.data);
	cell = plan_column_cell(p, p->fold.columns[FOLD_COUNT]);
	return cell->kind == JSON_VALUE_SCALAR ? json_value_u64(cell) : 1;
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

struct hash_key
plan_fold_key(struct plan *p, const struct plan_input *rec)
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

/* The name of the process or, if it has none, its number, which may be written
 * to digits; empty if it has neither. */
static struct fold_piece
read_process(
    struct plan *p, const struct plan_input *rec, char digits[TEXT_U64_MAX])
{
	struct fold_piece comm = read_piece(p, rec, FOLD_COMM);
	struct fold_piece pid = read_piece(p, rec, FOLD_PID);
	uint64_t number = 0;

	if (rec->is_json && comm.len > 0 && *(const char *)comm.data == '"') {
		json_row_decode(
		    &p->row, plan_column_cell(p, p->fold.columns[FOLD_COMM]));
		comm = (struct fold_piece){ p->row.scratch.data,
			p->row.scratch.len };
	} else if (rec->is_json) {
		comm.len = 0;
	}
	if (comm.len > 0)
		return comm;
	if (!rec->is_json && pid.len > 0) {
		memcpy(&number, pid.data, pid.len);
		pid = (struct fold_piece){ digits,
			(size_t)(text_u64(digits, number) - digits) };
	}
	return pid;
}

/* The host of the records of a merged stream, which is the outermost frame; or
 * "". */
static const char *
frame_host(const struct plan *p)
{
	return p->header != NULL && p->header->nhosts > 0
		   ? stream_header_host(p->header, p->map)
		   : "";
}

/* Append the host and the process, each with ";". */
static void
write_process(struct plan *p, const struct plan_input *rec, struct buf *out)
{
	char digits[TEXT_U64_MAX];
	struct fold_piece name = read_process(p, rec, digits);
	const char *host = frame_host(p);

	stack_view_write_name(out, host, strlen(host));
	if (*host != '\0')
		buf_chr(out, ';');
	stack_view_write_name(out, name.data, name.len);
	if (name.len > 0)
		buf_chr(out, ';');
}

static void
write_process_frame(
    struct plan *p, const struct plan_input *rec, struct buf *out)
{
	char digits[TEXT_U64_MAX];
	struct fold_piece name = read_process(p, rec, digits);
	const char *host = frame_host(p);

	if (*host != '\0')
		flame_tree_write_frame(out, host, strlen(host), FRAME_HOST);
	if (name.len > 0)
		flame_tree_write_frame(out, name.data, name.len, FRAME_PROCESS);
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

/* What kind of code is mapped from a file: the kernel's own to processes, that
 * of the program, of a library, which has ".so" in its name, or of none. */
static unsigned int
mapping_kind(const struct symbol_mapping *m)
{
	const char *name, *so;

	if (m == NULL || m->file == NULL)
		return FRAME_USER;
	if (strcmp(m->file, "[anon]") == 0)
		return FRAME_GENERATED;
	name = strrchr(m->file, '/');
	name = name != NULL ? name + 1 : m->file;
	so = strstr(name, ".so");
	return *name == '[' || (so != NULL && (so[3] == '\0' || so[3] == '.'))
		   ? FRAME_LIBRARY
		   : FRAME_PROGRAM;
}

/* What kind of code a function of a process is. */
static unsigned int
frame_kind(const struct plan *p, enum stack_side side, uint64_t pid,
    const struct stack_frame *f)
{
	unsigned int inlined = f->inlined ? FRAME_INLINED : 0;
	const struct symbol_store *symbols = p->stacks.view->symbols;
	const struct symbol_mapping *m = NULL;

	if (side == STACK_KERNEL)
		return FRAME_KERNEL | inlined;
	if (symbols != NULL)
		m = symbol_store_find_mapping(symbols, pid, f->addr);
	if (m == NULL && f->frame.symbol == NULL)
		return FRAME_UNKNOWN;
	return mapping_kind(m) | inlined;
}

/* Append the frames of the process and of both stacks, as a flame tree has
 * them. */
static void
write_flame(struct plan *p, const struct plan_input *rec, struct buf *out)
{
	const struct stack_view *v = p->stacks.view;
	uint64_t pid = 0;
	size_t start;

	if (!rec->is_json)
		pid = stack_layout_read_pid(
		    &v->layout, &v->header->types, rec->run.data);
	write_process_frame(p, rec, out);
	start = out->len;
	for (int i = 0; i < STACK_SIDES; i++) {
		enum stack_side side = i == 0 ? STACK_USER : STACK_KERNEL;

		if (!plan_read_stack(p, rec, side))
			continue;
		if (v->state == STACK_UNKNOWN)
			flame_tree_write_frame(out, unknown, strlen(unknown),
			    side == STACK_KERNEL ? FRAME_KERNEL
						 : FRAME_UNKNOWN);
		for (size_t k = v->n; k-- > 0;) {
			const char *name = v->v[k].frame.symbol;

			if (name == NULL)
				name = unknown;
			flame_tree_write_frame(out, name, strlen(name),
			    frame_kind(p, side, pid, &v->v[k]));
		}
	}
	if (out->len == start)
		flame_tree_write_frame(
		    out, unknown, strlen(unknown), FRAME_UNKNOWN);
}

struct plan_fold_text
plan_fold_comm(struct plan *p, const struct plan_input *rec)
{
	struct fold_piece comm = read_piece(p, rec, FOLD_COMM);

	if (!rec->is_json)
		return (struct plan_fold_text){ comm.data, comm.len };
	if (comm.len == 0 || *(const char *)comm.data != '"')
		return (struct plan_fold_text){ NULL, 0 };
	json_row_decode(
	    &p->row, plan_column_cell(p, p->fold.columns[FOLD_COMM]));
	return (
	    struct plan_fold_text){ p->row.scratch.data, p->row.scratch.len };
}

bool
plan_fold_pid(struct plan *p, const struct plan_input *rec, uint64_t *pid)
{
	struct fold_piece piece = read_piece(p, rec, FOLD_PID);

	*pid = 0;
	if (piece.len == 0)
		return false;
	if (rec->is_json)
		*pid = json_value_u64(
		    plan_column_cell(p, p->fold.columns[FOLD_PID]));
	else
		memcpy(pid, piece.data,
		    piece.len < sizeof(*pid) ? piece.len : sizeof(*pid));
	return true;
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
	k = plan_fold_key(p, rec);
	count = plan_fold_count(p, rec);
	if (flame_count(f, &k, p->source.pass, count))
		return;
	text->len = 0;
	if (p->options.form == PLAN_FLAME) {
		write_flame(p, rec, text);
	} else {
		write_process(p, rec, text);
		write_folded(p, rec, text);
	}
	if (text->failed || flame_add(f, &k, text->data, text->len,
				p->source.pass, count) == -1)
		rec->run.out->failed = true;
}

bool
plan_lacks_weight(const struct plan *p)
{
	return p->fold.weighed && p->header != NULL &&
	       p->fold.columns[FOLD_COUNT] == FOLD_ABSENT;
}

const struct plan_ops plan_folded_ops = {
	.compile = plan_compile_fold,
	.record = record_folded,
	.guess = plan_guess_fold,
	.traits = { .stacks_only = true, .option = "--folded" },
	.style = STYLE_JSON,
	.deep = true,
};

const struct plan_ops plan_flame_ops = {
	.compile = plan_compile_fold,
	.record = record_folded,
	.guess = plan_guess_fold,
	.traits = { .stacks_only = true,
	    .document = true,
	    .option = "--flame" },
	.style = STYLE_JSON,
	.deep = true,
};
