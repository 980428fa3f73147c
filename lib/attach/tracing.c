/*
 * Tracepoints, and the programs that the verifier checks for one place: for
 * those the place is set before loading.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach/way.h"
#include "base/buf.h"
#include "base/report.h"
#include "host/kallsyms.h"
#include "host/privilege.h"
#include "load/kernel-function.h"
#include "load/vmlinux.h"

static const struct {
	const struct attach_way *way;
	enum bpf_attach_type type;
	const char *noun; /* for "this kernel has no NOUN NAME" */
} btf_ways[] = {
	{ &attach_way_fentry, BPF_TRACE_FENTRY, "function" },
	{ &attach_way_fexit, BPF_TRACE_FEXIT, "function" },
	{ &attach_way_fmod_ret, BPF_MODIFY_RETURN, "function" },
	{ &attach_way_tp_btf, BPF_TRACE_RAW_TP, "tracepoint" },
	{ &attach_way_lsm, BPF_LSM_MAC, "hook" },
};

static bool
is_function_way(const struct attach_way *way)
{
	return way == &attach_way_fentry || way == &attach_way_fexit ||
	       way == &attach_way_fmod_ret;
}

/* Why no program of this way can be attached to the function, which is in the
 * kernel's BTF or not. */
static struct attach_error
no_function_there(const struct attach_way *way, const char *name, bool in_btf)
{
	struct buf words = { 0 };
	struct kernel_function f;
	struct attach_error e;

	kernel_function_find(&f, name);
	f.in_btf = in_btf;
	kernel_function_explain(&f, way->name, &words);
	e = words.failed ? attach_errno(ENOMEM)
			 : attach_missing("%.*s", (int)words.len, words.data);
	buf_free(&words);
	return e;
}

/*
 * Have the program verified for the place that "-a" names.  Whether the kernel
 * has the place is checked first: when an object is opened but never loaded,
 * libbpf 1.1 leaks the kernel's BTF that it would read for this.
 */
static struct attach_error
set_btf_target(const struct attach_job *j, const char *target)
{
	size_t i = 0;
	int error;

	while (btf_ways[i].way != j->way)
		i++;
	if (libbpf_find_vmlinux_btf_id(target, btf_ways[i].type) <= 0 &&
	    !kallsyms_has(target, true)) {
		if (is_function_way(j->way))
			return no_function_there(j->way, target, false);
		return attach_missing(
		    "this kernel has no %s %s", btf_ways[i].noun, target);
	}
	bpf_program__set_expected_attach_type(j->program, btf_ways[i].type);
	error = bpf_program__set_attach_target(j->program, 0, target);
	return error == 0 ? ATTACH_SUCCESS : attach_errno(-error);
}

static struct attach_error
prepare_btf(const struct attach_job *j)
{
	const char *target = attach_job_target(j);

	if (target[0] == '\0')
		return attach_job_no_target(j);
	/* Without "-a" and "--optional" this is left to loading, where it
	 * concerns the object and not a single program. */
	if ((j->where != NULL || j->optional) && !vmlinux_present())
		return attach_invalid("this kernel has no BTF, which %s "
				      "programs need",
		    j->way->name);
	return j->where != NULL ? set_btf_target(j, target) : ATTACH_SUCCESS;
}

/*
 * The kernel's errors for a function that has no place for a program: EBUSY and
 * ENODEV where its code does not begin with a call for tracing, the others
 * where the kernel, or a function with such parameters, has no trampolines.
 */
static struct attach_error
explain_btf(const struct attach_job *j, struct attach_error e)
{
	switch (e.error) {
	case E2BIG:
		return attach_invalid("as many programs as this kernel allows "
				      "at one function are attached already");
	case EBUSY:
	case EINVAL:
	case ENODEV:
		if (!is_function_way(j->way))
			return e;
		return no_function_there(j->way, attach_job_target(j), true);
	case EOPNOTSUPP:
	case KERNEL_ENOTSUPP:
		if (is_function_way(j->way))
			return no_function_there(
			    j->way, attach_job_target(j), true);
		return attach_invalid(
		    "this kernel attaches no %s programs", j->way->name);
	default:
		return e;
	}
}

