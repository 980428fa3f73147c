/*
 * Probes of the kernel's functions and system calls.
 */
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/way.h"
#include "base/array.h"
#include "base/suggest.h"

struct function_names {
	char **v; /* owned, as the strings are */
	size_t n, cap;
};

enum { KPROBE_SESSION_TYPE = 56 }; /* BPF_TRACE_KPROBE_SESSION: Linux 6.10 */

static struct attach_error
prepare_kprobe_multi(const struct attach_job *j)
{
	bpf_program__set_expected_attach_type(
	    j->program, BPF_TRACE_KPROBE_MULTI);
	return ATTACH_SUCCESS;
}

static struct attach_error
prepare_kprobe_session(const struct attach_job *j)
{
	bpf_program__set_expected_attach_type(
	    j->program, (enum bpf_attach_type)KPROBE_SESSION_TYPE);
	return ATTACH_SUCCESS;
}

/* The system call that a name like sys_execve or __x64_sys_execve means, or
 * NULL. */
static const char *
named_syscall(const char *name)
{
	const char *call = strstr(name, "sys_");

	if (call == NULL || (call != name && strncmp(name, "__", 2) != 0 &&
				strncmp(name, "do_", 3) != 0))
		return NULL;
	call += strlen("sys_");
	return call[0] != '\0' ? call : NULL;
}

/* The error for a name that no function has, with names that resemble it. */
static struct attach_error
no_kernel_function(const char *name)
{
	FILE *in = fopen("/proc/kallsyms", "re");
	struct suggest near = { .wanted = name };
	char symbol[SUGGEST_NAME], type, *text;
	const char *call;
	struct attach_error e;

	while (
	    in != NULL && fscanf(in, "%*s %c %63s%*[^\n]", &type, symbol) == 2)
		if (tolower((unsigned char)type) == 't')
			suggest_offer(&near, symbol);
	if (in != NULL)
		fclose(in);
	text = suggest_text(&near);
	call = named_syscall(name);
	e = attach_missing("this kernel has no function %s%s%s%s", name,
	    call != NULL ? "; the system call is ksyscall:" : "",
	    call != NULL ? call : "", text != NULL ? text : "");
	free(text);
	return e;
}

static struct attach_error
attach_function(const struct attach_job *j, struct attachment *a,
    const char *name, uint64_t offset)
{
	LIBBPF_OPTS(bpf_kprobe_opts, opts, .offset = (size_t)offset,
	    .retprobe = j->way->at_return);
	struct attach_error e;

	if (opts.retprobe && offset != 0)
		return attach_invalid("a return probe has no offset");
	e = attach_hold_link(
	    a, bpf_program__attach_kprobe_opts(j->program, name, &opts));
	switch (e.error) {
	case ENOENT:
		return no_kernel_function(name);
	case EADDRNOTAVAIL:
		return attach_invalid(
		    "this kernel has several functions %s", name);
	case EILSEQ:
		return attach_invalid(
		    "no instruction of %s begins at this offset", name);
	case EINVAL:
		return attach_invalid(
		    "this kernel does not allow probes of %s there", name);
	default:
		return e;
	}
}

static struct attach_error
attach_kprobe(const struct attach_job *j, struct attachment *a)
{
	struct attach_error e;
	uint64_t offset;
	char *name;

	e = attach_check_pmu("kprobe");
	if (e.failure != ATTACH_OK)
		return e;
	e = attach_job_parse_symbol(j, attach_job_target(j), &name, &offset);
	if (e.failure != ATTACH_OK)
		return e;
	e = attach_function(j, a, name, offset);
	free(name);
	return e;
}

static struct attach_error
attach_ksyscall(const struct attach_job *j, struct attachment *a)
{
	LIBBPF_OPTS(bpf_ksyscall_opts, opts, .retprobe = j->way->at_return);
	const char *name = attach_job_target(j);
	struct attach_error e = attach_check_pmu("kprobe");

	if (e.failure != ATTACH_OK)
		return e;
	e = attach_hold_link(
	    a, bpf_program__attach_ksyscall(j->program, name, &opts));
	if (e.error == ENOENT)
		return attach_missing(
		    "this kernel has no system call %s", name);
	return e;
}

static void
free_function_names(struct function_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
}

static int
compare_function_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sort the names and remove duplicates: the kernel fails where it finds more
 * or fewer functions than names. */
static void
make_names_unique(struct function_names *names)
{
	size_t n = 0;

	if (names->n > 0)
		qsort(names->v, names->n, sizeof(*names->v),
		    compare_function_names);
	for (size_t i = 0; i < names->n; i++)
		if (n > 0 && strcmp(names->v[n - 1], names->v[i]) == 0)
			free(names->v[i]);
		else
			names->v[n++] = names->v[i];
	names->n = n;
}

/* The list of the functions that can be probed.  A kernel that is locked down
 * hides it, and then it is that of all symbols: later versions of libbpf would
 * not go on without the list.  NULL if neither can be read. */
