#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "attach/forms.h"
#include "attach/way.h"
#include "base/hash.h"
#include "base/report.h"
#include "base/util.h"
#include "elf/map-refs.h"
#include "load/kernel-names.h"

/* What fentry and kprobe.multi are made of; a kernel without these functions
 * has no such programs. */
#define FENTRY_BASE "register_ftrace_direct"
#define MULTI_BASE "register_fprobe_ips"

enum {
	RANKS = 4,
	PAIR_MAX = 16, /* programs of a side that are looked at for state */
};

enum form_class { FORM_TRACEPOINT, FORM_FUNCTION, FORM_USER };

enum { SIDE_ENTRY = 1, SIDE_RETURN = 2, SIDE_BOTH = 3 };

/* The forms of a class by their rank: 0 is the best. */
static const struct form {
	const struct attach_way *way;
	enum form_class class;
	unsigned int rank, side;
} forms[] = {
	{ &attach_way_tp_btf, FORM_TRACEPOINT, 0, SIDE_ENTRY },
	{ &attach_way_raw_tp, FORM_TRACEPOINT, 1, SIDE_ENTRY },
	{ &attach_way_tracepoint, FORM_TRACEPOINT, 2, SIDE_ENTRY },
	{ &attach_way_fentry, FORM_FUNCTION, 0, SIDE_ENTRY },
	{ &attach_way_fexit, FORM_FUNCTION, 0, SIDE_RETURN },
	{ &attach_way_kprobe_multi, FORM_FUNCTION, 1, SIDE_ENTRY },
	{ &attach_way_kretprobe_multi, FORM_FUNCTION, 1, SIDE_RETURN },
	{ &attach_way_ksyscall, FORM_FUNCTION, 2, SIDE_ENTRY },
	{ &attach_way_kretsyscall, FORM_FUNCTION, 2, SIDE_RETURN },
	{ &attach_way_kprobe, FORM_FUNCTION, 3, SIDE_ENTRY },
	{ &attach_way_kretprobe, FORM_FUNCTION, 3, SIDE_RETURN },
	{ &attach_way_uprobe_multi, FORM_USER, 0, SIDE_ENTRY },
	{ &attach_way_uretprobe_multi, FORM_USER, 0, SIDE_RETURN },
	{ &attach_way_uprobe, FORM_USER, 1, SIDE_ENTRY },
	{ &attach_way_uretprobe, FORM_USER, 1, SIDE_RETURN },
};

/* A job with the hook that it is for. */
struct form_job {
	struct attach_job *job; /* borrowed */
	const struct form *form;
	char *hook; /* owned: the name of the function or tracepoint */
};

/* The jobs of one hook. */
struct form_group {
	struct form_job *v; /* borrowed */
	size_t n;
	unsigned int sides[RANKS];  /* of the jobs of each rank */
	unsigned int failed[RANKS]; /* of these, the sides that failed */
	unsigned int placed[RANKS]; /* the sides that "-a" placed */
};

/* What the name of a system call begins with in the kernel. */
static const char *
syscall_prefix(void)
{
	static const struct {
		const char *machine, *prefix;
	} prefixes[] = {
		{ "x86_64", "__x64_sys_" },
		{ "aarch64", "__arm64_sys_" },
		{ "s390x", "__s390x_sys_" },
		{ "riscv64", "__riscv_sys_" },
	};
	struct utsname system;

	if (uname(&system) == 0)
		for (size_t i = 0; i < nitems(prefixes); i++)
			if (strcmp(prefixes[i].machine, system.machine) == 0)
				return prefixes[i].prefix;
	return "sys_";
}

/*
 * Set *hook to the name of the function or tracepoint that the job is for, a
 * string to free, or to NULL if it is for several, or not for the entry or
 * return of one.  Returns 0, or -1 if memory runs out.
 */
static int
name_hook(const struct attach_job *j, char **hook)
{
	const char *target = attach_job_target(j);

	*hook = NULL;
	if (j->way == &attach_way_tracepoint) {
		target += strcspn(target, "/:");
		target += *target != '\0';
	}
	if (target[0] == '\0' || strpbrk(target, "*?[+") != NULL ||
	    (j->where != NULL && j->where->noptions > 0))
		return 0;
	if (asprintf(hook, "%s%s",
		j->way == &attach_way_ksyscall ||
			j->way == &attach_way_kretsyscall
		    ? syscall_prefix()
		    : "",
		target) == -1)
		*hook = NULL;
	return *hook != NULL ? 0 : -1;
}

static const struct form *
find_form(const struct attach_way *way)
{
	for (size_t i = 0; i < nitems(forms); i++)
		if (forms[i].way == way)
			return &forms[i];
	return NULL;
}

/* Make v the jobs that are for one hook, and *n their number. */
static int
find_form_jobs(struct attachments *a, struct form_job *v, size_t *n)
{
	*n = 0;
	for (size_t i = 0; i < a->njobs; i++) {
		struct form_job f = { .job = &a->jobs[i] };

		f.form = find_form(f.job->way);
		if (f.form == NULL)
			continue;
		if (name_hook(f.job, &f.hook) == -1)
			return -1;
		if (f.hook != NULL)
			v[(*n)++] = f;
	}
	return 0;
}

