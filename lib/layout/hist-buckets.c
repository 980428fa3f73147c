#include <string.h>

#include "layout/hist-buckets.h"

bool
hist_are_slots(const struct types *t, const char *name, uint32_t type)
{
	const struct type *array, *of;

	if (type == TYPE_NONE || strcmp(name, "slots") != 0)
		return false;
	array = types_get(t, type);
	if (array->kind != TYPE_ARRAY || array->count == 0 ||
	    array->count > HIST_BUCKETS_MAX)
		return false;
	of = types_get(t, array->of);
	return of->kind == TYPE_INT && of->size <= sizeof(uint64_t);
}

struct hist_scale
hist_member_scale(const struct hist_map *m, const struct type_member *member)
{
	return (struct hist_scale){ m->linear,
		member == NULL ? 0 : member->step,
		member == NULL ? 0 : member->start };
}

void
hist_write_buckets_key(struct buf *out, const struct hist_map *m)
{
	if (m->unit != NULL) {
		buf_str(out, ",\"unit\":\"");
		text_write(out, m->unit, strlen(m->unit), STYLE_JSON);
		buf_chr(out, '"');
	}
	buf_str(out, ",\"buckets\":");
}

/* Write {"min":0,"max":1,"count": */
static char *
write_bounds(char *p, const struct hist_scale *s, size_t i, size_t n)
{
	uint64_t low, high;

	hist_bounds(s, i, &low, &high);
	p = text_u64(stpcpy(p, "{\"min\":"), low);
	if (i + 1 != n)
		p = text_u64(stpcpy(p, ",\"max\":"), high);
	return stpcpy(p, ",\"count\":");
}

char *
hist_write_bucket(
    char *p, const struct hist_scale *s, size_t i, size_t n, __int128 count)
{
	p = text_i128(write_bounds(p, s, i, n), count);
	*p = '}';
	return p + 1;
}

char *
hist_write_key_bucket(
    char *p, const struct hist_scale *s, __int128 number, __int128 count)
{
	size_t n = s->linear ? 0 : HIST_EXP2_SLOTS;

	if (number < 0 || count == 0)
		return p;
	if (!s->linear && number >= HIST_EXP2_SLOTS)
		number = HIST_EXP2_SLOTS - 1;
	return hist_write_bucket(p, s, (size_t)number, n, count);
}

/* Whether a value of a JSON record is a number, and not 0. */
static bool
is_counted(const struct json_value *v)
{
	return v->kind == JSON_VALUE_SCALAR &&
	       (*v->text == '-' || (*v->text >= '0' && *v->text <= '9')) &&
	       !(v->len == 1 && *v->text == '0');
}

static size_t
count_filled(size_t n, const struct json_value *slots)
{
	struct json_value v;
	struct json_cursor c;
	size_t filled = 0;

	json_cursor_open(&c, slots->text, slots->len);
	json_cursor_enter(&c);
	for (size_t i = 0; i < n && json_cursor_next_element(&c) == 1 &&
			   json_cursor_read(&c, &v);
	     i++)
		if (is_counted(&v))
			filled = i + 1;
	return filled;
}

void
hist_write_json_buckets(struct buf *out, const struct hist_scale *s, size_t n,
    const struct json_value *slots)
{
	size_t filled = count_filled(n, slots);
	struct json_value v;
	struct json_cursor c;
	char text[HIST_BUCKET_MAX + TEXT_SLACK], *end;

	json_cursor_open(&c, slots->text, slots->len);
	json_cursor_enter(&c);
	buf_chr(out, '[');
	for (size_t i = 0; i < filled && json_cursor_next_element(&c) == 1 &&
			   json_cursor_read(&c, &v);
	     i++) {
		if (i > 0)
			buf_chr(out, ',');
		end = write_bounds(text, s, i, n);
		buf_add(out, text, (size_t)(end - text));
		if (is_counted(&v))
			buf_add(out, v.text, v.len);
		else
			buf_chr(out, '0');
		buf_chr(out, '}');
	}
	buf_chr(out, ']');
}

__int128
hist_json_integer(const struct json_value *v)
{
	const __int128 most = (__int128)(~(unsigned __int128)0 >> 1);
	const char *s = v->text, *end = s + v->len;
	bool negative = v->kind == JSON_VALUE_SCALAR && *s == '-';
	__int128 n = 0;

	if (v->kind != JSON_VALUE_SCALAR)
		return 0;
	for (s += negative; s < end && *s >= '0' && *s <= '9'; s++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, *s - '0', &n))
			return negative ? -most : most;
	return negative ? -n : n;
}
