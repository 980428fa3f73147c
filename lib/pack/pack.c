#include <bpf/libbpf.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-doc.h"
#include "base/report.h"
#include "base/util.h"
#include "dwarf/btf-rewrite.h"
#include "elf/bpf-elf.h"
#include "elf/btf-variables.h"
#include "elf/btf.h"
#include "elf/libbpf-log.h"
#include "elf/section-rename.h"
#include "elf/strip-debug.h"
#include "pack/pack-annotations.h"
#include "pack/pack-export.h"
#include "pack/pack-fields.h"
#include "pack/pack-json.h"
#include "pack/pack-records.h"
#include "pack/pack-sample.h"
#include "pack/pack-source.h"
#include "pack/pack.h"
#include "package/object-text.h"
#include "package/package.h"
#include "types/name-table.h"

enum { NAME_MAX_LEN = 63 }; /* bytes of the object's name */

enum { MAPS, PROGRAMS, SECTIONS }; /* scopes of names */

struct pack {
	const char *file;                   /* borrowed */
	const struct pack_options *options; /* borrowed */
	char name[NAME_MAX_LEN + 1];
	struct bpf_elf elf;
	struct bpf_object *obj; /* owned */
	const struct btf *btf;  /* borrowed from obj */
	json_t *meta;           /* owned */
	json_t *skel;           /* borrowed from meta, as those below */
	json_t *sections, *maps, *programs;
	struct pack_map *map; /* owned */
	size_t nmaps;
	struct name_table names; /* of maps and of programs */
	struct btf_variables variables;
	struct pack_target *targets; /* owned; by BTF type id */
	struct pack_marked marked;
};

/* Whether the variable is a bool with the initial value true. */
static bool
is_initially_true(const struct pack *p, const struct btf_var_secinfo *vi,
    const struct btf_type *var, const unsigned char *data, size_t size)
{
	const struct btf_type *t;

	t = btf__type_by_id(p->btf, pack_skip_typedefs(p->btf, var->type));
	return btf_is_int(t) && btf_int_encoding(t) == BTF_INT_BOOL &&
	       t->size == 1 && data != NULL && vi->offset < size &&
	       data[vi->offset] != 0;
}

static int
add_variable(struct pack *p, json_t *variables, const char *section,
    const struct btf_var_secinfo *vi, const struct bpf_map *map)
{
	const struct btf_type *var = btf__type_by_id(p->btf, vi->type);
	const char *name = btf__name_by_offset(p->btf, var->name_off);
	struct pack_target *target = &p->targets[vi->type];
	const unsigned char *data;
	json_t *preset;
	size_t size;

	if (!btf_is_var(var) || btf_var(var)->linkage == BTF_VAR_STATIC ||
	    pack_markers_has(name) ||
	    (strncmp(section, ".rodata", strlen(".rodata")) == 0 &&
		!pack_marked_allows(&p->marked, name)))
		return 0;
	if (pack_append(p->file, variables,
		pack_named_type_new(p->btf, name, var->type), "variable",
		name) == -1)
		return -1;
	target->place = ANNOTATED_VARIABLE;
	target->json = pack_get_last(variables);
	target->type = var->type;

	/* The reference loader sets a bool without a default to false, so a
	 * bool that is initially true needs a default. */
	data = bpf_map__initial_value((struct bpf_map *)map, &size);
	if (!is_initially_true(p, vi, var, data, size))
		return 0;
	preset = json_pack("{sb}", "default", 1);
	return pack_set(target->json, "cmdarg", preset);
}

/* The section of a map that libbpf made for it: ".rodata" of "bootstra.rodata".
 * NULL if the map is not for a section of variables. */
static const char *
get_section(const struct bpf_map *map)
{
	static const char *const kinds[] = { ".data", ".rodata", ".bss" };
	const char *dot = strchr(bpf_map__name(map), '.');

	if (dot == NULL || !bpf_map__is_internal(map))
		return NULL;
	for (size_t i = 0; i < nitems(kinds); i++)
		if (strncmp(dot, kinds[i], strlen(kinds[i])) == 0)
			return dot;
	return NULL;
}

/* The name of the section in the object file, before section-rename. */
static const char *
undo_rename(const char *section)
{
	static const char renamed[] = BSS_RENAMED BSS_PREFIX;

	if (strncmp(section, renamed, strlen(renamed)) == 0)
		section += strlen(BSS_RENAMED);
	return section;
}

/* Adds a name that only one may have: no reader of a package could tell two of
 * one name apart. */
static int
add_name(struct pack *p, uint32_t scope, const char *what, const char *name,
    uint32_t index)
{
	if (name_table_add(&p->names, scope, name, index) == -1)
		return -1;
	if (name_table_find(&p->names, scope, name) == index)
		return 0;
	report_error(
	    "%s: %s %s: the object has two of this name", p->file, what, name);
	return -1;
}