static FILE *
open_function_list(bool *symbols)
{
	FILE *in =
	    fopen("/sys/kernel/tracing/available_filter_functions", "re");

	if (in == NULL)
		in = fopen("/sys/kernel/debug/tracing/"
			   "available_filter_functions",
		    "re");
	*symbols = in == NULL;
	if (in == NULL)
		in = fopen("/proc/kallsyms", "re");
	return in;
}

/* Read the next function's name, of 512 bytes.  The name of a module may
 * follow. */
static bool
next_function(FILE *in, bool symbols, char *name)
{
	char type;

	if (!symbols)
		return fscanf(in, "%511s%*[^\n]", name) == 1;
	while (fscanf(in, "%*s %c %511s%*[^\n]", &type, name) == 2)
		if (tolower((unsigned char)type) == 't')
			return true;
	return false;
}

/* Add the functions of the list that match.  Returns 0, or -1 if memory runs
 * out. */
static int
match_functions(
    struct function_names *names, FILE *in, bool symbols, const char *pattern)
{
	char name[512];

	while (next_function(in, symbols, name)) {
		if (fnmatch(pattern, name, 0) != 0)
			continue;
		if (!array_room(names->v, names->n, names->cap) ||
		    (names->v[names->n] = strdup(name)) == NULL)
			return -1;
		names->n++;
	}
	make_names_unique(names);
	return 0;
}

static struct attach_error
no_matching_function(const struct attach_job *j)
{
	return attach_missing("no function that this kernel can probe "
			      "matches %s",
	    attach_job_target(j));
}

/* Attach to the named functions. */
static struct attach_error
attach_functions(const struct attach_job *j, struct attachment *a,
    const struct function_names *names)
{
	LIBBPF_OPTS(bpf_kprobe_multi_opts, opts,
	    .syms = (const char **)names->v, .cnt = names->n,
	    .retprobe = j->way->at_return);
	struct attach_error e;

#if ATTACH_LIBBPF(1, 5)
	opts.session = j->way == &attach_way_kprobe_session;
#endif
	e = attach_hold_link(
	    a, bpf_program__attach_kprobe_multi_opts(j->program, NULL, &opts));
	/* To an older kernel it is an unknown type of link. */
	if (e.error == EOPNOTSUPP || e.error == EINVAL)
		return attach_invalid("this kernel has no %s",
		    j->way == &attach_way_kprobe_session ? j->way->name
							 : "kprobe.multi");
	return e.error == ENOENT ? no_matching_function(j) : e;
}

static struct attach_error
attach_kprobe_multi(const struct attach_job *j, struct attachment *a)
{
	struct function_names names = { 0 };
	bool symbols;
	FILE *in = open_function_list(&symbols);
	struct attach_error e;

	if (in == NULL)
		return attach_errno(errno);
	if (match_functions(&names, in, symbols, attach_job_target(j)) == -1)
		e = attach_errno(ENOMEM);
	else if (names.n == 0)
		e = no_matching_function(j);
	else
		e = attach_functions(j, a, &names);
	fclose(in);
	free_function_names(&names);
	return e;
}

static const char *const kprobe_keys[] = { "offset", NULL };

const struct attach_way attach_way_kprobe = {
	.name = "kprobe",
	.syntax = "kprobe:FUNCTION[,offset=N]",
	.keys = kprobe_keys,
	.section_target = true,
	.parse = attach_option_offset,
	.prepare = attach_job_prepare_probe,
	.attach = attach_kprobe,
};

#define SINGLE_WAY(way, target, is_return, attach_fn)                          \
	{                                                                      \
		.name = (way), .syntax = way ":" target,                       \
		.section_target = true, .at_return = (is_return),              \
		.prepare = attach_job_prepare_probe, .attach = (attach_fn),    \
	}
#define MULTI_WAY(way, is_return)                                              \
	{                                                                      \
		.name = (way), .syntax = way ":PATTERN",                       \
		.section_target = true, .tracefs = true,                       \
		.at_return = (is_return), .pattern = true,                     \
		.prepare = prepare_kprobe_multi,                               \
		.attach = attach_kprobe_multi,                                 \
	}

const struct attach_way attach_way_kretprobe =
    SINGLE_WAY("kretprobe", "FUNCTION", true, attach_kprobe);
const struct attach_way attach_way_ksyscall =
    SINGLE_WAY("ksyscall", "NAME", false, attach_ksyscall);
const struct attach_way attach_way_kretsyscall =
    SINGLE_WAY("kretsyscall", "NAME", true, attach_ksyscall);
const struct attach_way attach_way_kprobe_multi =
    MULTI_WAY("kprobe.multi", false);
const struct attach_way attach_way_kretprobe_multi =
    MULTI_WAY("kretprobe.multi", true);

/* At the entry and the return of each function; it can tell which it is, and
 * whether the return is of interest. */
const struct attach_way attach_way_kprobe_session = {
	.name = "kprobe.session",
	.syntax = "kprobe.session:PATTERN",
	.section_target = true,
	.tracefs = true,
	.pattern = true,
	.prepare = prepare_kprobe_session,
#if ATTACH_LIBBPF(1, 5)
	.attach = attach_kprobe_multi,
#else
	.libbpf = "1.5",
#endif
};
