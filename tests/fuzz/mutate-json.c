/*
 * Changes documents in JSON, such as the header of a stream and packages: their
 * numbers become borders, keys and values are dropped, doubled, renamed and
 * exchanged.  The document begins with the first brace of the input; what
 * stands before and behind it is left to libFuzzer.
 */
#include <stdio.h>

#include "mutate.h"

enum { VALUES_MAX = 4096, DEPTH_MAX = 32 };

/* A value, and its key if it has one. */
struct value {
	size_t start, end; /* of the value */
	size_t key;        /* start of the key; the same as start if none */
};

struct values {
	const char *text;
	size_t at, len;
	size_t n;
	struct value v[VALUES_MAX];
};

static void
skip_space(struct values *d)
{
	while (d->at < d->len && strchr(" \t\r\n", d->text[d->at]) != NULL &&
	       d->text[d->at] != '\0')
		d->at++;
}

/* Skips a string, whose quote is next.  Returns false if it does not end. */
static bool
skip_string(struct values *d)
{
	for (d->at++; d->at < d->len; d->at++) {
		if (d->text[d->at] == '"') {
			d->at++;
			return true;
		}
		if (d->text[d->at] == '\\')
			d->at++;
	}
	d->at = d->len;
	return false;
}

/* Whether this byte is next, which is skipped then. */
static bool
skip_byte(struct values *d, char c)
{
	skip_space(d);
	if (d->at >= d->len || d->text[d->at] != c)
		return false;
	d->at++;
	return true;
}

static bool read_value(struct values *d, size_t key, int depth);

static bool
read_members(struct values *d, bool is_object, int depth)
{
	if (skip_byte(d, is_object ? '}' : ']'))
		return true;
	do {
		size_t key;

		skip_space(d);
		key = d->at;
		if (is_object && (d->at >= d->len || d->text[d->at] != '"' ||
				     !skip_string(d) || !skip_byte(d, ':')))
			return false;
		if (!read_value(d, key, depth + 1))
			return false;
	} while (skip_byte(d, ','));
	return skip_byte(d, is_object ? '}' : ']');
}

/* Notes the value that is next, and those in it. */
static bool
read_value(struct values *d, size_t key, int depth)
{
	struct value *v;
	char c;

	skip_space(d);
	if (d->at >= d->len || d->n == VALUES_MAX || depth > DEPTH_MAX)
		return false;
	v = &d->v[d->n++];
	*v = (struct value){ .start = d->at, .end = d->at, .key = key };
	c = d->text[d->at];
	if (c == '{' || c == '[') {
		d->at++;
		if (!read_members(d, c == '{', depth))
			return false;
	} else if (c == '"') {
		if (!skip_string(d))
			return false;
	} else {
		while (
		    d->at < d->len && strchr(",]}: \n", d->text[d->at]) == NULL)
			d->at++;
	}
	v->end = d->at;
	return true;
}

/* Replaces a part of the input, if there is room. */
static bool
replace(
    struct mutation *m, size_t start, size_t end, const char *text, size_t len)
{
	size_t rest = m->size - end;

	if (len > m->max - start || rest > m->max - start - len)
		return false;
	memmove(m->data + start + len, m->data + end, rest);
	memcpy(m->data + start, text, len);
	m->size = start + len + rest;
	return true;
}

/* Replaces a part by a copy of another one.  Parts are short enough to be held
 * on the stack. */
static void
replace_by_part(struct mutation *m, size_t start, size_t end, size_t from,
    size_t to, const char *before)
{
	char text[8192];
	size_t len = strlen(before);

	if (to - from > sizeof(text) - len)
		return;
	memcpy(text, before, len);
	memcpy(text + len, m->data + from, to - from);
	replace(m, start, end, text, len + to - from);
}

