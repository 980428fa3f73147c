#include <bpf/libbpf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "attach/attach.h"
#include "attach/way.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/report.h"
#include "elf/libbpf-log.h"
#include "host/mount.h"

struct slow_release {
	size_t all, left; /* holds */
	uint64_t start;   /* clock_elapsed() */
	bool reported;
};

/* Attach one program, as the next of a's. */
static struct attach_error
attach_one(struct attachments *a, struct attach_job *j, bool *keep)
{
	struct attachment *at = &a->v[a->n];
	struct attach_error e;

	(void)keep;
	libbpf_log_clear();
	if (j->way->tracefs && mount_tracefs() == -1)
		return (struct attach_error){ .failure = ATTACH_REPORTED };
	*at = (struct attachment){ .program = j->program };
	e = j->way->attach(j, at);
	if (e.failure == ATTACH_OK)
		report_info("program %s: attached to %s", j->listed->name,
		    attach_job_place(j));
	else
		attach_hold_release(at);
	return e;
}

/* The number of attachments that hold something: of the programs of a struct
 * only one does, and only if the struct is attached. */
static size_t
count_held(const struct attachments *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		n += a->v[i].nholds > 0;
	return n;
}

int
attach_all(struct attachments *a)
{
	if (attach_check(a) == -1)
		return -1;
	for (size_t i = 0; i < a->njobs; i++) {
		enum attach_step step =
		    attach_run_step(a, &a->jobs[i], attach_one);

		if (step == ATTACH_STEP_FAILED ||
		    step == ATTACH_STEP_OTHER_FORM) {
			attach_detach(a);
			return step == ATTACH_STEP_FAILED ? -1 : 1;
		}
		a->n += step == ATTACH_STEP_DONE;
	}
	return attach_require_any(a, count_held(a));
}

bool
attach_is_iterator(const struct attachments *a, const char *program)
{
	for (size_t i = 0; i < a->njobs; i++)
		if (strcmp(a->jobs[i].listed->name, program) == 0)
			return a->jobs[i].way == &attach_way_iter;
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

int
attach_describe_events(const struct attachments *a, struct stream_header *h)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct attachment *at = &a->v[i];

		if (at->lacking_event != NULL &&
		    stream_header_add_replaced(h,
			bpf_program__name(at->program), at->lacking_event,
			at->sampled_event) == -1)
			return -1;
	}
	return 0;
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

/* How many things of a have to be released one after another. */
static size_t
count_holds(const struct attachments *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		n += a->v[i].nholds;
	return n;
}

/* Say what is waited for, once, if releasing took a while and goes on as long
 * again.  For each probe the kernel waits until no processor runs its program,
 * one after another, whoever closes them. */
static void
report_slow(struct slow_release *s)
{
	uint64_t gone = clock_elapsed() - s->start, rest;

	if (s->reported || gone < CLOCK_SECOND)
		return;
	rest = gone / (s->all - s->left) * s->left;
	if (rest < CLOCK_SECOND)
		return;
	s->reported = true;
	report_notice("detaching: %zu of %zu probes are left, for which the "
		      "kernel needs about %" PRIu64 " s",
	    s->left, s->all, rest / CLOCK_SECOND);
}

void
attach_detach(struct attachments *a)
{
	struct slow_release s = { .all = count_holds(a),
		.start = clock_elapsed() };

	s.left = s.all;
	for (; a->n > 0; a->n--) {
		struct attachment *at = &a->v[a->n - 1];

		while (at->nholds > 0) {
			attach_hold_release_last(at);
			s.left--;
			report_slow(&s);
		}
		attach_hold_release(at);
	}
}

void
attach_close(struct attachments *a)
{
	attach_detach(a);
	free(a->v);
	free(a->jobs);
	free(a->spare);
	buf_free(&a->other_forms);
	buf_free(&a->untaken_forms);
	*a = (struct attachments){ 0 };
}