static struct attach_error
attach_btf(const struct attach_job *j, struct attachment *a)
{
	return explain_btf(
	    j, attach_hold_link(a, bpf_program__attach_trace(j->program)));
}

/* Whether the kernel runs BPF programs at its security hooks; true if it does
 * not list its security modules. */
static bool
lsm_is_active(void)
{
	FILE *in = fopen("/sys/kernel/security/lsm", "re");
	char line[256] = "", *rest = line, *name;
	bool active = in == NULL || fgets(line, sizeof(line), in) == NULL;

	while ((name = strsep(&rest, ",\n")) != NULL)
		active |= strcmp(name, "bpf") == 0;
	if (in != NULL)
		fclose(in);
	return active;
}

static struct attach_error
attach_lsm(const struct attach_job *j, struct attachment *a)
{
	struct attach_error e =
	    attach_hold_link(a, bpf_program__attach_lsm(j->program));

	if (e.failure == ATTACH_OK && !lsm_is_active())
		report_notice("program %s: %s: will never run, because bpf is "
			      "not among the kernel's security modules; add it "
			      "to lsm= on the kernel's command line",
		    j->listed->name, attach_job_place(j));
	return explain_btf(j, e);
}

static struct attach_error
attach_raw_tp(const struct attach_job *j, struct attachment *a)
{
	const char *name = attach_job_target(j);
	struct attach_error e = attach_hold_link(
	    a, bpf_program__attach_raw_tracepoint(j->program, name));

	if (e.error == ENOENT)
		return attach_missing("this kernel has no tracepoint %s", name);
	return e;
}

/* The length of the category in "CATEGORY/NAME", or "CATEGORY:NAME" as the
 * kernel writes it. */
static size_t
category_length(const char *target)
{
	return strcspn(target, "/:");
}

static struct attach_error
parse_tracepoint(const struct attach_where *w)
{
	size_t n = category_length(w->target);

	if (n > 0 && w->target[n] != '\0' && w->target[n + 1] != '\0')
		return ATTACH_SUCCESS;
	return attach_invalid("expected %s", w->way->syntax);
}

static struct attach_error
attach_tracepoint(const struct attach_job *j, struct attachment *a)
{
	const char *target = attach_job_target(j);
	size_t n = category_length(target);
	const char *name = target + n + 1;
	struct attach_error e;
	char *category;

	if (target[n] == '\0')
		return attach_invalid("expected %s", j->way->syntax);
	if ((category = strndup(target, n)) == NULL)
		return attach_errno(ENOMEM);
	e = attach_hold_link(
	    a, bpf_program__attach_tracepoint(j->program, category, name));
	if (e.error == ENOENT)
		e = attach_missing(
		    "this kernel has no tracepoint %s/%s", category, name);
	else if (e.error == EACCES && privilege_suffices())
		e = attach_invalid("the program reads beyond the fields of "
				   "this tracepoint");
	free(category);
	return e;
}

const struct attach_way attach_way_tracepoint = {
	.name = "tracepoint",
	.syntax = "tracepoint:CATEGORY/NAME",
	.section_target = true,
	.tracefs = true,
	.parse = parse_tracepoint,
	.attach = attach_tracepoint,
};

const struct attach_way attach_way_raw_tp = {
	.name = "raw_tp",
	.syntax = "raw_tp:NAME",
	.section_target = true,
	.attach = attach_raw_tp,
};

/* A way whose place the verifier needs to know. */
#define BTF_WAY(way, target, attach_fn)                                        \
	{                                                                      \
		.name = (way), .syntax = way ":" target,                       \
		.section_target = true, .one_place = true,                     \
		.prepare = prepare_btf, .attach = (attach_fn),                 \
	}

const struct attach_way attach_way_tp_btf =
    BTF_WAY("tp_btf", "NAME", attach_btf);
const struct attach_way attach_way_fentry =
    BTF_WAY("fentry", "FUNCTION", attach_btf);
const struct attach_way attach_way_fexit =
    BTF_WAY("fexit", "FUNCTION", attach_btf);
const struct attach_way attach_way_fmod_ret =
    BTF_WAY("fmod_ret", "FUNCTION", attach_btf);
const struct attach_way attach_way_lsm = BTF_WAY("lsm", "HOOK", attach_lsm);