/* Adds the section of the map and its variables.  libbpf makes the map of a
 * section mmapable if one of its variables is not static; the others have no
 * variables that can be set. */
static int
add_section(struct pack *p, const struct bpf_map *map)
{
	const char *name = get_section(map);
	const struct btf_var_secinfo *vars;
	const struct btf_type *t;
	json_t *variables;
	uint32_t id;

	if (name == NULL || !(bpf_map__map_flags(map) & BPF_F_MMAPABLE))
		return 0;
	if ((id = btf_variables_section(&p->variables, name)) == 0)
		return 0;
	if (pack_append(p->file, p->sections,
		json_pack("{sss[]}", "name", undo_rename(name), "variables"),
		"section", name) == -1 ||
	    add_name(p, SECTIONS, "section", undo_rename(name),
		(uint32_t)json_array_size(p->sections)) == -1)
		return -1;
	variables = json_object_get(pack_get_last(p->sections), "variables");
	t = btf__type_by_id(p->btf, id);
	vars = btf_var_secinfos(t);
	for (unsigned int i = 0; i < btf_vlen(t); i++)
		if (add_variable(p, variables, name, &vars[i], map) == -1)
			return -1;
	return 0;
}

/* The name of the map as a C identifier, to free; that of a section has no dot.
 * NULL if memory ran out. */
static char *
make_ident(const struct bpf_map *map)
{
	const char *name = undo_rename(bpf_map__name(map));
	const char *dot = bpf_map__is_internal(map) ? strchr(name, '.') : NULL;
	char *ident = strdup(dot != NULL ? dot + 1 : name);

	for (char *c = ident; c != NULL && *c != '\0'; c++)
		if (!isalnum((unsigned char)*c))
			*c = '_';
	return ident;
}

static int
add_map(struct pack *p, const struct bpf_map *map)
{
	const char *name = undo_rename(bpf_map__name(map));
	struct pack_map *m = &p->map[p->nmaps];
	char *ident = make_ident(map);
	int ret;

	if (ident == NULL)
		return report_nomem();
	ret = pack_append(p->file, p->maps,
	    json_pack("{ssss}", "name", name, "ident", ident), "map", name);
	free(ident);
	if (ret == -1)
		return -1;
	m->bpf = map;
	m->json = pack_get_last(p->maps);
	if (name_table_add(&p->names, MAPS, bpf_map__name(map),
		(uint32_t)p->nmaps++) == -1)
		return -1;
	if (bpf_map__is_internal(map) &&
	    (bpf_map__map_flags(map) & BPF_F_MMAPABLE))
		return pack_set(m->json, "mmaped", json_true());
	return 0;
}

static int
add_maps(struct pack *p)
{
	struct bpf_map *map;
	size_t n = 0;

	bpf_object__for_each_map (map, p->obj) {
		n++;
	}
	if (n == 0)
		return 0;
	if ((p->map = calloc(n, sizeof(*p->map))) == NULL)
		return report_nomem();
	bpf_object__for_each_map (map, p->obj) {
		if (add_map(p, map) == -1 || add_section(p, map) == -1)
			return -1;
	}
	return 0;
}

/* Adds the programs that libbpf loads by default.  Those with SEC("?...") are
 * left out, since the reference loader attaches all that are listed. */
static int
add_programs(struct pack *p)
{
	struct bpf_program *prog;
	uint32_t n = 0;

	bpf_object__for_each_program (prog, p->obj) {
		const char *name = bpf_program__name(prog);
		json_t *v;

		if (!bpf_program__autoload(prog))
			continue;
		v = json_pack("{sssssb}", "name", name, "attach",
		    bpf_program__section_name(prog), "link", 1);
		if (pack_append(p->file, p->programs, v, "program", name) ==
			-1 ||
		    add_name(p, PROGRAMS, "program", name, n) == -1)
			return -1;
		n++;
	}
	return 0;
}

static struct pack_map *
find_pack_map(struct pack *p, const char *name)
{
	uint32_t i = name_table_find(&p->names, MAPS, name);

	return i != NAME_NONE ? &p->map[i] : NULL;
}

/* The JSON that receives the annotations on this variable: doc, or if that is
 * NULL the map of the same name. */
static json_t *
find_target_json(struct pack *p, uint32_t id, json_t *doc)
{
	struct pack_map *m;

	if (doc != NULL)
		return doc;
	m = find_pack_map(p, pack_get_name(p->btf, id));
	return m != NULL ? m->json : NULL;
}

/* Makes the variables of a data section, if there is one, targets of
 * annotations. */