/* By class and hook; the order of the jobs of one hook is kept. */
static int
compare_form_jobs(const void *x, const void *y)
{
	const struct form_job *a = x, *b = y;
	int order = (int)a->form->class - (int)b->form->class;

	if (order == 0)
		order = strcmp(a->hook, b->hook);
	if (order == 0)
		order = (a->job > b->job) - (a->job < b->job);
	return order;
}

/* The number of jobs from v on that are for the same hook. */
static size_t
count_same_hook(const struct form_job *v, size_t n)
{
	size_t same = 1;

	while (same < n && v[same].form->class == v[0].form->class &&
	       strcmp(v[same].hook, v[0].hook) == 0)
		same++;
	return same;
}

static bool
has_several_forms(const struct form_job *v, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (v[i].form->rank != v[0].form->rank)
			return true;
	return false;
}

/* The name by which the BTF of the kernel shows that it has the hook. */
static int
add_kernel_name(struct kernel_names *k, const struct form_job *f)
{
	char *name;
	int ret;

	if (f->form->class == FORM_FUNCTION)
		return kernel_names_add(k, f->hook);
	if (asprintf(&name, KERNEL_TRACEPOINT_PREFIX "%s", f->hook) == -1)
		return -1;
	ret = kernel_names_add(k, name);
	free(name);
	return ret;
}

static bool
kernel_has_hook(const struct kernel_names *k, const struct form_job *f)
{
	char name[256];

	if (f->form->class == FORM_FUNCTION)
		return kernel_names_has(k, f->hook);
	snprintf(name, sizeof(name), KERNEL_TRACEPOINT_PREFIX "%s", f->hook);
	return kernel_names_has(k, name);
}

/* Whether the kernel's BTF shows that it does not take the form there. */
static bool
is_untaken(const struct kernel_names *k, const struct form_job *f)
{
	const struct attach_way *way = f->form->way;

	if (way == &attach_way_fentry || way == &attach_way_fexit)
		return !kernel_names_has(k, FENTRY_BASE) ||
		       !kernel_has_hook(k, f);
	if (way == &attach_way_kprobe_multi ||
	    way == &attach_way_kretprobe_multi)
		return !kernel_names_has(k, MULTI_BASE);
	if (way == &attach_way_tp_btf)
		return !kernel_has_hook(k, f);
	return way == &attach_way_raw_tp && k->known && !kernel_has_hook(k, f);
}

/* Whether the job may fail, so that it matters beforehand whether it will.
 * "-a" places are not looked up here. */
static bool
may_be_untaken(
    const struct attachments *a, const struct form_job *f, bool several)
{
	return f->job->where == NULL && f->form->class != FORM_USER &&
	       ((several && !a->options->both) || f->job->optional ||
		   a->placed);
}

/* Find out which of the jobs the kernel does not take, for those that another
 * form or none may stand in for. */
static int
find_untaken(struct attachments *a, struct form_job *v, size_t n)
{
	struct kernel_names k = { 0 };
	bool any = false;
	size_t same;
	int ret = 0;

	for (size_t i = 0; i < n; i += same) {
		bool several;

		same = count_same_hook(v + i, n - i);
		several = has_several_forms(v + i, same);
		for (size_t m = i; m < i + same; m++) {
			if (!may_be_untaken(a, &v[m], several))
				continue;
			v[m].job->untaken = any = true;
			if (add_kernel_name(&k, &v[m]) == -1)
				ret = -1;
		}
	}
	if (any && (kernel_names_add(&k, FENTRY_BASE) == -1 ||
		       kernel_names_add(&k, MULTI_BASE) == -1))
		ret = -1;
	if (any)
		kernel_names_read(&k);
	for (size_t i = 0; i < n; i++)
		v[i].job->untaken = v[i].job->untaken && is_untaken(&k, &v[i]);
	kernel_names_free(&k);
	return ret;
}

/* Maps with an entry for each thread or request, in which the program at the
 * entry of a function leaves what the one at its return needs. */
static bool
is_state_map(const struct bpf_map *map)
{
	enum bpf_map_type type = bpf_map__type(map);

	return type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_LRU_HASH ||
	       type == BPF_MAP_TYPE_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_TASK_STORAGE;
}

/* The search for a map of state that the programs at the entry and at the
 * return of a function share. */
struct shared_state {
	const struct object *object; /* borrowed */
	unsigned int side;           /* of the program that is read */
	struct hash maps;            /* of the programs at the entry */
	bool found;
};

static void
add_state_map(void *ctx, const char *name)
{
	struct shared_state *s = ctx;
	const struct bpf_map *map = object_names_map(&s->object->names, name);
	struct hash_key key = hash_start();
	bool known;

	if (map == NULL || !is_state_map(map))
		return;
	hash_mix(&key, name, strlen(name));
	known = hash_find(&s->maps, key) != NULL;
	if (s->side == SIDE_RETURN)
		s->found |= known;
	else if (!known)
		hash_add(&s->maps, key);
}

