#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/job.h"
#include "attach/way.h"
#include "base/buf.h"
#include "base/report.h"
#include "elf/libbpf-log.h"
#include "host/privilege.h"

const char *
attach_section_name(const struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);

	return section + (*section == '?');
}

const char *
attach_job_place(const struct attach_job *j)
{
	return j->where != NULL ? j->where->text
				: bpf_program__section_name(j->program);
}

const char *
attach_job_target(const struct attach_job *j)
{
	const char *slash;

	if (j->where != NULL)
		return j->where->target;
	slash = strchr(attach_section_name(j->program), '/');
	return slash != NULL ? slash + 1 : "";
}

struct attach_error
attach_job_no_target(const struct attach_job *j)
{
	return attach_invalid("its section does not name its target; give one "
			      "with -a %s=%s",
	    j->listed->name, j->way->syntax);
}

struct attach_error
attach_job_parse_symbol(
    const struct attach_job *j, const char *text, char **name, uint64_t *offset)
{
	const char *plus = strrchr(text, '+');
	struct attach_error e;

	*offset = 0;
	if (plus != NULL && !attach_parse_number(plus + 1, offset))
		return attach_invalid("%s is not an offset", plus);
	if (plus != NULL && attach_option(j->where, "offset") != NULL)
		return attach_invalid("the offset is given twice");
	e = attach_option_number(j->where, "offset", 0, LONG_MAX, offset);
	if (e.failure != ATTACH_OK)
		return e;
	*name =
	    plus != NULL ? strndup(text, (size_t)(plus - text)) : strdup(text);
	return *name != NULL ? ATTACH_SUCCESS : attach_errno(ENOMEM);
}

struct attach_error
attach_job_prepare_probe(const struct attach_job *j)
{
	bpf_program__set_expected_attach_type(j->program, 0);
	return ATTACH_SUCCESS;
}

#define PMU_DIR "/sys/bus/event_source/devices"

struct attach_error
attach_check_pmu(const char *name)
{
	char path[sizeof(PMU_DIR) + 64];

	snprintf(path, sizeof(path), PMU_DIR "/%s/type", name);
	if (access(path, F_OK) == 0)
		return ATTACH_SUCCESS;
	if (access(PMU_DIR, F_OK) == -1)
		return attach_invalid("%ss need " PMU_DIR ": mount /sys", name);
	return attach_invalid("this kernel has no %ss", name);
}

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
		report_error("program %s: %s: %s", name, place,
		    e->text != NULL ? e->text : j->kind->missing);
		break;
	case ATTACH_FAILED:
		report_error("program %s: %s: cannot be attached: %s", name,
		    place, attach_error_text(e));
		/* Of a shortage libbpf knows no more than that. */
		if (!report_is_shortage(e->error))
			libbpf_log_report();
		break;
	}
	attach_error_free(e);
}

struct attach_error
attach_old_libbpf(const struct attach_way *way)
{
	return attach_invalid("%s needs libbpf %s or newer, and this program "
			      "was built with libbpf %d.%d",
	    way->name, way->libbpf, LIBBPF_MAJOR_VERSION, LIBBPF_MINOR_VERSION);
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
				   "of %.*sload, off",
		    k->name, (int)list.len, list.data);
	else
		e = attach_invalid("%s programs cannot go there; WHERE can "
				   "only be load or off",
		    k->name);
	buf_free(&list);
	return e;
}