static void
mark_section(
    struct pack *p, const char *section, enum pack_place place, json_t *doc)
{
	int id = btf__find_by_name_kind(p->btf, section, BTF_KIND_DATASEC);
	const struct btf_var_secinfo *vars;
	const struct btf_type *t;
	json_t *json;

	if (id < 0)
		return;
	t = btf__type_by_id(p->btf, (uint32_t)id);
	vars = btf_var_secinfos(t);
	for (unsigned int i = 0; i < btf_vlen(t); i++) {
		if ((json = find_target_json(p, vars[i].type, doc)) == NULL)
			continue;
		p->targets[vars[i].type].json = json;
		p->targets[vars[i].type].place = place;
	}
}

/* Copies the record types that annotations gave to their maps. */
static void
copy_record_types(struct pack *p)
{
	struct pack_map *m;

	for (uint32_t id = 1; id < btf__type_cnt(p->btf); id++) {
		if (p->targets[id].place != ANNOTATED_MAP ||
		    p->targets[id].type == 0)
			continue;
		m = find_pack_map(p, pack_get_name(p->btf, id));
		m->record = pack_skip_typedefs(p->btf, p->targets[id].type);
	}
}

/* Makes all functions targets of annotations.  Only those that are programs
 * have a place in the package. */
static void
mark_functions(struct pack *p)
{
	const struct btf_type *t;
	uint32_t i;

	for (uint32_t id = 1; id < btf__type_cnt(p->btf); id++) {
		t = btf__type_by_id(p->btf, id);
		if (!btf_is_func(t))
			continue;
		p->targets[id].place = ANNOTATED_FUNCTION;
		i = name_table_find(
		    &p->names, PROGRAMS, pack_get_name(p->btf, id));
		if (i == NAME_NONE)
			continue;
		p->targets[id].place = ANNOTATED_PROGRAM;
		p->targets[id].json = json_array_get(p->programs, i);
	}
}

static int
add_annotations(struct pack *p)
{
	json_t *doc = json_object();
	int ret = -1;

	if (doc == NULL)
		return report_nomem();
	mark_section(p, ".maps", ANNOTATED_MAP, NULL);
	mark_section(p, "license", ANNOTATED_LICENSE, doc);
	mark_functions(p);
	if (p->options->source != NULL &&
	    pack_source_apply(
		p->options->source, p->btf, p->targets, p->file) == -1)
		goto out;
	if (pack_annotations_apply(p->btf, p->targets, p->file) == -1)
		goto out;
	copy_record_types(p);
	ret = json_object_size(doc) == 0
		  ? 0
		  : pack_set(p->skel, "doc", json_incref(doc));
out:
	json_decref(doc);
	return ret;
}

/* Makes the object's name from that of its file: "x_bpf" from "dir/x.bpf.o" or
 * "dir/x.bpf.c". */
static void
set_name(struct pack *p, const char *file)
{
	const char *slash = strrchr(file, '/');
	const char *base = slash != NULL ? slash + 1 : file;
	size_t len = strlen(base);

	if (len > 2 && (strcmp(base + len - 2, ".o") == 0 ||
			   strcmp(base + len - 2, ".c") == 0))
		len -= 2;
	if (len > NAME_MAX_LEN)
		len = NAME_MAX_LEN;
	memcpy(p->name, base, len);
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)p->name[i]))
			p->name[i] = '_';
}

static int
open_packed_object(struct pack *p, const unsigned char *elf, size_t size)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = p->name);
	struct buf renamed = { 0 };
	char error[128];

	if (bpf_elf_open(&p->elf, elf, size, p->file) == -1)
		return -1;
	if (p->elf.btf == NULL) {
		report_error(
		    "%s: the object has no BTF; compile it with clang -g",
		    p->file);
		return -1;
	}
	if (section_rename(&p->elf, &renamed) == -1)
		return -1;
	libbpf_log_capture();
	libbpf_log_clear();
	p->obj = renamed.len != 0
		     ? bpf_object__open_mem(renamed.data, renamed.len, &opts)
		     : bpf_object__open_mem(elf, size, &opts);
	buf_free(&renamed);
	if (p->obj == NULL) {
		libbpf_strerror(errno, error, sizeof(error));
		report_error(
		    "%s: the object cannot be opened: %s", p->file, error);
		libbpf_log_report();
		return -1;
	}
	p->btf = bpf_object__btf(p->obj);
	p->targets = calloc(btf__type_cnt(p->btf), sizeof(*p->targets));
	if (p->targets == NULL)
		return report_nomem();
	if (btf_variables_open(&p->variables, p->btf) == -1)
		return -1;
	return pack_marked_open(&p->marked, p->btf);
}

