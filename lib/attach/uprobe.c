/*
 * Probes of programs and libraries: functions, by name, pattern or offset, and
 * USDT probes.
 */
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attach/file.h"
#include "attach/way.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/report.h"
#include "base/suggest.h"
#include "elf/elf-names.h"
#include "host/privilege.h"
#include "load/uprobe-multi.h"

enum { VARIANTS_BYTES = 80 }; /* of names of implementations, about */

struct uprobe_target {
	int pid; /* -1: any */
	struct attach_file file;
	char *symbol; /* owned: function, pattern, or PROVIDER:NAME */
	uint64_t offset;
};

/* The functions of a file with the wanted name, or that match the pattern. */
struct function_matches {
	const char *wanted; /* borrowed */
	bool pattern;
	struct hash offsets; /* of struct hash_key: each offset once, in a */
	bool local;          /* the matches are static functions */
	bool indirect;       /* the wanted one is indirect (IFUNC) */
	struct buf variants; /* names that may be of its implementations */
	bool failed;         /* memory ran out */
	struct suggest near;
};

/* The colon before the function; of a USDT probe, before the provider. */
static const char *
symbol_colon(const char *target, bool usdt)
{
	const char *last = strrchr(target, ':'), *colon = NULL;

	if (!usdt || last == NULL)
		return last;
	for (const char *p = strchr(target, ':'); p != last;
	     p = strchr(p + 1, ':'))
		colon = p;
	return colon;
}

/* Whether the target has all of its parts. */
static bool
is_complete(const char *target, const struct attach_way *way)
{
	const char *colon = symbol_colon(target, way == &attach_way_usdt);

	return colon != NULL && colon != target && colon[1] != '\0' &&
	       colon[1] != ':' && colon[strlen(colon) - 1] != ':';
}

/* Set *pid to the option "pid", or to -1. */
static struct attach_error
parse_pid(const struct attach_where *w, int *pid)
{
	uint64_t n = 0;
	struct attach_error e = attach_option_number(w, "pid", 1, INT_MAX, &n);

	*pid = n != 0 ? (int)n : -1;
	return e;
}

static struct attach_error
parse_uprobe(const struct attach_where *w)
{
	struct attach_error e;
	int pid;

	if (!is_complete(w->target, w->way))
		return attach_invalid("expected %s", w->way->syntax);
	e = parse_pid(w, &pid);
	return e.failure == ATTACH_OK ? attach_option_offset(w) : e;
}

/* The error for a target that lacks a part: of "-a", or of a section such as
 * uprobe/FUNCTION, which names no file. */
static struct attach_error
incomplete_target(const struct attach_job *j)
{
	if (j->where != NULL)
		return attach_invalid("expected %s", j->way->syntax);
	return attach_invalid("its section does not name all of its target; "
			      "give it with -a %s=%s",
	    j->listed->name, j->way->syntax);
}

/* Parse the job's target.  The caller frees t after a failure too. */
static struct attach_error
parse_uprobe_target(struct uprobe_target *t, const struct attach_job *j)
{
	const char *text = attach_job_target(j);
	const char *colon = symbol_colon(text, j->way == &attach_way_usdt);
	struct attach_error e;
	char *name;

	*t = (struct uprobe_target){ .pid = -1, .file.fd = -1 };
	if (!is_complete(text, j->way))
		return incomplete_target(j);
	e = parse_pid(j->where, &t->pid);
	if (e.failure != ATTACH_OK)
		return e;
	if (j->way != &attach_way_usdt) {
		e = attach_job_parse_symbol(
		    j, colon + 1, &t->symbol, &t->offset);
		if (e.failure != ATTACH_OK)
			return e;
	} else if ((t->symbol = strdup(colon + 1)) == NULL) {
		return attach_errno(ENOMEM);
	}
	name = strndup(text, (size_t)(colon - text));
	if (name == NULL)
		return attach_errno(ENOMEM);
	e = attach_file_find(name, t->pid, &t->file);
	free(name);
	return e;
}

static bool
add_offset(struct function_matches *m, uint64_t offset)
{
	const struct hash_key key = { .a = offset };

	if (hash_find(&m->offsets, key) == NULL &&
	    hash_add(&m->offsets, key) == NULL)
		m->failed = true;
	return !m->failed;
}

static uint64_t
get_match(const struct function_matches *m, size_t i)
{
	const struct hash_key *key = hash_at(&m->offsets, i);

	return key->a;
}

