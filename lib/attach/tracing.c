/*
 * Tracepoints, and the programs that the verifier knows the place of: they are
 * verified for it, so it is set before loading.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach/way.h"
#include "base/report.h"
#include "base/suggest.h"
#include "base/util.h"
#include "host/kallsyms.h"
#include "host/privilege.h"
#include "load/vmlinux.h"

/* The kernel's own number, which user space has no name for. */
enum { KERNEL_ENOTSUPP = 524 };

/* What the kernel has no such of, by way. */
static const struct {
	const struct way *way;
	enum bpf_attach_type type;
	const char *what;
} btf_ways[] = {
	{ &way_fentry, BPF_TRACE_FENTRY, "function" },
	{ &way_fexit, BPF_TRACE_FEXIT, "function" },
	{ &way_fmod_ret, BPF_MODIFY_RETURN, "function" },
	{ &way_tp_btf, BPF_TRACE_RAW_TP, "tracepoint" },
	{ &way_lsm, BPF_LSM_MAC, "hook" },
};

/*
 * Have the program verified for the place that "-a" names.  What the kernel
 * has not is found out beforehand: libbpf 1.1 keeps the kernel's BTF, which it
 * looks into, of an object that is never loaded.
 */
static int
set_target(const struct attach_job *j, const char *target,
    enum bpf_attach_type type, const char *what)
{
	int error;

	if (libbpf_find_vmlinux_btf_id(target, type) <= 0 &&
	    !kallsyms_has(target, true))
		return attach_refuse(
		    j, "this kernel has no %s %s", what, target);
	bpf_program__set_expected_attach_type(j->program, type);
	error = bpf_program__set_attach_target(j->program, 0, target);
	return error == 0 ? 0 : attach_refuse(j, "%s", strerror(-error));
}

static int
prepare_btf(const struct attach_job *j)
{
	const char *target = attach_target(j);
	size_t i = 0;

	if (target[0] == '\0')
		return attach_say_where(j);
	/* When an object is loaded, this is no single program's fault. */
	if ((j->where != NULL || j->optional != NULL) && !vmlinux_present())
		return attach_refuse(j,
		    "this kernel has no BTF of its own, "
		    "without which %s programs have no "
		    "place",
		    j->way->name);
	if (j->where == NULL)
		return 0;
	while (btf_ways[i].way != j->way)
		i++;
	return set_target(j, target, btf_ways[i].type, btf_ways[i].what);
}

/* Report why the kernel does not attach it, or leave it to errno. */
static int
refused(const struct attach_job *j)
{
	if (errno == EOPNOTSUPP || errno == KERNEL_ENOTSUPP)
		return attach_refuse(
		    j, "this kernel attaches no %s programs", j->way->name);
	return -1;
}

static int
attach_btf(const struct attach_job *j, struct attachment *a)
{
	int ret = attach_hold_link(a, bpf_program__attach_trace(j->program));

	return ret == 0 ? 0 : refused(j);
}

/* Whether the kernel runs BPF programs at its security hooks; true where it
 * does not say. */
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

static int
attach_lsm(const struct attach_job *j, struct attachment *a)
{
	if (attach_hold_link(a, bpf_program__attach_lsm(j->program)) == -1)
		return refused(j);
	if (!lsm_is_active())
		report_notice(
		    "program %s: %s: will never run: bpf is not "
		    "among the kernel's security modules; see lsm= of "
		    "its command line",
		    j->listed->name, attach_place(j));
	return 0;
}

static int
attach_raw(const struct attach_job *j, struct attachment *a)
{
	const char *name = attach_target(j);

	if (attach_hold_link(
		a, bpf_program__attach_raw_tracepoint(j->program, name)) == 0)
		return 0;
	if (errno == ENOENT)
		return attach_refuse(
		    j, "this kernel has no tracepoint %s", name);
	return -1;
}

/* "CATEGORY/NAME" or "CATEGORY:NAME", as the kernel itself writes it. */
static size_t
category_length(const char *target)
{
	return strcspn(target, "/:");
}

static int
parse_tracepoint(const struct attach_where *w)
{
	size_t n = category_length(w->target);

	if (n > 0 && w->target[n] != '\0' && w->target[n + 1] != '\0')
		return 0;
	report_error(
	    "-a %s=%s: expected %s", w->program, w->text, w->way->syntax);
	return -1;
}

static int
attach_named(const struct attach_job *j, struct attachment *a,
    const char *category, const char *name)
{
	if (attach_hold_link(a, bpf_program__attach_tracepoint(
				    j->program, category, name)) == 0)
		return 0;
	if (errno == ENOENT)
		return attach_refuse(
		    j, "this kernel has no tracepoint %s/%s", category, name);
	if (errno == EACCES && privilege_suffices())
		return attach_refuse(j, "the program reads more than this "
					"tracepoint has");
	return -1;
}

static int
attach_tracepoint(const struct attach_job *j, struct attachment *a)
{
	const char *target = attach_target(j);
	size_t n = category_length(target);
	char *category;
	int ret, error;

	if (target[n] == '\0')
		return attach_refuse(j, "expected %s", j->way->syntax);
	if ((category = strndup(target, n)) == NULL)
		return -1;
	ret = attach_named(j, a, category, target + n + 1);
	error = errno;
	free(category);
	errno = error;
	return ret;
}

const struct way way_tracepoint = {
	.name = "tracepoint",
	.syntax = "tracepoint:CATEGORY/NAME",
	.section_says = true,
	.tracefs = true,
	.parse = parse_tracepoint,
	.attach = attach_tracepoint,
};

const struct way way_raw_tp = {
	.name = "raw_tp",
	.syntax = "raw_tp:NAME",
	.section_says = true,
	.attach = attach_raw,
};

const struct way way_tp_btf = {
	.name = "tp_btf",
	.syntax = "tp_btf:NAME",
	.section_says = true,
	.prepare = prepare_btf,
	.attach = attach_btf,
};

const struct way way_fentry = {
	.name = "fentry",
	.syntax = "fentry:FUNCTION",
	.section_says = true,
	.prepare = prepare_btf,
	.attach = attach_btf,
};

const struct way way_fexit = {
	.name = "fexit",
	.syntax = "fexit:FUNCTION",
	.section_says = true,
	.prepare = prepare_btf,
	.attach = attach_btf,
};

const struct way way_fmod_ret = {
	.name = "fmod_ret",
	.syntax = "fmod_ret:FUNCTION",
	.section_says = true,
	.prepare = prepare_btf,
	.attach = attach_btf,
};

const struct way way_lsm = {
	.name = "lsm",
	.syntax = "lsm:HOOK",
	.section_says = true,
	.prepare = prepare_btf,
	.attach = attach_lsm,
};
