#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "record/json-row.h"

enum {
	DEPTH_MAX = 512, /* of values in each other, more than types have */
	KEYS_MAX = 1024, /* taken from an object, and searched before adding */
};

/* A line on its way through the parser: p is where it is. */
struct parser {
	struct json_row *row;
	const char *p, *end;
	unsigned int depth;
};

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
	*r = (struct json_row){ 0 };
}

static bool
is_key(const struct json_row_key *k, const char *name, size_t len)
{
	return k->len == len && memcmp(k->name, name, len) == 0;
}

/* The key of that name below parent, or 0.  Records have their keys in the
 * same order, so the one that is likely is tried first. */
static uint32_t
find_key(const struct json_row *r, uint32_t parent, uint32_t likely,
    const char *name, size_t len)
{
	uint32_t k;

	if (likely != 0 && is_key(&r->keys[likely], name, len))
		return likely;
	for (k = r->keys[parent].child; k != 0; k = r->keys[k].next)
		if (is_key(&r->keys[k], name, len))
			break;
	return k;
}

/* A new key below parent, behind the others.  Returns 0 when memory ran
 * out. */
static uint32_t
new_key(struct json_row *r, uint32_t parent, const char *name, size_t len)
{
	uint32_t last = r->keys[parent].last, k = (uint32_t)r->nkeys;
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
		r->keys[parent].child = k;
	r->keys[parent].last = k;
	r->nkeys++;
	return k;
}

/* The cell of a key, made if there is none. */
static uint32_t
cell_of(struct json_row *r, uint32_t key)
{
	if (r->keys[key].cell != JSON_ROW_NO_CELL)
		return r->keys[key].cell;
	if (!array_room(r->cells, r->ncells, r->cells_cap)) {
		r->failed = true;
		return JSON_ROW_NO_CELL;
	}
	r->cells[r->ncells] = (struct json_cell){ 0 };
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
		/* Columns of one struct come one after another, and those of
		 * a map differ, so many need no search. */
		k = r->keys[parent].last;
		if (k == 0 || !is_key(&r->keys[k], path, len))
			k = r->nkeys > KEYS_MAX
				? 0
				: find_key(r, parent, 0, path, len);
		if (k == 0 && (k = new_key(r, parent, path, len)) == 0)
			return JSON_ROW_NO_CELL;
		if (path[len] == '\0')
			return cell_of(r, k);
		parent = k;
	}
}

static void
put_path(const struct json_row *r, uint32_t key, struct buf *out)
{
	const struct json_row_key *k = &r->keys[key];

	if (k->parent != 0) {
		put_path(r, k->parent, out);
		buf_chr(out, '.');
	}
	buf_add(out, k->name, k->len);
}

void
json_row_write_path(const struct json_row *r, uint32_t cell, struct buf *out)
{
	for (uint32_t k = 1; k < r->nkeys; k++)
		if (r->keys[k].cell == cell)
			put_path(r, k, out);
}

static void
skip_blanks(struct parser *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' ||
				    *s->p == '\r' || *s->p == '\n'))
		s->p++;
}

/* Step over c. */
static bool
skip_char(struct parser *s, char c)
{
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	       (c >= 'A' && c <= 'F');
}

/* What follows a backslash. */
static bool
skip_escape(struct parser *s)
{
	int digits = 4;

	if (s->p == s->end || *s->p == '\0' ||
	    strchr("\"\\/bfnrtu", *s->p) == NULL)
		return false;
	if (*s->p++ != 'u')
		return true;
	for (; digits > 0 && s->p < s->end && is_hex(*s->p); digits--)
		s->p++;
	return digits == 0;
}

static bool
skip_string(struct parser *s)
{
	if (!skip_char(s, '"'))
		return false;
	while (s->p < s->end && (unsigned char)*s->p >= 0x20) {
		if (*s->p == '"') {
			s->p++;
			return true;
		}
		if (*s->p++ == '\\' && !skip_escape(s))
			return false;
	}
	return false;
}

static bool
skip_digits(struct parser *s)
{
	const char *from = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return s->p > from;
}

static bool
skip_number(struct parser *s)
{
	skip_char(s, '-');
	/* No digit follows a leading zero. */
	if (!skip_char(s, '0') && !skip_digits(s))
		return false;
	if (skip_char(s, '.') && !skip_digits(s))
		return false;
	if (s->p == s->end || (*s->p != 'e' && *s->p != 'E'))
		return true;
	s->p++;
	if (!skip_char(s, '+'))
		skip_char(s, '-');
	return skip_digits(s);
}

static bool
skip_scalar(struct parser *s)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < 3; i++) {
		size_t n = strlen(words[i]);

		if ((size_t)(s->end - s->p) >= n &&
		    memcmp(s->p, words[i], n) == 0) {
			s->p += n;
			return true;
		}
	}
	return skip_number(s);
}

