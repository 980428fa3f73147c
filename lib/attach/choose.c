#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "attach/choose.h"
#include "attach/forms.h"
#include "attach/kind.h"
#include "attach/way.h"
#include "base/array.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/report.h"
#include "base/util.h"
#include "elf/map-refs.h"
#include "load/struct-ops.h"

/* What the package and the command line want of a program. */
enum choice {
	CHOICE_OFF,    /* not even loaded */
	CHOICE_LOAD,   /* loaded, but not attached */
	CHOICE_ATTACH, /* attached where the package says */
	CHOICE_PLACES, /* attached where "-a" says */
};

struct chooser {
	struct attachments *a; /* borrowed, as the object */
	struct object *object;
	struct hash called; /* the programs in the initial values of maps */
};

/* A program of the package, and what is wanted of it. */
struct chosen_program {
	const struct package_program *listed; /* borrowed, as all here */
	struct bpf_program *program;
	const char *ops; /* the struct that it is in, or NULL */
	enum choice choice;
	size_t first_place; /* CHOICE_PLACES: the wheres from here on */
	bool called;
};

static bool
is_refused(const struct attach_refused *r, const char *program)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->names[i], program) == 0)
			return true;
	return false;
}

/* Have the program left out when the object is opened again.  Where memory runs
 * out, it is only tried again. */
static void
refuse(struct attach_refused *r, const char *program)
{
	if (!is_refused(r, program) && array_room(r->names, r->n, r->cap) &&
	    (r->names[r->n] = strdup(program)) != NULL)
		r->n++;
}

void
attach_refused_free(struct attach_refused *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->names[i]);
	free(r->names);
	*r = (struct attach_refused){ 0 };
}

bool
attach_is_foreign_call(const char *section, enum kind_arch arch)
{
	const char *call = strstr(section, "/syscalls/sys_");

	if (call == NULL || (call = strchr(call + 14, '_')) == NULL)
		return false;
	call++;
	/* The tracepoints of stat(2) and its like have the names of functions
	 * that took the place of others. */
	return kind_words_is_foreign_call(arch, call) ||
	       (strncmp(call, "new", 3) == 0 &&
		   kind_words_is_foreign_call(arch, call + 3));
}

static bool
waits_for_foreign_call(const struct attach_job *j)
{
	struct utsname system;

	return uname(&system) == 0 &&
	       attach_is_foreign_call(bpf_program__section_name(j->program),
		   kind_arch_find(system.machine));
}

/* Whether the job may fail because its place does not exist: it is a
 * placeholder in the section, where "-a" gives others their places, or a call
 * of another machine's. */
static bool
may_lack_place(const struct attachments *a, const struct attach_job *j)
{
	return j->where == NULL && (a->placed || waits_for_foreign_call(j));
}

/* Leave the job's program out from now on. */
static void
leave_out(struct attachments *a, struct attach_job *j)
{
	/* This has no effect once the object is loaded. */
	bpf_program__set_autoload(j->program, false);
	refuse(a->refused, j->listed->name);
	a->nleft_out++;
}

void
attach_hint_optional(const char *program)
{
	report_notice("to go on without it: --optional %s; without any that "
		      "fails: --optional '*'",
	    program);
}

enum attach_step
attach_run_step(
    struct attachments *a, struct attach_job *j, attach_step_fn *step)
{
	struct report_held held;
	struct attach_error e;
	bool keep = true, may_fail, missing;

	report_hold(&held);
	e = step(a, j, &keep);
	if (e.failure == ATTACH_OK) {
		report_release_held(&held, NULL);
		return keep ? ATTACH_STEP_DONE : ATTACH_STEP_LEFT_OUT;
	}
	may_fail = j->optional || j->replaceable ||
		   (e.failure == ATTACH_MISSING && may_lack_place(a, j));
	missing = e.failure == ATTACH_MISSING && j->where == NULL;
	attach_report_error(j, &e);
	report_release_held(&held, may_fail ? "left out" : NULL);
	if (!may_fail && missing)
		attach_hint_optional(j->listed->name);
	if (!may_fail)
		return ATTACH_STEP_FAILED;
	leave_out(a, j);
	return j->replaceable ? ATTACH_STEP_OTHER_FORM : ATTACH_STEP_LEFT_OUT;
}

static bool
is_trampoline(const struct attach_job *j)
{
	return j->way == &attach_way_fentry || j->way == &attach_way_fexit;
}

/* Have the job's program left out next time.  A kernel that permits one program
 * of fentry or fexit not at all permits none, and trying each takes long. */
