/*
 * Choosing: which programs are attached and by which way, and which of them
 * are left out.
 */
#include <stdlib.h>
#include <string.h>

#include "attach/way.h"
#include "base/buf.h"
#include "base/report.h"
#include "load/struct-ops.h"

/* The last where, or the last optional, for this program, or NULL. */
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

/* The name of the struct of programs that the program is in, or NULL. */
static const char *
struct_name(const struct object *o, const char *name)
{
	const struct bpf_program *p =
	    bpf_object__find_program_by_name(o->bpf, name);
	const struct bpf_map *map = NULL;

	if (p != NULL && bpf_program__type(p) == BPF_PROG_TYPE_STRUCT_OPS)
		map = struct_ops_map(o->package, o->bpf, name);
	return map != NULL ? bpf_map__name(map) : NULL;
}

static bool
is_struct(const struct object *o, const char *name)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(o->bpf, name);

	return map != NULL && bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS;
}

/* Whether the package lists the program, or "-a" means a struct of them. */
static int
check_name(const struct object *o, const struct attach_where *w)
{
	const struct package *p = o->package;
	const char *name = w->program;
	struct buf names = { 0 };

	if (!w->optional && is_struct(o, name))
		return 0;
	for (size_t i = 0; i < p->nprograms; i++) {
		if (strcmp(p->programs[i].name, name) == 0) {
			buf_free(&names);
			return 0;
		}
		buf_printf(
		    &names, "%s%s", i > 0 ? ", " : "", p->programs[i].name);
	}
	report_error("%s %s: %s has no such program; it has: %.*s",
	    w->optional ? "--optional" : "-a", name, p->name, (int)names.len,
	    names.len > 0 ? names.data : "");
	buf_free(&names);
	return -1;
}

/* Report that programs of this kind cannot go where "-a" says, and where they
 * can. */
static int
refuse_where(const struct attach_job *j)
{
	const struct kind *k = j->kind;
	struct buf list = { 0 };

	if (k->way != NULL && k->way->name != NULL)
		buf_printf(&list, "%s, ", k->way->syntax);
	for (const struct way *const *also = k->also; *also != NULL; also++)
		if (*also != k->way)
			buf_printf(&list, "%s, ", (*also)->syntax);
	if (list.failed)
		report_nomem();
	else if (list.len > 0)
		report_error("program %s: %s programs cannot go to %s; WHERE "
			     "is one of %.*soff",
		    j->listed->name, k->name, j->where->text, (int)list.len,
		    list.data);
	else
		report_error(
		    "program %s: %s programs cannot go to %s; WHERE can only "
		    "be off",
		    j->listed->name, k->name, j->where->text);
	buf_free(&list);
	return -1;
}

/* Find out what to do with the job's program.  Returns 1, 0 when it is not to
 * be attached, or -1 after reporting. */
static int
choose(struct attachments *a, struct attach_job *j)
{
	bool left_out = j->optional != NULL && j->optional->left_out;

	if (j->where != NULL)
		bpf_program__set_autoload(j->program, j->where->way != NULL);
	if (left_out && bpf_program__autoload(j->program)) {
		bpf_program__set_autoload(j->program, false);
		a->nleft_out += j->where != NULL || j->listed->link;
		return 0;
	}
	if ((j->where == NULL && !j->listed->link) ||
	    !bpf_program__autoload(j->program))
		return 0;
	j->kind = attach_find_kind(j->program);
	if (j->kind == NULL)
		return 1;
	j->way = j->where != NULL ? j->where->way : j->kind->way;
	if (!attach_takes(j->kind, j->way))
		return refuse_where(j);
	if (j->way != NULL && j->way->prepare != NULL &&
	    j->way->prepare(j) == -1)
		return -1;
	return 1;
}

