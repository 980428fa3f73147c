/*
 * Probes of programs and libraries: functions, by name, pattern or offset, and
 * USDT probes.
 */
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/way.h"
#include "base/buf.h"
#include "base/report.h"
#include "base/suggest.h"
#include "elf/elf-names.h"
#include "host/privilege.h"

#define UPROBE_UNIT "/sys/bus/event_source/devices/uprobe/type"

/* A target, taken apart. */
struct target {
	int pid;      /* -1: any */
	char *file;   /* owned: can be opened from here */
	char *symbol; /* owned: function, pattern, or PROVIDER:NAME */
	uint64_t offset;
};

/* The functions of a file that are called what is wanted. */
struct matches {
	const char *wanted;
	bool pattern;
	uint64_t *offsets; /* owned, each once */
	size_t n;
	bool local; /* they are static functions */
	bool failed;
	struct suggest near;
};

static bool
is_multi(const struct way *way)
{
	return way == &way_uprobe_multi || way == &way_uretprobe_multi;
}

static bool
is_return(const struct way *way)
{
	return way == &way_uretprobe || way == &way_uretprobe_multi;
}

/* The colon before the symbol; of a USDT probe, before its provider. */
static const char *
find_colon(const char *target, bool usdt)
{
	const char *last = strrchr(target, ':'), *colon = NULL;

	if (!usdt || last == NULL)
		return last;
	for (const char *p = strchr(target, ':'); p != last;
	     p = strchr(p + 1, ':'))
		colon = p;
	return colon;
}

static bool
is_whole(const char *target, const struct way *way)
{
	const char *colon = find_colon(target, way == &way_usdt);

	return colon != NULL && colon != target && colon[1] != '\0' &&
	       colon[1] != ':' && colon[strlen(colon) - 1] != ':';
}

static int
parse_uprobe(const struct attach_where *w)
{
	int pid;

	if (!is_whole(w->target, w->way)) {
		report_error("-a %s=%s: expected %s", w->program, w->text,
		    w->way->syntax);
		return -1;
	}
	if (attach_pid(w, &pid) == -1)
		return -1;
	return attach_parse_symbol(w);
}

/*
 * The kernel verifies a program for uprobe.multi as another kind than one for
 * single probes; here each function has one of its own, so that kernels older
 * than 6.6 have them too.
 */
static int
prepare_uprobe(const struct attach_job *j)
{
	bpf_program__set_expected_attach_type(j->program, 0);
	return 0;
}

static void
free_target(struct target *t)
{
	free(t->file);
	free(t->symbol);
}

/* Take the job's target apart.  -1 with errno 0 after reporting, or not. */
static int
read_target(struct target *t, const struct attach_job *j)
{
	const char *text = attach_target(j);
	const char *colon = find_colon(text, j->way == &way_usdt);
	char *name;

	*t = (struct target){ .pid = -1 };
	if (!is_whole(text, j->way))
		return attach_refuse(j, "expected %s", j->way->syntax);
	if (attach_pid(j->where, &t->pid) == -1) {
		errno = 0;
		return -1;
	}
	if (j->way == &way_usdt)
		t->symbol = strdup(colon + 1);
	else if (attach_symbol(j, colon + 1, &t->symbol, &t->offset) == -1)
		return -1;
	name = strndup(text, (size_t)(colon - text));
	if (t->symbol == NULL || name == NULL) {
		free(name);
		errno = ENOMEM;
		return -1;
	}
	errno = 0;
	t->file = attach_file(j, name, t->pid);
	free(name);
	return t->file != NULL ? 0 : -1;
}

static bool
add_offset(struct matches *m, uint64_t offset)
{
	uint64_t *v;

	for (size_t i = 0; i < m->n; i++)
		if (m->offsets[i] == offset)
			return true;
	v = reallocarray(m->offsets, m->n + 1, sizeof(*v));
	if (v == NULL) {
		m->failed = true;
		return false;
	}
	m->offsets = v;
	m->offsets[m->n++] = offset;
	return true;
}

/* A global function is what is meant by a name that static ones have too. */
static bool
match_function(void *ctx, const struct elf_function *f)
{
	struct matches *m = ctx;

	if (m->pattern)
		return fnmatch(m->wanted, f->name, 0) != 0 ||
		       add_offset(m, f->offset);
	suggest_offer(&m->near, f->name);
	if (strcmp(m->wanted, f->name) != 0 ||
	    (m->n > 0 && f->local && !m->local))
		return true;
	if (m->local && !f->local)
		m->n = 0;
	m->local = f->local;
	return add_offset(m, f->offset);
}