static void
refuse_job(struct attachments *a, const struct attach_job *j,
    enum libbpf_refusal_kind reason)
{
	refuse(a->refused, j->listed->name);
	if (reason != LIBBPF_REFUSED_PRIVILEGE || !j->replaceable ||
	    !is_trampoline(j))
		return;
	for (size_t i = 0; i < a->njobs; i++)
		if (a->jobs[i].replaceable && is_trampoline(&a->jobs[i]))
			refuse(a->refused, a->jobs[i].listed->name);
}

bool
attach_leave_out(
    struct attachments *a, const char *program, enum libbpf_refusal_kind reason)
{
	bool lacks_place = reason == LIBBPF_REFUSED_HOOK;

	for (size_t i = 0; i < a->nspare; i++) {
		if (strcmp(a->spare[i]->name, program) != 0)
			continue;
		refuse(a->refused, program);
		return true;
	}
	for (size_t i = 0; i < a->njobs; i++) {
		struct attach_job *j = &a->jobs[i];

		if (strcmp(j->listed->name, program) != 0)
			continue;
		if (!j->optional && !j->replaceable &&
		    !(lacks_place && may_lack_place(a, j)))
			return false;
		refuse_job(a, j, reason);
		return true;
	}
	return false;
}

/* Whether the pattern names the program, or the struct ops that it is in. */
static bool
is_named(const char *pattern, const char *program, const char *ops)
{
	return fnmatch(pattern, program, 0) == 0 ||
	       (ops != NULL && fnmatch(pattern, ops, 0) == 0);
}

/* Report that the option's pattern names no program.  Returns -1. */
static int
report_no_program(
    const struct package *p, const char *option, const char *pattern)
{
	struct buf names = { 0 };

	for (size_t i = 0; i < p->nprograms; i++)
		buf_list(&names, 0, p->programs[i].name);
	if (p->nprograms == 0)
		buf_str(&names, "none");
	report_error("%s %s: %s has no such program; it has: %.*s", option,
	    pattern, p->name, (int)names.len, names.len > 0 ? names.data : "");
	buf_free(&names);
	return -1;
}

/* Check that the option's pattern names a program of the package, or a struct
 * of programs.  Returns 0, or -1 after reporting. */
static int
check_pattern(const struct object *o, const char *option, const char *pattern)
{
	const struct package *p = o->package;
	const struct bpf_map *map;

	for (size_t i = 0; i < p->nprograms; i++)
		if (is_named(pattern, p->programs[i].name, NULL))
			return 0;
	bpf_object__for_each_map (map, o->bpf)
		if (bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS &&
		    is_named(pattern, bpf_map__name(map), NULL))
			return 0;
	return report_no_program(p, option, pattern);
}

static int
check_patterns(const struct object *o, const struct attach_options *options)
{
	for (size_t i = 0; i < options->nwheres; i++)
		if (check_pattern(o, "-a", options->wheres[i].program) == -1)
			return -1;
	for (size_t i = 0; i < options->only.n; i++)
		if (check_pattern(o, "--only", options->only.v[i]) == -1)
			return -1;
	for (size_t i = 0; i < options->optional.n; i++)
		if (check_pattern(o, "--optional", options->optional.v[i]) ==
		    -1)
			return -1;
	return 0;
}

/* The error for a job that the BTF of the kernel rules out. */
static struct attach_error
untaken_place(const struct attach_job *j)
{
	const char *target = attach_job_target(j);

	if (j->way == &attach_way_tp_btf || j->way == &attach_way_raw_tp)
		return attach_missing(
		    "this kernel has no tracepoint %s", target);
	return attach_missing("this kernel has no function %s that %s programs "
			      "can be attached to",
	    target, j->way->name);
}

/* Choose the way of the job's program, and prepare it. */
static struct attach_error
choose_way(struct attachments *a, struct attach_job *j, bool *keep)
{
	struct attach_error e = ATTACH_SUCCESS;

	(void)a;
	(void)keep;
	if (bpf_program__type(j->program) == BPF_PROG_TYPE_UNSPEC)
		return attach_kind_unknown_section(j);
	if (j->kind == NULL)
		return ATTACH_SUCCESS;
	if (!attach_kind_has_way(j->kind, j->way))
		return attach_unsuitable_way(j);
	if (j->way != NULL && j->way->libbpf != NULL)
		return attach_old_libbpf(j->way);
	if (j->way != NULL && j->way->prepare != NULL)
		e = j->way->prepare(j);
	if (e.failure == ATTACH_OK && j->way != NULL && !j->mixed &&
	    j->way->prepare_alone != NULL)
		e = j->way->prepare_alone(j);
	if (e.failure == ATTACH_OK && j->untaken)
		return untaken_place(j);
	return e;
}

