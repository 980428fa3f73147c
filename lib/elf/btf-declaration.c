/*
 * BTF types as C declarations without a name: "struct event *", "int[2][3]".
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/report.h"
#include "elf/btf.h"

/* Pointers and arrays in one declaration; a BTF from outside may have a circle
 * of them. */
enum { DECLARATORS_MAX = 64 };

/* The word before the name of the type that a declaration begins with. */
static const char *
keyword(const struct btf_type *t)
{
	switch (btf_kind(t)) {
	case BTF_KIND_STRUCT:
		return "struct ";
	case BTF_KIND_UNION:
		return "union ";
	case BTF_KIND_FWD:
		return btf_kflag(t) ? "union " : "struct ";
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return "enum ";
	default:
		return "";
	}
}

static void
put_base(struct buf *out, const struct btf *btf, const struct btf_type *t)
{
	const char *name = btf_name(btf, t->name_off);

	/* There is no room for a function's parameters in a type that only
	 * says what a variable may be set to. */
	if (btf_is_void(t) || btf_is_func_proto(t)) {
		buf_str(out, "void");
		return;
	}
	buf_str(out, keyword(t));
	buf_str(out, name[0] != '\0' ? name : "{...}");
}

static bool
is_qualifier(const struct btf_type *t)
{
	return btf_is_mod(t) || btf_is_var(t);
}

/* Put s before what is in b. */
static void
put_before(struct buf *b, const char *s)
{
	size_t n = strlen(s);

	if (buf_room(b, n) == NULL)
		return;
	memmove(b->data + n, b->data, b->len);
	memcpy(b->data, s, n);
	b->len += n;
}

/*
 * From the name outwards: put into declarator the stars and brackets that lie
 * between it and the type the declaration begins with, which is returned;
 * NULL where there is none.
 */
static const struct btf_type *
put_declarator(struct buf *declarator, const struct btf *btf, uint32_t id)
{
	bool pointer = false;

	for (int i = 0; i < DECLARATORS_MAX; i++) {
		const struct btf_type *t = btf__type_by_id(btf, id);

		if (t == NULL)
			return NULL;
		id = t->type;
		if (is_qualifier(t))
			continue;
		if (btf_is_ptr(t)) {
			put_before(declarator, "*");
			pointer = true;
		} else if (btf_is_array(t)) {
			if (pointer) {
				put_before(declarator, "(");
				buf_str(declarator, ")");
			}
			buf_printf(
			    declarator, "[%" PRIu32 "]", btf_array(t)->nelems);
			id = btf_array(t)->type;
			pointer = false;
		} else {
			return t;
		}
	}
	return NULL;
}

char *
btf_declaration(const struct btf *btf, uint32_t id)
{
	struct buf declarator = { 0 }, text = { 0 };
	const struct btf_type *t = put_declarator(&declarator, btf, id);
	char first = declarator.len != 0 ? declarator.data[0] : '\0';

	if (t == NULL)
		buf_str(&text, "{...}");
	else
		put_base(&text, btf, t);
	if (first == '*' || first == '(')
		buf_chr(&text, ' ');
	buf_add(&text, declarator.data, declarator.len);
	buf_chr(&text, '\0');
	if (declarator.failed || text.failed) {
		buf_free(&text);
		report_nomem();
	}
	buf_free(&declarator);
	return text.data;
}
