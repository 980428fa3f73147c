#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json-doc.h"
#include "base/text.h"
#include "count/json-value.h"
#include "query/query-cell.h"
#include "query/query-number.h"
#include "types/value.h"

enum {
	TEXT_FIRST = 32, /* bytes */
	NUMBER_TEXT = 64,
};

/* The largest integer up to which all are doubles. */
#define EXACT_MAX ((unsigned __int128)1 << 53)

static bool
is_word(const struct json_value *cell, const char *word)
{
	return cell->kind == JSON_VALUE_SCALAR && cell->len == strlen(word) &&
	       memcmp(cell->text, word, cell->len) == 0;
}

bool
json_value_find(struct json_found *v, struct query_member *scratch,
    const struct json_value *cell)
{
	v->is_bool = is_word(cell, "true") || is_word(cell, "false");
	if (cell->kind < JSON_VALUE_ARRAY) {
		query_cell_load(scratch, &v->value, cell);
		return v->value.kind != QUERY_VALUE_NONE;
	}
	scratch->scratch.len = 0;
	json_value_respell(cell, &scratch->scratch);
	v->value = (struct query_value){ .kind = QUERY_VALUE_TEXT,
		.text = scratch->scratch.data,
		.len = scratch->scratch.len };
	return !scratch->scratch.failed;
}

static void
note_int(struct json_guess *g, struct int128 n)
{
	const unsigned __int128 half = (unsigned __int128)1 << 63;

	g->is_int = true;
	g->is_negative |= n.negative;
	g->is_large |= n.magnitude >= half + n.negative;
	g->is_wide |= n.magnitude > (n.negative ? half : UINT64_MAX);
	g->is_inexact |= n.magnitude > EXACT_MAX;
}

static size_t
text_size(const struct json_guess *g, size_t len)
{
	size_t size = g->is_int || g->is_real ? NUMBER_TEXT : TEXT_FIRST;

	while (size <= len && size < JSON_VALUE_TEXT_MAX)
		size *= 2;
	return size;
}

/* The class that holds all values. */
static enum member_class
guess_class(const struct json_guess *g, bool is_key)
{
	bool is_number = g->is_int || g->is_real;

	if (g->is_text || (g->is_bool && is_number) ||
	    (is_key && g->is_real && g->is_inexact))
		return MEMBER_TEXT;
	return g->is_real   ? MEMBER_FLOAT
	       : g->is_bool ? MEMBER_BOOL
			    : MEMBER_INT;
}

bool
json_value_guess(struct json_guess *g, struct counted_member *m,
    const struct json_found *v, bool is_key)
{
	struct counted_member was = *m;
	bool first = !g->seen;

	g->seen = true;
	if (v->value.kind == QUERY_VALUE_TEXT)
		g->is_text = true;
	else if (v->is_bool && is_key)
		g->is_bool = true;
	else if (v->value.kind == QUERY_VALUE_REAL)
		g->is_real = true;
	else
		note_int(g, v->value.number);
	m->type = TYPE_NONE;
	m->class = guess_class(g, is_key);
	m->is_signed = false;
	switch (m->class) {
	case MEMBER_TEXT:
		m->size = text_size(
		    g, v->value.kind == QUERY_VALUE_TEXT ? v->value.len : 0);
		if (!first && was.class == MEMBER_TEXT && was.size > m->size)
			m->size = was.size;
		break;
	case MEMBER_BOOL:
		m->size = 1;
		break;
	case MEMBER_FLOAT:
		m->size = sizeof(double);
		break;
	default:
		m->is_signed = g->is_negative || !g->is_large;
		m->size =
		    g->is_wide || (g->is_negative && g->is_large) ? 16 : 8;
	}
	return first || was.class != m->class || was.size != m->size ||
	       was.is_signed != m->is_signed;
}

void
json_value_load(struct json_found *v, const struct counted_member *m,
    const unsigned char *from)
{
	unsigned __int128 number = 0;

	*v = (struct json_found){ .is_bool = m->class == MEMBER_BOOL };
	switch (m->class) {
	case MEMBER_TEXT:
		v->value.kind = QUERY_VALUE_TEXT;
		v->value.text = (const char *)from;
		v->value.len = strnlen((const char *)from, m->size);
		break;
	case MEMBER_FLOAT:
		v->value.kind = QUERY_VALUE_REAL;
		memcpy(&v->value.real, from, sizeof(v->value.real));
		break;
	default:
		v->value.kind = QUERY_VALUE_INT;
		memcpy(&number, from, m->size);
		v->value.number = int128_from_bits(
		    number, (unsigned int)m->size * 8, m->is_signed);
	}
}

