#include <errno.h>
#include <limits.h>
#include <string.h>

#include "attach/job.h"
#include "attach/way.h"

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
