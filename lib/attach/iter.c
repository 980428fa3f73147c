/*
 * Iterators: over all that their section names, or over what "-a" picks out:
 * the elements of a map, one process, one thread, a part of the cgroups.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

#include "attach/way.h"
#include "base/report.h"
#include "base/util.h"

static const char *const keys[] = { "map", "pid", "tid", "cgroup", "order",
	NULL };

/* What an iterator, by the name in its section, can be told. */
static const struct {
	const char *target;
	const char *keys[2];
} targets[] = {
	{ "task", { "pid", "tid" } },
	{ "task_file", { "pid", "tid" } },
	{ "task_vma", { "pid", "tid" } },
	{ "bpf_map_elem", { "map", NULL } },
	{ "bpf_sk_storage_map", { "map", NULL } },
	{ "sockmap", { "map", NULL } },
	{ "cgroup", { "cgroup", "order" } },
};

static const struct {
	const char *name;
	enum bpf_cgroup_iter_order order;
} orders[] = {
	{ "pre", BPF_CGROUP_ITER_DESCENDANTS_PRE }, /* the default */
	{ "post", BPF_CGROUP_ITER_DESCENDANTS_POST },
	{ "up", BPF_CGROUP_ITER_ANCESTORS_UP },
	{ "self", BPF_CGROUP_ITER_SELF_ONLY },
};

/* "task" of the sections iter/task and iter.s/task. */
static const char *
target_of(const struct attach_job *j)
{
	const char *slash = strchr(attach_section(j->program), '/');

	return slash != NULL ? slash + 1 : "";
}

static bool
is_told(const char *target, const char *key)
{
	for (size_t i = 0; i < nitems(targets); i++)
		for (size_t k = 0; k < nitems(targets[i].keys); k++)
			if (strcmp(targets[i].target, target) == 0 &&
			    targets[i].keys[k] != NULL &&
			    strcmp(targets[i].keys[k], key) == 0)
				return true;
	return false;
}

/* The order that the where asks for.  Returns 0, or -1 after reporting. */
static int
find_order(const struct attach_where *w, enum bpf_cgroup_iter_order *order)
{
	const char *name = attach_option(w, "order");

	*order = orders[0].order;
	for (size_t i = 0; name != NULL && i < nitems(orders); i++) {
		*order = orders[i].order;
		if (strcmp(orders[i].name, name) == 0)
			return 0;
	}
	if (name == NULL)
		return 0;
	report_error(
	    "-a %s=%s: order is pre, post, up or self", w->program, w->text);
	return -1;
}

/* The number of a process or thread, 0 where it is not said. */
static int
find_id(const struct attach_where *w, const char *key, uint32_t *id)
{
	const char *text = attach_option(w, key);
	uint64_t n = 0;

	if (text != NULL && attach_number(w, key, text, 1, INT32_MAX, &n) == -1)
		return -1;
	*id = (uint32_t)n;
	return 0;
}

static int
parse_iter(const struct attach_where *w)
{
	enum bpf_cgroup_iter_order order;
	uint32_t pid, tid;

	if (w->target[0] != '\0') {
		report_error(
		    "-a %s=%s: expected iter:KEY=VALUE", w->program, w->text);
		return -1;
	}
	if (find_id(w, "pid", &pid) == -1 || find_id(w, "tid", &tid) == -1 ||
	    find_order(w, &order) == -1)
		return -1;
	if (pid == 0 || tid == 0)
		return 0;
	report_error(
	    "-a %s=%s: pid and tid exclude each other", w->program, w->text);
	return -1;
}

/* The kernel passes over what an iterator does not know. */
static int
check_options(const struct attach_job *j)
{
	const struct attach_where *w = j->where;

	for (size_t i = 0; w != NULL && i < w->noptions; i++) {
		if (is_told(target_of(j), w->options[i].key))
			continue;
		report_error("program %s: an iterator of %s knows no %s",
		    w->program, target_of(j), w->options[i].key);
		return -1;
	}
	return 0;
}

/* A descriptor of the map of that name or pin: to close if *owned. */
static int
find_map(const struct attach_job *j, const char *name, bool *owned)
{
	int fd = -1;

	*owned = strchr(name, '/') != NULL;
	if (*owned)
		fd = bpf_obj_get(name);
	else
		fd = bpf_object__find_map_fd_by_name(j->object->bpf, name);
	if (fd < 0)
		report_error("program %s: map %s: %s", j->listed->name, name,
		    *owned ? strerror(errno)
			   : "the object has none of this name; that of "
			     "another is named by the path of its pin");
	return fd;
}

static int
hold(const struct attach_job *j, struct attachment *a,
    union bpf_iter_link_info *info)
{
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = info,
	    .link_info_len = info != NULL ? sizeof(*info) : 0);

	return attach_hold_link(a, bpf_program__attach_iter(j->program, &opts));
}

static int
attach_to_map(const struct attach_job *j, struct attachment *a)
{
	const char *name = attach_option(j->where, "map");
	union bpf_iter_link_info info = { 0 };
	int fd, ret, error;
	bool owned;

	if (name == NULL) {
		report_error("program %s: say which map: -a %s=iter:map=NAME",
		    j->listed->name, j->listed->name);
		errno = 0;
		return -1;
	}
	fd = find_map(j, name, &owned);
	errno = 0;
	if (fd < 0)
		return -1;
	info.map.map_fd = (uint32_t)fd;
	ret = hold(j, a, &info);
	error = errno;
	if (owned)
		close(fd);
	errno = error;
	return ret;
}

static int
attach_to_cgroup(const struct attach_job *j, struct attachment *a)
{
	const char *path = attach_option(j->where, "cgroup");
	union bpf_iter_link_info info = { 0 };
	int fd = -1, ret, error;

	find_order(j->where, &info.cgroup.order);
	if (path != NULL) {
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd == -1) {
			report_error("program %s: cgroup %s: %s",
			    j->listed->name, path, strerror(errno));
			errno = 0;
			return -1;
		}
		info.cgroup.cgroup_fd = (uint32_t)fd;
	}
	ret = hold(j, a, &info);
	error = errno;
	if (fd != -1)
		close(fd);
	errno = error;
	return ret;
}

static int
attach_iter(const struct attach_job *j, struct attachment *a)
{
	const char *target = target_of(j);
	union bpf_iter_link_info info = { 0 };

	if (is_told(target, "map"))
		return attach_to_map(j, a);
	if (is_told(target, "cgroup"))
		return attach_to_cgroup(j, a);
	find_id(j->where, "pid", &info.task.pid);
	find_id(j->where, "tid", &info.task.tid);
	/* Kernels before 6.1 know nothing of tasks. */
	if (info.task.pid == 0 && info.task.tid == 0)
		return hold(j, a, NULL);
	return hold(j, a, &info);
}

const struct way way_iter = {
	.name = "iter",
	.syntax = "iter:[map=NAME|pid=PID|tid=TID|cgroup=PATH,order=ORDER]",
	.keys = keys,
	.parse = parse_iter,
	.prepare = check_options,
	.attach = attach_iter,
};