static struct hash_key
called_key(const char *program)
{
	struct hash_key key = hash_start();

	hash_mix(&key, program, strlen(program));
	return key;
}

static void
add_called(void *ctx, const char *program)
{
	struct chooser *c = ctx;
	struct hash_key key = called_key(program);

	if (hash_find(&c->called, key) == NULL)
		hash_add(&c->called, key);
}

/* Let each "-a" that names the program change the choice, in order. */
static int
choose_by_wheres(const struct chooser *c, struct chosen_program *p)
{
	const struct attach_options *o = c->a->options;

	for (size_t i = 0; i < o->nwheres; i++) {
		const struct attach_where *w = &o->wheres[i];
		bool off = w->way == NULL && !w->load;

		if (!is_named(w->program, p->listed->name, p->ops))
			continue;
		if (off && p->called &&
		    strcmp(w->program, p->listed->name) == 0) {
			report_error("-a %s=off: a map has the program in its "
				     "initial values, for others to call it, "
				     "and cannot be made without it",
			    w->program);
			return -1;
		}
		if (w->way != NULL && p->choice != CHOICE_PLACES)
			p->first_place = i;
		if (w->way != NULL)
			p->choice = CHOICE_PLACES;
		else
			p->choice = off ? CHOICE_OFF : CHOICE_LOAD;
		if (!off)
			bpf_program__set_autoload(p->program, true);
	}
	return 0;
}

/* Whether one of the patterns names the program, or its struct. */
static bool
is_in_patterns(
    const struct attach_patterns *patterns, const struct chosen_program *p)
{
	return attach_patterns_match(patterns, p->listed->name) ||
	       (p->ops != NULL && attach_patterns_match(patterns, p->ops));
}

static bool
is_optional(const struct attachments *a, const struct chosen_program *p)
{
	return is_in_patterns(&a->options->optional, p);
}

/* Decide what becomes of the program. */
static int
choose_program(const struct chooser *c, struct chosen_program *p)
{
	const struct attach_patterns *only = &c->a->options->only;

	p->called = hash_find(&c->called, called_key(p->listed->name)) != NULL;
	p->choice = p->listed->link && !p->called ? CHOICE_ATTACH : CHOICE_LOAD;
	if (choose_by_wheres(c, p) == -1)
		return -1;
	if (only->n > 0 && !is_in_patterns(only, p))
		p->choice = CHOICE_OFF;
	if (p->choice == CHOICE_OFF && p->called)
		p->choice = CHOICE_LOAD;
	if (p->choice == CHOICE_OFF)
		bpf_program__set_autoload(p->program, false);
	return 0;
}

/* Add a job for the program, at the where if it is not NULL.  Returns 0, or -1
 * after reporting. */
static int
add_job(const struct chooser *c, const struct chosen_program *p,
    const struct attach_where *where)
{
	struct attachments *a = c->a;
	const char *name = p->listed->name;
	struct attach_job *j;

	if (!array_room(a->jobs, a->njobs, a->jobs_cap))
		return report_nomem();
	j = &a->jobs[a->njobs++];
	*j = (struct attach_job){
		.object = c->object,
		.listed = p->listed,
		.program = p->program,
		.kind = attach_kind_find(p->program),
		.where = where,
		.optional = is_optional(a, p),
		.refused = is_refused(a->refused, name),
	};
	if (where != NULL)
		j->way = where->way;
	else if (j->kind != NULL)
		j->way = j->kind->way;
	a->placed |= where != NULL;
	return 0;
}

/* Leave the program, which is not to be attached, out if the kernel refused it
 * before, or record that it may refuse it.  A map with the program in its
 * initial values cannot be made without it.  Returns 0, or -1 after reporting.
 */
static int
add_spare(const struct chooser *c, const struct chosen_program *p)
{
	struct attachments *a = c->a;
	const char *name = p->listed->name;

	if (p->called || !is_optional(a, p))
		return 0;
	if (is_refused(a->refused, name)) {
		bpf_program__set_autoload(p->program, false);
		return 0;
	}
	if (!array_room(a->spare, a->nspare, a->spare_cap))
		return report_nomem();
	a->spare[a->nspare++] = p->listed;
	return 0;
}