int
attach_step(struct attachments *a, struct attach_job *j,
    int (*step)(struct attachments *, struct attach_job *))
{
	struct report_held held;
	int ret;

	if (j->optional == NULL)
		return step(a, j);
	report_hold(&held);
	ret = step(a, j);
	if (ret != -1) {
		report_release_held(&held);
		return ret;
	}
	report_excuse_held(&held, "left out");
	/* Of no effect once it is loaded. */
	bpf_program__set_autoload(j->program, false);
	j->optional->left_out = true;
	a->nleft_out++;
	return 0;
}

/* Whether the package has the program in its list before this place. */
static bool
is_listed_before(const struct package *p, const struct package_program *listed)
{
	for (const struct package_program *q = p->programs; q < listed; q++)
		if (strcmp(q->name, listed->name) == 0)
			return true;
	return false;
}

/* Choose for one program of the package; the job is the next of a's. */
static int
add_job(struct attachments *a, const struct attach_job *job)
{
	struct attach_job *j = &a->jobs[a->njobs];
	const char *name = job->listed->name;
	int chosen;

	*j = *job;
	j->program = bpf_object__find_program_by_name(j->object->bpf, name);
	if (j->program == NULL) {
		report_error("program %s is not in the object", name);
		return -1;
	}
	if (is_listed_before(j->object->package, j->listed)) {
		report_error("program %s: the package lists it twice", name);
		return -1;
	}
	chosen = attach_step(a, j, choose);
	if (chosen == -1)
		return -1;
	a->njobs += (size_t)chosen;
	return 0;
}

/* What the command line says of the program, or of the struct it is in. */
static struct attach_job
make_job(const struct object *o, const struct package_program *listed,
    struct attach_where *wheres, size_t n)
{
	const char *name = listed->name;
	const char *in = n > 0 ? struct_name(o, name) : NULL;
	struct attach_job j = {
		.object = o,
		.listed = listed,
		.where = find_where(wheres, n, name, false),
		.optional = find_where(wheres, n, name, true),
	};

	if (j.where == NULL && in != NULL)
		j.where = find_where(wheres, n, in, false);
	return j;
}

int
attach_choose(struct attachments *a, struct object *o,
    struct attach_where *wheres, size_t nwheres)
{
	const struct package *p = o->package;
	struct bpf_program *program;

	*a = (struct attachments){ .package = p->name };
	bpf_object__for_each_program (program, o->bpf) {
		attach_set_type(program);
	}
	for (size_t i = 0; i < nwheres; i++)
		if (check_name(o, &wheres[i]) == -1)
			return -1;
	a->jobs = calloc(p->nprograms + 1, sizeof(*a->jobs));
	a->v = calloc(p->nprograms + 1, sizeof(*a->v));
	if (a->jobs == NULL || a->v == NULL)
		return report_nomem();
	for (size_t i = 0; i < p->nprograms; i++) {
		const struct attach_job j =
		    make_job(o, &p->programs[i], wheres, nwheres);

		if (add_job(a, &j) == -1)
			return -1;
	}
	return 0;
}

/* Whether the program has a place to go.  Returns 1, or -1 after reporting. */
static int
check_job(struct attachments *a, struct attach_job *j)
{
	const char *name = j->listed->name;

	(void)a;
	if (j->kind == NULL) {
		report_error("program %s: section %s: no kind of program that "
			     "is known here; leave it out with -a %s=off",
		    name, attach_section(j->program), name);
		return -1;
	}
	if (j->way == NULL) {
		report_error("program %s: %s programs cannot be attached: %s; "
			     "leave it out with -a %s=off",
		    name, j->kind->name, j->kind->missing, name);
		return -1;
	}
	if (j->where == NULL &&
	    (j->way->needs_where ||
		(j->way->section_says && attach_target(j)[0] == '\0')))
		return attach_say_where(j);
	return 1;
}

int
attach_none_left(const struct attachments *a, size_t n)
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
		int kept = attach_step(a, &a->jobs[i], check_job);

		if (kept == -1)
			return -1;
		if (kept == 1)
			a->jobs[n++] = a->jobs[i];
	}
	a->njobs = n;
	return attach_none_left(a, n);
}