/* Note a function that may be an implementation of the wanted one, as
 * __strlen_avx2 is of strlen. */
static void
note_variant(struct function_matches *m, const char *name)
{
	size_t n = strlen(m->wanted);
	const char *bare = name + strspn(name, "_");

	if (strncmp(bare, m->wanted, n) == 0 &&
	    (bare[n] == '_' || bare[n] == '.') &&
	    m->variants.len < VARIANTS_BYTES)
		buf_printf(&m->variants, "%s%s",
		    m->variants.len > 0 ? ", " : "", name);
}

/* A name that a global function and static ones share means the global one. */
static bool
match_function(void *ctx, const struct elf_function *f)
{
	struct function_matches *m = ctx;

	if (m->pattern)
		return f->indirect || fnmatch(m->wanted, f->name, 0) != 0 ||
		       add_offset(m, f->offset);
	if (f->indirect) {
		m->indirect |= strcmp(m->wanted, f->name) == 0;
		return true;
	}
	suggest_offer(&m->near, f->name);
	note_variant(m, f->name);
	if (strcmp(m->wanted, f->name) != 0 ||
	    (m->offsets.n > 0 && f->local && !m->local))
		return true;
	if (m->local && !f->local)
		hash_free(&m->offsets);
	m->local = f->local;
	return add_offset(m, f->offset);
}

static struct attach_error
indirect_function(
    const struct uprobe_target *t, const struct function_matches *m)
{
	if (m->variants.len == 0)
		return attach_invalid("%s is an indirect function (IFUNC) of "
				      "%s, which has no names of its "
				      "implementations; give the offset of one",
		    t->symbol, t->file.name);
	return attach_invalid(
	    "%s is an indirect function (IFUNC) of %s; name the "
	    "implementation that this machine uses, such as: %.*s",
	    t->symbol, t->file.name, (int)m->variants.len, m->variants.data);
}

static struct attach_error
no_user_function(
    const struct uprobe_target *t, const struct function_matches *m)
{
	char *near = suggest_text(&m->near);
	struct attach_error e;

	if (m->pattern)
		e = attach_missing(
		    "no function of %s matches %s", t->file.name, t->symbol);
	else if (m->near.seen == 0)
		e = attach_invalid("%s has no names of functions, because it "
				   "is stripped; give the offset in the file",
		    t->file.name);
	else
		e = attach_missing("%s has no function %s%s", t->file.name,
		    t->symbol, near != NULL ? near : "");
	free(near);
	return e;
}

static struct attach_error
ambiguous_function(
    const struct uprobe_target *t, const struct function_matches *m)
{
	struct buf list = { 0 };
	struct attach_error e;

	for (size_t i = 0; i < m->offsets.n; i++)
		buf_printf(&list, ", 0x%" PRIx64, get_match(m, i));
	buf_chr(&list, '\0');
	e = attach_invalid("%s has %zu functions %s; give the offset of one%s",
	    t->file.name, m->offsets.n, t->symbol,
	    list.failed ? "" : list.data);
	buf_free(&list);
	return e;
}

/* Attach to all offsets by one link. */
static struct attach_error
attach_multi(const struct attach_job *j, struct attachment *a,
    const struct uprobe_target *t, const uint64_t *offsets, size_t n)
{
	return attach_hold_fd(
	    a, uprobe_multi_attach(bpf_program__fd(j->program), t->file.path,
		   offsets, n, j->way->at_return, t->pid));
}

/* Whether the program is verified for links of many places. */
static bool
is_multi(const struct attach_job *j)
{
	return (int)bpf_program__expected_attach_type(j->program) ==
	       UPROBE_MULTI_TYPE;
}

static struct attach_error
attach_offset(const struct attach_job *j, struct attachment *a,
    const struct uprobe_target *t, uint64_t offset)
{
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .retprobe = j->way->at_return);

	if (is_multi(j))
		return attach_multi(j, a, t, &offset, 1);
	return attach_hold_link(a, bpf_program__attach_uprobe_opts(j->program,
				       t->pid, t->file.path, offset, &opts));
}

static struct attach_error
attach_matches_multi(const struct attach_job *j, struct attachment *a,
    const struct uprobe_target *t, const struct function_matches *m)
{
	uint64_t *offsets = calloc(m->offsets.n, sizeof(*offsets));
	struct attach_error e;

	if (offsets == NULL)
		return attach_errno(ENOMEM);
	for (size_t i = 0; i < m->offsets.n; i++)
		offsets[i] = get_match(m, i) + t->offset;
	e = attach_multi(j, a, t, offsets, m->offsets.n);
	free(offsets);
	return e;
}

