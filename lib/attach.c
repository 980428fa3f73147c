#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "buf.h"
#include "heard.h"
#include "mount.h"
#include "privilege.h"
#include "report.h"
#include "util.h"

/* One program that is to be attached. */
struct job {
	const struct package_program *listed;
	struct bpf_program *program;
	const struct kind *kind;
	const char *where; /* what "-a" says, or NULL */
};

/* Returns the link, or NULL with errno set. */
typedef struct bpf_link *attach_fn(const struct job *j);

/* A way to attach. */
struct way {
	attach_fn *attach;
	const char *place; /* what "-a" has to give: "cgroup:", or NULL */
	bool tracefs;      /* libbpf reads an id from tracefs */
};

struct kind {
	const char *name;
	enum bpf_prog_type type;
	const char *section; /* how the section's name starts */
	const struct way *way;
	const char *missing; /* what an ENOENT means */
};

/* Where the section's name says it all. */
static struct bpf_link *
attach_by_section(const struct job *j)
{
	return bpf_program__attach(j->program);
}

static struct bpf_link *
attach_cgroup(const struct job *j)
{
	const char *path = strchr(j->where, ':') + 1;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error;
	struct bpf_link *link;

	if (fd == -1)
		return NULL;
	link = bpf_program__attach_cgroup(j->program, fd);
	error = errno;
	close(fd);
	errno = error;
	return link;
}

static const struct way by_section = { attach_by_section, NULL, false };
static const struct way by_tracefs = { attach_by_section, NULL, true };
static const struct way to_cgroup = { attach_cgroup, "cgroup:", false };

static const char no_tracepoint[] = "this kernel has no such tracepoint";
static const char no_function[] =
    "this kernel has no such function, or does not let it be traced";
static const char no_symbol[] = "no such file, or no such symbol in it";
static const char no_probe[] = "no such file, or no such probe in it";
static const char no_iter[] = "this kernel has no such iterator";
static const char no_hook[] = "this kernel has no such hook";
static const char no_cgroup[] = "no such cgroup";

/* The first row that fits a program says how it is attached; a program without
 * a row cannot be. */
static const struct kind kinds[] = {
	{ "tracepoint", BPF_PROG_TYPE_TRACEPOINT, "", &by_tracefs,
	    no_tracepoint },
	{ "raw_tracepoint", BPF_PROG_TYPE_RAW_TRACEPOINT, "", &by_section,
	    no_tracepoint },
	{ "raw_tracepoint", BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, "",
	    &by_section, no_tracepoint },
	{ "tp_btf", BPF_PROG_TYPE_TRACING, "tp_btf", &by_section,
	    no_tracepoint },
	{ "iter", BPF_PROG_TYPE_TRACING, "iter", &by_section, no_iter },
	{ "fexit", BPF_PROG_TYPE_TRACING, "fexit", &by_section, no_function },
	{ "fmod_ret", BPF_PROG_TYPE_TRACING, "fmod_ret", &by_section,
	    no_function },
	{ "fentry", BPF_PROG_TYPE_TRACING, "", &by_section, no_function },
	{ "usdt", BPF_PROG_TYPE_KPROBE, "usdt", &by_section, no_probe },
	{ "uprobe", BPF_PROG_TYPE_KPROBE, "u", &by_section, no_symbol },
	{ "kprobe", BPF_PROG_TYPE_KPROBE, "", &by_tracefs, no_function },
	{ "lsm_cgroup", BPF_PROG_TYPE_LSM, "lsm_cgroup", &to_cgroup,
	    no_cgroup },
	{ "lsm", BPF_PROG_TYPE_LSM, "", &by_section, no_hook },
	{ "cgroup_skb", BPF_PROG_TYPE_CGROUP_SKB, "", &to_cgroup, no_cgroup },
	{ "cgroup_sock", BPF_PROG_TYPE_CGROUP_SOCK, "", &to_cgroup, no_cgroup },
	{ "cgroup_sock_addr", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "", &to_cgroup,
	    no_cgroup },
	{ "cgroup_device", BPF_PROG_TYPE_CGROUP_DEVICE, "", &to_cgroup,
	    no_cgroup },
	{ "cgroup_sysctl", BPF_PROG_TYPE_CGROUP_SYSCTL, "", &to_cgroup,
	    no_cgroup },
	{ "cgroup_sockopt", BPF_PROG_TYPE_CGROUP_SOCKOPT, "", &to_cgroup,
	    no_cgroup },
	{ "sock_ops", BPF_PROG_TYPE_SOCK_OPS, "", &to_cgroup, no_cgroup },
};

static const struct kind *
find_kind(const struct bpf_program *p)
{
	const char *section = bpf_program__section_name(p);

	/* "?" keeps libbpf from loading it unasked. */
	section += *section == '?';
	for (size_t i = 0; i < nitems(kinds); i++) {
		const struct kind *k = &kinds[i];

		if (k->type == bpf_program__type(p) &&
		    strncmp(section, k->section, strlen(k->section)) == 0)
			return k;
	}
	return NULL;
}

const char *
attach_kind(const struct bpf_program *program)
{
	const struct kind *k = find_kind(program);
	const char *name;

	if (k != NULL)
		return k->name;
	name = libbpf_bpf_prog_type_str(bpf_program__type(program));
	return name != NULL ? name : "unknown";
}

