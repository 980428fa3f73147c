#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/report.h"
#include "base/util.h"
#include "elf/btf-variables.h"
#include "elf/btf.h"
#include "elf/elf-section.h"
#include "elf/libbpf-log.h"
#include "elf/section-rename.h"
#include "host/privilege.h"
#include "load/btf-slice.h"
#include "load/kernel-function.h"
#include "load/map-size.h"
#include "load/object.h"
#include "load/struct-ops.h"
#include "load/vmlinux.h"
#include "types/name-table.h"
#include "types/types.h"
#include "types/value.h"

enum {
	LOG_LINES = 20, /* last lines of the verifier's log that are reported */
};

/* The variables of an object, and their types. */
struct object_variables {
	struct btf_variables by_name;
	struct btf_import import;
	struct types types;
};

/* A section of variables in an object that libbpf has opened. */
struct object_section {
	const struct package *package; /* borrowed, as all but bytes */
	const char *name;
	uint32_t id;          /* of its BTF type */
	unsigned char *bytes; /* owned: a copy of the content */
	size_t size;
	struct object_variables *variables;
};

/* Writes the value of v, if it has one, to the bytes of the section.  where
 * stands for v in reports. */
static int
set_variable(struct object_section *s, const struct package_variable *v,
    const char *where)
{
	struct btf_import *import = &s->variables->import;
	const struct btf *btf = import->btf;
	const struct btf_var_secinfo *at =
	    btf_variables_find(&s->variables->by_name, s->id, v->name);
	const struct btf_type *var =
	    at != NULL ? btf__type_by_id(btf, at->type) : NULL;
	struct buf text = { 0 };
	uint64_t size;
	uint32_t type;

	/* Static variables cannot be set, because two may share a name. */
	if (var == NULL || btf_var(var)->linkage == BTF_VAR_STATIC) {
		report_error("%s: the object has no such variable in %s", where,
		    s->name);
		return -1;
	}
	if (v->value == NULL)
		return 0;
	type = btf_import(import, var->type, where);
	if (type == TYPE_NONE)
		return -1;
	size = import->types->v[type].size;
	if (at->offset > s->size || size > s->size - at->offset) {
		report_error(
		    "%s: the variable lies outside section %s", where, s->name);
		return -1;
	}
	if (value_to_bytes(import->types, type, v->value, s->bytes + at->offset,
		size, where) == -1)
		return -1;
	value_to_text(v->value, &text);
	report_info("%s = %.*s", where, (int)text.len,
	    text.data != NULL ? text.data : "");
	buf_free(&text);
	return 0;
}

static int
set_variables(struct object_section *s, const struct package_section *from)
{
	char *where;
	int ret = 0;

	for (size_t i = 0; i < from->nvariables && ret == 0; i++) {
		const struct package_variable *v = &from->variables[i];

		if (asprintf(&where, "%s: %s", s->package->name, v->name) == -1)
			return report_nomem();
		ret = set_variable(s, v, where);
		free(where);
	}
	return ret;
}

static bool
has_values(const struct package_section *from)
{
	for (size_t i = 0; i < from->nvariables; i++)
		if (from->variables[i].value != NULL)
			return true;
	return false;
}

/* Writes the values of one section's variables to the object. */
static int
set_section(const struct object *o, struct object_variables *variables,
    const struct package_section *from)
{
	struct object_section s = { .package = o->package,
		.name = from->name,
		.variables = variables };
	const char *package = o->package->name;
	const void *initial;
	struct bpf_map *map;
	int ret = -1, error;
	char name[128];

	/* libbpf sets .kconfig from the kernel's configuration. */
	if (from->nvariables == 0 ||
	    (strcmp(from->name, ".kconfig") == 0 && !has_values(from)))
		return 0;
	snprintf(name, sizeof(name), "%s%s",
	    strncmp(s.name, BSS_PREFIX, strlen(BSS_PREFIX)) == 0 ? BSS_RENAMED
								 : "",
	    s.name);
	if ((map = object_names_map(&o->names, name)) == NULL) {
		report_error(
		    "%s: section %s is not in the object", package, s.name);
		return -1;
	}
	initial = bpf_map__initial_value(map, &s.size);
	s.id = btf_variables_section(&variables->by_name, name);
	if (initial == NULL || s.id == 0) {
		report_error("%s: section %s: the object has no BTF for its "
			     "variables; compile it with clang -g",
		    package, s.name);
		return -1;
	}
	if ((s.bytes = malloc(s.size)) == NULL)
		return report_nomem();
	memcpy(s.bytes, initial, s.size);
	if (set_variables(&s, from) == 0) {
		error = bpf_map__set_initial_value(map, s.bytes, s.size);
		if (error == 0)
			ret = 0;
		else
			report_error("%s: section %s: %s", package, s.name,
			    report_error_text(-error));
	}
	free(s.bytes);
	return ret;
}