static struct attach_error
attach_matches(const struct attach_job *j, struct attachment *a,
    const struct uprobe_target *t, const struct function_matches *m)
{
	struct attach_error e = ATTACH_SUCCESS;

	if (m->failed || m->variants.failed)
		return attach_errno(ENOMEM);
	/* A direct one beside it is an old version, which nobody calls. */
	if (m->indirect)
		return indirect_function(t, m);
	if (m->offsets.n == 0)
		return no_user_function(t, m);
	if (m->offsets.n > 1 && !m->pattern)
		return ambiguous_function(t, m);
	if (is_multi(j))
		return attach_matches_multi(j, a, t, m);
	for (size_t i = 0; e.failure == ATTACH_OK && i < m->offsets.n; i++)
		e = attach_offset(j, a, t, get_match(m, i) + t->offset);
	return e;
}

static struct attach_error
unreadable_file(const struct uprobe_target *t, int error)
{
	return attach_invalid("%s: %s", t->file.name,
	    error == ENOEXEC ? "not an ELF file" : report_error_text(error));
}

/* Attach to the function, or to each that matches the pattern. */
static struct attach_error
attach_symbol(const struct attach_job *j, struct attachment *a,
    const struct uprobe_target *t)
{
	struct function_matches m = {
		.wanted = t->symbol,
		.pattern = j->way->pattern,
		.offsets.size = sizeof(struct hash_key),
		.near.wanted = t->symbol,
	};
	struct attach_error e;

	if (j->way->at_return && t->offset != 0)
		return attach_invalid("a return probe has no offset");
	if (elf_names_read_functions(t->file.path, match_function, &m) == -1)
		e = unreadable_file(t, errno);
	else
		e = attach_matches(j, a, t, &m);
	hash_free(&m.offsets);
	buf_free(&m.variants);
	return e;
}

/* The search for one USDT probe among those of a file. */
struct usdt_search {
	bool found;
	struct suggest near; /* for "PROVIDER:NAME" */
};

static bool
match_usdt(void *ctx, const char *provider, const char *name)
{
	struct usdt_search *s = ctx;
	size_t n = strlen(provider);
	char both[SUGGEST_NAME];

	s->found = strncmp(s->near.wanted, provider, n) == 0 &&
		   s->near.wanted[n] == ':' &&
		   strcmp(s->near.wanted + n + 1, name) == 0;
	if (snprintf(both, sizeof(both), "%s:%s", provider, name) <
	    (int)sizeof(both))
		suggest_offer(&s->near, both);
	return !s->found;
}

static struct attach_error
no_usdt(const struct uprobe_target *t, const struct usdt_search *s)
{
	char *near = suggest_text(&s->near);
	struct attach_error e;

	if (s->near.seen == 0)
		e = attach_missing("%s has no USDT probes", t->file.name);
	else
		e = attach_missing("%s has no USDT probe %s%s", t->file.name,
		    t->symbol, near != NULL ? near : "");
	free(near);
	return e;
}

static struct attach_error
attach_usdt(const struct attach_job *j, struct attachment *a,
    const struct uprobe_target *t)
{
	struct usdt_search s = { .near.wanted = t->symbol };
	char *name = strchr(t->symbol, ':'), *path;
	struct attach_error e;

	if (elf_names_read_probes(t->file.path, match_usdt, &s) == -1)
		return unreadable_file(t, errno);
	if (!s.found)
		return no_usdt(t, &s);
	if (object_names_map(&j->object->names, "__bpf_usdt_specs") == NULL)
		return attach_invalid("the object cannot handle USDT probes; "
				      "its source must include "
				      "bpf/usdt.bpf.h");
	e = attach_file_mapped_path(&t->file, t->pid, &path);
	if (e.failure != ATTACH_OK)
		return e;
	*name++ = '\0';
	e = attach_hold_link(a, bpf_program__attach_usdt(j->program, t->pid,
				    path, t->symbol, name, NULL));
	free(path);
	return e;
}