/* A key and its colon. */
static bool
skip_key(struct parser *s)
{
	skip_blanks(s);
	if (!skip_string(s))
		return false;
	skip_blanks(s);
	return skip_char(s, ':');
}

static bool
skip_value(struct parser *s)
{
	char close;

	skip_blanks(s);
	if (s->p == s->end)
		return false;
	if (*s->p == '"')
		return skip_string(s);
	if (*s->p != '{' && *s->p != '[')
		return skip_scalar(s);
	if (++s->depth > DEPTH_MAX)
		return false;
	close = *s->p++ == '{' ? '}' : ']';
	skip_blanks(s);
	if (!skip_char(s, close)) {
		do {
			if ((close == '}' && !skip_key(s)) || !skip_value(s))
				return false;
			skip_blanks(s);
		} while (skip_char(s, ','));
		if (!skip_char(s, close))
			return false;
	}
	s->depth--;
	return true;
}

static void
put_utf8(struct buf *out, uint32_t c)
{
	char s[4];

	if (c == 0 || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	if (c < 0x80) {
		buf_chr(out, (char)c);
		return;
	}
	if (c < 0x800) {
		s[0] = (char)(0xc0 | c >> 6);
		s[1] = (char)(0x80 | (c & 0x3f));
		buf_add(out, s, 2);
	} else if (c < 0x10000) {
		s[0] = (char)(0xe0 | c >> 12);
		s[1] = (char)(0x80 | (c >> 6 & 0x3f));
		s[2] = (char)(0x80 | (c & 0x3f));
		buf_add(out, s, 3);
	} else {
		s[0] = (char)(0xf0 | c >> 18);
		s[1] = (char)(0x80 | (c >> 12 & 0x3f));
		s[2] = (char)(0x80 | (c >> 6 & 0x3f));
		s[3] = (char)(0x80 | (c & 0x3f));
		buf_add(out, s, 4);
	}
}

static uint32_t
hex4(const char *p)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++)
		v = v << 4 | (uint32_t)((p[i] & 15) + (p[i] > '9' ? 9 : 0));
	return v;
}

/* The code point of the \u whose digits are at p, or of a pair of them.
 * Returns where it ends. */
static const char *
take_unicode(const char *p, const char *end, uint32_t *c)
{
	uint32_t low;

	*c = hex4(p);
	p += 4;
	if ((*c & 0xfc00) != 0xd800 || end - p < 6 || p[0] != '\\' ||
	    p[1] != 'u')
		return p;
	low = hex4(p + 2);
	if ((low & 0xfc00) != 0xdc00)
		return p;
	*c = 0x10000 + ((*c & 0x3ff) << 10) + (low & 0x3ff);
	return p + 6;
}

/* What the letter behind a backslash stands for. */
static char
unescaped(char letter)
{
	static const char pairs[] = "b\bf\fn\nr\rt\t";

	for (size_t i = 0; i < sizeof(pairs) - 1; i += 2)
		if (pairs[i] == letter)
			return pairs[i + 1];
	return letter;
}

void
json_row_unescape(struct json_row *r, const struct json_cell *cell)
{
	const char *p = cell->text + 1, *end = cell->text + cell->len - 1, *q;
	uint32_t c;

	r->scratch.len = 0;
	while (p < end) {
		q = memchr(p, '\\', (size_t)(end - p));
		if (q == NULL)
			q = end;
		buf_add(&r->scratch, p, (size_t)(q - p));
		if (q == end)
			break;
		if (q[1] == 'u') {
			p = take_unicode(q + 2, end, &c);
			put_utf8(&r->scratch, c);
		} else {
			buf_chr(&r->scratch, unescaped(q[1]));
			p = q + 2;
		}
	}
	r->failed |= r->scratch.failed;
}

/* The key of a member whose name, with its quotes, is len bytes at text. */
static uint32_t
member_key(struct json_row *r, uint32_t parent, uint32_t likely,
    const char *text, size_t len)
{
	const struct json_cell quoted = { JSON_CELL_STRING, text, len, NULL };
	const char *name = text + 1;
	uint32_t k;

	len -= 2;
	if (memchr(name, '\\', len) != NULL) {
		json_row_unescape(r, &quoted);
		name = r->scratch.len > 0 ? r->scratch.data : "";
		len = r->scratch.len;
	}
	k = find_key(r, parent, likely, name, len);
	if (k == 0 && r->collect && r->nkeys <= KEYS_MAX)
		k = new_key(r, parent, name, len);
	return k;
}

