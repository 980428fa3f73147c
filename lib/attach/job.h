/*
 * A program that is to be attached, and the sources of its target: "-a", the
 * package and the name of its section.
 */
#ifndef SKEL_ATTACH_JOB_H
#define SKEL_ATTACH_JOB_H

#include <bpf/libbpf.h>

#include "attach/option.h"
#include "load/object.h"
#include "package/package.h"

struct attach_kind;
struct attach_way;

/* All pointers are borrowed. */
struct attach_job {
	const struct object *object;
	const struct package_program *listed; /* the package's entry for it */
	struct bpf_program *program;
	const struct attach_kind *kind;   /* NULL: unknown */
	const struct attach_way *way;     /* NULL: it cannot be attached */
	const struct attach_where *where; /* "-a", or NULL */
	struct attach_where *optional;    /* "--optional", or NULL */
};

/* The name of the program's section, without the "?" by which a program asks
 * libbpf not to load it by default.  Borrowed from the program. */
const char *attach_section_name(const struct bpf_program *program);

/* Where the program goes, for messages: the WHERE of "-a", else the name of
 * its section. */
const char *attach_job_place(const struct attach_job *j);

/* The target: that of "-a", else the part of the section's name after
 * "KIND/"; "" if there is none. */
const char *attach_job_target(const struct attach_job *j);

#endif