/* Whether the jobs of this rank at the entry and the return share state. */
static bool
shares_state(const struct form_group *g, unsigned int rank)
{
	struct shared_state s = { .maps.size = sizeof(struct hash_key) };

	for (s.side = SIDE_ENTRY; s.side <= SIDE_RETURN; s.side++) {
		size_t left = PAIR_MAX;

		for (size_t i = 0; i < g->n && left > 0; i++) {
			if (g->v[i].form->rank != rank ||
			    g->v[i].form->side != s.side)
				continue;
			s.object = g->v[i].job->object;
			map_refs_read_program(s.object->package->object.elf,
			    g->v[i].job->listed->name, add_state_map, &s);
			left--;
		}
	}
	hash_free(&s.maps);
	return s.found;
}

/* Leave out the jobs of the ranks from first to last, on these sides, but for
 * those that "-a" placed. */
static void
drop_jobs(struct form_group *g, unsigned int first, unsigned int last,
    unsigned int sides)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->v[i].form->rank >= first && g->v[i].form->rank <= last &&
		    (g->v[i].form->side & sides) != 0 &&
		    g->v[i].job->where == NULL)
			g->v[i].job->drop = true;
}

/* The sides for which "-a" placed a job of another rank. */
static unsigned int
placed_elsewhere(const struct form_group *g, unsigned int rank)
{
	unsigned int sides = 0;

	for (unsigned int r = 0; r < RANKS; r++)
		if (r != rank)
			sides |= g->placed[r];
	return sides;
}

/* The sides for which a rank after this one can stand in. */
static unsigned int
sides_after(const struct form_group *g, unsigned int rank)
{
	unsigned int sides = 0;

	while (++rank < RANKS)
		if (g->failed[rank] == 0)
			sides |= g->sides[rank];
	return sides;
}

/* Keep or leave out the jobs of a rank, if the better ones cover these sides.
 * Returns the sides that are covered then. */
static unsigned int
choose_rank(struct form_group *g, unsigned int rank, unsigned int covered)
{
	unsigned int sides = g->sides[rank];
	unsigned int taken = sides & (covered | placed_elsewhere(g, rank));

	if (taken == SIDE_ENTRY && sides == SIDE_BOTH &&
	    shares_state(g, rank)) {
		/* Its return program needs its entry program. */
		if (rank > 0)
			drop_jobs(g, 0, rank - 1, SIDE_ENTRY);
		return SIDE_BOTH;
	}
	if (taken == SIDE_RETURN && sides == SIDE_BOTH && shares_state(g, rank))
		taken = SIDE_BOTH; /* the entry program is of no use alone */
	drop_jobs(g, rank, rank, taken);
	return covered | (sides & ~taken);
}

/* Choose among the forms of one hook. */
static void
choose_form(struct form_group *g)
{
	unsigned int covered = 0;

	for (size_t i = 0; i < g->n; i++) {
		const struct form *f = g->v[i].form;
		const struct attach_job *j = g->v[i].job;

		g->sides[f->rank] |= f->side;
		if (j->untaken || j->refused)
			g->failed[f->rank] |= f->side;
		if (j->where != NULL)
			g->placed[f->rank] |= f->side;
	}
	for (unsigned int r = 0; r < RANKS; r++) {
		unsigned int failed = g->failed[r];

		if (failed != 0 && (failed & ~sides_after(g, r)) == 0)
			drop_jobs(g, r, r, SIDE_BOTH);
		else
			covered = choose_rank(g, r, covered);
	}
	for (size_t i = 0; i < g->n; i++) {
		const struct form *f = g->v[i].form;

		g->v[i].job->replaceable =
		    g->v[i].job->where == NULL && !g->v[i].job->drop &&
		    (sides_after(g, f->rank) & f->side) != 0;
	}
}

int
attach_forms_choose(struct attachments *a)
{
	struct form_job *v;
	size_t n = 0, same;
	int ret;

	if (a->njobs == 0)
		return 0;
	if ((v = calloc(a->njobs, sizeof(*v))) == NULL)
		return report_nomem();
	ret = find_form_jobs(a, v, &n);
	if (n > 0)
		qsort(v, n, sizeof(*v), compare_form_jobs);
	if (ret == 0)
		ret = find_untaken(a, v, n);
	for (size_t i = 0; i < n && ret == 0 && !a->options->both; i += same) {
		struct form_group g = { .v = v + i };

		g.n = same = count_same_hook(v + i, n - i);
		if (has_several_forms(g.v, g.n))
			choose_form(&g);
	}
	for (size_t i = 0; i < n; i++)
		free(v[i].hook);
	free(v);
	return ret == 0 ? 0 : report_nomem();
}

void
attach_forms_report(const struct attachments *a)
{
	if (a->other_forms.len > 0)
		report_notice("%s: left out, because another form of the same "
			      "hook is attached: %.*s; --both keeps them",
		    a->package, (int)a->other_forms.len, a->other_forms.data);
	if (a->untaken_forms.len > 0)
		report_notice(
		    "%s: left out, because this kernel does not take "
		    "them and has another form of the same hook: %.*s",
		    a->package, (int)a->untaken_forms.len,
		    a->untaken_forms.data);
}
