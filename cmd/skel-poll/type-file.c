#include <bpf/btf.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/report.h"
#include "base/suggest.h"
#include "base/util.h"
#include "elf/bpf-elf.h"
#include "elf/btf.h"
#include "elf/object-check.h"
#include "package/input.h"
#include "package/package.h"
#include "type-file.h"

/* The keyword before the name of a type, and what it names. */
static const struct type_keyword {
	const char *word;
	uint32_t kind;
} keywords[] = {
	{ "struct ", BTF_KIND_STRUCT },
	{ "union ", BTF_KIND_UNION },
	{ "enum ", BTF_KIND_ENUM },
};

int
type_option_parse(struct type_option *o, const char *text)
{
	const char *colon = strrchr(text, ':'), *equals = strchr(text, '=');

	*o = (struct type_option){ 0 };
	if (colon == NULL || colon == text || colon[1] == '\0') {
		report_error("--type %s: expected [MAP=]FILE:TYPE, as in "
			     "rb=x.bpf.o:struct event",
		    text);
		return -1;
	}
	if (equals != NULL && equals > text && equals < colon)
		o->map = strndup(text, (size_t)(equals - text));
	else
		equals = NULL;
	if (equals != NULL)
		text = equals + 1;
	o->file = strndup(text, (size_t)(colon - text));
	o->type = strdup(colon + 1);
	if (o->file != NULL && o->type != NULL &&
	    (equals == NULL || o->map != NULL))
		return 0;
	type_option_free(o);
	return report_nomem();
}

void
type_option_free(struct type_option *o)
{
	free(o->map);
	free(o->file);
	free(o->type);
	*o = (struct type_option){ 0 };
}

bool
type_option_is_for(const struct type_option *o, const char *map)
{
	return o->map == NULL || strcmp(o->map, map) == 0;
}

/* Whether a type is the one that is wanted, a kind and a name; kind
 * BTF_KIND_UNKN stands for a typedef or a number. */
static bool
is_wanted_kind(const struct btf_type *t, uint32_t kind)
{
	if (kind == BTF_KIND_ENUM)
		return btf_is_any_enum(t);
	if (kind != BTF_KIND_UNKN)
		return btf_kind(t) == kind;
	return btf_is_typedef(t) || btf_is_int(t) || btf_is_float(t);
}

/* Advice for an object whose compiler left the type of its records out of the
 * BTF, because no variable or map has it. */
#define HINT_PACK                                                              \
	"; if only its DWARF has the type: pack it with skel-pack, and name "  \
	"the package here"

/* Returns the id of the type in the BTF, or 0 after reporting, with the hint if
 * no other type is like it. */
static uint32_t
find_type_id(
    const struct type_option *o, const struct btf *btf, const char *hint)
{
	uint32_t n = btf__type_cnt(btf), kind = BTF_KIND_UNKN;
	const char *name = o->type;
	struct suggest nearest;
	char *text;

	for (size_t i = 0; i < nitems(keywords); i++)
		if (strncmp(o->type, keywords[i].word,
			strlen(keywords[i].word)) == 0) {
			kind = keywords[i].kind;
			name += strlen(keywords[i].word);
		}
	nearest = (struct suggest){ .wanted = name };
	for (uint32_t id = 1; id < n; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const char *has = btf_name(btf, t->name_off);

		if (!is_wanted_kind(t, kind) || *has == '\0')
			continue;
		if (strcmp(has, name) == 0)
			return id;
		suggest_offer(&nearest, has);
	}
	text = suggest_text(&nearest);
	report_error("%s: its BTF has no type %s%s", o->file, o->type,
	    text != NULL && *text != '\0' ? text : hint);
	free(text);
	return 0;
}

static uint32_t
import_from_btf(const struct type_option *o, const struct btf *btf,
    const char *hint, struct types *types)
{
	struct btf_import import;
	uint32_t id, type = TYPE_NONE;

	if (btf == NULL) {
		report_error("%s: it has no BTF; compile it with -g, or pack "
			     "it with skel-pack, which makes BTF of DWARF",
		    o->file);
		return TYPE_NONE;
	}
	if ((id = find_type_id(o, btf, hint)) == 0 ||
	    btf_import_open(&import, btf, types) == -1)
		return TYPE_NONE;
	type = btf_import(&import, id, o->file);
	btf_import_close(&import);
	return type;
}

static bool
is_elf(const struct buf *b)
{
	return b->len >= 4 && memcmp(b->data, "\177ELF", 4) == 0;
}

/* Imports the type from the bytes of the file. */
static uint32_t
import_from_file(
    const struct type_option *o, const struct buf *b, struct types *types)
{
	uint32_t type = TYPE_NONE;
	struct bpf_elf elf = { 0 };
	struct package p;

	if (is_elf(b)) {
		if (bpf_elf_open(&elf, (const unsigned char *)b->data, b->len,
			o->file) == 0)
			type = import_from_btf(o, elf.btf, HINT_PACK, types);
		bpf_elf_close(&elf);
		return type;
	}
	if (package_parse(&p, b->data, b->len, o->file, NULL) == -1)
		return TYPE_NONE;
	type = import_from_btf(o, p.object.btf, "", types);
	package_close(&p);
	return type;
}

uint32_t
type_option_import(const struct type_option *o, struct types *types)
{
	struct buf b = { 0 };
	uint32_t type = TYPE_NONE;

	if (package_input_read(&b, o->file, o->file, PACKAGE_TEXT_MAX) == 0)
		type = import_from_file(o, &b, types);
	buf_free(&b);
	return type;
}
