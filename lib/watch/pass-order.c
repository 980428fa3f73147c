#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "record/fields.h"
#include "watch/pass-order.h"

enum { NUMBER_MAX = 400 }; /* bytes of the text of one */

static const char value_path[] = "value", count_path[] = "value.count";

/* Whether a field is a number in the value of a sampled map. */
static bool
is_value_number(const struct types *t, const struct field *f)
{
	const struct type *type = field_place_type(t, &f->place);

	return type != NULL && f->place.cpus != FIELD_CPUS_ALL &&
	       f->place.shown == FIELD_VALUE &&
	       (type->kind == TYPE_INT || type->kind == TYPE_FLOAT) &&
	       strncmp(f->path, value_path, sizeof(value_path) - 1) == 0;
}

static const struct field *
find_number(const struct fields *f, const struct types *t)
{
	const struct field *found = NULL;

	for (size_t i = 0; i < f->n; i++) {
		if (!is_value_number(t, &f->v[i]))
			continue;
		if (strcmp(f->v[i].path, count_path) == 0)
			return &f->v[i];
		if (found == NULL)
			found = &f->v[i];
	}
	return found;
}

static void
set_number(struct pass_order *o, const struct stream_header *h,
    unsigned int map, const struct field *f)
{
	struct counted_member m;

	if (f == NULL || counted_member_find(&m, h, map, f->path) != 1)
		return;
	o->is_real = m.class == MEMBER_FLOAT;
	o->is_signed = m.is_signed;
	o->load = member_load_new(&m);
	o->cell = json_row_add(&o->row, f->path);
	o->set = true;
}

int
pass_order_open(struct pass_order *o, const struct stream_header *h,
    unsigned int map, const char *const *only, size_t n)
{
	struct fields chosen = { 0 }, all = { 0 };
	const struct field *f;
	bool failed;

	*o = (struct pass_order){ .size = h->maps[map].record_size };
	if (json_row_open(&o->row) == -1)
		return report_nomem();
	if (h->maps[map].source != STREAM_SAMPLE ||
	    h->maps[map].value == TYPE_NONE || count_shape_made(h, map))
		return 0;
	if (n > 0)
		fields_add_selected(&chosen, h, map, only, n, true);
	fields_add_selected(&all, h, map, NULL, 0, true);
	failed = chosen.failed || all.failed;
	if ((f = find_number(&chosen, &h->types)) == NULL)
		f = find_number(&all, &h->types);
	if (!failed)
		set_number(o, h, map, f);
	fields_free(&chosen);
	fields_free(&all);
	return failed || o->row.failed ? report_nomem() : 0;
}

void
pass_order_close(struct pass_order *o)
{
	json_row_close(&o->row);
}

struct measure_number
pass_order_number(
    const struct pass_order *o, const unsigned char *data, size_t len)
{
	struct measure_number v = { .is_real = o->is_real,
		.is_signed = o->is_signed };

	if (!o->set || len < o->size)
		return v;
	if (o->is_real)
		v.real = member_load_real(&o->load, data);
	else
		v.whole = member_load_integer(&o->load, data);
	/* What is no number comes last. */
	if (v.real != v.real)
		v.real = -__builtin_inf();
	return v;
}

/* The digits of an integer, with its sign, modulo 2^128. */
static unsigned __int128
parse_whole(const char *p)
{
	unsigned __int128 v = 0;
	bool minus = *p == '-';

	for (p += minus; *p >= '0' && *p <= '9'; p++)
		v = v * 10 + (unsigned int)(*p - '0');
	return minus ? -v : v;
}

int
pass_order_json_number(struct pass_order *o, const char *text, size_t len,
    struct measure_number *number)
{
	const struct json_value *cell;
	char digits[NUMBER_MAX + 1];
	size_t quote;

	*number = (struct measure_number){ .is_real = o->is_real,
		.is_signed = o->is_signed };
	if (json_row_parse(&o->row, text, len) == -1)
		return -1;
	if (!o->set)
		return 0;
	cell = &o->row.cells[o->cell];
	/* Integers of 128 bits are strings. */
	quote = cell->kind == JSON_VALUE_STRING;
	if (cell->kind == JSON_VALUE_ABSENT || cell->len > NUMBER_MAX)
		return 0;
	memcpy(digits, cell->text + quote, cell->len - quote);
	digits[cell->len - quote] = '\0';
	if (o->is_real)
		number->real =
		    *digits == 'n' ? -__builtin_inf() : strtod(digits, NULL);
	else
		number->whole = parse_whole(digits);
	return 0;
}
