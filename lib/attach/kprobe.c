/*
 * Probes of the kernel's functions and system calls.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/way.h"

/* The performance unit that they are opened by, where the kernel has them. */
#define KPROBE_UNIT "/sys/bus/event_source/devices/kprobe/type"

/* Names of functions. */
struct names {
	char **v; /* owned, as what is in it */
	size_t n;
};

static bool
is_return(const struct way *way)
{
	return way == &way_kretprobe || way == &way_kretsyscall ||
	       way == &way_kretprobe_multi;
}

/* A program of kprobe.multi is verified as one of that, so -a may have to
 * undo what its section says. */
static int
prepare_single(const struct attach_job *j)
{
	bpf_program__set_expected_attach_type(j->program, 0);
	return 0;
}

static int
prepare_multi(const struct attach_job *j)
{
	bpf_program__set_expected_attach_type(
	    j->program, BPF_TRACE_KPROBE_MULTI);
	return 0;
}

static int
no_function(const struct attach_job *j, const char *name)
{
	char *near = attach_near_function(name);
	int ret;

	ret = attach_refuse(j, "this kernel has no function %s%s", name,
	    near != NULL ? near : "");
	free(near);
	return ret;
}

/* Report why there is no probe of the function, or leave it to errno. */
static int
refused(const struct attach_job *j, const char *name)
{
	switch (errno) {
	case ENOENT:
		return no_function(j, name);
	case EADDRNOTAVAIL:
		return attach_refuse(
		    j, "this kernel has several functions %s", name);
	case EILSEQ:
		return attach_refuse(
		    j, "no instruction of %s begins at this offset", name);
	case EINVAL:
		return attach_refuse(
		    j, "this kernel does not let %s be traced there", name);
	default:
		return -1;
	}
}

static int
attach_function(const struct attach_job *j, struct attachment *a,
    const char *name, uint64_t offset)
{
	const struct bpf_kprobe_opts opts = {
		.sz = sizeof(opts),
		.offset = (size_t)offset,
		.retprobe = is_return(j->way),
	};

	if (opts.retprobe && offset != 0)
		return attach_refuse(j, "a return has no offset");
	if (attach_hold_link(a,
		bpf_program__attach_kprobe_opts(j->program, name, &opts)) == 0)
		return 0;
	return refused(j, name);
}

static int
attach_kprobe(const struct attach_job *j, struct attachment *a)
{
	uint64_t offset;
	char *name;
	int ret, error;

	if (access(KPROBE_UNIT, F_OK) == -1)
		return attach_refuse(j, "this kernel has no kprobes");
	if (attach_symbol(j, attach_target(j), &name, &offset) == -1)
		return -1;
	ret = attach_function(j, a, name, offset);
	error = errno;
	free(name);
	errno = error;
	return ret;
}

static int
attach_ksyscall(const struct attach_job *j, struct attachment *a)
{
	const struct bpf_ksyscall_opts opts = {
		.sz = sizeof(opts),
		.retprobe = is_return(j->way),
	};
	const char *name = attach_target(j);

	if (access(KPROBE_UNIT, F_OK) == -1)
		return attach_refuse(j, "this kernel has no kprobes");
	if (attach_hold_link(
		a, bpf_program__attach_ksyscall(j->program, name, &opts)) == 0)
		return 0;
	if (errno == ENOENT)
		return attach_refuse(
		    j, "this kernel has no system call %s", name);
	return -1;
}

static void
free_names(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
}