/* Writes the values of the package's variables to the object. */
static int
set_sections(const struct object *o)
{
	const struct btf *btf = bpf_object__btf(o->bpf);
	struct object_variables variables = { 0 };
	int ret = btf_variables_open(&variables.by_name, btf);

	if (ret == 0 && btf != NULL)
		ret = btf_import_open(&variables.import, btf, &variables.types);
	for (size_t i = 0; i < o->package->nsections && ret == 0; i++)
		ret = set_section(o, &variables, &o->package->sections[i]);
	btf_import_close(&variables.import);
	types_free(&variables.types);
	btf_variables_close(&variables.by_name);
	return ret;
}

/* Checks that the object has every program of the package. */
static int
check_programs_exist(const struct object *o)
{
	const struct package *p = o->package;

	for (size_t i = 0; i < p->nprograms; i++) {
		if (object_names_program(&o->names, p->programs[i].name) !=
		    NULL)
			continue;
		report_error("%s: program %s is not in the object", p->name,
		    p->programs[i].name);
		return -1;
	}
	return 0;
}

static int
open_with_libbpf(struct object *o)
{
	const struct package *p = o->package;
	LIBBPF_OPTS(bpf_object_open_opts, opts,
	    .object_name = p->obj_name[0] != '\0' ? p->obj_name : "skel",
	    .btf_custom_path =
		o->btf_path != NULL ? o->btf_path : o->slice_path);
	struct buf renamed = { 0 };
	char text[128];
	int error;

	if (p->object.bytes == NULL) {
		report_error(
		    "%s: this is the object \"meta\" of a package alone; "
		    "give the ELF object with -e",
		    p->name);
		return -1;
	}
	if (section_rename(&p->object, &renamed) == -1)
		return -1;
	o->bpf =
	    renamed.len > 0
		? bpf_object__open_mem(renamed.data, renamed.len, &opts)
		: bpf_object__open_mem(p->object.bytes, p->object.size, &opts);
	error = errno;
	buf_free(&renamed);
	if (o->bpf != NULL)
		return 0;
	/* Since 1.3 libbpf opens descriptors for maps here. */
	if (report_is_shortage(error)) {
		report_error("%s: the object cannot be opened: %s", p->name,
		    report_error_text(error));
		return -1;
	}
	libbpf_strerror(error, text, sizeof(text));
	report_error("%s: the object cannot be opened: %s", p->name, text);
	libbpf_log_report();
	return -1;
}

/* Whether libbpf reads the whole BTF of the kernel anyway, to find what one of
 * the programs attaches to.  It may also do so for a section that it does not
 * know. */
static bool
needs_whole_btf(const struct package *p)
{
	enum bpf_prog_type type;
	enum bpf_attach_type place;

	for (size_t i = 0; i < p->nprograms; i++) {
		if (libbpf_prog_type_by_name(
			p->programs[i].attach, &type, &place) != 0)
			return true;
		if (type == BPF_PROG_TYPE_TRACING ||
		    type == BPF_PROG_TYPE_LSM ||
		    type == BPF_PROG_TYPE_STRUCT_OPS ||
		    type == BPF_PROG_TYPE_EXT)
			return true;
	}
	return false;
}

int
object_open(struct object *o, const struct package *p, const char *btf)
{
	*o = (struct object){ .package = p, .btf = btf };
	libbpf_log_capture();
	libbpf_log_clear();
	if (vmlinux_choose(btf, &o->btf_path) == -1)
		goto fail;
	if (o->btf_path == NULL && p->object.bytes != NULL &&
	    !needs_whole_btf(p))
		o->slice = btf_slice_open(&p->object, &o->slice_path);
	if (open_with_libbpf(o) == 0 &&
	    object_names_open(&o->names, o->bpf) == 0 &&
	    struct_ops_read(&o->names, p->object.elf, o->bpf) == 0 &&
	    check_programs_exist(o) == 0 && set_sections(o) == 0)
		return 0;
fail:
	object_close(o);
	return -1;
}