/* Report that there is no such function. */
static int
no_function(
    const struct attach_job *j, const struct target *t, const struct matches *m)
{
	char *near = suggest_text(&m->near);
	int ret;

	if (m->pattern)
		ret = attach_refuse(
		    j, "no function of %s matches %s", t->file, t->symbol);
	else if (m->near.seen == 0)
		ret = attach_refuse(j,
		    "%s names no functions: it is stripped; "
		    "give the offset in the file",
		    t->file);
	else
		ret = attach_refuse(j, "%s has no function %s%s", t->file,
		    t->symbol, near != NULL ? near : "");
	free(near);
	return ret;
}

/* Report that there are several functions of the name. */
static int
ambiguous(
    const struct attach_job *j, const struct target *t, const struct matches *m)
{
	struct buf list = { 0 };
	int ret;

	for (size_t i = 0; i < m->n; i++)
		buf_printf(&list, ", 0x%" PRIx64, m->offsets[i]);
	buf_chr(&list, '\0');
	ret = attach_refuse(j,
	    "%s has %zu functions %s; give the offset of one%s", t->file, m->n,
	    t->symbol, list.failed ? "" : list.data);
	buf_free(&list);
	return ret;
}

static int
attach_at(const struct attach_job *j, struct attachment *a,
    const struct target *t, uint64_t offset)
{
	const struct bpf_uprobe_opts opts = {
		.sz = sizeof(opts),
		.retprobe = is_return(j->way),
	};

	return attach_hold_link(a, bpf_program__attach_uprobe_opts(j->program,
				       t->pid, t->file, offset, &opts));
}

static int
attach_matches(const struct attach_job *j, struct attachment *a,
    const struct target *t, const struct matches *m)
{
	int ret = 0;

	if (m->failed) {
		errno = ENOMEM;
		return -1;
	}
	if (m->n == 0)
		return no_function(j, t, m);
	if (m->n > 1 && !m->pattern)
		return ambiguous(j, t, m);
	for (size_t i = 0; ret == 0 && i < m->n; i++)
		ret = attach_at(j, a, t, m->offsets[i] + t->offset);
	return ret;
}

/* Report that the file cannot be read. */
static int
bad_file(const struct attach_job *j, const struct target *t)
{
	return attach_refuse(j, "%s: %s", t->file,
	    errno == ENOEXEC ? "not an ELF file" : strerror(errno));
}

/* Put it at the function, or at each that matches. */
static int
attach_symbols(
    const struct attach_job *j, struct attachment *a, const struct target *t)
{
	struct matches m = {
		.wanted = t->symbol,
		.pattern = is_multi(j->way),
		.near.wanted = t->symbol,
	};
	int ret, error;

	if (is_return(j->way) && t->offset != 0)
		return attach_refuse(j, "a return has no offset");
	if (elf_functions(t->file, match_function, &m) == -1)
		ret = bad_file(j, t);
	else
		ret = attach_matches(j, a, t, &m);
	error = errno;
	free(m.offsets);
	errno = error;
	return ret;
}

/* Report why the kernel makes no probe, or leave it to errno. */
static int
refused(const struct attach_job *j, const struct target *t)
{
	if (errno == 0)
		return -1;
	/* The kernel asks for no less (kernel/events/core.c). */
	if (errno == EACCES && !privilege_is_admin())
		return attach_refuse(j, "needs CAP_SYS_ADMIN; run as root");
	if (errno == ESRCH && t->pid != -1)
		return attach_refuse(j, "there is no process %d", t->pid);
	if (errno == EINVAL || errno == EILSEQ)
		return attach_refuse(
		    j, "no instruction of %s can be traced there", t->file);
	return -1;
}

static int
attach_uprobe(const struct attach_job *j, struct attachment *a)
{
	struct target t;
	uint64_t at;
	int ret, error;

	if (access(UPROBE_UNIT, F_OK) == -1)
		return attach_refuse(j, "this kernel has no uprobes");
	ret = read_target(&t, j);
	if (ret == 0) {
		ret = attach_read_offset(t.symbol, &at)
			  ? attach_at(j, a, &t, at + t.offset)
			  : attach_symbols(j, a, &t);
		if (ret == -1)
			ret = refused(j, &t);
	}
	error = errno;
	free_target(&t);
	errno = error;
	return ret;
}