static int
add_jobs_of_program(const struct chooser *c, const struct chosen_program *p)
{
	const struct attach_options *o = c->a->options;

	if (p->choice == CHOICE_ATTACH)
		return add_job(c, p, NULL);
	if (p->choice == CHOICE_LOAD)
		return add_spare(c, p);
	for (size_t i = p->first_place; i < o->nwheres; i++)
		if (o->wheres[i].way != NULL &&
		    is_named(o->wheres[i].program, p->listed->name, p->ops) &&
		    add_job(c, p, &o->wheres[i]) == -1)
			return -1;
	return 0;
}

/* Add the jobs of the package's program number i.  Returns 0, or -1 after
 * reporting. */
static int
add_program(const struct chooser *c, size_t i)
{
	const struct package *p = c->object->package;
	const char *name = p->programs[i].name;
	struct chosen_program chosen = {
		.listed = &p->programs[i],
		.program = object_names_program(&c->object->names, name),
	};
	const struct bpf_map *map;

	if (chosen.program == NULL) {
		report_error("program %s is not in the object", name);
		return -1;
	}
	if (bpf_program__type(chosen.program) == BPF_PROG_TYPE_STRUCT_OPS &&
	    (map = struct_ops_find_map(&c->object->names, name)) != NULL)
		chosen.ops = bpf_map__name(map);
	if (choose_program(c, &chosen) == -1)
		return -1;
	if (!bpf_program__autoload(chosen.program))
		return 0;
	return add_jobs_of_program(c, &chosen);
}

/* Note for the program's jobs, from number i up to end, whether they differ in
 * how they are prepared alone. */
static void
note_mixed(struct attachments *a, size_t i, size_t end)
{
	const struct attach_way *first = a->jobs[i].way, *way;
	bool mixed = false;

	for (size_t k = i; k < end; k++) {
		way = a->jobs[k].way;
		mixed |= (way != NULL ? way->prepare_alone : NULL) !=
			 (first != NULL ? first->prepare_alone : NULL);
	}
	for (size_t k = i; k < end; k++)
		a->jobs[k].mixed = mixed;
}

/* Check that the places of one program, from job i on, go together.  Returns
 * the number of the next program's first job, or 0 after reporting. */
static size_t
check_places(struct attachments *a, size_t i)
{
	const struct attach_job *first = &a->jobs[i], *j;
	size_t start = i;

	while (++i < a->njobs && a->jobs[i].listed == first->listed) {
		j = &a->jobs[i];
		if (j->way == NULL || first->way == NULL)
			continue;
		if (!j->way->one_place &&
		    j->way->prepare == first->way->prepare)
			continue;
		report_error("program %s: %s: it cannot go there and to %s "
			     "too, because it is verified for one of them",
		    j->listed->name, attach_job_place(j),
		    attach_job_place(first));
		return 0;
	}
	note_mixed(a, start, i);
	return i;
}

/* Keep the jobs that are not left out because of another form or an earlier
 * failure. */
static void
drop_left_out(struct attachments *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->njobs; i++) {
		struct attach_job *j = &a->jobs[i];
		bool untaken = j->untaken || j->refused;

		if (!j->drop && !j->refused) {
			a->jobs[n++] = *j;
			continue;
		}
		bpf_program__set_autoload(j->program, false);
		if (j->drop)
			buf_list(untaken ? &a->untaken_forms : &a->other_forms,
			    0, j->listed->name);
		else
			a->nleft_out++;
	}
	a->njobs = n;
}

/* Do the step for each job, and keep those for which it is done.  Returns 0, or
 * -1 after reporting. */
static int
run_steps(struct attachments *a, attach_step_fn *step)
{
	size_t n = 0;

	for (size_t i = 0; i < a->njobs; i++) {
		enum attach_step result = attach_run_step(a, &a->jobs[i], step);

		if (result == ATTACH_STEP_FAILED)
			return -1;
		if (result == ATTACH_STEP_DONE)
			a->jobs[n++] = a->jobs[i];
	}
	a->njobs = n;
	return 0;
}

static bool
has_place(const struct attach_job *j)
{
	return j->way != NULL &&
	       (j->where != NULL || !(j->way->needs_where ||
					(j->way->section_target &&
					    attach_job_target(j)[0] == '\0')));
}

