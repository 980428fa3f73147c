#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/utf8.h"
#include "base/util.h"
#include "record/stack-view.h"

/* The cells of a frame in JSON, and their keys. */
enum { CELL_ADDR, CELL_SYMBOL, CELL_OFFSET, CELL_FILE, CELL_LINE };
static const char *const frame_keys[] = { "addr", "symbol", "offset", "file",
	"line" };

int
stack_view_new(struct stack_view **out, const struct stream_header *h,
    unsigned int map, const struct symbol_store *symbols)
{
	struct stack_view *v;
	struct stack_layout l = { .with_symbols = true };

	*out = NULL;
	if (h != NULL && stack_layout_find(&l, h, map) != 1)
		return 0;
	if ((v = calloc(1, sizeof(*v))) == NULL)
		return -1;
	*v = (struct stack_view){
		.header = h,
		.map = map,
		.symbols = symbols,
		.layout = l,
		.addrs = calloc(STACK_DEPTH_MAX, sizeof(*v->addrs)),
	};
	if (json_row_open(&v->row) == 0)
		for (size_t i = 0; i < nitems(frame_keys); i++)
			json_row_add(&v->row, frame_keys[i]);
	if (v->addrs == NULL || v->row.keys == NULL || v->row.failed) {
		stack_view_free(v);
		return -1;
	}
	*out = v;
	return 0;
}

void
stack_view_free(struct stack_view *v)
{
	if (v == NULL)
		return;
	free(v->v);
	free(v->addrs);
	json_row_close(&v->row);
	buf_free(&v->text);
	buf_free(&v->folded);
	free(v);
}

enum stack_side
stack_view_side(const struct stack_view *v, const struct field_place *p)
{
	for (int i = 0; i < STACK_SIDES; i++) {
		const struct stack_field *f = &v->layout.sides[i];

		if (f->kind != STACK_ABSENT && field_place_equals(&f->at, p))
			return (enum stack_side)i;
	}
	return STACK_SIDES;
}

/*
 * Reading.
 */

static void
clear_stack(struct stack_view *v)
{
	v->state = STACK_NONE;
	v->n = v->names = 0;
	v->text.len = 0;
}

static void
add_frame(struct stack_view *v, uint64_t addr, bool inlined,
    struct symbol_frame frame)
{
	if (v->n == STACK_FRAMES_MAX || v->failed)
		return;
	if (!array_room(v->v, v->n, v->cap)) {
		v->failed = true;
		return;
	}
	v->v[v->n++] = (struct stack_frame){
		.addr = addr, .inlined = inlined, .frame = frame
	};
}

static void
add_frames_at(struct stack_view *v, uint64_t pid, uint64_t addr)
{
	struct symbol_frames found = { NULL, 0 };

	if (v->symbols != NULL)
		found = symbol_store_find(v->symbols, pid, addr);
	if (found.n == 0 || v->names > STACK_NAMES_MAX)
		add_frame(
		    v, addr, false, (struct symbol_frame){ .symbol = NULL });
	for (size_t i = 0; i < found.n && v->names <= STACK_NAMES_MAX; i++) {
		const struct symbol_frame *f = &found.v[i];

		add_frame(v, addr, i + 1 < found.n, *f);
		v->names += strlen(f->symbol);
		v->names += f->file != NULL ? strlen(f->file) : 0;
	}
}

/* Find the addresses of a stack id.  A negative one is an error number of the
 * kernel, which could not collect the stack. */
static size_t
find_stack_of_id(struct stack_view *v, enum stack_side side,
    const unsigned char *record, const uint64_t **addrs)
{
	const char *stacks = v->header->maps[v->map].stacks;
	size_t n = 0;

	v->id = stack_layout_read_id(&v->layout, side, record);
	if (v->id < 0)
		return 0;
	if (v->symbols != NULL && stacks != NULL)
		n = symbol_store_find_stack(v->symbols, stacks, v->id, addrs);
	if (n == 0)
		v->state = STACK_UNKNOWN;
	return n;
}

