#include <string.h>

#include "attach/job.h"

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
