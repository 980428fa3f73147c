/*
 * BTF types as C declarations without a name: "struct event *", "int[2][3]".
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/report.h"
#include "elf/btf.h"

/* Pointers and arrays in one declaration.  BTF from outside may contain a
 * circle of them. */
enum { DECLARATORS_MAX = 64 };

/* The keyword before the name of t. */
static const char *
type_keyword(const struct btf_type *t)
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
write_base_type(
    struct buf *out, const struct btf *btf, const struct btf_type *t)
{
	const char *name = btf_name(btf, t->name_off);

	/* Parameters do not matter to those who set variables. */
	if (btf_is_void(t) || btf_is_func_proto(t)) {
		buf_str(out, "void");
		return;
	}
	buf_str(out, type_keyword(t));
	buf_str(out, name[0] != '\0' ? name : "{...}");
}

static bool
is_qualifier_or_var(const struct btf_type *t)
{
	return btf_is_mod(t) || btf_is_var(t);
}

/* Inserts s at the start of b. */
static void
prepend(struct buf *b, const char *s)
{
	size_t n = strlen(s);

	if (buf_room(b, n) == NULL)
		return;
	memmove(b->data + n, b->data, b->len);
	memcpy(b->data, s, n);
	b->len += n;
}

/*
 * Writes the stars, brackets and parentheses between the name and the base type
 * of the declaration to declarator, from the name outwards.  Returns the base
 * type, or NULL if there is none.
 */
static const struct btf_type *
write_declarator(struct buf *declarator, const struct btf *btf, uint32_t id)
{
	bool pointer = false;

	for (int i = 0; i < DECLARATORS_MAX; i++) {
		const struct btf_type *t = btf__type_by_id(btf, id);

		if (t == NULL)
			return NULL;
		id = t->type;
		if (is_qualifier_or_var(t))
			continue;
		if (btf_is_ptr(t)) {
			prepend(declarator, "*");
			pointer = true;
		} else if (btf_is_array(t)) {
			if (pointer) {
				prepend(declarator, "(");
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
	const struct btf_type *t = write_declarator(&declarator, btf, id);
	char first = declarator.len != 0 ? declarator.data[0] : '\0';

	if (t == NULL)
		buf_str(&text, "{...}");
	else
		write_base_type(&text, btf, t);
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