/* Reports the last lines of the verifier's log. */
static void
report_verifier_log(const char *log)
{
	const char *end = strstr(log, "-- END PROG LOAD LOG --"), *p;
	int lines = LOG_LINES;

	if (end == NULL)
		end = log + strlen(log);
	/* A newline at the end belongs to the last line. */
	if (end > log && end[-1] == '\n')
		end--;
	for (p = end; p > log; p--)
		if (p[-1] == '\n' && --lines == 0)
			break;
	for (size_t n; p < end; p += n + 1) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));

		n = (size_t)((eol != NULL ? eol : end) - p);
		report_error("    %.*s", (int)n, p);
	}
}

/* Reports what to do about a call of a helper that this kernel does not have,
 * or not for such programs: "unknown func bpf_ktime_get_tai_ns#208". */
static void
report_verifier_advice(const char *log)
{
	static const char *const marks[] = { "unknown func ", "invalid func " };
	const char *helper = NULL;

	for (size_t i = 0; i < nitems(marks) && helper == NULL; i++)
		if ((helper = strstr(log, marks[i])) != NULL)
			helper += strlen(marks[i]);
	if (helper != NULL)
		report_error("this kernel is too old for the helper %.*s, or "
			     "does not have it for programs of this type",
		    (int)strcspn(helper, " \n"), helper);
}

/* Reports that this kernel may lack the program's type, for an error without a
 * reason. */
static void
report_type_hint(const char *name, const struct bpf_program *program, int error)
{
	const char *type;

	if (error != EINVAL && error != EOPNOTSUPP)
		return;
	type = libbpf_bpf_prog_type_str(bpf_program__type(program));
	report_error("%s: program %s: this kernel may lack programs of type %s",
	    name, bpf_program__name(program), type != NULL ? type : "unknown");
}

/* Reports the missing privilege: for the program that was refused, if the
 * process may load others, or else for the whole object. */
static void
report_privilege(const struct object *o, const struct bpf_program *program)
{
	unsigned int needed = PRIVILEGE_MEMORY;
	const struct bpf_map *m;
	char *where;

	if (program != NULL)
		needed |= privilege_of_type(bpf_program__type(program));
	else
		bpf_object__for_each_map (m, o->bpf)
			needed |= privilege_of_map(bpf_map__type(m));
	if (program == NULL || !privilege_suffices() ||
	    asprintf(&where, "%s: program %s (%s)", o->package->name,
		bpf_program__name(program),
		bpf_program__section_name(program)) == -1) {
		privilege_report(o->package->name, needed);
		return;
	}
	privilege_report(where, needed);
	free(where);
}

/* Reports a refusal with the verifier's log or libbpf's messages. */
static void
report_with_log(const char *name, const struct libbpf_refusal *r,
    const struct bpf_program *program)
{
	bool verifier = r->kind == LIBBPF_REFUSED_VERIFIER;

	if (program == NULL)
		report_error("%s: the object cannot be loaded: %s", name,
		    report_error_text(r->error));
	else
		report_error("%s: program %s (%s): %s: %s", name, r->program,
		    bpf_program__section_name(program),
		    verifier ? "the verifier refused it" : "cannot be loaded",
		    r->error == E2BIG ? "it is too large or too complex"
				      : report_error_text(r->error));
	if (verifier) {
		report_verifier_log(r->log);
		report_verifier_advice(r->log);
		return;
	}
	libbpf_log_report();
	if (program != NULL)
		report_type_hint(name, program, r->error);
}

/* The way of a program that traces a function, else NULL. */
static const char *
function_way(const struct bpf_program *program)
{
	if (bpf_program__type(program) != BPF_PROG_TYPE_TRACING)
		return NULL;
	switch (bpf_program__expected_attach_type(program)) {
	case BPF_TRACE_FENTRY:
		return "fentry";
	case BPF_TRACE_FEXIT:
		return "fexit";
	case BPF_MODIFY_RETURN:
		return "fmod_ret";
	default:
		return NULL;
	}
}

