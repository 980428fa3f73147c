/*
 * A program that is to be attached at a place, the sources of its target ("-a",
 * the package and the name of its section), and the texts of the errors that
 * say why it cannot be attached, also when the kernel or libbpf denies it.
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
	bool optional;                    /* it may fail: "--optional" */
	bool refused; /* it is left out: it failed when the object was opened
			 before, or it has no target and a notice says so */
	/* By attach/forms.h: the kernel does not take it there; it is left out
	 * because of another form; if it fails, another form can stand in. */
	bool untaken, drop, replaceable;
	bool mixed; /* the program has a place of a way with prepare_alone, and
		       others */
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

/* The error for a program whose section does not name its target. */
struct attach_error attach_job_no_target(const struct attach_job *j);

/*
 * Split text, "NAME" or "NAME+OFFSET", where the offset may be the option
 * "offset" instead.  On success *name is a string to free.
 */
struct attach_error attach_job_parse_symbol(const struct attach_job *j,
    const char *text, char **name, uint64_t *offset);

/* For struct attach_way's prepare: have the program verified for single probes,
 * whatever its section names, because "-a" may send a program of a section
 * kprobe.multi to one function. */
struct attach_error attach_job_prepare_probe(const struct attach_job *j);

/* Check that the kernel has the PMU, "kprobe" or "uprobe", by which such probes
 * are opened. */
struct attach_error attach_check_pmu(const char *name);

/* Report the error of a job, and release it. */
void attach_report_error(const struct attach_job *j, struct attach_error *e);

/* The error for a way that needs a newer libbpf than this build has. */
struct attach_error attach_old_libbpf(const struct attach_way *way);

/* The error for a program that cannot go where "-a" sends it. */
struct attach_error attach_unsuitable_way(const struct attach_job *j);

#endif