/* Makes the meta with the lists that it always has, even if they are empty. */
static int
new_meta(struct pack *p)
{
	p->meta = json_pack("{s{s[]s[]s[]ss}s[]}", "bpf_skel", "data_sections",
	    "maps", "progs", "obj_name", p->name, "export_types");
	if (p->meta == NULL)
		return report_nomem();
	p->skel = json_object_get(p->meta, "bpf_skel");
	p->sections = json_object_get(p->skel, "data_sections");
	p->maps = json_object_get(p->skel, "maps");
	p->programs = json_object_get(p->skel, "progs");
	return 0;
}

static int
encode_package(const struct pack *p, const unsigned char *elf, size_t size,
    struct buf *out)
{
	char *text = package_object_encode(elf, size);
	json_t *root;
	int ret;

	if (text == NULL)
		return -1;
	root = json_pack("{sssIsO}", "bpf_object", text, "bpf_object_size",
	    (json_int_t)size, "meta", p->meta);
	free(text);
	if (root == NULL)
		return report_nomem();
	ret = json_doc_write(root, out);
	buf_chr(out, '\n');
	json_decref(root);
	return ret == -1 || out->failed ? report_nomem() : 0;
}

/* Writes the package.  An object that was made of a source for this has debug
 * information, which has served its purpose. */
static int
write_package(const struct pack *p, const unsigned char *elf, size_t size,
    struct buf *out)
{
	struct buf stripped = { 0 };
	int ret;

	if (p->options->source == NULL)
		return encode_package(p, elf, size, out);
	ret = strip_debug(elf, size, &stripped);
	if (ret == 0 && stripped.len > 0)
		ret = encode_package(
		    p, (unsigned char *)stripped.data, stripped.len, out);
	else if (ret == 0)
		ret = encode_package(p, elf, size, out);
	buf_free(&stripped);
	return ret;
}

static int
find_header_structs(const struct pack *p, struct pack_exports *e)
{
	if (p->options->source == NULL)
		return 0;
	return pack_source_structs(
	    p->options->source, p->btf, &e->structs, &e->nstructs);
}

/* Sets what is sampled, and which variables hold results. */
static int
add_samples(struct pack *p, const struct pack_options *o)
{
	const struct pack_samples samples = {
		.file = p->file,
		.sections = p->sections,
		.maps = p->map,
		.nmaps = p->nmaps,
	};
	struct helper_calls calls;
	int ret;

	if (pack_samples_set(&samples, o) == -1 ||
	    pack_samples_check(&samples) == -1 ||
	    helper_calls_open(&calls, &p->elf) == -1)
		return -1;
	ret = pack_mark_written(&samples, &calls, &p->elf);
	helper_calls_close(&calls);
	return ret;
}

/* Writes the package; with another BTF if types were added to that of the
 * object. */
static int
write_with_types(const struct pack *p, uint32_t ntypes, struct buf *out)
{
	struct buf object = { 0 };
	int ret = -1;

	if (btf__type_cnt(p->elf.btf) == ntypes)
		return write_package(p, p->elf.bytes, p->elf.size, out);
	if (btf_rewrite(&p->elf, p->elf.btf, &object, p->file) == 0)
		ret = write_package(
		    p, (const unsigned char *)object.data, object.len, out);
	buf_free(&object);
	return ret;
}

static int
export_records(struct pack *p, struct buf *out)
{
	struct pack_exports e = { .file = p->file,
		.options = p->options,
		.elf = &p->elf,
		.btf = p->elf.btf,
		.maps = p->map,
		.nmaps = p->nmaps,
		.programs = p->programs,
		.meta = p->meta };
	uint32_t ntypes = btf__type_cnt(p->elf.btf);
	int ret = -1;

	if (find_header_structs(p, &e) == 0 && pack_export(&e) == 0 &&
	    pack_fields_write(&e) == 0)
		ret = write_with_types(p, ntypes, out);
	free(e.structs);
	return ret;
}

int
pack_object(const unsigned char *elf, size_t size, const char *file,
    const struct pack_options *o, struct buf *out)
{
	struct pack p = { .file = file, .options = o };
	int ret = -1;

	set_name(&p, o->name != NULL ? o->name : file);
	if (open_packed_object(&p, elf, size) == 0 && new_meta(&p) == 0 &&
	    add_maps(&p) == 0 && add_programs(&p) == 0 &&
	    add_annotations(&p) == 0 && add_samples(&p, o) == 0) {
		ret = export_records(&p, out);
	}
	json_decref(p.meta);
	for (size_t i = 0; i < p.nmaps; i++)
		free(p.map[i].reason);
	free(p.map);
	name_table_free(&p.names);
	btf_variables_close(&p.variables);
	free(p.targets);
	pack_marked_close(&p.marked);
	bpf_object__close(p.obj);
	bpf_elf_close(&p.elf);
	return ret;
}