size_t
stack_view_addresses(struct stack_view *v, enum stack_side side,
    const unsigned char *record, const uint64_t **addrs)
{
	const struct stack_field *f = &v->layout.sides[side];
	size_t n = 0;

	clear_stack(v);
	*addrs = v->addrs;
	if (f->kind == STACK_ID)
		n = find_stack_of_id(v, side, record, addrs);
	else if (f->kind == STACK_ARRAY)
		n = stack_layout_read_addresses(&v->layout, side,
		    &v->header->types, record, v->addrs, STACK_DEPTH_MAX);
	if (n > 0)
		v->state = STACK_FRAMES;
	return n;
}

void
stack_view_read(
    struct stack_view *v, enum stack_side side, const unsigned char *record)
{
	const uint64_t *addrs;
	size_t n = stack_view_addresses(v, side, record, &addrs);
	uint64_t pid = 0;

	if (side == STACK_USER)
		pid = stack_layout_read_pid(
		    &v->layout, &v->header->types, record);
	for (size_t i = 0; i < n; i++)
		add_frames_at(v, pid, addrs[i]);
}

/* Append a string of a frame to the view's text.  Returns where it starts, plus
 * one, or 0 if there is none. */
static size_t
keep_string(struct stack_view *v, const struct json_value *string)
{
	size_t at = v->text.len + 1;

	if (string->kind != JSON_VALUE_STRING || v->text.len > STACK_NAMES_MAX)
		return 0;
	json_value_decode(string, &v->text);
	buf_chr(&v->text, '\0');
	v->failed |= v->text.failed;
	return at;
}

/* Add the frame {"addr":1,"symbol":"main",...} at the cursor.  Returns whether
 * it is JSON. */
static bool
read_frame(struct stack_view *v, struct json_cursor *c)
{
	const struct json_value *cells;
	struct symbol_frame f;

	if (!json_row_parse_at(&v->row, c))
		return false;
	cells = v->row.cells;
	f = (struct symbol_frame){
		.has_offset = cells[CELL_OFFSET].kind == JSON_VALUE_SCALAR,
		.offset = json_value_u64(&cells[CELL_OFFSET]),
		.line = json_value_u64(&cells[CELL_LINE]),
	};
	add_frame(v, json_value_u64(&cells[CELL_ADDR]), false, f);
	if (v->failed)
		return false;
	v->v[v->n - 1].symbol_at = keep_string(v, &cells[CELL_SYMBOL]);
	v->v[v->n - 1].file_at = keep_string(v, &cells[CELL_FILE]);
	return true;
}

/* Whether a value is a number that is not negative. */
static bool
is_unsigned(const struct json_value *v)
{
	return v->kind == JSON_VALUE_SCALAR && *v->text >= '0' &&
	       *v->text <= '9';
}

/* Set the pointers to the strings, now that the text no longer moves, and mark
 * inlined functions. */
static void
settle_frames(struct stack_view *v)
{
	for (size_t i = 0; i < v->n; i++) {
		struct stack_frame *f = &v->v[i];

		if (f->symbol_at != 0)
			f->frame.symbol = v->text.data + f->symbol_at - 1;
		if (f->file_at != 0)
			f->frame.file = v->text.data + f->file_at - 1;
	}
	/* Frames with one address are inlined into each other, unless they have
	 * the same name: those are calls of a function by itself. */
	for (size_t i = 1; i < v->n; i++) {
		const struct symbol_frame *in = &v->v[i].frame;
		const struct symbol_frame *f = &v->v[i - 1].frame;

		v->v[i - 1].inlined = v->v[i - 1].addr == v->v[i].addr &&
				      f->symbol != NULL && in->symbol != NULL &&
				      strcmp(f->symbol, in->symbol) != 0;
	}
}