/* Spell a number as JSON does: a whole one without a fraction. */
static void
spell(const struct json_found *v, char text[NUMBER_TEXT])
{
	if (v->is_bool)
		strcpy(text, v->value.number.magnitude != 0 ? "true" : "false");
	else if (v->value.kind == QUERY_VALUE_INT)
		int128_to_text(&v->value.number, text);
	else if (fabs(v->value.real) <= (double)EXACT_MAX &&
		 v->value.real == (double)(int64_t)v->value.real)
		snprintf(text, NUMBER_TEXT, "%.0f", v->value.real);
	else
		*text_double(text, v->value.real) = '\0';
}

static void
write_text(const struct counted_member *m, unsigned char *to,
    const struct query_value *v)
{
	/* A text of no fixed size has a NUL. */
	size_t most = m->size - (m->type == TYPE_NONE);
	size_t len = v->len < most ? v->len : most;

	memset(to, 0, m->size);
	if (len > 0)
		memcpy(to, v->text, len);
}

static void
write_real(size_t size, unsigned char *to, double v)
{
	float single = (float)v;

	memcpy(to, size == sizeof(single) ? (void *)&single : (void *)&v, size);
}

bool
json_value_write(const struct counted_member *m, unsigned char *to,
    const struct json_found *v)
{
	struct query_value text = { .kind = QUERY_VALUE_TEXT };
	unsigned int width = (unsigned int)m->size * 8;
	unsigned __int128 bits;
	char number[NUMBER_TEXT];

	switch (m->class) {
	case MEMBER_TEXT:
		if (v->value.kind != QUERY_VALUE_TEXT) {
			spell(v, number);
			text.text = number;
			text.len = strlen(number);
		}
		write_text(m, to,
		    v->value.kind == QUERY_VALUE_TEXT ? &v->value : &text);
		return true;
	case MEMBER_FLOAT:
		if (v->value.kind > QUERY_VALUE_REAL)
			return false;
		write_real(m->size, to,
		    v->value.kind == QUERY_VALUE_REAL
			? v->value.real
			: query_number_from_int(v->value.number).real);
		return true;
	default:
		if (v->value.kind != QUERY_VALUE_INT ||
		    (!int128_fits(&v->value.number, width, false) &&
			!int128_fits(&v->value.number, width, true)))
			return false;
		bits = int128_bits(&v->value.number);
		memcpy(to, &bits, m->size);
		return true;
	}
}

void
json_value_prepare(struct query_member *taken, const struct counted_member *m)
{
	static const enum query_class classes[] = {
		[MEMBER_FLOAT] = QUERY_CLASS_REAL,
		[MEMBER_TEXT] = QUERY_CLASS_TEXT,
	};

	taken->rest = "";
	taken->target = (struct query_target){
		.class = m->class <= MEMBER_TEXT ? classes[m->class] : 0,
		.size = m->size,
		.types = m->types,
	};
	if (m->type != TYPE_NONE)
		taken->target.type = types_get(m->types, m->type);
	else if (m->size > 8)
		taken->target.type = NULL;
}

/* Store an array or a struct, of which a tree is made. */
static bool
store_tree(const struct counted_member *m, unsigned char *to,
    const struct json_value *cell, const char *name)
{
	json_t *tree = json_doc_parse(cell->text, cell->len, name, 0);
	bool good;

	memset(to, 0, m->size);
	good = tree != NULL &&
	       value_to_bytes(m->types, m->type, tree, to, m->size, name) == 0;
	json_decref(tree);
	return good;
}

bool
json_value_store(struct query_member *taken, const struct counted_member *m,
    unsigned char *to, const struct json_value *cell, const char *name)
{
	struct json_found v = { .is_bool = false };

	if (m->class == MEMBER_BYTES)
		return store_tree(m, to, cell, name);
	query_cell_load(taken, &v.value, cell);
	if (v.value.kind != QUERY_VALUE_NONE)
		return json_value_write(m, to, &v);
	if (m->class != MEMBER_FLOAT || !is_word(cell, "null"))
		return false;
	write_real(m->size, to, NAN);
	return true;
}