static enum json_kind
kind_of(char first)
{
	return first == '"'                   ? JSON_CELL_STRING
	       : first == '{' || first == '[' ? JSON_CELL_NESTED
					      : JSON_CELL_SCALAR;
}

static void
set_cell(struct json_row *r, uint32_t key, const char *text, const char *end,
    const char *member)
{
	if (key == 0)
		return;
	if (r->collect && r->keys[key].child == 0)
		cell_of(r, key);
	if (r->keys[key].cell != JSON_ROW_NO_CELL)
		r->cells[r->keys[key].cell] =
		    (struct json_cell){ kind_of(*text), text,
			    (size_t)(end - text), member };
}

/* An object whose members are looked for below the key parent. */
static bool
take_object(struct parser *s, uint32_t parent)
{
	struct json_row *r = s->row;
	uint32_t likely = r->keys[parent].child, key;
	const char *member, *text;
	bool good;

	if (!skip_char(s, '{') || ++s->depth > DEPTH_MAX)
		return false;
	skip_blanks(s);
	if (skip_char(s, '}')) {
		s->depth--;
		return true;
	}
	do {
		skip_blanks(s);
		member = s->p;
		if (!skip_string(s))
			return false;
		key = member_key(
		    r, parent, likely, member, (size_t)(s->p - member));
		likely = key != 0 ? r->keys[key].next : 0;
		skip_blanks(s);
		if (!skip_char(s, ':'))
			return false;
		skip_blanks(s);
		text = s->p;
		if (key != 0 && s->p < s->end && *s->p == '{' &&
		    (r->keys[key].child != 0 || (r->collect && r->deep)))
			good = take_object(s, key);
		else
			good = skip_value(s);
		if (!good)
			return false;
		set_cell(r, key, text, s->p, member);
		skip_blanks(s);
	} while (skip_char(s, ','));
	s->depth--;
	return skip_char(s, '}');
}

int
json_row_parse(struct json_row *r, const char *text, size_t len)
{
	struct parser s = { r, text, text + len, 0 };
	bool good;

	for (size_t i = 0; i < r->ncells; i++)
		r->cells[i].kind = JSON_CELL_ABSENT;
	skip_blanks(&s);
	good = take_object(&s, 0);
	skip_blanks(&s);
	r->wrong_at = (size_t)(s.p - text) + 1;
	return good && s.p == s.end ? 0 : -1;
}

/* What nests, without the blanks between its parts. */
static void
put_compact(struct buf *out, const char *p, const char *end)
{
	const char *from = p;
	bool string = false;

	for (; p < end; p++) {
		if (*p == '"')
			string = !string;
		else if (string && *p == '\\')
			p++;
		else if (!string && (*p == ' ' || *p == '\t')) {
			buf_add(out, from, (size_t)(p - from));
			from = p + 1;
		}
	}
	buf_add(out, from, (size_t)(end - from));
}

void
json_row_write_cell(struct json_row *r, const struct json_cell *cell,
    struct buf *out, enum style style)
{
	switch (cell->kind) {
	case JSON_CELL_ABSENT:
		return;
	case JSON_CELL_SCALAR:
		buf_add(out, cell->text, cell->len);
		return;
	case JSON_CELL_STRING:
		if (style == STYLE_JSON) {
			buf_add(out, cell->text, cell->len);
			return;
		}
		json_row_unescape(r, cell);
		break;
	case JSON_CELL_NESTED:
		r->scratch.len = 0;
		put_compact(&r->scratch, cell->text, cell->text + cell->len);
		if (style == STYLE_JSON) {
			buf_add(out, r->scratch.data, r->scratch.len);
			return;
		}
		break;
	}
	if (r->scratch.failed)
		out->failed = true;
	else if (r->scratch.len > 0)
		style_write(out, r->scratch.data, r->scratch.len, style);
}

uint64_t
json_row_number(const struct json_cell *cell)
{
	uint64_t v = 0;

	for (size_t i = 0; cell->kind == JSON_CELL_SCALAR && i < cell->len &&
			   cell->text[i] >= '0' && cell->text[i] <= '9';
	     i++)
		v = v * 10 + (uint64_t)(cell->text[i] - '0');
	return v;
}

bool
json_row_next_number(const struct json_cell *cell, const char **at, uint64_t *v)
{
	const char *p = *at, *end = cell->text + cell->len;

	if (cell->kind != JSON_CELL_NESTED)
		return false;
	if (p == NULL)
		p = cell->text;
	while (p < end && (*p < '0' || *p > '9'))
		p++;
	if (p == end)
		return false;
	for (*v = 0; p < end && *p >= '0' && *p <= '9'; p++)
		*v = *v * 10 + (uint64_t)(*p - '0');
	*at = p;
	return true;
}