/* Read an array of frames, or of addresses alone. */
static void
read_stack_array(struct stack_view *v, const struct json_value *array)
{
	struct json_value number;
	struct json_cursor c;
	bool good = true;

	json_cursor_open(&c, array->text, array->len);
	json_cursor_enter(&c);
	while (good && !v->failed && v->n < STACK_FRAMES_MAX &&
	       json_cursor_next_element(&c) == 1) {
		if (json_cursor_kind(&c) == JSON_VALUE_OBJECT) {
			good = read_frame(v, &c);
			continue;
		}
		good = json_cursor_read(&c, &number);
		if (good && is_unsigned(&number))
			add_frame(v, json_value_u64(&number), false,
			    (struct symbol_frame){ .symbol = NULL });
	}
	if (!v->failed)
		settle_frames(v);
	if (v->n > 0)
		v->state = STACK_FRAMES;
}

bool
stack_view_is_stack(const struct json_value *value)
{
	struct json_value key, v;
	struct json_cursor c;

	if (value->kind != JSON_VALUE_ARRAY)
		return false;
	json_cursor_open(&c, value->text, value->len);
	json_cursor_enter(&c);
	if (json_cursor_next_element(&c) != 1 ||
	    json_cursor_kind(&c) != JSON_VALUE_OBJECT || !json_cursor_enter(&c))
		return false;
	while (json_cursor_next_member(&c, &key) == 1)
		if (json_value_is(&key, "addr"))
			return true;
		else if (!json_cursor_read(&c, &v))
			break;
	return false;
}

void
stack_view_read_json(struct stack_view *v, const struct json_value *value)
{
	uint64_t id;

	clear_stack(v);
	if (value->kind == JSON_VALUE_ARRAY) {
		read_stack_array(v, value);
	} else if (is_unsigned(value)) {
		id = json_value_u64(value);
		v->id = id > INT32_MAX ? INT32_MAX : (int32_t)id;
		v->state = STACK_UNKNOWN;
	}
}

/*
 * Writing.
 */

static void
write_json_stack(const struct stack_view *v, struct buf *out)
{
	buf_chr(out, '[');
	for (size_t i = 0; i < v->n; i++) {
		const struct stack_frame *f = &v->v[i];

		if (i > 0)
			buf_chr(out, ',');
		symbol_store_write_frame(
		    out, f->addr, f->frame.symbol != NULL ? &f->frame : NULL);
	}
	buf_chr(out, ']');
}

void
stack_view_write_name(struct buf *out, const char *name, size_t n)
{
	const unsigned char *p = (const unsigned char *)name;
	size_t len;
	uint32_t c;

	for (; n > 0; p += len, n -= len) {
		len = utf8_length(p, n, &c);
		if (len == 0) {
			buf_str(out, "\xef\xbf\xbd");
			len = 1;
		} else if (*p <= ' ' || *p == 0x7f) {
			buf_chr(out, '_');
		} else if (*p == ';') {
			buf_chr(out, ':');
		} else {
			buf_add(out, p, len);
		}
	}
}

void
stack_view_write_functions(const struct stack_view *v, struct buf *out,
    const char *unknown, const char *end)
{
	for (size_t i = v->n; i-- > 0;) {
		const char *name = v->v[i].frame.symbol;

		if (name != NULL)
			stack_view_write_name(out, name, strlen(name));
		else if (unknown != NULL)
			buf_str(out, unknown);
		else
			buf_printf(out, "0x%" PRIx64, v->v[i].addr);
		buf_str(out, end);
	}
}

void
stack_view_write(struct stack_view *v, struct buf *out, enum style style)
{
	/* The stack is incomplete. */
	if (v->failed) {
		out->failed = true;
		return;
	}
	if (v->state == STACK_UNKNOWN) {
		buf_printf(out, "%" PRId32, v->id);
	} else if (style == STYLE_JSON) {
		write_json_stack(v, out);
	} else if (v->state == STACK_FRAMES) {
		v->folded.len = 0;
		stack_view_write_functions(v, &v->folded, NULL, ";");
		if (!v->folded.failed)
			text_write(
			    out, v->folded.data, v->folded.len - 1, style);
		v->failed |= v->folded.failed;
	}
	out->failed |= v->failed;
}