/* Reports that the kernel has no such place for the program.  in_btf says
 * whether its BTF names the place all the same. */
static void
report_no_hook(const char *name, const struct bpf_program *program, bool in_btf)
{
	const char *section = bpf_program__section_name(program);
	const char *way = function_way(program);
	const char *slash = strchr(section, '/');
	struct buf words = { 0 };
	struct kernel_function f;

	if (way == NULL || slash == NULL) {
		buf_str(&words,
		    "this kernel has nothing of that name to attach it to");
	} else {
		kernel_function_find(&f, slash + 1);
		f.in_btf = in_btf;
		kernel_function_explain(&f, way, &words);
	}
	if (words.failed)
		report_nomem();
	else
		report_error("%s: program %s (%s): %.*s", name,
		    bpf_program__name(program), section, (int)words.len,
		    words.data);
	buf_free(&words);
}

/* Reports an extern that the kernel does not have. */
static void
report_no_extern(const char *name, const char *symbol)
{
	static const char advice[] =
	    "which the program requires; where it can do without, declare it "
	    "__weak";

	if (strncmp(symbol, "CONFIG_", 7) == 0)
		report_error("%s: this kernel's configuration has no %s, %s",
		    name, symbol, advice);
	else
		report_error("%s: this kernel has no symbol or function %s, %s",
		    name, symbol, advice);
}

/* The descriptors that libbpf opens for a moment, to find out what the kernel
 * can do, and the BTF of the object. */
enum { SPARE_DESCRIPTORS = 4 };

/*
 * Checks that there are descriptors for all maps and programs.  If they run out
 * while libbpf finds out what the kernel can do, it concludes that this is an
 * old one, and the verifier refuses what it then loads.
 */
static int
check_descriptors(const struct object *o)
{
	size_t need = SPARE_DESCRIPTORS, got = 0;
	struct bpf_program *p;
	struct bpf_map *m;
	int *fds;

	bpf_object__for_each_program (p, o->bpf)
		need += bpf_program__autoload(p);
	bpf_object__for_each_map (m, o->bpf)
		need += bpf_map__autocreate(m);
	if ((fds = calloc(need, sizeof(*fds))) == NULL)
		return report_nomem();
	while (got < need && (fds[got] = epoll_create1(EPOLL_CLOEXEC)) != -1)
		got++;
	if (got < need)
		report_error("%s: cannot be loaded: %s", o->package->name,
		    report_error_text(errno));
	for (size_t i = 0; i < got; i++)
		close(fds[i]);
	free(fds);
	return got == need ? 0 : -1;
}

static void
report_refusal(const struct object *o, const struct libbpf_refusal *r)
{
	const struct bpf_program *program =
	    object_names_program(&o->names, r->program);
	const char *name = o->package->name;

	switch (r->kind) {
	case LIBBPF_REFUSED_PRIVILEGE:
		report_privilege(o, program);
		return;
	case LIBBPF_REFUSED_BTF_READ:
		report_error("%s: the object cannot be loaded: the BTF in %s "
			     "cannot be read: %s",
		    name, vmlinux_name(o->btf_path),
		    report_error_text(r->btf_error));
		return;
	case LIBBPF_REFUSED_TARGET_BTF:
		vmlinux_report(name, o->btf, o->btf_path);
		return;
	case LIBBPF_REFUSED_KERNEL_BTF:
		/* libbpf looks up attach targets in the kernel's own BTF,
		 * whatever file was chosen for CO-RE. */
		vmlinux_report(name, o->btf, NULL);
		return;
	case LIBBPF_REFUSED_RELOCATION:
		report_error("%s: program %s: the BTF in %s lacks what the "
			     "program refers to: %.*s",
		    name, r->program, vmlinux_name(o->btf_path),
		    (int)strcspn(r->detail, "\n"), r->detail);
		return;
	case LIBBPF_REFUSED_EXTERN:
		report_no_extern(name, r->detail);
		return;
	case LIBBPF_REFUSED_HOOK:
		if (program == NULL)
			break;
		report_no_hook(name, program, r->log != NULL);
		return;
	case LIBBPF_REFUSED_MAP:
		if (map_size_report_refusal(
			o->bpf, o->package, r->map, r->error))
			return;
		break;
	case LIBBPF_REFUSED_VERIFIER:
	case LIBBPF_REFUSED:
		break;
	}
	report_with_log(name, r, program);
}

