#include <string.h>

#include "base/nomem.h"
#include "base/text.h"
#include "query/query-text.h"
#include "record/field-kind.h"

static void
make_room(struct query_text *t)
{
	size_t most = kind_text_max(&t->form) + TEXT_SLACK;

	if (buf_room(&t->room, most + INT128_TEXT_SIZE) == NULL)
		nomem_note();
}

bool
query_text_open(struct query_text *t, const struct types *types,
    const struct field_place *p, const struct kind_context *context)
{
	t->context = context;
	if (!field_kind_form(types, p, false, &t->form) || t->form.size == 0) {
		t->form.kind = KIND_NONE;
		return false;
	}
	make_room(t);
	return true;
}

void
query_text_open_time(struct query_text *t, const struct kind_context *context)
{
	t->context = context;
	t->form = (struct kind_form){ .kind = KIND_REALTIME, .size = 8 };
	make_room(t);
}

void
query_text_close(struct query_text *t)
{
	buf_free(&t->room);
	*t = (struct query_text){ .context = NULL };
}

/* The number of a value as texts take it.  Returns false if it is larger. */
static bool
take_number(
    const struct query_text *t, const struct query_value *v, uint64_t *number)
{
	unsigned __int128 bits = int128_bits(&v->number);

	*number = (uint64_t)bits;
	return t->form.is_signed ? (__int128)bits == (int64_t)bits
				 : bits <= UINT64_MAX;
}

bool
query_text_is_ip4(
    const struct query_text *t, const struct query_value *v, uint64_t family)
{
	const struct kind_value k = { .bytes = (const unsigned char *)v->text,
		.family = family };

	return kind_text_ip_version(&t->form, &k) == 4;
}

/* Whether JSON has a name as the text of a number, and not the number. */
static bool
is_name(const struct query_text *t, const struct query_beside *beside,
    uint64_t number)
{
	const struct kind_context nobody = { .names = NULL };
	const struct kind_value k = { .number = number };
	size_t n;

	if (beside->told == NULL)
		return false;
	n = (size_t)(kind_text_write(t->room.data, &t->form, &k, &nobody) -
		     t->room.data);
	return beside->told_len != n ||
	       memcmp(beside->told, t->room.data, n) != 0;
}

void
query_text_find_name(const struct query_text *t, struct query_value *v,
    const struct query_beside *beside)
{
	const struct name_store *names = t->context->names;
	uint64_t number;

	v->name = NULL;
	if (v->kind != QUERY_VALUE_INT || !take_number(t, v, &number))
		return;
	if (names != NULL)
		v->name = name_store_find_of(names, t->form.kind,
		    t->form.kind == KIND_USYM ? beside->family : 0, number);
	if (v->name != NULL) {
		v->name_len = strlen(v->name);
	} else if (is_name(t, beside, number)) {
		v->name = beside->told;
		v->name_len = beside->told_len;
	}
}

static void
set_text(struct query_value *v, const char *text, size_t len)
{
	*v = (struct query_value){
		.kind = QUERY_VALUE_TEXT, .text = text, .len = len
	};
}

void
query_text_write(struct query_text *t, struct query_value *v,
    const struct query_beside *beside)
{
	struct kind_value k = { .bytes = (const unsigned char *)v->text,
		.family = beside->family };
	char *end;

	if (name_store_has_kind(t->form.kind)) {
		query_text_find_name(t, v, beside);
		if (v->name != NULL)
			set_text(v, v->name, v->name_len);
		else
			v->kind = QUERY_VALUE_NONE;
		return;
	}
	if (v->kind == QUERY_VALUE_NONE ||
	    (kind_has_bytes(t->form.kind) && v->text == NULL))
		v->kind = QUERY_VALUE_NONE;
	else if (!kind_has_bytes(t->form.kind) &&
		 !take_number(t, v, &k.number)) {
		/* A sum of many values, which is shown without its unit. */
		int128_to_text(&v->number, t->room.data);
		set_text(v, t->room.data, strlen(t->room.data));
	} else {
		end = kind_text_write(t->room.data, &t->form, &k, t->context);
		set_text(v, t->room.data, (size_t)(end - t->room.data));
	}
}