static int
add_name(struct names *names, const char *name)
{
	char **v = names->v;

	/* At 0, 1, 2, 4, 8...: room for twice as many. */
	if ((names->n & (names->n - 1)) == 0)
		v = reallocarray(v, 2 * names->n + 1, sizeof(*v));
	if (v == NULL)
		return -1;
	names->v = v;
	if ((v[names->n] = strdup(name)) == NULL)
		return -1;
	names->n++;
	return 0;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sort, and keep one of each: the kernel wants as many functions as names. */
static void
make_unique(struct names *names)
{
	size_t n = 0;

	if (names->n > 0)
		qsort(names->v, names->n, sizeof(*names->v), compare_names);
	for (size_t i = 0; i < names->n; i++)
		if (n > 0 && strcmp(names->v[n - 1], names->v[i]) == 0)
			free(names->v[i]);
		else
			names->v[n++] = names->v[i];
	names->n = n;
}

static FILE *
open_functions(void)
{
	FILE *in =
	    fopen("/sys/kernel/tracing/available_filter_functions", "re");

	if (in == NULL)
		in = fopen("/sys/kernel/debug/tracing/"
			   "available_filter_functions",
		    "re");
	return in;
}

/* The kernel's functions that match and can be traced. */
static int
find_functions(struct names *names, FILE *in, const char *pattern)
{
	char name[512];
	int ret = 0;

	/* A module's name may follow. */
	while (ret == 0 && fscanf(in, "%511s%*[^\n]", name) == 1)
		if (fnmatch(pattern, name, 0) == 0)
			ret = add_name(names, name);
	make_unique(names);
	return ret;
}

static int
no_match(const struct attach_job *j)
{
	return attach_refuse(j,
	    "no function that this kernel lets be traced matches %s",
	    attach_target(j));
}

/* Attach to the functions of these names; with none given, libbpf itself
 * looks for what matches. */
static int
attach_functions(
    const struct attach_job *j, struct attachment *a, const struct names *names)
{
	const struct bpf_kprobe_multi_opts opts = {
		.sz = sizeof(opts),
		.syms = names != NULL ? (const char **)names->v : NULL,
		.cnt = names != NULL ? names->n : 0,
		.retprobe = is_return(j->way),
	};
	const char *pattern = names != NULL ? NULL : attach_target(j);

	if (attach_hold_link(a, bpf_program__attach_kprobe_multi_opts(
				    j->program, pattern, &opts)) == 0)
		return 0;
	/* Older kernels take it for an unknown kind of link. */
	if (errno == EOPNOTSUPP || errno == EINVAL)
		return attach_refuse(j, "this kernel has no kprobe.multi");
	return errno == ENOENT ? no_match(j) : -1;
}

static int
attach_multi(const struct attach_job *j, struct attachment *a)
{
	struct names names = { 0 };
	FILE *in = open_functions();
	int ret, error;

	/* A kernel that is locked down does not tell. */
	if (in == NULL)
		return attach_functions(j, a, NULL);
	ret = find_functions(&names, in, attach_target(j));
	fclose(in);
	if (ret == 0)
		ret =
		    names.n > 0 ? attach_functions(j, a, &names) : no_match(j);
	error = errno;
	free_names(&names);
	errno = error;
	return ret;
}

static const char *const function_keys[] = { "offset", NULL };

const struct way way_kprobe = {
	.name = "kprobe",
	.syntax = "kprobe:FUNCTION[,offset=N]",
	.keys = function_keys,
	.section_says = true,
	.parse = attach_parse_symbol,
	.prepare = prepare_single,
	.attach = attach_kprobe,
};

const struct way way_kretprobe = {
	.name = "kretprobe",
	.syntax = "kretprobe:FUNCTION",
	.section_says = true,
	.prepare = prepare_single,
	.attach = attach_kprobe,
};

const struct way way_ksyscall = {
	.name = "ksyscall",
	.syntax = "ksyscall:NAME",
	.section_says = true,
	.prepare = prepare_single,
	.attach = attach_ksyscall,
};

const struct way way_kretsyscall = {
	.name = "kretsyscall",
	.syntax = "kretsyscall:NAME",
	.section_says = true,
	.prepare = prepare_single,
	.attach = attach_ksyscall,
};

const struct way way_kprobe_multi = {
	.name = "kprobe.multi",
	.syntax = "kprobe.multi:PATTERN",
	.section_says = true,
	.tracefs = true,
	.prepare = prepare_multi,
	.attach = attach_multi,
};

const struct way way_kretprobe_multi = {
	.name = "kretprobe.multi",
	.syntax = "kretprobe.multi:PATTERN",
	.section_says = true,
	.tracefs = true,
	.prepare = prepare_multi,
	.attach = attach_multi,
};