static void
replace_number(struct mutation *m, const struct value *v)
{
	static const char *const borders[] = { "-1", "0", "0.5", "1e400",
		"-9223372036854775808", "-9223372036854775809",
		"9223372036854775807", "18446744073709551615",
		"18446744073709551616" };
	uint64_t old = 0, number;
	char text[32];

	if (mutate_random(m, 4) == 0) {
		const char *border = borders[mutate_random(
		    m, sizeof(borders) / sizeof(borders[0]))];

		replace(m, v->start, v->end, border, strlen(border));
		return;
	}
	for (size_t i = v->start; i < v->end; i++)
		if (m->data[i] >= '0' && m->data[i] <= '9')
			old = old * 10 + m->data[i] - '0';
	switch (mutate_random(m, 4)) {
	case 0:
		number = old * 8;
		break;
	case 1:
		number = mutate_random(m, 64);
		break;
	default:
		number = mutate_border(m, old);
		break;
	}
	snprintf(text, sizeof(text), "%lld", (long long)number);
	replace(m, v->start, v->end, text, strlen(text));
}

/* Puts something else in the place of a value. */
static void
replace_value(struct mutation *m, const struct value *v)
{
	static const char *const others[] = { "null", "true", "false", "0",
		"\"\"", "[]", "{}", "\"u64\"", "\"\\u0000\"" };
	const char *other =
	    others[mutate_random(m, sizeof(others) / sizeof(others[0]))];

	replace(m, v->start, v->end, other, strlen(other));
}

static bool
is_number(const struct mutation *m, const struct value *v)
{
	return v->start < v->end &&
	       strchr("-0123456789", m->data[v->start]) != NULL &&
	       m->data[v->start] != '\0';
}

/* Removes a value with its key, and a comma. */
static void
drop(struct mutation *m, const struct value *v)
{
	size_t start = v->key, end = v->end;

	if (end < m->size && m->data[end] == ',')
		end++;
	else if (start > 0 && m->data[start - 1] == ',')
		start--;
	replace(m, start, end, "", 0);
}

/* Gives a value the key of another one. */
static void
rename_key(struct mutation *m, const struct value *v, const struct value *other)
{
	if (v->key < v->start && other->key < other->start)
		replace_by_part(
		    m, v->key, v->start, other->key, other->start, "");
}

static void
change_value(struct mutation *m, const struct values *d)
{
	const struct value *v = &d->v[mutate_random(m, d->n)];
	const struct value *other = &d->v[mutate_random(m, d->n)];
	size_t what = mutate_random(m, 12);

	/* Most of what is checked are numbers. */
	for (size_t i = 0; i < d->n && what < 6 && !is_number(m, v); i++)
		v = &d->v[mutate_random(m, d->n)];
	if (what < 6 && is_number(m, v))
		replace_number(m, v);
	else if (what < 7)
		replace_value(m, v);
	else if (what == 7)
		drop(m, v);
	else if (what == 8)
		replace_by_part(m, v->end, v->end, v->key, v->end, ",");
	else if (what == 9)
		rename_key(m, v, other);
	else if (what == 10)
		replace_by_part(m, v->end, v->end, other->key, other->end, ",");
	else
		replace_by_part(
		    m, v->start, v->end, other->start, other->end, "");
}

/* Finds the values of the document. */
static bool
read_document(struct values *d, const struct mutation *m)
{
	const uint8_t *brace = memchr(m->data, '{', m->size);

	if (brace == NULL)
		return false;
	d->text = (const char *)m->data;
	d->at = (size_t)(brace - m->data);
	d->len = m->size;
	d->n = 0;
	return read_value(d, d->at, 0);
}

size_t
LLVMFuzzerCustomMutator(
    uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	static struct values d;
	struct mutation m = {
		.data = data, .size = size, .max = max_size, .random = seed
	};
	size_t n = 1 + mutate_random(&m, 3);

	if (mutate_random(&m, 4) == 0 || !read_document(&d, &m))
		return LLVMFuzzerMutate(data, size, max_size);
	do
		change_value(&m, &d);
	while (--n > 0 && m.size > 0 && read_document(&d, &m));
	return m.size > 0 ? m.size : LLVMFuzzerMutate(data, size, max_size);
}
