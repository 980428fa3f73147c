#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach-way.h"
#include "buf.h"
#include "heard.h"
#include "mount.h"
#include "privilege.h"
#include "report.h"
#include "util.h"

const char *
attach_place(const struct attach_job *j)
{
	return j->where != NULL ? j->where->text
				: bpf_program__section_name(j->program);
}

/* The last where for this program, or NULL. */
static const struct attach_where *
find_where(const struct attach_where *wheres, size_t n, const char *program)
{
	while (n-- > 0)
		if (strcmp(wheres[n].program, program) == 0)
			return &wheres[n];
	return NULL;
}

/* Whether the package lists a program of this name. */
static int
check_name(const struct package *p, const char *name)
{
	struct buf names = { 0 };

	for (size_t i = 0; i < p->nprograms; i++) {
		if (strcmp(p->programs[i].name, name) == 0) {
			buf_free(&names);
			return 0;
		}
		buf_printf(
		    &names, "%s%s", i > 0 ? ", " : "", p->programs[i].name);
	}
	report_error("-a %s: %s has no such program; it has: %.*s", name,
	    p->name, (int)names.len, names.len > 0 ? names.data : "");
	buf_free(&names);
	return -1;
}

/* Find out what to do with the job's program.  Returns 1, 0 when it is not to
 * be attached, or -1 after reporting. */
static int
choose(struct attach_job *j)
{
	const char *name = j->listed->name;

	j->program = bpf_object__find_program_by_name(j->object->bpf, name);
	if (j->program == NULL) {
		report_error("program %s is not in the object", name);
		return -1;
	}
	if (j->where != NULL)
		bpf_program__set_autoload(j->program, j->where->way != NULL);
	else if (!j->listed->link)
		return 0;
	if (!bpf_program__autoload(j->program))
		return 0;
	j->kind = attach_find_kind(j->program);
	if (j->kind == NULL)
		return 1;
	j->way = j->where != NULL ? j->where->way : j->kind->way;
	if (!attach_takes(j->kind, j->way)) {
		report_error("program %s: %s programs cannot go to %s", name,
		    j->kind->name, j->where->text);
		return -1;
	}
	if (j->way != NULL && j->way->prepare != NULL &&
	    j->way->prepare(j) == -1)
		return -1;
	return 1;
}

int
attach_choose(struct attachments *a, struct object *o,
    const struct attach_where *wheres, size_t nwheres)
{
	const struct package *p = o->package;
	struct bpf_program *program;

	*a = (struct attachments){ 0 };
	bpf_object__for_each_program (program, o->bpf)
		attach_set_type(program);
	for (size_t i = 0; i < nwheres; i++)
		if (check_name(p, wheres[i].program) == -1)
			return -1;
	a->jobs = calloc(p->nprograms + 1, sizeof(*a->jobs));
	a->v = calloc(p->nprograms + 1, sizeof(*a->v));
	if (a->jobs == NULL || a->v == NULL)
		return report_nomem();
	for (size_t i = 0; i < p->nprograms; i++) {
		struct attach_job *j = &a->jobs[a->njobs];
		int chosen;

		*j = (struct attach_job){
			.object = o,
			.listed = &p->programs[i],
			.where =
			    find_where(wheres, nwheres, p->programs[i].name),
		};
		chosen = choose(j);
		if (chosen == -1)
			return -1;
		a->njobs += (size_t)chosen;
	}
	return 0;
}

int
attach_refuse(const struct attach_job *j, const char *fmt, ...)
{
	char *why;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&why, fmt, ap);
	va_end(ap);
	report_error("program %s: %s: %s", j->listed->name, attach_place(j),
	    n != -1 ? why : "out of memory");
	if (n != -1)
		free(why);
	errno = 0;
	return -1;
}

int
attach_say_where(const struct attach_job *j)
{
	const char *name = j->listed->name;

	report_error("program %s: say where it goes: -a %s=%s", name, name,
	    j->way->syntax);
	errno = 0;
	return -1;
}

/* Whether the program has a place to go. */
static int
check_job(const struct attach_job *j)
{
	const char *name = j->listed->name;

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
	return 0;
}