/* Where one program has a place, the others may be without. */
static void
excuse_placeless(struct attachments *a)
{
	for (size_t i = 0; i < a->njobs; i++)
		a->any_place |= has_place(&a->jobs[i]);
	for (size_t i = 0; i < a->njobs && a->any_place; i++)
		a->jobs[i].optional |= !has_place(&a->jobs[i]);
}

static int
choose_all(struct chooser *c)
{
	const struct package *p = c->object->package;
	struct attachments *a = c->a;

	if (check_patterns(c->object, a->options) == -1)
		return -1;
	map_refs_read_values(p->object.elf, add_called, c);
	for (size_t i = 0; i < p->nprograms; i++)
		if (add_program(c, i) == -1)
			return -1;
	for (size_t i = 0; i < a->njobs;)
		if ((i = check_places(a, i)) == 0)
			return -1;
	if (attach_forms_choose(a) == -1)
		return -1;
	drop_left_out(a);
	excuse_placeless(a);
	if (run_steps(a, choose_way) == -1)
		return -1;
	a->v = calloc(a->njobs + 1, sizeof(*a->v));
	return a->v != NULL ? 0 : report_nomem();
}

int
attach_choose(struct attachments *a, struct object *o,
    const struct attach_options *options, struct attach_refused *refused)
{
	struct chooser c = {
		.a = a, .object = o, .called.size = sizeof(struct hash_key)
	};
	struct bpf_program *program;
	int ret;

	*a = (struct attachments){ .package = o->package->name,
		.options = options,
		.refused = refused };
	bpf_object__for_each_program (program, o->bpf) {
		attach_kind_set_type(program);
	}
	ret = choose_all(&c);
	hash_free(&c.called);
	return ret;
}

static struct attach_error
check_place(struct attachments *a, struct attach_job *j, bool *keep)
{
	const char *name = j->listed->name;

	(void)a;
	*keep = !j->refused;
	if (j->refused)
		return ATTACH_SUCCESS;
	if (j->kind == NULL)
		return attach_invalid("this kind of program is unknown; leave "
				      "it out with -a %s=off",
		    name);
	if (j->way == NULL)
		return attach_invalid("%s programs cannot be attached: %s; "
				      "leave it out with -a %s=off",
		    j->kind->name, j->kind->missing, name);
	return has_place(j) ? ATTACH_SUCCESS : attach_job_no_target(j);
}

int
attach_require_any(const struct attachments *a, size_t n)
{
	if (n > 0 || a->nleft_out == 0)
		return 0;
	report_error("%s: none of its programs could be attached", a->package);
	return -1;
}

/* Remove the jobs of programs that only something else than this process can
 * attach; they stay loaded. */
static void
drop_unattachable(struct attachments *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->njobs; i++) {
		const struct attach_job *j = &a->jobs[i];

		if (j->kind == NULL || j->way != NULL ||
		    bpf_program__type(j->program) == BPF_PROG_TYPE_EXT)
			a->jobs[n++] = *j;
		else
			report_notice("program %s: %s: loaded, but not "
				      "attached: %s",
			    j->listed->name, attach_job_place(j),
			    j->kind->missing);
	}
	a->njobs = n;
}

static bool
may_lack_target(const struct attach_job *j, const struct attach_way *way)
{
	return j->optional && !j->refused && j->way == way && !has_place(j);
}

/* Leave out the programs of this way without a target.  Several get one notice;
 * check_place() reports a single one. */
static void
leave_out_targetless(struct attachments *a, const struct attach_way *way)
{
	struct buf names = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < a->njobs; i++)
		if (may_lack_target(&a->jobs[i], way)) {
			buf_list(&names, 0, a->jobs[i].listed->name);
			n++;
		}
	for (size_t i = 0; i < a->njobs && n > 1; i++) {
		struct attach_job *j = &a->jobs[i];

		if (may_lack_target(j, way)) {
			leave_out(a, j);
			j->refused = true;
		}
	}
	if (n > 1)
		report_notice("%s: left out, because their sections name no "
			      "target: %.*s; to attach one: -a PROGRAM=%s",
		    a->package, (int)names.len, names.len > 0 ? names.data : "",
		    way->syntax);
	buf_free(&names);
}

int
attach_check(struct attachments *a)
{
	if (a->any_place)
		drop_unattachable(a);
	for (size_t i = 0; i < a->njobs; i++)
		if (a->jobs[i].way != NULL &&
		    may_lack_target(&a->jobs[i], a->jobs[i].way))
			leave_out_targetless(a, a->jobs[i].way);
	if (run_steps(a, check_place) == -1)
		return -1;
	return attach_require_any(a, a->njobs);
}