/* Says so if the kernel is older than those that skel is written for. */
static void
report_old_kernel(void)
{
	struct utsname u;
	unsigned int major, minor;

	if (uname(&u) == 0 && sscanf(u.release, "%u.%u", &major, &minor) == 2 &&
	    (major < 5 || (major == 5 && minor < 8)))
		report_notice("this kernel is Linux %s, older than 5.8, the "
			      "oldest that programs are loaded on; recordings "
			      "of other machines can be read here",
		    u.release);
}

/* libbpf needs the slice only while it loads the object. */
static void
close_slice(struct object *o)
{
	if (o->slice_path == NULL)
		return;
	close(o->slice);
	free(o->slice_path);
	o->slice_path = NULL;
}

/* Whether the object itself disables the program, by a section "?NAME", of
 * which libbpf only keeps NAME. */
static bool
is_disabled(const struct object *o, const struct bpf_program *p)
{
	char *section;
	bool found;

	if (asprintf(&section, "?%s", bpf_program__section_name(p)) == -1)
		return false;
	found = elf_section_find(
		    o->package->object.elf, section, SHT_PROGBITS) != NULL;
	free(section);
	return found;
}

/* Reports that the object has no program, or none but those that it disables
 * itself, which skel-pack does not list. */
static void
report_nothing_loaded(const struct object *o)
{
	const char *name = o->package->name;
	struct bpf_program *p;

	bpf_object__for_each_program (p, o->bpf) {
		if (!is_disabled(o, p))
			continue;
		report_error("%s: nothing was loaded: the section of program "
			     "%s, ?%s, disables it; remove the \"?\", or list "
			     "the program in the package and give its place "
			     "with -a %s=WHERE",
		    name, bpf_program__name(p), bpf_program__section_name(p),
		    bpf_program__name(p));
		return;
	}
	report_error("%s: nothing was loaded: it has no program to load", name);
}

/* Checks that a program was loaded, or that the user left all of them out. */
static int
require_loaded_program(const struct object *o)
{
	struct bpf_program *p;

	bpf_object__for_each_program (p, o->bpf)
		if (bpf_program__fd(p) >= 0)
			return 0;
	if (o->package->nprograms > 0) {
		report_notice("%s: no program is loaded, because all of them "
			      "are left out",
		    o->package->name);
		return 0;
	}
	report_nothing_loaded(o);
	return -1;
}

int
object_load(struct object *o)
{
	struct libbpf_refusal refusal;
	int error;

	libbpf_log_clear();
	if (struct_ops_leave_out(&o->names, o->bpf) == -1)
		return -1;
	if (check_descriptors(o) == -1) {
		o->load_error = EMFILE;
		return -1;
	}
	error = bpf_object__load(o->bpf);
	close_slice(o);
	if (error == 0)
		return require_loaded_program(o);
	refusal = libbpf_log_refusal(-error);
	o->refusal = refusal.kind;
	o->load_error = refusal.error;
	report_refusal(o, &refusal);
	report_old_kernel();
	return -1;
}

/* The descriptor of the map called name, which may be NULL; or -1. */
static int
object_find_fd(const struct object *o, const char *name)
{
	return name == NULL ? -1
			    : bpf_object__find_map_fd_by_name(o->bpf, name);
}

struct map_fds *
object_map_fds(const struct object *o, const struct stream_header *h)
{
	struct map_fds *fds = map_fds_new(h->nmaps);

	for (size_t i = 0; fds != NULL && i < h->nmaps; i++) {
		const struct stream_map *m = &h->maps[i];

		fds[i].map =
		    object_find_fd(o, m->part.set ? m->part.map : m->name);
		fds[i].stacks = object_find_fd(o, m->stacks);
		fds[i].lost = object_find_fd(o, m->lost_map);
	}
	return fds;
}

void
object_close(struct object *o)
{
	object_names_close(&o->names);
	bpf_object__close(o->bpf);
	free(o->btf_path);
	close_slice(o);
	*o = (struct object){ 0 };
	libbpf_log_clear();
}
