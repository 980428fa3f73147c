#include "attach-way.h"

/* Where the section's name says it all. */
static int
attach_by_section(const struct attach_job *j, struct attachment *a)
{
	return attach_hold_link(a, bpf_program__attach(j->program));
}

const struct way way_section = { .attach = attach_by_section };