/* Replace the kernel's error by what it means for a probe of user space. */
static struct attach_error
explain_uprobe(const struct uprobe_target *t, struct attach_error e)
{
	/* The kernel requires it (kernel/events/core.c). */
	if (e.error == EACCES && privilege_lacks(CAP_SYS_ADMIN))
		return attach_invalid(
		    "needs CAP_SYS_ADMIN; run as root%s", privilege_whose());
	if (e.error == ESRCH && t->pid != -1)
		return attach_invalid("there is no process %d", t->pid);
	if (e.error == EINVAL || e.error == EILSEQ)
		return attach_invalid(
		    "no instruction of %s can be probed there", t->file.name);
	if (e.error == EOPNOTSUPP || e.error == KERNEL_ENOTSUPP)
		return attach_invalid("the kernel cannot put a probe there: "
				      "the offset may be in the middle of an "
				      "instruction, or the instruction is one "
				      "that it cannot probe");
	return e;
}

/* Check that the file is one that programs are run from. */
static struct attach_error
check_file(const struct uprobe_target *t, uint64_t offset)
{
	struct stat st;

	if (stat(t->file.path, &st) == -1)
		return ATTACH_SUCCESS;
	if (S_ISDIR(st.st_mode))
		return attach_invalid("%s: a directory; give the path of a "
				      "program or library",
		    t->file.name);
	if (!S_ISREG(st.st_mode))
		return attach_invalid("%s: not a regular file", t->file.name);
	if (st.st_size > 0 && offset >= (uint64_t)st.st_size)
		return attach_invalid("%s has only %jd bytes", t->file.name,
		    (intmax_t)st.st_size);
	return ATTACH_SUCCESS;
}

static struct attach_error
attach_uprobe(const struct attach_job *j, struct attachment *a)
{
	struct uprobe_target t;
	struct attach_error e;
	uint64_t offset = 0;
	bool number;

	e = attach_check_pmu("uprobe");
	if (e.failure != ATTACH_OK)
		return e;
	/* Files are named by their descriptors. */
	if (access("/proc/self/fd", F_OK) == -1)
		return attach_invalid("uprobes need /proc: mount it");
	e = parse_uprobe_target(&t, j);
	number = e.failure == ATTACH_OK && j->way != &attach_way_usdt &&
		 attach_parse_number(t.symbol, &offset);
	if (e.failure == ATTACH_OK)
		e = check_file(&t, number ? offset : 0);
	if (e.failure == ATTACH_OK) {
		if (j->way == &attach_way_usdt)
			e = attach_usdt(j, a, &t);
		else if (number)
			e = attach_offset(j, a, &t, offset + t.offset);
		else
			e = attach_symbol(j, a, &t);
		e = explain_uprobe(&t, e);
	}
	attach_file_close(&t.file);
	free(t.symbol);
	return e;
}

/* Have the program of a pattern verified for links of many places if the kernel
 * has these. */
static struct attach_error
prepare_pattern(const struct attach_job *j)
{
	if (uprobe_multi_is_there())
		bpf_program__set_expected_attach_type(
		    j->program, (enum bpf_attach_type)UPROBE_MULTI_TYPE);
	return ATTACH_SUCCESS;
}

static const char *const uprobe_keys[] = { "offset", "pid", NULL };
static const char *const pid_keys[] = { "pid", NULL };

/* On kernels before 6.6 each function that matches a pattern gets a probe of
 * its own, verified as a single one; so does that of a program that has a
 * single place too. */
#define USER_WAY(way, target, option_keys, is_return, is_pattern)              \
	{                                                                      \
		.name = (way), .syntax = way ":" target,                       \
		.keys = (option_keys), .section_target = true,                 \
		.at_return = (is_return), .pattern = (is_pattern),             \
		.parse = parse_uprobe, .prepare = attach_job_prepare_probe,    \
		.prepare_alone = (is_pattern) ? prepare_pattern : NULL,        \
		.attach = attach_uprobe,                                       \
	}

const struct attach_way attach_way_uprobe = USER_WAY(
    "uprobe", "FILE:FUNCTION[,offset=N][,pid=PID]", uprobe_keys, false, false);
const struct attach_way attach_way_uretprobe =
    USER_WAY("uretprobe", "FILE:FUNCTION[,pid=PID]", pid_keys, true, false);
const struct attach_way attach_way_uprobe_multi =
    USER_WAY("uprobe.multi", "FILE:PATTERN[,pid=PID]", pid_keys, false, true);
const struct attach_way attach_way_uretprobe_multi =
    USER_WAY("uretprobe.multi", "FILE:PATTERN[,pid=PID]", pid_keys, true, true);
const struct attach_way attach_way_usdt =
    USER_WAY("usdt", "FILE:PROVIDER:NAME[,pid=PID]", pid_keys, false, false);
