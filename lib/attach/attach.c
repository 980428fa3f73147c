#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/way.h"
#include "base/buf.h"
#include "base/report.h"
#include "base/util.h"
#include "elf/libbpf-log.h"
#include "host/mount.h"
#include "host/privilege.h"

const char *
attach_place(const struct attach_job *j)
{
	return j->where != NULL ? j->where->text
				: bpf_program__section_name(j->program);
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

/* Report why the program could not be attached. */
static void
report_failure(const struct attach_job *j, int error)
{
	const char *name = j->listed->name, *to = attach_place(j);
	char *where;

	if (error == EPERM || error == EACCES) {
		if (asprintf(&where, "program %s: %s", name, to) != -1) {
			if (error != EACCES || !privilege_paranoid(where))
				privilege_report(
				    where, privilege_of_type(
					       bpf_program__type(j->program)));
			free(where);
		}
	} else if (error == ENOENT) {
		report_error("program %s: %s: %s", name, to, j->kind->missing);
	} else {
		report_error("program %s: %s: cannot be attached: %s", name, to,
		    strerror(error));
		libbpf_log_report();
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

/* Returns 1, or -1 after reporting, with nothing left attached. */
static int
attach_one(struct attachments *all, struct attach_job *j)
{
	struct attachment *a = &all->v[all->n];
	int error;

	libbpf_log_clear();
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
	return 1;
}

int
attach_all(struct attachments *a)
{
	if (attach_check(a) == -1)
		return -1;
	for (size_t i = 0; i < a->njobs; i++) {
		int attached = attach_step(a, &a->jobs[i], attach_one);

		if (attached == -1) {
			attach_detach(a);
			return -1;
		}
		a->n += (size_t)attached;
	}
	return attach_none_left(a, a->n);
}

bool
attach_is_iterator(const struct attachments *a, const char *program)
{
	for (size_t i = 0; i < a->njobs; i++)
		if (strcmp(a->jobs[i].listed->name, program) == 0)
			return a->jobs[i].kind != NULL &&
			       a->jobs[i].kind->way == &way_iter;
	return false;
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
attach_add_needs(const struct attachments *a, struct confine_needs *n)
{
	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < a->v[i].nholds; k++)
			if (a->v[i].holds[k].undo != NULL) {
				n->caps |= CONFINE_CAP(CAP_NET_ADMIN);
				n->sockets = true;
			}
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
