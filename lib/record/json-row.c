#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/util.h"
#include "record/fields.h"
#include "record/json-row.h"

/* With more keys than this none is collected, and none is searched for before
 * it is added, so that the time stays linear whatever a record holds. */
enum { KEYS_MAX = 1024 };

int
json_row_open(struct json_row *r)
{
	*r = (struct json_row){ 0 };
	r->keys = calloc(16, sizeof(*r->keys));
	if (r->keys == NULL)
		return -1;
	r->keys_cap = 16;
	r->nkeys = 1;
	r->keys[0].cell = JSON_ROW_NO_CELL;
	return 0;
}

void
json_row_close(struct json_row *r)
{
	for (size_t i = 0; i < r->nkeys; i++)
		free(r->keys[i].name);
	free(r->keys);
	free(r->cells);
	buf_free(&r->scratch);
	buf_free(&r->news);
	*r = (struct json_row){ 0 };
}

static bool
is_row_key(const struct json_row_key *k, const char *name, size_t len)
{
	return k->len == len && memcmp(k->name, name, len) == 0;
}

/* Find the key of a name below parent; 0 if there is none.  Keys nearly always
 * come in the same order, so the likely one is tried first. */
static uint32_t
find_row_key(const struct json_row *r, uint32_t parent, uint32_t likely,
    const char *name, size_t len)
{
	uint32_t k;

	if (likely != 0 && is_row_key(&r->keys[likely], name, len))
		return likely;
	for (k = r->keys[parent].first_child; k != 0; k = r->keys[k].next)
		if (is_row_key(&r->keys[k], name, len))
			break;
	return k;
}

/* Add a key below parent, after the others.  Returns 0 when memory ran out. */
static uint32_t
add_key(struct json_row *r, uint32_t parent, const char *name, size_t len)
{
	uint32_t last = r->keys[parent].last_child, k = (uint32_t)r->nkeys;
	char *copy;

	if (!array_room(r->keys, r->nkeys, r->keys_cap)) {
		r->failed = true;
		return 0;
	}
	copy = malloc(len + 1);
	if (copy == NULL) {
		r->failed = true;
		return 0;
	}
	memcpy(copy, name, len);
	copy[len] = '\0';
	r->keys[k] = (struct json_row_key){ .name = copy,
		.len = len,
		.parent = parent,
		.cell = JSON_ROW_NO_CELL };
	if (last != 0)
		r->keys[last].next = k;
	else
		r->keys[parent].first_child = k;
	r->keys[parent].last_child = k;
	r->nkeys++;
	return k;
}

/* The cell of a key; it is added if there is none. */
static uint32_t
add_cell(struct json_row *r, uint32_t key)
{
	if (r->keys[key].cell != JSON_ROW_NO_CELL)
		return r->keys[key].cell;
	if (!array_room(r->cells, r->ncells, r->cells_cap)) {
		r->failed = true;
		return JSON_ROW_NO_CELL;
	}
	r->cells[r->ncells] = (struct json_value){ 0 };
	r->keys[key].cell = (uint32_t)r->ncells;
	return (uint32_t)r->ncells++;
}

uint32_t
json_row_add(struct json_row *r, const char *path)
{
	uint32_t parent = 0, k;
	size_t len;

	for (;; path += len + 1) {
		len = strcspn(path, ".");
		/* Paths of one struct are added one after another, so the last
		 * key is often the one. */
		k = r->keys[parent].last_child;
		if (k == 0 || !is_row_key(&r->keys[k], path, len))
			k = r->nkeys > KEYS_MAX
				? 0
				: find_row_key(r, parent, 0, path, len);
		if (k == 0 && (k = add_key(r, parent, path, len)) == 0)
			return JSON_ROW_NO_CELL;
		if (path[len] == '\0')
			return add_cell(r, k);
		parent = k;
	}
}

/* Add what JSON says of histograms beside the member at path, "value.slots", or
 * in the record itself. */
static void
add_hist_paths(struct json_row *r, const char *path)
{
	static const char *const names[] = { "unit", "buckets" };
	const char *dot = strrchr(path, '.');
	int parent = dot == NULL ? 0 : (int)(dot + 1 - path);
	char *beside;

	for (size_t i = 0; i < nitems(names); i++) {
		if (asprintf(&beside, "%.*s%s", parent, path, names[i]) == -1) {
			r->failed = true;
			return;
		}
		json_row_add(r, beside);
		free(beside);
	}
}

static bool
is_slots(const char *path)
{
	size_t n = strlen(path);

	return n > 6 && strcmp(path + n - 6, ".slots") == 0;
}

void
json_row_add_typed(
    struct json_row *r, const struct stream_header *h, unsigned int map)
{
	struct fields all = { 0 };

	json_row_add(r, "@map");
	json_row_add(r, "@time");
	json_row_add(r, "@type");
	json_row_add(r, "@host");
	json_row_add(r, "@host_index");
	all.texts = FIELD_TEXTS_BESIDE;
	fields_add_roots(&all, h, map);
	fields_add_selected(&all, h, map, NULL, 0, true);
	for (size_t i = 0; i < all.n; i++) {
		json_row_add(r, all.v[i].path);
		if (h->maps[map].sample != SAMPLE_KV && is_slots(all.v[i].path))
			add_hist_paths(r, all.v[i].path);
	}
	if (h->maps[map].sample != SAMPLE_KV)
		add_hist_paths(r, "");
	r->failed |= all.failed;
	fields_free(&all);
}

