#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "attach/message.h"
#include "attach/way.h"
#include "base/buf.h"
#include "base/report.h"
#include "elf/libbpf-log.h"
#include "host/privilege.h"

/* Report the privilege that the process lacks. */
static void
report_attach_denied(const struct attach_job *j, int error)
{
	char *where;

	if (asprintf(&where, "program %s: %s", j->listed->name,
		attach_job_place(j)) == -1) {
		report_nomem();
		return;
	}
	if (error != EACCES || !privilege_report_paranoid(where))
		privilege_report(
		    where, privilege_of_type(bpf_program__type(j->program)));
	free(where);
}

void
attach_report_error(const struct attach_job *j, struct attach_error *e)
{
	const char *name = j->listed->name, *place = attach_job_place(j);

	switch (e->failure) {
	case ATTACH_OK:
	case ATTACH_REPORTED:
		break;
	case ATTACH_INVALID:
		report_error("program %s: %s: %s", name, place, e->text);
		break;
	case ATTACH_DENIED:
		report_attach_denied(j, e->error);
		break;
	case ATTACH_MISSING:
		report_error(
		    "program %s: %s: %s", name, place, j->kind->missing);
		break;
	case ATTACH_FAILED:
		report_error("program %s: %s: cannot be attached: %s", name,
		    place, attach_error_text(e));
		libbpf_log_report();
		break;
	}
	attach_error_free(e);
}

struct attach_error
attach_unsuitable_way(const struct attach_job *j)
{
	const struct attach_kind *k = j->kind;
	struct buf list = { 0 };
	struct attach_error e;

	if (k->way != NULL && k->way->name != NULL)
		buf_printf(&list, "%s, ", k->way->syntax);
	for (const struct attach_way *const *also = k->also;
	     also != NULL && *also != NULL; also++)
		if (*also != k->way)
			buf_printf(&list, "%s, ", (*also)->syntax);
	if (list.failed)
		e = attach_errno(ENOMEM);
	else if (list.len > 0)
		e = attach_invalid("%s programs cannot go there; WHERE is one "
				   "of %.*soff",
		    k->name, (int)list.len, list.data);
	else
		e = attach_invalid("%s programs cannot go there; WHERE can "
				   "only be off",
		    k->name);
	buf_free(&list);
	return e;
}