/* Looking for one probe among a file's. */
struct probe_search {
	const char *provider, *name;
	bool found;
	struct suggest near;
};

static bool
match_probe(void *ctx, const char *provider, const char *name)
{
	struct probe_search *s = ctx;
	char both[SUGGEST_NAME];

	s->found =
	    strcmp(provider, s->provider) == 0 && strcmp(name, s->name) == 0;
	if (snprintf(both, sizeof(both), "%s:%s", provider, name) <
	    (int)sizeof(both))
		suggest_offer(&s->near, both);
	return !s->found;
}

/* Report that there is no such probe. */
static int
no_probe(const struct attach_job *j, const struct target *t,
    const struct probe_search *s)
{
	char *near = suggest_text(&s->near);
	int ret;

	if (s->near.seen == 0)
		ret = attach_refuse(j, "%s has no USDT probes", t->file);
	else
		ret = attach_refuse(j, "%s has no USDT probe %s%s", t->file,
		    s->near.wanted, near != NULL ? near : "");
	free(near);
	return ret;
}

static int
attach_probe(const struct attach_job *j, struct attachment *a,
    const struct target *t, const char *both)
{
	char *colon = strchr(t->symbol, ':');
	struct probe_search s = {
		.provider = t->symbol,
		.name = colon + 1,
		.near.wanted = both,
	};

	*colon = '\0';
	if (elf_probes(t->file, match_probe, &s) == -1)
		return bad_file(j, t);
	if (!s.found)
		return no_probe(j, t, &s);
	if (bpf_object__find_map_by_name(j->object->bpf, "__bpf_usdt_specs") ==
	    NULL)
		return attach_refuse(j, "its object knows nothing of USDT "
					"probes; it has to include "
					"bpf/usdt.bpf.h");
	return attach_hold_link(a, bpf_program__attach_usdt(j->program, t->pid,
				       t->file, s.provider, s.name, NULL));
}

static int
attach_usdt(const struct attach_job *j, struct attachment *a)
{
	char *both = NULL;
	struct target t;
	int ret, error;

	if (access(UPROBE_UNIT, F_OK) == -1)
		return attach_refuse(j, "this kernel has no uprobes");
	ret = read_target(&t, j);
	if (ret == 0 && (both = strdup(t.symbol)) == NULL)
		ret = -1;
	if (ret == 0 && (ret = attach_probe(j, a, &t, both)) == -1)
		ret = refused(j, &t);
	error = errno;
	free(both);
	free_target(&t);
	errno = error;
	return ret;
}

static const char *const function_keys[] = { "offset", "pid", NULL };
static const char *const pid_keys[] = { "pid", NULL };

const struct way way_uprobe = {
	.name = "uprobe",
	.syntax = "uprobe:FILE:FUNCTION[,offset=N][,pid=PID]",
	.keys = function_keys,
	.section_says = true,
	.parse = parse_uprobe,
	.prepare = prepare_uprobe,
	.attach = attach_uprobe,
};

const struct way way_uretprobe = {
	.name = "uretprobe",
	.syntax = "uretprobe:FILE:FUNCTION[,pid=PID]",
	.keys = pid_keys,
	.section_says = true,
	.parse = parse_uprobe,
	.prepare = prepare_uprobe,
	.attach = attach_uprobe,
};

const struct way way_uprobe_multi = {
	.name = "uprobe.multi",
	.syntax = "uprobe.multi:FILE:PATTERN[,pid=PID]",
	.keys = pid_keys,
	.section_says = true,
	.parse = parse_uprobe,
	.prepare = prepare_uprobe,
	.attach = attach_uprobe,
};

const struct way way_uretprobe_multi = {
	.name = "uretprobe.multi",
	.syntax = "uretprobe.multi:FILE:PATTERN[,pid=PID]",
	.keys = pid_keys,
	.section_says = true,
	.parse = parse_uprobe,
	.prepare = prepare_uprobe,
	.attach = attach_uprobe,
};

const struct way way_usdt = {
	.name = "usdt",
	.syntax = "usdt:FILE:PROVIDER:NAME[,pid=PID]",
	.keys = pid_keys,
	.section_says = true,
	.parse = parse_uprobe,
	.prepare = prepare_uprobe,
	.attach = attach_usdt,
};