int
attach_where_parse(struct attach_where *w, const char *text)
{
	const char *equals = strchr(text, '=');
	const char *where = equals != NULL ? equals + 1 : "";

	*w = (struct attach_where){ 0 };
	if (equals == NULL || equals == text) {
		report_error("-a %s: expected PROGRAM=WHERE", text);
		return -1;
	}
	if (strcmp(where, "off") != 0 &&
	    (strncmp(where, "cgroup:", 7) != 0 || where[7] == '\0')) {
		report_error("-a %s: WHERE is off or cgroup:PATH", text);
		return -1;
	}
	w->where = where;
	w->program = strndup(text, (size_t)(equals - text));
	return w->program != NULL ? 0 : report_nomem();
}

void
attach_where_free(struct attach_where *w)
{
	free(w->program);
}

/* The last where for this program, or NULL. */
static const char *
find_where(const struct attach_where *wheres, size_t n, const char *program)
{
	while (n-- > 0)
		if (strcmp(wheres[n].program, program) == 0)
			return wheres[n].where;
	return NULL;
}

/*
 * What to do with a listed program.  Returns 1 with *j set, 0 when it is not
 * to be attached, or -1 after reporting that it cannot be.
 */
static int
job_new(struct job *j, const struct object *o,
    const struct package_program *listed, const char *where)
{
	const char *place;

	*j = (struct job){ .listed = listed, .where = where };
	if (where != NULL ? strcmp(where, "off") == 0 : !listed->link)
		return 0;
	j->program = bpf_object__find_program_by_name(o->bpf, listed->name);
	if (j->program == NULL) {
		report_error("program %s is not in the object", listed->name);
		return -1;
	}
	if (!bpf_program__autoload(j->program))
		return 0;
	j->kind = find_kind(j->program);
	place = j->kind != NULL ? j->kind->way->place : NULL;
	if (j->kind == NULL)
		report_error("program %s: %s programs cannot be attached yet; "
			     "leave it out with -a %s=off",
		    listed->name, attach_kind(j->program), listed->name);
	else if (place != NULL && where == NULL)
		report_error("program %s: say where it goes: -a %s=%sPATH",
		    listed->name, listed->name, place);
	else if (where != NULL &&
		 (place == NULL || strncmp(where, place, strlen(place))))
		report_error("program %s: %s programs cannot go to %s",
		    listed->name, j->kind->name, where);
	else
		return 1;
	return -1;
}

/* Whether the package lists a program of this name. */
static int
check_name(const struct package *p, const char *name)
{
	struct buf names = { 0 };

	for (size_t i = 0; i < p->nprograms; i++) {
		if (strcmp(p->programs[i].name, name) == 0) {
			buf_free(&names);
			return 0;
		}
		buf_printf(
		    &names, "%s%s", i > 0 ? ", " : "", p->programs[i].name);
	}
	report_error("-a %s: %s has no such program; it has: %.*s", name,
	    p->name, (int)names.len, names.len > 0 ? names.data : "");
	buf_free(&names);
	return -1;
}

int
attach_check(
    const struct object *o, const struct attach_where *wheres, size_t nwheres)
{
	const struct package *p = o->package;
	struct job j;

	for (size_t i = 0; i < nwheres; i++)
		if (check_name(p, wheres[i].program) == -1)
			return -1;
	for (size_t i = 0; i < p->nprograms; i++)
		if (job_new(&j, o, &p->programs[i],
			find_where(wheres, nwheres, p->programs[i].name)) == -1)
			return -1;
	return 0;
}

/* Report why the program could not be attached. */
static void
report_failure(const struct job *j, int error)
{
	const char *name = j->listed->name;
	const char *to =
	    j->where != NULL ? j->where : bpf_program__section_name(j->program);
	char *where;

	if (error == EPERM || error == EACCES) {
		if (asprintf(&where, "program %s: %s", name, to) != -1) {
			privilege_report(where);
			free(where);
		}
	} else if (error == ENOENT) {
		report_error("program %s: %s: %s", name, to, j->kind->missing);
	} else if (error == EOPNOTSUPP && j->where == NULL) {
		report_error("program %s: its section name, %s, does not say "
			     "where to attach it; leave it out with -a %s=off",
		    name, to, name);
	} else {
		report_error("program %s: %s: cannot be attached: %s", name, to,
		    strerror(error));
		heard_report();
	}
}

static int
attach_one(struct attachment *a, const struct job *j)
{
	heard_forget();
	if (j->kind->way->tracefs && mount_tracefs() == -1)
		return -1;
	errno = 0;
	a->program = j->program;
	a->link = j->kind->way->attach(j);
	if (a->link == NULL) {
		report_failure(j, errno);
		return -1;
	}
	report_info("program %s: attached to %s", j->listed->name,
	    j->where != NULL ? j->where
			     : bpf_program__section_name(j->program));
	return 0;
}

int
attach_all(struct attachments *a, const struct object *o,
    const struct attach_where *wheres, size_t nwheres)
{
	const struct package *p = o->package;

	*a = (struct attachments){ 0 };
	if (attach_check(o, wheres, nwheres) == -1)
		return -1;
	a->v = calloc(p->nprograms + 1, sizeof(*a->v));
	if (a->v == NULL)
		return report_nomem();
	for (size_t i = 0; i < p->nprograms; i++) {
		struct job j;

		if (job_new(&j, o, &p->programs[i],
			find_where(wheres, nwheres, p->programs[i].name)) != 1)
			continue;
		if (attach_one(&a->v[a->n], &j) == -1) {
			attach_close(a);
			return -1;
		}
		a->n++;
	}
	return 0;
}

void
attach_close(struct attachments *a)
{
	while (a->n > 0)
		bpf_link__destroy(a->v[--a->n].link);
	free(a->v);
	*a = (struct attachments){ 0 };
}