static void
write_key_path(const struct json_row *r, uint32_t key, struct buf *out)
{
	const struct json_row_key *k = &r->keys[key];

	if (k->parent != 0) {
		write_key_path(r, k->parent, out);
		buf_chr(out, '.');
	}
	buf_add(out, k->name, k->len);
}

void
json_row_write_path(const struct json_row *r, uint32_t cell, struct buf *out)
{
	for (uint32_t k = 1; k < r->nkeys; k++)
		if (r->keys[k].cell == cell)
			write_key_path(r, k, out);
}

/* Note a member that is not wanted, for the first time. */
static void
note_member(struct json_row *r, uint32_t parent, const char *name, size_t len)
{
	uint32_t k;

	if (len > 0 && *name == '@')
		return;
	if ((k = add_key(r, parent, name, len)) == 0)
		return;
	if (r->news.len > 0)
		buf_str(&r->news, ", ");
	write_key_path(r, k, &r->news);
	r->news_left--;
}

/* The key of a member of parent; 0 if it is not wanted. */
static uint32_t
find_member_key(struct json_row *r, uint32_t parent, uint32_t likely,
    const struct json_value *quoted)
{
	const char *name = quoted->text + 1;
	size_t len = quoted->len - 2;
	uint32_t k;

	if (memchr(name, '\\', len) != NULL) {
		json_row_decode(r, quoted);
		name = r->scratch.len > 0 ? r->scratch.data : "";
		len = r->scratch.len;
	}
	k = find_row_key(r, parent, likely, name, len);
	if (k != 0)
		return k;
	if (r->collect && r->nkeys <= KEYS_MAX)
		return add_key(r, parent, name, len);
	r->full |= r->collect;
	if (r->news_left > 0)
		note_member(r, parent, name, len);
	return 0;
}

static void
set_row_cell(struct json_row *r, uint32_t key, const struct json_value *v)
{
	if (r->collect && r->keys[key].first_child == 0)
		add_cell(r, key);
	if (r->keys[key].cell != JSON_ROW_NO_CELL)
		r->cells[r->keys[key].cell] = *v;
}

/* Parse the object at the cursor, whose members are keys below parent. */
static bool
parse_row_object(struct json_row *r, struct json_cursor *c, uint32_t parent)
{
	uint32_t likely = r->keys[parent].first_child, key;
	struct json_value name, v;
	int got;

	if (json_cursor_kind(c) != JSON_VALUE_OBJECT || !json_cursor_enter(c))
		return false;
	while ((got = json_cursor_next_member(c, &name)) == 1) {
		key = find_member_key(r, parent, likely, &name);
		likely = key != 0 ? r->keys[key].next : 0;
		if (key != 0 &&
		    (r->keys[key].first_child != 0 ||
			(r->collect && r->deep)) &&
		    json_cursor_kind(c) == JSON_VALUE_OBJECT) {
			v.kind = JSON_VALUE_OBJECT;
			v.text = c->p;
			if (!parse_row_object(r, c, key))
				return false;
			v.len = (size_t)(c->p - v.text);
		} else if (!json_cursor_read(c, &v)) {
			return false;
		}
		if (key != 0)
			set_row_cell(r, key, &v);
	}
	return got == 0;
}

bool
json_row_parse_at(struct json_row *r, struct json_cursor *c)
{
	for (size_t i = 0; i < r->ncells; i++)
		r->cells[i].kind = JSON_VALUE_ABSENT;
	return parse_row_object(r, c, 0);
}

int
json_row_parse(struct json_row *r, const char *text, size_t len)
{
	struct json_cursor c;
	bool good;

	json_cursor_open(&c, text, len);
	good = json_row_parse_at(r, &c) && json_cursor_is_done(&c);
	r->wrong_at = (size_t)(c.p - text) + 1;
	r->spaced = c.spaced;
	return good ? 0 : -1;
}

void
json_row_decode(struct json_row *r, const struct json_value *string)
{
	r->scratch.len = 0;
	json_value_decode(string, &r->scratch);
	r->failed |= r->scratch.failed;
}

void
json_row_write_cell(struct json_row *r, const struct json_value *cell,
    struct buf *out, enum style style)
{
	bool nested = cell->kind >= JSON_VALUE_ARRAY;

	if (cell->kind == JSON_VALUE_ABSENT)
		return;
	if (style == STYLE_JSON && nested) {
		json_value_write_compact(cell, out);
	} else if (style == STYLE_JSON || cell->kind == JSON_VALUE_SCALAR) {
		buf_add(out, cell->text, cell->len);
	} else {
		r->scratch.len = 0;
		if (nested)
			json_value_respell(cell, &r->scratch);
		else
			json_value_decode(cell, &r->scratch);
		text_write(out, r->scratch.data, r->scratch.len, style);
		out->failed |= r->scratch.failed;
	}
}
