#include <bpf/btf.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/report.h"
#include "base/suggest.h"
#include "base/util.h"
#include "confined-child.h"
#include "dwarf/btf-rewrite.h"
#include "dwarf/dwarf-records.h"
#include "elf/bpf-elf.h"
#include "elf/btf-tags.h"
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
	buf_free(&o->bytes);
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

/* Returns the id of the type in the BTF, or 0.  If nearest is not NULL, offers
 * it the names of the types of that kind. */
static uint32_t
find_type_id(
    const struct type_option *o, const struct btf *btf, struct suggest *nearest)
{
	uint32_t n = btf__type_cnt(btf), kind = BTF_KIND_UNKN;
	const char *name = o->type;

	for (size_t i = 0; i < nitems(keywords); i++)
		if (strncmp(o->type, keywords[i].word,
			strlen(keywords[i].word)) == 0) {
			kind = keywords[i].kind;
			name += strlen(keywords[i].word);
		}
	if (nearest != NULL)
		nearest->wanted = name;
	for (uint32_t id = 1; id < n; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const char *has = btf_name(btf, t->name_off);

		if (!is_wanted_kind(t, kind) || *has == '\0')
			continue;
		if (strcmp(has, name) == 0)
			return id;
		if (nearest != NULL)
			suggest_offer(nearest, has);
	}
	return 0;
}

static void
report_no_type(const struct type_option *o, const struct suggest *nearest)
{
	char *text = suggest_text(nearest);

	report_error("%s: neither its BTF nor its DWARF has a type %s%s",
	    o->file, o->type, text != NULL ? text : "");
	free(text);
}

static uint32_t
import_from_btf(
    const struct type_option *o, const struct btf *btf, struct types *types)
{
	struct btf_import import;
	struct suggest nearest = { 0 };
	uint32_t id, type = TYPE_NONE;

	if (btf == NULL) {
		report_error(
		    "%s: it has no BTF; compile it with clang -g", o->file);
		return TYPE_NONE;
	}
	if ((id = find_type_id(o, btf, &nearest)) == 0)
		report_no_type(o, &nearest);
	if (id == 0 || btf_import_open(&import, btf, types) == -1)
		return TYPE_NONE;
	type = btf_import(&import, id, o->file);
	if (type != TYPE_NONE && btf_tags_set(&import, o->file) == -1)
		type = TYPE_NONE;
	btf_import_close(&import);
	return type;
}

static bool
is_elf(const struct buf *b)
{
	return b->len >= 4 && memcmp(b->data, "\177ELF", 4) == 0;
}

/* The file of a type option, opened. */
struct type_file {
	const struct type_option *option; /* borrowed */
	struct bpf_elf elf;               /* of an object file */
	struct package package;           /* or of another file */
	const struct bpf_elf *object;     /* borrowed from these */
};

static int
open_type_file(struct type_file *f, const struct type_option *o)
{
	const struct buf *b = &o->bytes;

	*f = (struct type_file){ .option = o };
	if (!is_elf(b)) {
		f->object = &f->package.object;
		return package_parse(
		    &f->package, b->data, b->len, o->file, NULL);
	}
	f->object = &f->elf;
	return bpf_elf_open(
	    &f->elf, (const unsigned char *)b->data, b->len, o->file);
}

static void
close_type_file(struct type_file *f)
{
	bpf_elf_close(&f->elf);
	package_close(&f->package);
}

/* Writes the object with the type of its DWARF in its BTF. */
static int
write_with_type(const struct type_file *f, const struct dwarf_records *r,
    dwarf_type type, struct buf *out)
{
	const struct bpf_elf *elf = f->object;
	const char *name = f->option->file;
	uint32_t size;
	const void *bytes = btf__raw_data(elf->btf, &size);
	struct btf *btf = bytes != NULL ? btf__new(bytes, size) : NULL;
	int ret = -1;

	if (btf == NULL)
		return report_nomem();
	if (dwarf_type_add(r, type, btf, name) != -1)
		ret = btf_rewrite(elf, btf, out, name);
	btf__free(btf);
	return ret;
}

/* Replies with nothing if the DWARF lacks the type, too. */
static int
find_in_dwarf(const struct type_file *f, struct buf *reply)
{
	enum dwarf_state state;
	struct dwarf_records *r = dwarf_records_open(f->object, &state);
	dwarf_type type;
	int ret = 0;

	if (r == NULL)
		return state == DWARF_NO_MEMORY ? -1 : 0;
	type = dwarf_records_find(r, f->option->type);
	if (type != DWARF_NO_TYPE)
		ret = write_with_type(f, r, type, reply);
	dwarf_records_close(r);
	return ret;
}

/* The function of the confined child: replies with the object, if its BTF lacks
 * the type and its DWARF has it. */
static int
complete_object(void *ctx, struct buf *reply)
{
	const struct type_option *o = ctx;
	struct type_file f;
	int ret = open_type_file(&f, o);

	if (ret == 0 && f.object->btf != NULL &&
	    find_type_id(o, f.object->btf, NULL) == 0)
		ret = find_in_dwarf(&f, reply);
	close_type_file(&f);
	return ret;
}

int
type_option_read(struct type_option *o)
{
	struct buf reply = { 0 };
	int ret;

	if (package_input_read(&o->bytes, o->file, o->file, PACKAGE_TEXT_MAX) ==
	    -1)
		return -1;
	ret = confined_child_run(
	    complete_object, o, o->file, OBJECT_SIZE_MAX, &reply);
	if (ret == 0 && reply.len > 0) {
		buf_free(&o->bytes);
		o->bytes = reply;
		return 0;
	}
	buf_free(&reply);
	return ret;
}

uint32_t
type_option_import(const struct type_option *o, struct types *types)
{
	uint32_t type = TYPE_NONE;
	struct type_file f;

	if (open_type_file(&f, o) == 0)
		type = import_from_btf(o, f.object->btf, types);
	close_type_file(&f);
	return type;
}