int
attach_check(const struct attachments *a)
{
	for (size_t i = 0; i < a->njobs; i++)
		if (check_job(&a->jobs[i]) == -1)
			return -1;
	return 0;
}

/* Report why the program could not be attached. */
static void
report_failure(const struct attach_job *j, int error)
{
	const char *name = j->listed->name, *to = attach_place(j);
	char *where;

	if (error == EPERM || error == EACCES) {
		if (asprintf(&where, "program %s: %s", name, to) != -1) {
			privilege_report(where);
			free(where);
		}
	} else if (error == ENOENT) {
		report_error("program %s: %s: %s", name, to, j->kind->missing);
	} else if (error == EOPNOTSUPP && j->where == NULL) {
		report_error("program %s: its section name, %s, does not say "
			     "where to attach it; leave it out with -a %s=off",
		    name, to, name);
	} else {
		report_error("program %s: %s: cannot be attached: %s", name, to,
		    strerror(error));
		heard_report();
	}
}

/* Room for one more. */
static struct attach_hold *
add_hold(struct attachment *a)
{
	struct attach_hold *v =
	    reallocarray(a->holds, a->nholds + 1, sizeof(*v));

	if (v == NULL)
		return NULL;
	a->holds = v;
	v += a->nholds++;
	*v = (struct attach_hold){ .fd = -1 };
	return v;
}

int
attach_hold_link(struct attachment *a, struct bpf_link *link)
{
	struct attach_hold *h;

	if (link == NULL)
		return -1;
	if ((h = add_hold(a)) == NULL) {
		bpf_link__destroy(link);
		errno = ENOMEM;
		return -1;
	}
	h->link = link;
	return 0;
}

int
attach_hold_fd(struct attachment *a, int fd)
{
	struct attach_hold *h;

	if (fd < 0)
		return -1;
	if ((h = add_hold(a)) == NULL) {
		close(fd);
		errno = ENOMEM;
		return -1;
	}
	h->fd = fd;
	return 0;
}

int
attach_hold_undo(struct attachment *a, void (*undo)(void *state), void *state)
{
	struct attach_hold *h = add_hold(a);

	if (h == NULL) {
		undo(state);
		errno = ENOMEM;
		return -1;
	}
	h->undo = undo;
	h->state = state;
	return 0;
}

static void
let_go(struct attachment *a)
{
	while (a->nholds > 0) {
		struct attach_hold *h = &a->holds[--a->nholds];

		bpf_link__destroy(h->link);
		if (h->fd != -1)
			close(h->fd);
		if (h->undo != NULL)
			h->undo(h->state);
	}
	free(a->holds);
	a->holds = NULL;
}

static int
attach_one(struct attachment *a, const struct attach_job *j)
{
	int error;

	heard_forget();
	if (j->way->tracefs && mount_tracefs() == -1)
		return -1;
	*a = (struct attachment){ .program = j->program };
	errno = 0;
	if (j->way->attach(j, a) == -1) {
		error = errno;
		let_go(a);
		if (error != 0)
			report_failure(j, error);
		return -1;
	}
	report_info(
	    "program %s: attached to %s", j->listed->name, attach_place(j));
	return 0;
}

int
attach_all(struct attachments *a)
{
	if (attach_check(a) == -1)
		return -1;
	for (size_t i = 0; i < a->njobs; i++) {
		if (attach_one(&a->v[a->n], &a->jobs[i]) == -1) {
			attach_detach(a);
			return -1;
		}
		a->n++;
	}
	return 0;
}

int
attach_link_fd(const struct attachments *a, const char *program)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct attachment *at = &a->v[i];

		if (at->nholds == 0 ||
		    strcmp(bpf_program__name(at->program), program) != 0)
			continue;
		return at->holds[0].link != NULL
			   ? bpf_link__fd(at->holds[0].link)
			   : at->holds[0].fd;
	}
	return -1;
}

void
attach_detach(struct attachments *a)
{
	while (a->n > 0)
		let_go(&a->v[--a->n]);
}

void
attach_close(struct attachments *a)
{
	attach_detach(a);
	free(a->v);
	free(a->jobs);
	*a = (struct attachments){ 0 };
}
