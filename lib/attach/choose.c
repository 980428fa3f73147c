#include <stdlib.h>
#include <string.h>

#include "attach/choose.h"
#include "attach/kind.h"
#include "attach/message.h"
#include "attach/way.h"
#include "base/buf.h"
#include "base/report.h"
#include "load/struct-ops.h"

int
attach_run_step(
    struct attachments *a, struct attach_job *j, attach_step_fn *step)
{
	struct report_held held;
	struct attach_error e;
	bool keep = true, failed;

	if (j->optional != NULL)
		report_hold(&held);
	e = step(a, j, &keep);
	failed = e.failure != ATTACH_OK;
	attach_report_error(j, &e);
	if (j->optional != NULL && failed) {
		report_release_held(&held, "left out");
		/* This has no effect once the object is loaded. */
		bpf_program__set_autoload(j->program, false);
		j->optional->left_out = true;
		a->nleft_out++;
		return 0;
	}
	if (j->optional != NULL)
		report_release_held(&held, NULL);
	return failed ? -1 : keep;
}

/* The last "-a", or the last "--optional", for this program, or NULL. */
static struct attach_where *
find_where(
    struct attach_where *wheres, size_t n, const char *program, bool optional)
{
	while (n-- > 0)
		if (wheres[n].optional == optional &&
		    strcmp(wheres[n].program, program) == 0)
			return &wheres[n];
	return NULL;
}

bool
attach_has_optional(const struct attach_where *wheres, size_t n)
{
	while (n-- > 0)
		if (wheres[n].optional)
			return true;
	return false;
}

bool
attach_leave_out(struct attach_where *wheres, size_t n, const char *program)
{
	struct attach_where *w = find_where(wheres, n, program, true);

	if (w != NULL)
		w->left_out = true;
	return w != NULL;
}

/* Check that "-a" and "--optional" name a program of the package; "-a" may
 * name a struct of programs too.  Returns 0, or -1 after reporting. */
static int
check_where_program(const struct object *o, const struct attach_where *w)
{
	const struct package *p = o->package;
	const char *name = w->program;
	const struct bpf_map *map = bpf_object__find_map_by_name(o->bpf, name);
	struct buf names = { 0 };

	if (!w->optional && map != NULL &&
	    bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS)
		return 0;
	for (size_t i = 0; i < p->nprograms; i++) {
		if (strcmp(p->programs[i].name, name) == 0) {
			buf_free(&names);
			return 0;
		}
		buf_list(&names, 0, p->programs[i].name);
	}
	report_error("%s %s: %s has no such program; it has: %.*s",
	    w->optional ? "--optional" : "-a", name, p->name, (int)names.len,
	    names.len > 0 ? names.data : "");
	buf_free(&names);
	return -1;
}

/* Choose the way of the job's program, if it is to be attached. */
static struct attach_error
choose_way(struct attachments *a, struct attach_job *j, bool *keep)
{
	bool left_out = j->optional != NULL && j->optional->left_out;

	if (j->where != NULL)
		bpf_program__set_autoload(j->program, j->where->way != NULL);
	if (left_out && bpf_program__autoload(j->program)) {
		bpf_program__set_autoload(j->program, false);
		a->nleft_out += j->where != NULL || j->listed->link;
	}
	*keep = (j->where != NULL || j->listed->link) &&
		bpf_program__autoload(j->program);
	if (!*keep || (j->kind = attach_kind_find(j->program)) == NULL)
		return ATTACH_SUCCESS;
	j->way = j->where != NULL ? j->where->way : j->kind->way;
	if (!attach_kind_has_way(j->kind, j->way))
		return attach_unsuitable_way(j);
	if (j->way == NULL || j->way->prepare == NULL)
		return ATTACH_SUCCESS;
	return j->way->prepare(j);
}

/* Make the job of the package's program number i the next of a, unless the
 * program is not to be attached.  Returns 0, or -1 after reporting. */
static int
add_job(struct attachments *a, struct object *o, size_t i,
    struct attach_where *wheres, size_t n)
{
	const struct package *p = o->package;
	const char *name = p->programs[i].name;
	const struct bpf_map *map = NULL; /* the struct that it is in */
	struct attach_job *j = &a->jobs[a->njobs];
	int chosen;

	*j = (struct attach_job){
		.object = o,
		.listed = &p->programs[i],
		.program = bpf_object__find_program_by_name(o->bpf, name),
		.where = find_where(wheres, n, name, false),
		.optional = find_where(wheres, n, name, true),
	};
	if (j->program == NULL) {
		report_error("program %s is not in the object", name);
		return -1;
	}
	if (j->where == NULL && n > 0 &&
	    bpf_program__type(j->program) == BPF_PROG_TYPE_STRUCT_OPS)
		map = struct_ops_find_map(p, o->bpf, name);
	if (map != NULL)
		j->where = find_where(wheres, n, bpf_map__name(map), false);
	for (size_t k = 0; k < i; k++)
		if (strcmp(p->programs[k].name, name) == 0) {
			report_error(
			    "program %s: the package lists it twice", name);
			return -1;
		}
	chosen = attach_run_step(a, j, choose_way);
	if (chosen == 1)
		a->njobs++;
	return chosen == -1 ? -1 : 0;
}

int
attach_choose(struct attachments *a, struct object *o,
    struct attach_where *wheres, size_t nwheres)
{
	const struct package *p = o->package;
	struct bpf_program *program;

	*a = (struct attachments){ .package = p->name };
	bpf_object__for_each_program (program, o->bpf) {
		attach_kind_set_type(program);
	}
	for (size_t i = 0; i < nwheres; i++)
		if (check_where_program(o, &wheres[i]) == -1)
			return -1;
	a->jobs = calloc(p->nprograms + 1, sizeof(*a->jobs));
	a->v = calloc(p->nprograms + 1, sizeof(*a->v));
	if (a->jobs == NULL || a->v == NULL)
		return report_nomem();
	for (size_t i = 0; i < p->nprograms; i++)
		if (add_job(a, o, i, wheres, nwheres) == -1)
			return -1;
	return 0;
}

static struct attach_error
check_place(struct attachments *a, struct attach_job *j, bool *keep)
{
	const char *name = j->listed->name;

	(void)a;
	(void)keep;
	if (j->kind == NULL)
		return attach_invalid("this kind of program is unknown; leave "
				      "it out with -a %s=off",
		    name);
	if (j->way == NULL)
		return attach_invalid("%s programs cannot be attached: %s; "
				      "leave it out with -a %s=off",
		    j->kind->name, j->kind->missing, name);
	if (j->where == NULL &&
	    (j->way->needs_where ||
		(j->way->section_target && attach_job_target(j)[0] == '\0')))
		return attach_job_no_target(j);
	return ATTACH_SUCCESS;
}

int
attach_require_any(const struct attachments *a, size_t n)
{
	if (n > 0 || a->nleft_out == 0)
		return 0;
	report_error("%s: none of its programs could be attached", a->package);
	return -1;
}

int
attach_check(struct attachments *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->njobs; i++) {
		int kept = attach_run_step(a, &a->jobs[i], check_place);

		if (kept == -1)
			return -1;
		if (kept == 1)
			a->jobs[n++] = a->jobs[i];
	}
	a->njobs = n;
	return attach_require_any(a, n);
}
